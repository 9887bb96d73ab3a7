//! The process takes the way out from itself: after [`close_the_way_out`] no thread of it, and no program that it
//! might become, can open a socket or connect one, whatever else it is made to do.
//!
//! Denying `connect` alone is not enough: a datagram socket sends without it, `sendto` and `sendmsg` connect by
//! themselves when they are told `MSG_FASTOPEN` (RFC 7413), and `io_uring` does all of it without a system call for
//! each. Listeners that are open go on accepting. Errors are `EPERM` and not a kill, so that what tried it is seen in
//! the log. Calls of another architecture kill the process; there are none in it.

use std::collections::BTreeMap;

use libc::{
    MSG_FASTOPEN, SYS_connect, SYS_io_uring_enter, SYS_io_uring_register, SYS_io_uring_setup, SYS_sendmmsg,
    SYS_sendmsg, SYS_sendto, SYS_socket,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter_all_threads,
};

/// Denied whatever they are called with.
const DENIED: [i64; 5] = [
    SYS_socket,
    SYS_connect,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
];

/// Denied when they are to connect, with the place of their flags.
const DENIED_FAST: [(i64, u8); 3] = [(SYS_sendto, 3), (SYS_sendmsg, 2), (SYS_sendmmsg, 3)];

/// The numbers of a call. On x86-64 the kernel may know each by a second one (x32), some by one of their own.
fn numbers(call: i64) -> Vec<i64> {
    const X32: i64 = 0x4000_0000;
    let second = match call {
        SYS_sendmsg => X32 + 518,
        SYS_sendmmsg => X32 + 538,
        call => X32 + call,
    };
    if cfg!(target_arch = "x86_64") {
        vec![call, second]
    } else {
        vec![call]
    }
}

/// Why the way out is still open. The server must not go on.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    /// There is no such filter for this machine.
    #[error("the filter of system calls cannot be made: {0}")]
    Make(#[from] seccompiler::BackendError),
    /// The kernel refused it.
    #[error("the filter of system calls cannot be set ({0}); the kernel must have CONFIG_SECCOMP_FILTER")]
    Apply(#[from] seccompiler::Error),
}

/// Sets the filter on every thread of the process. Call it once the listeners are open; there is no way back.
pub fn close_the_way_out() -> Result<(), FilterError> {
    Ok(apply_filter_all_threads(&program()?)?)
}

fn program() -> Result<BpfProgram, seccompiler::BackendError> {
    let mut rules = BTreeMap::new();
    for call in DENIED {
        deny(&mut rules, call, &[]);
    }
    let fast = u64::from(MSG_FASTOPEN.unsigned_abs());
    for (call, place) in DENIED_FAST {
        let flag = SeccompCondition::new(place, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(fast), fast)?;
        deny(&mut rules, call, &[SeccompRule::new(vec![flag])?]);
    }
    SeccompFilter::new(
        rules,
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM.unsigned_abs()),
        std::env::consts::ARCH.try_into()?,
    )?
    .try_into()
}

/// No rule means: always.
fn deny(rules: &mut BTreeMap<i64, Vec<SeccompRule>>, call: i64, when: &[SeccompRule]) {
    for number in numbers(call) {
        rules.insert(number, when.to_vec());
    }
}
