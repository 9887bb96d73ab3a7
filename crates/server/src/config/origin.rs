//! The origin of a site: scheme, host and port, as a browser compares them.

use std::fmt;

use url::Url;

/// An `https` origin without a path, in the form that browsers send in `Origin` (RFC 6454 section 6.2).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    url: Url,
    text: String,
}

impl Origin {
    /// Reads `https://host[:port]`.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn parse(typed: &str) -> Result<Self, String> {
        let url = Url::parse(typed).map_err(|error| format!("{typed:?} is not an address: {error}"))?;
        if url.scheme() != "https" {
            return Err(format!("{typed:?} is not https"));
        }
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            return Err(format!("{typed:?} has more than host and port"));
        }
        let text = url.origin().ascii_serialization();
        Ok(Self { url, text })
    }

    /// The origin as text, without a slash at the end.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host, without the port: the name that a certificate must carry.
    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// The origin as an address to which paths can be joined.
    pub fn url(&self) -> &Url {
        &self.url
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
