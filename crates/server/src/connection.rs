//! One accepted connection, with the patience of a server that slow clients cannot tie up.
//!
//! actix limits the time for the head of the *first* request only. Here every wait is limited, whatever the client
//! does: from the first byte that it sends until an answer begins, and from a stalled answer until it moves again. And
//! what it sends before it has its answer is read as far as [`Pipeline`] lets it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_rustls::server::TlsStream;

use crate::leeway::Leeway;
use crate::peer::PeerNames;
use crate::pipelining::Pipeline;
use crate::seats::Seat;

pub(crate) struct Connection {
    wire: Wire,
    /// Runs from the first byte of a request to the first byte of its answer.
    asking: Patience,
    /// Runs while the client does not take the answer.
    answering: Patience,
    /// Bounds what is read before it was looked at, and before what came is answered.
    pipeline: Pipeline,
    /// Its place, where visitors have only so many.
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
            asking: Patience::new(patience, Leeway::default()),
            answering: Patience::new(patience, Leeway::default()),
            pipeline: Pipeline::default(),
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

    /// What the handler of the request under way grants it.
    pub(crate) fn leeway(&self) -> Leeway {
        self.asking.leeway.clone()
    }

    /// For the layer that sees requests come and answers go.
    pub(crate) fn pipeline(&self) -> Pipeline {
        self.pipeline.clone()
    }

    /// Reads as much as there is room for; says how much it was.
    fn read_step(&mut self, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<usize>> {
        let room = ready!(self.pipeline.poll_room(self.answering.runs(), cx));
        let room = room.min(buffer.remaining());
        let mut step = ReadBuf::new(buffer.initialize_unfilled_to(room));
        let read = match &mut self.wire {
            Wire::Plain(stream) => Pin::new(stream).poll_read(cx, &mut step),
            Wire::Tls(stream) => Pin::new(stream).poll_read(cx, &mut step),
        };
        ready!(read)?;
        let bytes = step.filled().len();
        buffer.advance(bytes);
        Poll::Ready(Ok(bytes))
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
                self.pipeline.wake();
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
        match this.read_step(cx, buffer) {
            Poll::Pending if this.asking.runs() => this.asking.wait(cx).map(Err),
            Poll::Pending => Poll::Pending,
            Poll::Ready(read) => {
                let bytes = read?;
                if bytes > 0 {
                    this.pipeline.read(bytes);
                    this.asking.begin();
                }
                Poll::Ready(Ok(()))
            }
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
    leeway: Leeway,
    timer: Option<Timer>,
}

struct Timer {
    /// Without leeway.
    end: Instant,
    sleep: Pin<Box<Sleep>>,
}

impl Patience {
    fn new(limit: Duration, leeway: Leeway) -> Self {
        Self {
            limit,
            leeway,
            timer: None,
        }
    }

    fn runs(&self) -> bool {
        self.timer.is_some()
    }

    fn begin(&mut self) -> &mut Timer {
        self.timer.get_or_insert_with(|| {
            let end = Instant::now() + self.limit;
            let sleep = Box::pin(sleep_until(end));
            Timer { end, sleep }
        })
    }

    fn end(&mut self) {
        self.timer = None;
        self.leeway.end();
    }

    /// Ready, with the error that ends the connection, once the time is over.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let leeway = self.leeway.clone();
        let timer = self.begin();
        loop {
            ready!(timer.sleep.as_mut().poll(cx));
            let end = timer.end + leeway.granted();
            if end <= timer.sleep.deadline() {
                return Poll::Ready(io::ErrorKind::TimedOut.into());
            }
            timer.sleep.as_mut().reset(end);
        }
    }
}
