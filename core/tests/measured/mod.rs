//! Measured round trips, and a contest of ways to choose a server by them. Shared by a test and by `examples/learned_routing.rs`.
//!
//! **Devices** (Seattle, Zhu et al. 2017): 99 personal devices in 50 slices that were really measured one after the other. No positions, so there is no
//! geography, and the bar is nearest by coordinates.
//!
//! **Cities** (WonderNetwork, November 2018): 242 cities with positions, and for each pair the least, the mean and the greatest of several pings. Slices
//! are *drawn* from these three with a seed, one after the other: they have the spread of measured round trips, not their changes over time.
//!
//! **Hosts** (PlanetLab, Zhu et al. 2017): 490 hosts in a single slice, without positions. Every slice of the contest is this one, so what is later is
//! only which requests come.
//!
//! The slices are split by time: training, then validation (parameters were chosen there and nowhere else), then test. Whoever learns, learns only
//! from the requests that it chose a server for itself, each of which is judged before it is learnt from, exploration included.

// Each of the two users leaves a part of it out.
#![allow(dead_code, unused_imports)]

mod contest;
mod data;

pub(crate) use contest::{Contest, Feedback, Line};
pub(crate) use data::{World, cities, devices, hosts};
