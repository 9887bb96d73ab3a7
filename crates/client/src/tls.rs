//! The client's side of TLS between our servers: 1.3, our authority and nobody else's, our certificate.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::version::TLS13;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::error::SetupError;
use crate::transport::TransportSettings;

pub(crate) fn client_config(settings: &TransportSettings) -> Result<ClientConfig, SetupError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&settings.ca_file)? {
        roots.add(certificate).map_err(|wrong| SetupError::Certificate {
            path: settings.ca_file.clone(),
            wrong,
        })?;
    }
    let key = PrivateKeyDer::from_pem_file(&settings.key_file).map_err(|wrong| SetupError::File {
        path: settings.key_file.clone(),
        wrong,
    })?;
    ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .expect("the provider supports TLS 1.3")
        .with_root_certificates(roots)
        .with_client_auth_cert(certificates(&settings.cert_file)?, key)
        .map_err(|wrong| SetupError::Certificate {
            path: settings.cert_file.clone(),
            wrong,
        })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, SetupError> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|wrong| SetupError::File {
            path: path.to_owned(),
            wrong,
        })
}
