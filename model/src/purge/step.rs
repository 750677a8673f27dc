//! What the drivers of the nodes do: carry out effects, hand over what arrives, wake whoever is due.

use super::town::{CACHE, CLIENT, CONNS, Link, ORIGIN, PUBLISHER, Seat, State, Who, get as get_frame, name};
use crate::held::Held;
use crate::line::{Arrival, Lane, Line};
use hypermesh_core::base::{Dice, NodeId, SeedKey, Time};
use hypermesh_core::machine::{Chance, Cx, Machine};
use hypermesh_core::stoq::node::{ConnId, Effect, Input, Peer, ServerId, StoqNode, Why};
use hypermesh_core::stoq::session::frame::{Frame, Purge};
use hypermesh_core::stoq::session::{self, Notice, Roles, StreamId, version};
use std::collections::VecDeque;

/// What a node is told next.
type Work = VecDeque<(usize, Input)>;

fn keyed() -> session::Input {
    session::Input::Keyed { major: version::MAJOR, exporter: [7; 32] }
}

fn end_of(link: &Link, who: Who) -> Option<usize> {
    link.ends.iter().position(|end| *end == who)
}

/// An application is connected with its node.
pub(super) fn accept(state: &mut State, app: usize, node: usize, peer: Peer) {
    app_input(state, app, session::Input::Begin);
    app_input(state, app, keyed());
    let conn = CONNS[app];
    tell(state, node, [Input::Accepted { conn, peer }, Input::Session { conn, input: keyed() }]);
}

/// The cache is connected with the origin.
pub(super) fn connect(state: &mut State) {
    state.dialling = false;
    state.conns += 1;
    let conn = ConnId(state.conns);
    state.links.insert(conn, Held::new(Link { line: Line::default(), ends: [Who::Node(CACHE), Who::Node(ORIGIN)] }));
    let (server, early) = (ServerId(ORIGIN as u32), false);
    let key = |conn| Input::Session { conn, input: keyed() };
    tell(state, ORIGIN, [Input::Accepted { conn, peer: Peer::Certified(Roles::EDGE) }, key(conn)]);
    tell(state, CACHE, [Input::Dialled { conn, server, peer: Peer::Certified(Roles::ORIGIN), early }, key(conn)]);
}

/// The origin cannot be reached now.
pub(super) fn refuse(state: &mut State) {
    state.dialling = false;
    let again = Some(hypermesh_core::base::Span::secs(2));
    tell(state, CACHE, [Input::NoDial { server: ServerId(ORIGIN as u32), again }]);
}

/// The client asks for the object.
pub(super) fn get(state: &mut State) {
    app_input(state, CLIENT, session::Input::Ask { frame: get_frame(), tag: 0, early: false });
    settle(state, Work::new());
}

/// The publisher purges version 1.
pub(super) fn purge(state: &mut State) {
    let frame = Frame::Purge(Box::new(Purge { name: name(), below: false, version: 1 }));
    app_input(state, PUBLISHER, session::Input::Ask { frame, tag: 0, early: false });
    settle(state, Work::new());
}

/// Something arrives on the connection of two nodes.
pub(super) fn deliver(state: &mut State, conn: ConnId, end: usize, lane: Lane) {
    let mut work = Work::new();
    arrive(state, conn, end, lane, &mut work);
    settle(state, work);
}

/// An end notices that the connection is over.
pub(super) fn gone(state: &mut State, conn: ConnId, end: usize) {
    let Some(link) = state.links.get_mut(&conn) else { return };
    let Who::Node(node) = link.ends[end] else { return };
    let input = link.change(|link| link.line.gone(end));
    tell(state, node, [Input::Session { conn, input }]);
}

/// The earliest deadline passes.
pub(super) fn late(state: &mut State) {
    let Some((when, node)) = next_deadline(state) else { return };
    state.now = state.now.max(when);
    let (_, why) = state.nodes[node].change(|seat| seat.wakes.remove(0));
    let mut work = Work::new();
    react(state, node, &mut work, |machine, cx| machine.wake(why, cx));
    settle(state, work);
}

/// The earliest deadline within time, and whose it is.
pub(super) fn next_deadline(state: &State) -> Option<(Time, usize)> {
    let first = |node: usize| state.nodes[node].wakes.first().map(|(when, _)| (*when, node));
    (0..2).filter_map(first).min().filter(|(when, _)| *when <= state.until)
}

/// Lets everything happen in one order until a moment: for the way to the first state.
pub(super) fn run_until(state: &mut State, until: Time) {
    loop {
        if state.dialling {
            connect(state);
        } else if let Some((conn, end, lane)) = between_nodes(state).first().copied() {
            deliver(state, conn, end, lane);
        } else if next_deadline(state).is_some_and(|(when, _)| when <= until) {
            late(state);
        } else {
            state.now = until;
            return;
        }
    }
}

/// What can arrive at a node from the other.
pub(super) fn between_nodes(state: &State) -> Vec<(ConnId, usize, Lane)> {
    let nodes = state.links.iter().filter(|(_, link)| matches!(link.ends, [Who::Node(_), Who::Node(_)]));
    let ends = nodes.flat_map(|(conn, link)| (0..2).map(move |end| (*conn, link, end)));
    ends.flat_map(|(conn, link, end)| link.line.ready(end, true).map(move |lane| (conn, end, lane))).collect()
}

fn tell(state: &mut State, node: usize, inputs: impl IntoIterator<Item = Input>) {
    let work = inputs.into_iter().map(|input| (node, input)).collect();
    settle(state, work);
}

