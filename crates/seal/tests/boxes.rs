//! What boxes promise: only the right key opens them, only with their own block, and no input whatever
//! makes anything panic.

use data_encoding::BASE64URL_NOPAD;
use proptest::prelude::*;
use proptest::sample::Index;
use seal::{
    KeyRing, MAX_BOX_TEXT, MAX_PLAIN, OpenError, ROTATE_AFTER_MS, ReplyKey, SealBlock, SealError, os_random,
    rid, seal_outward, seal_to,
};

fn ring() -> KeyRing {
    KeyRing::generate(0, &mut os_random)
}

fn block(ring: &KeyRing) -> String {
    SealBlock::new(ring.block_key(), rid(&[1; 32]), "reset", None, "challenge", 1).to_json()
}

fn sealed(block: &str, plain: &[u8]) -> String {
    seal_to(block, plain, &mut os_random).expect("a good block and a short text")
}

/// `text` as bytes with one bit of one byte turned.
fn flip(text: &str, at: Index, bit: u8) -> String {
    let mut bytes = BASE64URL_NOPAD.decode(text.as_bytes()).expect("our own box");
    let at = at.index(bytes.len());
    bytes[at] ^= 1 << bit;
    BASE64URL_NOPAD.encode(&bytes)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_sealed_opens_in_both_directions(plain in prop::collection::vec(any::<u8>(), 0..=MAX_PLAIN)) {
        let (ring, reply) = (ring(), ReplyKey::generate(&mut os_random));
        let block = block(&ring);
        let inward = sealed(&block, &plain);
        prop_assert!(inward.len() <= MAX_BOX_TEXT);
        prop_assert_eq!(&*ring.open(&block, &inward).expect("just sealed"), &plain);

        let outward = seal_outward(&reply.public_text(), &block, &plain, &mut os_random).expect("a good key");
        prop_assert_eq!(&*reply.open(&block, &outward).expect("just sealed"), &plain);
        prop_assert_eq!(reply.open(&block, &inward), Err(OpenError::Forged));
    }

    #[test]
    fn a_changed_box_is_refused(at in any::<Index>(), bit in 0_u8..8) {
        let ring = ring();
        let block = block(&ring);
        let bad = flip(&sealed(&block, b"{}"), at, bit);
        prop_assert!(matches!(ring.open(&block, &bad), Err(OpenError::Forged | OpenError::Malformed)));
    }

    #[test]
    fn a_changed_block_is_refused(at in any::<Index>(), byte in 0x20_u8..0x7f) {
        let ring = ring();
        let block = block(&ring);
        let sealed = sealed(&block, b"{}");
        let mut bytes = block.clone().into_bytes();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        let bad = String::from_utf8(bytes).expect("ASCII");
        prop_assert!(ring.open(&bad, &sealed).is_err());
    }

    #[test]
    fn no_text_makes_anything_panic(text in ".{0,200}", sealed in "[A-Za-z0-9_-]{0,200}") {
        let ring = ring();
        prop_assert_eq!(ring.open(&text, &sealed), Err(OpenError::Malformed));
        prop_assert_eq!(ring.open(&block(&ring), &sealed), Err(OpenError::Malformed));
        prop_assert_eq!(ring.open(&block(&ring), &text), Err(OpenError::Malformed));
        prop_assert_eq!(seal_to(&text, b"{}", &mut os_random), Err(SealError::Malformed));
        prop_assert_eq!(seal_outward(&text, "", b"{}", &mut os_random), Err(SealError::Malformed));
    }
}

#[test]
fn a_box_serves_only_the_block_it_was_sealed_for() {
    let ring = ring();
    let block = block(&ring);
    let sealed = sealed(&block, b"{}");
    let parsed = SealBlock::parse(&block).expect("our own block");
    for other in [
        SealBlock {
            step: 2,
            ..parsed.clone()
        },
        SealBlock {
            purpose: "change".to_owned(),
            ..parsed.clone()
        },
        SealBlock {
            action: Some("reset".to_owned()),
            ..parsed.clone()
        },
        SealBlock {
            rid: rid(&[2; 32]),
            ..parsed.clone()
        },
        SealBlock {
            pk: ReplyKey::generate(&mut os_random).public_text(),
            ..parsed
        },
    ] {
        assert_eq!(ring.open(&other.to_json(), &sealed), Err(OpenError::Forged));
    }
    // The same values in other bytes are another block.
    assert_eq!(
        ring.open(&block.replacen(':', ": ", 1), &sealed),
        Err(OpenError::Forged)
    );
}

#[test]
fn boxes_of_impossible_length_are_refused_unopened() {
    let ring = ring();
    let block = block(&ring);
    let good = BASE64URL_NOPAD
        .decode(sealed(&block, b"{}").as_bytes())
        .expect("our own box");
    for length in [0, 1, 65, 81, good.len() - 1, good.len() + 1, 65 + 16 + 9 * 1024] {
        let mut bad = good.clone();
        bad.resize(length, 0);
        assert_eq!(
            ring.open(&block, &BASE64URL_NOPAD.encode(&bad)),
            Err(OpenError::Malformed),
            "{length}"
        );
    }
    let mut compressed = good;
    compressed[0] = 2;
    assert_eq!(
        ring.open(&block, &BASE64URL_NOPAD.encode(&compressed)),
        Err(OpenError::Malformed)
    );
}

#[test]
fn too_long_a_text_is_not_sealed() {
    let ring = ring();
    let long = vec![b'x'; MAX_PLAIN + 1];
    assert_eq!(
        seal_to(&block(&ring), &long, &mut os_random),
        Err(SealError::TooLong)
    );
}

#[test]
fn nothing_is_sealed_to_a_point_off_the_curve() {
    let ring = ring();
    let off = BASE64URL_NOPAD.encode(&[&[4][..], &[1; 64]].concat());
    let block = SealBlock {
        pk: off.clone(),
        ..SealBlock::parse(&block(&ring)).expect("our own block")
    };
    assert_eq!(
        seal_to(&block.to_json(), b"{}", &mut os_random),
        Err(SealError::Malformed)
    );
    assert_eq!(
        seal_outward(&off, "", b"{}", &mut os_random),
        Err(SealError::Malformed)
    );
}

#[test]
fn two_keys_are_accepted_and_the_third_last_is_gone() {
    let mut ring = ring();
    let block = block(&ring);
    let sealed = sealed(&block, b"{}");
    assert!(!ring.due(ROTATE_AFTER_MS - 1));
    assert!(ring.due(ROTATE_AFTER_MS));

    ring.rotate(ROTATE_AFTER_MS, &mut os_random);
    assert!(!ring.due(ROTATE_AFTER_MS));
    assert_ne!(
        ring.block_key().kid,
        SealBlock::parse(&block).expect("our own block").kid
    );
    assert!(ring.open(&block, &sealed).is_ok());

    ring.rotate(2 * ROTATE_AFTER_MS, &mut os_random);
    assert_eq!(ring.open(&block, &sealed), Err(OpenError::UnknownKey));
}

#[test]
fn secrets_do_not_print_themselves() {
    let (ring, key) = (ring(), ReplyKey::generate(&mut os_random));
    assert_eq!(
        format!("{ring:?}"),
        format!("KeyRing {{ current: {:?}, .. }}", ring.block_key().kid)
    );
    assert_eq!(format!("{key:?}"), "ReplyKey(..)");
}
