//! The client's side of TLS between our servers: 1.3, our authority or the pinned key and nobody else's, our
//! certificate.

mod pinned;

use std::path::Path;
use std::sync::Arc;

use contract::sync::Digest;
use rustls::client::WantsClientCert;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};
use rustls_pki_types::pem::{Error, PemObject as _};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use self::pinned::PinnedServer;
use crate::error::SetupError;

/// Speaks to servers with a certificate of this authority (PEM file).
pub(crate) fn by_authority(ca_file: &Path, cert: &Path, key: &Path) -> Result<ClientConfig, SetupError> {
    let mut roots = RootCertStore::empty();
    add(&mut roots, ca_file)?;
    let builder = begin(Arc::new(aws_lc_rs::default_provider()));
    with_own_certificate(builder.with_root_certificates(roots), cert, key)
}

/// Speaks, without a certificate of our own, to servers that everybody believes: by the authority in the file, or by
/// those of the host's own list.
pub(crate) fn by_roots(ca_file: Option<&Path>) -> Result<ClientConfig, SetupError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .expect("the provider supports TLS 1.2 and 1.3");
    Ok(builder
        .with_root_certificates(roots(ca_file)?)
        .with_no_client_auth())
}

/// The authority in the file, or those of the host's own list.
pub(crate) fn roots(ca_file: Option<&Path>) -> Result<RootCertStore, SetupError> {
    let mut roots = RootCertStore::empty();
    match ca_file {
        Some(path) => add(&mut roots, path)?,
        None => {
            // Old lists hold some that cannot be read any more, and the others are good.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    Ok(roots)
}

fn add(roots: &mut RootCertStore, ca_file: &Path) -> Result<(), SetupError> {
    for certificate in certificates(ca_file)? {
        roots.add(certificate).map_err(|wrong| SetupError::Certificate {
            path: ca_file.to_owned(),
            wrong,
        })?;
    }
    Ok(())
}

/// Speaks to holders of these keys only.
pub(crate) fn by_pins(pins: &[Digest], cert: &Path, key: &Path) -> Result<ClientConfig, SetupError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Arc::new(PinnedServer::new(pins.to_vec(), &provider));
    let builder = begin(provider).dangerous();
    with_own_certificate(builder.with_custom_certificate_verifier(verifier), cert, key)
}

fn begin(provider: Arc<CryptoProvider>) -> ConfigBuilder<ClientConfig, WantsVerifier> {
    ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .expect("the provider supports TLS 1.3")
}

fn with_own_certificate(
    builder: ConfigBuilder<ClientConfig, WantsClientCert>,
    cert: &Path,
    key: &Path,
) -> Result<ClientConfig, SetupError> {
    let private = PrivateKeyDer::from_pem_file(key).map_err(|wrong| SetupError::File {
        path: key.to_owned(),
        wrong,
    })?;
    builder
        .with_client_auth_cert(certificates(cert)?, private)
        .map_err(|wrong| SetupError::Certificate {
            path: cert.to_owned(),
            wrong,
        })
}

/// At least one: without any, nobody would be believed, or nothing shown, and nothing would say why.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, SetupError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).and_then(Iterator::collect);
    read.and_then(|found| {
        if found.is_empty() {
            Err(Error::NoItemsFound)
        } else {
            Ok(found)
        }
    })
    .map_err(|wrong| SetupError::File {
        path: path.to_owned(),
        wrong,
    })
}
