//! The site in memory of the other tests, with what they do not need: it keeps bodies, and it has drop boxes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use client::ClientError;
use client::site::{SiteApi, SiteError};
use contract::sync::{
    After, Certificate, CertificateAnswer, Command, Commanded, Drop, DropRequest, Drops, EpochOpened, Events,
    NewEpoch, Position, PushHead, Pushed, Token, Witnessed, read_push,
};
use contract::{Problem, ProblemKind};
use seal::{Content, Envelope, LinkSecret, MessageKeys, Passphrase, seal_drop};
use sha2::{Digest as _, Sha256};

use crate::bench::{ManualClock, SITE};
use crate::fake::FakeSite;

pub(crate) struct Site {
    pub(crate) fake: Arc<FakeSite>,
    bodies: Mutex<BTreeMap<Token, Vec<u8>>>,
    pub(crate) requests: Mutex<BTreeMap<Token, DropRequest>>,
    pub(crate) lying: Mutex<BTreeMap<Token, Vec<u8>>>,
    /// What is fetched is not what was announced.
    pub(crate) garbles: Mutex<bool>,
    /// Requests that are not taken, and drops that cannot be fetched.
    pub(crate) refuses: Mutex<BTreeSet<Token>>,
    /// Requests are taken, and the answers garbled on their way.
    pub(crate) mumbles: Mutex<bool>,
}

impl Site {
    pub(crate) fn new(clock: Arc<ManualClock>) -> Arc<Self> {
        Arc::new(Self {
            fake: FakeSite::new(SITE, clock),
            bodies: Mutex::default(),
            requests: Mutex::default(),
            lying: Mutex::default(),
            garbles: Mutex::default(),
            refuses: Mutex::default(),
            mumbles: Mutex::default(),
        })
    }

    /// The last body that came under this id.
    pub(crate) fn body(&self, id: Token) -> Vec<u8> {
        self.bodies.lock().expect("no test panics within")[&id].clone()
    }

    pub(crate) fn head(&self, id: Token) -> PushHead {
        read_push(&self.body(id)).expect("it is a push").0
    }

    /// What a recipient's browser does, if the proofs are right.
    pub(crate) fn read(&self, link: &str, passphrase: Option<&str>) -> Content {
        let (address, fragment) = link.split_once('#').expect("a link");
        let id: Token = address
            .strip_prefix("https://secret.corp.example/m/")
            .expect("the site's address")
            .parse()
            .expect("an id");
        let (secret, _) = LinkSecret::parse(fragment).expect("a fragment");
        let passphrase = passphrase.map(|typed| Passphrase::new(typed).expect("a passphrase"));
        let keys = MessageKeys::derive(id.as_bytes(), &secret, passphrase.as_ref());
        let body = self.body(id);
        let (head, ciphertext) = read_push(&body).expect("it is a push");
        let hashes = keys.proofs().hashes();
        assert_eq!(*head.link.as_bytes(), hashes.link);
        assert_eq!(head.open.map(|open| *open.as_bytes()), hashes.open);
        let envelope = Envelope {
            header: head.header,
            nonce: *head.nonce.as_bytes(),
            ciphertext: ciphertext.to_vec(),
        };
        keys.open(&envelope).expect("it opens")
    }

    /// What an outsider's browser does with a request's link.
    pub(crate) fn drop_in(&self, link: &str, content: &Content) {
        let (address, fragment) = link.split_once('#').expect("a link");
        let id: Token = address
            .strip_prefix("https://secret.corp.example/d/")
            .expect("the site's address")
            .parse()
            .expect("an id");
        let link = seal::DropLink::parse(fragment).expect("a fragment");
        let request = self.requests.lock().expect("no test panics within")[&id].clone();
        assert_eq!(
            link.key,
            <[u8; 32]>::from(Sha256::digest(request.public_key.as_bytes()))
        );
        assert_eq!(link.proof.hash(), *request.upload.as_bytes());
        let sealed = seal_drop(
            id.as_bytes(),
            request.public_key.as_bytes(),
            content,
            &mut seal::os_random,
        )
        .expect("a key");
        assert!(u64::try_from(sealed.len()).expect("it works in a test") <= request.largest);
        self.lying
            .lock()
            .expect("no test panics within")
            .insert(id, sealed);
    }

