//! R-10-01, R-10-03, R-10-05 and R-10-06 with several sources: a transfer by itself, whose sources the case plays.

use super::objects::{chunks, tree};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::memory::under;
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::{Dice, NodeId, SeedKey, Span, Time};
use hypermesh_core::machine::{Chance, Cx, Machine};
use hypermesh_core::stoq::session::frame::{Bits, ContentId, Name};
use hypermesh_core::stoq::transfer::{AskId, Config, Effect, Input, Offer, Order, Penalty, Sequence, SourceId, Transfer, What, Wish};
use hypermesh_core::testing::stoq::Packed;
use std::sync::Arc;

const A: SourceId = SourceId(0);
const B: SourceId = SourceId(1);

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::function("R-10-01/a-source-that-may-not-say-what-names-lead-to", Invalid, || {
            let mut bench = Bench::new();
            let name = Name::new("it").expect("it is a name");
            let effects = bench.begin(What::Name { name, version_min: 0, age_max: None }, false);
            let later = bench.tell(Input::Opened(A));
            let asked = asks(&effects).into_iter().chain(asks(&later)).count();
            ensure(asked == 0, || "a source is asked for a name that may not answer for it".into())
        }),
        Case::function("R-10-03/a-promise-that-is-not-kept", Invalid, || {
            let (mut bench, object) = (Bench::new(), object(4));
            let (ask, wanted) = bench.up_to_chunks(&object)?;
            let mut there = Bits::zeros(wanted.len()).unwrap_or_default();
            (0..wanted.len()).for_each(|at| there.set(at));
            bench.tell(Input::Have { ask, there });
            let effects = bench.tell(Input::Ended { ask });
            ensure(penalties(&effects) == [(A, Penalty::Promised)], || format!("the penalties are {:?}", penalties(&effects)))
        }),
        Case::function("R-10-05/another-source-is-asked-instead", Valid, || {
            let (mut bench, object) = (Bench::new(), object(4));
            let (ask, wanted) = bench.up_to_chunks(&object)?;
            let wrong = bench.tell(Input::Content { ask, id: wanted[0], bytes: Arc::from([1; 1024]) });
            ensure(penalties(&wrong) == [(A, Penalty::Wrong)], || format!("the penalties are {:?}", penalties(&wrong)))?;
            ensure(!wrong.iter().any(|effect| matches!(effect, Effect::Drop { .. })), || "the exchange is given up".into())?;
            let right = bench.tell(Input::Content { ask, id: wanted[1], bytes: object.contents[&wanted[1]].clone() });
            ensure(penalties(&right).is_empty(), || "what else the source sends is not used".into())?;
            let opened = bench.tell(Input::Opened(B));
            let first = asks(&opened)
                .into_iter()
                .any(|(_, source, wish)| source == B && matches!(&wish, Wish::Chunks(ids) if ids.iter().any(|id| id.0 == wanted[0].0)));
            ensure(first, || "the content is not asked of the other source".into())
        })
        .leaning_on(&["R-10-04"]),
        duplicates("R-10-06/two-sources-bring-the-same-chunk", Valid, Span::millis(5), false),
        duplicates("R-10-06/both-copies-in-one-instant", Boundary, Span::ZERO, false),
        duplicates("R-10-06/the-second-copy-is-a-wrong-one", Invalid, Span::millis(5), true).leaning_on(&["R-10-04", "R-10-05"]),
    ]
}

