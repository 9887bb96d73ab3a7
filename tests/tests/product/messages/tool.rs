//! A tool with a certificate of its own sends, looks and takes back, over the API as a tool would.

use serde_json::{Value, json};
use tests::processes::run;
use tests::reader::{Link, Reader, Reading};
use tests::stack::Stack;

const SECRET: &str = "Cinnabar-Lantern-7714-Fescue";

/// What a tool in another language does: mutual TLS with the private authority, JSON in and out. Prints the status, and
/// the body after it.
const TOOL: &str = "
import http.client, ssl, sys
port, method, path, body = sys.argv[1:5]
tls = ssl.create_default_context(cafile='pki/ca.pem')
tls.load_cert_chain('pki/client.pem', 'pki/client.key')
core = http.client.HTTPSConnection('127.0.0.1', int(port), context=tls, timeout=30)
core.request(method, path, body or None, {'content-type': 'application/json'} if body else {})
answer = core.getresponse()
print(answer.status, answer.read().decode())
";

async fn call(stack: &Stack, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let mut tool = tokio::process::Command::new("/usr/bin/python3");
    tool.current_dir(stack.state())
        .args(["-c", TOOL, &(stack.port + 3).to_string(), method, path, &body]);
    let printed = run(&mut tool).await.expect("the core answers");
    let (status, answer) = printed.split_once(' ').expect("a status");
    (
        status.parse().expect("a number"),
        serde_json::from_str(answer.trim()).unwrap_or(Value::Null),
    )
}

/// A message that nobody opens without what was told by telephone.
fn new(key: &str) -> Value {
    json!({
        "key": key, "expires_in": 3600, "reason": "a tool's first day",
        "content": { "form": "plain", "text": SECRET, "passphrase": "told by telephone" },
    })
}

async fn with_a_tool() -> Stack {
    let mut stack = Stack::prepare().await;
    stack.edit("core-api.toml", "role = \"client\"", "role = \"sender\"");
    stack.start_core().await;
    stack.start_site().await;
    stack
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_sends_a_message_learns_that_it_was_read_and_takes_another_back() {
    let mut stack = with_a_tool().await;
    let (status, sent) = call(&stack, "POST", "/v1/messages", &new("a-tools-first-key")).await;
    assert_eq!(
        (status, &sent["messages"][0]["state"]),
        (201, &json!("on-site")),
        "{sent}"
    );
    let (id, link) = (&sent["messages"][0]["id"], &sent["messages"][0]["link"]);
    let link = link.as_str().expect("it is handed over");
    let message = format!("/v1/messages/{}", id.as_str().expect("an id"));

    // A repeat sends nothing more, and has no link to give.
    let (_, again) = call(&stack, "POST", "/v1/messages", &new("a-tools-first-key")).await;
    assert_eq!(
        (&again["messages"][0]["id"], &again["messages"][0]["link"]),
        (id, &Value::Null)
    );

    let reader = Reader::new(stack.port + 1, &stack.ca());
    let opened = Link::parse(link, Some("told by telephone"));
    let text = reader.open(&opened, [1; 16]).await.expect("an answer");
    assert_eq!(text, Reading::Text(SECRET.to_owned()));
    reader.done(&opened, [1; 16]).await.expect("an answer");
    stack.await_message(id.as_str().expect("an id"), "read").await;
    let (status, seen) = call(&stack, "GET", &message, &Value::Null).await;
    assert_eq!((status, &seen["state"]), (200, &json!("read")));
    assert_eq!(seen["events"][0]["source"], "127.0.0.1");

    let (_, other) = call(&stack, "POST", "/v1/messages", &new("a-tools-other-key")).await;
    let other_id = other["messages"][0]["id"].as_str().expect("an id");
    let (status, _) = call(
        &stack,
        "DELETE",
        &format!("/v1/messages/{other_id}"),
        &Value::Null,
    )
    .await;
    assert!((200..300).contains(&status), "{status}");
    stack.await_message(other_id, "revoked").await;
    let revoked = Link::parse(
        other["messages"][0]["link"].as_str().expect("it is handed over"),
        Some("told by telephone"),
    );
    assert!(matches!(
        reader.open(&revoked, [2; 16]).await,
        Ok(Reading::Ended(_))
    ));
    stack.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_unlocks_a_locked_message_once_and_destroys_it_then() {
    let mut stack = with_a_tool().await;
    let (_, sent) = call(&stack, "POST", "/v1/messages", &new("a-tools-first-key")).await;
    let (id, link) = (&sent["messages"][0]["id"], &sent["messages"][0]["link"]);
    let id = id.as_str().expect("an id");
    let wrong = Link::parse(link.as_str().expect("it is handed over"), Some("a guess"));
    let reader = Reader::new(stack.port + 1, &stack.ca());
    let locks = async || {
        for tries_left in (0..5).rev() {
            let reading = reader.open(&wrong, [1; 16]).await.expect("an answer");
            assert_eq!(reading, Reading::WrongPassphrase { tries_left });
        }
    };
    let orders = async |what: &str| {
        let path = format!("/v1/messages/{id}/{what}");
        let (status, answer) = call(&stack, "POST", &path, &Value::Null).await;
        (status, answer["type"].as_str().unwrap_or_default().to_owned())
    };
    let done = (202, String::new());
    let not_locked = (409, "urn:sallyport:problem:not-locked".to_owned());
    assert_eq!(
        (orders("unlock").await, orders("destroy").await),
        (not_locked.clone(), not_locked.clone())
    );

    locks().await;
    stack.await_message(id, "locked").await;
    assert_eq!(orders("unlock").await, done);
    stack.await_message(id, "on-site").await;
    locks().await;
    stack.await_message(id, "locked").await;
    assert_eq!(orders("unlock").await, not_locked, "once");
    assert_eq!(orders("destroy").await, done);
    stack.await_message(id, "destroyed").await;
    let over = (410, "urn:sallyport:problem:message-over".to_owned());
    assert_eq!(orders("destroy").await, over);
    let unknown = call(
        &stack,
        "POST",
        "/v1/messages/AAAAAAAAAAAAAAAAAAAAAA/unlock",
        &Value::Null,
    )
    .await;
    assert_eq!(unknown.0, 404);
    stack.stop().await;
}
