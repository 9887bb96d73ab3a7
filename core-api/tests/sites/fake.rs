//! A site that stands in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use client::ClientError;
use client::site::{SiteApi, SiteError};
use contract::pairing::{Pairing, PairingAnswer, VERSION};
use contract::sync::{
    After, Bytes, Certificate, CertificateAnswer, CertificateInUse, CertificateRefusal, Command, Commanded,
    Digest, DropRequest, Drops, End, Ended, EpochOpened, Event, Events, NewEpoch, Order, Position, Pushed,
    Stored, Token, What, Witnessed, read_push,
};
use contract::{Problem, ProblemKind};
use domain::Clock;
use journal::site::{Inventory, Live, Receipt, SiteTime, origin};
use journal::{Chain, Hash, Head, Link, Ratchet, SigningKey, Statement as _};
use sha2::{Digest as _, Sha256};

use crate::bench::ManualClock;

/// What a site answers that took this file.
pub(crate) fn answer(pairing: &Pairing, key: &SigningKey) -> PairingAnswer {
    let mut answer = PairingAnswer {
        v: VERSION,
        site: pairing.site.clone(),
        epoch: pairing.epoch,
        site_pins: vec![Digest::from([9; 32])],
        site_key: Bytes::from(key.verifying_key().to_bytes()),
        proof: Digest::from([0; 32]),
    };
    let tag = Ratchet::from_bytes(*pairing.ratchet.expose()).vouch(&answer.said());
    answer.proof = Digest::from(*tag.as_bytes());
    answer
}

/// Changes an answer to a pull.
type Tamper = Box<dyn Fn(&mut Events) + Send>;

pub(crate) struct FakeSite {
    pub(crate) name: String,
    clock: Arc<ManualClock>,
    state: Mutex<State>,
}

pub(crate) struct State {
    key: SigningKey,
    epoch: u64,
    chain: Chain,
    ratchet: [u8; 32],
    pub(crate) events: Vec<Stored>,
    pub(crate) held: BTreeMap<Token, Held>,
    commanded: BTreeMap<Token, Commanded>,
    pub(crate) acked: Vec<Position>,
    pub(crate) witness: Option<String>,
    /// Nobody answers.
    pub(crate) away: bool,
    /// Calls are carried out and their answers lost, so many times.
    pub(crate) lose_answers: u32,
    /// The core's requests are not believed; its clock is so far ahead.
    pub(crate) unbelieving: Option<i64>,
    /// Its clock is so far ahead.
    pub(crate) skew: i64,
    /// What is done to answers.
    pub(crate) tamper: Option<Tamper>,
    /// What is done to receipts before they are signed.
    pub(crate) twist: Option<fn(&mut Receipt)>,
    pub(crate) full: bool,
    /// How many orders its disk has room for.
    pub(crate) orders_left: usize,
    /// It takes so many more commands for messages that it does not know.
    pub(crate) unknown_left: usize,
    /// It has no room for bodies of this size or more.
    pub(crate) room: usize,
    pub(crate) calls: u32,
    /// What it tells of its public certificate, and what comes after the next chain.
    pub(crate) certificate: CertificateInUse,
    pub(crate) next_certificate: Option<CertificateInUse>,
    /// What it wants to have signed.
    pub(crate) signing_request: String,
    /// Why it takes no chain.
    pub(crate) refusal: Option<CertificateRefusal>,
    /// Opened when its inventory is asked for, just before it is taken and just after.
    pub(crate) opened_before_inventory: Option<Token>,
    pub(crate) opened_after_inventory: Option<Token>,
    pub(crate) asked_of_certificate: Vec<Certificate>,
    pub(crate) is_silent_of_certificate: bool,
}

#[derive(Clone)]
pub(crate) struct Held {
    digest: [u8; 32],
    receipt: String,
    pub(crate) readings_left: u32,
    pub(crate) tries_left: u32,
    max_wrong: u32,
    pub(crate) expires_at: i64,
    ended: Option<Ended>,
}

/// A certificate that is good for so many days from now on.
fn certificate(now: i64, days: i64) -> CertificateInUse {
    CertificateInUse {
        names: vec!["secret.corp.example".to_owned()],
        issuer: "CN=An authority".to_owned(),
        from: now,
        until: now + days * 24 * 60 * 60 * 1000,
    }
}

