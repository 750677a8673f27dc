//! Eviction policies on recorded requests, against figures that another program computed.
//!
//! The figures are those of libCacheSim (Python package 0.3.5, run as a program of its own, with its default parameters). Three traces: pages of a web
//! shop (cache2k web07, CC BY 4.0, headissue GmbH, Jens Wilke), keys of a ledger that are scanned (Corda vault service, Apache-2.0), and a sample of
//! web requests with sizes (from the AdaptSize project, Apache-2.0). They do not ship with the project: they are read from the folder that
//! `HYPERMESH_CACHE_TRACES` names, or from `../shared/data/cache` beside the workspace. In CI their absence is a failure; elsewhere the test says that
//! it did not run.

use flate2::read::GzDecoder;
use hypermesh_core::stoq::cache::policy::{Adaptive, AdaptiveConfig, Kind, Policy};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::PathBuf;

/// How far a miss ratio may be from the other program's.
const TOLERANCE: f64 = 0.005;
/// The same for W-TinyLFU among objects of many sizes; see [`Figures`].
const SIZED_TINYLFU_TOLERANCE: f64 = 0.013;
const SEED: u64 = 42;

/// A request: key and bytes.
type Request = (u64, u64);

/// Object miss ratios of FIFO, LRU, SIEVE, S3-FIFO and W-TinyLFU, in the order of `Kind::FIXED`, for a cache of one part in so many of the footprint.
///
/// One of the figures is out of tolerance: W-TinyLFU on objects of many sizes. Three rules that the paper of 2017 leaves open move it by more than the
/// tolerance. The trace is so short (66,987 requests) that counts which are halved after ten requests for each object of the cache are never halved: it
/// misses 0.6337, and halved after five 0.6274. What fills the empty main part begins as protected here; as probation it misses 0.6328 and 0.6185. And
/// theirs never admits an object larger than the window (seen from outside: one of twice the window's size misses however often it is asked for), which
/// would keep every chunk out of a small cache. Ours keeps the sample of the paper, fills both parts, and lets large objects compete with the aggregated
/// victims of Einziger et al. 2022. Theirs misses 0.6214; the distance is held, not hidden.
type Figures = (u64, [f64; 5]);

#[test]
fn miss_ratios_on_pages_of_a_shop_are_those_of_another_program() {
    let Some(trace) = words("caffeine_cache2k_web07.trace.xz", 4) else { return };
    judge("web07", &trace, &[(100, [0.63722, 0.60854, 0.57679, 0.56251, 0.60820]), (10, [0.46882, 0.44335, 0.42073, 0.41784, 0.44116])]);
}

#[test]
fn miss_ratios_on_a_scan_are_those_of_another_program() {
    let Some(trace) = words("caffeine_corda_trace_vaultservice.gz", 8) else { return };
    judge("corda", &trace, &[(100, [0.66667, 0.66667, 0.99335, 0.66667, 0.99080]), (10, [0.66667, 0.66667, 0.93335, 0.66667, 0.66667])]);
}

#[test]
fn miss_ratios_on_objects_of_many_sizes_are_those_of_another_program() {
    let Some(trace) = sized("caffeine_adapt_size_request.trace.xz") else { return };
    judge("adapt-size", &trace, &[(10, [0.67131, 0.65626, 0.62190, 0.62112, 0.62145])]);
}

