//! Peers and servers that a test plays itself: it hears what a node says to them, and says to the node what they would.

use super::{Event, World};
use crate::base::Time;
use crate::stoq::node::{ConnId, Effect, Input, Peer, ServerId};
use crate::stoq::session::{self, version};

impl World {
    /// From now on the test plays a peer of a node: what the node says on connections that the world does not know is kept.
    pub fn by_hand(&mut self, seat: usize) {
        self.seats[seat].by_hand.get_or_insert_default();
    }

    /// What a node said to a peer that the test plays, since this was asked last.
    pub fn said_by_hand(&mut self, seat: usize, conn: ConnId) -> Vec<Effect> {
        let Some(all) = self.seats[seat].by_hand.take() else { return Vec::new() };
        let (mine, others) = all.into_iter().partition(|(to, _)| *to == conn);
        self.seats[seat].by_hand = Some(others);
        let mine: Vec<(ConnId, Effect)> = mine;
        mine.into_iter().map(|(_, effect)| effect).collect()
    }

    /// From now on the test plays this server of a node by hand: see [`World::dialled_by_hand`].
    pub fn play(&mut self, seat: usize, server: ServerId, peer: Peer) {
        self.by_hand(seat);
        self.played.insert(server, peer);
    }

    /// From now on the test itself tells a node that dials a server which it plays how that went, with [`Input::Dialled`] and the keys, or [`Input::NoDial`].
    pub fn tell_dials_by_hand(&mut self) {
        self.tells_dials = true;
    }

    /// From now on nobody can connect with a server that the test played.
    pub fn play_no_more(&mut self, server: ServerId) {
        self.played.remove(&server);
    }

    /// The next connection that a node opened with a server that the test plays.
    pub fn dialled_by_hand(&mut self) -> Option<(usize, ConnId)> {
        self.dialled.pop_front()
    }

    pub(super) fn dial_by_hand(&mut self, at: usize, server: ServerId, peer: Peer, when: Time) {
        self.count += 1;
        let (conn, life) = (ConnId(self.count), self.seats[at].life);
        let keyed = session::Input::Keyed { major: version::MAJOR, exporter: Self::EXPORTER };
        if !self.tells_dials {
            self.at(when, Event::Input(at, life, Box::new(Input::Dialled { conn, server, peer, early: false })));
            self.at(when, Event::Input(at, life, Box::new(Input::Session { conn, input: keyed })));
        }
        self.dialled.push_back((at, conn));
    }
}