/// One chunk is asked of two sources, and both bring it.
fn duplicates(name: &str, polarity: crate::suite::Polarity, apart: Span, is_wrong: bool) -> Case {
    Case::function(name, polarity, move || {
        let (mut bench, object) = (Bench::new(), object(1));
        let (first, wanted) = bench.up_to_chunks(&object)?;
        let opened = bench.tell(Input::Opened(B));
        let second = asks(&opened).into_iter().find(|(_, source, _)| *source == B).map(|(ask, ..)| ask);
        let second = second.ok_or_else(|| Miss::Inconclusive("only one source was asked".into()))?;
        let bytes = object.contents[&wanted[0]].clone();
        let one = bench.tell(Input::Content { ask: first, id: wanted[0], bytes: bytes.clone() });
        bench.now += apart;
        let copy: Arc<[u8]> = if is_wrong { Arc::from([1; 1024]) } else { bytes };
        let other = bench.tell(Input::Content { ask: second, id: wanted[0], bytes: copy });
        let delivered = one.iter().chain(&other).filter(|effect| matches!(effect, Effect::Deliver { .. })).count();
        ensure(delivered == 1, || format!("the chunk is handed on {delivered} times"))?;
        let due: &[(SourceId, Penalty)] = if is_wrong { &[(B, Penalty::Wrong)] } else { &[] };
        let found = [penalties(&one), penalties(&other)].concat();
        ensure(found == due, || format!("the penalties are {found:?}, and due are {due:?}"))
    })
}

/// An object of so many chunks of 1024 octets under one manifest.
fn object(count: usize) -> Packed {
    under(None, || tree(10, count, 8))
}

/// A transfer with two sources, and a clock.
struct Bench {
    transfer: Transfer,
    now: Time,
    dice: Dice,
    position: u32,
}

impl Bench {
    fn new() -> Self {
        Self { transfer: Transfer::new(Config::default()), now: Time(1), dice: Dice::new(SeedKey::new(1)), position: 0 }
    }

    fn tell(&mut self, input: Input) -> Vec<Effect> {
        let mut out = Vec::new();
        let chance = Chance::new(&mut self.dice, 0, &mut self.position);
        self.transfer.handle(input, &mut Cx::new(self.now, NodeId(0), chance, &mut out));
        out
    }

    fn begin(&mut self, what: What, names: bool) -> Vec<Effect> {
        let sources = [A, B].map(|source| Offer { source, cost: source.0, names }).into();
        let sequence = Sequence::InOrder;
        self.tell(Input::Begin(Box::new(Order { what, range: None, sources, sequence, credit: 1 << 20, reads_back: false, resume: None })))
    }

    /// Begins; source A gives the manifest and is asked for chunks: the exchange, and which.
    fn up_to_chunks(&mut self, object: &Packed) -> Outcome<(AskId, Vec<ContentId>)> {
        self.begin(What::Id(object.root), true);
        let opened = self.tell(Input::Opened(A));
        let (ask, ..) = asks(&opened).into_iter().next().ok_or_else(|| Miss::Inconclusive("the manifest is not asked for".into()))?;
        self.now += Span::millis(10);
        let told = self.tell(Input::Content { ask, id: ContentId(object.root.0), bytes: object.manifest.clone() });
        self.tell(Input::Ended { ask });
        let (ask, _, wish) = asks(&told).into_iter().next().ok_or_else(|| Miss::Inconclusive("no chunk is asked for".into()))?;
        let Wish::Chunks(ids) = wish else { return Err(Miss::Inconclusive(format!("{wish:?} is asked for"))) };
        let wanted: Vec<ContentId> = ids.iter().map(|id| ContentId(id.0)).collect();
        ensure(wanted.len() == chunks(object).len(), || format!("{} chunks are asked for", wanted.len()))
            .map_err(|miss| miss.before("asking"))?;
        self.now += Span::millis(2);
        Ok((ask, wanted))
    }
}

fn asks(effects: &[Effect]) -> Vec<(AskId, SourceId, Wish)> {
    let ask = |effect: &Effect| match effect {
        Effect::Ask { ask, source, wish } => Some((*ask, *source, wish.clone())),
        _ => None,
    };
    effects.iter().filter_map(ask).collect()
}

fn penalties(effects: &[Effect]) -> Vec<(SourceId, Penalty)> {
    let penalty = |effect: &Effect| match effect {
        Effect::Penalise { source, why } => Some((*source, *why)),
        _ => None,
    };
    effects.iter().filter_map(penalty).collect()
}
