//! Something in the core's place: it answers what a test wants, and remembers every byte that it was sent.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use client::ClientError;
use client::core::{CoreApi, OnBehalf};
use contract::enrolment::{Enrolment, NewEmail, Outward};
use contract::recovery::{
    Act, Answer, Begin, Method, NotMe, Purpose, Renew, Renewed, SealKey, Sealed, Stage, View,
};
use contract::{Problem, ProblemKind};
use seal::{KeyRing, SealBlock, SigningKey, os_random};
use secrecy::ExposeSecret as _;
use serde::Serialize;

/// The handle that the fake gives: any 43 characters.
pub(crate) const HANDLE: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

pub(crate) type Reply<T> = Result<T, ClientError>;

pub(crate) struct FakeCore {
    pub(crate) ring: KeyRing,
    pub(crate) signing: SigningKey,
    said: Mutex<Vec<String>>,
    answers: Mutex<VecDeque<Reply<Answer>>>,
    enrolments: Mutex<VecDeque<Reply<Enrolment>>>,
}

impl FakeCore {
    pub(crate) fn new() -> Self {
        Self {
            ring: KeyRing::generate(0, &mut os_random),
            signing: SigningKey::generate(&mut os_random),
            said: Mutex::default(),
            answers: Mutex::default(),
            enrolments: Mutex::default(),
        }
    }

    /// What the next call about a recovery gets.
    pub(crate) fn will_answer(&self, answer: Reply<Answer>) {
        self.answers.lock().unwrap().push_back(answer);
    }

    pub(crate) fn will_show(&self, stage: Stage) {
        self.will_answer(Ok(answer(stage)));
    }

    pub(crate) fn will_refuse(&self, kind: ProblemKind) {
        self.will_answer(Err(problem(kind)));
    }

    pub(crate) fn will_refuse_for(&self, kind: ProblemKind, seconds: u32) {
        let mut problem = Problem::new(kind, "7F3KQ2M9XA");
        problem.retry_after = Some(seconds);
        self.will_answer(Err(ClientError::Problem(problem)));
    }

    /// What the next call about an enrolment gets.
    pub(crate) fn will_enrol(&self, enrolment: Reply<Enrolment>) {
        self.enrolments.lock().unwrap().push_back(enrolment);
    }

    /// Everything that was asked since the last time, the name of the call first. Not the questions for the keys,
    /// which come whenever they like.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.said.lock().unwrap())
    }

    /// A block for the fake's current key.
    pub(crate) fn block(&self, action: Option<&str>) -> String {
        let action = action.map(str::to_owned);
        SealBlock::new(self.ring.block_key(), "rid".into(), "reset", action, "c", 1).to_json()
    }

    fn hear(&self, call: &str, whose: Option<OnBehalf<'_>>, body: &impl Serialize) {
        let handle = whose.map_or("", |whose| whose.handle.expose_secret());
        let body = serde_json::to_string(body).unwrap();
        self.said.lock().unwrap().push(format!("{call} {handle} {body}"));
    }

    fn reply(&self) -> Reply<Answer> {
        let next = self.answers.lock().unwrap().pop_front();
        next.unwrap_or(Err(ClientError::Protocol("the test did not expect this call")))
    }

    fn enrol(&self) -> Reply<Enrolment> {
        let next = self.enrolments.lock().unwrap().pop_front();
        next.unwrap_or(Err(ClientError::Protocol("the test did not expect this call")))
    }
}

pub(crate) fn answer(stage: Stage) -> Answer {
    let view = View {
        purpose: Purpose::Reset,
        until: Some(0),
        stage,
    };
    Answer { handle: None, view }
}

pub(crate) fn problem(kind: ProblemKind) -> ClientError {
    ClientError::Problem(Problem::new(kind, "7F3KQ2M9XA"))
}

pub(crate) fn lost() -> ClientError {
    ClientError::Unreachable {
        sent: true,
        cause: "connection reset".into(),
    }
}

#[async_trait]
impl CoreApi for FakeCore {
    async fn begin(&self, begin: &Begin, reference: &str) -> Reply<Answer> {
        self.hear("begin", None, &(begin, reference));
        self.reply()
    }
    async fn look(&self, whose: OnBehalf<'_>) -> Reply<Answer> {
        self.hear("look", Some(whose), &());
        self.reply()
    }
    async fn pick(&self, whose: OnBehalf<'_>, method: Method) -> Reply<Answer> {
        self.hear("pick", Some(whose), &method);
        self.reply()
    }
    async fn prove(&self, whose: OnBehalf<'_>, sealed: &Sealed) -> Reply<Answer> {
        self.hear("prove", Some(whose), sealed);
        self.reply()
    }
    async fn act(&self, whose: OnBehalf<'_>, act: &Act) -> Reply<Answer> {
        self.hear("act", Some(whose), act);
        self.reply()
    }
    async fn end(&self, whose: OnBehalf<'_>) -> Reply<()> {
        self.hear("end", Some(whose), &());
        Ok(())
    }
    async fn enrolment(&self, whose: OnBehalf<'_>) -> Reply<Enrolment> {
        self.hear("enrolment", Some(whose), &());
        self.enrol()
    }
    async fn enrol_totp(&self, whose: OnBehalf<'_>, sealed: &Sealed) -> Reply<Outward> {
        self.hear("enrol_totp", Some(whose), sealed);
        Ok(Outward {
            seal: sealed.seal.clone(),
            outward: "b3V0".into(),
            next: Some("next".into()),
        })
    }
    async fn confirm_totp(&self, whose: OnBehalf<'_>, sealed: &Sealed) -> Reply<Enrolment> {
        self.hear("confirm_totp", Some(whose), sealed);
        self.enrol()
    }
    async fn enrol_recovery_codes(&self, whose: OnBehalf<'_>, sealed: &Sealed) -> Reply<Outward> {
        self.hear("enrol_recovery_codes", Some(whose), sealed);
        Ok(Outward {
            seal: sealed.seal.clone(),
            outward: "b3V0".into(),
            next: None,
        })
    }
    async fn confirm_recovery_codes(&self, whose: OnBehalf<'_>) -> Reply<Enrolment> {
        self.hear("confirm_recovery_codes", Some(whose), &());
        self.enrol()
    }
    async fn enrol_email(&self, whose: OnBehalf<'_>, email: &NewEmail) -> Reply<Enrolment> {
        self.hear("enrol_email", Some(whose), email);
        self.enrol()
    }
    async fn confirm_email(&self, whose: OnBehalf<'_>, sealed: &Sealed) -> Reply<Enrolment> {
        self.hear("confirm_email", Some(whose), sealed);
        self.enrol()
    }
    async fn remove_factor(&self, whose: OnBehalf<'_>, id: &str) -> Reply<Enrolment> {
        self.hear("remove_factor", Some(whose), &id);
        self.enrol()
    }
    async fn not_me(&self, report: &NotMe, reference: &str) -> Reply<()> {
        self.hear("not_me", None, &(report, reference));
        Ok(())
    }
    async fn seal_key(&self) -> Reply<SealKey> {
        let signed = self.ring.document(1).sign(&self.signing);
        Ok(SealKey {
            document: signed.document,
            signature: signed.signature,
        })
    }
    async fn renew(&self, request: &Renew) -> Reply<Renewed> {
        self.hear("renew", None, request);
        Err(problem(ProblemKind::NotFound))
    }
}
