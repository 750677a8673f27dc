//! swim

mod config;

pub use config::{Config, Lifeguard, Scope};
