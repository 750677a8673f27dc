//! The round-trip time as a sender knows it (RFC 9002, clause 5).

use hypermesh_core::base::Span;

/// Granularity of timers (RFC 9002, clause 6.1.2).
pub const GRANULARITY: Span = Span::millis(1);

/// The estimate.
#[derive(Clone, Copy, Debug)]
pub struct Rtt {
    latest: Span,
    smoothed: Option<Span>,
    var: Span,
    first: Span,
}

impl Rtt {
    /// Nothing is known; `first` is assumed.
    pub const fn new(first: Span) -> Self {
        Self { latest: first, smoothed: None, var: Span(first.0 / 2), first }
    }

    /// The smoothed time.
    pub fn get(&self) -> Span {
        self.smoothed.unwrap_or(self.first)
    }

    /// Takes in a measurement.
    pub fn measured(&mut self, rtt: Span) {
        self.latest = rtt;
        match self.smoothed {
            None => (self.smoothed, self.var) = (Some(rtt), Span(rtt.0 / 2)),
            Some(old) => {
                self.var = Span((3 * self.var.0 + old.0.abs_diff(rtt.0)) / 4);
                self.smoothed = Some(Span((7 * old.0 + rtt.0) / 8));
            }
        }
    }

    /// After which time a packet is lost whose successor arrived (RFC 9002, clause 6.1.2).
    pub fn loss_delay(&self) -> Span {
        let rtt = self.latest.max(self.get());
        Span(rtt.0 + rtt.0 / 8).max(GRANULARITY)
    }

    /// After which time without a sign a sender probes (RFC 9002, clause 6.2.1), the receiver's delay not included.
    pub fn probe_delay(&self) -> Span {
        self.get() + Span(4 * self.var.0).max(GRANULARITY)
    }
}
