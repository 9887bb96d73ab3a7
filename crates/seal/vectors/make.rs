//! Makes `boxes.json` from fixed keys. Shared by the example that writes the file and the test that holds
//! the crate to it.

use data_encoding::BASE64URL_NOPAD;
use hpke::kem::DhP256HkdfSha256;
use hpke::{Kem, Serializable};
use seal::{KeyRing, ReplyKey, SealBlock, rid, seal_outward, seal_to};
use serde_json::{Value, json};

/// The input of the core's key pair: the key id, then the input keying material.
const CORE: [u8; 48] = [0x11; 48];
const REPLY: [u8; 32] = [0x22; 32];
const EPHEMERAL: [u8; 32] = [0x33; 32];

/// A source of "randomness" that gives these bytes, one after the other.
fn from_bytes(mut bytes: &[u8]) -> impl FnMut(&mut [u8]) {
    move |buffer| {
        let (now, later) = bytes.split_at(buffer.len());
        buffer.copy_from_slice(now);
        bytes = later;
    }
}

/// The core's ring of the vectors.
pub(crate) fn ring() -> KeyRing {
    KeyRing::generate(0, &mut from_bytes(&CORE))
}

/// The browser's reply key of the vectors.
pub(crate) fn reply_key() -> ReplyKey {
    ReplyKey::generate(&mut from_bytes(&REPLY))
}

/// Private and public half of the key that `ikm` gives, as a script imports them.
fn key(ikm: &[u8]) -> Value {
    let (secret, public) = DhP256HkdfSha256::derive_keypair(ikm);
    json!({
        "secret": BASE64URL_NOPAD.encode(&secret.to_bytes()),
        "public": BASE64URL_NOPAD.encode(&public.to_bytes()),
    })
}

fn block(purpose: &str, action: Option<&str>, step: u64) -> String {
    let action = action.map(str::to_owned);
    SealBlock::new(
        ring().block_key(),
        rid(&[0x44; 32]),
        purpose,
        action,
        "challenge-1",
        step,
    )
    .to_json()
}

/// The whole file.
pub(crate) fn boxes() -> String {
    let inward = [
        (block("reset", None, 1), r#"{"code":"123456"}"#.to_owned()),
        (
            block("change", Some("change"), 3),
            r#"{"current":"Zażółć 1!","new":"пароль 🔑 \"2\\\""}"#.to_owned(),
        ),
        // Exactly full: one byte more takes a second kilobyte, or does not fit.
        (block("unlock", None, 2), filled(1020)),
        (block("unlock", None, 2), filled(1021)),
        (block("unlock", None, 2), filled(seal::MAX_PLAIN)),
    ]
    .map(|(block, plain)| {
        let sealed = seal_to(&block, plain.as_bytes(), &mut from_bytes(&EPHEMERAL)).expect("it fits");
        json!({ "block": block, "plain": plain, "box": sealed })
    });
    let outward = [
        r#"{"secret":"GEZDGNBVGY3TQOJQ","uri":"otpauth://totp/Sallyport:alice?secret=GEZDGNBVGY3TQOJQ","qr":["0110","1001"]}"#,
        r#"{"codes":["aaaa-bbbb","cccc-dddd"]}"#,
    ]
    .map(|plain| {
        let block = block("enrol", None, 4);
        let reply_key = reply_key().public_text();
        let sealed = seal_outward(&reply_key, &block, plain.as_bytes(), &mut from_bytes(&EPHEMERAL))
            .expect("it fits");
        json!({ "block": block, "plain": plain, "box": sealed })
    });
    let file = json!({
        "core": key(&CORE[16..]),
        "reply": key(&REPLY),
        "ephemeral": key(&EPHEMERAL),
        "inward": inward,
        "outward": outward,
    });
    format!(
        "{}\n",
        serde_json::to_string_pretty(&file).expect("JSON values always serialise")
    )
}

/// A JSON object of exactly `length` bytes.
fn filled(length: usize) -> String {
    format!(r#"{{"code":"{}"}}"#, "x".repeat(length - r#"{"code":""}"#.len()))
}
