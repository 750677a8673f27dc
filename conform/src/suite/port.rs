//! The port: the one side of a connection that the tester holds, whatever carries it.
//!
//! A port carries octets on streams and in datagrams; what they mean is the tester's. In memory it is the node under test itself, with the clock in the
//! tester's hand; over a network it is a QUIC stack. Scripts are written against the tester, and run on every port.

use super::case::Subject;
use super::verdict::{Miss, Outcome};
use hypermesh_core::base::{Span, Time};
use hypermesh_core::stoq::cache::Version;
use hypermesh_core::stoq::node::{Command, JobId, Offer, Peer, Told};
use hypermesh_core::stoq::session::frame::{ContentId, Name};
use hypermesh_core::stoq::session::{Roles, Side, StreamId};
use hypermesh_core::testing::stoq::{Packed, pack};
use std::collections::BTreeMap;
use std::net::{SocketAddr, SocketAddrV6};
use std::sync::Arc;

/// A connection of the tester.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line(pub u64);

/// Who the tester is on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identity {
    /// Whoever a good certificate with these roles names.
    Certified(Roles),
    /// Nobody: no certificate is shown.
    Anonymous,
    /// Somebody with a certificate that has to be refused. Only a network shows certificates.
    Bad(BadCertificate),
    /// Somebody with a certificate that is out of the ordinary.
    Odd(OddCertificate),
}

impl Identity {
    /// Who that is to an implementation to which no certificate is shown: one that breaks rules, or bends them, is of no use there.
    pub fn peer(self) -> Outcome<Peer> {
        match self {
            Self::Certified(roles) => Ok(Peer::Certified(roles)),
            Self::Anonymous => Ok(Peer::Anonymous),
            Self::Bad(_) | Self::Odd(_) => Err(Miss::Inconclusive("certificates are shown on sockets only".into())),
        }
    }
}

/// What is out of the ordinary about a certificate that breaks no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OddCertificate {
    /// Its key is of P-256.
    P256,
    /// It lives for so long, in whole seconds.
    Life(Span),
}

/// What is wrong with a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BadCertificate {
    /// It has ended.
    Expired,
    /// It begins too far ahead.
    Future,
    /// It lives longer than seven days.
    LongLife,
    /// It names its holder in the common name alone.
    NoUri,
    /// Another issuer signed it.
    Stranger,
    /// It was revoked.
    Revoked,
    /// Its serial number is zero.
    ZeroSerial,
    /// Its chain is longer than allowed.
    LongChain,
    /// Its issuer, whose certificate the trusted key signed, has no list of revocations.
    NoList,
    /// Its key is of P-384.
    P384,
    /// Its key is of RSA, with 2,048 bits.
    Rsa,
    /// It names somebody whose name differs from the tester's in the last octet.
    NextName,
    /// It names another origin.
    OtherName,
    /// Nothing, until the case revokes it.
    NotYetRevoked,
}

/// What is set about the implementation under test: what its PIXIT says (clause 4.4). The figures of a tier in memory are those of the tier on sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pixit {
    /// How long the two sides may take to agree.
    pub agree_within: Span,
    /// How long running exchanges may take once it leaves.
    pub leave_within: Span,
    /// How long an exchange may go without progress.
    pub stall_after: Span,
    /// Requests that a peer may have open at a time.
    pub requests: u64,
    /// How long it leaves a silent connection open.
    pub idle: Span,
    /// Requests given up before an answer has begun that are borne at once.
    pub waste_burst: u32,
    /// The same per second.
    pub waste_per_sec: u32,
    /// Probes answered, and claims heard, per second and peer.
    pub told_per_sec: u32,
    /// Requests that it carries out at a time, on all connections together.
    pub serving_max: usize,
    /// Stores that it carries out at a time.
    pub puts_max: usize,
    /// Purges that it carries out at a time.
    pub purges_max: usize,
    /// Octets that were read for a connection and not sent.
    pub send_ahead_bytes: u32,
    /// For how long a cache answers for names by itself.
    pub lease: Span,
    /// Where it tells of itself over HTTP (Annex E.3), if that is known.
    pub management: Option<SocketAddr>,
    /// How long the tester waits for a reaction that is due at once. After twice this time silence is a verdict.
    pub patience: Span,
    /// How long the tester listens where nothing may come.
    pub hush: Span,
    /// How long the tester's confirmation may be under way before the first datagram follows it.
    pub settle: Span,
}

