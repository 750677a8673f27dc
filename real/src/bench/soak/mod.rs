//! The soak: a small network of processes under mixed load and faults, for as long as asked, and whether anything grew that must not grow.
//!
//! ```text
//!  origin ◀─ regional ◀─┬─ edge-1 ◀─┬─ readers, publishers, purgers, slow readers, readers that give up   (this process)
//!                       └─ edge-2 ◀─┤
//!                          ▲ killed  └─ floods: random datagrams, half-open handshakes, idle connections, streams of random bytes
//! ```
//! Every reader knows what each version of each object holds and which purges were acknowledged, so a wrong byte or a purged version is found while the
//! load runs. Memory is judged while it runs, everything that can be counted (tasks, descriptors, connections, streams, threads) once it is over.

mod hostile;
mod judge;
mod load;
mod sample;
mod town;

pub use judge::{Judged, Verdict};
pub use load::Tally;
pub use sample::{FIGURES, Sample};

use super::soak::town::Town;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Longest time that a network is given to become idle once the load is over: idle connections are let go after fifteen seconds.
const IDLE_WITHIN: Duration = Duration::from_secs(90);
/// How long counters have to stand still before that is taken for idle.
const STILL: usize = 3;

/// What to do, and for how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The command that runs nodes.
    pub exe: PathBuf,
    /// An empty folder to work in.
    pub folder: PathBuf,
    /// Seconds of load.
    pub seconds: f64,
    /// Operations per second, all readers and publishers together.
    pub rate: f64,
    /// How often everything is looked at.
    pub every: Duration,
    /// How often an edge is killed; never if zero.
    pub kill_every: Duration,
    /// Where choices come from. Times are those of this machine, so two runs differ all the same.
    pub seed: u64,
}

/// Why a soak could not be done.
#[derive(Debug)]
pub struct SoakError(pub String);

impl fmt::Display for SoakError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SoakError {}

impl SoakError {
    fn of(doing: &str) -> impl Fn(&dyn fmt::Display) -> Self + '_ {
        move |error| Self(format!("{doing}: {error}"))
    }
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Report {
    /// Each process, with its samples and what is judged of them.
    pub judged: Vec<Judged>,
    /// What was done.
    pub tally: Vec<(&'static str, u64)>,
    /// What came that must not come; the first ones.
    pub wrong: Vec<String>,
    /// Times that an edge was killed.
    pub kills: u64,
    /// Seconds of load.
    pub seconds: f64,
    /// Seconds of processor that all processes used under load, divided by these.
    pub cores: f64,
    /// Seconds until everything was back at the level of before; none if it never was.
    pub idle_after: Option<f64>,
}

impl Report {
    /// Whether all is well.
    pub fn passed(&self) -> bool {
        self.wrong.is_empty() && self.idle_after.is_some() && self.judged.iter().all(Judged::passed)
    }
}

/// Runs a soak on the tokio runtime of the caller. `note` hears how it goes.
pub async fn run(plan: &Plan, mut note: impl FnMut(String)) -> Result<Report, SoakError> {
    let mut town = Town::build(plan).await?;
    let load = load::Load::new(plan, &town)?;
    load.first(&town).await?;
    let before = settle(&town).await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut tasks = load.start(&town, &stop);
    tasks.push(tokio::spawn(hostile::run(town.folder.clone(), town.addresses(), plan.seed, Arc::clone(&load.tally), Arc::clone(&stop))));
    let (begun, mut samples, mut kills) = (Instant::now(), vec![Vec::new(); before.len()], 0);
    let cpu = town.cpu_seconds();
    let mut next_kill = plan.kill_every;
    while begun.elapsed().as_secs_f64() < plan.seconds {
        tokio::time::sleep(plan.every).await;
        town.look_after()?;
        let at = begun.elapsed();
        for (of, sample) in samples.iter_mut().zip(town.sample(at.as_secs_f64()).await) {
            of.push(sample);
        }
        note(format!("{:>6.0} s  {}", at.as_secs_f64(), line(&town, &samples)));
        if !plan.kill_every.is_zero() && at >= next_kill {
            next_kill += plan.kill_every;
            kills += 1;
            town.kill_and_start().await?;
        }
    }
    let seconds = begun.elapsed().as_secs_f64();
    let cores = (town.cpu_seconds() - cpu) / seconds;
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        // A task that panicked has told of it on the terminal, and counts as something wrong.
        if task.await.is_err() {
            load.wrong("a part of the load panicked".to_owned());
        }
    }
    let (after, idle_after) = idle(&town, &before).await;
    load.last(&town).await;
    let judged = judge::judge(&town, &before, &samples, &after);
    let report = Report { judged, tally: load.tally.list(), wrong: load.found(), kills, seconds, cores, idle_after };
    town.leave().await;
    Ok(report)
}

/// One line about all processes.
fn line(town: &Town, samples: &[Vec<Sample>]) -> String {
    let each = town.names().into_iter().zip(samples).filter_map(|(name, samples)| {
        let last = samples.last()?;
        Some(format!("{name} {} MiB, {} tasks, {} streams, {} fds", last.resident >> 20, last.tasks, last.streams, last.descriptors))
    });
    each.collect::<Vec<_>>().join("; ")
}

/// Waits until counters stand still, and tells what they are.
async fn settle(town: &Town) -> Vec<Sample> {
    let (mut last, mut still) = (town.sample(0.0).await, 0);
    let begun = Instant::now();
    while still < STILL && begun.elapsed() < IDLE_WITHIN {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = town.sample(0.0).await;
        still = if now.iter().zip(&last).all(|(now, last)| now.counted() == last.counted()) { still + 1 } else { 0 };
        last = now;
    }
    last
}

/// Waits until nothing is above its level of before. What is there then, and the seconds that it took.
async fn idle(town: &Town, before: &[Sample]) -> (Vec<Sample>, Option<f64>) {
    let begun = Instant::now();
    loop {
        let now = town.sample(begun.elapsed().as_secs_f64()).await;
        if now.iter().zip(before).all(|(now, before)| judge::is_back(now, before)) {
            return (now, Some(begun.elapsed().as_secs_f64()));
        }
        if begun.elapsed() > IDLE_WITHIN {
            return (now, None);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}
