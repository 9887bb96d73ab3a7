//! Seals what the core, or a command beside it, sends by itself. A sender's browser does the same in its own script.

use seal::{Content, Envelope, LinkSecret, MessageKeys, Passphrase, ProofHashes};
use zeroize::Zeroizing;

use crate::mail::letter::Secret;
use crate::store::Id;

/// A sealed message, and the link that opens it.
pub struct Sealed {
    /// What the site holds.
    pub envelope: Envelope,
    /// What the site demands of readers.
    pub proofs: ProofHashes,
    /// The link.
    pub link: Secret,
}

/// Seals `content` under a fresh secret for the message `id`, whose link begins with `address`. With a passphrase this
/// takes a good part of a second, on purpose.
pub fn seal(id: &Id, address: &str, content: &Content, passphrase: Option<&Passphrase>) -> Sealed {
    let secret = LinkSecret::generate(&mut seal::os_random);
    let keys = MessageKeys::derive(id, &secret, passphrase);
    let (proofs, fragment) = (keys.proofs().hashes(), secret.fragment(keys.profile()));
    // Long enough at once: a text that grows leaves copies behind.
    let mut link = Zeroizing::new(String::with_capacity(address.len() + 1 + fragment.len()));
    link.push_str(address);
    link.push('#');
    link.push_str(&fragment);
    Sealed {
        envelope: keys.seal(content, &mut seal::os_random),
        proofs,
        link: Secret::new(std::mem::take(&mut *link)),
    }
}
