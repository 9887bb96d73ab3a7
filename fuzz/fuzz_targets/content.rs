//! The plain text of a message or a drop. What is unpacked is packed again and is still the same, and no name in it
//! leads out of a folder.

#![no_main]

use seal::Content;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(content) = Content::unpack(data) {
        for file in content.files() {
            let name = file.name();
            assert!(!name.is_empty() && name.len() <= 255, "{name:?}");
            assert!(!name.contains(['/', '\\', '\0', ':', '\u{202e}']), "{name:?}");
            assert!(!name.starts_with('.'), "{name:?}");
        }
        assert_eq!(Content::unpack(&content.pack()), Ok(content));
    }
});
