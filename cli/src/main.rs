//! The `hypermesh` command: it parses arguments, calls the crates that do the work, and tells how it went.
//!
//! Read in this order: [`args`] (what can be typed), [`verbs`] (one file each), [`exit`] and [`fail`] (how it ends), [`output`] (where words go), and
//! [`glue`], the only place that names the functions of the other crates.

#![forbid(unsafe_code)]

mod args;
mod budget;
mod exit;
mod fail;
mod fault;
mod glue;
mod human;
mod interrupt;
mod machine;
mod output;
mod progress;
mod table;
mod verbs;
mod verdict;

use std::process::ExitCode;

fn main() -> ExitCode {
    fault::guard(|| {
        let arguments = args::parse();
        let output = output::Output::new(arguments.color, arguments.quiet);
        match verbs::dispatch(arguments.verb, output) {
            Ok(code) => code.into(),
            Err(failure) => {
                output.failure(&failure);
                failure.code.into()
            }
        }
    })
}