impl FakeSite {
    pub(crate) fn new(name: &str, clock: Arc<ManualClock>) -> Arc<Self> {
        let state = State {
            key: SigningKey::from_bytes(&[1; 32]),
            epoch: 0,
            chain: Chain::begin(b""),
            ratchet: [0; 32],
            events: vec![],
            held: BTreeMap::new(),
            commanded: BTreeMap::new(),
            acked: vec![],
            witness: None,
            away: false,
            lose_answers: 0,
            unbelieving: None,
            skew: 0,
            tamper: None,
            twist: None,
            full: false,
            orders_left: usize::MAX,
            unknown_left: usize::MAX,
            room: usize::MAX,
            calls: 0,
            certificate: certificate(clock.now().0, 365),
            next_certificate: None,
            signing_request: String::new(),
            refusal: None,
            opened_before_inventory: None,
            opened_after_inventory: None,
            asked_of_certificate: vec![],
            is_silent_of_certificate: false,
        };
        Arc::new(Self {
            name: name.to_owned(),
            clock,
            state: Mutex::new(state),
        })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics with it")
    }

    /// What `selfdestruct pair` does.
    pub(crate) fn pair(&self, pairing: &Pairing) -> PairingAnswer {
        assert_eq!(pairing.site, self.name);
        let mut state = self.state();
        state.begin(&self.name, pairing.epoch, None, *pairing.ratchet.expose());
        answer(pairing, &state.key)
    }

    /// Somebody opens a message with the right proofs.
    pub(crate) fn open(&self, id: Token) {
        let at = self.now();
        let mut state = self.state();
        let held = state.held.get_mut(&id).expect("it is here");
        held.readings_left -= 1;
        let readings_left = held.readings_left;
        state.happened(
            &self.name,
            at,
            What::Opened {
                message: id,
                claim: Digest::from([7; 32]),
                source: "203.0.113.9".to_owned(),
                readings_left,
            },
        );
    }

    /// The reader's browser has it; a last reading ends the message.
    pub(crate) fn done(&self, id: Token) {
        let at = self.now();
        let mut state = self.state();
        let claim = Digest::from([7; 32]);
        state.happened(&self.name, at, What::Delivered { message: id, claim });
        if state.held[&id].readings_left == 0 {
            state.end(&self.name, id, End::Read, at);
        }
    }

    pub(crate) fn wrong_passphrase(&self, id: Token) {
        let at = self.now();
        let mut state = self.state();
        let held = state.held.get_mut(&id).expect("it is here");
        held.tries_left -= 1;
        let tries_left = held.tries_left;
        state.happened(
            &self.name,
            at,
            What::WrongPassphrase {
                message: id,
                source: "203.0.113.9".to_owned(),
                tries_left,
            },
        );
    }

    pub(crate) fn happened(&self, what: What) {
        let at = self.now();
        self.state().happened(&self.name, at, what);
    }

    pub(crate) fn end(&self, id: Token, how: End) {
        let at = self.now();
        self.state().end(&self.name, id, how, at);
    }

    fn now(&self) -> i64 {
        let skew = self.state().skew;
        self.clock.now().0 + skew
    }

    /// Whether the core's call arrives at all, and is believed.
    fn arrives(&self) -> Result<MutexGuard<'_, State>, SiteError> {
        let now = self.now();
        let mut state = self.state();
        state.calls += 1;
        if state.away {
            return Err(unreachable(false));
        }
        if let Some(ahead) = state.unbelieving {
            let time = SiteTime {
                site: self.name.clone(),
                nonce: String::new(),
                time_ms: now + ahead,
            };
            return Err(SiteError::Unbelieved(time.sign(&state.key).to_string()));
        }
        Ok(state)
    }
}

fn unreachable(sent: bool) -> SiteError {
    ClientError::Unreachable {
        sent,
        cause: "as the test wants".to_owned(),
    }
    .into()
}

fn problem(kind: ProblemKind) -> SiteError {
    ClientError::Problem(Problem::new(kind, "TEST")).into()
}

impl State {
    fn begin(&mut self, name: &str, epoch: u64, follows: Option<Link>, ratchet: [u8; 32]) {
        self.key = SigningKey::from_bytes(&[u8::try_from(epoch).expect("few"); 32]);
        self.epoch = epoch;
        self.chain = Chain::begin(&origin(name, epoch, follows));
        self.ratchet = ratchet;
        self.events.clear();
        self.held.clear();
        self.commanded.clear();
    }

    fn happened(&mut self, name: &str, at: i64, what: What) {
        let event = serde_json::to_string(&Event { at, what }).expect("it becomes JSON");
        let link = self.chain.append(event.as_bytes());
        let (tag, next) = Ratchet::from_bytes(self.ratchet).tag(name, self.epoch, link);
        self.ratchet = *next.as_bytes();
        self.events.push(Stored {
            seq: link.seq,
            event,
            hash: Digest::from(*link.hash.as_bytes()),
            tag: Digest::from(*tag.as_bytes()),
        });
    }

