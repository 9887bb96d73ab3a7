//! What can go wrong with a call, told apart by what the caller may do about it.

use std::error::Error;
use std::path::PathBuf;

use contract::Problem;

/// Why a call has no result.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The server cannot be reached, or the connection broke.
    #[error("the server cannot be reached: {cause}")]
    Unreachable {
        /// `false`: the request certainly never left, so it may be made again. `true`: it may have been carried out.
        sent: bool,
        /// For the log and the `check` command. Never for a page.
        cause: String,
    },
    /// No answer came in time. The request may have been carried out.
    #[error("the server did not answer in time")]
    TimedOut,
    /// The server refused, and says why.
    #[error("the server refused: {} (reference {})", .0.kind, .0.reference)]
    Problem(Problem),
    /// The answer is not what this build understands. The request may have been carried out.
    #[error("the server's answer cannot be understood: {0}")]
    Protocol(&'static str),
}

impl ClientError {
    pub(crate) fn of(error: reqwest::Error) -> Self {
        // The address is known from the configuration, and an error's text should not depend on paths.
        let error = error.without_url();
        if error.is_connect() {
            return Self::Unreachable {
                sent: false,
                cause: chain(&error),
            };
        }
        if error.is_timeout() {
            return Self::TimedOut;
        }
        Self::Unreachable {
            sent: true,
            cause: chain(&error),
        }
    }
}

/// An error and all that caused it: the outermost one alone says only that "the request failed".
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// Why a client cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A file is missing or is not what it should be.
    #[error("{}: {wrong}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        wrong: rustls_pki_types::pem::Error,
    },
    /// A certificate cannot be used, or its key is another's.
    #[error("{}: {wrong}", path.display())]
    Certificate {
        /// The certificate's file.
        path: PathBuf,
        /// What is wrong with it.
        wrong: rustls::Error,
    },
    /// The HTTP client cannot be built.
    #[error("the HTTP client cannot be built: {0}")]
    Http(reqwest::Error),
}
