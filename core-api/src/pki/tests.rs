use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use rcgen::{CertificateParams, KeyPair};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier as _;
use rustls::crypto::aws_lc_rs;
use rustls::server::WebPkiClientVerifier;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::*;
use crate::keys::OsRandomness;

const NOW: Timestamp = Timestamp(1_760_000_000_000);
const DAY: Duration = Duration::from_hours(24);

fn authority(folder: &Path) -> Authority {
    init(folder, "Test", NOW, &OsRandomness).unwrap();
    Authority::open(folder).unwrap()
}

fn order(role: Role, names: &[&str]) -> Order {
    Order {
        role,
        names: names.iter().map(ToString::to_string).collect(),
    }
}

fn chain(pem: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .unwrap()
}

fn roots(folder: &Path) -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(folder.join("root.pem")).unwrap())
        .unwrap();
    Arc::new(roots)
}

fn at(moment: Timestamp) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_millis(u64::try_from(moment.0).unwrap()))
}

fn serves(folder: &Path, pem: &str, name: &str, moment: Timestamp) -> bool {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(roots(folder), provider)
        .build()
        .unwrap();
    let chain = chain(pem);
    let name = ServerName::try_from(name.to_owned()).unwrap();
    verifier
        .verify_server_cert(&chain[0], &chain[1..], &name, &[], at(moment))
        .is_ok()
}

fn dials(folder: &Path, pem: &str, moment: Timestamp) -> bool {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(roots(folder), provider)
        .build()
        .unwrap();
    let chain = chain(pem);
    verifier
        .verify_client_cert(&chain[0], &chain[1..], at(moment))
        .is_ok()
}

#[test]
fn each_role_can_do_what_it_is_for_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let authority = authority(folder);
    let names = ["core.corp.example", "10.2.0.10"];
    let made = |role| {
        issue(&authority, &order(role, &names), NOW, &OsRandomness)
            .unwrap()
            .chain
    };

    let core = made(Role::Core);
    assert!(serves(folder, &core, "core.corp.example", NOW));
    assert!(serves(folder, &core, "10.2.0.10", NOW));
    assert!(!serves(folder, &core, "other.corp.example", NOW));
    assert!(dials(folder, &core, NOW));

    for role in [Role::Portal, Role::Client] {
        assert!(dials(folder, &made(role), NOW));
        assert!(
            !serves(folder, &made(role), "core.corp.example", NOW),
            "{role:?} must not serve"
        );
    }
    for role in [Role::Site, Role::Web] {
        assert!(serves(folder, &made(role), "core.corp.example", NOW));
        assert!(!dials(folder, &made(role), NOW), "{role:?} must not dial");
    }
}

#[test]
fn a_portals_certificate_ends_after_a_week_and_the_others_after_ninety_days() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let authority = authority(folder);
    for (role, days) in [(Role::Portal, 7), (Role::Client, 90)] {
        let pem = issue(&authority, &order(role, &["a.example"]), NOW, &OsRandomness)
            .unwrap()
            .chain;
        assert!(dials(
            folder,
            &pem,
            NOW.plus(DAY * days).minus(Duration::from_secs(1))
        ));
        assert!(!dials(
            folder,
            &pem,
            NOW.plus(DAY * days + Duration::from_secs(1))
        ));
        assert!(
            dials(folder, &pem, NOW.minus(Duration::from_mins(4))),
            "a peer's clock may be behind"
        );
    }
}

#[test]
fn a_certificate_of_another_authority_is_worth_nothing() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    authority(ours.path());
    let foreign = authority(theirs.path());
    let pem = issue(&foreign, &order(Role::Client, &["a.example"]), NOW, &OsRandomness)
        .unwrap()
        .chain;
    assert!(dials(theirs.path(), &pem, NOW));
    assert!(!dials(ours.path(), &pem, NOW));
}

#[test]
fn keys_are_private_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let authority = authority(folder.path());
    let prefix = folder.path().join("portal1.dmz");
    let certified = issue(
        &authority,
        &order(Role::Portal, &["a.example"]),
        NOW,
        &OsRandomness,
    )
    .unwrap();
    let (_, key) = certified.write(&prefix).unwrap();
    assert_eq!(key, folder.path().join("portal1.dmz.key"));
    for name in ["root.key", "issuing.key", "portal1.dmz.key"] {
        let mode = std::fs::metadata(folder.path().join(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    assert!(matches!(certified.write(&prefix), Err(PkiError::Exists(_))));
    assert!(matches!(
        init(folder.path(), "Test", NOW, &OsRandomness),
        Err(PkiError::Exists(_))
    ));
}

#[test]
fn a_renewal_waits_for_two_thirds_and_keeps_names_uses_and_length() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let authority = authority(folder);
    let prefix = folder.join("portal");
    issue(
        &authority,
        &order(Role::Portal, &["p.example", "::1"]),
        NOW,
        &OsRandomness,
    )
    .unwrap()
    .write(&prefix)
    .unwrap();
    let path = folder.join("portal.pem");
    let before = std::fs::read_to_string(&path).unwrap();
    let early = NOW.plus(DAY * 4);
    assert_eq!(
        renew(&authority, &prefix, false, early, &OsRandomness).unwrap(),
        Renewal::NotDue
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), before);

    let due = NOW.plus(DAY * 5);
    assert_eq!(
        renew(&authority, &prefix, false, due, &OsRandomness).unwrap(),
        Renewal::Done
    );
    let after = std::fs::read_to_string(&path).unwrap();
    assert!(dials(folder, &after, due.plus(DAY * 6)));
    assert!(!serves(folder, &after, "p.example", due));
    assert_eq!(days_left(&path, due).unwrap(), 7);
    assert_eq!(days_left(&path, due.plus(DAY * 8)).unwrap(), -1);
}

#[test]
fn a_request_is_signed_for_the_proven_name_whatever_it_asks_for() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let authority = authority(folder);
    let key = KeyPair::generate().unwrap();
    let mut wish = CertificateParams::new(vec!["core.corp.example".to_owned()]).unwrap();
    wish.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
    wish.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let request = wish.serialize_request(&key).unwrap().pem().unwrap();
    let proven = ["portal1.dmz.corp.example".to_owned()];

    let sign = |text: &str| sign_request(&authority, text, &proven, Role::Portal, NOW, &OsRandomness);
    let pem = sign(&request).unwrap();
    assert!(dials(folder, &pem, NOW));
    assert!(!serves(folder, &pem, "core.corp.example", NOW));
    let path = folder.join("signed.pem");
    std::fs::write(&path, &pem).unwrap();
    assert_eq!(days_left(&path, NOW).unwrap(), 7);

    assert!(matches!(sign("no request"), Err(PkiError::Request)));
    let other_kind = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let request = wish.serialize_request(&other_kind).unwrap().pem().unwrap();
    assert!(matches!(sign(&request), Err(PkiError::RequestKey)));
}

#[test]
fn names_are_host_names_and_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let authority = authority(folder.path());
    for name in [
        "",
        "*.corp.example",
        "a b",
        "-a.example",
        "https://a.example",
        "a..example",
    ] {
        let made = issue(&authority, &order(Role::Client, &[name]), NOW, &OsRandomness);
        assert!(matches!(made, Err(PkiError::Name(_))), "{name:?}");
    }
    let made = issue(&authority, &order(Role::Client, &[]), NOW, &OsRandomness);
    assert!(matches!(made, Err(PkiError::Nameless)));
}
