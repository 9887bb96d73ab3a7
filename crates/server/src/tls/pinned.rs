//! Peers that are believed by their keys and not by an authority.

use std::sync::Arc;

use contract::sync::Digest;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, PeerIncompatible, SignatureScheme,
};
use sha2::{Digest as _, Sha256};

/// SHA-256 of the certificate's `SubjectPublicKeyInfo` (as in RFC 7469 section 2.4).
///
/// # Errors
/// When it is no certificate.
pub fn pin(certificate: &CertificateDer<'_>) -> Result<Digest, Error> {
    let parsed = ParsedCertificate::try_from(certificate)?;
    let hash = Sha256::digest(parsed.subject_public_key_info().as_ref());
    Ok(Digest::from(<[u8; 32]>::from(hash)))
}

/// Lets in whoever holds one of these keys. Names and times in the certificate mean nothing: the pins are exchanged by
/// hand, and taking one away is what ends it.
#[derive(Debug)]
pub(super) struct PinnedClients {
    pins: Vec<Digest>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl PinnedClients {
    pub(super) fn new(pins: Vec<Digest>, provider: &Arc<CryptoProvider>) -> Self {
        Self {
            pins,
            algorithms: provider.signature_verification_algorithms,
        }
    }
}

impl ClientCertVerifier for PinnedClients {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        // Not secret, so compared as usual; what proves the peer is its signature over the handshake.
        if self.pins.contains(&pin(end_entity)?) {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls12NotOffered.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
