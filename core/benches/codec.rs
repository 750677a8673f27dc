//! What it costs to write, read and measure the messages of a mesh peer.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use hypermesh_core::base::{NodeId, Wire};
use hypermesh_core::hypermesh::mesh::hyparview::{Exchange, Walk};
use hypermesh_core::hypermesh::mesh::peer::Message;
use hypermesh_core::hypermesh::mesh::{hyparview, plumtree, swim, vivaldi};
use hypermesh_core::node::BroadcastId;
use std::hint::black_box;

/// The kinds that fill the wire, by name.
fn messages() -> Vec<(&'static str, Message)> {
    let coordinate = Some(vivaldi::Coordinate { x: 12.5, y: -80.0, height: 3.0, error: 0.2 }.into());
    let mut peers = Exchange::EMPTY;
    (0..8).for_each(|i| peers.push(NodeId(i * 100_003)));
    vec![
        ("ping", Message::Swim(swim::Message::Ping { probe: 700 })),
        ("ack", Message::Swim(swim::Message::Ack { probe: 700, coordinate })),
        ("gossip 1 KiB", Message::Plumtree(plumtree::Message::Gossip { id: BroadcastId(70), hops: 9, bytes: 1_024 })),
        ("ihave", Message::Plumtree(plumtree::Message::IHave { id: BroadcastId(70), hops: 9 })),
        ("shuffle", Message::HyParView(hyparview::Message::Shuffle(Box::new(Walk { hops: 4, peers })))),
    ]
}

fn codec(criterion: &mut Criterion) {
    for (name, message) in messages() {
        let bytes = message.to_bytes();
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Bytes(bytes.len() as u64));
        let mut out = Vec::with_capacity(2_048);
        group.bench_function("encode", |bencher| {
            bencher.iter(|| {
                out.clear();
                black_box(&message).encode(&mut out);
                out.len()
            });
        });
        group.bench_function("decode", |bencher| bencher.iter(|| Message::from_bytes(black_box(&bytes))));
        group.bench_function("encoded_len", |bencher| bencher.iter(|| black_box(&message).encoded_len()));
        group.finish();
    }
}

criterion_group!(benches, codec);
criterion_main!(benches);
