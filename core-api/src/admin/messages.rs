//! Commands about one-time messages and drop boxes.

use std::sync::Arc;

use contract::message::MessageView;
use contract::sync::{Bytes, Digest, Token};
use seal::{Envelope, ProofHashes};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{Answer, Response};
use crate::core::Core;
use crate::mail::letter::Secret;
use crate::usecase::UseCaseError;
use crate::usecase::drop_box;
use crate::usecase::drop_box::open::DropView;
use crate::usecase::drop_box::request::{DropWish, request};
use crate::usecase::message::order::{Wanted, order};
use crate::usecase::message::send::{Handed, Sender, Wish, reserve, send};
use crate::usecase::message::show::{list, show};

/// What can be asked about messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum MessageRequest {
    /// An id for a message that the command will seal.
    Reserve {
        /// What is wished for it.
        wish: Wish,
    },
    /// Send what was sealed. The ciphertext follows the line.
    Send {
        /// The message.
        id: Token,
        /// What is wished for it.
        wish: Wish,
        /// The header, as it was sealed.
        header: String,
        /// The nonce.
        nonce: Bytes<12>,
        /// SHA-256 of the proof of the link.
        link: Digest,
        /// SHA-256 of the proof of the passphrase.
        open: Option<Digest>,
        /// The link, where the core mails it.
        mailed: Option<Secret>,
        /// How many bytes of ciphertext follow.
        size: u64,
    },
    /// What became of one.
    Show {
        /// Which.
        id: Token,
    },
    /// The youngest, or those that are older than one.
    List {
        /// Older than which.
        before: Option<Token>,
    },
    /// Have something done to one.
    Order {
        /// Which.
        id: Token,
        /// What.
        wanted: Wanted,
    },
    /// Ask outsiders for something.
    DropRequest {
        /// What is wished for.
        wish: DropWish,
    },
    /// The youngest drop boxes.
    DropList,
    /// One drop box.
    DropShow {
        /// Which.
        id: Token,
    },
    /// Open what came in. Its text and files follow the answer's line.
    DropOpen {
        /// Which.
        id: Token,
    },
    /// What came in is kept elsewhere.
    DropErase {
        /// Which.
        id: Token,
    },
}

/// What is answered about messages. Not `Debug`: it may hold a link.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MessageAnswer {
    /// An id for a message.
    Reserved {
        /// The id.
        id: Token,
        /// What the link begins with.
        address: String,
    },
    /// The message was handed in.
    Sent,
    /// One message.
    Message(Box<MessageView>),
    /// Several, without what happened to them.
    Messages(Vec<MessageView>),
    /// Something was ordered.
    Ordered,
    /// A drop box.
    DropBox {
        /// Its id.
        id: Token,
        /// Its link.
        link: Secret,
    },
    /// Drop boxes.
    Drops(Vec<DropView>),
    /// What came in. Its text and then its files follow.
    Opened {
        /// How long the text is, in bytes.
        text: usize,
        /// The files' names and sizes.
        files: Vec<(String, usize)>,
    },
    /// What came in is erased.
    Erased,
}

impl MessageRequest {
    /// How many bytes follow the line.
    pub(super) fn body(&self) -> u64 {
        match self {
            Self::Send { size, .. } => *size,
            _ => 0,
        }
    }
}

