//! Authenticator apps: time-based codes (RFC 6238) over SHA-1, six digits, 30 seconds; what every app can do.
//!
//! The library's own type prints its secret when it is formatted for debugging, so no value of it leaves this
//! file, and none lives longer than one call.

use data_encoding::BASE32_NOPAD;
use domain::Timestamp;
use domain::clock::{Randomness, random_bytes};
use qrcode::{Color, EcLevel, QrCode};
use totp_rs::{Algorithm, Builder};
use zeroize::Zeroizing;

/// How long a secret is: as long as SHA-1's output (RFC 4226 section 4).
pub const SECRET_BYTES: usize = 20;

/// How long one code is shown, in seconds.
const STEP_SECONDS: u64 = 30;
const DIGITS: u8 = 6;
/// How many steps the telephone's clock may be off, either way (RFC 6238 section 5.2).
const SKEW: u64 = 1;

/// A fresh secret.
pub fn new_secret(randomness: &dyn Randomness) -> Zeroizing<[u8; SECRET_BYTES]> {
    Zeroizing::new(random_bytes(randomness))
}

/// The time step whose code was typed, if it is one step from now at most and later than `last_step`, the last
/// one that was accepted. Spaces in the code mean nothing. Compares in constant time.
///
/// The caller stores the step in the transaction that accepts the code, so that no code serves twice.
pub fn accepted_step(secret: &[u8], code: &str, now: Timestamp, last_step: u64) -> Option<u64> {
    let code: Zeroizing<String> = Zeroizing::new(code.chars().filter(|c| !c.is_whitespace()).collect());
    let app = builder(secret).build().ok()?;
    let current = u64::try_from(now.0).ok()? / 1000 / STEP_SECONDS;
    // One step at a time, because the library would stop at the first that matches, accepted before or not.
    (current.saturating_sub(SKEW)..=current + SKEW)
        .filter(|step| app.check(&code, step * STEP_SECONDS).is_some() && *step > last_step)
        .max()
}

/// The `otpauth://` address that an app takes a secret from.
pub fn uri(secret: &[u8], organisation: &str, account: &str) -> Zeroizing<String> {
    // A colon separates the two in the address, so neither may have one.
    let issuer = Some(organisation.replace(':', " ")).filter(|name| !name.is_empty());
    let app = builder(secret)
        .with_issuer(issuer)
        .with_account_name(account.replace(':', " "))
        .build_noncompliant();
    Zeroizing::new(
        app.to_url()
            .expect("account names are not empty and their colons are gone"),
    )
}

/// A secret as people type it into an app that cannot read the QR code.
pub fn base32(secret: &[u8]) -> Zeroizing<String> {
    Zeroizing::new(BASE32_NOPAD.encode(secret))
}

/// An address as a QR code: one text a row, `1` for a dark module. The quiet zone is the page's to draw.
pub fn qr_rows(uri: &str) -> Vec<String> {
    let Ok(code) = QrCode::with_error_correction_level(uri, EcLevel::M) else {
        // Only an address above 2 KiB fits into no code; the person can still type the secret.
        return Vec::new();
    };
    let width = code.width();
    let modules: Vec<char> = code
        .into_colors()
        .iter()
        .map(|module| if *module == Color::Dark { '1' } else { '0' })
        .collect();
    modules.chunks(width).map(|row| row.iter().collect()).collect()
}

fn builder(secret: &[u8]) -> Builder {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_skew(0)
        .with_step_duration(STEP_SECONDS)
        .with_secret(secret.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238's appendix B.
    const SECRET: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1000)
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // The appendix lists eight digits; six are the last six of them.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let step = u64::try_from(seconds).expect("positive") / 30;
            assert_eq!(
                accepted_step(SECRET, code, at(seconds), 0),
                Some(step),
                "{seconds}"
            );
        }
    }

    #[test]
    fn a_clock_may_be_off_one_step_either_way_and_no_more() {
        let (step, code) = (37_037_036, "081804");
        for (off, expected) in [
            (-60, None),
            (-30, Some(step)),
            (0, Some(step)),
            (30, Some(step)),
            (60, None),
        ] {
            assert_eq!(
                accepted_step(SECRET, code, at(1_111_111_109 + off), 0),
                expected,
                "{off}"
            );
        }
    }

    #[test]
    fn a_step_is_accepted_once_and_none_before_it() {
        let (step, code) = (37_037_036, "081804");
        assert_eq!(
            accepted_step(SECRET, code, at(1_111_111_109), step - 1),
            Some(step)
        );
        assert_eq!(accepted_step(SECRET, code, at(1_111_111_109), step), None);
        assert_eq!(accepted_step(SECRET, code, at(1_111_111_109), step + 1), None);
    }

    #[test]
    fn spaces_are_forgiven_and_nothing_else() {
        let accepts = |code| accepted_step(SECRET, code, at(59), 0).is_some();
        assert!(accepts(" 287 082\n"));
        for wrong in [
            "",
            "287083",
            "28708",
            "2870822",
            "+87082",
            "287-082",
            "\u{0662}87082",
        ] {
            assert!(!accepts(wrong), "{wrong}");
        }
        assert_eq!(accepted_step(b"too short", "287082", at(59), 0), None);
        assert_eq!(accepted_step(SECRET, "287082", Timestamp(-1), 0), None);
    }

    #[test]
    fn an_app_finds_secret_and_owner_in_the_address() {
        let uri = uri(SECRET, "Acme: Co", "al:ice");
        assert!(uri.starts_with("otpauth://totp/Acme"), "{}", uri.as_str());
        assert!(uri.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"));
        assert!(
            !uri["otpauth://".len()..].contains("%3A"),
            "no colon of a name looks like the separator"
        );
        assert_eq!(base32(SECRET).as_str(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        let back = totp_rs::Totp::from_url(uri.as_str()).expect("a library reads it");
        assert_eq!(back.secret().as_bytes(), SECRET);
        assert_eq!((back.issuer(), back.account_name()), (Some("Acme  Co"), "al ice"));
    }

    #[test]
    fn the_qr_code_is_a_square_with_its_three_corners() {
        let rows = qr_rows(&uri(SECRET, "Acme", "alice"));
        assert!(rows.len() >= 21 && rows.iter().all(|row| row.len() == rows.len()));
        assert!(rows[0].starts_with("11111110") && rows[0].ends_with("01111111"));
        assert!(rows[rows.len() - 1].starts_with("11111110"));
    }
}
