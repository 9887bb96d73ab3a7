//! A site's signing request, before it is handed to somebody else's authority.
//!
//! Authorities read more of a request than one parser keeps: a second name, other attributes, a second set of
//! extensions. So nothing is picked out of it here. What the site should have asked for is made anew with a key that is
//! thrown away, and apart from the key both must be the same bytes.

use data_encoding::BASE64;
use rcgen::{CertificateSigningRequestParams, KeyPair};
use selfdestruct::public_certificate::asked_for;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::prelude::FromDer as _;

/// Longest signing request that is taken from a site, in bytes; one with a P-256 key has some 500.
const LONGEST: usize = 8 * 1024;
/// How a request begins and ends (RFC 7468 section 7).
const BEGINS: &str = "-----BEGIN CERTIFICATE REQUEST-----\n";
const ENDS: &str = "-----END CERTIFICATE REQUEST-----";

/// Whether this is the PEM of a signing request as a site for `host` makes it, signed with the key that it is for, and
/// nothing besides.
pub fn is_for_alone(request: &str, host: &str) -> bool {
    is_it(request, host).unwrap_or(false)
}

fn is_it(request: &str, host: &str) -> Option<bool> {
    let der = der(request)?;
    let reference = asked_for(host)
        .and_then(|params| params.serialize_request(&KeyPair::generate()?))
        .ok()?;
    let (rest, given) = X509CertificationRequest::from_der(&der).ok()?;
    let (_, wanted) = X509CertificationRequest::from_der(reference.der()).ok()?;
    let is_signed = CertificateSigningRequestParams::from_der(&der.as_slice().into()).is_ok();
    Some(rest.is_empty() && is_signed && is_alike(&given, &wanted)?)
}

/// The bytes in a single block of PEM as everybody writes it, so that no two readers can make something different of it.
fn der(request: &str) -> Option<Vec<u8>> {
    if request.len() > LONGEST {
        return None;
    }
    let rest = request.strip_prefix(BEGINS)?;
    let inner = rest.trim_end_matches(['\r', '\n']).strip_suffix(ENDS)?;
    let text = inner.replace(['\r', '\n'], "");
    let der = BASE64.decode(text.as_bytes()).ok()?;
    (BASE64.encode(&der) == text).then_some(der)
}

/// Whether they differ in key and signature alone. `None` if a request does not hold its own key.
fn is_alike(given: &X509CertificationRequest<'_>, wanted: &X509CertificationRequest<'_>) -> Option<bool> {
    let (info, reference) = (
        &given.certification_request_info,
        &wanted.certification_request_info,
    );
    let (key, other) = (&info.subject_pki, &reference.subject_pki);
    let is_key_alike = key.algorithm == other.algorithm
        && key.raw.len() == other.raw.len()
        && key.subject_public_key.data.len() == other.subject_public_key.data.len();
    let at = reference
        .raw
        .windows(other.raw.len())
        .position(|part| part == other.raw)?;
    let (before, after) = (&reference.raw[..at], &reference.raw[at + other.raw.len()..]);
    Some(
        is_key_alike
            && info.raw == [before, key.raw, after].concat()
            && given.signature_algorithm == wanted.signature_algorithm
            && given.as_raw().ends_with(&given.signature_value.data),
    )
}

#[cfg(test)]
mod tests {
    use rcgen::{
        BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
        KeyUsagePurpose, PublicKeyData as _, SanType, SigningKey as _,
    };

    use super::*;

    const HOST: &str = "secret.corp.example";

    fn request(change: impl FnOnce(&mut CertificateParams)) -> String {
        let mut params = asked_for(HOST).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        params.serialize_request(&key).unwrap().pem().unwrap()
    }

    #[test]
    fn a_request_for_anything_but_the_sites_address_is_not_handed_on() {
        assert!(is_for_alone(&request(|_| {}), HOST));
        let name = |name: &str| SanType::DnsName(name.try_into().unwrap());
        let strange = [
            request(|params| params.distinguished_name = DistinguishedName::new()),
            request(|params| params.subject_alt_names = vec![name("portal.corp.example")]),
            request(|params| params.subject_alt_names.push(name("*.corp.example"))),
            request(|params| params.subject_alt_names.clear()),
            request(|params| {
                params
                    .distinguished_name
                    .push(DnType::CommonName, "dc1.corp.example");
            }),
            request(|params| {
                params.distinguished_name.push(DnType::OrganizationName, "Corp");
            }),
            request(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
            request(|params| params.key_usages = vec![KeyUsagePurpose::KeyCertSign]),
            request(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning]),
            format!("\u{1b}]0;title\u{7}{}", request(|_| {})),
            request(|_| {}).repeat(2),
            "x".repeat(LONGEST + 1),
            String::new(),
        ];
        for (number, strange) in strange.iter().enumerate() {
            assert!(!is_for_alone(strange, HOST), "{number}: {strange}");
        }
        // What somebody changed on its way is not signed by its key.
        let mut forged = request(|_| {}).replace('\r', "");
        let last = forged.rfind("-----END").unwrap() - 10;
        let other = if &forged[last..=last] == "A" { "B" } else { "A" };
        forged.replace_range(last..=last, other);
        assert!(!is_for_alone(&forged, HOST), "{forged}");
    }

    #[test]
    fn hosts_with_long_names_and_hosts_without_one_are_asked_for_as_well() {
        for host in [
            &format!("{}.corp.example", "x".repeat(60)),
            "192.0.2.7",
            "[2001:db8::7]",
        ] {
            let key = KeyPair::generate().unwrap();
            let request = asked_for(host).unwrap().serialize_request(&key).unwrap();
            assert!(is_for_alone(&request.pem().unwrap(), host), "{host}");
        }
    }

