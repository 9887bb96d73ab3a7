//! The vectors: what this crate seals and opens is what the repository says, byte for byte, and what the
//! page's script seals opens here.

use serde_json::Value;

#[path = "../vectors/make.rs"]
mod make;

const FILE: &str = include_str!("../vectors/boxes.json");
/// Made by the page's script with keys of its own: `node crates/ui/js-tests/make-boxes.mjs`.
const FROM_SCRIPT: &str = include_str!("../vectors/boxes-js.json");

/// Each case as (block, plain, box).
fn cases(file: &str, part: &str) -> Vec<(String, String, String)> {
    let file: Value = serde_json::from_str(file).expect("the file is JSON");
    let text = |case: &Value, name: &str| case[name].as_str().expect("each field is text").to_owned();
    let cases = file[part].as_array().expect("each part is a list");
    cases
        .iter()
        .map(|case| (text(case, "block"), text(case, "plain"), text(case, "box")))
        .collect()
}

/// Compared as values: the order of a JSON object's fields depends on which features of `serde_json` the rest of
/// the workspace asks for. Each block, plain and box is a text in it and is the same byte for byte.
#[test]
fn the_file_is_what_the_crate_makes() {
    let value = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
    assert_eq!(value(&make::boxes()), value(FILE));
}

#[test]
fn the_core_opens_the_boxes_of_the_file_and_of_the_script() {
    let ring = make::ring();
    let cases = [cases(FILE, "inward"), cases(FROM_SCRIPT, "inward")].concat();
    assert_eq!(cases.len(), 10);
    for (block, plain, sealed) in cases {
        assert_eq!(*ring.open(&block, &sealed).expect("a good box"), plain.as_bytes());
    }
}

#[test]
fn the_reply_key_opens_the_answers_of_the_file() {
    let key = make::reply_key();
    for (block, plain, sealed) in cases(FILE, "outward") {
        assert_eq!(
            *key.open(&block, &sealed).expect("a good answer"),
            plain.as_bytes()
        );
    }
}
