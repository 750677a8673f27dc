//! Fuzzes the recovery of the chunk store.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hypermesh_fuzz::store::recovery(bytes));
