//! Two sessions and what lies between them: bytes in order on each stream, in any interleaving of the streams, in pieces of any size.

use crate::base::wire::{put_varint, varint_len};
use crate::base::{Dice, Draw, NodeId, Purpose, SeedKey, Span, Time, Wire};
use crate::machine::{Chance, Cx, Machine};
use crate::stoq::session::stream::CONTROL;
use crate::stoq::session::*;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What goes from one side to the other on a stream.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Carried {
    Bytes(Vec<u8>),
    End,
    Reset(u64),
    Stop(u64),
}

/// One end: the session and a small driver around it.
pub(super) struct Seat {
    pub session: Session,
    pub notices: Vec<Notice>,
    /// On their way to this end, by stream.
    pub coming: BTreeMap<StreamId, VecDeque<Carried>>,
    pub datagrams: VecDeque<Vec<u8>>,
    pub closed_by_peer: Option<Code>,
    pub close: Option<Code>,
    pub wakes: Vec<(Time, Why)>,
    /// Data that came, by stream.
    pub data: BTreeMap<StreamId, Vec<u8>>,
    readers: BTreeMap<StreamId, FrameReader>,
    known: Vec<StreamId>,
    pub readable: Vec<StreamId>,
    position: u32,
}

/// Both ends. Index 0 is the client.
pub(super) struct Pair {
    pub ends: [Seat; 2],
    pub now: Time,
    pub dice: Dice,
    pub rolls: u32,
    /// Changes what is carried to an end, as a man in the middle would.
    pub tamper: Option<fn(usize, Frame) -> Frame>,
}

impl Pair {
    pub(super) fn new(seed: u64) -> Self {
        Self::with(seed, Config::default(), Config::default())
    }

    pub(super) fn with(seed: u64, client: Config, server: Config) -> Self {
        let seat = |config: Config, side| Seat {
            session: Session::new(&Arc::new(config), side),
            notices: Vec::new(),
            coming: BTreeMap::new(),
            datagrams: VecDeque::new(),
            closed_by_peer: None,
            close: None,
            wakes: Vec::new(),
            data: BTreeMap::new(),
            readers: BTreeMap::new(),
            known: Vec::new(),
            readable: Vec::new(),
            position: 0,
        };
        let ends = [seat(client, Side::Client), seat(server, Side::Server)];
        Self { ends, now: Time(1), dice: Dice::new(SeedKey::new(seed)), rolls: 0, tamper: None }
    }

    /// The same pair after both agreed.
    pub(super) fn open(seed: u64) -> Self {
        let mut pair = Self::new(seed);
        pair.connect();
        pair.settle();
        assert_eq!(pair.states(), [State::Open; 2], "{:?}", pair.ends.each_ref().map(|end| &end.notices));
        pair
    }

    pub(super) fn connect(&mut self) {
        for end in 0..2 {
            self.input(end, Input::Begin);
            self.input(end, Input::Keyed { major: version::MAJOR, exporter: [7; 32] });
        }
    }

    pub(super) fn states(&self) -> [State; 2] {
        self.ends.each_ref().map(|end| end.session.state())
    }

    pub(super) fn roll(&mut self, below: usize) -> usize {
        self.rolls += 1;
        let mut draw: Draw<'_> = self.dice.draw(9, Purpose::Test, self.rolls);
        draw.index(below)
    }

    pub(super) fn input(&mut self, end: usize, input: Input) {
        self.act(end, |session, cx| session.handle(input, cx));
    }

    pub(super) fn wake(&mut self, end: usize, why: Why) {
        self.act(end, |session, cx| session.wake(why, cx));
    }

