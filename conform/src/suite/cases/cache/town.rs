//! Both sides of an edge: the tester plays the origin above it and the client below it.

use crate::suite::case::{Case, Polarity, Subject};
use crate::suite::memory::{Memory, under};
use crate::suite::port::{Line, Pixit};
use crate::suite::tester::{Answer, Fixture, Got, Tester, get_name};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::{Span, Wire as _};
use hypermesh_core::stoq::session::frame::word::Absent;
use hypermesh_core::stoq::session::frame::{Fail, Frame, GetName, Manifest, Name, Purge, Word};
use hypermesh_core::stoq::session::{Code, Roles, StreamId};
use hypermesh_core::testing::Breach;

/// An edge with its two neighbours.
#[derive(Clone, Copy, Debug)]
pub(super) struct Town {
    /// The tester as the origin that the edge connected with.
    pub(super) above: Line,
    /// The tester as a client of the edge.
    pub(super) below: Line,
}

/// A word that is fresh for so many milliseconds, and of no use after that.
pub(super) const fn fresh(millis: u64) -> Word {
    word(0, [millis, 0, 0])
}

/// A word of an origin: the age, and how long the answer is fresh, of use during a fetch, and of use after a failure; milliseconds.
pub(super) const fn word(age_millis: u64, life: [u64; 3]) -> Word {
    Word {
        origin: true,
        no_store: false,
        age_millis,
        max_age_millis: life[0],
        stale_while_revalidate_millis: life[1],
        stale_if_error_millis: life[2],
    }
}

/// An object of one chunk.
pub(super) fn object(t: &Tester<'_>, name: &str, version: u64) -> Fixture {
    Fixture::new(t.name(name), version, t.seed() + version, 5_000)
}

impl Town {
    /// The edge without a lease.
    pub(super) fn open(t: &mut Tester<'_>) -> Outcome<Self> {
        Self::open_as(t, crate::suite::tester::ROLES)
    }

    /// The same with somebody else below the edge.
    pub(super) fn open_as(t: &mut Tester<'_>, roles: Roles) -> Outcome<Self> {
        let below = t.session_as(roles)?;
        let above = t.session_from_it()?;
        Ok(Self { above, below })
    }

    /// The edge with the declared lease, which was asked for at this moment.
    pub(super) fn leased(t: &mut Tester<'_>) -> Outcome<Self> {
        Self::leased_as(t, crate::suite::tester::ROLES)
    }

    /// The same with somebody else below the edge.
    pub(super) fn leased_as(t: &mut Tester<'_>, roles: Roles) -> Outcome<Self> {
        let town = Self::open_as(t, roles)?;
        town.grant(t)?;
        Ok(town)
    }

    /// Waits for a question for a lease, and gives the declared one.
    pub(super) fn grant(&self, t: &mut Tester<'_>) -> Outcome {
        let token = self.question(t)?;
        let lease = t.pixit().lease;
        self.pong(t, token, lease)
    }

    /// The token of the next question for a lease.
    pub(super) fn question(&self, t: &mut Tester<'_>) -> Outcome<u64> {
        let late = t.patience() + t.patience();
        let token = self.question_within(t, late)?;
        token.ok_or_else(|| Miss::Fail("no question for a lease came from below".into()))
    }

    /// The same, if one comes for this long.
    pub(super) fn question_within(&self, t: &mut Tester<'_>, within: Span) -> Outcome<Option<u64>> {
        let Some(frames) = t.frames_within(self.above, within)? else { return Ok(None) };
        match frames[..] {
            [Frame::Ping { token }] => Ok(Some(token)),
            _ => Err(Miss::Fail(format!("{frames:?} came where Ping is due"))),
        }
    }

    /// Answers a question for a lease.
    pub(super) fn pong(&self, t: &mut Tester<'_>, token: u64, lease: Span) -> Outcome {
        let pong = Frame::Pong { token, load_permille: 0, lease_millis: (lease.0 / 1_000_000) as u32 };
        t.datagram(self.above, &pong.to_bytes())
    }