impl Default for Pixit {
    /// What the suite sets about the reference implementation: the lowest values that clause 4.4 allows, so that no test waits long.
    fn default() -> Self {
        Self {
            agree_within: Span::secs(2),
            leave_within: Span::secs(2),
            stall_after: Span::secs(2),
            requests: 32,
            idle: Span::secs(4),
            waste_burst: 16,
            waste_per_sec: 1,
            told_per_sec: 8,
            serving_max: 48,
            puts_max: 8,
            purges_max: 8,
            send_ahead_bytes: 1 << 20,
            lease: Span::secs(4),
            management: None,
            patience: Span::millis(1_500),
            hush: Span::millis(150),
            settle: Span::millis(10),
        }
    }
}

/// Which way the octets of a stream go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ways {
    /// Both.
    Two,
    /// Away from whoever opened it.
    One,
}

/// What the implementation did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Octets on a stream; it opened the stream, if it is its own and was not heard of before.
    Octets(StreamId, Vec<u8>),
    /// Its direction of a stream ended.
    End(StreamId),
    /// It reset its direction of a stream, with this code of QUIC.
    Reset(StreamId, u64),
    /// It wants no more of the tester's direction of a stream, with this code of QUIC.
    Stop(StreamId, u64),
    /// A datagram.
    Datagram(Vec<u8>),
    /// The connection is over: with this code of the application, or without one (a fault of QUIC, a silence that was too long).
    Closed(Option<u64>),
}

/// An object that an application of the implementation stores.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'n> {
    /// Its name; the version is the first.
    pub name: &'n str,
    /// The seed of its octets, by the formula of Annex D.
    pub seed: u64,
    /// How many octets it has.
    pub len: usize,
}

impl Stored<'_> {
    /// The contents that a node of this build makes of it, and the job of its application. A breach of the writer is one of whoever calls this.
    pub(crate) fn packed(&self) -> (Packed, Command) {
        let packed = pack(&super::octets::formula(self.seed, self.len));
        let name = Name::new(self.name).expect("a case names things well");
        let (len, root, manifest) = (packed.bytes.len() as u64, packed.root, packed.manifest.clone());
        let offer = Offer { server: None, name, version: Version(1), len, root, manifest, copies: 1 };
        (packed, Command::Put(Box::new(offer)))
    }
}

/// The tester's side of QUIC.
pub trait Port {
    /// Brings the implementation up in this role, new if that is possible. Servers above it are played by the tester.
    fn start(&mut self, subject: Subject) -> Outcome;

    /// Whether each start gives an implementation that remembers nothing.
    fn starts_anew(&self) -> bool;

    /// What is set about the implementation.
    fn pixit(&self) -> &Pixit;

    /// The time by the tester's clock.
    fn now(&self) -> Time;

    /// Connects with the implementation: the handshake of QUIC is complete.
    fn connect(&mut self, identity: Identity) -> Outcome<Line>;

    /// Waits for the implementation to connect with the tester, which shows a certificate of an origin; none if it does not in time.
    fn accept(&mut self, within: Span) -> Outcome<Option<Line>>;

    /// Which side of a connection the tester is.
    fn side(&self, line: Line) -> Side;

    /// Keying material of a connection (RFC 8446, clause 7.5), under the label of clause 7.2.
    fn exporter(&self, line: Line) -> [u8; 32];

    /// Opens a stream; none if the implementation does not grant one now.
    fn open(&mut self, line: Line, ways: Ways) -> Outcome<Option<StreamId>>;

    /// Sends octets, and perhaps the end of this direction.
    fn write(&mut self, line: Line, stream: StreamId, octets: &[u8], end: bool) -> Outcome;

    /// Resets this direction.
    fn reset(&mut self, line: Line, stream: StreamId, code: u64) -> Outcome;

    /// Wants no more of the other direction.
    fn stop(&mut self, line: Line, stream: StreamId, code: u64) -> Outcome;

    /// Sends a datagram.
    fn datagram(&mut self, line: Line, octets: &[u8]) -> Outcome;

    /// Closes the connection.
    fn close(&mut self, line: Line, code: u64);

    /// Takes no contents from a connection any more, or takes them again: a slow reader.
    fn hold(&mut self, line: Line, held: bool);

    /// The next thing that the implementation does on a connection; none if it does nothing for this long.
    fn next(&mut self, line: Line, within: Span) -> Option<Heard>;

    /// Lets time pass.
    fn pause(&mut self, span: Span);

