//! Whatever the sources do, as long as one of them is honest: the right bytes, each once.

use super::*;
use crate::base::Reader;
use crate::base::Wire;
use crate::testing::Defect;
use proptest::prelude::*;

/// A run of everything.
#[derive(Clone, Debug)]
struct Case {
    seed: u64,
    len: usize,
    repeats: bool,
    /// The first is honest; the others are not, or are.
    servers: Vec<(Conduct, u64, u64)>,
    in_order: bool,
    reads_back: bool,
    /// The ends of the range in thousandths of the object.
    from: u64,
    to: u64,
    window: u64,
    chunks: usize,
    credit: u64,
    pause: u64,
    sources: usize,
    /// When it is cut off and begun again, in milliseconds of each part.
    cuts: Vec<u64>,
}

fn conduct() -> impl Strategy<Value = Conduct> {
    prop_oneof![
        Just(Conduct::Honest),
        (1u64..=1000).prop_map(Conduct::Lies),
        (1u64..=1000).prop_map(Conduct::Lacks),
        (0u64..30).prop_map(Conduct::Stalls),
        (0u64..30, 2u64..200).prop_map(|(after, times)| Conduct::Slows(after, times)),
        (1u64..=1000).prop_map(Conduct::IsBusy),
        (1u64..=1000).prop_map(Conduct::Forgets),
        (1u64..30).prop_map(Conduct::Breaks),
        Just(Conduct::IsAway),
    ]
}

fn case() -> impl Strategy<Value = Case> {
    let line = || (100_000u64..10_000_000, 1u64..200);
    let others = prop::collection::vec((conduct(), line()).prop_map(|(conduct, (rate, rtt))| (conduct, rate, rtt)), 0..5);
    let servers = (line(), others, any::<prop::sample::Index>()).prop_map(|((rate, rtt), mut servers, at)| {
        servers.insert(at.index(servers.len() + 1), (Conduct::Honest, rate, rtt));
        servers
    });
    let what = (any::<u64>(), 1usize..250_000, any::<bool>(), servers);
    let how = (any::<bool>(), any::<bool>(), 0u64..=1000, 0u64..=1000);
    let bounds = (1u64..300_000, 1usize..100, 1u64..200_000, 0u64..20_000, 1usize..6);
    (what, how, bounds, prop::collection::vec(1u64..400, 0..3)).prop_map(|(what, how, bounds, cuts)| {
        let (seed, len, repeats, servers) = what;
        let (in_order, reads_back, from, to) = how;
        let (window, chunks, credit, pause, sources) = bounds;
        Case { seed, len, repeats, servers, in_order, reads_back, from, to, window, chunks, credit, pause, sources, cuts }
    })
}

impl Case {
    fn range(&self) -> Range<u64> {
        let (a, b) = (self.from * self.len as u64 / 1000, self.to * self.len as u64 / 1000);
        a.min(b)..a.max(b)
    }

    fn order(&self, object: &Object, resume: Option<Resume>) -> Order {
        Order {
            range: Some(self.range()),
            sequence: if self.in_order { Sequence::InOrder } else { Sequence::AsTheyCome },
            credit: self.credit,
            reads_back: self.reads_back,
            resume,
            ..all(object, self.servers.len() as u32)
        }
    }

    /// Runs it and gives all that went wrong.
    fn run(&self, defect: Option<Defect>) -> Vec<String> {
        let object = if self.repeats { Object::repeating(self.seed, self.len.div_ceil(4), 4) } else { Object::random(self.seed, self.len) };
        let config =
            Config { sources_max: self.sources, chunks_max: self.chunks, window_bytes: self.window, chunk_within: Span::secs(5), defect };
        let mut world = World::new(&object, self.seed, &self.servers).with(config.clone());
        world.pause = Span::micros(self.pause);
        world.begin(self.order(&object, None));
        for cut in &self.cuts {
            world.run_until(world.now + Span::millis(*cut));
            if world.transfer.phase() != Phase::Running {
                break;
            }
            let resume = world.transfer.resume().map(|resume| {
                let bytes = resume.to_bytes();
                Resume::decode(&mut Reader::new(&bytes)).expect("what was written can be read")
            });
            world.begin_again(config.clone(), self.order(&object, resume));
        }
        world.run();
        let mut wrongs = world.wrongs(self.range());
        if world.held_most > config.held_max() {
            wrongs.push(format!("{} bytes were held", world.held_most));
        }
        wrongs
    }
}

