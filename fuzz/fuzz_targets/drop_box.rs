//! What was put into a drop box, and its link, with whatever in them. The bytes are opened as they are, and once more
//! as what somebody sealed.

#![no_main]

use std::sync::LazyLock;

use seal::{Content, DropKey, DropLink, seal_drop};

static KEY: LazyLock<DropKey> = LazyLock::new(|| DropKey::generate(&mut |buffer| buffer.fill(1)));

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    assert!(KEY.open(&[1; 16], data).is_err());
    if let Ok(content) = Content::unpack(data) {
        let sealed = seal_drop(&[1; 16], KEY.public(), &content, &mut |buffer| buffer.fill(2));
        assert_eq!(KEY.open(&[1; 16], &sealed.expect("a key")), Ok(content));
    }
    if let Some(link) = std::str::from_utf8(data).ok().and_then(DropLink::parse) {
        assert_eq!(link.fragment().as_bytes(), data);
    }
});