    fn act(&mut self, end: usize, react: impl FnOnce(&mut Session, &mut Cx<'_, Effect>)) {
        let mut out = Vec::new();
        let seat = &mut self.ends[end];
        let chance = Chance::new(&mut self.dice, end as u32, &mut seat.position);
        react(&mut seat.session, &mut Cx::new(self.now, NodeId(end as u32), chance, &mut out));
        seat.session.check().unwrap_or_else(|broken| panic!("{broken}: {:?}", seat.session));
        for effect in out {
            self.carry_out(end, effect);
        }
    }

    fn send(&mut self, from: usize, stream: StreamId, carried: Carried) {
        self.ends[1 - from].coming.entry(stream).or_default().push_back(carried);
    }

    fn carry_out(&mut self, end: usize, effect: Effect) {
        let now = self.now;
        match effect {
            Effect::OpenControl { stream } => {
                let mut kind = Vec::new();
                put_varint(&mut kind, CONTROL);
                assert_eq!(varint_len(CONTROL), kind.len());
                self.send(end, stream, Carried::Bytes(kind));
            }
            Effect::OpenRequest { stream, .. } => {
                self.ends[end].readers.insert(stream, FrameReader::two_way(self.ends[end].session.limits()));
                self.ends[end].known.push(stream);
            }
            Effect::Write { stream, frame } => {
                let frame = self.tamper.map_or(frame.clone(), |tamper| tamper(1 - end, frame));
                let mut bytes = frame.to_bytes();
                bytes.extend((0..frame.data_bytes()).map(|at| at as u8));
                self.send(end, stream, Carried::Bytes(bytes));
            }
            Effect::Finish { stream } => self.send(end, stream, Carried::End),
            Effect::Reset { stream, code } => self.send(end, stream, Carried::Reset(code.to_quic())),
            Effect::Stop { stream, code } => self.send(end, stream, Carried::Stop(code.to_quic())),
            Effect::Read { stream } => self.ends[end].readable.push(stream),
            Effect::Datagram { frame } => self.ends[1 - end].datagrams.push_back(frame.to_bytes()),
            Effect::Close { code } => {
                assert_eq!(self.ends[end].close.replace(code), None, "a connection is closed once");
                self.ends[1 - end].closed_by_peer = Some(code);
            }
            Effect::Wake { after, why } => self.ends[end].wakes.push((now + after, why)),
            Effect::Up(notice) => self.ends[end].notices.push(notice),
        }
    }

    /// Delivers something, chosen by chance; false if nothing is under way that may be delivered.
    pub(super) fn step(&mut self) -> bool {
        self.step_to(|_, _| true)
    }

    /// The same, to an end that can take something.
    pub(super) fn step_to(&mut self, takes: impl Fn(&Self, usize) -> bool) -> bool {
        self.now += Span::micros(10);
        let mut choices: Vec<(usize, StreamId)> = Vec::new();
        for end in (0..2).filter(|end| takes(self, *end)) {
            let seat = &self.ends[end];
            let ready = seat.coming.iter().filter(|(stream, queue)| {
                // A stream that is not read still tells of itself, and of its reset.
                let readable = stream.is_one_way() || seat.readable.contains(stream);
                match queue.front() {
                    None => false,
                    Some(Carried::Reset(_) | Carried::Stop(_)) => true,
                    Some(_) => readable || !seat.known.contains(stream),
                }
            });
            choices.extend(ready.map(|(stream, _)| (end, *stream)));
        }
        if choices.is_empty() {
            return false;
        }
        let (end, stream) = choices[self.roll(choices.len())];
        self.deliver(end, stream);
        true
    }

    fn deliver(&mut self, end: usize, stream: StreamId) {
        let seat = &mut self.ends[end];
        let theirs = stream.opener() != seat.session_side();
        if !stream.is_one_way() && theirs && !seat.known.contains(&stream) {
            seat.known.push(stream);
            seat.readers.insert(stream, FrameReader::two_way(seat.session.limits()));
            return self.input(end, Input::Request { stream, early: false });
        }
        let carried = seat.coming.get_mut(&stream).and_then(VecDeque::pop_front).expect("it was chosen because there is something");
        match carried {
            Carried::Bytes(bytes) => {
                let cut = 1 + self.roll(bytes.len());
                let (piece, rest) = bytes.split_at(cut);
                if !rest.is_empty() {
                    self.ends[end].coming.entry(stream).or_default().push_front(Carried::Bytes(rest.to_vec()));
                }
                self.bytes(end, stream, piece);
            }
            Carried::End => {
                let finished = self.ends[end].readers.get(&stream).map_or(Ok(()), FrameReader::finish);
                match finished {
                    Ok(()) => self.input(end, Input::End { stream }),
                    Err(violation) => self.input(end, Input::Broken { stream, violation }),
                }
            }
            Carried::Reset(code) => self.input(end, Input::Reset { stream, code }),
            Carried::Stop(code) => self.input(end, Input::Stop { stream, code }),
        }
    }

    /// Bytes of a stream arrive at an end.
    pub(super) fn bytes(&mut self, end: usize, stream: StreamId, mut piece: &[u8]) {
        let limits = self.ends[end].session.limits();
        let mut reader = self.ends[end].readers.remove(&stream).unwrap_or_else(|| FrameReader::one_way(limits));
        loop {
            match reader.next(&mut piece) {
                Ok(None) => break,
                Ok(Some(Item::StreamKind(kind))) => self.input(end, Input::OneWay { stream, kind }),
                Ok(Some(Item::Frame(frame))) => self.input(end, Input::Frame { stream, frame }),
                Ok(Some(Item::Data { bytes, .. })) => {
                    self.ends[end].data.entry(stream).or_default().extend(bytes);
                    self.input(end, Input::Progress { stream });
                }
                Err(violation) => {
                    self.input(end, Input::Broken { stream, violation });
                    break;
                }
            }
        }
        self.ends[end].readers.insert(stream, reader);
    }

    /// Delivers until nothing is under way. Datagrams go last.
    pub(super) fn settle(&mut self) {
        for _ in 0..200_000 {
            if self.step() {
                continue;
            }
            let Some((end, bytes)) = (0..2).find_map(|end| Some((end, self.ends[end].datagrams.pop_front()?))) else { return };
            match reader::datagram(&bytes) {
                Ok(frames) => frames.into_iter().for_each(|frame| self.input(end, Input::Datagram { frame })),
                Err(violation) => self.input(end, Input::BrokenDatagram { violation }),
            }
        }
        panic!("there is no end of it");
    }

    /// The frames that an end was told on its exchanges.
    pub(super) fn frames(&self, end: usize) -> Vec<(StreamId, Frame)> {
        let frames = self.ends[end].notices.iter().filter_map(|notice| match notice {
            Notice::Frame { stream, frame } => Some((*stream, frame.clone())),
            _ => None,
        });
        frames.collect()
    }

    /// How the exchanges of an end were over.
    pub(super) fn over(&self, end: usize) -> Vec<(StreamId, Result<(), Code>)> {
        let over = self.ends[end].notices.iter().filter_map(|notice| match notice {
            Notice::Over { stream, result } => Some((*stream, *result)),
            _ => None,
        });
        over.collect()
    }

    pub(super) fn ask(&mut self, end: usize, frame: Frame) {
        self.input(end, Input::Ask { frame, tag: 0, early: false });
    }

    pub(super) fn say(&mut self, end: usize, stream: StreamId, frame: Frame) {
        self.input(end, Input::Say { stream, frame });
    }
}

impl Seat {
    const fn session_side(&self) -> Side {
        self.session.side
    }
}
