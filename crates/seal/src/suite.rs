//! HPKE on bytes: the one place that calls the `hpke` crate to seal and to open.
//!
//! The AEAD is a type parameter only so that the code which seals our boxes can be held to RFC 9180
//! appendix A.3, which has AES-128-GCM where we have AES-256-GCM.

use hpke::aead::{Aead, AeadTag, AesGcm256};
use hpke::inout::InOutBuf;
use hpke::kdf::HkdfSha256;
use hpke::kem::DhP256HkdfSha256;
use hpke::{
    Deserializable, HpkeError, Kem, OpModeR, OpModeS, Serializable, single_shot_open_inout_detached,
    single_shot_seal_inout_detached_with_rng,
};
use zeroize::Zeroizing;

use crate::random::{Fill, Source};

/// The AEAD of our boxes.
pub(crate) type BoxAead = AesGcm256;
/// A private P-256 key; wiped when dropped.
pub(crate) type PrivateKey = <DhP256HkdfSha256 as Kem>::PrivateKey;
type PublicKey = <DhP256HkdfSha256 as Kem>::PublicKey;
type EncappedKey = <DhP256HkdfSha256 as Kem>::EncappedKey;

/// Bytes of a public key, and of the encapsulated key before a ciphertext: an uncompressed point.
pub(crate) const POINT: usize = 65;
/// Bytes of the AEAD's tag after a ciphertext.
pub(crate) const TAG: usize = 16;
/// First byte of an uncompressed point (SEC 1 section 2.3.3).
pub(crate) const UNCOMPRESSED: u8 = 4;

/// A fresh pair: the private key and the public point.
pub(crate) fn key_pair(fill: &mut Fill<'_>) -> (PrivateKey, [u8; POINT]) {
    let (private, public) = DhP256HkdfSha256::gen_keypair_with_rng(&mut Source(fill));
    (private, public.to_bytes().into())
}

/// The public point of a private key.
pub(crate) fn public_of(private: &PrivateKey) -> [u8; POINT] {
    DhP256HkdfSha256::sk_to_pk(private).to_bytes().into()
}

/// Whether `point` is a public key that can be sealed to.
pub(crate) fn is_public_key(point: &[u8; POINT]) -> bool {
    point[0] == UNCOMPRESSED && PublicKey::from_bytes(point).is_ok()
}

/// `enc || ciphertext || tag` (RFC 9180 section 6.1, base mode).
pub(crate) fn seal<A: Aead>(
    recipient: &[u8; POINT],
    info: &[u8],
    aad: &[u8],
    plain: &[u8],
    fill: &mut Fill<'_>,
) -> Result<Vec<u8>, HpkeError> {
    let recipient = PublicKey::from_bytes(recipient)?;
    // Encrypted in place; wiped because it still holds the plain text if that fails half-way.
    let mut message = Zeroizing::new(plain.to_vec());
    let (encapped, tag) = single_shot_seal_inout_detached_with_rng::<A, HkdfSha256, DhP256HkdfSha256>(
        &OpModeS::Base,
        &recipient,
        info,
        InOutBuf::from(message.as_mut_slice()),
        aad,
        &mut Source(fill),
    )?;
    Ok([encapped.to_bytes().as_slice(), &message, &tag.to_bytes()].concat())
}

/// The plain bytes of `enc || ciphertext || tag`.
pub(crate) fn open<A: Aead>(
    recipient: &PrivateKey,
    info: &[u8],
    aad: &[u8],
    sealed: &[u8],
) -> Result<Zeroizing<Vec<u8>>, HpkeError> {
    let (encapped, rest) = sealed.split_first_chunk::<POINT>().ok_or(HpkeError::OpenError)?;
    let (ciphertext, tag) = rest.split_last_chunk::<TAG>().ok_or(HpkeError::OpenError)?;
    let mut message = Zeroizing::new(ciphertext.to_vec());
    single_shot_open_inout_detached::<A, HkdfSha256, DhP256HkdfSha256>(
        &OpModeR::Base,
        recipient,
        &EncappedKey::from_bytes(encapped)?,
        info,
        InOutBuf::from(message.as_mut_slice()),
        aad,
        &AeadTag::<A>::from_bytes(tag)?,
    )?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use data_encoding::HEXLOWER;
    use hpke::aead::AesGcm128;

    use super::*;

    /// RFC 9180 appendix A.3.1, base mode, first encryption; the figures are in `vectors/rfc9180-a3.json`,
    /// which the tests of the page's script read too.
    #[test]
    fn agrees_with_rfc_9180_appendix_a3() {
        let figures: BTreeMap<String, String> =
            serde_json::from_str(include_str!("../vectors/rfc9180-a3.json")).expect("the file is JSON");
        let hex = |name: &str| {
            HEXLOWER
                .decode(figures[name].as_bytes())
                .expect("the figures are hex")
        };

        let (secret, public) = key_pair(&mut |buffer| buffer.copy_from_slice(&hex("ikmR")));
        assert_eq!(secret.to_bytes().as_slice(), hex("skRm"));
        assert_eq!(public.as_slice(), hex("pkRm"));

        let sealed = seal::<AesGcm128>(&public, &hex("info"), &hex("aad"), &hex("pt"), &mut |buffer| {
            buffer.copy_from_slice(&hex("ikmE"));
        })
        .expect("the RFC's key is a key");
        assert_eq!(sealed, [hex("enc"), hex("ct")].concat());

        let opened = open::<AesGcm128>(&secret, &hex("info"), &hex("aad"), &sealed).expect("just sealed");
        assert_eq!(*opened, hex("pt"));
    }
}
