//! Pipelining: how much is read of what a client sends before it has its answer.
//!
//! HTTP/1.1 lets a client send further requests before the first is answered (RFC 9112, section 9.3.2). Browsers do not,
//! and neither do our own programs. actix takes sixteen of them and more into memory, with heads of up to 128 KiB, and
//! then asks without a pause whether there is room for the next: one visitor behind a slow answer could fill the memory,
//! and keep a processor busy. So a connection reads in small steps, and stops while an answer is awaited or not taken.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use actix_http::error::PayloadError;
use actix_web::HttpMessage as _;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::web::Bytes;
use futures_util::Stream;

/// Bytes of one step, between two of which actix looks at what has come. While an answer is awaited there is one step: by
/// it a client is noticed that hangs up.
const STEP: usize = 8 * 1024;

/// What a connection waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Awaited {
    /// The client's next request.
    Head,
    /// More of a request's body, by the handler.
    Body,
    /// Our answer, by the client.
    Answer,
}

/// Bounds what a connection reads. The connection and its requests share it.
#[derive(Clone, Default)]
pub(crate) struct Pipeline(Rc<State>);

#[derive(Default)]
struct State {
    /// Of the last request: what is left of an earlier one has no say.
    awaited: RefCell<Option<Rc<Cell<Awaited>>>>,
    /// Bytes that were read in this step.
    read: Cell<usize>,
    /// The task to wake when there may be another.
    reader: RefCell<Option<Waker>>,
}

impl Pipeline {
    /// That of the connection by which the request came in.
    pub(crate) fn of(request: &ServiceRequest) -> Self {
        request.conn_data().cloned().unwrap_or_default()
    }

    /// The request is being answered until what is returned is dropped. Answers are made before they are written, so that
    /// from then on they only have to be taken.
    pub(crate) fn answer(&self, request: &mut ServiceRequest) -> Answering {
        let awaited = Rc::new(Cell::new(Awaited::Answer));
        *self.0.awaited.borrow_mut() = Some(Rc::clone(&awaited));
        self.0.read.set(0);
        match request.take_payload() {
            Payload::None => {}
            payload => {
                let body = Body {
                    payload,
                    awaited: Rc::clone(&awaited),
                    pipeline: self.clone(),
                };
                request.set_payload(Payload::Stream {
                    payload: Box::pin(body),
                });
            }
        }
        Answering(awaited)
    }

    /// How many bytes may be read now. `stalled`: the client does not take an answer.
    pub(crate) fn poll_room(&self, stalled: bool, cx: &Context<'_>) -> Poll<usize> {
        let room = STEP.saturating_sub(self.0.read.get());
        if room > 0 {
            return Poll::Ready(room);
        }
        if stalled || self.awaited() == Awaited::Answer {
            *self.0.reader.borrow_mut() = Some(cx.waker().clone());
        } else {
            self.0.read.set(0);
            cx.waker().wake_by_ref(); // as soon as what has come was looked at
        }
        Poll::Pending
    }

    fn awaited(&self) -> Awaited {
        let awaited = self.0.awaited.borrow();
        awaited.as_ref().map_or(Awaited::Head, |awaited| awaited.get())
    }

    /// So many bytes were read.
    pub(crate) fn read(&self, bytes: usize) {
        self.0.read.set(self.0.read.get().saturating_add(bytes));
    }

    /// Something has changed: whoever was told to wait looks again.
    pub(crate) fn wake(&self) {
        if let Some(reader) = self.0.reader.borrow_mut().take() {
            reader.wake();
        }
    }
}

/// A request that is being answered.
pub(crate) struct Answering(Rc<Cell<Awaited>>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.set(Awaited::Head);
    }
}

/// A request's body. It is read when somebody waits for it, for a handler may leave it alone.
struct Body {
    payload: Payload,
    awaited: Rc<Cell<Awaited>>,
    pipeline: Pipeline,
}

impl Stream for Body {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.payload).poll_next(cx);
        if polled.is_pending() {
            self.awaited.set(Awaited::Body);
            self.pipeline.wake();
        } else {
            self.awaited.set(Awaited::Answer);
        }
        polled
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if self.awaited.get() == Awaited::Body {
            self.awaited.set(Awaited::Answer);
        }
    }
}
