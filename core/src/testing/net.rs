//! A small deterministic network in memory, for tests: any [`Node`], up to a few thousand of them, one queue.
//!
//! Events are ordered by (time, destination, source, sequence), so that the story depends on the seed alone. It lacks, on purpose, what the real
//! simulator has: bandwidth, geography, skewed clocks, speed. Helpers read as a story: `net.cut(n)`, `net.slow(n, Span::secs(2))`, `net.crash(n)`.

use super::villain::Villain;
use crate::base::digest::mix;
use crate::base::{Dice, NodeId, SeedKey, Span, Time};
use crate::machine::{Chance, Cx};
use crate::node::{Command, Contacts, Effect, Fact, Input, Node, Tally};
use core::cmp::Ordering;
use core::fmt::Write as _;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};
use std::sync::Arc;

/// How many of the last effects [`Net::story`] tells.
pub const STORY_EFFECTS: usize = 200;

/// What every link of the network does to a message.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// Shortest latency.
    pub latency_min: Span,
    /// Longest latency; each message draws between the two, so messages can overtake each other.
    pub latency_max: Span,
    /// Probability that a message is lost.
    pub loss: f64,
}

impl Link {
    /// A clean link of constant latency.
    pub const fn millis(n: u64) -> Self {
        Self { latency_min: Span::millis(n), latency_max: Span::millis(n), loss: 0.0 }
    }

    /// A clean link whose latency is uniform between two bounds in milliseconds.
    pub const fn between_millis(min: u64, max: u64) -> Self {
        Self { latency_min: Span::millis(min), latency_max: Span::millis(max), loss: 0.0 }
    }

    /// The same link with this probability of loss.
    #[must_use]
    pub const fn lossy(self, loss: f64) -> Self {
        Self { loss, ..self }
    }
}

type Out<N> = Effect<<N as Node>::Message, <N as Node>::Wakeup>;

/// One place of the network.
struct Seat<N: Node> {
    node: N,
    config: Arc<N::Config>,
    villain: Option<Box<dyn Villain<N::Message>>>,
    up: bool,
    /// Counts starts, so that a wake-up of an earlier life is recognised.
    life: u32,
    draws: u32,
    cut: bool,
    side: u8,
    slow: Span,
    facts: Vec<(Time, Fact)>,
    tallies: [u64; Tally::ALL.len()],
}

/// What happens next at one node.
enum What<N: Node> {
    /// An input; the flag says that a slow node has already put it off.
    Input(Input<N::Message>, bool),
    Wake(N::Wakeup, u32),
    Tick,
}

struct Event<N: Node> {
    key: (Time, u32, u32, u64),
    what: What<N>,
}

impl<N: Node> PartialEq for Event<N> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}
impl<N: Node> Eq for Event<N> {}
impl<N: Node> PartialOrd for Event<N> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<N: Node> Ord for Event<N> {
    /// The earliest is the greatest, because a `BinaryHeap` gives the greatest first.
    fn cmp(&self, other: &Self) -> Ordering {
        other.key.cmp(&self.key)
    }
}

/// A deterministic network of nodes of one type.
pub struct Net<N: Node> {
    seats: Vec<Seat<N>>,
    queue: BinaryHeap<Event<N>>,
    dice: Dice,
    salt: u64,
    link: Link,
    now: Time,
    sequence: u64,
    steps: u64,
    check_every: u64,
    broken: Option<String>,
    sent: BTreeMap<String, u64>,
    lost: u64,
    last: VecDeque<(Time, NodeId, Out<N>)>,
    scratch: Vec<Out<N>>,
}

impl<N: Node> Net<N> {
    /// An empty network whose chance comes from `seed`, with clean links of 5 to 50 ms.
    pub fn seeded(seed: u64) -> Self {
        let key = SeedKey::new(seed);
        Self {
            seats: Vec::new(),
            queue: BinaryHeap::new(),
            dice: Dice::new(key),
            salt: key.salt(),
            link: Link::between_millis(5, 50),
            now: Time::ZERO,
            sequence: 0,
            steps: 0,
            check_every: 1,
            broken: None,
            sent: BTreeMap::new(),
            lost: 0,
            last: VecDeque::new(),
            scratch: Vec::new(),
        }
    }

