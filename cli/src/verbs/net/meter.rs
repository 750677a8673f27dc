//! How far a transfer is: a bar on a terminal, nothing elsewhere but at the end.

use crate::human;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::time::Instant;

/// Shows how far a transfer is.
pub(super) struct Meter {
    bar: Option<ProgressBar>,
    begun: Instant,
}

impl Meter {
    pub(super) fn start(quiet: bool) -> Self {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(|| {
            let style = ProgressStyle::with_template("[{bar:24}] {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style.progress_chars("##-"))
        });
        Self { bar, begun: Instant::now() }
    }

    /// So many bytes are there, of so many.
    pub(super) fn at(&self, done: u64, all: u64) {
        if let Some(bar) = &self.bar {
            bar.set_length(all);
            bar.set_position(done);
            let rate = done as f64 / self.begun.elapsed().as_secs_f64().max(1e-3);
            bar.set_message(format!("{} of {}  {}/s", human::bytes(done), human::bytes(all), human::bytes(rate as u64)));
        }
    }

    /// Seconds since it began. The bar is gone.
    pub(super) fn end(self) -> f64 {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
        self.begun.elapsed().as_secs_f64()
    }
}
