//! What a node counts, in the text format of Prometheus.

use crate::driver::Figures;
use hypermesh_core::stoq::node::{Fact, Level};
use hypermesh_core::stoq::session::version::Spoken;
use hypermesh_core::testing::Breach;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counters that facts move.
#[derive(Debug, Default)]
pub struct Metrics {
    served: [AtomicU64; 4],
    served_bytes: [AtomicU64; 4],
    stale: AtomicU64,
    refused: AtomicU64,
    unwelcome: AtomicU64,
    fetched_bytes: AtomicU64,
    poisoned: AtomicU64,
    penalised: AtomicU64,
    purges: AtomicU64,
    leases_lost: AtomicU64,
    rotations: AtomicU64,
}

/// The levels, in the order of the counters, with their words.
const LEVELS: [(&str, Level); 4] =
    [("memory", Level::Memory), ("disk", Level::Disk), ("upstream", Level::Upstream), ("store", Level::Store)];

impl Metrics {
    /// A fact of the node.
    pub fn note(&self, fact: &Fact) {
        let up = |counter: &AtomicU64, by: u64| {
            counter.fetch_add(by, Ordering::Relaxed);
        };
        match fact {
            Fact::Served { level, bytes, stale, .. } => {
                let at = LEVELS.iter().position(|(_, known)| known == level).unwrap_or_default();
                up(&self.served[at], 1);
                up(&self.served_bytes[at], u64::from(*bytes));
                up(&self.stale, u64::from(*stale));
            }
            Fact::Refused { .. } => up(&self.refused, 1),
            Fact::Unwelcome { .. } => up(&self.unwelcome, 1),
            Fact::Fetched { bytes, .. } => up(&self.fetched_bytes, u64::from(*bytes)),
            Fact::Poisoned { .. } => up(&self.poisoned, 1),
            Fact::Penalised { .. } => up(&self.penalised, 1),
            Fact::PurgeHolds { .. } => up(&self.purges, 1),
            Fact::LeaseLost { .. } => up(&self.leases_lost, 1),
            _ => {}
        }
    }

    /// The node shows another certificate.
    pub fn rotated(&self) {
        self.rotations.fetch_add(1, Ordering::Relaxed);
    }

    /// The whole page. `more` are gauges of the moment: name, what it is, value.
    pub fn page(&self, figures: &Figures, more: &[(&str, &str, u64)]) -> String {
        let mut page = String::new();
        let get = Figures::get;
        let _ = writeln!(page, "hypermesh_speaks{{what=\"{}\"}} 1", Spoken::here());
        for (at, (level, _)) in LEVELS.iter().enumerate() {
            let _ = writeln!(page, "stoq_served_total{{level=\"{level}\"}} {}", get(&self.served[at]));
            let _ = writeln!(page, "stoq_served_bytes_total{{level=\"{level}\"}} {}", get(&self.served_bytes[at]));
        }
        let counters = [
            ("stoq_served_stale_total", "Answers beyond their freshness.", &self.stale),
            ("stoq_refused_total", "Requests, or parts of them, that were refused.", &self.refused),
            ("stoq_unwelcome_total", "Connections closed since the peer may not do what it says.", &self.unwelcome),
            ("stoq_fetched_bytes_total", "Bytes of contents that came from above.", &self.fetched_bytes),
            ("stoq_poisoned_total", "Contents from above that have another name.", &self.poisoned),
            ("stoq_penalised_total", "Times that a node above misbehaved.", &self.penalised),
            ("stoq_purges_total", "Purges that hold here and below.", &self.purges),
            ("stoq_leases_lost_total", "Times that the node above was out of reach for longer than the lease.", &self.leases_lost),
            ("stoq_certificate_rotations_total", "Times that another certificate was shown.", &self.rotations),
            ("stoq_connections_accepted_total", "Connections accepted.", &figures.accepted),
            ("stoq_connections_dialled_total", "Connections dialled.", &figures.dialled),
            ("stoq_dials_failed_total", "Attempts to dial that failed.", &figures.undialled),
            ("stoq_certificates_refused_total", "Peers whose certificate was refused.", &figures.refused),
            ("stoq_sent_bytes_total", "Bytes of contents that QUIC took.", &figures.sent_bytes),
            ("stoq_came_bytes_total", "Bytes of contents that came.", &figures.came_bytes),
            ("stoq_store_operations_total", "Operations of the store.", &figures.store_ops),
        ];
        for (name, help, counter) in counters {
            if Breach::MissingCounter.is_on() && name == "stoq_poisoned_total" {
                continue;
            }
            let value = if Breach::CounterFalls.is_on() { u64::from(u32::MAX) - get(counter) } else { get(counter) };
            let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}");
        }
        for (name, help, value) in more {
            let _ = writeln!(page, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        }
        page
    }
}
