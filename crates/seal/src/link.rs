//! The secret of a message's link. It stands in the fragment, which browsers keep to themselves:
//! `https://site/m/<id>#<S>`, and with a passphrase `#<S>.p1`.

use std::fmt;

use zeroize::Zeroizing;

use crate::base64url;
use crate::random::Fill;

/// How a passphrase becomes a key. A closed list: what is not in it is refused, never guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// No passphrase.
    LinkOnly,
    /// PBKDF2-HMAC-SHA-256 with 600,000 rounds, "p1".
    P1,
}

impl Profile {
    /// As it stands in the header.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::LinkOnly => "",
            Self::P1 => "p1",
        }
    }
}

/// What follows the `#` of a link is not what this version makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLink {
    /// Something is missing, or was mistyped.
    #[error("the link is not complete")]
    Malformed,
    /// It asks for a profile that this version does not know.
    #[error("the link was made by a newer version")]
    UnknownProfile,
}

/// `S`: 32 random bytes. Wiped when dropped, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct LinkSecret(Zeroizing<[u8; 32]>);

impl LinkSecret {
    /// A fresh one.
    pub fn generate(fill: &mut Fill<'_>) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        fill(bytes.as_mut_slice());
        Self(bytes)
    }

    /// Wraps bytes that were kept.
    pub fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What follows the `#` of the link.
    pub fn fragment(&self, profile: Profile) -> Zeroizing<String> {
        let secret = Zeroizing::new(base64url::encode(self.0.as_slice()));
        match profile {
            Profile::LinkOnly => secret,
            Profile::P1 => Zeroizing::new(format!("{}.{}", *secret, profile.name())),
        }
    }

    /// Reads what follows the `#` of a link.
    pub fn parse(fragment: &str) -> Result<(Self, Profile), BadLink> {
        let (secret, profile) = match fragment.split_once('.') {
            None => (fragment, Profile::LinkOnly),
            Some((secret, "p1")) => (secret, Profile::P1),
            Some(_) => return Err(BadLink::UnknownProfile),
        };
        let bytes = base64url::decode_array(secret).ok_or(BadLink::Malformed)?;
        Ok((Self(Zeroizing::new(bytes)), profile))
    }
}

impl fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkSecret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_has_one_spelling() {
        let secret = LinkSecret::generate(&mut |buffer| buffer.fill(0xff));
        let plain = "_".repeat(42) + "8";
        assert_eq!(*secret.fragment(Profile::LinkOnly), plain);
        assert_eq!(*secret.fragment(Profile::P1), format!("{plain}.p1"));
        assert_eq!(LinkSecret::parse(&plain), Ok((secret.clone(), Profile::LinkOnly)));
        assert_eq!(
            LinkSecret::parse(&format!("{plain}.p1")),
            Ok((secret, Profile::P1))
        );
        for (bad, why) in [
            (String::new(), BadLink::Malformed),
            (plain[1..].to_owned(), BadLink::Malformed),
            (format!("{plain}="), BadLink::Malformed),
            ("_".repeat(43), BadLink::Malformed),
            (format!("{plain}."), BadLink::UnknownProfile),
            (format!("{plain}.p2"), BadLink::UnknownProfile),
            (format!("{plain}.p1.p1"), BadLink::UnknownProfile),
        ] {
            assert_eq!(LinkSecret::parse(&bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn a_link_secret_does_not_print_itself() {
        assert_eq!(
            format!("{:?}", LinkSecret::generate(&mut |_| {})),
            "LinkSecret(..)"
        );
    }
}
