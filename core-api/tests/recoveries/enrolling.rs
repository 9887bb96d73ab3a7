//! What a person, a portal and a mail server do in an enrolment.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use contract::enrolment::{Enrolment, NewEmail, Outward, ReplyKey as AskedFor};
use contract::recovery::{ProofSecret, Sealed, Stage};
use contract::{Action, Method, ProblemKind, Purpose};
use core_api::factor::invitation;
use core_api::keys::OsRandomness;
use core_api::mail::{Fault, House, Mailer, Transport};
use core_api::store::invitation as invitations;
use core_api::usecase::{UseCaseError, enrolment};
use core_api::worker::outbox::{self, Outcome};
use domain::policy::Policies;
use lettre::Message;
use seal::ReplyKey;

use crate::bench::{Bench, Person, caller, password_of, seal_json};

/// A mailbox that the directory does not know.
pub(crate) const HOME: &str = "alice@post.example";
pub(crate) const DAY: Duration = Duration::from_hours(24);

/// A core whose policy takes two steps, so that every kind of factor can be enrolled.
pub(crate) async fn two_steps() -> Bench {
    Bench::with(|mut settings| {
        let mut policy = settings.policies.0.remove(0);
        policy.steps = vec![
            [domain::Method::Totp, domain::Method::RecoveryCode].into(),
            [domain::Method::EmailCode].into(),
        ];
        settings.policies = Policies(vec![policy]);
        settings
    })
    .await
}

impl Bench {
    pub(crate) async fn invite(&self, name: &str) -> String {
        let (new, account, now) = (
            invitation::new(&OsRandomness),
            self.account(name).await,
            self.core.now(),
        );
        let (selector, hash) = (new.selector.clone(), new.hash);
        self.core
            .store
            .write(move |c| invitations::insert(c, &selector, &hash, account, "test", now, now.plus(DAY)))
            .await
            .expect("stored");
        new.shown.to_string()
    }

    /// An enrolment that an invitation opened.
    pub(crate) async fn invited(&self, name: &str) -> Person<'_> {
        let code = self.invite(name).await;
        let mut person = self.begin(Purpose::Enrol, name).await;
        self.resolve().await;
        person.pick(Method::Invitation).await.expect("is offered");
        person.prove_invited(&code, &password_of(name)).await;
        assert_eq!(person.answer.view.stage, Stage::Enrolling);
        person
    }

    /// Delivers everything that is due, and gives it as text.
    pub(crate) async fn mails(&self) -> Vec<String> {
        let sent = Sent::default();
        let house = House {
            organisation: "Corp".to_owned(),
            helpdesk: "+49 30 1234".to_owned(),
            zone: jiff::tz::TimeZone::UTC,
        };
        let mailer =
            Mailer::over(Box::new(sent.clone()), "Corp <noreply@corp.example>", house).expect("a mailer");
        while outbox::deliver_one(&self.core, &mailer).await.expect("the store") != Outcome::Nothing {}
        std::mem::take(&mut sent.0.lock().expect("one thread"))
    }

    /// Everything that lies in the folder of the databases.
    pub(crate) fn bytes_on_disk(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.folder()).expect("a folder");
        files
            .flat_map(|file| std::fs::read(file.expect("an entry").path()).expect("a file"))
            .collect()
    }
}

#[derive(Clone, Default)]
struct Sent(Arc<Mutex<Vec<String>>>);

#[async_trait]
impl Transport for Sent {
    async fn hand_over(&self, message: &Message) -> Result<(), Fault> {
        self.0
            .lock()
            .expect("one thread")
            .push(String::from_utf8_lossy(&message.formatted()).into_owned());
        Ok(())
    }
}

