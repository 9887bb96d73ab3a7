//! A telephone with an authenticator app: it shows each code once.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::BASE32_NOPAD;
use tokio::time::sleep;
use totp_rs::{Algorithm, Builder};

/// How long a code is shown, in seconds (RFC 6238).
const STEP: u64 = 30;

/// An app that holds one secret.
pub struct Authenticator {
    secret: Vec<u8>,
    /// The step whose code was shown last; a server takes no code twice.
    last: u64,
    shown: Vec<String>,
}

impl Authenticator {
    /// An app with this secret (base32; spaces mean nothing).
    ///
    /// # Panics
    /// When it is not base32.
    pub fn new(secret: &str) -> Self {
        let secret: String = secret.split_whitespace().collect();
        let secret = BASE32_NOPAD.decode(secret.as_bytes()).expect("base32");
        Self {
            secret,
            last: 0,
            shown: Vec::new(),
        }
    }

    /// Every code that it has shown.
    pub fn shown(&self) -> &[String] {
        &self.shown
    }

    /// A code that was not shown before and that a server takes now. The code after the current one serves, too, since
    /// servers allow for a clock that is a step ahead; beyond that it waits.
    pub async fn code(&mut self) -> String {
        let step = loop {
            let next = (self.last + 1).max(current_step());
            if next <= current_step() + 1 {
                break next;
            }
            sleep(Duration::from_millis(200)).await;
        };
        self.last = step;
        let app = Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_step_duration(STEP)
            .with_secret(self.secret.clone())
            .build()
            .expect("a secret of 160 bits");
        let code = app.generate(step * STEP).to_string();
        self.shown.push(code.clone());
        code
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "servers under test go by the machine's clock, so a telephone must"
)]
fn current_step() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("after 1970").as_secs() / STEP
}
