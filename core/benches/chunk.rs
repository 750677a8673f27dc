//! What it costs to cut an object and to name its chunks, beside the bare libraries on the same bytes, and what the rest of the content layer costs.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use fastcdc::v2020::FastCDC;
use hypermesh_core::base::{Dice, NodeId, Purpose, SeedKey};
use hypermesh_core::stoq::chunk::{ChunkId, Cutter, DedupIndex, Place, Profile};
use hypermesh_core::stoq::manifest::{Body, ChunkEntry, Code, Manifest};
use hypermesh_core::stoq::replication::{Coder, Member, Placement};
use std::hint::black_box;
use std::time::Duration;

const BYTES: usize = 8 << 20;
/// The size of the pieces in which bytes come from a file or a stream.
const PIECE: usize = 256 << 10;

fn noise() -> Vec<u8> {
    let mut dice = Dice::new(SeedKey::new(1));
    let words = (0..BYTES / 256).flat_map(|at| {
        let mut draw = dice.draw(0, Purpose::Test, at as u32);
        core::array::from_fn::<u64, 32, _>(|_| draw.u64())
    });
    words.flat_map(u64::to_le_bytes).collect()
}

fn used<T>(value: T) {
    let _ = black_box(value);
}

fn cut(bytes: &[u8], profile: Profile, piece: usize, mut chunk: impl FnMut(&[u8])) {
    let mut cutter = Cutter::new(profile);
    bytes.chunks(piece).for_each(|piece| cutter.push(piece, &mut chunk));
    cutter.finish(chunk);
}

fn bare(bytes: &[u8], profile: Profile) -> impl Iterator<Item = &[u8]> {
    FastCDC::new(bytes, profile.min(), profile.avg(), profile.max()).map(|chunk| &bytes[chunk.offset..][..chunk.length])
}

fn cutting(criterion: &mut Criterion) {
    let bytes = noise();
    for profile in Profile::ALL {
        let mut group = criterion.benchmark_group(format!("chunk/{}", profile.name()));
        group.throughput(Throughput::Bytes(BYTES as u64));
        group.bench_function("cut", |bencher| bencher.iter(|| cut(&bytes, profile, PIECE, |chunk| used(chunk.len()))));
        group.bench_function("cut, bare fastcdc", |bencher| bencher.iter(|| bare(&bytes, profile).for_each(|chunk| used(chunk.len()))));
        group.bench_function("cut and name", |bencher| bencher.iter(|| cut(&bytes, profile, PIECE, |chunk| used(ChunkId::of(chunk)))));
        group.bench_function("cut and name, bare fastcdc and BLAKE3", |bencher| {
            bencher.iter(|| bare(&bytes, profile).for_each(|chunk| used(blake3::hash(chunk))));
        });
        let chunks: Vec<_> = bare(&bytes, profile).collect();
        group.bench_function("name", |bencher| bencher.iter(|| chunks.iter().for_each(|chunk| used(ChunkId::of(chunk)))));
        group.bench_function("name, bare BLAKE3", |bencher| bencher.iter(|| chunks.iter().for_each(|chunk| used(blake3::hash(chunk)))));
        group.finish();
    }
}

fn manifests(criterion: &mut Criterion) {
    let entry = |i: u32| ChunkEntry { id: ChunkId::of(&i.to_le_bytes()), len: 16_384 };
    let body = Body::Chunks { entries: (0..1_000).map(entry).collect(), coded: None };
    let manifest = Manifest::new(Profile::Standard.chunker(), body, None).expect("it keeps the rules");
    let bytes = manifest.encode();
    let mut group = criterion.benchmark_group("manifest of 1,000 chunks");
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("encode", |bencher| bencher.iter(|| black_box(&manifest).encode()));
    group.bench_function("decode", |bencher| bencher.iter(|| Manifest::decode(black_box(&bytes))));
    group.finish();
}

fn index(criterion: &mut Criterion) {
    let ids: Vec<_> = (0..100_000u32).map(|i| ChunkId::of(&i.to_le_bytes())).collect();
    let mut index = DedupIndex::new(120_000, 1);
    ids.iter().enumerate().for_each(|(i, id)| used(index.insert(id, Place(i as u32))));
    let mut next = 0;
    criterion.bench_function("index/find", |bencher| {
        bencher.iter(|| {
            next = (next + 7_919) % ids.len();
            index.find(&ids[next], |place| ids[place.0 as usize] == ids[next])
        });
    });
}

fn replicas(criterion: &mut Criterion) {
    for nodes in [100u32, 1_000] {
        let member = |i| Member { node: NodeId(i), weight: 1 + i % 3, region: i % 5, site: i / 5 % 4 };
        let placement = Placement::new((0..nodes).map(member).collect()).expect("no node stands twice");
        let id = ChunkId::of(b"chunk");
        criterion.bench_with_input(BenchmarkId::new("placement of 3", nodes), &placement, |bencher, placement| {
            bencher.iter(|| placement.holders(black_box(&id), 3));
        });
    }
    let coder = Coder::new(Code::new(1, 10, 14).expect("a code")).expect("codec 1");
    let shards = vec![vec![7u8; 65_536]; 10];
    let chunks: Vec<_> = shards.iter().map(Vec::as_slice).collect();
    let parity = coder.encode(&chunks).expect("ten chunks");
    let mut group = criterion.benchmark_group("erasure 10 of 14, 64 KiB");
    group.throughput(Throughput::Bytes(10 * 65_536));
    group.bench_function("encode", |bencher| bencher.iter(|| coder.encode(black_box(&chunks))));
    group.bench_function("rebuild 4", |bencher| {
        let torn: Vec<_> = (0..14).map(|i| if i < 4 { None } else { shards.get(i).or(parity.get(i.wrapping_sub(10))).cloned() }).collect();
        bencher.iter_batched(|| torn.clone(), |mut torn| coder.rebuild(&[65_536; 10], &mut torn), criterion::BatchSize::LargeInput);
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    targets = cutting, manifests, index, replicas
}
criterion_main!(benches);
