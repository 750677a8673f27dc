//! What the sites of a group have in common.

use super::catalogue::Catalogue;
use super::directory::{Directory, roles};
use super::flock::{self, Flock};
use super::pki::Pki;
use crate::packet::Credentials;
use crate::transport::Quic;
use hypermesh_core::base::Span;
use hypermesh_core::stoq::cache::{self, Life};
use hypermesh_core::stoq::chunk::ChunkId;
use hypermesh_core::stoq::node;
use hypermesh_core::stoq::preset::{Effective, Preset};
use hypermesh_core::stoq::session::{Capabilities, version};
use hypermesh_core::stoq::transfer;
use hypermesh_core::testing::Defect;
use hypermesh_scenarios::plan::{Plan, Role, Stoq, StoqKind, StoreFault};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What the sites of a group have in common.
#[derive(Debug)]
pub struct Config {
    /// The machine's own.
    pub node: Arc<node::Config>,
    /// The QUIC stack.
    pub quic: Arc<Quic>,
    /// What the disk of a node does in a second.
    pub disk: DiskSpeed,
    /// The role.
    pub role: Stoq,
    /// The number of the group.
    pub group: u32,
    /// All objects.
    pub catalogue: Arc<Catalogue>,
    /// Who is above whom.
    pub directory: Arc<Directory>,
    /// The credentials of real QUIC in packet mode; none in message mode.
    pub credentials: Option<Arc<Credentials>>,
    /// Bytes of headers below QUIC that the wires charge for each datagram.
    pub headers: u32,
    /// The group's way to share objects out, if it has one.
    pub flock: Option<Arc<Flock>>,
    /// Objects by what they are placed by; empty without a flock.
    pub flock_keys: Arc<BTreeMap<ChunkId, u32>>,
    /// Certificates; those of all are good for ever if none.
    pub pki: Option<Arc<Pki>>,
    /// What goes wrong with disks, by node.
    pub store_faults: Arc<[StoreFault]>,
    /// Names the run: the keys of its connections are made from it.
    pub seed: u64,
}

/// How fast a disk is. The defaults are those of a data centre's solid-state disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskSpeed {
    /// How long an operation takes at least.
    pub latency: Span,
    /// Bytes a second, all operations together.
    pub bytes_per_s: u64,
}

impl Default for DiskSpeed {
    fn default() -> Self {
        Self { latency: Span::micros(90), bytes_per_s: 3_000_000_000 }
    }
}

/// How long a client waits for the answer to a dial.
pub const DIAL_WITHIN: Span = Span::secs(5);

/// The configurations of all groups of a plan; real QUIC carries its connections if `packets`.
pub fn configs(plan: &Plan, packets: bool) -> Result<Vec<Config>, String> {
    let (catalogue, directory) = (Arc::new(Catalogue::new(plan)), Arc::new(Directory::new(plan)));
    let usual = Quic::default();
    let too_fast = Defect::ModelTooFast.is_planted(plan.defect);
    let quic = Arc::new(if too_fast { Quic { window_first: 4 * usual.window_first, ..usual } } else { usual });
    let credentials = || Credentials::new(version::alpn(version::MAJOR).unwrap_or_default());
    let credentials = packets.then(credentials).transpose().map_err(|error| error.to_string())?;
    let flock = Flock::of(plan).map(Arc::new);
    let keys = (0..catalogue.len()).filter(|_| flock.is_some()).map(|object| (flock::key(object), object));
    let flock_keys: Arc<BTreeMap<ChunkId, u32>> = Arc::new(keys.collect());
    let pki = plan.certs.map(|certs| Arc::new(Pki::new(plan, certs)));
    let store_faults: Arc<[StoreFault]> = plan.faults.stores.clone().into();
    let of = |(index, group): (usize, &hypermesh_scenarios::plan::Group)| {
        let Role::Stoq(role) = group.role else { return None };
        Some(Config {
            node: Arc::new(machine(&role, plan)),
            quic: quic.clone(),
            disk: DiskSpeed::default(),
            role,
            group: index as u32,
            catalogue: catalogue.clone(),
            directory: directory.clone(),
            credentials: credentials.as_ref().map(|all| Arc::new(all.tuned(&Effective::new(preset(role.kind))))),
            headers: plan.network.overhead_bytes,
            flock: flock.clone().filter(|flock| flock.group == index as u32),
            flock_keys: flock_keys.clone(),
            pki: pki.clone(),
            store_faults: store_faults.clone(),
            seed: plan.seed,
        })
    };
    Ok(plan.groups.iter().enumerate().filter_map(of).collect())
}

/// The preset of a kind of node.
pub const fn preset(kind: StoqKind) -> Option<Preset> {
    match kind {
        StoqKind::Origin => Some(Preset::Origin),
        StoqKind::Regional | StoqKind::Edge => Some(Preset::Edge),
        StoqKind::Client | StoqKind::Publisher => None,
    }
}

/// The machine of a node, from the preset of its role and what the scenario says.
fn machine(role: &Stoq, plan: &Plan) -> node::Config {
    let effective = Effective::new(preset(role.kind));
    let cache = role.cache.map(|size| cache::Config {
        memory_bytes: size.memory_bytes,
        disk_bytes: size.disk_bytes,
        memory_policy: size.policy,
        disk_policy: size.policy,
        defect: plan.defect,
        ..effective.cache(plan.seed)
    });
    node::Config {
        roles: roles(role.kind),
        session: Arc::new(effective.session(roles(role.kind), Capabilities::ALL.without(Capabilities::EARLY))),
        cache,
        transfer: transfer::Config { defect: plan.defect, ..effective.transfer() },
        life: Life::Limited {
            max_age: role.max_age,
            stale_while_revalidate: role.max_age,
            stale_if_error: Span(role.max_age.0.saturating_mul(60)),
        },
        strangers_max: role.strangers as usize,
        linger: (!role.kind.serves()).then_some(role.linger),
        defect: plan.defect,
        state: super::catalogue::FIRST.0,
        ..node::Config::default()
    }
}