    /// Lets time pass, and answers every question for a lease meanwhile.
    pub(super) fn pass(&self, t: &mut Tester<'_>, span: Span) -> Outcome {
        let until = t.now() + span;
        loop {
            while let Some(token) = self.question_within(t, Span::ZERO)? {
                let lease = t.pixit().lease;
                self.pong(t, token, lease)?;
            }
            let left = until.since(t.now());
            if left == Span::ZERO {
                return Ok(());
            }
            t.pause(left.min(Span::millis(500)));
        }
    }

    /// The client asks for the manifest of a name.
    pub(super) fn ask(&self, t: &mut Tester<'_>, name: &str) -> Outcome<StreamId> {
        self.ask_so(t, name, |_| {})
    }

    /// The same with something else in the question.
    pub(super) fn ask_so(&self, t: &mut Tester<'_>, name: &str, change: impl FnOnce(&mut GetName)) -> Outcome<StreamId> {
        let mut ask = GetName { manifest_only: true, ..get_name(name) };
        change(&mut ask);
        t.ask(self.below, &Frame::GetName(Box::new(ask)))
    }

    /// The edge asks the origin for a name.
    pub(super) fn asked(&self, t: &mut Tester<'_>) -> Outcome<(StreamId, GetName)> {
        match t.expect_request(self.above)? {
            (stream, Frame::GetName(ask), _) => Ok((stream, *ask)),
            (_, other, _) => Err(Miss::Fail(format!("the edge asked the node above with {other:?}"))),
        }
    }

    /// The edge asks the origin for nothing.
    pub(super) fn not_asked(&self, t: &mut Tester<'_>) -> Outcome {
        t.drain(self.above);
        let asked = t.request_within(self.above, Span::ZERO)?;
        ensure(asked.is_none(), || "the node above was asked, and a copy was to be used".into())
    }

    /// The origin answers with an object.
    pub(super) fn tell(&self, t: &mut Tester<'_>, stream: StreamId, object: &Fixture, word: Option<Word>) -> Outcome {
        let bytes = object.packed.manifest.len() as u32;
        let head = Manifest { id: object.root(), version: object.version, same: false, word, bytes };
        let octets = [Frame::Manifest(Box::new(head)).to_bytes(), object.packed.manifest.to_vec()].concat();
        t.send_last(self.above, stream, &octets)
    }

    /// The origin answers that the version at hand is the newest.
    pub(super) fn same(&self, t: &mut Tester<'_>, stream: StreamId, object: &Fixture, word: Word) -> Outcome {
        let head = Manifest { id: object.root(), version: object.version, same: true, word: Some(word), bytes: 0 };
        t.send_last(self.above, stream, &Frame::Manifest(Box::new(head)).to_bytes())
    }

    /// The origin answers that there is no such object.
    pub(super) fn lack(&self, t: &mut Tester<'_>, stream: StreamId, version: u64, max_age_millis: u64) -> Outcome {
        let absent = Absent { origin: true, version, age_millis: 0, max_age_millis };
        let fail = Fail { absent: Some(absent), ..Fail::new(Code::NotFound, 0) };
        t.send_last(self.above, stream, &Frame::Fail(Box::new(fail)).to_bytes())
    }

    /// The origin cannot answer.
    pub(super) fn fail(&self, t: &mut Tester<'_>, stream: StreamId) -> Outcome {
        t.send_last(self.above, stream, &Frame::Fail(Box::new(Fail::new(Code::StoreFailed, 0))).to_bytes())
    }

    /// The edge gets a copy of an object: somebody asks for it, and the origin answers.
    pub(super) fn fill(&self, t: &mut Tester<'_>, object: &Fixture, word: Word) -> Outcome {
        self.fill_with(t, object, Some(word)).map_err(|miss| miss.before("filling the cache"))
    }

