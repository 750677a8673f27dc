//! A transfer, its sources with their lines, and whoever takes the pieces, in virtual time.

use super::super::*;
use super::object::Object;
use crate::base::{Dice, NodeId, Purpose, SeedKey, Span, Time};
use crate::machine::Chance;
use crate::stoq::session::Code;
use crate::stoq::session::frame::{Bits, ContentId};
use std::sync::Arc;

/// How a source behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Conduct {
    /// It sends what it is asked for.
    Honest,
    /// It sends something else, so many times in a thousand.
    Lies(u64),
    /// It has not so many contents in a thousand.
    Lacks(u64),
    /// It sends so many contents, and then nothing more, without a word.
    Stalls(u64),
    /// From this content on it is this many times slower.
    Slows(u64, u64),
    /// It fails so many exchanges in a thousand for now.
    IsBusy(u64),
    /// It says that it has everything and leaves out so many in a thousand.
    Forgets(u64),
    /// Its connection breaks after every so many contents, and can be made again.
    Breaks(u64),
    /// It cannot be connected with.
    IsAway,
    /// Nothing comes of attempts to connect with it, not even that they failed.
    IsSilent,
}

/// A source at the end of its line.
struct Server {
    conduct: Conduct,
    /// Bytes a second.
    rate: u64,
    rtt: Span,
    /// What it has to send: in which exchange, its place in it, what.
    jobs: VecDeque<(AskId, u8, ContentId)>,
    is_sending: bool,
    sent: u64,
    /// Connections so far; what was sent in an earlier one does not arrive.
    life: u64,
    /// What it has sent of each content.
    pub(super) served: BTreeMap<ContentId, u64>,
}

enum Event {
    /// Something arrives at a source.
    Asked(usize, AskId, Wish),
    Withdrawn(usize, AskId, u8, u8),
    Dropped(usize, AskId),
    /// A source has sent its first job.
    Sent(usize, u64),
    /// Something arrives at the transfer, in that life of its source's connection.
    Told(usize, u64, Input),
    /// For the transfer, from this side.
    Own(Input),
    Woken(Why),
}

/// All of it.
pub(super) struct World<'o> {
    object: &'o Object,
    pub(super) transfer: Transfer,
    pub(super) now: Time,
    events: BTreeMap<(Time, u64), Event>,
    next: u64,
    servers: Vec<Server>,
    asked: BTreeMap<AskId, usize>,
    dice: Dice,
    draws: u32,
    rolls: u32,
    /// What was taken, as far as it was.
    pub(super) got: Vec<u8>,
    delivered: Ranges,
    taken: Ranges,
    /// How long the taker needs for a piece.
    pub(super) pause: Span,
    credit: u64,
    untaken: u64,
    pub(super) effects: Vec<Effect>,
    /// Broken promises.
    pub(super) errors: Vec<String>,
    pub(super) held_most: u64,
    /// Whether the transfer is looked at after every step, which is slow where much is under way.
    pub(super) checks: bool,
}

impl<'o> World<'o> {
    /// A world of these sources: conduct, bytes a second, milliseconds there and back.
    pub(super) fn new(object: &'o Object, seed: u64, servers: &[(Conduct, u64, u64)]) -> Self {
        let server = |&(conduct, rate, rtt): &(Conduct, u64, u64)| {
            let (jobs, served) = (VecDeque::new(), BTreeMap::new());
            Server { conduct, rate, rtt: Span::millis(rtt), jobs, is_sending: false, sent: 0, life: 0, served }
        };
        Self {
            object,
            transfer: Transfer::new(super::config()),
            now: Time::ZERO,
            events: BTreeMap::new(),
            next: 0,
            servers: servers.iter().map(server).collect(),
            asked: BTreeMap::new(),
            dice: Dice::new(SeedKey::new(seed)),
            draws: 0,
            rolls: 0,
            got: vec![0; object.bytes.len()],
            delivered: Ranges::default(),
            taken: Ranges::default(),
            pause: Span::micros(1),
            credit: 0,
            untaken: 0,
            effects: Vec::new(),
            errors: Vec::new(),
            held_most: 0,
            checks: true,
        }
    }

    /// With another configuration.
    pub(super) fn with(mut self, config: Config) -> Self {
        self.transfer = Transfer::new(config);
        self
    }

