//! The authority of a site's public certificate.

use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, CertifiedIssuer, DnType, IsCa,
    KeyPair,
};

pub(crate) const HOST: &str = "secret.corp.example";

pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "An authority");
        let key = KeyPair::generate().expect("the system has randomness");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate"))
    }

    /// Its own certificate, PEM.
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for [`HOST`] and its key, PEM.
    pub(crate) fn issue(&self) -> (String, String) {
        let key = KeyPair::generate().expect("the system has randomness");
        let params = CertificateParams::new(vec![HOST.to_owned()]).expect("a name");
        let request = params.serialize_request(&key).expect("a request");
        let request = CertificateSigningRequestParams::from_der(request.der()).expect("a request");
        let chain = request.signed_by(&self.0).expect("a certificate").pem();
        (chain, key.serialize_pem())
    }
}
