//! Layer 1: moving and keeping bytes.
//!
//! ```text
//!  bytes ─▶ chunk ─▶ manifest ─▶ transfer ─▶ session ─▶ QUIC (the driver's)
//!                       │           │  ▲
//!                  replication    cache routing      certs: who may speak
//! ```
//! A [`node`] is all of these together, with a contract that drivers keep.
//!
//! An object is cut into chunks where its content says so, each chunk is named by its hash, and a manifest lists the names. Whoever holds a manifest
//! can ask anybody for the chunks and believe nobody: what is handed on has been verified.

pub mod cache;
pub mod certs;
pub mod chunk;
pub mod manifest;
pub mod node;
pub mod preset;
pub mod replication;
pub mod routing;
pub mod session;
pub mod transfer;
