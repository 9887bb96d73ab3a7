//! Signed heads and redactions, and the personal fields that these let go of.

use journal::{
    Chain, Commitment, FieldsFault, Head, Redaction, SideRow, Signed, SignedError, SigningKey,
    Statement as _, check_fields,
};
use proptest::prelude::*;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn head() -> Head {
    let link = Chain::begin(b"core").append(b"an event");
    Head::of("core of \"example\" corp", 3, link, 1_760_000_000_000)
}

#[test]
fn a_head_survives_its_way_as_a_line_of_text() {
    let signed = head().sign(&key(1));
    let line = signed.to_string();
    assert!(!line.contains('\n'));
    let arrived: Signed = format!("{line}\n").parse().unwrap();
    assert_eq!(arrived, signed);
    assert_eq!(Head::open(&arrived, &key(1).verifying_key()), Ok(head()));
    assert_eq!(
        Signed::from_parts(signed.text().to_owned(), *signed.signature()),
        signed
    );
}

#[test]
fn only_the_owner_s_key_and_only_the_purpose_open_it() {
    let signed = head().sign(&key(1));
    assert_eq!(
        Head::open(&signed, &key(2).verifying_key()),
        Err(SignedError::Forged)
    );
    assert_eq!(
        Redaction::open(&signed, &key(1).verifying_key()),
        Err(SignedError::Forged)
    );
    for line in ["", "text", "text notbase64!", "text QUJD"] {
        assert_eq!(line.parse::<Signed>(), Err(SignedError::Malformed), "{line}");
    }
}

proptest! {
    #[test]
    fn a_changed_byte_anywhere_in_the_line_is_refused(at in any::<prop::sample::Index>(), to in 0x20..0x7f_u8) {
        let line = head().sign(&key(1)).to_string();
        let mut bytes = line.clone().into_bytes();
        let place = at.index(bytes.len());
        prop_assume!(bytes[place] != to);
        bytes[place] = to;
        let changed = String::from_utf8(bytes).expect("all of it is ASCII");
        let opened = changed.parse().and_then(|signed: Signed| Head::open(&signed, &key(1).verifying_key()));
        prop_assert!(matches!(opened, Err(SignedError::Forged | SignedError::Malformed)));
    }

    #[test]
    fn a_redaction_covers_what_it_was_made_of(records in prop::collection::vec(1..60_u64, 0..40)) {
        let redaction = Redaction::of("core", 1, records.iter().copied(), "retention", 5);
        for seq in 0..62 {
            prop_assert_eq!(redaction.covers(seq), records.contains(&seq), "{}", seq);
        }
        let apart = redaction.stretches.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0);
        prop_assert!(apart, "stretches that touch are one");
        let signed = redaction.sign(&key(1));
        prop_assert_eq!(Redaction::open(&signed, &key(1).verifying_key()), Ok(redaction));
    }
}

/// RFC 4231 has no case with a 32-byte key; this one was computed with
/// `openssl mac -digest SHA256 -macopt hexkey:0b…0b HMAC`.
#[test]
fn a_commitment_is_hmac_sha_256() {
    let commitment = Commitment::to(&[0x0b; 32], b"Hi There");
    let hex: String = serde_json::from_str(&serde_json::to_string(&commitment).unwrap()).unwrap();
    assert_eq!(
        hex,
        "198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7"
    );
}

#[test]
fn personal_fields_are_kept_unchanged_or_erased_on_purpose() {
    let (salt, fields) = ([7; 32], b"alice, 192.0.2.7".as_slice());
    let commitment = Commitment::to(&salt, fields);
    let side = Some(SideRow { salt: &salt, fields });
    let redaction = [Redaction::of("core", 1, [4], "retention", 5)];

    assert_eq!(check_fields(4, &commitment, side, &[]), Ok(()));
    assert_eq!(check_fields(4, &commitment, None, &redaction), Ok(()));
    assert_eq!(
        check_fields(4, &commitment, None, &[]),
        Err(FieldsFault::Missing { seq: 4 })
    );
    assert_eq!(
        check_fields(5, &commitment, None, &redaction),
        Err(FieldsFault::Missing { seq: 5 })
    );
    assert_eq!(
        check_fields(4, &commitment, side, &redaction),
        Err(FieldsFault::NotErased { seq: 4 })
    );
    let other = Some(SideRow {
        salt: &salt,
        fields: b"mallory, 192.0.2.7",
    });
    assert_eq!(
        check_fields(4, &commitment, other, &[]),
        Err(FieldsFault::Changed { seq: 4 })
    );
    let resalted = Some(SideRow {
        salt: &[8; 32],
        fields,
    });
    assert_eq!(
        check_fields(4, &commitment, resalted, &[]),
        Err(FieldsFault::Changed { seq: 4 })
    );
}
