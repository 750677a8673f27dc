//! The node under test in each of its roles, set as the PIXIT says.

use crate::suite::case::Subject;
use crate::suite::port::Pixit;
use hypermesh_core::base::Span;
use hypermesh_core::stoq::cache;
use hypermesh_core::stoq::cache::Life;
use hypermesh_core::stoq::node::{Config, Peer, Server, ServerId};
use hypermesh_core::stoq::session::{self, Capabilities, Roles, Setting, Settings};
use hypermesh_core::testing::stoq::World;
use std::sync::Arc;

/// The server that the tester plays.
pub(crate) const TESTER: ServerId = ServerId(1_000);

/// The roles of a subject.
pub(crate) const fn roles(subject: Subject) -> Roles {
    match subject {
        Subject::Origin => Roles::ORIGIN,
        Subject::Edge => Roles::EDGE,
        Subject::Client => Roles::CLIENT.with(Roles::PUBLISHER),
    }
}

/// What an origin under test lets others use its names for; the same on every port.
pub(crate) const LIFE: Life =
    Life::Limited { max_age: Span::secs(2), stale_while_revalidate: Span::secs(1), stale_if_error: Span::secs(5) };

/// What is set about a session.
pub(crate) fn session(roles: Roles, pixit: &Pixit) -> session::Config {
    let settings = Settings::new(Capabilities::ALL.without(Capabilities::EARLY), roles)
        .with(Setting::Requests, pixit.requests)
        .with(Setting::IdleMillis, pixit.idle.0 / 1_000_000);
    session::Config {
        settings,
        agree_within: pixit.agree_within,
        leave_within: pixit.leave_within,
        stall_after: pixit.stall_after,
        waste_burst: pixit.waste_burst,
        waste_per_sec: pixit.waste_per_sec,
        told_per_sec: pixit.told_per_sec,
        grease: true,
    }
}

/// The tester as a server above the node.
pub(crate) const fn above() -> Server {
    Server { id: TESTER, cost: 0, names: true }
}

/// What is set about the node.
pub(crate) fn config(subject: Subject, pixit: &Pixit) -> Config {
    let roles = roles(subject);
    Config {
        roles,
        session: Arc::new(session(roles, pixit)),
        cache: (subject == Subject::Edge).then(|| cache::Config { memory_bytes: 64 << 20, ..cache::Config::default() }),
        servers: if subject == Subject::Origin { Box::new([]) } else { Box::new([above()]) },
        life: LIFE,
        serving_max: pixit.serving_max,
        puts_max: pixit.puts_max,
        purges_max: pixit.purges_max,
        send_ahead_bytes: pixit.send_ahead_bytes,
        lease: pixit.lease,
        ..Config::default()
    }
}

/// Puts the node into a world without others.
pub(in crate::suite) fn add(world: &mut World, subject: Subject, pixit: &Pixit) {
    let seat = world.add(&Arc::new(config(subject, pixit)));
    world.by_hand(seat);
    if subject != Subject::Origin {
        world.play(seat, TESTER, Peer::Certified(Roles::ORIGIN));
        world.input(seat, hypermesh_core::stoq::node::Input::Servers(Box::new([above()])));
    }
}
