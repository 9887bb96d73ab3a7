//! An envelope and its link, with whatever in them. Nothing that was not sealed opens; what is sealed opens.

#![no_main]

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use seal::{Content, Envelope, LinkSecret, MessageKeys, Passphrase};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    id: [u8; 16],
    fragment: &'a str,
    passphrase: &'a str,
    header: &'a str,
    nonce: [u8; 12],
    ciphertext: &'a [u8],
}

libfuzzer_sys::fuzz_target!(|input: Input<'_>| {
    if let Some(passphrase) = Passphrase::new(input.passphrase) {
        assert_eq!(Passphrase::new(passphrase.expose()), Some(passphrase));
    }
    let secret = match LinkSecret::parse(input.fragment) {
        Ok((secret, profile)) => {
            assert_eq!(*secret.fragment(profile), input.fragment);
            secret
        }
        Err(_) => LinkSecret::generate(&mut |buffer| buffer.fill(1)),
    };
    let keys = || MessageKeys::derive(&input.id, &secret, None);
    let envelope = Envelope {
        header: input.header.to_owned(),
        nonce: input.nonce,
        ciphertext: input.ciphertext.to_vec(),
    };
    assert!(keys().open(&envelope).is_err());
    if let Ok(content) = Content::unpack(input.ciphertext) {
        let sealed = keys().seal(&content, &mut |buffer| buffer.copy_from_slice(&input.nonce));
        assert_eq!(keys().open(&sealed), Ok(content));
    }
});