    fn end(&mut self, name: &str, id: Token, state: End, at: i64) {
        self.happened(name, at, What::Ended { message: id, state });
        self.held.get_mut(&id).expect("it is here").ended = Some(Ended { state, at });
    }

    fn push(&mut self, name: &str, body: &[u8], now: i64) -> Pushed {
        let Some((head, _)) = read_push(body) else {
            return Pushed::Refused;
        };
        let digest: [u8; 32] = Sha256::digest(body).into();
        if let Some(held) = self.held.get(&head.id) {
            return match held.ended {
                _ if held.digest != digest => Pushed::Conflict,
                Some(ended) => Pushed::Ended(ended),
                None => Pushed::Stored(held.receipt.clone()),
            };
        }
        if self.full || body.len() >= self.room {
            return Pushed::Full;
        }
        if head.policy.expires_at <= now {
            return Pushed::Refused;
        }
        let mut receipt = Receipt {
            site: name.to_owned(),
            epoch: self.epoch,
            id: head.id.to_string(),
            digest: Hash::from(digest),
            time_ms: now,
        };
        if let Some(twist) = self.twist {
            twist(&mut receipt);
            return Pushed::Stored(receipt.sign(&self.key).to_string());
        }
        let receipt = receipt.sign(&self.key).to_string();
        self.held.insert(
            head.id,
            Held {
                digest,
                receipt: receipt.clone(),
                readings_left: head.policy.readings,
                tries_left: head.policy.max_wrong,
                max_wrong: head.policy.max_wrong,
                expires_at: head.policy.expires_at,
                ended: None,
            },
        );
        Pushed::Stored(receipt)
    }

    fn command(&mut self, name: &str, command: &Command, at: i64) -> Commanded {
        if let Some(before) = self.commanded.get(&command.id) {
            return *before;
        }
        let Some(held) = self.held.get_mut(&command.message) else {
            return Commanded::Unknown;
        };
        if let Some(ended) = held.ended {
            return Commanded::Ended(ended);
        }
        let message = command.message;
        let done = match command.order {
            Order::Revoke => {
                self.end(name, message, End::Revoked, at);
                Commanded::Done
            }
            Order::Destroy if held.tries_left == 0 => {
                self.end(name, message, End::Destroyed, at);
                Commanded::Done
            }
            Order::Unlock if held.tries_left == 0 => {
                held.tries_left = held.max_wrong;
                self.happened(name, at, What::Unlocked { message });
                Commanded::Done
            }
            Order::Extend { expires_at } => {
                held.expires_at = expires_at;
                self.happened(name, at, What::Extended { message, expires_at });
                Commanded::Done
            }
            Order::Destroy | Order::Unlock => Commanded::Unfitting,
        };
        self.commanded.insert(command.id, done);
        done
    }

    fn answer<T>(&mut self, answer: T) -> Result<T, SiteError> {
        if self.lose_answers == 0 {
            return Ok(answer);
        }
        self.lose_answers -= 1;
        Err(unreachable(true))
    }
}

#[async_trait]
impl SiteApi for FakeSite {
    async fn push(&self, _: Token, body: Vec<u8>) -> Result<Pushed, SiteError> {
        let now = self.now();
        let mut state = self.arrives()?;
        let pushed = state.push(&self.name, &body, now);
        // Alone these are problems, as the contract says.
        match pushed {
            Pushed::Conflict => Err(problem(ProblemKind::Conflict)),
            Pushed::Full => Err(problem(ProblemKind::Full)),
            Pushed::Refused => Err(problem(ProblemKind::Malformed)),
            other => state.answer(other),
        }
    }

    async fn push_batch(&self, bodies: &[Vec<u8>]) -> Result<Vec<Pushed>, SiteError> {
        let now = self.now();
        let mut state = self.arrives()?;
        let pushed = bodies
            .iter()
            .map(|body| state.push(&self.name, body, now))
            .collect();
        state.answer(pushed)
    }

    async fn command(&self, command: &Command) -> Result<Commanded, SiteError> {
        let now = self.now();
        let mut state = self.arrives()?;
        let left = state.orders_left.checked_sub(1);
        state.orders_left = left.ok_or_else(|| problem(ProblemKind::Full))?;
        if !state.held.contains_key(&command.message) {
            let left = state.unknown_left.checked_sub(1);
            state.unknown_left = left.ok_or_else(|| problem(ProblemKind::TooManyUnknown))?;
        }
        let done = state.command(&self.name, command, now);
        state.answer(done)
    }

