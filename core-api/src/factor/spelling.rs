//! Codes that people read from paper or a telephone and type: 32 characters of which no two look alike.
//!
//! The alphabet is Crockford's base32. What can be mistaken for one of its characters is read as that character,
//! and case, spaces and dashes mean nothing.

use domain::Randomness;
use zeroize::Zeroizing;

/// The characters, by value. I, L, O and U are missing.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Longest text that is read at all, in bytes: a code with generous spacing.
const LONGEST: usize = 128;

/// `count` random characters, five bits each.
pub(super) fn random(randomness: &dyn Randomness, count: usize) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new(vec![0; count]);
    randomness.fill(&mut bytes);
    // 256 is a multiple of 32, so every character is equally likely.
    Zeroizing::new(bytes.iter().map(|byte| character(usize::from(*byte))).collect())
}

/// The character that stands for a number, modulo 32.
pub(super) fn character(value: usize) -> char {
    char::from(ALPHABET[value % ALPHABET.len()])
}

/// A code in groups of four after its first `head` characters, with dashes between.
pub(super) fn grouped(code: &str, head: usize) -> Zeroizing<String> {
    let mut shown = Zeroizing::new(String::with_capacity(code.len() * 2));
    for (at, character) in code.chars().enumerate() {
        if at >= head && (at - head).is_multiple_of(4) {
            shown.push('-');
        }
        shown.push(character);
    }
    shown
}

/// What somebody typed, as exactly `count` characters of the alphabet; `None` when it cannot be read so.
pub(super) fn read(typed: &str, count: usize) -> Option<Zeroizing<String>> {
    if typed.len() > LONGEST {
        return None;
    }
    // Room for everything from the start: a text that grows leaves copies behind.
    let mut code = Zeroizing::new(String::with_capacity(LONGEST));
    for typed in typed.chars().filter(|character| !means_nothing(*character)) {
        code.push(meant(typed)?);
    }
    (code.len() == count).then_some(code)
}

fn means_nothing(character: char) -> bool {
    // Word processors turn a typed dash into one of the longer ones.
    character.is_whitespace() || matches!(character, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

fn meant(typed: char) -> Option<char> {
    let meant = match typed.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    (meant.is_ascii() && ALPHABET.iter().any(|known| char::from(*known) == meant)).then_some(meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_alikes_case_spaces_and_dashes_are_forgiven_and_nothing_else() {
        let read = |typed| read(typed, 6).map(|code| code.to_string());
        assert_eq!(read("01ab-ZK").as_deref(), Some("01ABZK"));
        assert_eq!(read(" o l A\u{2013}b z k\n").as_deref(), Some("01ABZK"));
        assert_eq!(read("OIABZK").as_deref(), Some("01ABZK"));
        for wrong in [
            "",
            "01ABZ",
            "01ABZKK",
            "01ABZU",
            "01ABZ!",
            "01ABZ\u{e4}",
            &"-".repeat(LONGEST + 1),
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn groups_follow_the_head() {
        assert_eq!(grouped("AABBBBCCCC", 2).as_str(), "AA-BBBB-CCCC");
        assert_eq!(grouped("AAAABBBB", 4).as_str(), "AAAA-BBBB");
    }
}