    /// Gives an application of the implementation contents to offer.
    fn offer(&mut self, contents: &BTreeMap<ContentId, Arc<[u8]>>);

    /// Tells an application of the implementation what to want; none without an upper tester.
    fn command(&mut self, job: JobId, command: Command) -> Option<()>;

    /// Has an application of the implementation store an object, which the implementation cuts and describes by itself; none without an upper tester.
    fn store(&mut self, job: JobId, object: &Stored<'_>) -> Option<()>;

    /// What an application was told last of a job that is over, if it is by then; none without an upper tester.
    fn told(&mut self, job: JobId, within: Span) -> Option<Told>;

    /// The octets that an application got.
    fn got(&mut self, job: JobId) -> Vec<u8>;

    /// Tells the implementation to leave in good order; none without an upper tester.
    fn leave(&mut self) -> Option<()>;

    /// Whether a path lies between the tester and the implementation: what is said is under way for a while, and a datagram may be lost or come too early.
    fn has_path(&mut self) -> bool {
        self.network().is_some()
    }

    /// What only a real network has; none in memory.
    fn network(&mut self) -> Option<&mut dyn Network> {
        None
    }
}

/// How the tester connects where a case says more than who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hello {
    /// Who it is.
    pub identity: Identity,
    /// The tokens of ALPN that it offers, in this order.
    pub tokens: &'static [&'static [u8]],
    /// Whether it shows signs of life.
    pub keeps_alive: bool,
    /// A path between the two that carries packets of so many octets at most, headers of IPv6 and UDP included, and no more than so many of the tester's.
    pub path: Option<(usize, usize)>,
    /// How long that path holds back what follows the tester's first packet.
    pub held: Span,
}

impl Default for Hello {
    fn default() -> Self {
        let identity = Identity::Certified(super::tester::ROLES);
        Self { identity, tokens: TOKENS, keeps_alive: true, path: None, held: Span::ZERO }
    }
}

/// What every tester offers and knows unless a case says otherwise.
const TOKENS: &[&[u8]] = &[b"stoq/1"];

/// How the tester receives whoever connects with it, where a case says more than that it is an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Welcome {
    /// Who it is.
    pub identity: Identity,
    /// The tokens of ALPN that it knows; of those it takes the first that is offered.
    pub tokens: &'static [&'static [u8]],
}

impl Default for Welcome {
    fn default() -> Self {
        Self { identity: Identity::Certified(Roles::ORIGIN), tokens: TOKENS }
    }
}

/// What only a real network has.
pub trait Network {
    /// Where the implementation listens.
    fn address(&self) -> Outcome<SocketAddrV6>;

    /// Starts the implementation anew, set like this; inconclusive where it is not the tester's to start.
    fn start_with(&mut self, subject: Subject, pixit: &Pixit) -> Outcome;

    /// Where the implementation tells of itself over HTTP (Annex E.3); none where nobody told.
    fn management(&self) -> Option<SocketAddr>;

    /// Starts the implementation anew in front of a tester that receives it like this, for the rest of the case; an error where it is not the tester's to
    /// start.
    fn start_before(&mut self, subject: Subject, welcome: &Welcome) -> Outcome;

    /// Starts the implementation anew, and gives it no list of revocations; an error where that is not the tester's to do.
    fn start_without_list(&mut self, subject: Subject) -> Outcome;

    /// What becomes of the next handshake that the implementation begins with the tester, or why it failed; none if it begins none for this long.
    fn dialled(&mut self, within: Span) -> Outcome<Option<Result<Line, String>>>;

    /// The chain of certificates that the implementation showed, its own first, in DER.
    fn shown(&self, line: Line) -> Outcome<Vec<Vec<u8>>>;

    /// Revokes what [`BadCertificate::NotYetRevoked`] showed: from now on [`BadCertificate::Revoked`] shows it.
    fn revoke(&mut self) -> Outcome;

    /// Tries a handshake. Why it failed, if it did.
    fn handshake(&mut self, hello: &Hello) -> Outcome<Result<Line, String>>;

    /// Octets of UDP payload that the last path carried, away from the tester and towards it.
    fn carried(&self) -> (usize, usize);

    /// The longest datagram that the implementation takes, in octets; none if it takes none.
    fn datagram_max(&self, line: Line) -> Option<usize>;

    /// How many of these octets QUIC takes on a new one-way stream before it needs to be granted more.
    fn push(&mut self, line: Line, octets: usize) -> Outcome<usize>;
}
