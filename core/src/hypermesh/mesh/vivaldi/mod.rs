//! vivaldi

mod config;

pub use config::Config;