    /// Adds `count` nodes that are down until started, numbered from the first free number.
    #[must_use]
    pub fn nodes(mut self, count: u32, config: N::Config) -> Self {
        let config = Arc::new(config);
        for _ in 0..count {
            self.seats.push(Seat {
                node: N::new(&config),
                config: config.clone(),
                villain: None,
                up: false,
                life: 0,
                draws: 0,
                cut: false,
                side: 0,
                slow: Span::ZERO,
                facts: Vec::new(),
                tallies: [0; Tally::ALL.len()],
            });
        }
        self
    }

    /// The links between all nodes.
    #[must_use]
    pub fn links(mut self, link: Link) -> Self {
        self.link = link;
        self
    }

    /// Checks the promises of a node only at every `n`-th step of the network (1 by default; 0 never).
    #[must_use]
    pub fn checks_every(mut self, n: u64) -> Self {
        self.check_every = n;
        self
    }

    /// Changes the links from now on.
    pub fn set_links(&mut self, link: Link) {
        self.link = link;
    }

    /// Starts a node now. It forgets all it knew.
    pub fn start(&mut self, node: NodeId, contacts: Contacts) {
        self.start_after(node, contacts, Span::ZERO);
    }

    /// Starts a node after a while.
    pub fn start_after(&mut self, node: NodeId, contacts: Contacts, after: Span) {
        self.push(self.now + after, node, node, What::Input(Input::Start { contacts }, true));
    }

    /// Starts every node in turn, `spacing` apart, each with up to three contacts drawn among those before it.
    pub fn start_all(&mut self, spacing: Span) {
        for i in 0..self.seats.len() as u32 {
            let contacts = self.contacts_below(i);
            self.start_after(NodeId(i), contacts, spacing.times(u64::from(i)));
        }
    }

    /// Up to three different contacts drawn below `limit`.
    pub fn contacts_below(&mut self, limit: u32) -> Contacts {
        let mut contacts = Contacts::default();
        for k in 0..3u64 {
            let pick = NodeId((self.chance(k) * f64::from(limit)) as u32);
            if pick.0 < limit && !contacts.0.contains(&Some(pick)) {
                contacts.0[k as usize] = Some(pick);
            }
        }
        contacts
    }

    /// Puts a villain in a node's place. It hears what the node would hear and says what it likes.
    pub fn corrupt(&mut self, node: NodeId, villain: Box<dyn Villain<N::Message>>) {
        self.seats[node.index()].up = true;
        self.push(self.now + villain.every(), node, node, What::Tick);
        self.seats[node.index()].villain = Some(villain);
    }

    /// Stops a node at once, without a word.
    pub fn crash(&mut self, node: NodeId) {
        self.seats[node.index()].up = false;
    }

    /// Lets a node leave in good order, then stops it.
    pub fn leave(&mut self, node: NodeId) {
        self.step(node, What::Input(Input::Leave, true));
        self.seats[node.index()].up = false;
    }

    /// Loses every message to and from a node until it is mended.
    pub fn cut(&mut self, node: NodeId) {
        self.seats[node.index()].cut = true;
    }

    /// Ends a cut.
    pub fn mend(&mut self, node: NodeId) {
        self.seats[node.index()].cut = false;
    }

    /// Puts a node on one side of a partition: messages between different sides are lost. All begin on side 0.
    pub fn side(&mut self, node: NodeId, side: u8) {
        self.seats[node.index()].side = side;
    }

    /// Lets a node handle messages and commands only after a delay, while its wake-ups stay on time. Zero ends it.
    pub fn slow(&mut self, node: NodeId, delay: Span) {
        self.seats[node.index()].slow = delay;
    }

    /// Gives a node a command now.
    pub fn command(&mut self, node: NodeId, command: Command) {
        self.push(self.now, node, node, What::Input(Input::Command(command), false));
    }

