//! What one input costs a mesh peer with five neighbours and all four parts, everything in cache: the floor under any engine.

use criterion::{Criterion, criterion_group, criterion_main};
use hypermesh_core::base::{Dice, NodeId, SeedKey, Span, Time};
use hypermesh_core::hypermesh::mesh::peer::{Config, Message, Peer, Wakeup};
use hypermesh_core::hypermesh::mesh::{hyparview, plumtree, swim, vivaldi};
use hypermesh_core::machine::{Chance, Cx, Machine};
use hypermesh_core::node::{BroadcastId, Contacts, Effect, Input, Node};
use std::sync::Arc;

const ME: NodeId = NodeId(1_000);

/// A peer with what a driver lends it.
struct Bench {
    peer: Peer,
    dice: Dice,
    position: u32,
    now: Time,
    out: Vec<Effect<Message, Wakeup>>,
}

impl Bench {
    /// A peer with the neighbours 1 to 5.
    fn new() -> Self {
        let config = Config {
            hyparview: Some(hyparview::Config::default()),
            plumtree: Some(plumtree::Config::default()),
            swim: Some(swim::Config::default()),
            vivaldi: Some(vivaldi::Config::default()),
            defect: None,
        };
        let peer = Peer::new(&Arc::new(config));
        let mut bench = Self { peer, dice: Dice::new(SeedKey::new(1)), position: 0, now: Time::ZERO, out: Vec::new() };
        bench.react(|peer, cx| peer.handle(Input::Start { contacts: Contacts::default() }, cx));
        let wish = hyparview::Message::Neighbor { priority: hyparview::Priority::High };
        (1..=5).for_each(|from| bench.receive(from, Message::HyParView(wish.clone())));
        bench
    }

    fn receive(&mut self, from: u32, message: Message) {
        self.react(|peer, cx| peer.handle(Input::Message { from: NodeId(from), message }, cx));
    }

    fn react(&mut self, react: impl FnOnce(&mut Peer, &mut Cx<'_, Effect<Message, Wakeup>>)) {
        self.out.clear();
        self.now += Span::micros(50);
        let chance = Chance::new(&mut self.dice, ME.0, &mut self.position);
        react(&mut self.peer, &mut Cx::new(self.now, ME, chance, &mut self.out));
    }
}

fn step(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("peer");
    let mut bench = Bench::new();
    group.bench_function("ping", |bencher| bencher.iter(|| bench.receive(3, Message::Swim(swim::Message::Ping { probe: 7 }))));
    let mut probe = 0;
    group.bench_function("probe and its answer", |bencher| {
        bencher.iter(|| {
            probe += 1;
            bench.react(|peer, cx| peer.wake(Wakeup::Probe { probe }, cx));
            let ping = |effect: &Effect<Message, Wakeup>| {
                matches!(effect, Effect::Send { message: Message::Swim(swim::Message::Ping { .. }), .. })
            };
            let to = bench
                .out
                .iter()
                .find_map(|effect| if let (true, Effect::Send { to, .. }) = (ping(effect), effect) { Some(to.0) } else { None });
            let coordinate = Some(vivaldi::Coordinate { x: 30.0, y: 4.0, height: 2.0, error: 0.3 }.into());
            bench.receive(to.unwrap_or(1), Message::Swim(swim::Message::Ack { probe, coordinate }));
            bench.react(|peer, cx| peer.wake(Wakeup::Answer { probe }, cx));
        });
    });
    (2..=5).for_each(|from| bench.receive(from, Message::Plumtree(plumtree::Message::Prune)));
    let mut id = 0;
    group.bench_function("new gossip, announced to four", |bencher| {
        bencher.iter(|| {
            id += 1;
            bench.receive(1, Message::Plumtree(plumtree::Message::Gossip { id: BroadcastId(id), hops: 3, bytes: 1_024 }));
        });
    });
    group.bench_function("announcement of what is known", |bencher| {
        bencher.iter(|| bench.receive(2, Message::Plumtree(plumtree::Message::IHave { id: BroadcastId(id), hops: 3 })));
    });
    group.bench_function("join that walks on", |bencher| {
        let walk = Message::HyParView(hyparview::Message::ForwardJoin { newcomer: NodeId(9), hops: 5 });
        bencher.iter(|| bench.receive(2, walk.clone()));
    });
    group.finish();
}

criterion_group!(benches, step);
criterion_main!(benches);
