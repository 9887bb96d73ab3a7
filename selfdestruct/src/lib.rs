//! The site of one-time messages: it stands in the DMZ, shows each message as often as it may be read and no more, and
//! never opens a connection to anyone. The core pushes messages in and pulls back what happened.

pub mod pages;
