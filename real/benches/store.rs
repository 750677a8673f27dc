//! What the chunk store costs on the disk under the folder for temporary files: storing with and without waiting, reading, opening.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hypermesh_core::stoq::chunk::ChunkId;
use hypermesh_real::store::{Key, Options, Store};
use std::hint::black_box;
use std::time::Duration;

/// The average of the standard chunker.
const CHUNK: usize = 16 << 10;

/// The chunk of that number.
fn chunk(i: u64) -> (Key, Vec<u8>) {
    let mut bytes = vec![i as u8; CHUNK];
    bytes[..8].copy_from_slice(&i.to_le_bytes());
    (Key::Chunk(ChunkId::of(&bytes)), bytes)
}

fn store(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let (store, _) = Store::at(folder.path(), Options::default()).expect("a store");
    let mut next = 0;
    let mut put = || {
        let (key, bytes) = chunk(next);
        next += 1;
        store.put(key, &bytes).expect("it is written")
    };
    let mut group = c.benchmark_group("store, 16 KiB chunks");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    group.throughput(Throughput::Bytes(CHUNK as u64));
    group.bench_function("put and wait", |b| b.iter(|| store.wait(put()).expect("it is synced")));
    group.throughput(Throughput::Bytes(64 * CHUNK as u64));
    group.bench_function("put 64, then wait", |b| {
        b.iter(|| {
            let tickets: Vec<_> = (0..64).map(|_| put()).collect();
            tickets.into_iter().for_each(|ticket| store.wait(ticket).expect("it is synced"));
        });
    });
    group.throughput(Throughput::Bytes(CHUNK as u64));
    let (key, _) = chunk(5);
    group.bench_function("get", |b| b.iter(|| black_box(store.get(&key).expect("it can be read"))));
    group.finish();

    store.sync().expect("it is synced");
    let figures = store.figures();
    drop(store);
    let mut group = c.benchmark_group("store, opening");
    group.sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2));
    group.throughput(Throughput::Elements(figures.contents as u64));
    group.bench_function(format!("{} MiB in {} segments", figures.bytes >> 20, figures.segments), |b| {
        b.iter(|| black_box(Store::at(folder.path(), Options::default()).expect("the store")));
    });
    group.finish();
}

criterion_group!(benches, store);
criterion_main!(benches);
