//! A site below its listeners: what it promises, each promise a test.

mod chain;
mod commands;
mod crashes;
mod drop_box;
mod erasing;
mod hanging_up;
mod opening;
mod passphrase;
mod pushing;
mod replay;
mod rollback;
mod support;
mod time;