/// Hands over everything that happens at once, until nothing is left.
fn settle(state: &mut State, mut work: Work) {
    loop {
        while let Some((node, input)) = work.pop_front() {
            react(state, node, &mut work, |machine, cx| machine.handle(input, cx));
        }
        let beside = CONNS.iter().find_map(|conn| {
            let link = state.links.get(conn)?;
            (0..2).find_map(|end| link.line.ready(end, true).next().map(|lane| (*conn, end, lane)))
        });
        let Some((conn, end, lane)) = beside else { break };
        arrive(state, conn, end, lane, &mut work);
    }
    state.links.retain(|_, link| !link.line.is_over());
}

/// What comes next on a lane reaches who is at that end. The data of a frame come with its head.
fn arrive(state: &mut State, conn: ConnId, end: usize, lane: Lane, work: &mut Work) {
    let Some(link) = state.links.get_mut(&conn) else { return };
    let who = link.ends[end];
    let arrivals = link.change(|link| {
        let mut all: Vec<Arrival> = link.line.deliver(end, lane).into_iter().collect();
        while link.line.has_body(end, lane) {
            all.extend(link.line.deliver(end, lane));
        }
        all
    });
    for arrival in arrivals {
        match (who, arrival) {
            (Who::Node(node), Arrival::Session(input)) => work.push_back((node, Input::Session { conn, input })),
            (Who::Node(node), Arrival::Body(stream, bytes)) => work.push_back((node, Input::Body { conn, stream, bytes })),
            (Who::App(app), Arrival::Session(input)) => app_input(state, app, input),
            (Who::App(_), Arrival::Body(..)) => {}
        }
    }
}

fn react(state: &mut State, node: usize, work: &mut Work, react: impl FnOnce(&mut StoqNode, &mut Cx<'_, Effect>)) {
    let now = state.now;
    let (mut out, mut dice) = (Vec::new(), Dice::new(SeedKey::new(1)));
    let broken = state.nodes[node].change(|seat| {
        let chance = Chance::new(&mut dice, node as u32, &mut seat.position);
        react(&mut seat.node, &mut Cx::new(now, NodeId(node as u32), chance, &mut out));
        seat.node.check().err()
    });
    state.seen.broken = state.seen.broken.or(broken);
    for effect in out {
        carry_out(state, node, effect, work);
    }
    state.nodes[node].change(forget_deadlines);
}

fn carry_out(state: &mut State, node: usize, effect: Effect, work: &mut Work) {
    match effect {
        Effect::Dial { .. } => state.dialling = true,
        Effect::Session { conn, effect } => {
            if let Some(link) = state.links.get_mut(&conn) {
                link.change(|link| {
                    let end = end_of(link, Who::Node(node));
                    end.and_then(|end| link.line.carry_out(end, false, effect))
                });
            }
        }
        Effect::Data { conn, stream, bytes, range } => {
            let part = bytes[range.start as usize..range.end as usize].into();
            if let Some(link) = state.links.get_mut(&conn) {
                link.change(|link| {
                    end_of(link, Who::Node(node)).into_iter().for_each(|end| link.line.body(end, stream, std::sync::Arc::clone(&part)))
                });
            }
            work.push_back((node, Input::Sent { conn, stream, bytes: range.len() as u32 }));
        }
        Effect::Store { ticket, op } => {
            let outcome = state.nodes[node].change(|seat| seat.store.run(op));
            work.push_back((node, Input::Done { ticket, outcome }));
        }
        Effect::Wake { after, why } => {
            let due = (state.now + after, why);
            state.nodes[node].change(|seat| {
                let at = seat.wakes.partition_point(|(when, _)| *when <= due.0);
                if !seat.wakes.contains(&due) {
                    seat.wakes.insert(at, due);
                }
            });
        }
        Effect::Told { .. } | Effect::Fact(_) | Effect::Left => {}
    }
}

/// Deadlines of connections that are over say nothing any more.
fn forget_deadlines(seat: &mut Seat) {
    let node = &seat.node;
    seat.wakes.retain(|(_, why)| match why {
        Why::Session(conn, _) | Why::Lease(conn) | Why::Linger(conn) => node.requests_granted(*conn) > 0,
        _ => true,
    });
}

fn app_input(state: &mut State, app: usize, input: session::Input) {
    let (now, conn) = (state.now, CONNS[app]);
    let (mut out, mut dice) = (Vec::new(), Dice::new(SeedKey::new(1)));
    state.apps[app].change(|one| {
        let chance = Chance::new(&mut dice, 8 + app as u32, &mut one.position);
        one.session.handle(input, &mut Cx::new(now, NodeId(8 + app as u32), chance, &mut out));
    });
    for effect in out {
        if let session::Effect::OpenRequest { stream, .. } = effect {
            let floor = state.floor;
            state.apps[app].change(|one| one.asked.insert(stream, floor));
        }
        let Some(link) = state.links.get_mut(&conn) else { continue };
        if let Some(session::Effect::Up(notice)) = link.change(|link| link.line.carry_out(0, false, effect)) {
            on_notice(state, app, notice);
        }
    }
}

fn on_notice(state: &mut State, app: usize, notice: Notice) {
    match notice {
        Notice::Frame { stream, frame: Frame::Manifest(head) } => on_answer(state, app, stream, head.version),
        Notice::Frame { frame: Frame::Purged(purged), .. } => {
            state.floor = state.floor.max(purged.version);
            state.seen.acknowledged = purged.nodes;
        }
        Notice::Over { stream, .. } => {
            state.apps[app].change(|one| one.asked.remove(&stream));
        }
        _ => {}
    }
}

/// The client is given a version.
fn on_answer(state: &mut State, app: usize, stream: StreamId, version: u64) {
    let Some(floor) = state.apps[app].asked.get(&stream).copied() else { return };
    let bit = 1u8 << (version - 1);
    state.seen.got |= bit;
    if floor > 0 {
        state.seen.got_after |= bit;
    }
    state.seen.older |= version <= floor;
}