    /// Sends a message in the name of `from`, over the same links as all others.
    pub fn send(&mut self, from: NodeId, to: NodeId, message: N::Message) {
        *self.sent.entry(kind_of(&message)).or_default() += 1;
        let Some(target) = self.seats.get(to.index()) else { return };
        let source = &self.seats[from.index()];
        let blocked = source.cut || target.cut || source.side != target.side;
        let (lot, spread) = (self.chance(0), self.chance(1));
        if blocked || lot < self.link.loss {
            self.lost += 1;
            return;
        }
        let range = (self.link.latency_max - self.link.latency_min).0;
        let latency = self.link.latency_min + Span((spread * range as f64) as u64);
        self.push(self.now + latency, to, from, What::Input(Input::Message { from, message }, false));
    }

    /// Runs for a while of virtual time.
    pub fn run_for(&mut self, span: Span) {
        let end = self.now + span;
        while self.queue.peek().is_some_and(|event| event.key.0 <= end) {
            let event = self.queue.pop().expect("the queue was just seen to hold an event");
            self.now = event.key.0;
            self.step(NodeId(event.key.1), event.what);
        }
        self.now = end;
    }

    /// Runs until the condition holds, looking every `step`; false if it does not hold within `limit`.
    pub fn run_until(&mut self, limit: Span, step: Span, mut holds: impl FnMut(&Self) -> bool) -> bool {
        let end = self.now + limit;
        while self.now < end {
            self.run_for(step);
            if holds(self) {
                return true;
            }
        }
        false
    }

    /// The time of the network.
    pub fn now(&self) -> Time {
        self.now
    }

    /// A node.
    pub fn node(&self, node: NodeId) -> &N {
        &self.seats[node.index()].node
    }

    /// Whether a node is up and honest.
    pub fn is_up(&self, node: NodeId) -> bool {
        let seat = &self.seats[node.index()];
        seat.up && seat.villain.is_none()
    }

    /// All honest nodes that are up.
    pub fn live(&self) -> Vec<NodeId> {
        (0..self.seats.len() as u32).map(NodeId).filter(|node| self.is_up(*node)).collect()
    }

    /// What a node told of itself, tallies apart.
    pub fn facts(&self, node: NodeId) -> &[(Time, Fact)] {
        &self.seats[node.index()].facts
    }

