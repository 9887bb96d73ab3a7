//! Where a visitor comes from, and how visitors are grouped for limits.

use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::refusal::{Reason, Refused};

/// The visitor's address, as far as it can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source(IpAddr);

impl Source {
    /// The address of the connection; `X-Forwarded-For` counts only if a trusted proxy made the connection, and
    /// then it is the last address in it that is no trusted proxy itself: what stands before it is hearsay.
    pub fn of(peer: IpAddr, headers: &HeaderMap, trusted_proxies: &[IpNet]) -> Self {
        let trusted = |address: &IpAddr| trusted_proxies.iter().any(|network| network.contains(address));
        let mut source = peer.to_canonical();
        let values: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .filter_map(|value| value.to_str().ok())
            .collect();
        for hop in values.iter().rev().flat_map(|value| value.rsplit(',')) {
            if !trusted(&source) {
                break;
            }
            let Ok(address) = hop.trim().parse::<IpAddr>() else {
                break;
            };
            source = address.to_canonical();
        }
        Self(source)
    }

    /// The address itself, for logs and the audit.
    pub fn address(self) -> IpAddr {
        self.0
    }

    /// The network that counts as one visitor: a single IPv4 address, or an IPv6 /64, in which every machine has
    /// more addresses than could be counted.
    pub fn group(self) -> IpNet {
        match self.0 {
            IpAddr::V4(address) => Ipv4Net::from(address).into(),
            IpAddr::V6(address) => {
                IpNet::from(Ipv6Net::new(address, 64).expect("64 is a prefix length")).trunc()
            }
        }
    }
}

/// The visitor is whoever made the connection.
impl From<IpAddr> for Source {
    fn from(peer: IpAddr) -> Self {
        Self(peer.to_canonical())
    }
}

impl FromRequest for Source {
    type Error = Refused;
    type Future = Ready<Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(
            request
                .extensions()
                .get::<Self>()
                .copied()
                .ok_or(Refused(Reason::Broken)),
        )
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn source(peer: &str, forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(
                HeaderName::from_static("x-forwarded-for"),
                HeaderValue::from_static(value),
            );
        }
        let trusted = ["10.0.0.0/24".parse().unwrap()];
        Source::of(peer.parse().unwrap(), &headers, &trusted)
            .address()
            .to_string()
    }

    #[test]
    fn believes_the_header_only_from_a_trusted_proxy_and_only_its_last_untrusted_hop() {
        assert_eq!(source("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(source("10.0.0.2", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(source("10.0.0.2", &["6.6.6.6, 198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            source("10.0.0.2", &["6.6.6.6", "198.51.100.1, 10.0.0.3"]),
            "198.51.100.1"
        );
        assert_eq!(source("10.0.0.2", &["6.6.6.6, garbage"]), "10.0.0.2");
        assert_eq!(source("10.0.0.2", &[]), "10.0.0.2");
        assert_eq!(source("::ffff:10.0.0.2", &["198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn groups_by_address_and_by_64() {
        let group = |text: &str| Source(text.parse().unwrap()).group().to_string();
        assert_eq!(group("198.51.100.1"), "198.51.100.1/32");
        assert_eq!(group("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    }
}