    /// DER (X.690 section 8.1): a tag, a length, what is in it.
    fn tlv(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
        let content = parts.concat();
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        let length = match length {
            [0, short] if short < 0x80 => vec![short],
            [0, long] => vec![0x81, long],
            [high, low] => vec![0x82, high, low],
        };
        [&[tag][..], &length, &content].concat()
    }

    const SEQUENCE: u8 = 0x30;
    const SET: u8 = 0x31;
    const COMMON_NAME: &[u8] = &[0x55, 4, 3];
    const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 17];
    const CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
    const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
    const ECDSA_WITH_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    /// `extensionRequest` (RFC 2985 section 5.4.2).
    const EXTENSIONS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 14];
    /// 1.3.6.1.4.1.311.2.1.14 and 1.3.6.1.4.1.311.13.2.1, which Microsoft's authorities read as well (MS-WCCE).
    const MICROSOFTS_EXTENSIONS: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 2, 1, 14];
    const NAME_VALUE_PAIR: &[u8] = &[0x2b, 6, 1, 4, 1, 0x82, 0x37, 13, 2, 1];

    fn common_name(name: &str) -> Vec<u8> {
        let value = [tlv(6, &[COMMON_NAME]), tlv(0x0c, &[name.as_bytes()])].concat();
        tlv(SET, &[&tlv(SEQUENCE, &[&value])])
    }

    fn extension(kind: &[u8], value: &[u8]) -> Vec<u8> {
        tlv(SEQUENCE, &[&tlv(6, &[kind]), &tlv(4, &[value])])
    }

    fn names(name: &str) -> Vec<u8> {
        extension(
            ALTERNATIVE_NAMES,
            &tlv(SEQUENCE, &[&tlv(0x82, &[name.as_bytes()])]),
        )
    }

    fn attribute(kind: &[u8], values: &[&[u8]]) -> Vec<u8> {
        tlv(SEQUENCE, &[&tlv(6, &[kind]), &tlv(SET, values)])
    }

    fn pair(name: &str, value: &str) -> Vec<u8> {
        let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
        let pair = [tlv(0x1e, &[&wide(name)]), tlv(0x1e, &[&wide(value)])].concat();
        attribute(NAME_VALUE_PAIR, &[&tlv(SEQUENCE, &[&pair])])
    }

    /// A request with this in it, well signed.
    fn signed(subject: &[Vec<u8>], attributes: &[Vec<u8>], within: &[u8], behind: &[u8]) -> String {
        let key = KeyPair::generate().unwrap();
        let info = [
            vec![2, 1, 0],
            tlv(SEQUENCE, &[&subject.concat()]),
            key.subject_public_key_info(),
            tlv(0xa0, &[&attributes.concat()]),
        ];
        let info = tlv(SEQUENCE, &[&info.concat()]);
        let signature = key.sign(&info).unwrap();
        let algorithm = tlv(SEQUENCE, &[&tlv(6, &[ECDSA_WITH_SHA256])]);
        let parts: [&[u8]; 4] = [&info, &algorithm, &tlv(3, &[&[0], &signature]), within];
        pem(&[tlv(SEQUENCE, &parts), behind.to_vec()].concat())
    }

    fn pem(der: &[u8]) -> String {
        format!("{BEGINS}{}\n{ENDS}\n", BASE64.encode(der))
    }

    #[test]
    fn what_only_an_authority_would_read_is_seen() {
        let subject = [common_name(HOST)];
        let own = names(HOST);
        let asked = attribute(EXTENSIONS, &[&tlv(SEQUENCE, &[&own])]);
        let honest = signed(&subject, std::slice::from_ref(&asked), b"", b"");
        assert!(
            is_for_alone(&honest, HOST),
            "the requests here are like the site's"
        );

        let authority = tlv(
            SEQUENCE,
            &[&extension(CONSTRAINTS, &tlv(SEQUENCE, &[&[1, 1, 0xff]]))],
        );
        let usage = |bits: u8| extension(KEY_USAGE, &[3, 2, 2, bits]);
        let other = tlv(SEQUENCE, &[&names("dc1.corp.example")]);
        let with = |attribute: Vec<u8>| signed(&subject, &[asked.clone(), attribute], b"", b"");
        let alone = |attribute: Vec<u8>| signed(&subject, &[attribute], b"", b"");
        let strange = [
            (
                "a second name",
                signed(
                    &[common_name("dc1.corp.example"), common_name(HOST)],
                    std::slice::from_ref(&asked),
                    b"",
                    b"",
                ),
            ),
            (
                "Microsoft's extensions",
                with(attribute(MICROSOFTS_EXTENSIONS, &[&other])),
            ),
            (
                "a second set of extensions",
                with(attribute(EXTENSIONS, &[&authority])),
            ),
            (
                "a pair of a name and a value",
                with(pair("SAN", "upn=administrator@corp.example")),
            ),
            (
                "a second value",
                alone(attribute(EXTENSIONS, &[&tlv(SEQUENCE, &[&own]), &authority])),
            ),
            (
                "two usages",
                alone(attribute(
                    EXTENSIONS,
                    &[&tlv(SEQUENCE, &[&own, &usage(4), &usage(0)])],
                )),
            ),
            (
                "something within",
                signed(&subject, std::slice::from_ref(&asked), &authority, b""),
            ),
            (
                "something behind",
                signed(&subject, std::slice::from_ref(&asked), b"", &[SEQUENCE, 0]),
            ),
            (
                "text behind its end",
                honest.replace(ENDS, &format!("AA==\n{ENDS}")),
            ),
        ];
        for (what, strange) in strange {
            assert!(!is_for_alone(&strange, HOST), "{what}: {strange}");
        }
    }
}
