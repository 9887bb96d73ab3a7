//! The passphrase of a message: what the recipient is told by another way than the link.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::random::Fill;

/// Longest passphrase, in bytes of UTF-8.
pub const MAX_PASSPHRASE: usize = 1024;
/// Blanks at both ends do not count: they come along when people copy. The page's script strips the same.
const BLANKS: [char; 5] = [' ', '\t', '\r', '\n', '\u{a0}'];

/// Letters and digits that nobody takes for each other on the telephone's other end: without i, l, o, 0 and 1.
const SYMBOLS: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
const GROUPS: usize = 4;
const GROUP: usize = 4;

/// A passphrase in NFC, so that it is the same bytes whichever keyboard it was typed on. Wiped when dropped, never
/// printed.
#[derive(PartialEq, Eq)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes what somebody typed; `None` if nothing is left of it, or if it is too long.
    pub fn new(typed: &str) -> Option<Self> {
        // Bounded before it is normalised, which may make it longer.
        if typed.len() > MAX_PASSPHRASE {
            return None;
        }
        // NFC never takes more than three times the bytes (Unicode Standard Annex #15), so this does not grow.
        let mut composed = Zeroizing::new(String::with_capacity(3 * typed.len()));
        composed.extend(typed.trim_matches(BLANKS).nfc());
        (!composed.is_empty()).then_some(Self(composed))
    }

    /// A random one to be read out, such as `k7fm-2qpt-x4wd-8hrc`: 16 of 31 symbols, 79 bits.
    pub fn generate(fill: &mut Fill<'_>) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(GROUPS * (GROUP + 1)));
        for at in 0..GROUPS * GROUP {
            if at > 0 && at % GROUP == 0 {
                text.push('-');
            }
            text.push(symbol(fill));
        }
        Self(text)
    }

    /// The text, to be told to the recipient.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// One symbol, each equally likely: draws beyond the last whole multiple are thrown away.
fn symbol(fill: &mut Fill<'_>) -> char {
    const LIMIT: u8 = 248; // 8 * 31
    loop {
        let mut draw = [0];
        fill(&mut draw);
        if draw[0] < LIMIT {
            return char::from(SYMBOLS[usize::from(draw[0]) % SYMBOLS.len()]);
        }
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_letters_are_the_same_passphrase() {
        let composed = Passphrase::new("Zaż").expect("a passphrase");
        assert_eq!(Passphrase::new(" Zaz\u{307}\n"), Some(composed));
        assert_eq!(Passphrase::new(" \t\u{a0}"), None);
        assert_eq!(Passphrase::new(&"x".repeat(MAX_PASSPHRASE + 1)), None);
        assert!(Passphrase::new(&"x".repeat(MAX_PASSPHRASE)).is_some());
    }

    #[test]
    fn a_generated_one_comes_in_groups_and_uses_every_symbol_alike() {
        let mut next = 0_u8;
        let mut count_up = |buffer: &mut [u8]| {
            for byte in buffer {
                *byte = next;
                next = next.wrapping_add(1);
            }
        };
        let text: String = (0..31)
            .map(|_| Passphrase::generate(&mut count_up).expose().to_owned())
            .collect();
        assert_eq!(&text[..19], "abcd-efgh-jkmn-pqrs");
        for symbol in SYMBOLS {
            assert_eq!(text.matches(char::from(*symbol)).count(), 16);
        }
    }

    #[test]
    fn a_passphrase_does_not_print_itself() {
        assert_eq!(format!("{:?}", Passphrase::new("secret")), "Some(Passphrase(..))");
    }
}
