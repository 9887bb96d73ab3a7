//! What the audit keeps, for how long, and that it knows itself.

use std::time::Duration;

use contract::Purpose;
use core_api::store::audit::{self, Kind};
use core_api::usecase::audit::export::page;
use core_api::usecase::audit::redact::redact;
use core_api::usecase::audit::verify::verify;
use core_api::usecase::recovery::cancel;
use core_api::worker::checkpoint::{self, witness_key};

use crate::bench::{Bench, caller};
use crate::enrolling::DAY;

impl Bench {
    /// What is wrong with the audit.
    async fn faults(&self) -> Vec<String> {
        let key = witness_key(self.core.signing());
        let report = verify(&self.core.store, key, vec![]).await.expect("the store");
        report.faults
    }

    /// Erases all that is due.
    async fn redact(&self) -> usize {
        let mut erased = 0;
        loop {
            match redact(&self.core).await.expect("the store") {
                0 => return erased,
                more => erased += more,
            }
        }
    }

    fn holds(&self, text: &str) -> bool {
        let disk = self.bytes_on_disk();
        disk.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_go_first_then_names_and_the_chain_still_holds() {
    let bench = Bench::new().await;
    let source = "198.51.100.201";
    bench
        .begin_from(source, Purpose::Reset, "mallory-of-old")
        .await
        .expect("it begins");
    checkpoint::try_one(&bench.core).await.expect("the store");
    bench.clock.forward(89 * DAY);
    assert_eq!(bench.redact().await, 0, "nothing is due");
    bench.clock.forward(2 * DAY);
    assert_eq!(bench.redact().await, 1);
    assert_eq!(bench.redact().await, 0, "once");
    let rows = bench
        .core
        .store
        .read(|c| page(c, 0, 10))
        .await
        .expect("the store");
    assert_eq!(rows[0].source, None);
    assert!(
        rows[0]
            .personal
            .as_ref()
            .expect("names stay")
            .contains("mallory-of-old")
    );
    assert!(rows[0].csv_line().expect("a line").contains("\"(erased)\""));
    assert_eq!(bench.faults().await, Vec::<String>::new());

    bench.clock.forward(310 * DAY);
    assert_eq!(
        bench.redact().await,
        1,
        "the name of the beginning; the redaction's own row is young"
    );
    let rows = bench
        .core
        .store
        .read(|c| page(c, 0, 10))
        .await
        .expect("the store");
    assert_eq!((&rows[0].personal, &rows[0].source), (&None, &None));
    assert_eq!(bench.events().await, ["begun", "redacted", "redacted"]);
    assert_eq!(bench.faults().await, Vec::<String>::new());
    checkpoint::try_one(&bench.core).await.expect("the store");

    // The row of the recovery itself went long before, and nothing else holds them.
    core_api::worker::reap::try_one(&bench.core)
        .await
        .expect("the store");
    bench.core.store.database().close().await;
    assert!(!bench.holds(source) && !bench.holds("mallory-of-old"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_signed_redaction_speaks_of_may_not_be_missing() {
    let bench = Bench::new().await;
    bench.begin(Purpose::Reset, "alice").await;
    bench.begin(Purpose::Reset, "bob").await;
    bench.clock.forward(91 * DAY);
    bench.redact().await;
    let stolen = |c: &sqlite::Connection| {
        audit::erase(c, Kind::Names, domain::Timestamp(i64::MAX), 1)?;
        Ok(())
    };
    bench.core.store.write(stolen).await.expect("the store");
    let faults = bench.faults().await;
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].contains("record 1 are missing"));

    // Nobody without the key can excuse it.
    let forged = |c: &sqlite::Connection| audit::insert_redaction(c, 1);
    bench.core.store.write(forged).await.expect("the store");
    let faults = bench.faults().await;
    assert!(faults[0].contains("record 1 is not to be believed"), "{faults:?}");
}

#[tokio::test]
async fn a_cancelled_recovery_is_in_the_audit_once() {
    let bench = Bench::new().await;
    let alice = bench.begin(Purpose::Reset, "alice").await;
    for _ in 0..2 {
        cancel(&bench.core, &caller(), &alice.handle())
            .await
            .expect("it is over");
    }
    assert_eq!(bench.events().await, ["begun", "cancelled"]);
}

#[tokio::test]
async fn a_quiet_day_leaves_no_redaction() {
    let bench = Bench::new().await;
    bench.begin(Purpose::Reset, "alice").await;
    bench.clock.forward(91 * DAY);
    bench.redact().await;
    for _ in 0..48 {
        bench.clock.forward(Duration::from_mins(10));
        bench.redact().await;
    }
    assert_eq!(bench.events().await, ["begun", "redacted"]);
}