proptest! {
    #[test]
    fn one_honest_source_among_any_others_is_enough(case in case()) {
        prop_assert_eq!(case.run(None), Vec::<String>::new());
    }

    #[test]
    fn what_a_resume_is_written_as_can_be_read_and_nothing_else(
        ends in prop::collection::btree_set(0u64..1 << 40, 2..40),
        cut in any::<prop::sample::Index>(),
        id in any::<[u8; 32]>(),
    ) {
        let ends: Vec<u64> = ends.into_iter().collect();
        let mut done = Ranges::default();
        for pair in ends.chunks_exact(2) {
            done.insert(pair[0]..pair[1]);
        }
        let resume = Resume { root: ManifestId(id), version: ends[0], range: ends[0]..ends[ends.len() - 1] + 1, done };
        let bytes = resume.to_bytes();
        prop_assert_eq!(bytes.len(), resume.encoded_len());
        let mut reader = Reader::new(&bytes);
        prop_assert_eq!(Resume::decode(&mut reader), Ok(resume.clone()));
        prop_assert!(reader.is_empty());
        prop_assert!(Resume::decode(&mut Reader::new(&bytes[..cut.index(bytes.len())])).is_err());
    }

    #[test]
    fn no_bytes_can_hurt_a_resume(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
        let _ = Resume::decode(&mut Reader::new(&bytes));
    }

    #[test]
    fn ranges_are_a_set_of_bytes(ops in prop::collection::vec((0usize..100, 0usize..30), 0..30), ask in (0usize..100, 0usize..30)) {
        let (mut ranges, mut bytes) = (Ranges::default(), [false; 140]);
        for (start, len) in ops {
            ranges.insert(start as u64..(start + len) as u64);
            bytes[start..start + len].fill(true);
        }
        prop_assert_eq!(ranges.bytes(), bytes.iter().filter(|byte| **byte).count() as u64);
        let runs = (0..140).filter(|at| bytes[*at] && (*at == 0 || !bytes[*at - 1])).count();
        prop_assert_eq!(ranges.len(), runs, "they neither touch nor overlap");
        let asked = ask.0..ask.0 + ask.1;
        prop_assert_eq!(ranges.covers(&(asked.start as u64..asked.end as u64)), bytes[asked.clone()].iter().all(|byte| *byte));
        let missing = ranges.missing(&(asked.start as u64..asked.end as u64));
        let holes: Vec<u64> = asked.clone().filter(|at| !bytes[*at]).map(|at| at as u64).collect();
        match (holes.first(), holes.last()) {
            (Some(first), Some(last)) => prop_assert_eq!(missing, *first..*last + 1),
            _ => prop_assert!(missing.is_empty()),
        }
    }
}

/// The test can fail: without the verification, a liar's bytes are delivered, and the oracle says so.
#[test]
#[cfg(feature = "defects")]
fn without_verification_the_oracle_finds_wrong_bytes() {
    let case = |conduct| Case {
        seed: 50,
        len: 100_000,
        repeats: false,
        servers: vec![(conduct, 4_000_000, 5), (Conduct::Honest, 1_000_000, 20)],
        in_order: true,
        reads_back: false,
        from: 0,
        to: 1000,
        window: 300_000,
        chunks: 100,
        credit: 100_000,
        pause: 1,
        sources: 2,
        cuts: Vec::new(),
    };
    assert_eq!(case(Conduct::Lies(300)).run(None), Vec::<String>::new());
    assert_ne!(case(Conduct::Lies(300)).run(Some(Defect::DeliverUnverified)), Vec::<String>::new());
    assert_eq!(case(Conduct::Honest).run(Some(Defect::DeliverUnverified)), Vec::<String>::new(), "with honest sources nobody would notice");
}

/// Found by the property: two stallers that answer `Have` and take a chunk from each other for ever are overtaken all the same.
#[test]
fn stallers_before_an_honest_source_do_not_stop_a_transfer_that_was_cut_twice() {
    let case = Case {
        seed: 3545097128567137841,
        len: 159306,
        repeats: false,
        servers: vec![(Conduct::Stalls(18), 1450936, 92), (Conduct::Stalls(12), 1308188, 89), (Conduct::Honest, 100000, 1)],
        in_order: false,
        reads_back: false,
        from: 84,
        to: 843,
        window: 105656,
        chunks: 4,
        credit: 1,
        pause: 6038,
        sources: 1,
        cuts: vec![245, 248],
    };
    assert_eq!(case.run(None), Vec::<String>::new());
}
