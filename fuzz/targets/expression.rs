//! Fuzzes the subject `expression`.
#![no_main]

use hypermesh_fuzz::subjects;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| subjects::expression(bytes));
