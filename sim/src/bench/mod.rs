//! `hypermesh bench scale`: two loads on three arms, side by side in one run on one machine.
//!
//! - The *bare* arm is an event loop over the same queue with no protocol, wire, fault or digest: the ceiling.
//! - The *engine* arm is the whole simulator: typed messages, access links with queues, jitter, loss, a wire fault in force, metrics, oracle, digest.
//! - The *madsim* arm is madsim alone: a task and an `Endpoint` per node, its own clock and network.
//!
//! Each measurement runs in a process of its own, so that its peak memory is its own; the command starts them.

pub mod bare;
#[cfg(madsim)]
pub mod madsim_alone;
pub mod plans;

use crate::api::{Error, Options, Silent};
use std::time::Instant;

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// One message in flight per node, sent on to a random node.
    Token,
    /// Push gossip with a fan-out of eight.
    Gossip,
}

/// What it runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arm {
    /// A loop over the queue with nothing else.
    Bare,
    /// The simulator.
    Engine,
    /// madsim alone.
    Madsim,
}

impl Load {
    /// Every load with its name.
    pub const ALL: [(&'static str, Self); 2] = [("token", Self::Token), ("gossip", Self::Gossip)];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, load)| *load == self).map_or("", |(name, _)| name)
    }
}

impl Arm {
    /// Every arm with its name.
    pub const ALL: [(&'static str, Self); 3] = [("bare", Self::Bare), ("engine", Self::Engine), ("madsim", Self::Madsim)];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, arm)| *arm == self).map_or("", |(name, _)| name)
    }

    /// Whether this arm can run a load of this size: madsim's clock makes the token hang above 30,000 nodes.
    pub const fn can(self, load: Load, nodes: u32) -> bool {
        !matches!((self, load), (Self::Madsim, Load::Token)) || nodes <= 30_000
    }
}

/// One measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What was sent.
    pub load: Load,
    /// On what.
    pub arm: Arm,
    /// Nodes.
    pub nodes: u32,
    /// Threads.
    pub threads: u32,
    /// Messages delivered.
    pub messages: u64,
    /// Wall time of the loop, without building the world.
    pub loop_s: f64,
    /// Wall time in all.
    pub wall_s: f64,
    /// Highest resident memory of the process.
    pub peak_rss_bytes: u64,
    /// The run's digest, where the arm has one.
    pub digest: Option<String>,
}

impl Row {
    /// Messages per second of loop time.
    pub fn rate(&self) -> f64 {
        self.messages as f64 / self.loop_s.max(1e-9)
    }

    /// Nanoseconds of loop time per message.
    pub fn ns_per_message(&self) -> f64 {
        self.loop_s * 1e9 / self.messages.max(1) as f64
    }

    /// Bytes of resident memory per node, above `base` bytes that a process needs without nodes.
    pub fn bytes_per_node(&self, base: u64) -> f64 {
        self.peak_rss_bytes.saturating_sub(base) as f64 / f64::from(self.nodes.max(1))
    }
}

/// Runs one measurement in this process.
pub fn measure(load: Load, arm: Arm, nodes: u32, threads: usize) -> Result<Row, Error> {
    let began = Instant::now();
    let (messages, loop_ns, digest) = match arm {
        Arm::Engine => {
            let plan = plans::plan(load, nodes);
            let trace = crate::run(&plan, &Options { threads, ..Options::default() }, &Silent)?;
            (trace.run.messages, trace.run.loop_ns, Some(trace.run.digest))
        }
        Arm::Bare => {
            let (messages, loop_ns) = bare::run(load, nodes, plans::messages_wanted(load, nodes));
            (messages, loop_ns, None)
        }
        Arm::Madsim => {
            let (messages, loop_ns) = on_madsim(load, nodes)?;
            (messages, loop_ns, None)
        }
    };
    Ok(Row {
        load,
        arm,
        nodes,
        threads: threads as u32,
        messages,
        loop_s: loop_ns as f64 / 1e9,
        wall_s: began.elapsed().as_secs_f64(),
        peak_rss_bytes: crate::drive::peak_rss_bytes(),
        digest,
    })
}

#[cfg(madsim)]
fn on_madsim(load: Load, nodes: u32) -> Result<(u64, u64), Error> {
    Ok(madsim_alone::run(load, nodes))
}

#[cfg(not(madsim))]
fn on_madsim(_: Load, _: u32) -> Result<(u64, u64), Error> {
    Err(Error::NoMadsim)
}
