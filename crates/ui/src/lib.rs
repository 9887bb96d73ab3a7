//! What every page shares: the layout, the parts of a form, the stylesheet, the scripts and the words.
//!
//! Pages are pure functions of a view struct; this crate gives them their pieces and knows nothing of accounts,
//! requests or servers. Nothing here is inline: the content security policy of every server allows scripts and
//! styles from its own origin only.

pub mod assets;
pub mod form;
pub mod icon;
pub mod layout;
pub mod mail;
pub mod notice;
pub mod rules;
pub mod times;
pub mod words;

pub use assets::Assets;
pub use layout::{Demo, Helpdesk, Layout, Service, Site, page};
pub use times::Calendar;
pub use words::{Lang, Value, Words};
