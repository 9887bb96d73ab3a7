//! Invitations: one-time codes that an administrator hands out, each for one account.
//!
//! `XXXX-XXXX-XXXX-XXXX-XXXX`: the first four characters find the row, the other sixteen are 80 random bits.
//! That is beyond guessing, so a plain hash is stored, and comparing it needs no budget.

use domain::Randomness;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::spelling;

const CHARACTERS: usize = 20;
const SELECTOR: usize = 4;
/// Keeps these hashes apart from every other hash of a text.
const LABEL: &[u8] = b"sallyport/invitation/1";

/// A selector that no invitation has, because of its dashes.
const NO_SELECTOR: &str = "----";

/// A fresh invitation.
pub struct NewInvitation {
    /// As it is handed out. Stored nowhere.
    pub shown: Zeroizing<String>,
    /// Finds its row.
    pub selector: String,
    /// What is stored.
    pub hash: [u8; 32],
}

/// An invitation that somebody typed.
pub struct TypedInvitation {
    /// Finds the row that it could match.
    pub selector: String,
    /// What that row must hold.
    pub hash: [u8; 32],
}

/// A fresh invitation.
pub fn new(randomness: &dyn Randomness) -> NewInvitation {
    let code = spelling::random(randomness, CHARACTERS);
    NewInvitation {
        shown: spelling::grouped(&code, SELECTOR),
        selector: code[..SELECTOR].to_owned(),
        hash: hash(&code),
    }
}

/// Reads what was typed. What cannot be an invitation becomes one that matches nothing.
pub fn parse(typed: &str) -> TypedInvitation {
    match spelling::read(typed, CHARACTERS) {
        Some(code) => TypedInvitation {
            selector: code[..SELECTOR].to_owned(),
            hash: hash(&code),
        },
        None => TypedInvitation {
            selector: NO_SELECTOR.to_owned(),
            hash: hash(""),
        },
    }
}

/// Whether a typed invitation is the stored one. Compares in constant time.
pub fn matches(typed: &TypedInvitation, stored: &[u8; 32]) -> bool {
    typed.hash.ct_eq(stored).into()
}

fn hash(code: &str) -> [u8; 32] {
    Sha256::new()
        .chain_update(LABEL)
        .chain_update(code)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::OsRandomness;

    #[test]
    fn an_invitation_is_recognised_however_it_is_typed() {
        let new = new(&OsRandomness);
        assert_eq!(new.shown.len(), "XXXX-XXXX-XXXX-XXXX-XXXX".len());
        let typed = parse(&new.shown.to_lowercase().replace('-', " ").replace('0', "o"));
        assert_eq!(typed.selector, new.selector);
        assert!(matches(&typed, &new.hash));
        assert!(!new.hash.windows(4).any(|part| part == new.selector.as_bytes()));
    }

    #[test]
    fn another_code_behind_the_same_selector_does_not_match() {
        let new = new(&OsRandomness);
        let mut wrong = new.shown.to_string();
        let last = wrong.pop().expect("not empty");
        wrong.push(if last == '7' { '8' } else { '7' });
        let typed = parse(&wrong);
        assert_eq!(typed.selector, new.selector);
        assert!(!matches(&typed, &new.hash));
        assert!(!matches(&parse("nonsense"), &new.hash));
    }
}
