//! One message: its headers by the library's types only, so that no text from outside can become a header.

use std::time::{Duration, UNIX_EPOCH};

use data_encoding::HEXLOWER;
use domain::Timestamp;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};
use lettre::{Address, Message};
use ui::mail::Text;

use super::Fault;
use crate::store::Id;

/// Tells vacation responders and the like to keep quiet (RFC 3834 section 5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Builds a message of plain text.
///
/// # Errors
/// `GiveUp` when the recipient is no address.
pub(super) fn build(
    id: &Id,
    from: &Mailbox,
    to: &str,
    text: &Text,
    now: Timestamp,
) -> Result<Message, Fault> {
    let to: Address = to
        .parse()
        .map_err(|_| Fault::GiveUp("the recipient is no address".to_owned()))?;
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to))
        .subject(text.subject.clone())
        .date(UNIX_EPOCH + Duration::from_millis(u64::try_from(now.0).unwrap_or(0)))
        .message_id(Some(format!("<{}@{}>", HEXLOWER.encode(id), from.email.domain())))
        .header(AutoSubmitted)
        .singlepart(
            SinglePart::builder()
                .header(ContentType::TEXT_PLAIN)
                .body(text.body.clone()),
        )
        .map_err(|_| Fault::GiveUp("the message cannot be built".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_348_800_000);

    fn text(subject: &str, body: &str) -> Text {
        Text {
            subject: subject.to_owned(),
            body: body.to_owned(),
        }
    }

    fn source(from: &Mailbox, to: &str, text: &Text) -> String {
        let message = build(&[0xab; 16], from, to, text, NOW).expect("a message");
        String::from_utf8(message.formatted()).expect("a message is ASCII")
    }

    fn headers(source: &str) -> Vec<String> {
        let head = source.split_once("\r\n\r\n").expect("a head and a body").0;
        head.split("\r\n")
            .filter(|line| !line.starts_with(' '))
            .map(str::to_lowercase)
            .collect()
    }

    #[test]
    fn a_message_carries_what_a_mail_server_expects() {
        let from: Mailbox = "Example Corp <reset@corp.example>".parse().expect("a sender");
        let source = source(
            &from,
            "alice@home.example",
            &text("Prüfen", "Grüße\nüber zwei Zeilen"),
        );
        assert!(
            source.is_ascii(),
            "so that no server needs an extension: {source}"
        );
        for line in [
            "Message-ID: <abababababababababababababababab@corp.example>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\n",
            "To: alice@home.example\r\n",
            "Content-Type: text/plain; charset=utf-8\r\n",
        ] {
            assert!(source.contains(line), "{line:?} is missing in {source}");
        }
        assert!(!source.contains("text/html"));
    }

    #[test]
    fn line_breaks_in_subjects_and_addresses_make_no_header() {
        let from: Mailbox = "reset@corp.example".parse().expect("a sender");
        for end in ["\r\n", "\n", "\r"] {
            let evil = format!("Hello{end}Bcc: mallory@evil.example{end}{end}body");
            let sent = source(&from, "alice@home.example", &text(&evil, "x"));
            assert!(
                !headers(&sent).iter().any(|line| line.starts_with("bcc")),
                "{sent}"
            );
            assert!(
                sent.trim_end().ends_with("\r\n\r\nx"),
                "the body is the body: {sent}"
            );
            for bad in ["Bcc: mallory@evil.example", "RCPT TO:<m@evil.example>"] {
                let bad = format!("alice@home.example{end}{bad}");
                assert!(matches!(
                    build(&[1; 16], &from, &bad, &text("s", "b"), NOW),
                    Err(Fault::GiveUp(_))
                ));
            }
        }
    }

    #[test]
    fn a_repeat_is_the_same_message() {
        let from: Mailbox = "reset@corp.example".parse().expect("a sender");
        let later = Timestamp(NOW.0 + 3_600_000);
        let ids = [NOW, later].map(|at| {
            let message = build(&[7; 16], &from, "a@home.example", &text("s", "b"), at).expect("a message");
            message.headers().get_raw("Message-ID").map(str::to_owned)
        });
        assert!(ids[0].is_some() && ids[0] == ids[1]);
    }
}
