//! An origin, what lies between, and clients.

use crate::base::Span;
use crate::stoq::cache::{self, Life};
use crate::stoq::node::*;
use crate::stoq::session::frame::Name;
use crate::stoq::session::{self, Capabilities, Roles, Setting, Settings};
use crate::stoq::transfer::What;
use crate::testing::stoq::World;
use std::sync::Arc;

/// Where things are in a [`town`].
pub(super) const ORIGIN: usize = 0;
pub(super) const REGIONAL: usize = 1;
pub(super) const EDGE: usize = 2;
pub(super) const CLIENT: usize = 3;
pub(super) const PUBLISHER: usize = 4;

/// A node of a role under these servers.
pub(super) fn config(roles: Roles, servers: &[usize]) -> Config {
    let settings = Settings::new(Capabilities::ALL, roles).with(Setting::Requests, 256);
    let keeps = roles.has(Roles::EDGE) || roles.has(Roles::REGIONAL);
    let server = |id: &usize| Server { id: ServerId(*id as u32), cost: 0, names: true };
    Config {
        roles,
        session: Arc::new(session::Config { settings, ..session::Config::default() }),
        cache: keeps.then(|| cache::Config { memory_bytes: 64 << 20, ..cache::Config::default() }),
        servers: servers.iter().map(server).collect(),
        life: Life::Limited { max_age: Span::secs(60), stale_while_revalidate: Span::secs(10), stale_if_error: Span::secs(600) },
        ..Config::default()
    }
}

/// origin ◀─ regional ◀─ edge ◀─ client, and a publisher at the origin.
pub(super) fn town(seed: u64) -> World {
    let mut world = World::new(seed);
    world.add(&Arc::new(config(Roles::ORIGIN, &[])));
    // The regional acknowledges purges when it has them on disk.
    let mut regional = config(Roles::REGIONAL, &[ORIGIN]);
    regional.cache = regional.cache.map(|cache| cache::Config { durable_purges: true, ..cache });
    world.add(&Arc::new(regional));
    world.add(&Arc::new(config(Roles::EDGE, &[REGIONAL])));
    world.add(&Arc::new(config(Roles::CLIENT, &[EDGE])));
    world.add(&Arc::new(config(Roles::CLIENT.with(Roles::PUBLISHER), &[ORIGIN])));
    world
}

/// The newest version of an object.
pub(super) fn named(name: &str) -> What {
    What::Name { name: Name::new(name).expect("the test names things well"), version_min: 0, age_max: None }
}

/// Bytes that do not repeat, different ones for each seed.
pub(super) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(len + 8);
    while bytes.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(len);
    bytes
}
