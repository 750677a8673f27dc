//! Our own faults: a panic becomes exit code 1, a short message and a file with what a maintainer needs.

use crate::exit::Code;
use std::backtrace::Backtrace;
use std::panic::PanicHookInfo;
use std::process::ExitCode;

/// Runs `work`; a panic in it is told kindly and ends with code 1.
pub(crate) fn guard(work: impl FnOnce() -> ExitCode + std::panic::UnwindSafe) -> ExitCode {
    std::panic::set_hook(Box::new(report));
    std::panic::catch_unwind(work).unwrap_or_else(|_| Code::Internal.into())
}

fn report(panic: &PanicHookInfo<'_>) {
    let mut text = format!("hypermesh {}: {panic}\n\narguments:\n", env!("CARGO_PKG_VERSION"));
    for argument in std::env::args() {
        text += &format!("  {argument}\n");
    }
    text += &format!("\nbacktrace:\n{}\n", Backtrace::force_capture());
    let path = std::env::temp_dir().join(format!("hypermesh-fault-{}.txt", std::process::id()));
    eprintln!("error: this is a fault of hypermesh, not of your scenario: {panic}");
    match std::fs::write(&path, text) {
        Ok(()) => eprintln!("next: send {} with the scenario to the maintainers", path.display()),
        Err(error) => eprintln!("next: run again with room in {} ({error})", path.display()),
    }
}
