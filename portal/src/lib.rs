//! The portal: pages in the DMZ that forward to the core and decide nothing.

pub mod pages;
pub mod routes;
