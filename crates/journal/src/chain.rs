//! The chain itself: each record's hash contains the hash before it.

use sha2::{Digest, Sha256};

use crate::Hash;

/// What the first hash of a chain begins with, so that it can be no event's hash: those begin with 0x00.
const ORIGIN: &[u8] = b"sallyport/journal/1\0";

/// A place in a chain: the number of a record, counted from 1 without gaps, and its hash. Number 0 is the origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// The record's number.
    pub seq: u64,
    /// The record's hash, which stands for it and for all before it.
    pub hash: Hash,
}

/// The end of a chain, to which the next event is appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain {
    end: Link,
}

impl Chain {
    /// A chain without records. `origin` says which chain it is (its owner's name, and for an epoch that follows
    /// another the last good head), so that records of one chain never fit into another.
    pub fn begin(origin: &[u8]) -> Self {
        let hash = Sha256::new().chain_update(ORIGIN).chain_update(origin).finalize();
        Self {
            end: Link {
                seq: 0,
                hash: Hash::from(<[u8; 32]>::from(hash)),
            },
        }
    }

    /// Goes on from a link that was stored: the last record, or the last one that was pruned.
    pub const fn resume(end: Link) -> Self {
        Self { end }
    }

    /// Adds an event. The caller stores the event's bytes, unchanged, with the link that comes back, in one
    /// transaction.
    pub fn append(&mut self, event: &[u8]) -> Link {
        self.end = Link {
            seq: self.end.seq + 1,
            hash: self.hash_of(event),
        };
        self.end
    }

    /// The last link; of a chain without records, its origin.
    pub const fn end(&self) -> Link {
        self.end
    }

    /// The hash that the event would have if it came next.
    pub(crate) fn hash_of(&self, event: &[u8]) -> Hash {
        let hash = Sha256::new()
            .chain_update([0x00])
            .chain_update(self.end.hash.as_bytes())
            .chain_update(event)
            .finalize();
        Hash::from(<[u8; 32]>::from(hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with coreutils' `sha256sum` from the formula above, so that a change of it cannot pass unnoticed:
    /// every stored chain would break.
    #[test]
    fn the_formula_is_the_documented_one() {
        let mut chain = Chain::begin(b"core");
        assert_eq!(chain.end().hash.to_string(), ORIGIN_OF_CORE);
        let first = chain.append(b"one");
        assert_eq!((first.seq, first.hash.to_string().as_str()), (1, HASH_OF_ONE));
        let second = chain.append(b"");
        assert_eq!((second.seq, second.hash.to_string().as_str()), (2, HASH_OF_EMPTY));
        assert_eq!(chain, Chain::resume(second));
    }

    const ORIGIN_OF_CORE: &str = "ce3d4b8e50c62503f199128d9c80d6e064debbdd7414566297410e121891e066";
    const HASH_OF_ONE: &str = "c32c8dc9d2da84c615378fd353cea6c0e9d4cf66851b28f2f29053d4aa4ea500";
    const HASH_OF_EMPTY: &str = "368911c90d67d441166ec8b62d818b00cb441f8535c933e33fb62a6ec0ebbef6";
}
