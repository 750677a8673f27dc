//! Fuzzes the subject `gossip`.
#![no_main]

use hypermesh_fuzz::subjects;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| subjects::wire::<hypermesh_core::hypermesh::mesh::gossip::Message>(bytes));
