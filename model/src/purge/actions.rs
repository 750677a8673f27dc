//! What can happen in the world, and what it does.

use super::step;
use super::town::{CACHE, ORIGIN, State, Who, publish};
use crate::line::{Lane, Line};
use hypermesh_core::stoq::node::ConnId;

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Something arrives on the connection of the two nodes.
    Deliver(ConnId, usize, Lane),
    /// A datagram on it is lost.
    Lose(ConnId, usize),
    /// The cache gets its connection with the origin.
    Connect,
    /// It does not.
    Refuse,
    /// The connection of the two nodes fails.
    Cut(ConnId),
    /// An end notices.
    Gone(ConnId, usize),
    /// The client asks.
    Get,
    /// The publisher purges version 1.
    Purge,
    /// The origin gets version 2.
    Publish,
    /// The next deadline passes.
    Late,
}

impl Action {
    /// Whether it happens by itself sooner or later.
    const fn moves_on(self) -> bool {
        matches!(self, Self::Deliver(..) | Self::Connect)
    }

    /// Whether it is somebody's wish, which may never come.
    pub(super) const fn is_wish(self) -> bool {
        matches!(self, Self::Get | Self::Purge | Self::Publish | Self::Cut(_) | Self::Gone(..))
    }
}

/// Everything that can happen now.
pub(super) fn possible(state: &State, actions: &mut Vec<Action>) {
    let before = actions.len();
    let left = &state.left;
    for (conn, end, lane) in step::between_nodes(state) {
        actions.push(Action::Deliver(conn, end, lane));
        if lane == Lane::Datagrams && left.lost > 0 {
            actions.push(Action::Lose(conn, end));
        }
    }
    if state.dialling {
        actions.push(Action::Connect);
        if left.refused > 0 {
            actions.push(Action::Refuse);
        }
    }
    for (conn, link) in state.links.iter().filter(|(_, link)| matches!(link.ends, [Who::Node(_), Who::Node(_)])) {
        if left.cuts > 0 && !link.line.is_down() {
            actions.push(Action::Cut(*conn));
        }
        actions.extend((0..2).filter(|end| link.line.can_be_gone(*end)).map(|end| Action::Gone(*conn, end)));
    }
    if left.gets > 0 {
        actions.push(Action::Get);
    }
    if left.purge {
        actions.push(Action::Purge);
    }
    if left.publish {
        actions.push(Action::Publish);
    }
    let idle = !actions[before..].iter().any(|action| action.moves_on());
    if (idle || left.late > 0) && step::next_deadline(state).is_some() {
        actions.push(Action::Late);
    }
}

/// Lets it happen.
pub(super) fn take(state: &mut State, action: Action) {
    match action {
        Action::Deliver(conn, end, lane) => step::deliver(state, conn, end, lane),
        Action::Lose(conn, end) => {
            state.left.lost -= 1;
            if let Some(link) = state.links.get_mut(&conn) {
                link.change(|link| link.line.lose_datagram(end));
            }
        }
        Action::Connect => step::connect(state),
        Action::Refuse => {
            state.left.refused -= 1;
            step::refuse(state);
        }
        Action::Cut(conn) => {
            state.left.cuts -= 1;
            if let Some(link) = state.links.get_mut(&conn) {
                link.change(|link| Line::cut(&mut link.line));
            }
        }
        Action::Gone(conn, end) => step::gone(state, conn, end),
        Action::Get => {
            state.left.gets -= 1;
            step::get(state);
        }
        Action::Purge => {
            state.left.purge = false;
            step::purge(state);
        }
        Action::Publish => {
            state.left.publish = false;
            state.nodes[ORIGIN].change(|seat| publish(seat, 2));
        }
        Action::Late => {
            if state.dialling || !step::between_nodes(state).is_empty() {
                state.left.late -= 1;
            }
            step::late(state);
        }
    }
}

/// What happens, in words.
pub(super) fn tell(state: &State, action: &Action) -> String {
    let who = |node: usize| if node == ORIGIN { "the origin" } else { "the cache" };
    let at = |conn: ConnId, end: usize| match state.links.get(&conn).map(|link| link.ends[end]) {
        Some(Who::Node(node)) => who(node),
        _ => "somebody",
    };
    let told = |conn: ConnId, end: usize, lane| state.links.get(&conn).map_or_else(String::new, |link| link.line.told(end, lane));
    match *action {
        Action::Deliver(conn, end, lane) => format!("{} reaches {}", told(conn, end, lane), at(conn, end)),
        Action::Lose(conn, end) => format!("{} to {} is lost", told(conn, end, Lane::Datagrams), at(conn, end)),
        Action::Connect => format!("{} connects with {}", who(CACHE), who(ORIGIN)),
        Action::Refuse => format!("{} cannot reach {}", who(CACHE), who(ORIGIN)),
        Action::Cut(_) => "the connection of the two nodes is cut".to_owned(),
        Action::Gone(conn, end) => format!("{} notices that the connection is over", at(conn, end)),
        Action::Get => format!("the client asks (purges up to version {} are acknowledged)", state.floor),
        Action::Purge => "the publisher purges version 1".to_owned(),
        Action::Publish => "the origin gets version 2".to_owned(),
        Action::Late => step::next_deadline(state).map_or_else(String::new, |(when, node)| {
            let why = state.nodes[node].wakes.first().map(|(_, why)| *why);
            format!("{} later the deadline {why:?} of {} passes", when.since(state.now), who(node))
        }),
    }
}
