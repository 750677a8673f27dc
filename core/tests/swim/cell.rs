//! A cell of agents on a network with random latency and loss, some of which can be blocked or crashed. Deterministic for a seed.

use hypermesh_core::base::{Dice, Purpose, SeedKey, Span, Time};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A failure detector under test.
pub(crate) trait Agent {
    type Message;
    type Timer;

    /// It comes up.
    fn start(&mut self, now: Time, out: &mut Reaction<Self>);
    /// A message arrives.
    fn hear(&mut self, now: Time, from: u32, message: Self::Message, out: &mut Reaction<Self>);
    /// A timer is due.
    fn wake(&mut self, now: Time, timer: Self::Timer, out: &mut Reaction<Self>);
}

/// What an agent does when something happens to it.
pub(crate) struct Reaction<A: Agent + ?Sized> {
    /// To whom, what, and how many bytes it has.
    pub(crate) sends: Vec<(u32, A::Message, usize)>,
    pub(crate) timers: Vec<(Span, A::Timer)>,
    /// Members that it holds for failed from now on.
    pub(crate) failed: Vec<u32>,
}

/// That a member was held for failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verdict {
    pub(crate) at: Time,
    pub(crate) by: u32,
    pub(crate) about: u32,
}

struct Seat<A: Agent> {
    agent: A,
    up: bool,
    blocked: bool,
    paused: bool,
    /// What waits while the agent is blocked or paused: messages from others, its own, and its timers.
    inbox: Vec<(u32, A::Message)>,
    outbox: Vec<(u32, A::Message)>,
    timers: Vec<A::Timer>,
}

enum What<A: Agent> {
    Start,
    Message(u32, A::Message),
    Timer(A::Timer),
}

struct Event<A: Agent> {
    /// When, and the order among equal times.
    key: (Time, u64),
    me: u32,
    what: What<A>,
}

impl<A: Agent> PartialEq for Event<A> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}
impl<A: Agent> Eq for Event<A> {}
impl<A: Agent> PartialOrd for Event<A> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<A: Agent> Ord for Event<A> {
    /// The earliest is the greatest, because the heap gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.key.cmp(&self.key)
    }
}

/// The cell.
pub(crate) struct Cell<A: Agent> {
    seats: Vec<Seat<A>>,
    queue: BinaryHeap<Event<A>>,
    dice: Dice,
    pub(crate) now: Time,
    sequence: u64,
    latency: [Span; 2],
    loss: f64,
    pub(crate) verdicts: Vec<Verdict>,
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
}

impl<A: Agent> Cell<A> {
    /// All agents start within the first second.
    pub(crate) fn new(seed: u64, agents: Vec<A>, latency: [Span; 2], loss: f64) -> Self {
        let seats = agents
            .into_iter()
            .map(|agent| Seat { agent, up: true, blocked: false, paused: false, inbox: Vec::new(), outbox: Vec::new(), timers: Vec::new() })
            .collect();
        let mut cell = Self {
            seats,
            queue: BinaryHeap::new(),
            dice: Dice::new(SeedKey::new(seed)),
            now: Time::ZERO,
            sequence: 0,
            latency,
            loss,
            verdicts: Vec::new(),
            messages: 0,
            bytes: 0,
        };
        for i in 0..cell.seats.len() as u32 {
            let at = Span(cell.dice.draw(i, Purpose::Phase, 0).below(1_000_000_000));
            cell.push(Time::ZERO + at, i, What::Start);
        }
        cell
    }

    pub(crate) fn run_for(&mut self, span: Span) {
        let end = self.now + span;
        while self.queue.peek().is_some_and(|event| event.key.0 <= end) {
            let event = self.queue.pop().expect("the queue was just seen to hold an event");
            self.now = event.key.0;
            self.step(event.me, event.what);
        }
        self.now = end;
    }

    pub(crate) fn crash(&mut self, member: u32) {
        self.seats[member as usize].up = false;
    }

    /// From now on its messages wait, in both directions, while its timers run: the anomaly of the Lifeguard paper.
    pub(crate) fn block(&mut self, member: u32) {
        self.seats[member as usize].blocked = true;
    }

    /// From now on its timers wait too, as in a process that gets no processor.
    pub(crate) fn pause(&mut self, member: u32) {
        self.block(member);
        self.seats[member as usize].paused = true;
    }

    /// What waited goes out, what was due is done, and what came is heard, in order.
    pub(crate) fn resume(&mut self, member: u32) {
        let seat = &mut self.seats[member as usize];
        (seat.blocked, seat.paused) = (false, false);
        let (inbox, outbox, timers) = (std::mem::take(&mut seat.inbox), std::mem::take(&mut seat.outbox), std::mem::take(&mut seat.timers));
        for (to, message) in outbox {
            self.transmit(member, to, message);
        }
        for timer in timers {
            self.step(member, What::Timer(timer));
        }
        for (from, message) in inbox {
            self.step(member, What::Message(from, message));
        }
    }

    fn push(&mut self, at: Time, me: u32, what: What<A>) {
        self.sequence += 1;
        self.queue.push(Event { key: (at, self.sequence), me, what });
    }

    fn step(&mut self, me: u32, what: What<A>) {
        let seat = &mut self.seats[me as usize];
        if !seat.up {
            return;
        }
        let mut out = Reaction { sends: Vec::new(), timers: Vec::new(), failed: Vec::new() };
        match what {
            What::Start => seat.agent.start(self.now, &mut out),
            What::Message(from, message) if seat.blocked => seat.inbox.push((from, message)),
            What::Message(from, message) => seat.agent.hear(self.now, from, message, &mut out),
            What::Timer(timer) if seat.paused => seat.timers.push(timer),
            What::Timer(timer) => seat.agent.wake(self.now, timer, &mut out),
        }
        for (after, timer) in out.timers {
            self.push(self.now + after, me, What::Timer(timer));
        }
        for about in out.failed {
            self.verdicts.push(Verdict { at: self.now, by: me, about });
        }
        for (to, message, bytes) in out.sends {
            self.messages += 1;
            self.bytes += bytes as u64;
            if self.seats[me as usize].blocked {
                self.seats[me as usize].outbox.push((to, message));
            } else {
                self.transmit(me, to, message);
            }
        }
    }

    fn transmit(&mut self, from: u32, to: u32, message: A::Message) {
        let range = (self.latency[1] - self.latency[0]).0;
        let mut draw = self.dice.draw(from, Purpose::Wire, self.sequence as u32);
        let (lost, latency) = (draw.chance(self.loss), self.latency[0] + Span(draw.below(range + 1)));
        self.sequence += 1;
        if !lost {
            self.push(self.now + latency, to, What::Message(from, message));
        }
    }
}
