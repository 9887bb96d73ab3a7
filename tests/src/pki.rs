//! Certificates for tests: an authority, what it issues, and the same gone wrong.

use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};

/// An authority of the test's own.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate and its key, PEM.
pub struct Issued {
    /// The certificate alone; the authority signed it directly.
    pub certificate: String,
    /// The private key, PKCS #8.
    pub key: String,
}

/// How long a certificate is valid, seen from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// Since long and for long.
    Now,
    /// It was, years ago.
    Expired,
}

impl Authority {
    /// A new authority. Two of the same name are foreign to each other: their keys differ.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        set_validity(&mut params, Validity::Now);
        let key = KeyPair::generate().expect("the system has randomness");
        let pem = params
            .self_signed(&key)
            .expect("a complete request can be signed")
            .pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    /// An authority that is there already, by its certificate and key.
    ///
    /// # Panics
    /// When the files hold none.
    pub fn open(certificate: &Path, key: &Path) -> Self {
        let read = |path: &Path| std::fs::read_to_string(path).expect("a file of the authority");
        let (pem, key) = (
            read(certificate),
            KeyPair::from_pem(&read(key)).expect("a private key"),
        );
        let issuer = Issuer::from_ca_cert_pem(&pem, key).expect("an authority's certificate");
        Self { issuer, pem }
    }

    /// The authority's own certificate.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for the host names and addresses, for servers and clients alike.
    pub fn issue(&self, names: &[&str], validity: Validity) -> Issued {
        let owned = names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut params = CertificateParams::new(owned).expect("host names and addresses are ASCII");
        params.distinguished_name = DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, names[0]);
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        set_validity(&mut params, validity);
        let key = KeyPair::generate().expect("the system has randomness");
        let certificate = params
            .signed_by(&key, &self.issuer)
            .expect("a complete request can be signed");
        Issued {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }

    /// Signs a request (PKCS #10, PEM) as it stands; gives the certificate, PEM.
    ///
    /// # Panics
    /// When it is none.
    pub fn sign(&self, request: &str, validity: Validity) -> String {
        let mut request = CertificateSigningRequestParams::from_pem(request).expect("a signing request");
        set_validity(&mut request.params, validity);
        request
            .signed_by(&self.issuer)
            .expect("a complete request can be signed")
            .pem()
    }

    /// Writes the authority's certificate as `ca.pem` into the folder.
    pub fn write(&self, folder: &Path) -> PathBuf {
        write(folder, "ca.pem", &self.pem)
    }
}

impl Issued {
    /// Writes certificate and key as `NAME.pem` and `NAME.key` into the folder and returns both paths.
    pub fn write(&self, folder: &Path, name: &str) -> (PathBuf, PathBuf) {
        let certificate = write(folder, &format!("{name}.pem"), &self.certificate);
        (certificate, write(folder, &format!("{name}.key"), &self.key))
    }
}

fn set_validity(params: &mut CertificateParams, validity: Validity) {
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = match validity {
        Validity::Now => date_time_ymd(2099, 1, 1),
        Validity::Expired => date_time_ymd(2021, 1, 1),
    };
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).expect("the test's folder is writable");
    path
}
