//! A peer that says by hand what no node of this kind would say.

use crate::base::{Dice, NodeId, SeedKey};
use crate::machine::{Chance, Cx, Machine};
use crate::stoq::node::{ConnId, Effect, Input, Peer};
use crate::stoq::session::frame::Frame;
use crate::stoq::session::stream::CONTROL;
use crate::stoq::session::{self, Config, Roles, Session, Side, StreamId, version};
use crate::testing::stoq::World;
use std::collections::VecDeque;
use std::sync::Arc;

/// One end of a connection with a node of a world.
pub(super) struct ByHand {
    session: Session,
    seat: usize,
    conn: ConnId,
    opened: u64,
    dice: Dice,
    position: u32,
    /// What the node said on streams of requests.
    pub(super) heard: Vec<(StreamId, Frame)>,
    /// Contents that the node wrote and that nobody took.
    pub(super) unsent: Vec<(StreamId, u32)>,
    /// Whether the node closed the connection.
    pub(super) closed: bool,
    known: Vec<StreamId>,
}

impl ByHand {
    /// Connects, and agrees.
    pub(super) fn open(world: &mut World, seat: usize, conn: ConnId, roles: Roles) -> Self {
        Self::open_as(world, seat, conn, roles, Peer::Certified(roles))
    }

    pub(super) fn open_as(world: &mut World, seat: usize, conn: ConnId, roles: Roles, peer: Peer) -> Self {
        let settings = session::Settings::new(session::Capabilities::ALL, roles).with(session::Setting::Requests, 256);
        let config = Arc::new(Config { settings, grease: false, ..Config::default() });
        let session = Session::new(&config, Side::Client);
        let mut line = Self {
            session,
            seat,
            conn,
            opened: 0,
            dice: Dice::new(SeedKey::new(5)),
            position: 0,
            heard: Vec::new(),
            unsent: Vec::new(),
            closed: false,
            known: Vec::new(),
        };
        world.by_hand(seat);
        world.input(seat, Input::Accepted { conn, peer });
        let keyed = || session::Input::Keyed { major: version::MAJOR, exporter: [7; 32] };
        world.input(seat, Input::Session { conn, input: keyed() });
        line.react(world, session::Input::Begin);
        line.react(world, keyed());
        line.settle(world);
        line
    }

    /// Begins an exchange. What came of it until nothing is under way.
    pub(super) fn ask(&mut self, world: &mut World, frame: Frame) -> Vec<Frame> {
        let stream = StreamId::request(Side::Client, self.opened);
        self.opened += 1;
        self.react(world, session::Input::Ask { frame, tag: 0, early: false });
        self.settle(world);
        self.heard.iter().filter(|(of, _)| *of == stream).map(|(_, frame)| frame.clone()).collect()
    }

    fn react(&mut self, world: &mut World, input: session::Input) {
        let mut out = Vec::new();
        let chance = Chance::new(&mut self.dice, 1, &mut self.position);
        self.session.handle(input, &mut Cx::new(world.now, NodeId(77), chance, &mut out));
        for effect in out {
            let conn = self.conn;
            let say = |input| Input::Session { conn, input };
            match effect {
                session::Effect::OpenControl { stream } => world.input(self.seat, say(session::Input::OneWay { stream, kind: CONTROL })),
                session::Effect::OpenRequest { stream, .. } => {
                    world.input(self.seat, say(session::Input::Request { stream, early: false }))
                }
                session::Effect::Write { stream, frame } => world.input(self.seat, say(session::Input::Frame { stream, frame })),
                session::Effect::Finish { stream } => world.input(self.seat, say(session::Input::End { stream })),
                session::Effect::Close { .. } => world.input(self.seat, say(session::Input::Gone)),
                _ => {}
            }
        }
    }

    /// QUIC takes what the node wrote.
    pub(super) fn take(&mut self, world: &mut World) {
        for (stream, bytes) in core::mem::take(&mut self.unsent) {
            world.input(self.seat, Input::Sent { conn: self.conn, stream, bytes });
        }
        self.settle(world);
    }

    /// Lets the node's answers arrive until there are none.
    pub(super) fn settle(&mut self, world: &mut World) {
        loop {
            world.run_for(crate::base::Span::millis(2));
            let mut said: VecDeque<Effect> = world.said_by_hand(self.seat, self.conn).into();
            if said.is_empty() {
                return;
            }
            while let Some(effect) = said.pop_front() {
                self.hear(world, effect);
            }
        }
    }

    fn hear(&mut self, world: &mut World, effect: Effect) {
        let input = match effect {
            Effect::Data { stream, range, .. } => {
                self.unsent.push((stream, range.end - range.start));
                return;
            }
            Effect::Session { effect, .. } => match effect {
                session::Effect::OpenControl { stream } => session::Input::OneWay { stream, kind: CONTROL },
                session::Effect::OpenRequest { stream, .. } => session::Input::Request { stream, early: false },
                session::Effect::Write { stream, frame } => {
                    if !stream.is_one_way() {
                        self.known.push(stream);
                        self.heard.push((stream, frame.clone()));
                    }
                    session::Input::Frame { stream, frame }
                }
                session::Effect::Finish { stream } => session::Input::End { stream },
                session::Effect::Reset { stream, code } => session::Input::Reset { stream, code: code.to_quic() },
                session::Effect::Stop { stream, code } => session::Input::Stop { stream, code: code.to_quic() },
                session::Effect::Close { .. } => {
                    self.closed = true;
                    session::Input::Gone
                }
                session::Effect::Datagram { frame } => session::Input::Datagram { frame },
                _ => return,
            },
            _ => return,
        };
        self.react(world, input);
    }
}
