//! Fuzzes the subject `frame`.
#![no_main]

use hypermesh_fuzz::subjects;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| subjects::frame(bytes));
