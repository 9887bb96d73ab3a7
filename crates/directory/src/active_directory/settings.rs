//! What is configured about an Active Directory domain.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use secrecy::SecretString;

use crate::active_directory::sid::Sid;

/// How an Active Directory domain is reached, and what is special in it.
#[derive(Debug, Clone)]
pub struct ActiveDirectorySettings {
    /// The DNS name of the domain.
    pub domain: String,
    /// Its `NetBIOS` name, as in `CORP\alice`; read from the directory when absent.
    pub netbios: Option<String>,
    /// Accounts below this DN are served and no others.
    pub base_dn: String,
    /// The domain controllers. For now exactly one: finding them and going on with another when one fails is
    /// not there yet.
    pub controllers: Vec<Controller>,
    /// How the connection is protected. There is no third way.
    pub security: Security,
    /// The service account: a UPN, `DOMAIN\name` or DN.
    pub bind_user: String,
    /// Its password.
    pub bind_password: SecretString,
    /// The certificates, in PEM, of the authority that signs the controllers' certificates. No other is trusted.
    pub ca_pem: Vec<u8>,
    /// Accounts and groups that are protected besides the well-known ones.
    pub protected_sids: BTreeSet<Sid>,
    /// DNs of the groups that the recovery policies name.
    pub policy_groups: BTreeSet<String>,
    /// Refuse a reset where the controller does not hold it to the password history.
    pub require_history: bool,
}

/// How the connection to a controller is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte, port 636.
    Ldaps,
    /// TLS by the `StartTLS` operation (RFC 4511 4.14), port 389.
    StartTls,
}

impl Security {
    pub(super) fn default_port(self) -> u16 {
        match self {
            Self::Ldaps => 636,
            Self::StartTls => 389,
        }
    }

    pub(super) fn scheme(self) -> &'static str {
        match self {
            Self::Ldaps => "ldaps",
            Self::StartTls => "ldap",
        }
    }
}

impl FromStr for Security {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "ldaps" => Ok(Self::Ldaps),
            "starttls" => Ok(Self::StartTls),
            _ => Err(format!(
                "{text:?} is no way to protect the connection: \"ldaps\" or \"starttls\""
            )),
        }
    }
}

/// A domain controller: `NAME[:PORT][=ADDRESS[:PORT]]`. The certificate is verified against the name; the
/// address, where given, is dialled instead of asking DNS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Controller {
    /// The DNS name that its certificate must carry.
    pub name: String,
    /// The port, if not the usual one.
    pub port: Option<u16>,
    /// Where to dial instead of asking DNS.
    pub address: Option<IpAddr>,
}

impl FromStr for Controller {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (named, dialled) = match text.split_once('=') {
            Some((named, dialled)) => (named, Some(dialled)),
            None => (text, None),
        };
        let (name, port) = match named.split_once(':') {
            Some((name, port)) => (name, Some(parse_port(port)?)),
            None => (named, None),
        };
        if !is_host_name(name) {
            return Err(format!("{name:?} is no DNS name of a domain controller"));
        }
        let (address, dialled_port) = dialled.map(parse_address).transpose()?.unwrap_or((None, None));
        Ok(Self {
            name: name.to_owned(),
            port: dialled_port.or(port),
            address,
        })
    }
}

fn parse_address(text: &str) -> Result<(Option<IpAddr>, Option<u16>), String> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Ok((Some(address.ip()), Some(address.port())));
    }
    match text.parse() {
        Ok(address) => Ok((Some(address), None)),
        Err(_) => Err(format!("{text:?} is no address: write 10.2.0.5 or 10.2.0.5:636")),
    }
}

fn parse_port(text: &str) -> Result<u16, String> {
    text.parse()
        .ok()
        .filter(|port| *port > 0)
        .ok_or_else(|| format!("{text:?} is no port"))
}

/// Letters, digits, hyphens and dots: what may stand in a URL without thinking about it.
fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.len() < 64 && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    text.len() < 254 && text.split('.').all(is_label) && text.parse::<IpAddr>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn controller(text: &str) -> Result<(String, Option<u16>, Option<String>), String> {
        let parsed: Controller = text.parse()?;
        Ok((
            parsed.name,
            parsed.port,
            parsed.address.map(|address| address.to_string()),
        ))
    }

    #[test]
    fn a_controller_is_a_name_with_port_and_address_if_need_be() {
        let name = || "dc1.corp.example".to_owned();
        assert_eq!(controller("dc1.corp.example"), Ok((name(), None, None)));
        assert_eq!(
            controller("dc1.corp.example:3269"),
            Ok((name(), Some(3269), None))
        );
        assert_eq!(
            controller("dc1.corp.example=127.0.0.10"),
            Ok((name(), None, Some("127.0.0.10".into())))
        );
        assert_eq!(
            controller("dc1.corp.example=[::1]:70"),
            Ok((name(), Some(70), Some("::1".into())))
        );
    }

    #[test]
    fn what_is_none_is_refused() {
        for wrong in [
            "",
            "dc1..example",
            "dc1/x",
            "10.0.0.1",
            "dc1:0",
            "dc1:x",
            "dc1=there",
            "dc1@x",
        ] {
            assert!(wrong.parse::<Controller>().is_err(), "{wrong:?}");
        }
        assert!("none".parse::<Security>().is_err());
    }
}
