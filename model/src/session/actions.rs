//! What can happen to the pair, and what it does.

use super::seat::{OFFERS, request};
use super::{Ask, State};
use crate::line::{Arrival, Lane, Line, side};
use hypermesh_core::base::Time;
use hypermesh_core::machine::{Cx, Machine};
use hypermesh_core::stoq::session::states::State as Phase;
use hypermesh_core::stoq::session::{Capabilities, Code, Effect, Frame, Input, Session, Setting, StreamId, version};

/// What can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Frames can be sent from this end.
    Begin(usize),
    /// The handshake is complete at this end.
    Keyed(usize),
    /// Something arrives at this end.
    Deliver(usize, Lane),
    /// A datagram to this end is lost.
    Lose(usize),
    /// The application at this end asks for what comes next.
    Ask(usize),
    /// The application goes on with an exchange.
    Say(usize, StreamId),
    /// The application gives an exchange up.
    GiveUp(usize, StreamId),
    /// This end leaves.
    Leave(usize),
    /// This end closes at once.
    Close(usize),
    /// This end measures the round trip.
    Probe(usize),
    /// The connection fails.
    Cut,
    /// This end notices that the connection is over.
    Gone(usize),
    /// Somebody takes a capability out of the SETTINGS of the client.
    Tamper,
    /// The next deadline passes.
    Late,
}

/// The stream on which the client tells of itself.
const CLIENT_CONTROL: StreamId = StreamId::one_way(side(0), 0);

/// Everything that can happen now.
pub(super) fn possible(state: &State, actions: &mut Vec<Action>) {
    let before = actions.len();
    for end in 0..2 {
        of_driver(state, end, actions);
        of_application(state, end, actions);
    }
    let is_up = !state.line.is_down();
    if state.left.cut && is_up {
        actions.push(Action::Cut);
    }
    if state.left.tamper && is_up && state.line.frames(1, CLIENT_CONTROL).any(|frame| matches!(frame, Frame::Settings(_))) {
        actions.push(Action::Tamper);
    }
    // A deadline passes when nothing is under way that would move on by itself, or, a few times, before its time.
    let idle = !actions[before..].iter().any(|action| action.moves_on());
    if (idle || state.left.late > 0) && state.ends.iter().any(|end| !end.wakes.is_empty()) {
        actions.push(Action::Late);
    }
}

impl Action {
    /// Whether it happens by itself sooner or later, without anybody's wish.
    const fn moves_on(self) -> bool {
        matches!(self, Self::Begin(_) | Self::Keyed(_) | Self::Deliver(..) | Self::Gone(_) | Self::Say(..))
    }
}

fn of_driver(state: &State, end: usize, actions: &mut Vec<Action>) {
    let seat = &state.ends[end];
    let is_up = !state.line.is_down();
    if !seat.begun {
        if is_up {
            actions.push(Action::Begin(end));
        } else if state.line.can_be_gone(end) {
            actions.push(Action::Gone(end));
        }
        return;
    }
    // A server completes the handshake with what the client sends when it has completed its own.
    let other_is_far_enough = if end == 0 { state.ends[1].begun } else { state.ends[0].keyed };
    if !seat.keyed && is_up && !seat.is_closed() && other_is_far_enough {
        actions.push(Action::Keyed(end));
    }
    if !seat.is_closed() {
        for lane in state.line.ready(end, seat.keyed) {
            actions.push(Action::Deliver(end, lane));
            if lane == Lane::Datagrams {
                actions.push(Action::Lose(end));
            }
        }
    }
    if state.line.can_be_gone(end) {
        actions.push(Action::Gone(end));
    }
}

fn of_application(state: &State, end: usize, actions: &mut Vec<Action>) {
    let (seat, left) = (&state.ends[end], &state.left);
    if !seat.begun {
        return;
    }
    // Whoever asks too soon is refused, and may ask again: nothing happens in between. A session that is over refuses for good.
    let phase = seat.session.state();
    match left.asks[end].last() {
        Some(Ask::GetEarly) if phase < Phase::Open => actions.push(Action::Ask(end)),
        Some(_) if phase >= Phase::Confirming => actions.push(Action::Ask(end)),
        _ => {}
    }
    actions.extend(seat.ready().map(|(stream, _)| Action::Say(end, stream)));
    if left.give_up > 0 {
        actions.extend(seat.todo.keys().map(|stream| Action::GiveUp(end, *stream)));
    }
    if seat.is_closed() {
        return;
    }
    if left.leave[end] {
        actions.push(Action::Leave(end));
    }
    if left.close[end] {
        actions.push(Action::Close(end));
    }
    if left.probes[end] > 0 && phase >= Phase::Open {
        actions.push(Action::Probe(end));
    }
}