    fn fill_with(&self, t: &mut Tester<'_>, object: &Fixture, word: Option<Word>) -> Outcome {
        let wanted = self.ask(t, &object.name)?;
        let (stream, _) = self.asked(t)?;
        self.tell(t, stream, object, word)?;
        self.expect_version(t, wanted, object.version).map(drop)
    }

    /// The client gets a version of what it asked for. The word that came with it.
    pub(super) fn expect_version(&self, t: &mut Tester<'_>, stream: StreamId, version: u64) -> Outcome<Option<Word>> {
        let answer = t.expect_answer(self.below, stream)?;
        match answer.frames.first() {
            Some((Frame::Manifest(head), _)) if head.version == version => Ok(head.word),
            _ => Err(Miss::Fail(format!("version {version} is due, and {} came", shown(&answer)))),
        }
    }

    /// The client gets nothing for now: it waits, as it has to.
    pub(super) fn expect_waiting(&self, t: &mut Tester<'_>, stream: StreamId) -> Outcome {
        let got: Option<Got> = t.next_within(self.below, stream, Span::ZERO)?;
        ensure(got.is_none(), || format!("an answer came that nobody above gave: {got:?}"))
    }

    /// The client asks, and the answer comes from the copy of this version.
    pub(super) fn expect_copy(&self, t: &mut Tester<'_>, object: &Fixture) -> Outcome<Option<Word>> {
        let stream = self.ask(t, &object.name)?;
        let word = self.expect_version(t, stream, object.version)?;
        self.not_asked(t)?;
        Ok(word)
    }

    /// The client asks, and is not answered before the node above is asked. Both streams, and what the edge asks.
    pub(super) fn expect_asked(&self, t: &mut Tester<'_>, name: &str) -> Outcome<(StreamId, StreamId, GetName)> {
        let wanted = self.ask(t, name)?;
        let (stream, ask) = self.asked(t)?;
        self.expect_waiting(t, wanted)?;
        Ok((wanted, stream, ask))
    }

    /// The node above purges, and the edge acknowledges.
    pub(super) fn purge(&self, t: &mut Tester<'_>, name: &str, below: bool, version: u64) -> Outcome {
        purge_on(t, self.above, name, below, version)?;
        Ok(())
    }
}

/// A purge on some connection that is acknowledged. At how many nodes it holds.
pub(super) fn purge_on(t: &mut Tester<'_>, line: Line, name: &str, below: bool, version: u64) -> Outcome<u32> {
    let stream = t.ask(line, &purge(name, below, version))?;
    match t.expect_answer(line, stream)?.frames.first() {
        Some((Frame::Purged(purged), _)) if purged.version == version => Ok(purged.nodes),
        other => Err(Miss::Fail(format!("Purged is due, and {other:?} came"))),
    }
}

/// The frame of a purge.
pub(super) fn purge(name: &str, below: bool, version: u64) -> Frame {
    Frame::Purge(Box::new(Purge { name: Name::new(name).expect("a case names things well"), below, version }))
}

/// A case in memory, with an implementation whose exchanges may rest for longer than a lease lasts. The tester itself is spared from breaches.
pub(super) fn patient(
    name: &str,
    polarity: Polarity,
    subject: Subject,
    run: impl Fn(&mut Tester<'_>) -> Outcome + Send + Sync + 'static,
) -> Case {
    Case::function(name, polarity, move || {
        let breach = Breach::here();
        let pixit = Pixit { stall_after: Span::secs(20), ..Pixit::default() };
        under(None, || {
            let mut port = Memory::new(pixit, breach);
            let mut tester = Tester::new(&mut port, subject, 1)?;
            run(&mut tester)
        })
    })
}

/// An answer in short.
pub(super) fn shown(answer: &Answer) -> String {
    match (answer.frames.first(), answer.code()) {
        (Some((Frame::Manifest(head), _)), _) => format!("version {} (same: {}, {:?})", head.version, head.same, head.word),
        (_, Some(code)) => format!("{code:?}"),
        (first, None) => format!("{first:?}"),
    }
}
