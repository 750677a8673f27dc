//! How fast cost grows with size: a line through the logarithms.

use super::{Arm, Row};
use serde::Serialize;
use std::collections::BTreeSet;

/// Growth of the cost per message of one arm.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fit {
    /// The load.
    pub load: String,
    /// What did the work.
    pub arm: Arm,
    /// Threads.
    pub threads: u32,
    /// Smallest and largest number of nodes.
    pub nodes: (u64, u64),
    /// The exponent e of cost ~ nodes^e, by least squares on the logarithms; 0 is constant cost.
    pub exponent: f64,
    /// Cost per message at the largest size over that at the smallest.
    pub growth: f64,
}

/// One arm of a load: what did the work, on how many threads, and its (nodes, nanoseconds per message).
pub(super) type Measured = (Arm, u32, Vec<(f64, f64)>);

/// The measured points of every arm and number of threads of a load, by number of nodes.
pub(super) fn arms(rows: &[Row], load: &str) -> Vec<Measured> {
    let of_load = || rows.iter().filter(|row| row.load == load && row.ns_per_msg().is_finite());
    let keys: BTreeSet<(Arm, u32)> = of_load().map(|row| (row.arm, row.threads)).collect();
    let points = |(arm, threads)| {
        let mut points: Vec<_> =
            of_load().filter(|row| row.arm == arm && row.threads == threads).map(|row| (row.nodes as f64, row.ns_per_msg())).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        (arm, threads, points)
    };
    keys.into_iter().map(points).collect()
}

/// A fit per load, arm and number of threads that was measured at two sizes or more.
pub fn fits(rows: &[Row]) -> Vec<Fit> {
    let loads: BTreeSet<&str> = rows.iter().map(|row| row.load.as_str()).collect();
    let mut all = Vec::new();
    for load in loads {
        for (arm, threads, points) in arms(rows, load) {
            let (Some(first), Some(last)) = (points.first(), points.last()) else { continue };
            if let Some(exponent) = slope(&points) {
                let nodes = (first.0 as u64, last.0 as u64);
                all.push(Fit { load: load.to_owned(), arm, threads, nodes, exponent, growth: last.1 / first.1 });
            }
        }
    }
    all
}

/// The slope of ln(cost) over ln(nodes); none without two different sizes.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let logs: Vec<(f64, f64)> = points.iter().map(|(nodes, cost)| (nodes.ln(), cost.ln())).collect();
    let count = logs.len() as f64;
    let (mean_x, mean_y) = (logs.iter().map(|p| p.0).sum::<f64>() / count, logs.iter().map(|p| p.1).sum::<f64>() / count);
    let spread: f64 = logs.iter().map(|p| (p.0 - mean_x).powi(2)).sum();
    let together: f64 = logs.iter().map(|p| (p.0 - mean_x) * (p.1 - mean_y)).sum();
    (spread > 0.0).then(|| together / spread)
}
