//! Why a site is woken.

use hypermesh_core::base::{Fingerprint, Mixer};
use hypermesh_core::stoq::cache;
use hypermesh_core::stoq::certs;
use hypermesh_core::stoq::node::Why;
use hypermesh_core::stoq::replication::keeper;
use hypermesh_core::stoq::{session, transfer};

/// Why a site is woken.
#[derive(Clone, Copy, Debug)]
pub enum Wakeup {
    /// A connection has a deadline.
    Line(u64),
    /// The node does.
    Node(Why),
    /// The disk is done with an operation.
    Disk(u64),
    /// A core is done with a piece of work.
    Core(u32),
    /// The guard of certificates has something to look at.
    Guard(certs::Why),
    /// The members of a flock are told anew.
    News,
    /// The keeper of copies has another round.
    Keeper(keeper::Why),
    /// What an application wanted is tried again.
    Again(u32),
}

impl Fingerprint for Wakeup {
    fn fold(&self, mixer: Mixer) -> Mixer {
        match *self {
            Self::Line(conn) => mixer.word(1).word(conn),
            Self::Disk(ticket) => mixer.word(2).word(ticket),
            Self::Core(core) => mixer.word(11 | u64::from(core) << 32),
            Self::Guard(why) => mixer.word(12 | (why as u64) << 32),
            Self::News => mixer.word(13),
            Self::Keeper(keeper::Why::Round) => mixer.word(14),
            Self::Again(job) => mixer.word(15 | u64::from(job) << 32),
            Self::Node(why) => fold(why, mixer),
        }
    }
}

fn fold(why: Why, mixer: Mixer) -> Mixer {
    match why {
        Why::Session(conn, why) => mixer.word(3).word(conn.0).word(match why {
            session::Why::Agree => 1,
            session::Why::Leave => 2,
            session::Why::Sweep => 3,
        }),
        Why::Transfer(job, why) => {
            let (kind, source, epoch) = match why {
                transfer::Why::Overdue(source) => (1, source, 0),
                transfer::Why::Rested(source, epoch) => (2, source, epoch),
                transfer::Why::Opening(source, epoch) => (3, source, epoch),
            };
            mixer.word(4 | u64::from(job.0) << 32).word(kind | u64::from(source.0) << 8 | u64::from(epoch) << 40)
        }
        Why::Cache(cache::Why::Overdue(fetch)) => mixer.word(5).word(fetch.0),
        Why::Lease(conn) => mixer.word(6).word(conn.0),
        Why::Purge(purge) => mixer.word(7 | u64::from(purge) << 32),
        Why::Dial(server) => mixer.word(8 | u64::from(server.0) << 32),
        Why::Linger(conn) => mixer.word(9).word(conn.0),
        Why::Job(job) => mixer.word(10 | u64::from(job.0) << 32),
    }
}
