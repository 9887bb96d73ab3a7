//! One entry of a search's answer, read without trusting its shape: the library's own reader panics.

use std::collections::HashMap;

use ldap3::ResultEntry;
use ldap3::asn1::StructureTag;

/// The tag of a search result entry (RFC 4511 4.5.2).
const ENTRY: u64 = 4;

/// An entry: its name, and the values of the attributes that were asked for and may be read.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    pub dn: String,
    attributes: HashMap<String, Vec<Vec<u8>>>,
}

impl Entry {
    /// `None` for a referral, and for what is no entry at all.
    pub(super) fn parse(answer: ResultEntry) -> Option<Self> {
        let mut parts = answer.0.match_id(ENTRY)?.expect_constructed()?.into_iter();
        let dn = String::from_utf8(parts.next()?.expect_primitive()?).ok()?;
        let mut attributes = HashMap::new();
        for attribute in parts.next()?.expect_constructed()? {
            let mut parts = attribute.expect_constructed()?.into_iter();
            let name = String::from_utf8(parts.next()?.expect_primitive()?).ok()?;
            let values = parts
                .next()?
                .expect_constructed()?
                .into_iter()
                .map(StructureTag::expect_primitive);
            attributes.insert(name.to_ascii_lowercase(), values.collect::<Option<_>>()?);
        }
        Some(Self { dn, attributes })
    }

    /// An entry made by hand.
    #[cfg(test)]
    pub(super) fn of(attributes: &[(&str, &[&[u8]])]) -> Self {
        let own = |values: &[&[u8]]| values.iter().map(|value| value.to_vec()).collect();
        let attributes = attributes
            .iter()
            .map(|(name, values)| (name.to_ascii_lowercase(), own(values)));
        Self {
            dn: String::new(),
            attributes: attributes.collect(),
        }
    }

    pub(super) fn values(&self, name: &str) -> &[Vec<u8>] {
        self.attributes
            .get(&name.to_ascii_lowercase())
            .map(Vec::as_slice)
            .unwrap_or_default()
    }

    pub(super) fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.values(name).first().map(Vec::as_slice)
    }

    pub(super) fn texts(&self, name: &str) -> impl Iterator<Item = &str> {
        self.values(name)
            .iter()
            .filter_map(|value| str::from_utf8(value).ok())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.bytes(name).and_then(|value| str::from_utf8(value).ok())
    }

    /// A number; `None` when the attribute is absent or none.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }

    /// A number that fits into 32 bits, as counts and flags do. Flags may be written as a negative number.
    pub(super) fn flags(&self, name: &str) -> Option<u32> {
        self.number(name)
            .and_then(|value| u32::try_from(value & i64::from(u32::MAX)).ok())
    }
}
