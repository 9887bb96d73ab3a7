//! A site's process in an intruder's hands: tries every way out that we know of, behind the very filter that `serve`
//! sets, or without it to show that the tries are real.
//!
//! `hostile_probe [open] ADDRESS`, with something listening at the address. It prints a line for each try.

#![expect(clippy::disallowed_methods, reason = "it tries what a site never does")]

use std::error::Error;
use std::io::{IoSlice, Write as _, stdout};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::fd::OwnedFd;

use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendFlags, SocketType, connect, sendmsg_addr, sendto, socket,
};

/// As in the kernel's `socket.h`; it has no name in the library.
const FASTOPEN: SendFlags = SendFlags::from_bits_retain(0x2000_0000);

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut first = arguments.next().ok_or("no address")?;
    let filtered = first != "open";
    if !filtered {
        first = arguments.next().ok_or("no address")?;
    }
    let address: SocketAddr = first.parse()?;

    // What an intruder would find open, and threads that ran before.
    let (stream, fast, faster) = (tcp()?, tcp()?, tcp()?);
    let datagrams = UdpSocket::bind("127.0.0.1:0")?;
    let (begin, begun) = std::sync::mpsc::channel();
    let early = std::thread::spawn(move || begun.recv().is_ok() && TcpStream::connect(address).is_ok());

    if filtered {
        selfdestruct::filter::close_the_way_out()?;
    }
    begin.send(())?;

    tell("a thread from before", early.join().is_ok_and(|out| out))?;
    tell("a socket that was open", connect(&stream, &address).is_ok())?;
    tell("a fresh stream", TcpStream::connect(address).is_ok())?;
    tell("a fresh datagram socket", UdpSocket::bind("127.0.0.1:0").is_ok())?;
    tell(
        "a datagram socket that was open",
        datagrams.connect(address).is_ok(),
    )?;
    tell("a fast open", sendto(&fast, b"out", FASTOPEN, &address).is_ok())?;
    let message = [IoSlice::new(b"out")];
    let mut nothing = SendAncillaryBuffer::default();
    let sent = sendmsg_addr(&faster, &address, &message, &mut nothing, FASTOPEN);
    tell("a fast open by message", sent.is_ok())?;
    tell("a ring", io_uring::IoUring::new(2).is_ok())?;
    let child = std::process::Command::new("/bin/bash")
        .args([
            "-c",
            &format!("exec 3<>/dev/tcp/{}/{}", address.ip(), address.port()),
        ])
        .stderr(std::process::Stdio::null())
        .status();
    tell("another program", child.is_ok_and(|status| status.success()))?;
    tell("a thread", std::thread::spawn(|| {}).join().is_ok())?;
    Ok(())
}

fn tcp() -> rustix::io::Result<OwnedFd> {
    socket(AddressFamily::INET, SocketType::STREAM, None)
}

fn tell(way: &str, out: bool) -> std::io::Result<()> {
    writeln!(stdout(), "{way}: {}", if out { "works" } else { "refused" })
}
