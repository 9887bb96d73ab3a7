//! What a process asked the kernel for, as `strace` wrote it down, and whether the kernel filters what it may ask for.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// Everything about sockets, and the rings that work without a system call for each.
const TRACED: &str = "%network,io_uring_setup,io_uring_enter,io_uring_register";

/// The calls of a process and all its threads, in order.
pub struct SystemCalls {
    calls: Vec<Call>,
}

struct Call {
    name: String,
    line: String,
}

/// Whether the kernel filters the calls of a thread, as `proc_pid_status(5)` has it.
#[derive(Debug)]
pub struct Filtering {
    /// 2 where filters are set.
    pub mode: u32,
    /// How many.
    pub filters: u32,
    /// The process that traces it; 0 if nobody does.
    pub tracer: u32,
}

/// Of every thread of a process.
///
/// # Panics
/// When there is no such process.
pub fn filtering(process: u32) -> Vec<Filtering> {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).expect("the process runs");
    let status = threads.filter_map(|thread| {
        let status = thread.expect("an entry").path().join("status");
        std::fs::read_to_string(status).ok() // otherwise it has just ended
    });
    status.map(|status| Filtering::parse(&status)).collect()
}

impl Filtering {
    fn parse(status: &str) -> Self {
        let fields = || status.lines().filter_map(|line| line.split_once(':'));
        let number = |wanted: &str| {
            let (_, value) = fields().find(|(name, _)| *name == wanted)?;
            value.trim().parse().ok()
        };
        Self {
            mode: number("Seccomp").expect("a kernel with filters"),
            filters: number("Seccomp_filters").expect("a kernel of 5.9 or later"),
            tracer: number("TracerPid").expect("every kernel tells"),
        }
    }
}

/// Has a command traced from its first instruction on. The process that is started is the command itself: its tracer
/// stands beside it and ends with it.
pub fn traced(command: &Command, file: &Path) -> Command {
    let mut traced = Command::new("strace");
    traced.args(["-D", "-f", "-s", "0", "-e"]);
    traced.arg(format!("trace={TRACED}")).arg("-o").arg(file);
    traced.arg(command.get_program()).args(command.get_args());
    traced
}

impl SystemCalls {
    /// Reads the file.
    ///
    /// # Panics
    /// When it is not there.
    pub fn read(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).expect("strace writes its file");
        Self::parse(&text)
    }

    /// A line is a thread's number and a call; what is not a call tells of signals, ends and calls that came back.
    fn parse(text: &str) -> Self {
        let calls = text.lines().filter_map(|line| {
            let (_, call) = line.split_once(' ')?;
            let call = call.trim_start();
            let (name, _) = call.split_once('(')?;
            let is_name = name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            is_name.then(|| Call {
                name: name.to_owned(),
                line: call.to_owned(),
            })
        });
        Self {
            calls: calls.collect(),
        }
    }

    /// How often each call was made.
    pub fn count(&self) -> BTreeMap<&str, usize> {
        let mut count = BTreeMap::new();
        for call in &self.calls {
            *count.entry(call.name.as_str()).or_default() += 1;
        }
        count
    }

    /// The calls that begin a connection, send to an address of their own, or could do either unseen.
    pub fn ways_out(&self) -> Vec<&str> {
        let out = self.calls.iter().filter(|call| match call.name.as_str() {
            "connect" | "sendmmsg" => true,
            "sendto" => !call.line.contains(", NULL, 0"),
            "sendmsg" => !call.line.contains("{msg_name=NULL,"),
            name => name.starts_with("io_uring_"),
        });
        out.map(|call| call.line.as_str()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_out_is_found_and_what_answers_is_none() {
        let calls = SystemCalls::parse(
            "11 socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 5\n\
             11 sendto(9, \"\"..., 24, MSG_NOSIGNAL, NULL, 0 <unfinished ...>\n\
             12 sendmsg(9, {msg_name=NULL, msg_namelen=0, msg_iov=[], msg_iovlen=1}, MSG_NOSIGNAL) = 4\n\
             11 <... sendto resumed>)             = 24\n\
             12 --- SIGTERM {si_signo=SIGTERM, si_code=SI_USER, si_pid=1} ---\n\
             12 connect(5, {sa_family=AF_INET, sin_port=htons(53)}, 16) = -1 EPERM (Operation not permitted)\n\
             12 sendto(5, \"\"..., 3, MSG_FASTOPEN, {sa_family=AF_INET}, 16) = 3\n\
             12 sendmsg(5, {msg_name={sa_family=AF_INET}, msg_namelen=16}, 0) = 3\n\
             12 io_uring_setup(2, 0x7ffc) = -1 EPERM (Operation not permitted)\n\
             12 +++ exited with 0 +++\n",
        );
        let ways: Vec<_> = calls
            .ways_out()
            .iter()
            .map(|line| &line[..line.find('(').unwrap()])
            .collect();
        assert_eq!(ways, ["connect", "sendto", "sendmsg", "io_uring_setup"]);
        assert_eq!(calls.count()["sendto"], 2);
    }
}
