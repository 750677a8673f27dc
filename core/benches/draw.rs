//! What a seeded draw costs: pointing the generator anew, and each number after the first.

use criterion::{Criterion, criterion_group, criterion_main};
use hypermesh_core::base::{Dice, Purpose, SeedKey};

fn draw(criterion: &mut Criterion) {
    let mut dice = Dice::new(SeedKey::new(1));
    let mut position = 0u32;
    criterion.bench_function("draw/one number", |bencher| {
        bencher.iter(|| {
            position = position.wrapping_add(1);
            dice.draw(position % 1_000, Purpose::Peer, position).u64()
        });
    });
    criterion.bench_function("draw/thirty-two numbers", |bencher| {
        bencher.iter(|| {
            position = position.wrapping_add(1);
            let mut draw = dice.draw(position % 1_000, Purpose::Peer, position);
            (0..32).fold(0, |sum: u64, _| sum ^ draw.u64())
        });
    });
    criterion.bench_function("draw/changing purpose", |bencher| {
        bencher.iter(|| {
            position = position.wrapping_add(1);
            let purpose = if position.is_multiple_of(2) { Purpose::Peer } else { Purpose::Exchange };
            dice.draw(position % 1_000, purpose, position).u64()
        });
    });
}

criterion_group!(benches, draw);
criterion_main!(benches);
