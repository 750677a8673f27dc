//! Timers that ring within about 0.1 ms of their time, for QUIC and for the workload. tokio's have a grain of 1 ms, which a connection that paces its
//! packets notices; the simulated world has no such grain, and is what a fleet is compared with.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// All alarms of a fleet, and the thread that rings them.
#[derive(Debug, Default)]
pub(super) struct Alarms {
    set: Mutex<Set>,
    /// Rung when an earlier alarm than before is set, and at the end.
    sooner: Condvar,
}

#[derive(Debug, Default)]
struct Set {
    due: BTreeMap<(Instant, u64), Waker>,
    next: u64,
    closed: bool,
}

impl Alarms {
    /// Starts the thread.
    pub(super) fn start() -> std::io::Result<(Arc<Self>, JoinHandle<()>)> {
        let alarms = Arc::<Self>::default();
        let ringing = Arc::clone(&alarms);
        let thread = std::thread::Builder::new().name("alarms".into()).spawn(move || ringing.ring())?;
        Ok((alarms, thread))
    }

    /// An alarm for a moment.
    pub(super) const fn at(self: Arc<Self>, at: Instant) -> Alarm {
        Alarm { alarms: self, at, set: None }
    }

    /// No alarm rings any more.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.sooner.notify_all();
    }

    fn ring(&self) {
        let mut set = self.lock();
        while !set.closed {
            let now = Instant::now();
            let mut due = Vec::new();
            while let Some(first) = set.due.first_entry().filter(|first| first.key().0 <= now) {
                due.push(first.remove());
            }
            if due.is_empty() {
                let wait = set.due.first_key_value().map_or(Duration::from_secs(1), |((at, _), _)| *at - now);
                set = self.sooner.wait_timeout(set, wait).unwrap_or_else(PoisonError::into_inner).0;
            } else {
                drop(set);
                due.into_iter().for_each(Waker::wake);
                set = self.lock();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Set> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An alarm. It is ready from its moment on.
#[derive(Debug)]
pub(super) struct Alarm {
    alarms: Arc<Alarms>,
    at: Instant,
    /// Under which key it is set, if it is.
    set: Option<(Instant, u64)>,
}

impl Alarm {
    fn unset(&mut self) {
        if let Some(key) = self.set.take() {
            self.alarms.lock().due.remove(&key);
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.unset();
    }
}

impl Future for Alarm {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.at {
            self.unset();
            return Poll::Ready(());
        }
        let at = self.at;
        let key = {
            let mut set = self.alarms.lock();
            let key = self.set.unwrap_or_else(|| {
                set.next += 1;
                (at, set.next)
            });
            let is_first = set.due.first_key_value().is_none_or(|(first, _)| key < *first);
            set.due.insert(key, cx.waker().clone());
            if is_first {
                self.alarms.sooner.notify_one();
            }
            key
        };
        self.set = Some(key);
        Poll::Pending
    }
}

impl quinn::AsyncTimer for Alarm {
    fn reset(mut self: Pin<&mut Self>, at: Instant) {
        self.unset();
        self.at = at;
    }

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Future::poll(self, cx)
    }
}