impl Person<'_> {
    pub(crate) async fn prove_invited(&mut self, code: &str, password: &str) {
        let Stage::Challenge { seal, .. } = &self.answer.view.stage else {
            panic!("{:?}", self.answer.view.stage)
        };
        let secret = ProofSecret {
            code: code.to_owned(),
            current: Some(password.to_owned()),
        };
        let sealed = seal_json(seal, &serde_json::to_vec(&secret).expect("JSON"));
        self.send_proof(sealed).await.expect("it is judged");
    }

    pub(crate) async fn factors(&self) -> Enrolment {
        enrolment::look::look(&self.bench.core, &caller(), &self.handle())
            .await
            .expect("an open enrolment")
    }

    /// The block of a step on the current page.
    pub(crate) async fn block(&self, step: &str) -> String {
        let seals = self.factors().await.seals;
        seals
            .into_iter()
            .find(|seal| seal.action == step)
            .expect("is offered")
            .seal
    }

    pub(crate) async fn seal_step(&self, step: &str, code: &str) -> Sealed {
        let secret = ProofSecret {
            code: code.to_owned(),
            current: None,
        };
        seal_json(
            &self.block(step).await,
            &serde_json::to_vec(&secret).expect("JSON"),
        )
    }

    /// Asks for a secret, as the page's script does, and opens the answer.
    pub(crate) async fn ask_totp(&self) -> Vec<u8> {
        let (key, sealed) = self.ask("totp").await;
        let answer = enrolment::totp::begin(&self.bench.core, &caller(), &self.handle(), sealed).await;
        let shown = opened(&key, &answer.expect("a secret"));
        let secret = shown["secret"].as_str().expect("a text");
        assert!(shown["uri"].as_str().expect("a text").contains(secret));
        assert!(shown["qr"].as_array().expect("rows").len() > 20);
        data_encoding::BASE32_NOPAD
            .decode(secret.as_bytes())
            .expect("base32")
    }

    pub(crate) async fn ask_codes(&self) -> Result<Vec<String>, UseCaseError> {
        let (key, sealed) = self.ask("recovery-codes").await;
        let answer =
            enrolment::recovery_codes::begin(&self.bench.core, &caller(), &self.handle(), sealed).await?;
        assert_eq!(answer.next, None, "its confirmation needs no box");
        Ok(serde_json::from_value(opened(&key, &answer)["codes"].clone()).expect("texts"))
    }

    pub(crate) async fn ask(&self, step: &str) -> (ReplyKey, Sealed) {
        // Factors are shown oldest first.
        self.bench.clock.forward(Duration::from_secs(1));
        let key = ReplyKey::generate(&mut seal::os_random);
        let json = serde_json::to_vec(&AskedFor {
            reply_key: key.public_text(),
        })
        .expect("JSON");
        (key, seal_json(&self.block(step).await, &json))
    }

    pub(crate) async fn confirm_totp(&self, code: &str) -> Result<Enrolment, UseCaseError> {
        let sealed = self.seal_step("totp-confirmation", code).await;
        enrolment::totp::confirm(&self.bench.core, &caller(), &self.handle(), sealed).await
    }

    pub(crate) async fn confirm_codes(&self) -> Result<Enrolment, UseCaseError> {
        enrolment::recovery_codes::confirm(&self.bench.core, &caller(), &self.handle()).await
    }

    pub(crate) async fn begin_email(&self, address: &str) -> Result<Enrolment, UseCaseError> {
        let asked = NewEmail {
            address: address.to_owned(),
        };
        enrolment::email::begin(&self.bench.core, &caller(), &self.handle(), asked).await
    }

    pub(crate) async fn confirm_email(&self, code: &str) -> Result<Enrolment, UseCaseError> {
        let sealed = self.seal_step("email-confirmation", code).await;
        enrolment::email::confirm(&self.bench.core, &caller(), &self.handle(), sealed).await
    }

    pub(crate) async fn remove(&self, id: &str) -> Result<Enrolment, UseCaseError> {
        enrolment::remove::remove(&self.bench.core, &caller(), &self.handle(), id).await
    }

    /// Enrols an authenticator app to its end, and gives its secret.
    pub(crate) async fn enrol_app(&self) -> Vec<u8> {
        let secret = self.ask_totp().await;
        let after = self
            .confirm_totp(&self.bench.code(&secret))
            .await
            .expect("it is judged");
        assert!(!after.wrong && after.pending.is_none());
        secret
    }
}

pub(crate) fn opened(key: &ReplyKey, answer: &Outward) -> serde_json::Value {
    let json = key
        .open(&answer.seal, &answer.outward)
        .expect("sealed to this key, for this block");
    serde_json::from_slice(&json).expect("JSON")
}

pub(crate) fn refused<T>(result: Result<T, UseCaseError>) -> ProblemKind {
    match result {
        Err(UseCaseError::Refused(kind)) => kind,
        Err(UseCaseError::TooManyFor(_)) => ProblemKind::TooMany,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("a refusal was expected"),
    }
}

/// The code in a letter: the one line that is nothing but eight digits.
pub(crate) fn code_in(mail: &str) -> String {
    let is_code = |line: &&str| line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit());
    mail.lines()
        .map(str::trim)
        .find(is_code)
        .expect("a code")
        .to_owned()
}

impl Bench {
    /// A reset a minute ago.
    pub(crate) async fn reset_by_app(&self, name: &str, secret: &[u8]) {
        let mut reset = self.begin(Purpose::Reset, name).await;
        reset.prove_by_app(secret).await;
        let passwords = reset.seal_passwords(Action::Reset, None, "Another-Pass-77");
        reset
            .act(Action::Reset, Some(passwords), "0123456789abcdef")
            .await
            .expect("it is done");
        self.clock.forward(Duration::from_mins(1));
    }

    /// An enrolment that an authenticator app opened.
    pub(crate) async fn enrolling_by_app(&self, name: &str, secret: &[u8]) -> Person<'_> {
        let person = self.enrolling_by_app_first(name, secret).await;
        assert_eq!(person.answer.view.stage, Stage::Enrolling);
        person
    }

    /// An enrolment whose first step an authenticator app passed.
    pub(crate) async fn enrolling_by_app_first(&self, name: &str, secret: &[u8]) -> Person<'_> {
        let mut person = self.begin(Purpose::Enrol, name).await;
        self.resolve().await;
        person.pick(Method::Totp).await.expect("is offered");
        person.prove(&self.code(secret)).await.expect("it is judged");
        person
    }
}
