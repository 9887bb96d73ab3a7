//! Pairing by files.

use std::os::unix::fs::PermissionsExt;

use contract::pairing::VERSION;
use selfdestruct::check::check;
use selfdestruct::pair::{PairError, Place, pair, read_pairing, take_next_key};
use server::check::State;

use crate::site::{NOW, Site, given};

#[tokio::test(flavor = "multi_thread")]
async fn a_pairing_leaves_private_files_and_no_first_key() {
    let site = Site::new().await;
    let place = Place::new(&site.config.data_dir);
    for file in place.private_files().iter().filter(|file| file.exists()) {
        let mode = std::fs::metadata(file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
    let kept = std::fs::read_to_string(place.pairing()).unwrap();
    assert!(!kept.contains("ratchet"), "{kept}");
    assert_eq!(
        site.core.answer.site_pins.len(),
        2,
        "the current one and the next"
    );
    assert_eq!(site.core.answer.site, "dmz1");
    let lines = check(&site.config, NOW.max(wall_ms()));
    let failed: Vec<_> = lines.iter().filter(|line| line.state == State::Fail).collect();
    assert!(failed.is_empty(), "{failed:?}");
    assert!(lines.iter().any(|line| line.what == "open files"), "{lines:?}");
    assert!(lines.iter().all(|line| line.what != "renewal"), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_with_its_key_in_the_same_file_is_worth_a_word() {
    let site = Site::with(|config| {
        let files = config.public.tls.as_mut().unwrap();
        let key = std::fs::read_to_string(&files.key).unwrap();
        let both = std::fs::read_to_string(&files.cert).unwrap() + &key;
        std::fs::write(&files.cert, both).unwrap();
        files.key = files.cert.clone();
    })
    .await;
    let lines = check(&site.config, NOW.max(wall_ms()));
    let line = lines.iter().find(|line| line.what == "renewal").expect("a line");
    assert_eq!(line.state, State::Weak, "{line:?}");
    assert!(line.result.contains("same file"), "{line:?}");
}

/// A file's time is the machine's.
fn wall_ms() -> i64 {
    use selfdestruct::given::Clock as _;
    selfdestruct::machine::SystemClock.now_ms()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_is_paired_again_only_on_purpose_and_with_a_fresh_file() {
    let site = Site::confirmed().await;
    let message = site.push(1, None, b"sealed content of it").await;
    let core = site.core.key.clone();
    let file = site.folder.path().join("again.json");
    let (config, given) = (site.config.clone(), given(&site.clock));
    let again = |epoch, again| site.core.pair_again(&config, given.clone(), &file, epoch, again);
    let refused = again(2, false).await;
    assert!(matches!(refused, Err(PairError::Already { .. })), "{refused:?}");
    let refused = again(2, true).await;
    assert!(
        matches!(refused, Err(PairError::Start(_))),
        "it runs: {refused:?}"
    );
    drop(core);
    let id = message.id;
    let before = site.core.answer.clone();
    let pairing = read_pairing(&file).unwrap();
    site.core.write_pairing(&file, 1, 3);
    let lower = read_pairing(&file).unwrap();
    let (config, clock, folder) = site.stop().await;
    let answer = pair(&config, crate::site::given(&clock), &pairing, true)
        .await
        .unwrap();
    assert_eq!(answer.epoch, 2);
    let first = read_pairing(&folder.path().join("pairing-of-core.json")).unwrap();
    for taken in [&pairing, &first] {
        let twice = pair(&config, crate::site::given(&clock), taken, true).await;
        assert!(matches!(twice, Err(PairError::Used)), "{twice:?}");
    }
    assert!(answer.site_key != before.site_key && answer.site_pins != before.site_pins);
    let left = selfdestruct::site::Site::start(config.site("dmz1"), crate::site::given(&clock), None)
        .await
        .unwrap();
    let inventory = left.inventory(None).await.unwrap();
    assert!(!inventory.contains(&id.to_string()), "{inventory}");
    left.close().await;
    // A core from an older copy counts from where it was.
    let answer = pair(&config, crate::site::given(&clock), &lower, true).await;
    assert_eq!(answer.unwrap().epoch, 1);
    // Nor is one forgotten that was taken two pairings ago.
    let twice = pair(&config, crate::site::given(&clock), &first, true).await;
    assert!(matches!(twice, Err(PairError::Used)), "{twice:?}");
    drop(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_others_may_read_or_of_another_release_is_refused() {
    let site = Site::new().await;
    let file = site.folder.path().join("pairing-of-core.json");
    let read = || read_pairing(&file);
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    let refused = read().err().unwrap();
    assert!(refused.to_string().contains("chmod it to 0600"), "{refused}");
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).unwrap();
    let form = |v: u32| format!(r#"{{"v":{v},"later":true}}"#);
    for (text, word) in [
        (form(VERSION + 1), "same release"),
        (form(VERSION), "carry the file over once more"),
        (String::new(), "carry the file over once more"),
    ] {
        std::fs::write(&file, text).unwrap();
        let refused = read().err().unwrap();
        assert!(refused.to_string().contains(word), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_key_is_the_one_whose_pin_the_core_has() {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    let site = Site::new().await;
    let place = Place::new(&site.config.data_dir);
    let pin = || {
        let shown = CertificateDer::from_pem_file(place.sync_certificate()).unwrap();
        server::tls::pin(&shown).unwrap()
    };
    assert_eq!(pin(), site.core.answer.site_pins[0]);
    take_next_key(&place).unwrap();
    assert_eq!(pin(), site.core.answer.site_pins[1]);
    assert!(take_next_key(&place).is_err(), "there is no further one");
}
