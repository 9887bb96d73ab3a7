//! What operators must hear of.

pub mod alarm;
pub(super) mod tell;
