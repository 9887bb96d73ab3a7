//! MIT Kerberos as a second opinion: whether a password opens an account, judged by a client that is not ours.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::folder::Folder;
use crate::samba::Domain;

/// What the domain says to a name and a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It gives a ticket.
    Ticket,
    /// The password is right, but must be changed first.
    MustChange,
    /// The password is wrong.
    WrongPassword,
    /// The account is locked, disabled or expired.
    Revoked,
    /// There is no such account.
    Unknown,
    /// Anything else, as `kinit` puts it.
    Other(String),
}

/// Asks the domain for a ticket. A wrong password counts towards the account's lockout.
pub fn kinit(domain: &Domain, username: &str, password: &str) -> Verdict {
    let folder = Folder::new();
    let mut command = Command::new("kinit");
    command
        .arg("-c")
        .arg(folder.join("cache"))
        .arg(format!("{username}@{}", domain.realm));
    command.env("KRB5_CONFIG", &domain.krb5_conf).env("LC_ALL", "C");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command
        .spawn()
        .expect("kinit is installed; tests/run.sh sees to it");
    let mut stdin = child.stdin.take().expect("it was piped");
    writeln!(stdin, "{password}").expect("kinit reads the password");
    drop(stdin);
    let output = child.wait_with_output().expect("kinit ends");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let meanings = [
        ("must change it now", Verdict::MustChange),
        ("Preauthentication failed", Verdict::WrongPassword),
        ("Password incorrect", Verdict::WrongPassword),
        ("have been revoked", Verdict::Revoked),
        ("not found in Kerberos database", Verdict::Unknown),
    ];
    let meaning = meanings
        .into_iter()
        .find(|(words, _)| said.contains(words))
        .map(|(_, verdict)| verdict);
    match meaning {
        Some(verdict) => verdict,
        None if output.status.success() => Verdict::Ticket,
        None => Verdict::Other(said),
    }
}