/// Every policy against its figure; then the adaptive one against the best of them, and both against the best there can be.
fn judge(name: &str, trace: &[Request], figures: &[Figures]) {
    let objects: BTreeMap<u64, u64> = trace.iter().copied().collect();
    let footprint: u64 = objects.values().sum();
    let of_one_size = objects.values().all(|bytes| *bytes == 1);
    for (part, wanted) in figures {
        let capacity = footprint / part;
        let mut best: f64 = 1.0;
        for (kind, wanted) in Kind::FIXED.into_iter().zip(wanted) {
            let seen = miss_ratio(kind.build(capacity, SEED).as_mut(), trace);
            println!("{name:10} 1/{part:<3} {:10} {seen:.4} (theirs {wanted:.4}, {:+.2} points)", kind.name(), (seen - wanted) * 100.0);
            let tolerance = if kind == Kind::WTinyLfu && !of_one_size { SIZED_TINYLFU_TOLERANCE } else { TOLERANCE };
            assert!((seen - wanted).abs() <= tolerance, "{name}, 1/{part}, {}: {seen:.4}, not {wanted:.4}", kind.name());
            best = best.min(seen);
        }
        let mut adaptive = Adaptive::new(capacity, SEED, AdaptiveConfig::default());
        let seen = miss_ratio(&mut adaptive, trace);
        let optimum = if of_one_size { belady(trace, capacity) } else { f64::NAN };
        println!(
            "{name:10} 1/{part:<3} adaptive   {seen:.4}: {:+.2} points from the best fixed policy ({best:.4}), Belady {optimum:.4}, {} switches",
            (seen - best) * 100.0,
            adaptive.switches()
        );
        assert!(seen - best <= 0.02, "{name}, 1/{part}: the adaptive policy is {:.2} points behind", (seen - best) * 100.0);
        assert!(!of_one_size || optimum <= best.min(seen), "nothing beats the optimum");
    }
}

fn miss_ratio(policy: &mut dyn Policy<u64>, trace: &[Request]) -> f64 {
    let (mut misses, mut evicted) = (0u32, Vec::new());
    for (key, bytes) in trace {
        if !policy.touch(key) {
            misses += 1;
            policy.insert(*key, *bytes, &mut evicted);
            evicted.clear();
        }
    }
    f64::from(misses) / trace.len() as f64
}

/// The least miss ratio that any policy could have on objects of one size, which keeps what is asked for soonest (Belady 1966).
fn belady(trace: &[Request], capacity: u64) -> f64 {
    let mut next = vec![usize::MAX; trace.len()];
    let mut last: BTreeMap<u64, usize> = BTreeMap::new();
    for (at, (key, _)) in trace.iter().enumerate().rev() {
        next[at] = last.insert(*key, at).unwrap_or(usize::MAX);
    }
    let (mut held, mut order, mut misses) = (BTreeMap::new(), BTreeSet::new(), 0u32);
    for (at, (key, _)) in trace.iter().enumerate() {
        match held.insert(*key, next[at]) {
            Some(due) => {
                order.remove(&(due, *key));
            }
            None => {
                misses += 1;
                if held.len() as u64 > capacity {
                    let (_, farthest) = order.pop_last().expect("the cache is full");
                    held.remove(&farthest);
                }
            }
        }
        order.insert((next[at], *key));
    }
    f64::from(misses) / trace.len() as f64
}

/// A trace of big-endian keys of `width` bytes, each of one byte in size.
fn words(file: &str, width: usize) -> Option<Vec<Request>> {
    let bytes = data(file)?;
    let word = |bytes: &[u8]| bytes.iter().fold(0u64, |word, byte| word << 8 | u64::from(*byte));
    Some(bytes.chunks_exact(width).map(|bytes| (word(bytes), 1)).collect())
}

/// A trace of lines "time key bytes".
fn sized(file: &str) -> Option<Vec<Request>> {
    let text = String::from_utf8(data(file)?).expect("text");
    let number = |word: Option<&str>| word.expect("three numbers a line").parse().expect("a number");
    Some(
        text.lines().map(|line| line.split_ascii_whitespace().skip(1)).map(|mut line| (number(line.next()), number(line.next()))).collect(),
    )
}

/// The unpacked content of a file of requests, or nothing where it is absent (never in CI).
fn data(file: &str) -> Option<Vec<u8>> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/cache");
    let path = std::env::var_os("HYPERMESH_CACHE_TRACES").map_or_else(beside, PathBuf::from).join(file);
    let Ok(packed) = std::fs::read(&path) else {
        assert!(std::env::var_os("CI").is_none(), "CI needs the requests in {}", path.display());
        println!("DID NOT RUN: {} is absent", path.display());
        return None;
    };
    let mut bytes = Vec::new();
    if file.ends_with(".xz") {
        lzma_rust2::XzReader::new(packed.as_slice(), false).read_to_end(&mut bytes).expect("an xz file");
    } else {
        GzDecoder::new(packed.as_slice()).read_to_end(&mut bytes).expect("a gzip file");
    }
    Some(bytes)
}
