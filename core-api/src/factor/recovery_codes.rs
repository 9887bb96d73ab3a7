//! Recovery codes: ten on a sheet of paper, each good once.
//!
//! A code is a selector of two characters, which finds its row, and a secret of 80 bits behind it, of which only
//! an Argon2id hash is stored. One try costs one run, whether or not there is anything to compare with.

use domain::clock::{Randomness, random_bytes};
use zeroize::Zeroizing;

use super::hashing::Busy;
use super::spelling;
use crate::core::Core;
use crate::source;

/// How many codes a sheet has.
pub const CODES: usize = 10;

const SELECTOR: usize = 2;
/// Sixteen characters of five bits.
const SECRET: usize = 16;

/// Compared with when there is no hash: the same parameters, a salt and an output of zeros.
const NOTHING: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                       AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A selector that no code has, because of its dashes.
const NO_SELECTOR: &str = "--";

/// A fresh code.
pub struct NewCode {
    /// As it stands on the paper, in groups.
    pub shown: Zeroizing<String>,
    /// Finds its row; unique within a sheet.
    pub selector: String,
    secret: Zeroizing<String>,
}

/// A code that somebody typed.
pub struct TypedCode {
    /// Finds the row that it could match.
    pub selector: String,
    secret: Zeroizing<String>,
}

/// Ten fresh codes.
pub fn new_sheet(randomness: &dyn Randomness) -> Vec<NewCode> {
    // Selectors are no secret. Steps of an odd number through the 1024 of them, from a random one, never meet.
    let start = usize::from(u16::from_be_bytes(random_bytes(randomness)));
    (0..CODES)
        .map(|at| new_code(randomness, start + at * 103))
        .collect()
}

fn new_code(randomness: &dyn Randomness, selector: usize) -> NewCode {
    let selector = String::from_iter([spelling::character(selector / 32), spelling::character(selector)]);
    let secret = spelling::random(randomness, SECRET);
    let whole = Zeroizing::new([selector.as_str(), &secret].concat());
    NewCode {
        shown: spelling::grouped(&whole, SELECTOR),
        selector,
        secret,
    }
}

/// Reads what was typed. What cannot be a code becomes one that matches nothing, so that it costs the same.
pub fn parse(typed: &str) -> TypedCode {
    match spelling::read(typed, SELECTOR + SECRET) {
        Some(code) => {
            let (selector, secret) = code.split_at(SELECTOR);
            TypedCode {
                selector: selector.to_owned(),
                secret: Zeroizing::new(secret.to_owned()),
            }
        }
        None => TypedCode {
            selector: NO_SELECTOR.to_owned(),
            secret: Zeroizing::new(String::new()),
        },
    }
}

/// The hash that is stored of a code: Argon2id (19 MiB, two passes, one lane) as a PHC string.
pub async fn hash(core: &Core, new: &NewCode) -> String {
    let salt = random_bytes::<16>(&*core.randomness);
    let secret = new.secret.clone();
    core.hashing
        .sheet(move || stretch::text(secret.as_bytes(), &salt))
        .await
}

/// Whether a typed code is the one with this hash. Without a hash the same work is done and the answer is no.
/// `source` is the visitor's address, by which turns are given.
///
/// # Errors
/// When too many ask at this moment; nothing was compared then, and nothing may be spent.
pub async fn matches_from(
    core: &Core,
    source: &str,
    typed: TypedCode,
    hash: Option<String>,
) -> Result<bool, Busy> {
    let group = source.parse().map(source::group).unwrap_or_default();
    core.hashing
        .try_for(group, move || compare(&typed, hash.as_deref()))
        .await
}

fn compare(typed: &TypedCode, hash: Option<&str>) -> bool {
    let same = stretch::fits(typed.secret.as_bytes(), hash.unwrap_or(NOTHING));
    same && hash.is_some()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::keys::OsRandomness;

    #[test]
    fn a_sheet_has_ten_codes_of_80_bits_with_selectors_of_their_own() {
        let sheet = new_sheet(&OsRandomness);
        assert_eq!(sheet.len(), CODES);
        let selectors: BTreeSet<_> = sheet.iter().map(|code| code.selector.as_str()).collect();
        let secrets: BTreeSet<_> = sheet.iter().map(|code| code.secret.as_str()).collect();
        assert_eq!((selectors.len(), secrets.len()), (CODES, CODES));
        for code in &sheet {
            assert_eq!(code.shown.len(), "AA-BBBB-CCCC-DDDD-EEEE".len());
            let typed = parse(&code.shown.to_lowercase().replace('-', " "));
            assert_eq!(
                (typed.selector.as_str(), typed.secret.as_str()),
                (code.selector.as_str(), code.secret.as_str())
            );
        }
    }

    #[test]
    fn nonsense_is_a_code_too() {
        for typed in ["", "hello", "AA-BBBB", "UU-UUUU-UUUU-UUUU-UUUU"] {
            assert_eq!(parse(typed).selector, NO_SELECTOR, "{typed}");
        }
    }

    #[test]
    fn comparing_with_nothing_costs_what_comparing_with_a_code_costs() {
        // Algorithm, version and parameters are the same, and salt and output are as long.
        let shape = |text: &str| {
            let parts: Vec<_> = text.split('$').map(str::to_owned).collect();
            (
                parts[..4].to_vec(),
                parts[4..].iter().map(String::len).collect::<Vec<_>>(),
            )
        };
        assert_eq!(shape(NOTHING), shape(&stretch::text(b"a secret", &[7; 16])));
        assert!(!stretch::fits(b"", NOTHING));
    }
}
