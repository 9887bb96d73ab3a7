//! The stack on real sockets: what a browser, a peer, a slow client and an operator meet.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod life;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod pipelining;
#[cfg(test)]
mod support;
