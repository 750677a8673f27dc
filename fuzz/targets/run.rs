//! Fuzzes the subject `run`.
#![no_main]

use hypermesh_fuzz::subjects;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| subjects::run(bytes));
