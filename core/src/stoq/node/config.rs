//! What can be set about a node.

use super::port::Server;
use crate::base::Span;
use crate::stoq::cache::{self, Life};
use crate::stoq::session::{self, Roles};
use crate::stoq::transfer;
use crate::testing::Defect;
use std::sync::Arc;

/// Parameters of a node. Shared by all nodes of a group, so a sleeping node owns none of it.
#[derive(Clone, Debug)]
pub struct Config {
    /// What it plays. With [`Roles::ORIGIN`] it answers from the store and takes objects; the same roles belong into the settings of the session.
    pub roles: Roles,
    /// Every session of it.
    pub session: Arc<session::Config>,
    /// The cache; none for origins and clients.
    pub cache: Option<cache::Config>,
    /// Every transfer of its applications.
    pub transfer: transfer::Config,
    /// The servers above it, in order of preference, until [`Input::Servers`](super::Input::Servers) says otherwise.
    pub servers: Box<[Server]>,
    /// What an origin lets others use its names for.
    pub life: Life,
    /// How long an origin lets others believe that a name is absent.
    pub absent_age: Span,
    /// The greatest version in the store when an origin starts; zero if it is not known.
    pub state: u64,
    /// Whether a peer without a certificate is sent away. Otherwise it may ask for objects, and nothing else.
    pub certificates_required: bool,
    /// Peers at a time that connected and have not agreed with this node on anything yet. When one more comes, the one that has had the longest time for it
    /// goes: whoever means to ask agrees within a round trip, a flood does not.
    pub strangers_max: usize,
    /// Bytes of contents that are read, or written and not sent, per connection. One content is always let through.
    pub send_ahead_bytes: u32,
    /// Requests that are served at a time, on all connections together; more are refused for now.
    pub serving_max: usize,
    /// Objects that are taken at a time.
    pub puts_max: usize,
    /// Purges under way at a time.
    pub purges_max: usize,
    /// For how long after its last question a cache answers for names by itself (R-11-16). Equal on all nodes that rely on each other.
    pub lease: Span,
    /// How long a connection that nobody needs is kept by who dialled it; for ever if none. Connections of a cache with those above it are kept.
    pub linger: Option<Span>,
    /// How long to stay away, as told to those who are refused for now.
    pub retry: Span,
    /// How long a job without exchanges of its own (PUT, PURGE, PING) waits for a connection.
    pub connect_within: Span,
    /// A planted defect, for the tests that have to find it.
    pub defect: Option<Defect>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            roles: Roles::CLIENT,
            session: Arc::new(session::Config::default()),
            cache: None,
            transfer: transfer::Config::default(),
            servers: Box::new([]),
            life: Life::Limited { max_age: Span::secs(60), stale_while_revalidate: Span::secs(60), stale_if_error: Span::secs(3600) },
            absent_age: Span::secs(10),
            state: 0,
            certificates_required: true,
            strangers_max: 4_096,
            send_ahead_bytes: 4 << 20,
            serving_max: 16_384,
            puts_max: 256,
            purges_max: 1_024,
            lease: LEASE,
            linger: None,
            retry: Span::millis(500),
            connect_within: Span::secs(10),
            defect: None,
        }
    }
}

/// The lease of a cache that is not set otherwise.
pub const LEASE: Span = Span::secs(4);
/// A cache asks the node above for a sign of life so many times within a lease.
pub const LEASE_PARTS: u64 = 4;