/// Does what was asked on the word of `operator`.
pub(super) async fn handle(
    core: &Arc<Core>,
    asked: MessageRequest,
    body: Vec<u8>,
    operator: &str,
    reference: &str,
) -> Result<Response, String> {
    let sender = Sender {
        name: operator.to_owned(),
        through: "command".to_owned(),
        reference: reference.to_owned(),
        notify: core.settings.messages.notify.clone(),
    };
    let answer = match asked {
        MessageRequest::Reserve { wish } => {
            let (id, plan) = reserve(core, &sender, &wish)
                .await
                .map_err(|error| error.to_string())?;
            MessageAnswer::Reserved {
                id: Token::from(id),
                address: plan.address(&id),
            }
        }
        MessageRequest::Send {
            id,
            wish,
            header,
            nonce,
            link,
            open,
            mailed,
            size: _,
        } => {
            let handed = Handed {
                id: *id.as_bytes(),
                is_reserved: true,
                wish,
                envelope: Envelope {
                    header,
                    nonce: *nonce.as_bytes(),
                    ciphertext: body,
                },
                proofs: ProofHashes {
                    link: *link.as_bytes(),
                    open: open.map(|open| *open.as_bytes()),
                },
                link: mailed,
            };
            send(core, &sender, None, vec![handed])
                .await
                .map_err(|error| error.to_string())?;
            MessageAnswer::Sent
        }
        MessageRequest::Show { id } => show(core, None, *id.as_bytes())
            .await
            .map(|view| MessageAnswer::Message(Box::new(view)))
            .map_err(|error| words(&error))?,
        MessageRequest::List { before } => list(core, None, before.map(|id| *id.as_bytes()))
            .await
            .map(MessageAnswer::Messages)
            .map_err(|error| words(&error))?,
        MessageRequest::Order { id, wanted } => order(core, &sender, None, *id.as_bytes(), wanted)
            .await
            .map(|_| MessageAnswer::Ordered)
            .map_err(|error| words(&error))?,
        MessageRequest::DropRequest { wish } => {
            let requested = request(core, &sender, wish)
                .await
                .map_err(|error| error.to_string())?;
            MessageAnswer::DropBox {
                id: Token::from(requested.id),
                link: requested.link,
            }
        }
        MessageRequest::DropList => drop_box::open::list(core)
            .await
            .map(MessageAnswer::Drops)
            .map_err(|error| words(&error))?,
        MessageRequest::DropShow { id } => drop_box::open::show(core, *id.as_bytes())
            .await
            .map(|view| MessageAnswer::Drops(vec![view]))
            .map_err(|error| words_of_drop(&error))?,
        MessageRequest::DropOpen { id } => return opened(core, &sender, id).await,
        MessageRequest::DropErase { id } => drop_box::open::erase(core, &sender, *id.as_bytes())
            .await
            .map(|()| MessageAnswer::Erased)
            .map_err(|error| words_of_drop(&error))?,
    };
    Ok(Response::of(Answer::Message { told: answer }))
}

async fn opened(core: &Arc<Core>, sender: &Sender, id: Token) -> Result<Response, String> {
    let content = drop_box::open::open(core, sender, *id.as_bytes())
        .await
        .map_err(|error| words_of_drop(&error))?;
    let sizes = content
        .files()
        .iter()
        .map(|file| (file.name().to_owned(), file.bytes().len()));
    let files: Vec<(String, usize)> = sizes.collect();
    let text = content.text().len();
    let whole = files.iter().fold(text, |sum, (_, size)| sum + size);
    // At its full length at once: a growing buffer leaves copies behind.
    let mut body = Zeroizing::new(Vec::with_capacity(whole));
    body.extend_from_slice(content.text().as_bytes());
    for file in content.files() {
        body.extend_from_slice(file.bytes());
    }
    Ok(Response {
        answer: Answer::Message {
            told: MessageAnswer::Opened { text, files },
        },
        body,
    })
}

fn words(error: &UseCaseError) -> String {
    use contract::ProblemKind;
    match error {
        UseCaseError::Refused(ProblemKind::NotFound) => "there is none with this id".to_owned(),
        UseCaseError::Refused(ProblemKind::MessageOver) => "it is over".to_owned(),
        UseCaseError::Refused(ProblemKind::NotLocked) => {
            "only a locked message can be unlocked, once, or destroyed".to_owned()
        }
        UseCaseError::Refused(ProblemKind::Malformed) => {
            "write a time of 1 second up to `longest_expiry` in [messages]".to_owned()
        }
        other => other.to_string(),
    }
}

fn words_of_drop(error: &UseCaseError) -> String {
    use contract::ProblemKind;
    match error {
        UseCaseError::Refused(ProblemKind::NothingPending) => "nothing came in yet".to_owned(),
        UseCaseError::Refused(ProblemKind::MessageOver) => {
            "nothing is kept of it any more: it was opened, its time is over, or it was damaged".to_owned()
        }
        other => words(other),
    }
}
