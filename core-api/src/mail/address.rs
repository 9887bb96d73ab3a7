//! Addresses: which of them codes may go to, how they are shown, how they are counted.

use lettre::Address;
use sha2::{Digest, Sha256};
use url::Host;

/// Whether codes and notices may go to this mailbox: a well-formed address in a domain of the world, and not in
/// a domain whose mailboxes the accounts themselves open (or below one), for a code to such a mailbox is lost
/// with the password.
pub fn is_usable(address: &str, own_domains: &[String]) -> bool {
    let Ok(address) = address.parse::<Address>() else {
        return false;
    };
    // Other local parts need SMTPUTF8, which the mail server may not speak (RFC 6531).
    let Some(domain) = plain_domain(address.domain()).filter(|_| address.user().is_ascii()) else {
        return false;
    };
    domain.contains('.') && !own_domains.iter().any(|own| is_within(&domain, own))
}

/// The address with most of its local part hidden, by which its owner recognises it: `a•••e@home.example`.
pub fn masked(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let mut letters = local.chars();
    let first = letters.next().map(String::from).unwrap_or_default();
    // Below four letters the last one would give away most of what is hidden.
    let last = if local.chars().count() < 4 {
        None
    } else {
        letters.next_back()
    };
    let last = last.map(String::from).unwrap_or_default();
    format!("{first}•••{last}@{domain}")
}

/// What a destination is counted under, however its letters are cased and whether or not its domain ends in a dot.
pub fn destination_key(address: &str) -> [u8; 32] {
    Sha256::digest(address.trim_end_matches('.').to_lowercase().as_bytes()).into()
}

/// Whether this mailbox is in a domain, or below it.
pub fn is_in(address: &str, domain: &str) -> bool {
    let of_address = address
        .rsplit_once('@')
        .and_then(|(_, domain)| plain_domain(domain));
    of_address.is_some_and(|of_address| is_within(&of_address, domain))
}

fn is_within(domain: &str, own: &str) -> bool {
    let Some(own) = plain_domain(own.trim_start_matches(['@', '.'])) else {
        return false;
    };
    domain
        .strip_suffix(&own)
        .is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// A domain in the one spelling in which two can be compared: ASCII, lower case, no dot at the end. `None` for
/// what is no domain, such as an address literal.
fn plain_domain(text: &str) -> Option<String> {
    match Host::parse(text.trim_end_matches('.')) {
        Ok(Host::Domain(domain)) => Some(domain),
        Ok(Host::Ipv4(_) | Host::Ipv6(_)) | Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_that_the_account_opens_is_not_usable_however_it_is_spelt() {
        let own = ["corp.example".to_owned(), "bücher.example".to_owned()];
        let usable = |address: &str| is_usable(address, &own);
        assert!(usable("alice@home.example"));
        assert!(usable("alice@notcorp.example"), "another domain that ends alike");
        for own in [
            "a@corp.example",
            "a@CORP.Example",
            "a@mail.corp.example",
            "a@xn--bcher-kva.example",
        ] {
            assert!(!usable(own), "{own}");
        }
    }

    #[test]
    fn what_is_no_address_of_the_world_is_not_usable() {
        for bad in [
            "",
            "alice",
            "@home.example",
            "alice@localhost",
            "alice@[192.0.2.1]",
            "ålice@home.example",
            "alice@home.example\r\nBcc: mallory@evil.example",
            "alice@home.example, mallory@evil.example",
            "Alice <alice@home.example>",
        ] {
            assert!(!is_usable(bad, &[]), "{bad:?}");
        }
    }

    #[test]
    fn a_masked_address_shows_its_domain_and_two_letters_at_most() {
        assert_eq!(masked("alice@home.example"), "a•••e@home.example");
        assert_eq!(masked("bob@home.example"), "b•••@home.example");
        assert_eq!(masked("x@home.example"), "x•••@home.example");
    }

    #[test]
    fn a_destination_counts_once_however_it_is_spelt() {
        assert_eq!(
            destination_key("Alice@Home.example"),
            destination_key("alice@home.EXAMPLE")
        );
        assert_eq!(
            destination_key("alice@home.example."),
            destination_key("alice@home.example")
        );
    }
}
