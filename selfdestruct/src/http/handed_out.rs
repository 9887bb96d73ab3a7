//! Large ciphertexts on their way to readers, and for how long. Whoever has a link may ask for the same again and again
//! while his lease lasts.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;

use crate::places::Place;

/// What goes to the connection at a time: it keeps that once more.
const PART: usize = 64 * 1024;
/// How long a reader may take, as long as he takes something at all: the page waits no longer. Who began within his lease
/// may be slower than it, for what he takes is held for him.
const PATIENCE: Duration = Duration::from_mins(5);

/// A ciphertext as the body of an answer. Its place is free when it is taken, or given up.
pub(super) struct HandedOut {
    rest: Bytes,
    began: Instant,
    _place: Place,
}

impl HandedOut {
    pub(super) fn new(ciphertext: Vec<u8>, place: Place) -> Self {
        Self {
            rest: ciphertext.into(),
            began: Instant::now(),
            _place: place,
        }
    }
}

impl MessageBody for HandedOut {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.rest.len() as u64)
    }

    /// Asked again whenever the connection has got rid of what it was given.
    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        if self.began.elapsed() > PATIENCE {
            return Poll::Ready(Some(Err(io::ErrorKind::TimedOut.into())));
        }
        let length = self.rest.len().min(PART);
        Poll::Ready(Some(Ok(self.rest.split_to(length))))
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;
    use crate::places::{Holder, Places};

    fn body(size: usize) -> HandedOut {
        let place = Places::new(1, 1).take(Holder::Claim([1; 32]));
        HandedOut::new(vec![7; size], place.unwrap())
    }

    fn next(body: &mut HandedOut) -> Option<io::Result<Bytes>> {
        match Pin::new(body).poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(part) => part,
            Poll::Pending => panic!("it is all here"),
        }
    }

    #[test]
    fn it_goes_in_parts_and_whole() {
        let mut body = body(2 * PART + 5);
        assert_eq!(body.size(), BodySize::Sized(2 * PART as u64 + 5));
        for length in [PART, PART, 5] {
            assert_eq!(next(&mut body).unwrap().unwrap(), vec![7; length]);
        }
        assert!(next(&mut body).is_none());
    }

    #[test]
    fn who_takes_it_too_slowly_is_left() {
        let mut body = body(4 * PART);
        next(&mut body).unwrap().unwrap();
        let late = PATIENCE + Duration::from_secs(1);
        body.began = Instant::now().checked_sub(late).unwrap();
        assert_eq!(
            next(&mut body).unwrap().unwrap_err().kind(),
            io::ErrorKind::TimedOut
        );
    }
}
