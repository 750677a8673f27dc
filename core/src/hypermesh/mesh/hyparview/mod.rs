//! hyparview

mod config;

pub use config::Config;