    pub(super) fn begin(&mut self, order: Order) {
        self.credit = order.credit;
        self.give(Input::Begin(Box::new(order)));
    }

    /// Another transfer of the same, after the first was cut off. Nothing of the first is left, but for what was taken.
    pub(super) fn begin_again(&mut self, config: Config, order: Order) {
        self.transfer = Transfer::new(config);
        self.events.clear();
        self.asked.clear();
        for server in &mut self.servers {
            server.jobs.clear();
            server.is_sending = false;
            server.life += 1;
        }
        self.delivered = self.taken.clone();
        self.untaken = 0;
        self.begin(order);
    }

    /// Until the end, or that moment.
    pub(super) fn run_until(&mut self, end: Time) {
        while self.transfer.phase() == Phase::Running {
            let Some(next) = self.events.first_entry().filter(|next| next.key().0 <= end) else { return };
            let ((at, _), event) = next.remove_entry();
            self.now = at;
            self.happen(event);
        }
    }

    /// Until the end, within ten minutes.
    pub(super) fn run(&mut self) -> &mut Self {
        self.run_until(self.now + Span::secs(600));
        self
    }

    pub(super) fn taken_bytes(&self) -> u64 {
        self.taken.bytes()
    }

    /// How often a source sent a content.
    pub(super) fn served(&self, server: usize) -> impl Iterator<Item = u64> + '_ {
        self.servers[server].served.values().copied()
    }

    /// All that went wrong: broken promises, and bytes of the range that are not the object's.
    pub(super) fn wrongs(&mut self, range: Range<u64>) -> Vec<String> {
        let mut wrongs = core::mem::take(&mut self.errors);
        if self.transfer.phase() != Phase::Finished {
            let ending = self.effects.iter().rev().find(|effect| matches!(effect, Effect::Failed(_) | Effect::Cancelled));
            wrongs.push(format!("at {} it is {:?}: {ending:?}", self.now, self.transfer.phase()));
        } else if !self.taken.covers(&range) {
            wrongs.push(format!("of {range:?} only {:?} was taken", self.taken));
        } else if self.got[range.start as usize..range.end as usize] != self.object.bytes[range.start as usize..range.end as usize] {
            wrongs.push("the bytes are not those of the object".to_owned());
        }
        if self.taken.bytes() > range.end - range.start {
            wrongs.push("more was taken than was wanted".to_owned());
        }
        wrongs
    }

    /// The transfer hears something from this side.
    pub(super) fn give(&mut self, input: Input) {
        self.react(|transfer, cx| transfer.handle(input, cx));
    }

    /// Every wake-up that was ever asked for.
    pub(super) fn wake_all(&mut self) {
        let whys = self.effects.iter().filter_map(|effect| match effect {
            Effect::Wake { why, .. } => Some(*why),
            _ => None,
        });
        for why in whys.collect::<Vec<_>>() {
            self.react(|transfer, cx| transfer.wake(why, cx));
        }
    }

    fn react(&mut self, react: impl FnOnce(&mut Transfer, &mut Context<'_>)) {
        let mut out = Vec::new();
        let chance = Chance::new(&mut self.dice, 0, &mut self.draws);
        react(&mut self.transfer, &mut Cx::new(self.now, NodeId(0), chance, &mut out));
        if self.checks
            && let Err(broken) = self.transfer.check()
        {
            self.errors.push(format!("{broken}, at {}", self.now));
        }
        if self.checks {
            self.held_most = self.held_most.max(self.transfer.held_bytes());
        }
        for effect in out {
            self.follow(&effect);
            self.effects.push(effect);
        }
    }

    fn later(&mut self, after: Span, event: Event) {
        self.next += 1;
        self.events.insert((self.now + after, self.next), event);
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.rolls += 1;
        self.dice.draw(9, Purpose::Test, self.rolls).below(bound)
    }

    fn half(&self, server: usize) -> Span {
        Span(self.servers[server].rtt.0 / 2)
    }

    fn tell(&mut self, server: usize, input: Input) {
        let life = self.servers[server].life;
        self.later(self.half(server), Event::Told(server, life, input));
    }

    /// Does what the transfer asks for.
    fn follow(&mut self, effect: &Effect) {
        match effect {
            Effect::Open(source) => {
                let server = source.0 as usize;
                let input = match self.servers[server].conduct {
                    Conduct::IsSilent => return,
                    Conduct::IsAway => Input::Closed { source: *source, again: None },
                    _ => Input::Opened(*source),
                };
                let life = self.servers[server].life;
                self.later(self.servers[server].rtt, Event::Told(server, life, input));
            }
            Effect::Ask { ask, source, wish } => {
                self.look_at(wish);
                let server = source.0 as usize;
                self.asked.insert(*ask, server);
                self.later(self.half(server), Event::Asked(server, *ask, wish.clone()));
            }
            Effect::Withdraw { ask, first, count } => {
                let server = self.asked[ask];
                self.later(self.half(server), Event::Withdrawn(server, *ask, *first, *count));
            }
            Effect::Drop { ask } | Effect::GiveUp { ask } => {
                let server = self.asked[ask];
                self.later(self.half(server), Event::Dropped(server, *ask));
            }
            Effect::Deliver { piece, stored } => {
                if piece.len as usize == stored.len() {
                    self.hand(piece, piece.of(stored).to_vec());
                } else {
                    self.errors.push("a chunk has another length than was said".to_owned());
                }
            }
            Effect::Copy { piece, from } => {
                let from = *from..*from + u64::from(piece.take);
                if !self.delivered.covers(&from) {
                    self.errors.push("what is to be copied was not delivered".to_owned());
                }
                self.hand(piece, self.got[from.start as usize..from.end as usize].to_vec());
            }
            Effect::Wake { after, why } => self.later(*after, Event::Woken(*why)),
            _ => {}
        }
    }

    /// Nothing is asked for whose every place was taken.
    fn look_at(&mut self, wish: &Wish) {
        let Wish::Chunks(ids) = wish else { return };
        for id in ids {
            let places = &self.object.places[id];
            if places.iter().all(|place| self.taken.covers(place)) {
                self.errors.push(format!("{id:?} was taken and is asked for again"));
            }
        }
    }

    /// The taker gets a piece.
    fn hand(&mut self, piece: &Piece, bytes: Vec<u8>) {
        let start = piece.offset + u64::from(piece.skip);
        let range = start..start + u64::from(piece.take);
        let before = self.delivered.bytes();
        self.delivered.insert(range.clone());
        if self.delivered.bytes() - before != u64::from(piece.take) {
            self.errors.push(format!("bytes of {range:?} were delivered twice"));
        }
        self.untaken += u64::from(piece.take);
        if self.untaken > self.credit && self.untaken != u64::from(piece.take) {
            self.errors.push("more was delivered than the credit allows".to_owned());
        }
        self.got[range.start as usize..range.end as usize].copy_from_slice(&bytes);
        self.later(self.pause, Event::Own(Input::Taken { offset: start }));
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Woken(why) => self.react(|transfer, cx| transfer.wake(why, cx)),
            Event::Own(input) => {
                if let Input::Taken { offset } = input {
                    let bytes = self.transfer.untaken[&offset];
                    self.taken.insert(offset..offset + u64::from(bytes));
                    self.untaken -= u64::from(bytes);
                }
                self.give(input);
            }
            Event::Told(server, life, input) => {
                if life == self.servers[server].life {
                    self.give(input);
                }
            }
            Event::Asked(server, ask, wish) => self.serve(server, ask, wish),
            Event::Withdrawn(server, ask, first, count) => {
                let sending = usize::from(self.servers[server].is_sending);
                let jobs = &mut self.servers[server].jobs;
                let mut nth = 0;
                jobs.retain(|(job, place, _)| {
                    nth += 1;
                    nth <= sending || *job != ask || !(first..first + count).contains(place)
                });
                self.end_if_done(server, ask);
            }
            Event::Dropped(server, ask) => {
                let sending = usize::from(self.servers[server].is_sending);
                let mut nth = 0;
                self.servers[server].jobs.retain(|(job, ..)| {
                    nth += 1;
                    nth <= sending || *job != ask
                });
            }
            Event::Sent(server, life) if life == self.servers[server].life => self.sent(server),
            Event::Sent(..) => {}
        }
    }

    fn has(&self, server: usize, id: ContentId) -> bool {
        let lacking = match self.servers[server].conduct {
            Conduct::Lacks(permille) => permille,
            _ => 0,
        };
        let roll = u64::from_le_bytes(id.0[..8].try_into().expect("eight bytes")).wrapping_mul(2 * server as u64 + 1) >> 16;
        roll % 1000 >= lacking && self.object.store.contains_key(&id)
    }

    fn serve(&mut self, server: usize, ask: AskId, wish: Wish) {
        let conduct = self.servers[server].conduct;
        if let Conduct::IsBusy(permille) = conduct
            && self.below(1000) < permille
        {
            return self.tell(server, Input::Failed { ask, code: Code::Overloaded, retry: Span::millis(50) });
        }
        match wish {
            Wish::Name { .. } if conduct == Conduct::Stalls(0) => {}
            Wish::Name { .. } => {
                let id = ContentId(self.object.root.0);
                self.tell(server, Input::Named { ask, id, version: 7, bytes: self.object.store[&id].clone() });
            }
            Wish::Manifest(id) if !self.has(server, ContentId(id.0)) => {
                self.tell(server, Input::Failed { ask, code: Code::NotFound, retry: Span::ZERO });
            }
            Wish::Manifest(id) => self.servers[server].jobs.push_back((ask, 0, ContentId(id.0))),
            Wish::Chunks(ids) => {
                let mut there = Bits::zeros(ids.len()).expect("a WANT is not too long");
                for (place, id) in ids.iter().enumerate() {
                    let id = ContentId(id.0);
                    if !self.has(server, id) {
                        continue;
                    }
                    there.set(place);
                    let forgets = matches!(conduct, Conduct::Forgets(permille) if self.below(1000) < permille);
                    if !forgets {
                        self.servers[server].jobs.push_back((ask, place as u8, id));
                    }
                }
                self.tell(server, Input::Have { ask, there });
                self.end_if_done(server, ask);
            }
        }
        self.send(server);
    }

    /// The source says that an exchange is over when nothing of it is left to send.
    fn end_if_done(&mut self, server: usize, ask: AskId) {
        if self.servers[server].jobs.iter().all(|(job, ..)| *job != ask) {
            self.tell(server, Input::Ended { ask });
        }
    }

    /// Begins to send the first job.
    fn send(&mut self, at: usize) {
        let server = &mut self.servers[at];
        let stalls = matches!(server.conduct, Conduct::Stalls(after) if server.sent >= after);
        let Some((_, _, id)) = server.jobs.front().filter(|_| !server.is_sending && !stalls) else { return };
        let slower = match server.conduct {
            Conduct::Slows(after, times) if server.sent >= after => times,
            _ => 1,
        };
        let bytes = self.object.store[id].len() as u64;
        server.is_sending = true;
        let (life, span) = (server.life, Span(bytes * 1_000_000_000 * slower / server.rate));
        self.later(span, Event::Sent(at, life));
    }

    fn sent(&mut self, at: usize) {
        let server = &mut self.servers[at];
        server.is_sending = false;
        server.sent += 1;
        let Some((ask, _, id)) = server.jobs.pop_front() else { return };
        *server.served.entry(id).or_default() += 1;
        let (conduct, sent) = (server.conduct, server.sent);
        let mut bytes = self.object.store[&id].clone();
        if let Conduct::Lies(permille) = conduct
            && self.below(1000) < permille
        {
            // Wrong in one bit, or another content, or cut off.
            bytes = match self.below(3) {
                0 => bytes.iter().enumerate().map(|(nth, byte)| if nth == 0 { byte ^ 1 } else { *byte }).collect(),
                1 => self.object.store.values().next().expect("there are some").clone(),
                _ => bytes[..bytes.len() - 1].into(),
            };
        }
        self.tell(at, Input::Content { ask, id, bytes });
        self.end_if_done(at, ask);
        if let Conduct::Breaks(every) = conduct
            && sent.is_multiple_of(every)
        {
            let server = &mut self.servers[at];
            server.jobs.clear();
            server.life += 1;
            let input = Input::Closed { source: SourceId(at as u32), again: Some(Span::millis(20)) };
            return self.tell(at, input);
        }
        self.send(at);
    }
}

/// A content with this name, for whoever talks to a transfer by hand.
pub(super) fn content(object: &Object, id: ChunkId) -> (ContentId, Arc<[u8]>) {
    let id = ContentId(id.0);
    (id, object.store[&id].clone())
}
