//! Servers that nobody can connect with, driven by hand.

use crate::base::{Dice, NodeId, SeedKey, Span, Time};
use crate::machine::{Chance, Cx, Machine};
use crate::stoq::chunk::ManifestId;
use crate::stoq::node::*;
use crate::stoq::transfer::{self, Order, SourceId};
use std::sync::Arc;

const SERVER: ServerId = ServerId(0);

/// A client of one server.
struct Client {
    node: StoqNode,
    dice: Dice,
    draws: u32,
}

impl Client {
    fn new() -> Self {
        let server = Server { id: SERVER, cost: 0, names: true };
        let node = StoqNode::new(&Arc::new(Config { servers: Box::new([server]), ..Config::default() }));
        Self { node, dice: Dice::new(SeedKey::new(6)), draws: 0 }
    }

    fn react(&mut self, react: impl FnOnce(&mut StoqNode, &mut Cx<'_, Effect>)) -> Vec<Effect> {
        let mut out = Vec::new();
        let chance = Chance::new(&mut self.dice, 0, &mut self.draws);
        react(&mut self.node, &mut Cx::new(Time::ZERO, NodeId(0), chance, &mut out));
        out
    }

    fn get(&mut self, job: u32) -> Vec<Effect> {
        let what = transfer::What::Id(ManifestId([7; 32]));
        let sequence = transfer::Sequence::InOrder;
        let order = Order { what, range: None, sources: Vec::new(), sequence, credit: 1 << 20, reads_back: false, resume: None };
        self.react(|node, cx| node.handle(Input::Job { job: JobId(job), command: Command::Get(Box::new(order)) }, cx))
    }

    /// Lets a job that left the server alone try it again.
    fn rested(&mut self, job: u32, effects: &[Effect]) -> Vec<Effect> {
        let why = effects.iter().find_map(|effect| match effect {
            Effect::Wake { why: why @ Why::Transfer(of, transfer::Why::Rested(SourceId(0), _)), .. } if *of == JobId(job) => Some(*why),
            _ => None,
        });
        let why = why.unwrap_or_else(|| panic!("it does not come back to the server: {effects:?}"));
        self.react(|node, cx| node.wake(why, cx))
    }
}

fn is_dialled(effects: &[Effect]) -> bool {
    effects.contains(&Effect::Dial { server: SERVER })
}

#[test]
fn whoever_comes_while_a_server_rests_waits_for_the_end_of_that_and_does_not_give_it_up() {
    let mut client = Client::new();
    assert!(is_dialled(&client.get(1)));
    client.react(|node, cx| node.handle(Input::NoDial { server: SERVER, again: Some(Span::secs(60)) }, cx));
    let mut effects = client.get(2);
    for _ in 0..2 * transfer::TROUBLES_MAX {
        assert!(!is_dialled(&effects), "it rests");
        effects = client.rested(2, &effects);
    }
    client.react(|node, cx| node.wake(Why::Dial(SERVER), cx));
    assert!(is_dialled(&client.rested(2, &effects)));
}