/// Lets it happen.
pub(super) fn take(state: &mut State, action: Action) {
    match action {
        Action::Begin(end) => {
            state.ends[end].change(|seat| seat.begun = true);
            input(state, end, Input::Begin);
        }
        Action::Keyed(end) => {
            state.ends[end].change(|seat| seat.keyed = true);
            input(state, end, Input::Keyed { major: version::MAJOR, exporter: [7; 32] });
        }
        Action::Deliver(end, lane) => {
            if let Some(Arrival::Session(arrived)) = state.line.change(|line| line.deliver(end, lane)) {
                input(state, end, arrived);
            }
        }
        Action::Lose(end) => state.line.change(|line| line.lose_datagram(end)),
        Action::Ask(end) => ask(state, end),
        Action::Say(end, stream) => say(state, end, stream),
        Action::GiveUp(end, stream) => {
            state.left.give_up -= 1;
            input(state, end, Input::Abort { stream, code: Code::Cancelled });
        }
        Action::Leave(end) => {
            state.left.leave[end] = false;
            input(state, end, Input::Leave);
        }
        Action::Close(end) => {
            state.left.close[end] = false;
            input(state, end, Input::Close { code: Code::NoError });
        }
        Action::Probe(end) => {
            state.left.probes[end] -= 1;
            input(state, end, Input::Probe);
        }
        Action::Cut => {
            state.left.cut = false;
            state.line.change(Line::cut);
        }
        Action::Gone(end) => {
            let gone = state.line.change(|line| line.gone(end));
            state.ends[end].change(|seat| seat.begun = true);
            input(state, end, gone);
        }
        Action::Tamper => {
            (state.left.tamper, state.tampered) = (false, true);
            state.line.change(|line| line.tamper(1, CLIENT_CONTROL, take_out_probes));
        }
        Action::Late => late(state),
    }
}

/// SETTINGS that offer less than was said.
fn take_out_probes(frame: &mut Frame) {
    if let Frame::Settings(settings) = frame {
        let less = Capabilities(settings.get(Setting::Capabilities)).without(Capabilities::PROBES);
        **settings = settings.as_ref().clone().with(Setting::Capabilities, less.0);
    }
}

fn ask(state: &mut State, end: usize) {
    let Some((ask, rest)) = state.left.asks[end].split_last() else { return };
    state.left.asks[end] = rest;
    let tag = if *ask == Ask::Put { OFFERS } else { 0 };
    input(state, end, Input::Ask { frame: request(*ask), tag, early: *ask == Ask::GetEarly });
}

fn say(state: &mut State, end: usize, stream: StreamId) {
    let Some(todo) = state.ends[end].change(|seat| seat.todo.remove(&stream)) else { return };
    input(state, end, Input::Say { stream, frame: todo.frame() });
    input(state, end, Input::Finish { stream });
}

/// The earliest wake-up is due, and all clocks show its moment.
fn late(state: &mut State) {
    let next = (0..2).filter_map(|end| state.ends[end].wakes.first().map(|(when, why)| (*when, end, *why))).min();
    let Some((when, end, why)) = next else { return };
    let mut others = Vec::new();
    possible(state, &mut others);
    if others.iter().any(|action| action.moves_on()) {
        state.left.late = state.left.late.saturating_sub(1);
    }
    state.now = state.now.max(when);
    state.ends[end].change(|seat| seat.wakes.pop_first());
    react(state, end, |session, cx| session.wake(why, cx));
}

fn input(state: &mut State, end: usize, input: Input) {
    react(state, end, |session, cx| session.handle(input, cx));
}

fn react(state: &mut State, end: usize, react: impl FnOnce(&mut Session, &mut Cx<'_, Effect>)) {
    let answered = state.ends[1 - end].answered.clone();
    let now: Time = state.now;
    let line = &mut state.line;
    let seat = &mut state.ends[end];
    line.change(|line| seat.change(|seat| seat.react(line, &answered, now, react)));
}

/// What happens, in words.
pub(super) fn tell(state: &State, action: &Action) -> String {
    let who = |end: usize| ["the client", "the server"][end];
    match *action {
        Action::Begin(end) => format!("{} begins", who(end)),
        Action::Keyed(end) => format!("the handshake is complete at {}", who(end)),
        Action::Deliver(end, lane) => format!("{} reaches {}", state.line.told(end, lane), who(end)),
        Action::Lose(end) => format!("{} is lost on the way to {}", state.line.told(end, Lane::Datagrams), who(end)),
        Action::Ask(end) => format!("{} asks: {:?}", who(end), state.left.asks[end].last()),
        Action::Say(end, stream) => format!("{} says {:?} on stream {}", who(end), state.ends[end].todo.get(&stream), stream.0),
        Action::GiveUp(end, stream) => format!("{} gives up stream {}", who(end), stream.0),
        Action::Leave(end) => format!("{} leaves", who(end)),
        Action::Close(end) => format!("{} closes", who(end)),
        Action::Probe(end) => format!("{} probes", who(end)),
        Action::Cut => "the connection is cut".to_owned(),
        Action::Gone(end) => format!("{} notices that the connection is over", who(end)),
        Action::Tamper => "somebody takes a capability out of the SETTINGS of the client".to_owned(),
        Action::Late => {
            let next = (0..2).filter_map(|end| state.ends[end].wakes.first().map(|(when, why)| (*when, end, *why))).min();
            next.map_or_else(String::new, |(_, end, why)| format!("the deadline {why:?} of {} passes", who(end)))
        }
    }
}
