//! Keeping bytes near those who ask for them.

pub mod policy;
