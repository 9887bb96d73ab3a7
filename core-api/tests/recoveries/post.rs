//! A post office that notes what it is handed and answers as it is told to.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use core_api::core::Settings;
use core_api::mail::{Fault, House, Mailer, Transport};
use core_api::store::factor::{self, Factor};
use core_api::store::{audit, outbox};
use core_api::worker::outbox::{Outcome, deliver_one, prepare_one};
use domain::clock::random_bytes;
use domain::{Method, Timestamp};
use lettre::Message;

use crate::bench::Bench;

/// What a mail said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) message_id: String,
    pub(crate) source: String,
}

impl Mail {
    /// The one code in it: eight digits on a line of their own.
    pub(crate) fn code(&self) -> String {
        let code = self.source.lines().map(str::trim).find(|line| is_code(line));
        code.expect("a code").to_owned()
    }

    /// The token of its link.
    pub(crate) fn token(&self) -> Option<String> {
        let after = self.source.split_once("https://portal.test/not-me#")?.1;
        after.split_whitespace().next().map(str::to_owned)
    }
}

fn is_code(line: &str) -> bool {
    line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit())
}

/// How the post office takes the next message; without a word from the test it takes it.
#[derive(Clone, Debug)]
pub(crate) enum Mood {
    Fails(Fault),
    /// Never answers.
    Silent,
}

#[derive(Default)]
pub(crate) struct Post {
    moods: Mutex<VecDeque<Mood>>,
    handed: Mutex<Vec<Mail>>,
}

impl Post {
    /// A post office and a mailer that goes there.
    pub(crate) fn new() -> (Arc<Self>, Mailer) {
        let post = Arc::new(Self::default());
        let house = House {
            organisation: "Corp".to_owned(),
            helpdesk: "+49 30 1".to_owned(),
            zone: jiff::tz::TimeZone::UTC,
        };
        let counter = Counter(Arc::clone(&post));
        let mailer = Mailer::over(Box::new(counter), "Corp <reset@corp.example>", house).expect("a sender");
        (post, mailer)
    }

    pub(crate) fn next(&self, mood: Mood, times: usize) {
        self.moods
            .lock()
            .expect("no test panics within")
            .extend(std::iter::repeat_n(mood, times));
    }

    /// It takes everything again.
    pub(crate) fn clear(&self) {
        self.moods.lock().expect("no test panics within").clear();
    }

    /// Everything that it was handed, what it did not take included.
    pub(crate) fn handed(&self) -> Vec<Mail> {
        self.handed.lock().expect("no test panics within").clone()
    }
}

struct Counter(Arc<Post>);

#[async_trait]
impl Transport for Counter {
    async fn hand_over(&self, message: &Message) -> Result<(), Fault> {
        let source = String::from_utf8(message.formatted()).expect("a message is ASCII");
        let mail = Mail {
            to: message.envelope().to()[0].to_string(),
            message_id: message.headers().get_raw("Message-ID").expect("an id").to_owned(),
            source: source.replace("=\r\n", "").replace("=3D", "="),
        };
        self.0.handed.lock().expect("no test panics within").push(mail);
        let mood = self.0.moods.lock().expect("no test panics within").pop_front();
        match mood {
            None => Ok(()),
            Some(Mood::Fails(fault)) => Err(fault),
            Some(Mood::Silent) => std::future::pending().await,
        }
    }
}

/// A core whose first step takes a code by mail or by the app.
pub(crate) async fn by_mail() -> Bench {
    Bench::with(|settings| with_steps(settings, &[&[Method::EmailCode, Method::Totp]])).await
}

pub(crate) fn with_steps(mut settings: Settings, steps: &[&[Method]]) -> Settings {
    settings.policies.0[0].steps = steps.iter().map(|step| step.iter().copied().collect()).collect();
    settings
}

/// Gives an account a mailbox that counts from then on, or awaits its confirmation.
pub(crate) async fn enrol_mailbox(bench: &Bench, name: &str, address: &str, counts_from: Option<Timestamp>) {
    let id = random_bytes(&*bench.core.randomness);
    let factor = Factor {
        id,
        account: bench.account(name).await,
        method: Method::EmailCode,
        label: core_api::mail::address::masked(address),
        secret: bench
            .core
            .at_rest
            .lock(&id, address.as_bytes(), &*bench.core.randomness),
        since: bench.core.now(),
        counts_from,
        last_step: 0,
    };
    bench
        .core
        .store
        .write(move |c| factor::insert(c, &factor))
        .await
        .expect("stored");
}

/// Works until nothing is due.
pub(crate) async fn work(bench: &Bench, mailer: &Mailer) {
    while prepare_one(&bench.core).await.expect("the store") != Outcome::Nothing {}
    while deliver_one(&bench.core, mailer).await.expect("the store") != Outcome::Nothing {}
}

pub(crate) async fn waiting(bench: &Bench) -> u64 {
    bench.core.store.read(outbox::depth).await.expect("the store")
}

/// What the audit says of codes and of letters that were given up, in order.
pub(crate) async fn fates(bench: &Bench) -> Vec<String> {
    let rows = bench
        .core
        .store
        .read(|c| audit::after(c, 0, 1000))
        .await
        .expect("the audit");
    let records = rows
        .iter()
        .map(|row| serde_json::from_slice(&row.record.event).expect("JSON"));
    let fate = |record: serde_json::Value| match record["event"].as_str()? {
        "code-sent" => record["result"].as_str().map(str::to_owned),
        "mail-given-up" => record["kind"].as_str().map(|kind| format!("gave up {kind}")),
        _ => None,
    };
    records.filter_map(fate).collect()
}
