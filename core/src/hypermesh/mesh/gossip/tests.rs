//! Promises of push gossip.
