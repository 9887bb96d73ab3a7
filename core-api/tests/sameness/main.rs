//! Nobody learns who exists: whoever is named, a request asks the store the same things in the same order,
//! asks the directory nothing, and gets the same bytes but for tokens.
//!
//! A target of its own: the calls are noted process-wide, because the store's writer is a thread of its own.

#[path = "../recoveries/bench.rs"]
#[expect(dead_code, reason = "the other target uses the rest of it")]
mod bench;
#[path = "../recoveries/noted.rs"]
#[expect(dead_code, reason = "the other target uses the rest of it")]
mod noted;

use std::fmt;
use std::sync::{Arc, Mutex};

use contract::{Method, Purpose};
use tracing::field::{Field, Visit};
use tracing::span;

use bench::Bench;

/// Notes every call to the store, in order.
#[derive(Clone, Default)]
struct Calls(Arc<Mutex<Vec<String>>>);

impl Calls {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("nobody panicked"))
    }
}

impl tracing::Subscriber for Calls {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "store" || metadata.target() == "directory"
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Name(&self.0));
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Name<'c>(&'c Mutex<Vec<String>>);

impl Visit for Name<'_> {
    fn record_debug(&mut self, _: &Field, value: &dyn fmt::Debug) {
        self.0.lock().expect("nobody panicked").push(format!("{value:?}"));
    }
}

/// Everything that a request may differ in: handles and what is made from them.
fn without_tokens(answer: &contract::recovery::Answer) -> String {
    let mut value = serde_json::to_value(answer).expect("JSON");
    value["handle"] = value["handle"].is_string().into();
    if let Some(seal) = value["view"]["seal"].as_str() {
        let mut block: serde_json::Value = serde_json::from_str(seal).expect("a block");
        block["rid"] = "".into();
        block["challenge"] = "".into();
        value["view"]["seal"] = block;
    }
    value.to_string()
}

/// What one person's way to a wrong code leaves behind: answers, and the calls of each request.
async fn way(
    bench: &Bench,
    calls: &Calls,
    identifier: &str,
    method: Method,
) -> (Vec<String>, Vec<Vec<String>>) {
    let (mut answers, mut asked) = (vec![], vec![]);
    calls.take();
    let mut person = bench.begin(Purpose::Reset, identifier).await;
    asked.push(calls.take());
    answers.push(without_tokens(&person.answer));
    bench.resolve().await;
    let by_worker = calls.take();
    assert!(
        by_worker
            .iter()
            .all(|call| !call.contains("directory.") || call.contains("directory.find"))
    );
    person.pick(method).await.expect("is offered to everybody");
    asked.push(calls.take());
    answers.push(without_tokens(&person.answer));
    for code in ["000000", "ABCD-EFGH-JKMN-PQRS-TV"] {
        person.prove(code).await.expect("it is judged");
        asked.push(calls.take());
        answers.push(without_tokens(&person.answer));
    }
    person.look().await.expect("it goes on");
    asked.push(calls.take());
    answers.push(without_tokens(&person.answer));
    (answers, asked)
}

#[tokio::test]
async fn known_unknown_disabled_privileged_and_unenrolled_are_alike() {
    let calls = Calls::default();
    tracing::subscriber::set_global_default(calls.clone()).expect("the only one");
    let bench = Bench::with(|mut settings| {
        settings.limits.begun_by_source.most = 1000;
        settings
    })
    .await;
    for name in ["alice", "carol", "padmin"] {
        bench.enrol_totp(name).await;
    }
    calls.take();
    bench.account("alice").await;
    bench
        .core
        .directory
        .read(bench.account("alice").await)
        .await
        .expect("an answer");
    assert!(
        calls.take().iter().any(|call| call.contains("directory.read")),
        "calls of the directory are noted"
    );
    for method in [Method::Totp, Method::RecoveryCode] {
        let (answers, asked) = way(&bench, &calls, "alice", method).await;
        assert!(
            asked.iter().flatten().any(|call| call.contains("recovery.save")),
            "the calls are noted"
        );
        assert!(
            !asked.iter().flatten().any(|call| call.contains("directory.")),
            "the directory is asked by workers only"
        );
        let others = [
            "nobody-here",
            "carol",
            "padmin",
            "grace",
            "x)(cn=*",
            "",
            "a\u{0}b",
            "alice@home.example",
            "pс1$",
        ];
        for other in others {
            let theirs = way(&bench, &calls, other, method).await;
            assert_eq!(theirs.0, answers, "{other:?}, {method:?}: the same bytes");
            assert_eq!(
                theirs.1, asked,
                "{other:?}, {method:?}: the same calls in the same order"
            );
        }
    }
}
