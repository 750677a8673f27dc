//! Ctrl-C: the first asks the run to stop and to keep what it has, the second ends the process at once.
//!
//! Ending at once is safe because a run directory is written under a temporary name and renamed when it is complete.

use crate::exit::Code;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Listens for SIGINT, SIGTERM and SIGHUP. The flag is raised by the first of them.
pub(crate) fn listen() -> Arc<AtomicBool> {
    let stop = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&stop);
    let heard = ctrlc::set_handler(move || {
        if raised.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(Code::Interrupted.number()));
        }
        eprintln!("\ninterrupted: stopping at the next window and keeping what there is; once more ends at once");
    });
    if let Err(error) = heard {
        // Without a handler the default one ends the process; that is worse only for who wanted the partial run.
        eprintln!("warning: Ctrl-C will not keep a partial run: {error}");
    }
    stop
}