    fn judge(&self, id: Token) -> Result<(), SiteError> {
        if self.refuses.lock().expect("no test panics within").contains(&id) {
            let problem = Problem::new(ProblemKind::Malformed, "TEST");
            return Err(ClientError::Problem(problem).into());
        }
        Ok(())
    }

    fn note(&self, body: &[u8]) {
        let (head, _) = read_push(body).expect("it is a push");
        self.bodies
            .lock()
            .expect("no test panics within")
            .insert(head.id, body.to_vec());
    }
}

#[async_trait]
impl SiteApi for Site {
    async fn push(&self, id: Token, body: Vec<u8>) -> Result<Pushed, SiteError> {
        self.note(&body);
        self.fake.push(id, body).await
    }
    async fn push_batch(&self, bodies: &[Vec<u8>]) -> Result<Vec<Pushed>, SiteError> {
        for body in bodies {
            self.note(body);
        }
        self.fake.push_batch(bodies).await
    }
    async fn command(&self, command: &Command) -> Result<Commanded, SiteError> {
        self.fake.command(command).await
    }
    async fn events(&self, after: After) -> Result<Events, SiteError> {
        self.fake.events(after).await
    }
    async fn ack(&self, position: Position) -> Result<(), SiteError> {
        self.fake.ack(position).await
    }
    async fn inventory(&self, after: Option<Token>) -> Result<String, SiteError> {
        self.fake.inventory(after).await
    }
    async fn open_epoch(&self, epoch: &NewEpoch) -> Result<EpochOpened, SiteError> {
        let opened = self.fake.open_epoch(epoch).await?;
        // Nothing of the former epoch is left.
        self.requests.lock().expect("no test panics within").clear();
        self.lying.lock().expect("no test panics within").clear();
        Ok(opened)
    }
    async fn witness(&self, head: &str) -> Result<Witnessed, SiteError> {
        self.fake.witness(head).await
    }
    async fn request_drop(&self, id: Token, request: &DropRequest) -> Result<(), SiteError> {
        self.judge(id)?;
        self.requests
            .lock()
            .expect("no test panics within")
            .insert(id, request.clone());
        if *self.mumbles.lock().expect("no test panics within") {
            return Err(ClientError::Protocol("not an answer").into());
        }
        Ok(())
    }
    async fn drops(&self, after: Option<Token>) -> Result<Drops, SiteError> {
        let lying = self.lying.lock().expect("no test panics within");
        let mut rest = lying
            .iter()
            .filter(|(id, _)| after.is_none_or(|after| **id > after));
        // One a page, so that pages are turned.
        let drops = rest
            .next()
            .map(|(id, sealed)| Drop {
                id: *id,
                size: u64::try_from(sealed.len()).expect("it works in a test"),
                digest: <[u8; 32]>::from(Sha256::digest(sealed)).into(),
            })
            .into_iter()
            .collect();
        Ok(Drops {
            drops,
            more: rest.next().is_some(),
        })
    }
    async fn fetch_drop(&self, id: Token, largest: usize) -> Result<Vec<u8>, SiteError> {
        self.judge(id)?;
        let lying = self.lying.lock().expect("no test panics within");
        let mut sealed = lying.get(&id).ok_or_else(not_found)?.clone();
        assert!(sealed.len() <= largest);
        if *self.garbles.lock().expect("no test panics within") {
            sealed[70] ^= 1;
        }
        Ok(sealed)
    }
    async fn erase_drop(&self, id: Token) -> Result<(), SiteError> {
        self.lying.lock().expect("no test panics within").remove(&id);
        Ok(())
    }
    async fn certificate(&self, certificate: &Certificate) -> Result<CertificateAnswer, SiteError> {
        self.fake.certificate(certificate).await
    }
}

fn not_found() -> SiteError {
    ClientError::Problem(Problem::new(ProblemKind::NotFound, "TEST")).into()
}
