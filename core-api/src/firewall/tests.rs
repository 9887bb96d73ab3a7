use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use super::{End, Party, Path, Place, Plan, rules};

fn network(text: &str) -> End {
    End::In(BTreeSet::from([text.parse().unwrap()]))
}

fn path(from: Party, source: End, to: Party, target: End, port: u16) -> Path {
    Path {
        from,
        source,
        to,
        target,
        port,
        why: "a reason",
    }
}

/// An installation of the usual kind; the mail server is known by name only.
fn installation() -> Plan {
    let core = || network("10.2.0.10/32");
    let site = || network("10.1.0.20/32");
    let inward = End::In(
        ["10.1.0.0/24", "fd00:1::/64"]
            .map(|text| text.parse().unwrap())
            .into(),
    );
    Plan {
        paths: vec![
            path(
                Party::Anyone,
                End::Anywhere,
                Party::Portal,
                network("10.1.0.10/32"),
                443,
            ),
            path(Party::Anyone, End::Anywhere, Party::Site, site(), 443),
            path(Party::Portal, inward, Party::Core, core(), 8443),
            path(Party::Core, core(), Party::Site, site(), 8443),
            path(
                Party::Core,
                core(),
                Party::Controller,
                network("10.2.0.5/32"),
                636,
            ),
            path(
                Party::Core,
                core(),
                Party::Mail,
                End::Unknown("mail.corp.example".to_owned()),
                587,
            ),
        ],
        site_user: "65534".to_owned(),
    }
}

/// nftables' own reading of it, in check mode: nothing is loaded. Without root it takes a network namespace of its own.
fn accepted(rules: &str) -> Result<(), String> {
    let mut command = Command::new("unshare");
    command.args([
        "--user",
        "--map-root-user",
        "--net",
        "nft",
        "--check",
        "--file",
        "-",
    ]);
    command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command.stdin(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("unshare and nft are installed");
    child
        .stdin
        .take()
        .expect("it was piped")
        .write_all(rules.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    output.status.success().then_some(()).ok_or(said)
}

#[test]
fn nftables_takes_the_rules_of_every_place() {
    for place in Place::All.each().into_iter().chain([Place::All]) {
        let rules = rules(&installation(), place);
        assert_eq!(accepted(&rules), Ok(()), "{place:?}:\n{rules}");
    }
    assert!(accepted("table inet x { chain y { nonsense } }").is_err());
}

#[test]
fn the_rules_are_those() {
    insta::assert_snapshot!(rules(&installation(), Place::All));
}

#[test]
fn what_has_no_address_is_said_and_closed() {
    let plan = installation();
    assert_eq!(plan.missing(), BTreeSet::from(["mail.corp.example"]));
    let rules = rules(&plan, Place::Core);
    assert!(
        rules.contains("# CLOSED: mail.corp.example has no address"),
        "{rules}"
    );
    assert!(!rules.contains("dport 587"), "{rules}");
}

#[test]
fn a_site_may_begin_nothing() {
    let site = rules(&installation(), Place::Site);
    let output = site.split("chain output {").nth(1).unwrap();
    let output = output.split("\n\t}").next().unwrap();
    let accepting: Vec<&str> = output.lines().filter(|line| line.contains("dport")).collect();
    assert_eq!(accepting, Vec::<&str>::new(), "{site}");
    let never = output.find("meta skuid 65534 ct state new").unwrap();
    assert!(never < output.find("jump own").unwrap(), "{site}");
    assert!(never < output.find("oifname").unwrap(), "{site}");
}
