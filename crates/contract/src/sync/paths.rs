//! Where the calls are. `{id}` is a [`Token`](super::Token).

/// `PUT`: one message, see [`push_body`](super::push_body).
pub const MESSAGE: &str = "/sync/v1/messages/{id}";
/// `POST`: several, see [`Pushed`](super::Pushed).
pub const MESSAGES: &str = "/sync/v1/messages";
/// `POST`: [`Command`](super::Command).
pub const COMMANDS: &str = "/sync/v1/commands";
/// `GET` with the query [`After`](super::After): [`Events`](super::Events).
pub const EVENTS: &str = "/sync/v1/events";
/// `POST`: [`Position`](super::Position).
pub const ACK: &str = "/sync/v1/ack";
/// `GET` with `?after=ID`: a signed `Inventory`, as one line of text.
pub const INVENTORY: &str = "/sync/v1/inventory";
/// `POST`: [`NewEpoch`](super::NewEpoch).
pub const EPOCHS: &str = "/sync/v1/epochs";
/// `POST`: a signed head of the core's audit, as one line of text.
pub const CHECKPOINTS: &str = "/sync/v1/checkpoints";
/// `PUT`: [`DropRequest`](super::DropRequest).
pub const REQUEST: &str = "/sync/v1/requests/{id}";
/// `GET` with `?after=ID`: [`Drops`](super::Drops).
pub const DROPS: &str = "/sync/v1/drops";
/// `GET`: the sealed bytes of one drop; `DELETE`: it has arrived, erase it.
pub const DROP: &str = "/sync/v1/drops/{id}";
/// `POST`: [`Certificate`](super::Certificate).
pub const CERTIFICATE: &str = "/sync/v1/certificate";
