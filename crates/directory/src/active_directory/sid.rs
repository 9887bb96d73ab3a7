//! Security identifiers (MS-DTYP 2.4.2).

use std::fmt;
use std::str::FromStr;

/// A security identifier, as in `S-1-5-32-544`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sid {
    authority: u64,
    parts: Vec<u32>,
}

/// The most sub-authorities that a SID may have.
const MOST_PARTS: usize = 15;
/// `S-1-5`: the NT authority.
const NT: u64 = 5;
/// `S-1-5-21-…`: made by a domain.
const OF_DOMAIN: u32 = 21;
/// `S-1-5-32-…`: the same in every domain.
const BUILTIN: u32 = 32;

/// Administrators, and Account, Server, Print and Backup Operators, and Replicator.
const PROTECTED_BUILTIN: [u32; 6] = [544, 548, 549, 550, 551, 552];
/// Administrator, krbtgt; Domain Admins, Domain Controllers, Cert Publishers, Schema, Enterprise Admins, Group
/// Policy Creator Owners, Read-only Domain Controllers, Key Admins, Enterprise Key Admins.
const PROTECTED_OF_DOMAIN: [u32; 11] = [500, 502, 512, 516, 517, 518, 519, 520, 521, 526, 527];

impl Sid {
    /// Reads the binary form; `None` if it is none.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&[1, count, a0, a1, a2, a3, a4, a5], rest) = bytes.split_first_chunk::<8>()? else {
            return None;
        };
        if rest.len() != usize::from(count) * 4 || usize::from(count) > MOST_PARTS {
            return None;
        }
        let authority = u64::from_be_bytes([0, 0, a0, a1, a2, a3, a4, a5]);
        let (parts, _) = rest.as_chunks::<4>();
        Some(Self {
            authority,
            parts: parts.iter().map(|part| u32::from_le_bytes(*part)).collect(),
        })
    }

    /// Whether it is one of the groups (or the two accounts) that MS-ADTS 3.1.1.6.1 protects.
    ///
    /// The groups of a domain are told by the last number behind *any* domain's SID: numbers below 1000 are
    /// never given to anything else, and the forest's own groups belong to another domain's SID.
    pub(super) fn is_privileged(&self) -> bool {
        match (self.authority, self.parts.as_slice()) {
            (NT, [BUILTIN, number]) => PROTECTED_BUILTIN.contains(number),
            (NT, [OF_DOMAIN, _, _, _, number]) => PROTECTED_OF_DOMAIN.contains(number),
            _ => false,
        }
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S-1-{}", self.authority)?;
        self.parts.iter().try_for_each(|part| write!(f, "-{part}"))
    }
}

impl FromStr for Sid {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no SID: write S-1-5-21-…");
        let mut numbers = text.strip_prefix("S-1-").ok_or_else(wrong)?.split('-');
        let authority = numbers
            .next()
            .and_then(|number| number.parse().ok())
            .ok_or_else(wrong)?;
        let parts: Vec<u32> = numbers
            .map(|part| part.parse().map_err(|_| wrong()))
            .collect::<Result<_, _>>()?;
        if parts.is_empty() || parts.len() > MOST_PARTS {
            return Err(wrong());
        }
        Ok(Self { authority, parts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sid(text: &str) -> Sid {
        text.parse().expect("a SID")
    }

    #[test]
    fn bytes_and_text_are_the_same_sid() {
        let administrators = [1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0];
        assert_eq!(Sid::from_bytes(&administrators), Some(sid("S-1-5-32-544")));
        assert_eq!(sid("S-1-5-32-544").to_string(), "S-1-5-32-544");
        for length in 0..administrators.len() {
            assert_eq!(
                Sid::from_bytes(&administrators[..length]),
                None,
                "cut at {length}"
            );
        }
        for wrong in ["", "S-1-", "S-1-5", "S-1-5-x", "S-2-5-32", "s-1-5-32-544 "] {
            assert!(wrong.parse::<Sid>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn whole_sids_are_compared_and_not_their_last_number() {
        for protected in [
            "S-1-5-32-544",
            "S-1-5-21-1-2-3-512",
            "S-1-5-21-9-9-9-519",
            "S-1-5-21-1-2-3-502",
        ] {
            assert!(sid(protected).is_privileged(), "{protected}");
        }
        for ordinary in [
            "S-1-5-32-545",
            "S-1-5-21-1-2-3-513",
            "S-1-5-21-1-2-3-1512",
            "S-1-5-32-512",
            "S-1-1-512",
        ] {
            assert!(!sid(ordinary).is_privileged(), "{ordinary}");
        }
    }
}
