//! That each call goes to the address and with the method that the contract names.

use contract::recovery::{Answer, Begin, Method, Purpose, Stage, View};
use secrecy::SecretString;

use super::{Pki, http, serve};
use crate::core::{CoreApi, CoreClient, OnBehalf};
use crate::{ClientError, TransportSettings};

async fn client(answer: &str) -> (CoreClient, tokio::sync::mpsc::Receiver<super::Seen>, Pki) {
    let pki = Pki::new();
    let json = Some(http("200 OK", "application/json", answer));
    let (address, seen) = serve(pki.server_config(rustls::DEFAULT_VERSIONS), json).await;
    let settings: TransportSettings = pki.settings(address);
    (CoreClient::new(settings).unwrap(), seen, pki)
}

fn answer() -> Answer {
    let stage = Stage::Choose {
        methods: vec![Method::Totp],
    };
    Answer {
        handle: Some("h".repeat(43)),
        view: View {
            purpose: Purpose::Reset,
            until: Some(1),
            stage,
        },
    }
}

#[tokio::test]
async fn what_is_asked_and_what_comes_back_is_the_contracts() {
    let expected = answer();
    let (core, mut seen, _pki) = client(&serde_json::to_string(&expected).unwrap()).await;
    let handle = SecretString::from("h".repeat(43));
    let whose = OnBehalf {
        handle: &handle,
        reference: "7F3KQ2M9XA",
    };
    let begin = Begin {
        purpose: Purpose::Reset,
        identifier: "alice".into(),
        source: "192.0.2.1".into(),
        language: "en".into(),
    };
    assert_eq!(core.begin(&begin, "7F3KQ2M9XA").await.unwrap(), expected);
    let text = seen.recv().await.unwrap().text;
    assert!(text.starts_with("POST /v1/recoveries HTTP/1.1\r\n"), "{text}");
    assert!(
        text.contains(r#""identifier":"alice""#) && !text.contains("authorization"),
        "{text}"
    );

    assert_eq!(core.pick(whose, Method::EmailCode).await.unwrap(), expected);
    let text = seen.recv().await.unwrap().text;
    assert!(
        text.starts_with("POST /v1/recoveries/current/challenges HTTP/1.1\r\n"),
        "{text}"
    );
    assert!(text.contains(r#"{"method":"email-code"}"#), "{text}");

    core.end(whose).await.unwrap();
    let text = seen.recv().await.unwrap().text;
    assert!(
        text.starts_with("DELETE /v1/recoveries/current HTTP/1.1\r\n"),
        "{text}"
    );
    assert!(
        text.contains(&format!("authorization: Bearer {}", "h".repeat(43))),
        "{text}"
    );

    let refused = core.remove_factor(whose, "f-1").await;
    assert!(
        matches!(refused, Err(ClientError::Protocol(_))),
        "an answer is no enrolment"
    );
    let text = seen.recv().await.unwrap().text;
    assert!(
        text.starts_with("DELETE /v1/enrolment/factors/f-1 HTTP/1.1\r\n"),
        "{text}"
    );
}
