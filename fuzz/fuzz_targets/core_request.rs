//! The line in which the core signs a request: as it arrives, and then as a text that the core did sign, so that what
//! stands behind the signature is read, too.

#![no_main]

use ed25519_dalek::Signer as _;
use journal::site::CoreRequest;
use journal::{Signed, SigningKey, Statement};

const SEED: [u8; 32] = [1; 32];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let key = SigningKey::from_bytes(&SEED);
    if let Ok(signed) = text.parse::<Signed>() {
        assert_eq!(signed.to_string().parse::<Signed>().ok().as_ref(), Some(&signed));
        assert!(CoreRequest::open(&signed, &key.verifying_key()).is_err());
    }
    let message = [CoreRequest::PURPOSE.as_bytes(), b"\0", text.as_bytes()].concat();
    // `journal` signs nothing but what it has written itself.
    let signature = ed25519_dalek::SigningKey::from_bytes(&SEED).sign(&message);
    let signed = Signed::from_parts(text.to_owned(), signature.to_bytes());
    if let Ok(request) = CoreRequest::open(&signed, &key.verifying_key()) {
        let again = request.sign(&key);
        assert_eq!(CoreRequest::open(&again, &key.verifying_key()), Ok(request));
    }
});
