//! How much is read of what a client sends while it is owed an answer.
//!
//! HTTP/1.1 lets a client send further requests before the first is answered (RFC 9112, section 9.3.2). Browsers do not,
//! and neither do our own programs. actix would take sixteen of them into memory, each with a head of up to 128 KiB, and
//! then ask without a pause whether there is room for more: one visitor behind a slow answer could fill the memory, and
//! keep a processor busy.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use actix_http::error::PayloadError;
use actix_web::HttpMessage as _;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::web::Bytes;
use futures_util::Stream;

/// Bytes that are read while an answer is owed: enough to notice that the client is gone, and that it sends more.
const MOST: usize = 8 * 1024;

/// What a connection owes. A connection and its requests share it.
#[derive(Clone, Default)]
pub(crate) struct Ahead(Rc<State>);

#[derive(Default)]
struct State {
    turn: Cell<Turn>,
    /// Bytes that were read since it is ours.
    read: Cell<usize>,
    /// Who reads on when it no longer is.
    reader: RefCell<Option<Waker>>,
}

/// Whose turn it is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Turn {
    /// The client may begin a request.
    #[default]
    Clients,
    /// The client is to send the body.
    Bodys,
    /// The request is here, the answer is not.
    Ours,
}

impl Ahead {
    /// That of the connection by which the request came in.
    pub(crate) fn of(request: &ServiceRequest) -> Self {
        request.conn_data().cloned().unwrap_or_default()
    }

    /// A request is being answered until what is returned is dropped.
    pub(crate) fn owe(self, request: &mut ServiceRequest) -> Owed {
        match request.take_payload() {
            Payload::None => self.0.turn.set(Turn::Ours),
            payload => {
                self.0.turn.set(Turn::Bodys);
                let body = Body {
                    payload,
                    ahead: self.clone(),
                };
                request.set_payload(Payload::Stream {
                    payload: Box::pin(body),
                });
            }
        }
        Owed(self)
    }

    /// Whether nothing more is read for now. `stalled`: the client does not take an answer. Whoever is told so is woken
    /// when that changes.
    pub(crate) fn is_enough(&self, stalled: bool, cx: &Context<'_>) -> bool {
        if self.0.turn.get() != Turn::Ours && !stalled {
            self.0.read.set(0);
            return false;
        }
        let enough = self.0.read.get() >= MOST;
        if enough {
            *self.0.reader.borrow_mut() = Some(cx.waker().clone());
        }
        enough
    }

    /// So many bytes were read.
    pub(crate) fn read(&self, bytes: usize) {
        self.0.read.set(self.0.read.get().saturating_add(bytes));
    }

    /// Some of an answer is written: whoever waits may look again.
    pub(crate) fn wake(&self) {
        if let Some(reader) = self.0.reader.borrow_mut().take() {
            reader.wake();
        }
    }
}

/// An answer that is owed.
pub(crate) struct Owed(Ahead);

impl Drop for Owed {
    fn drop(&mut self) {
        self.0.0.turn.set(Turn::Clients);
    }
}

/// A request's body. It has come when whoever takes it has done with it.
struct Body {
    payload: Payload,
    ahead: Ahead,
}

impl Stream for Body {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.payload).poll_next(cx)
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        let turn = &self.ahead.0.turn;
        if turn.get() == Turn::Bodys {
            turn.set(Turn::Ours);
        }
    }
}
