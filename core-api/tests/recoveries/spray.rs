//! One guess at everybody: no single account shows it, so all are added up.

use contract::{Method, ProblemKind, Purpose};
use core_api::usecase::portal::pause::resume;

use crate::bench::{Bench, kind};

impl Bench {
    /// A wrong code at an account, from an address.
    async fn fail(&self, source: &str, name: &str) {
        let mut person = self
            .begin_from(source, Purpose::Reset, name)
            .await
            .expect("it begins");
        self.resolve().await;
        person.pick(Method::Totp).await.expect("is offered");
        person.prove("000000").await.expect("it is judged");
    }

    async fn alarms(&self) -> Vec<(String, u64)> {
        let records = self.records().await.into_iter();
        let alarms = records.filter(|record| record["event"] == "sprayed");
        alarms
            .map(|record| {
                let across = record["across"].as_str().expect("a word").to_owned();
                (across, record["accounts"].as_u64().expect("a number"))
            })
            .collect()
    }
}

async fn strict() -> Bench {
    let bench = Bench::with(|mut settings| {
        settings.limits.failed_from_network = 3;
        settings.limits.failed_accounts = 4;
        settings.limits.failed_by_portal = 5;
        settings
    })
    .await;
    for name in ["alice", "bob", "frank", "hannah", "grace"] {
        bench.enrol_totp(name).await;
    }
    bench
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_at_many_accounts_alarm_once_and_pause_the_portal() {
    let bench = strict().await;
    for _ in 0..3 {
        bench.fail("203.0.113.7", "alice").await;
    }
    assert_eq!(bench.alarms().await, [], "one account is no spray, however often");
    bench.fail("203.0.113.8", "bob").await;
    bench.fail("203.0.113.9", "frank").await;
    assert_eq!(
        bench.alarms().await,
        [("network".to_owned(), 3)],
        "neighbours count together"
    );
    let mails = bench.mails().await;
    assert!(
        mails
            .iter()
            .any(|mail| mail.contains("To: operations@corp.example") && mail.contains("203.0.113.0/24"))
    );

    bench.fail("2001:db8::1", "nobody-at-all").await;
    assert_eq!(
        bench.alarms().await.last(),
        Some(&("all".to_owned(), 4)),
        "made-up names too"
    );
    bench.fail("2001:db8:1::1", "nobody-either").await;
    bench.fail("2001:db8:2::1", "hannah").await;
    assert_eq!(bench.alarms().await.len(), 2, "but they pause nothing");
    bench.fail("2001:db8:3::1", "grace").await;
    assert_eq!(bench.alarms().await.last(), Some(&("portal".to_owned(), 5)));
    let refused = bench.begin_from("192.0.2.1", Purpose::Reset, "alice").await;
    assert_eq!(kind(refused.map(drop)), ProblemKind::Paused);

    // Whoever looked into it lets the portal serve again, and it takes as many once more.
    resume(&bench.core, "portal.test", "test", "R")
        .await
        .expect("it is paused");
    bench.fail("192.0.2.1", "alice").await;
    bench.begin(Purpose::Reset, "alice").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_hour_begins_anew() {
    let bench = strict().await;
    bench.fail("203.0.113.7", "alice").await;
    bench.fail("203.0.113.7", "bob").await;
    bench.clock.forward(std::time::Duration::from_hours(1));
    bench.fail("203.0.113.7", "frank").await;
    assert_eq!(bench.alarms().await, []);
}
