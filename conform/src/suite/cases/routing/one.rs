//! A router in Paris with what a driver lends it.

use hypermesh_core::base::{Dice, NodeId, SeedKey, Span, Spot, Time};
use hypermesh_core::machine::{Chance, Cx, Machine};
use hypermesh_core::stoq::routing::{Accuracy, Claim, Config, Effect, GroupId, Input, Message, NoWay, RequestId, Router, Trail, Why};

pub(super) const ME: NodeId = NodeId(0);
pub(super) const HERE: GroupId = GroupId(1);
pub(super) const PARIS: Spot = Spot { lat: 48.8566, lon: 2.3522 };
pub(super) const BERLIN: Spot = Spot { lat: 52.52, lon: 13.405 };
pub(super) const TOKYO: Spot = Spot { lat: 35.6762, lon: 139.6503 };
/// How long a claim of these cases holds.
pub(super) const LIFE: Span = Span::secs(600);

/// The router.
pub(super) struct One {
    pub(super) router: Router,
    dice: Dice,
    position: u32,
    pub(super) now: Time,
}

impl One {
    pub(super) fn new() -> Self {
        Self::with(Config::default())
    }

    pub(super) fn with(config: Config) -> Self {
        let router = Router::new(claim(ME, PARIS, 1), config);
        let mut one = Self { router, dice: Dice::new(SeedKey::new(1)), position: 0, now: Time(1) };
        one.handle(Input::Place { group: HERE, spot: PARIS });
        one
    }

    fn react(&mut self, react: impl FnOnce(&mut Router, &mut Cx<'_, Effect>)) -> Vec<Effect> {
        let mut out = Vec::new();
        let chance = Chance::new(&mut self.dice, ME.0, &mut self.position);
        react(&mut self.router, &mut Cx::new(self.now, ME, chance, &mut out));
        out
    }

    pub(super) fn handle(&mut self, input: Input) -> Vec<Effect> {
        self.react(|router, cx| router.handle(input, cx))
    }

    pub(super) fn wake(&mut self, why: Why) -> Vec<Effect> {
        self.react(|router, cx| router.wake(why, cx))
    }

    /// A node advertises itself.
    pub(super) fn advertise(&mut self, claim: Claim) -> Vec<Effect> {
        self.say(claim.node, Message::Advertise { claim, load: 0 })
    }

    pub(super) fn withdraw(&mut self, node: NodeId, sequence: u64) -> Vec<Effect> {
        self.say(node, Message::Withdraw { node, sequence })
    }

    pub(super) fn say(&mut self, from: NodeId, message: Message) -> Vec<Effect> {
        self.handle(Input::Message { from, message })
    }

    /// A request from here: whom it goes to, if anybody.
    pub(super) fn ask(&mut self, request: u64) -> Option<u32> {
        asked(&self.request(request, Trail::EMPTY))
    }

    pub(super) fn request(&mut self, request: u64, trail: Trail) -> Vec<Effect> {
        self.handle(Input::Request { request: RequestId(request), group: HERE, key: 7, trail })
    }

    /// Who would be asked now, if anybody.
    pub(super) fn choice(&mut self) -> Option<u32> {
        self.router.choice(HERE, 7, &Trail::EMPTY, self.now).map(|node| node.0)
    }

    /// A server whose measured round trip is this.
    pub(super) fn probed(&mut self, rtt: Span) -> Vec<Effect> {
        let effects = self.wake(Why::Probe);
        let probe = effects.iter().find_map(|effect| match effect {
            Effect::Send { to, message: Message::Probe { nonce } } => Some((*to, *nonce)),
            _ => None,
        });
        let Some((to, nonce)) = probe else { return Vec::new() };
        self.now += rtt;
        self.say(to, Message::Probed { nonce })
    }
}

pub(super) fn claim(node: NodeId, spot: Spot, sequence: u64) -> Claim {
    Claim::new(node, spot, Accuracy::City, sequence, LIFE)
}

/// Whom a request goes to.
pub(super) fn asked(effects: &[Effect]) -> Option<u32> {
    effects.iter().find_map(|effect| if let Effect::Ask { to, .. } = effect { Some(to.0) } else { None })
}

/// Why a request is given up.
pub(super) fn gave_up(effects: &[Effect]) -> Option<NoWay> {
    effects.iter().find_map(|effect| if let Effect::GiveUp { why, .. } = effect { Some(*why) } else { None })
}

/// After how long the server that is asked is given up, with which wake-up.
pub(super) fn patience(effects: &[Effect]) -> Option<(Span, Why)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Wake { after, why: why @ Why::Overdue { .. } } => Some((*after, *why)),
        _ => None,
    })
}
