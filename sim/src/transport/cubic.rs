//! The congestion window: slow start and CUBIC (RFC 9438) in the form that quinn 0.11.12 gives them, which message mode has to predict.

use hypermesh_core::base::{Span, Time};

const BETA: f64 = 0.7;
const C: f64 = 0.4;

/// State of the controller. Sizes are bytes.
#[derive(Clone, Copy, Debug)]
pub struct Cubic {
    window: u64,
    threshold: u64,
    /// Beginning of the last recovery; what was sent before it changes nothing.
    recovering: Option<Time>,
    k: f64,
    w_max: f64,
    gained: u64,
    mtu: u64,
}

impl Cubic {
    /// A controller that begins with a window.
    pub const fn new(window: u64, mtu: u32) -> Self {
        Self { window, threshold: u64::MAX, recovering: None, k: 0.0, w_max: 0.0, gained: 0, mtu: mtu as u64 }
    }

    /// The window.
    pub const fn window(&self) -> u64 {
        self.window
    }

    /// Packets are of another size from now on.
    pub fn set_mtu(&mut self, mtu: u32) {
        self.mtu = u64::from(mtu);
        self.window = self.window.max(2 * self.mtu);
    }

    /// A packet of `bytes` that was sent at `sent` is acknowledged; `limited` says that there was nothing more to send.
    pub fn acknowledged(&mut self, now: Time, sent: Time, bytes: u64, limited: bool, rtt: Span) {
        if limited || self.recovering.is_some_and(|since| sent <= since) {
            return;
        }
        if self.window < self.threshold {
            self.window += bytes;
            return;
        }
        let since = *self.recovering.get_or_insert_with(|| {
            (self.w_max, self.k) = (self.window as f64, 0.0);
            now
        });
        let (t, rtt) = (now.since(since).as_secs_f64(), rtt.as_secs_f64().max(1e-9));
        let mtu = self.mtu as f64;
        let w_max = self.w_max / mtu;
        let beyond = t + rtt - self.k;
        let cubic = (C * beyond * beyond * beyond + w_max) * mtu;
        let friendly = (w_max * BETA + 3.0 * (1.0 - BETA) / (1.0 + BETA) * t / rtt) * mtu;
        let mut wanted = self.window;
        if cubic < friendly {
            wanted = wanted.max(friendly as u64);
        } else if wanted < cubic as u64 {
            wanted = wanted.saturating_add(((cubic - wanted as f64) / wanted as f64 * mtu) as u64);
        }
        self.gained += wanted - self.window;
        if self.gained >= self.mtu {
            self.window += self.mtu;
            self.gained = 0;
        }
    }

    /// Packets were lost, the last of them sent at `sent`.
    pub fn lost(&mut self, now: Time, sent: Time) {
        if self.recovering.is_some_and(|since| sent <= since) {
            return;
        }
        self.recovering = Some(now);
        let window = self.window as f64;
        self.w_max = if window < self.w_max { window * (1.0 + BETA) / 2.0 } else { window };
        self.threshold = ((window * BETA) as u64).max(2 * self.mtu);
        self.window = self.threshold;
        self.k = libm::cbrt(self.w_max / self.mtu as f64 * (1.0 - BETA) / C);
        self.gained = (self.gained as f64 * BETA) as u64;
    }

    /// Nothing came through for a long time (RFC 9002, clause 7.6).
    pub fn collapsed(&mut self) {
        self.recovering = None;
        self.w_max = self.window as f64;
        self.threshold = ((self.window as f64 * BETA) as u64).max(2 * self.mtu);
        self.gained = 0;
        self.window = 2 * self.mtu;
    }
}
