//! The network between two ends: nothing is lost within a stream, and streams overtake each other in every way there is.
//!
//! One connection is a set of lanes: each stream in each direction, the words that stop a stream (which overtake its data), and datagrams, which may be lost.
//! What is under way on a lane arrives in order; which lane moves next is a choice of the checker. A connection that is closed or cut takes with it what the
//! checker wishes of what was still under way.

use hypermesh_core::stoq::session::stream::CONTROL;
use hypermesh_core::stoq::session::{Effect, Frame, Input, Side, StreamId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// What is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Carried {
    /// The type of a one-way stream.
    Kind,
    /// The head of a frame.
    Frame(Frame),
    /// The data of a frame.
    Body(Arc<[u8]>),
    /// The end of the stream.
    End,
    /// The end of the stream in the middle.
    Reset(u64),
    /// The wish that the other direction ends.
    Stop(u64),
    /// A datagram.
    Datagram(Frame),
}

/// Where something is under way to one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// On a stream.
    Stream(StreamId),
    /// Beside a stream: the wish that it stops.
    Stop(StreamId),
    /// In datagrams.
    Datagrams,
}

/// What arrives at an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Something for the session.
    Session(Input),
    /// Data of the frame that came last on this stream.
    Body(StreamId, Arc<[u8]>),
}

/// One end of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct End {
    /// What is under way to it, and whether it is early data.
    coming: BTreeMap<Lane, VecDeque<(Carried, bool)>>,
    /// Streams of requests that it knows of.
    known: BTreeSet<StreamId>,
    /// Streams of requests that it reads.
    readable: BTreeSet<StreamId>,
    /// Whether it has heard that the connection is over, or said so itself.
    over: bool,
}

/// A connection. End 0 is the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    ends: [End; 2],
    /// Whether it was closed by one end, or cut.
    down: bool,
}

/// Which side an end plays.
pub const fn side(end: usize) -> Side {
    if end == 0 { Side::Client } else { Side::Server }
}

impl Line {
    /// Carries out what the session at `end` asks of the network. What is for the driver alone is given back.
    pub fn carry_out(&mut self, end: usize, early: bool, effect: Effect) -> Option<Effect> {
        match effect {
            Effect::OpenControl { stream } => self.send(end, Lane::Stream(stream), Carried::Kind, early),
            Effect::OpenRequest { stream, .. } => {
                self.ends[end].known.insert(stream);
            }
            Effect::Write { stream, frame } => self.send(end, Lane::Stream(stream), Carried::Frame(frame), early),
            Effect::Finish { stream } => self.send(end, Lane::Stream(stream), Carried::End, early),
            Effect::Reset { stream, code } => self.send(end, Lane::Stream(stream), Carried::Reset(code.to_quic()), early),
            Effect::Stop { stream, code } => self.send(end, Lane::Stop(stream), Carried::Stop(code.to_quic()), early),
            Effect::Datagram { frame } => self.send(end, Lane::Datagrams, Carried::Datagram(frame), early),
            Effect::Read { stream } => {
                self.ends[end].readable.insert(stream);
            }
            Effect::Close { .. } => {
                self.down = true;
                self.leave(end);
            }
            other => return Some(other),
        }
        None
    }

    /// Sends the data of the frame that was written last on a stream.
    pub fn body(&mut self, end: usize, stream: StreamId, bytes: Arc<[u8]>) {
        self.send(end, Lane::Stream(stream), Carried::Body(bytes), false);
    }

    fn send(&mut self, from: usize, lane: Lane, carried: Carried, early: bool) {
        let to = &mut self.ends[1 - from];
        if !self.down && !to.over {
            to.coming.entry(lane).or_default().push_back((carried, early));
        }
    }

    /// An end is done with the connection.
    fn leave(&mut self, end: usize) {
        self.ends[end] = End { over: true, ..End::default() };
    }

    /// The network fails for good; the ends notice one by one.
    pub const fn cut(&mut self) {
        self.down = true;
    }

    /// Whether it was closed or cut.
    pub const fn is_down(&self) -> bool {
        self.down
    }

    /// Whether this end can be told that the connection is over, which it does not know yet.
    pub const fn can_be_gone(&self, end: usize) -> bool {
        self.down && !self.ends[end].over
    }

    /// Tells an end that the connection is over.
    pub fn gone(&mut self, end: usize) -> Input {
        self.leave(end);
        Input::Gone
    }

    /// Whether nothing is under way in either direction.
    pub fn is_quiet(&self) -> bool {
        self.ends.iter().all(|end| end.coming.is_empty())
    }

    /// Whether both ends know that it is over.
    pub fn is_over(&self) -> bool {
        self.ends.iter().all(|end| end.over)
    }

