//! What is fuzzed. Each target in `targets/` hands libFuzzer's bytes to one subject.

#![forbid(unsafe_code)]

pub mod store;
pub mod subjects;
