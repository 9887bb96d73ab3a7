//! The vectors of messages and drops: what this crate seals is what the repository says, byte for byte, and what the
//! page's script seals opens here.

use seal::{
    Content, DropKey, DropLink, Envelope, EnvelopeError, LinkSecret, MessageKeys, OpenError, Passphrase,
    Profile, header_profile,
};
use serde::Deserialize;

#[path = "../vectors/make_messages.rs"]
mod make_messages;

use make_messages::{DropCase, MessageCase, bytes};

const FILE: &str = include_str!("../vectors/messages.json");
/// Made by the page's script with secrets of its own: `node crates/ui/js-tests/make-messages.mjs`.
const FROM_SCRIPT: &str = include_str!("../vectors/messages-js.json");

#[derive(Deserialize)]
struct Cases {
    messages: Vec<MessageCase>,
    drops: Vec<DropCase>,
}

fn cases() -> Cases {
    let read = |file| serde_json::from_str::<Cases>(file).expect("the file is JSON");
    let (mut ours, theirs) = (read(FILE), read(FROM_SCRIPT));
    assert!(ours.messages.len() == theirs.messages.len() && ours.drops.len() == theirs.drops.len());
    ours.messages.extend(theirs.messages);
    ours.drops.extend(theirs.drops);
    ours
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    bytes(text).try_into().expect("the right length")
}

fn keys_of(case: &MessageCase) -> MessageKeys {
    let (secret, profile) = LinkSecret::parse(&case.fragment).expect("a fragment");
    assert_eq!(profile == Profile::P1, case.passphrase.is_some());
    let passphrase = case
        .passphrase
        .as_deref()
        .map(|typed| Passphrase::new(typed).expect("a passphrase"));
    MessageKeys::derive(&array(&case.id), &secret, passphrase.as_ref())
}

fn envelope_of(case: &MessageCase) -> Envelope {
    Envelope {
        header: case.header.clone(),
        nonce: array(&case.nonce),
        ciphertext: bytes(&case.ciphertext),
    }
}

#[test]
fn the_file_is_what_the_crate_makes() {
    assert_eq!(make_messages::messages(), FILE);
}

#[test]
fn the_messages_of_the_file_and_of_the_script_open() {
    for case in cases().messages {
        let keys = keys_of(&case);
        assert_eq!(*keys.proofs().link(), array(&case.link));
        assert_eq!(keys.proofs().open().copied(), case.open.as_deref().map(array));
        assert_eq!(keys.open(&envelope_of(&case)), Ok(case.content.content()));
    }
}

#[test]
fn the_drops_of_the_file_and_of_the_script_open() {
    for case in cases().drops {
        let key = DropKey::from_bytes(&array(&case.secret)).expect("a private key");
        let link = DropLink::parse(&case.fragment).expect("a fragment");
        assert_eq!(key.link(link.proof.clone()), link);
        assert_eq!(
            key.open(&array(&case.id), &bytes(&case.sealed)),
            Ok(case.content.content())
        );
        for at in [0, 64, 65, 700] {
            let mut bad = bytes(&case.sealed);
            bad[at] ^= 1;
            assert_eq!(key.open(&array(&case.id), &bad), Err(OpenError::Forged));
        }
    }
}

#[test]
fn nothing_opens_that_was_changed() {
    let case = &cases().messages[0];
    let open = |change: fn(&mut Envelope)| {
        let mut envelope = envelope_of(case);
        change(&mut envelope);
        keys_of(case).open(&envelope)
    };
    let forged = Err(EnvelopeError::Forged);
    assert_eq!(open(|envelope| envelope.ciphertext[0] ^= 1), forged);
    assert_eq!(open(|envelope| envelope.ciphertext.truncate(500)), forged);
    assert_eq!(open(|envelope| envelope.ciphertext.clear()), forged);
    assert_eq!(open(|envelope| envelope.nonce[11] ^= 1), forged);
    assert_eq!(
        open(|envelope| envelope.header = envelope.header.replace("text", "files")),
        forged
    );
    let (secret, _) = LinkSecret::parse(&case.fragment).expect("a fragment");
    let of_another_id = MessageKeys::derive(&[9; 16], &secret, None).open(&envelope_of(case));
    assert_eq!(of_another_id, forged);
}

#[test]
fn unknown_versions_and_profiles_are_refused() {
    let case = &cases().messages[0];
    for header in [
        r#"{"v":2,"p":"","k":"text"}"#,
        r#"{"v":1,"p":"p2","k":"text"}"#,
        r#"{"v":1,"p":"","k":"page"}"#,
        r#"{"v":1, "p":"","k":"text"}"#,
        r#"{"p":"","v":1,"k":"text"}"#,
        "",
    ] {
        assert_eq!(header_profile(header), None);
        let envelope = Envelope {
            header: header.to_owned(),
            ..envelope_of(case)
        };
        assert_eq!(keys_of(case).open(&envelope), Err(EnvelopeError::Unknown));
    }
    let envelope = Envelope {
        header: case.header.replace(r#""p":"""#, r#""p":"p1""#),
        ..envelope_of(case)
    };
    assert_eq!(keys_of(case).open(&envelope), Err(EnvelopeError::OtherProfile));
}

#[test]
fn a_wrong_passphrase_has_other_proofs_and_opens_nothing() {
    let case = &cases().messages[1];
    let (secret, _) = LinkSecret::parse(&case.fragment).expect("a fragment");
    let wrong = Passphrase::new("K7FM-2QPT-X4WD-8HRC").expect("a passphrase");
    let keys = MessageKeys::derive(&array(&case.id), &secret, Some(&wrong));
    assert_eq!(*keys.proofs().link(), array(&case.link));
    assert_ne!(keys.proofs().open().copied(), case.open.as_deref().map(array));
    assert_eq!(keys.open(&envelope_of(case)), Err(EnvelopeError::Forged));
}

#[test]
fn nothing_secret_prints_itself() {
    let case = &cases().messages[0];
    let keys = keys_of(case);
    assert_eq!(
        format!("{keys:?} {:?}", keys.proofs()),
        "MessageKeys(..) Proofs(..)"
    );
    let content: Content = keys.open(&envelope_of(case)).expect("a good envelope");
    assert_eq!(format!("{content:?}"), "Content(..)");
}
