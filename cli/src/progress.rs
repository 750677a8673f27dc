//! Progress of long work: a bar on a terminal, a plain line every few seconds elsewhere.
//!
//! The run only stores how far it is. A thread of its own draws, because the run may live inside a madsim runtime, where wall clocks stand still.

use crate::human;
use hypermesh_sim::{Progress, Watch};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How often a bar is drawn.
const DRAW_EVERY: Duration = Duration::from_millis(200);
/// How often a plain line is written, unless [`LINE_VARIABLE`] says otherwise.
const LINE_EVERY: Duration = Duration::from_secs(5);
/// The environment variable that says how many seconds lie between plain lines, for logs that are kept or compared.
const LINE_VARIABLE: &str = "HYPERMESH_PROGRESS_SECONDS";

/// How often a plain line is written.
fn line_every() -> Duration {
    let set = std::env::var(LINE_VARIABLE).ok().and_then(|seconds| seconds.parse().ok());
    set.map_or(LINE_EVERY, Duration::from_secs)
}

/// What the run and the drawing thread share.
#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    done: Condvar,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    progress: Progress,
    finished: bool,
}

/// Shows how far a run is, until it is dropped.
#[derive(Debug)]
pub(crate) struct Meter {
    shared: Arc<Shared>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Meter {
    /// Starts to show progress on stderr. `quiet` shows nothing.
    pub(crate) fn start(quiet: bool) -> Self {
        let shared = Arc::new(Shared::default());
        let thread = (!quiet).then(|| {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || draw(&shared))
        });
        Self { shared, thread }
    }
}

impl Watch for Meter {
    fn progress(&self, progress: &Progress) {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).progress = *progress;
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner).finished = true;
        self.shared.done.notify_all();
        if let Some(thread) = self.thread.take() {
            // The drawing thread only writes to stderr; if it panicked, the run is still good.
            let _ = thread.join();
        }
    }
}

/// Shows how many of so many steps are done, until it is dropped: a bar on a terminal, a line every few seconds elsewhere.
#[cfg(feature = "conform")]
#[derive(Debug)]
pub(crate) struct Steps {
    what: &'static str,
    total: usize,
    done: usize,
    bar: Option<ProgressBar>,
    told: Option<std::time::Instant>,
}

#[cfg(feature = "conform")]
impl Steps {
    /// None of them is done. `quiet` shows nothing.
    pub(crate) fn start(quiet: bool, what: &'static str, total: usize) -> Self {
        let bar = (!quiet && std::io::stderr().is_terminal()).then(bar);
        if let Some(bar) = &bar {
            bar.set_length(total as u64);
        }
        Self { what, total, done: 0, bar, told: (!quiet).then(std::time::Instant::now) }
    }

    /// One more is done.
    pub(crate) fn step(&mut self) {
        self.done += 1;
        let words = format!("{} of {} {}", self.done, self.total, self.what);
        match (&self.bar, &mut self.told) {
            (Some(bar), _) => {
                bar.set_position(self.done as u64);
                bar.set_message(words);
            }
            (None, Some(told)) if told.elapsed() >= line_every() => {
                *told = std::time::Instant::now();
                eprintln!("{words}");
            }
            _ => {}
        }
    }
}

#[cfg(feature = "conform")]
impl Drop for Steps {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn draw(shared: &Shared) {
    let bar = std::io::stderr().is_terminal().then(bar);
    let every = if bar.is_some() { DRAW_EVERY } else { line_every() };
    let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
    while !state.finished {
        state = shared.done.wait_timeout(state, every).unwrap_or_else(PoisonError::into_inner).0;
        let progress = state.progress;
        if state.finished || progress.stop.0 == 0 {
            continue;
        }
        match &bar {
            Some(bar) => {
                bar.set_length(progress.stop.0);
                bar.set_position(progress.now.0.min(progress.stop.0));
                bar.set_message(words(&progress));
            }
            None => eprintln!("{}", words(&progress)),
        }
    }
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}

fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("[{bar:24}] {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr()).with_style(style.progress_chars("##-"))
}

/// One line: where it is, how fast, how long still.
fn words(progress: &Progress) -> String {
    let wall_s = progress.wall_ns as f64 / 1e9;
    let done = progress.now.0 as f64 / progress.stop.0.max(1) as f64;
    let left = if done > 0.0 { human::seconds(wall_s * (1.0 - done) / done) } else { "?".to_owned() };
    format!(
        "virtual {:.1}/{:.1} s  {} events  {}/s  left {left}",
        progress.now.as_secs_f64(),
        progress.stop.as_secs_f64(),
        human::rounded(progress.events as f64),
        human::rounded(progress.events as f64 / wall_s.max(1e-9)),
    )
}

#[cfg(test)]
mod tests {
    use super::{Progress, words};
    use hypermesh_core::base::Time;

    #[test]
    fn a_line_of_progress_says_where_how_fast_and_how_long() {
        let progress = Progress {
            now: Time(5_000_000_000),
            stop: Time(20_000_000_000),
            events: 3_000_000,
            messages: 2_000_000,
            wall_ns: 1_500_000_000,
        };
        assert_eq!(words(&progress), "virtual 5.0/20.0 s  3 M events  2 M/s  left 4.5 s");
    }
}
