//! One accepted connection, with the patience of a server that slow clients cannot tie up.
//!
//! actix limits the time for the head of the *first* request only. Here every wait is limited, whatever the client
//! does: from the first byte that it sends until an answer begins, and from a stalled answer until it moves again.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};
use tokio_rustls::server::TlsStream;

use crate::peer::PeerNames;
use crate::seats::Seat;

pub(crate) struct Connection {
    wire: Wire,
    /// Runs from the first byte of a request to the first byte of its answer.
    asking: Patience,
    /// Runs while the client does not take the answer.
    answering: Patience,
    /// Its place among its visitor's connections.
    _seat: Option<Seat>,
}

enum Wire {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connection {
    pub(crate) fn plain(stream: TcpStream, patience: Duration, seat: Option<Seat>) -> Self {
        Self::new(Wire::Plain(stream), patience, seat)
    }

    pub(crate) fn tls(stream: TlsStream<TcpStream>, patience: Duration, seat: Option<Seat>) -> Self {
        Self::new(Wire::Tls(Box::new(stream)), patience, seat)
    }

    fn new(wire: Wire, patience: Duration, seat: Option<Seat>) -> Self {
        Self {
            wire,
            asking: Patience::new(patience),
            answering: Patience::new(patience),
            _seat: seat,
        }
    }

    /// The names of the peer, if it showed a certificate.
    pub(crate) fn peer_names(&self) -> Option<PeerNames> {
        let Wire::Tls(stream) = &self.wire else {
            return None;
        };
        PeerNames::of(stream.get_ref().1.peer_certificates()?.first()?)
    }

    fn answered(
        &mut self,
        progress: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match progress {
            Poll::Pending => self.answering.wait(cx).map(Err),
            done @ Poll::Ready(_) => {
                self.asking.end();
                self.answering.end();
                done
            }
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = match &mut this.wire {
            Wire::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Wire::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        };
        match read {
            Poll::Pending if this.asking.runs() => this.asking.wait(cx).map(Err),
            Poll::Ready(Ok(())) if buffer.filled().len() > before => {
                this.asking.begin();
                read
            }
            _ => read,
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = match &mut this.wire {
            Wire::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Wire::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        };
        this.answered(written, cx)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().wire {
            Wire::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Wire::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.get_mut().wire {
            Wire::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Wire::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

struct Patience {
    limit: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Patience {
    fn new(limit: Duration) -> Self {
        Self { limit, timer: None }
    }

    fn runs(&self) -> bool {
        self.timer.is_some()
    }

    fn begin(&mut self) {
        self.timer.get_or_insert_with(|| Box::pin(sleep(self.limit)));
    }

    fn end(&mut self) {
        self.timer = None;
    }

    /// Ready, with the error that ends the connection, once the time is over.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(self.limit)));
        timer.as_mut().poll(cx).map(|()| io::ErrorKind::TimedOut.into())
    }
}