    /// Lanes on which something can arrive at an end now. Without the keys of the connection (`keyed`) only early data can.
    pub fn ready(&self, end: usize, keyed: bool) -> impl Iterator<Item = Lane> + '_ {
        let one = &self.ends[end];
        one.coming
            .iter()
            .filter(move |(lane, queue)| {
                let Some((carried, early)) = queue.front() else { return false };
                let in_time = keyed || (*early && end == 1);
                in_time
                    && match lane {
                        Lane::Stream(stream) if !stream.is_one_way() => {
                            let is_new = !one.known.contains(stream);
                            is_new || one.readable.contains(stream) || matches!(carried, Carried::Reset(_))
                        }
                        // Of a stream that the end does not know it cannot hear that it should stop: the stream is announced first.
                        Lane::Stop(stream) if !stream.is_one_way() => one.known.contains(stream),
                        _ => true,
                    }
            })
            .map(|(lane, _)| *lane)
    }

    /// Lets what comes next on a lane arrive.
    pub fn deliver(&mut self, end: usize, lane: Lane) -> Option<Arrival> {
        let one = &mut self.ends[end];
        let queue = one.coming.get_mut(&lane)?;
        if let Lane::Stream(stream) = lane
            && !stream.is_one_way()
            && one.known.insert(stream)
        {
            let early = queue.front().is_some_and(|(_, early)| *early);
            return Some(Arrival::Session(Input::Request { stream, early }));
        }
        let (carried, _) = queue.pop_front()?;
        if queue.is_empty() {
            one.coming.remove(&lane);
        }
        Some(match (lane, carried) {
            (Lane::Stream(stream), Carried::Kind) => Arrival::Session(Input::OneWay { stream, kind: CONTROL }),
            (Lane::Stream(stream), Carried::Frame(frame)) => Arrival::Session(Input::Frame { stream, frame }),
            (Lane::Stream(stream), Carried::Body(bytes)) => Arrival::Body(stream, bytes),
            (Lane::Stream(stream), Carried::End) => Arrival::Session(Input::End { stream }),
            (Lane::Stream(stream), Carried::Reset(code)) => Arrival::Session(Input::Reset { stream, code }),
            (Lane::Stop(stream), Carried::Stop(code)) => Arrival::Session(Input::Stop { stream, code }),
            (_, Carried::Datagram(frame)) => Arrival::Session(Input::Datagram { frame }),
            _ => return None,
        })
    }

    /// Whether the next thing on a lane is data of the frame before.
    pub fn has_body(&self, end: usize, lane: Lane) -> bool {
        matches!(self.ends[end].coming.get(&lane).and_then(|queue| queue.front()), Some((Carried::Body(_), _)))
    }

    /// What would arrive next on a lane, in words.
    pub fn told(&self, end: usize, lane: Lane) -> String {
        let one = &self.ends[end];
        let next = one.coming.get(&lane).and_then(|queue| queue.front());
        match (lane, next) {
            (Lane::Stream(stream), _) if !stream.is_one_way() && !one.known.contains(&stream) => {
                format!("the opening of stream {}", stream.0)
            }
            (_, Some((Carried::Frame(frame) | Carried::Datagram(frame), _))) => {
                frame.kind().map_or_else(|| "a frame without meaning".to_owned(), |kind| format!("{kind:?}"))
            }
            (Lane::Stream(stream), Some((carried, _))) => match carried {
                Carried::Kind => "the opening of the control stream".to_owned(),
                Carried::Body(bytes) => format!("{} bytes on stream {}", bytes.len(), stream.0),
                Carried::End => format!("the end of stream {}", stream.0),
                _ => format!("the reset of stream {}", stream.0),
            },
            (Lane::Stop(stream), _) => format!("the stop of stream {}", stream.0),
            (Lane::Datagrams, _) => "a datagram".to_owned(),
            (Lane::Stream(stream), None) => format!("stream {}", stream.0),
        }
    }

    /// Loses the next datagram to an end.
    pub fn lose_datagram(&mut self, end: usize) {
        self.deliver(end, Lane::Datagrams);
    }

    /// Changes the frames that are under way on a stream to an end.
    pub fn tamper(&mut self, end: usize, stream: StreamId, change: impl Fn(&mut Frame)) {
        for (carried, _) in self.ends[end].coming.get_mut(&Lane::Stream(stream)).into_iter().flatten() {
            if let Carried::Frame(frame) = carried {
                change(frame);
            }
        }
    }

    /// Frames under way on a stream to an end.
    pub fn frames(&self, end: usize, stream: StreamId) -> impl Iterator<Item = &Frame> {
        let queue = self.ends[end].coming.get(&Lane::Stream(stream)).into_iter().flatten();
        queue.filter_map(|(carried, _)| if let Carried::Frame(frame) = carried { Some(frame) } else { None })
    }
}
