//! A post office that notes what it is handed and answers as it is told to.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use core_api::mail::{Fault, House, Mailer, Transport};
use lettre::Message;

/// What a mail said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) source: String,
}

impl Mail {
    /// The link in it.
    pub(crate) fn link(&self) -> Option<&str> {
        let at = self.source.find("https://secret.corp.example/")?;
        self.source[at..].split_whitespace().next()
    }

    pub(crate) fn says(&self, words: &str) -> bool {
        self.source.contains(words)
    }
}

#[derive(Default)]
pub(crate) struct Post {
    handed: Mutex<Vec<Mail>>,
    /// It never takes mail to this address.
    refuses: Mutex<Option<String>>,
    is_away: AtomicBool,
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

    pub(crate) fn refuse(&self, address: &str) {
        *self.refuses.lock().expect("no test panics within") = Some(address.to_owned());
    }

    /// From now on it answers nobody, or everybody again.
    pub(crate) fn is_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::SeqCst);
    }

    /// Everything that it took.
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
            source: source.replace("=\r\n", "").replace("=3D", "="),
        };
        if self.0.is_away.load(Ordering::SeqCst) {
            return Err(Fault::TryAgain("no answer".to_owned()));
        }
        if self.0.refuses.lock().expect("no test panics within").as_ref() == Some(&mail.to) {
            return Err(Fault::GiveUp("no such mailbox".to_owned()));
        }
        self.0.handed.lock().expect("no test panics within").push(mail);
        Ok(())
    }
}