    async fn events(&self, after: After) -> Result<Events, SiteError> {
        let now = self.now();
        let mut state = self.arrives()?;
        let known = match after.after {
            0 => true,
            seq => state
                .events
                .get(usize::try_from(seq).expect("few") - 1)
                .is_some_and(|stored| stored.hash == after.hash),
        };
        if after.epoch != state.epoch || !known {
            return Err(problem(ProblemKind::Fork));
        }
        let events = state
            .events
            .iter()
            .filter(|stored| stored.seq > after.after)
            .take(usize::try_from(after.limit).expect("few"))
            .cloned()
            .collect();
        let head = Head::of(&self.name, state.epoch, state.chain.end(), now);
        let mut answer = Events {
            events,
            head: head.sign(&state.key).to_string(),
        };
        if let Some(tamper) = &state.tamper {
            tamper(&mut answer);
        }
        state.answer(answer)
    }

    async fn ack(&self, position: Position) -> Result<(), SiteError> {
        let mut state = self.arrives()?;
        state.acked.push(position);
        state.answer(())
    }

    async fn inventory(&self, after: Option<Token>) -> Result<String, SiteError> {
        let opened = self.state().opened_before_inventory.take();
        if let Some(id) = opened {
            self.open(id);
        }
        let now = self.now();
        let mut state = self.arrives()?;
        let living: Vec<Live> = state
            .held
            .iter()
            .filter(|(id, held)| held.ended.is_none() && after.is_none_or(|after| **id > after))
            .map(|(id, held)| Live {
                id: id.to_string(),
                readings_left: held.readings_left,
                tries_left: held.tries_left,
                expires_at: held.expires_at,
            })
            .collect();
        let inventory = Inventory {
            site: self.name.clone(),
            epoch: state.epoch,
            after: after.map_or_else(String::new, |id| id.to_string()),
            more: living.len() > 2,
            live: living.into_iter().take(2).collect(),
            time_ms: now,
        };
        let line = inventory.sign(&state.key).to_string();
        let (answer, opened) = (state.answer(line), state.opened_after_inventory.take());
        drop(state);
        if let Some(id) = opened {
            self.open(id);
        }
        answer
    }

    async fn open_epoch(&self, epoch: &NewEpoch) -> Result<EpochOpened, SiteError> {
        let mut state = self.arrives()?;
        if epoch.epoch != state.epoch {
            let follows = Link {
                seq: epoch.follows.seq,
                hash: Hash::from(*epoch.follows.hash.as_bytes()),
            };
            state.begin(&self.name, epoch.epoch, Some(follows), *epoch.ratchet.expose());
        }
        let opened = EpochOpened {
            epoch: state.epoch,
            site_key: Bytes::from(state.key.verifying_key().to_bytes()),
        };
        state.answer(opened)
    }

    async fn witness(&self, head: &str) -> Result<Witnessed, SiteError> {
        let mut state = self.arrives()?;
        let before = state.witness.replace(head.to_owned());
        state.answer(Witnessed { before })
    }

    async fn request_drop(&self, _: Token, _: &DropRequest) -> Result<(), SiteError> {
        Err(problem(ProblemKind::NotFound))
    }

    async fn drops(&self, _: Option<Token>) -> Result<Drops, SiteError> {
        Err(problem(ProblemKind::NotFound))
    }

    async fn fetch_drop(&self, _: Token, _: usize) -> Result<Vec<u8>, SiteError> {
        Err(problem(ProblemKind::NotFound))
    }

    async fn erase_drop(&self, _: Token) -> Result<(), SiteError> {
        Err(problem(ProblemKind::NotFound))
    }

    async fn certificate(&self, certificate: &Certificate) -> Result<CertificateAnswer, SiteError> {
        let mut state = self.arrives()?;
        if state.is_silent_of_certificate {
            return Err(problem(ProblemKind::Internal));
        }
        state.asked_of_certificate.push(certificate.clone());
        let answer = match certificate {
            Certificate::Show => CertificateAnswer::InUse(state.certificate.clone()),
            Certificate::Request => CertificateAnswer::Request(state.signing_request.clone()),
            Certificate::Take { .. } => match (state.refusal, state.next_certificate.take()) {
                (None, Some(next)) => {
                    state.certificate = next.clone();
                    CertificateAnswer::InUse(next)
                }
                (why, _) => CertificateAnswer::Refused(why.unwrap_or(CertificateRefusal::NothingOpen)),
            },
        };
        state.answer(answer)
    }
}
