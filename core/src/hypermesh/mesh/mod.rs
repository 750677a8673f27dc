//! The mesh: what keeps a million nodes connected and informed. Each part is one paper, complete.
//!
//! - [`hyparview`]: who my neighbours are (Leitão, Pereira, Rodrigues, DSN 2007).
//! - [`plumtree`]: broadcast along a tree that repairs itself (the same authors, SRDS 2007).
//! - [`swim`]: which neighbours have failed (Das, Gupta, Motivala, DSN 2002), with Lifeguard (Dadgar, Phillips, Currey, 2017).
//! - [`vivaldi`]: how far away others are (Dabek, Cox, Kaashoek, Morris, SIGCOMM 2004).
//! - [`peer`]: a node made of the four.
//! - [`gossip`]: plain push gossip (Demers et al., PODC 1987), the baseline that every simulator can run.
//! - [`token`]: one message in flight per node, sent on to a random node: the load that measures an engine.

pub mod gossip;
pub mod hyparview;
pub mod peer;
pub mod plumtree;
pub mod swim;
pub mod token;
pub mod vivaldi;