    /// What all nodes told of themselves, by node.
    pub fn all_facts(&self) -> impl Iterator<Item = (NodeId, Time, Fact)> + '_ {
        self.seats.iter().enumerate().flat_map(|(i, seat)| seat.facts.iter().map(move |(at, fact)| (NodeId(i as u32), *at, *fact)))
    }

    /// How often all nodes together told this tally.
    pub fn tally(&self, tally: Tally) -> u64 {
        self.seats.iter().map(|seat| seat.tallies[tally as usize]).sum()
    }

    /// Messages sent so far, by kind (`Ping`, or `Swim.Ping` where a message wraps another), lost ones included.
    pub fn sent(&self) -> &BTreeMap<String, u64> {
        &self.sent
    }

    /// Messages of one kind sent so far.
    pub fn sent_of(&self, kind: &str) -> u64 {
        self.sent.get(kind).copied().unwrap_or(0)
    }

    /// Messages that the links lost so far.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Events handled so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The first promise that [`Node::check`] found broken, with its time and node.
    pub fn broken(&self) -> Option<&str> {
        self.broken.as_deref()
    }

    /// The last effects, oldest first, for the message of a failing assertion.
    pub fn story(&self) -> String {
        let mut story = String::new();
        for (at, node, effect) in &self.last {
            let _ = match effect {
                Effect::Send { to, message } => writeln!(story, "{at} {node} -> {to} {message:?}"),
                Effect::Wake { after, why } => writeln!(story, "{at} {node} wakes in {after}: {why:?}"),
                Effect::Fact(fact) => writeln!(story, "{at} {node} {fact:?}"),
            };
        }
        if let Some(broken) = &self.broken {
            let _ = writeln!(story, "broken: {broken}");
        }
        story
    }

    /// A number in `[0, 1)` that depends on the seed, on what happened so far and on `salt`.
    fn chance(&mut self, salt: u64) -> f64 {
        self.sequence += 1;
        (mix(self.salt ^ mix(self.sequence ^ salt << 56)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn push(&mut self, at: Time, to: NodeId, from: NodeId, what: What<N>) {
        self.sequence += 1;
        self.queue.push(Event { key: (at, to.0, from.0, self.sequence), what });
    }

    fn step(&mut self, me: NodeId, what: What<N>) {
        let seat = &mut self.seats[me.index()];
        if seat.villain.is_some() {
            return self.step_villain(me, what);
        }
        let mut out = core::mem::take(&mut self.scratch);
        if matches!(what, What::Input(Input::Start { .. }, _)) {
            seat.up = true;
            seat.life += 1;
            seat.node = N::new(&seat.config);
        }
        let stale = matches!(what, What::Wake(_, life) if life != seat.life) || matches!(what, What::Tick);
        if seat.up && !stale {
            let chance = Chance::new(&mut self.dice, me.0, &mut seat.draws);
            let mut cx = Cx::new(self.now, me, chance, &mut out);
            match what {
                What::Input(input, false) if seat.slow > Span::ZERO => {
                    let (at, slow) = (self.now, seat.slow);
                    self.push(at + slow, me, me, What::Input(input, true));
                }
                What::Input(input, _) => seat.node.handle(input, &mut cx),
                What::Wake(why, _) => seat.node.wake(why, &mut cx),
                What::Tick => {}
            }
            self.carry_out(me, &mut out);
            self.check(me);
        }
        self.scratch = out;
    }

    fn carry_out(&mut self, me: NodeId, out: &mut Vec<Out<N>>) {
        for effect in out.drain(..) {
            if self.last.len() == STORY_EFFECTS {
                self.last.pop_front();
            }
            self.last.push_back((self.now, me, effect.clone()));
            match effect {
                Effect::Send { to, message } => self.send(me, to, message),
                Effect::Wake { after, why } => {
                    let life = self.seats[me.index()].life;
                    self.push(self.now + after, me, me, What::Wake(why, life));
                }
                Effect::Fact(Fact::Tally(tally)) => self.seats[me.index()].tallies[tally as usize] += 1,
                Effect::Fact(fact) => self.seats[me.index()].facts.push((self.now, fact)),
            }
        }
    }

    fn check(&mut self, me: NodeId) {
        self.steps += 1;
        let due = self.broken.is_none() && self.check_every > 0 && self.steps.is_multiple_of(self.check_every);
        if due && let Err(promise) = self.seats[me.index()].node.check(me) {
            self.broken = Some(format!("{} {me}: {promise}", self.now));
        }
    }

    fn step_villain(&mut self, me: NodeId, what: What<N>) {
        let seat = &mut self.seats[me.index()];
        let Some(villain) = seat.villain.as_mut() else { return };
        let mut out = Vec::new();
        match what {
            What::Input(Input::Message { from, message }, _) => villain.hear(me, from, &message, &mut out),
            What::Tick => {
                villain.tick(me, &mut out);
                let every = villain.every();
                self.push(self.now + every, me, me, What::Tick);
            }
            What::Input(..) | What::Wake(..) => {}
        }
        for (to, message) in out {
            self.send(me, to, message);
        }
    }
}

/// The name of a message's variant, from its `Debug` form: `Ping`, or `Swim.Ping` for a message inside a message.
fn kind_of(message: &impl core::fmt::Debug) -> String {
    struct Head(String);
    impl core::fmt::Write for Head {
        /// Stops the formatting as soon as the name is complete.
        fn write_str(&mut self, text: &str) -> core::fmt::Result {
            for c in text.chars() {
                match c {
                    '(' => self.0.push('.'),
                    c if c.is_alphanumeric() || c == '_' => self.0.push(c),
                    _ => return Err(core::fmt::Error),
                }
            }
            Ok(())
        }
    }
    let mut head = Head(String::new());
    let _ = write!(head, "{message:?}");
    head.0
}
