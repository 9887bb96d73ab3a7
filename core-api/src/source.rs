//! How visitors are told apart where they are counted.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// The network that counts as one visitor: one IPv4 address, one IPv6 /64.
pub(crate) fn group(source: IpAddr) -> Vec<u8> {
    match source.to_canonical() {
        IpAddr::V4(v4) => Ipv4Net::from(v4).network().octets().to_vec(),
        IpAddr::V6(v6) => {
            let net = Ipv6Net::new(v6, 64).expect("64 is a prefix length");
            net.network().octets()[..8].to_vec()
        }
    }
}

/// The network that is usually in one hand: an IPv4 /24, an IPv6 /48.
pub(crate) fn neighbourhood(source: IpAddr) -> IpNet {
    let source = source.to_canonical();
    let length = if source.is_ipv4() { 24 } else { 48 };
    IpNet::new(source, length)
        .expect("24 and 48 are prefix lengths")
        .trunc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_v6_network_counts_as_one_and_a_mapped_address_as_its_v4() {
        let group = |text: &str| group(text.parse().expect("an address"));
        assert_eq!(group("2001:db8:1:2::1"), group("2001:db8:1:2:ffff::9"));
        assert_ne!(group("2001:db8:1:2::1"), group("2001:db8:1:3::1"));
        assert_eq!(group("::ffff:203.0.113.7"), group("203.0.113.7"));
        assert_ne!(group("203.0.113.7"), group("203.0.113.8"));
    }

    #[test]
    fn neighbours_share_a_network() {
        let network = |text: &str| neighbourhood(text.parse().expect("an address")).to_string();
        assert_eq!(network("203.0.113.7"), "203.0.113.0/24");
        assert_eq!(network("::ffff:203.0.113.7"), "203.0.113.0/24");
        assert_eq!(network("2001:db8:1:2::1"), "2001:db8:1::/48");
    }
}
