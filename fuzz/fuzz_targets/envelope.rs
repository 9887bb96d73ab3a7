//! An envelope and its link, with whatever in them. Nothing that was not sealed opens; what is sealed opens.
//!
//! The input is fragment, passphrase, header and ciphertext with a byte 0xff between them, which no text has.

#![no_main]

use seal::{Content, Envelope, LinkSecret, MAX_PASSPHRASE, MessageKeys, Passphrase};

const ID: [u8; 16] = [1; 16];
const NONCE: [u8; 12] = [2; 12];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let parts: Vec<&[u8]> = data.splitn(4, |byte| *byte == 0xff).collect();
    let text = |at: usize| {
        parts
            .get(at)
            .and_then(|part| std::str::from_utf8(part).ok())
            .unwrap_or_default()
    };
    let ciphertext = parts.get(3).copied().unwrap_or_default();
    // Composed it may be three times as long, and then too long to be taken again.
    if let Some(passphrase) = Passphrase::new(text(1)).filter(|one| one.expose().len() <= MAX_PASSPHRASE) {
        assert_eq!(Passphrase::new(passphrase.expose()), Some(passphrase));
    }
    let secret = match LinkSecret::parse(text(0)) {
        Ok((secret, profile)) => {
            assert_eq!(*secret.fragment(profile), text(0));
            secret
        }
        Err(_) => LinkSecret::generate(&mut |buffer| buffer.fill(1)),
    };
    let keys = || MessageKeys::derive(&ID, &secret, None);
    let envelope = Envelope {
        header: text(2).to_owned(),
        nonce: NONCE,
        ciphertext: ciphertext.to_vec(),
    };
    assert!(keys().open(&envelope).is_err());
    if let Ok(content) = Content::unpack(ciphertext) {
        let sealed = keys().seal(&content, &mut |buffer| buffer.copy_from_slice(&NONCE));
        assert_eq!(keys().open(&sealed), Ok(content));
    }
});
