//! R-13-05, R-13-15, R-13-17, R-13-24 and R-13-27 over a network: certificates in handshakes, the tester's before whoever is connected to and whoever dials,
//! and the implementation's own.

use crate::suite::case::Polarity::{self, Boundary, Invalid, Valid};
use crate::suite::case::{Case, Need, Subject, Subject::Client, Subject::Edge, Subject::Origin};
use crate::suite::cases::dialling::{comes, stays_away};
use crate::suite::cases::network::is_refused;
use crate::suite::port::{BadCertificate, Hello, Identity, OddCertificate, Welcome};
use crate::suite::tester::{ROLES, Tester};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::Span;
use hypermesh_core::stoq::session::{Code, Roles};

/// What ends a session with somebody whose certificate has to be refused, if TLS has not done so.
const CODES: &[Code] = &[Code::Unauthenticated];

/// The cases.
pub(super) fn cases() -> Vec<Case> {
    [names(), algorithms(), roles(), lists(), uses()].concat().into_iter().map(Case::over_a_network).collect()
}

/// A server that shows itself like this is dialled, and a session opens.
fn meets(name: &str, polarity: Polarity, subject: Subject, identity: Identity) -> Case {
    Case::wire(name, polarity, subject, move |t| comes(t, &Welcome { identity, ..Welcome::default() }).map(drop))
        .needing(Need::Configuration)
}

/// A server that shows itself like this is dialled, and left.
fn leaves(name: &str, polarity: Polarity, subject: Subject, identity: Identity) -> Case {
    Case::wire(name, polarity, subject, move |t| stays_away(t, &Welcome { identity, ..Welcome::default() }, CODES))
        .needing(Need::Configuration)
}

/// Whoever shows this certificate to an implementation that is connected to is sent away.
fn is_sent_away(name: &str, polarity: Polarity, what: BadCertificate) -> Case {
    Case::wire(name, polarity, Origin, move |t| is_refused(t, what, CODES))
}

/// Whoever shows this to an implementation that is connected to has a session.
fn is_let_in(t: &mut Tester<'_>, identity: Identity) -> Outcome {
    let opened = t.handshake(&Hello { identity, ..Hello::default() })?;
    let line = opened.map_err(|why| Miss::Fail(format!("the handshake failed: {why}")))?;
    t.agree(line, &Tester::settings(ROLES))?;
    t.expect_alive(line)
}

const fn bad(what: BadCertificate) -> Identity {
    Identity::Bad(what)
}

/// R-13-05: whom the implementation meant to reach.
fn names() -> Vec<Case> {
    let tester = Identity::Certified(Roles::ORIGIN);
    vec![
        meets("R-13-05/a-server-of-the-name-that-was-meant", Valid, Client, tester),
        meets("R-13-05/a-server-above-an-edge-of-the-name-that-was-meant", Valid, Edge, tester),
        leaves("R-13-05/a-server-of-another-last-octet", Boundary, Client, bad(BadCertificate::NextName)),
        leaves("R-13-05/another-origin-in-its-place", Invalid, Client, bad(BadCertificate::OtherName)),
        leaves("R-13-05/another-origin-above-an-edge", Invalid, Edge, bad(BadCertificate::OtherName)),
    ]
}

/// R-13-15: keys of holders.
fn algorithms() -> Vec<Case> {
    let curve = Identity::Odd(OddCertificate::P256);
    vec![
        Case::wire("R-13-15/a-client-with-a-key-of-p-256", Valid, Origin, move |t| is_let_in(t, curve)).needing(Need::Configuration),
        meets("R-13-15/a-server-with-a-key-of-p-256", Valid, Client, curve),
        is_sent_away("R-13-15/a-client-with-a-key-of-p-384", Boundary, BadCertificate::P384),
        is_sent_away("R-13-15/a-client-with-a-key-of-rsa", Invalid, BadCertificate::Rsa),
        leaves("R-13-15/a-server-with-a-key-of-p-384", Boundary, Client, bad(BadCertificate::P384)),
        leaves("R-13-15/a-server-with-a-key-of-rsa", Invalid, Client, bad(BadCertificate::Rsa)),
    ]
}

/// R-13-17: the role in which the implementation means to use the server.
fn roles() -> Vec<Case> {
    let more = Roles::ORIGIN.with(Roles::EDGE).with(Roles::REGIONAL);
    let others = Roles::CLIENT.with(Roles::EDGE).with(Roles::REGIONAL).with(Roles::ROUTER).with(Roles::LOG).with(Roles::PUBLISHER);
    vec![
        meets("R-13-17/a-server-with-the-role", Valid, Client, Identity::Certified(Roles::ORIGIN)),
        meets("R-13-17/a-server-with-more-roles", Boundary, Client, Identity::Certified(more)),
        leaves("R-13-17/a-server-with-all-other-roles", Boundary, Client, Identity::Certified(others)),
        leaves("R-13-17/an-edge-in-place-of-an-origin", Invalid, Client, Identity::Certified(Roles::EDGE)),
        leaves("R-13-17/a-regional-cache-above-an-edge", Invalid, Edge, Identity::Certified(Roles::REGIONAL)),
    ]
}

/// R-13-24: lists of revocations that are there, and that are not.
fn lists() -> Vec<Case> {
    let unlisted = |name: &str, polarity, identity: Identity, good: bool| {
        Case::wire(name, polarity, Origin, move |t| {
            t.start_without_list()?;
            if good {
                return is_let_in(t, identity);
            }
            match t.handshake(&Hello { identity, ..Hello::default() })? {
                Err(_) => Ok(()),
                Ok(line) => t.expect_close_or_gone(line, CODES),
            }?;
            // Who sends everybody away is not there at all.
            is_let_in(t, lives(LIST_LIFE))
        })
        .needing(Need::Configuration)
    };
    vec![
        Case::wire("R-13-24/an-issuer-with-a-list", Valid, Origin, |t| is_let_in(t, Identity::Certified(ROLES))),
        unlisted("R-13-24/no-list-and-a-life-of-50-s", Boundary, lives(LIST_LIFE), true),
        unlisted("R-13-24/no-list-and-a-life-of-51-s", Boundary, lives(LIST_LIFE + Span::secs(1)), false),
        unlisted("R-13-24/no-list-and-a-life-of-a-day", Invalid, Identity::Certified(ROLES), false),
        is_sent_away("R-13-24/a-client-below-an-issuer-without-a-list", Invalid, BadCertificate::NoList),
        leaves("R-13-24/a-server-below-an-issuer-without-a-list", Invalid, Client, bad(BadCertificate::NoList)),
    ]
}

/// B - 2e, with the bound and the clock error that are set unless somebody says otherwise.
const LIST_LIFE: Span = Span::secs(50);

const fn lives(life: Span) -> Identity {
    Identity::Odd(OddCertificate::Life(life))
}

/// R-13-27: what the implementation shows of itself.
fn uses() -> Vec<Case> {
    vec![
        Case::wire("R-13-27/what-an-origin-shows", Valid, Origin, |t| {
            let line = t.session()?;
            let chain = t.shown(line)?;
            is_holders(&chain)
        }),
        Case::wire("R-13-27/what-a-client-alone-shows", Boundary, Client, |t| {
            let line = comes(t, &Welcome::default())?;
            let chain = t.shown(line)?;
            is_holders(&chain)
        }),
        Case::wire("R-13-27/what-an-origin-shows-signs-nothing", Invalid, Origin, |t| {
            let line = t.session()?;
            let chain = t.shown(line)?;
            let own = chain.first().ok_or_else(|| Miss::Fail("it shows no certificate".into()))?;
            // The limits of an authority (2.5.29.19), and the bit keyCertSign.
            let signs = has(own, &[0x30, 0x03, 0x01, 0x01, 0xff]) || has(own, &[0x30, 0x06, 0x01, 0x01, 0xff, 0x02, 0x01]);
            let certifies = key_usages(own).is_none_or(|usages| usages & 0x04 != 0);
            ensure(!signs && !certifies, || "its certificate can sign others".into())
        }),
    ]
}

fn has(octets: &[u8], part: &[u8]) -> bool {
    octets.windows(part.len()).any(|window| window == part)
}

/// Whether an extension with this id of two octets below 2.5 stands in a certificate with this value, critical or not.
fn extension(certificate: &[u8], id: u8, value: &[u8]) -> bool {
    let value = [&[0x04, value.len() as u8], value].concat();
    [&[][..], &[0x01, 0x01, 0xff]].iter().any(|critical| has(certificate, &[&[0x55, 0x1d, id], *critical, &value].concat()))
}

/// The first eight key usages (2.5.29.15) of a certificate, digitalSignature the highest bit.
fn key_usages(certificate: &[u8]) -> Option<u8> {
    let at = certificate.windows(3).position(|window| window == [0x55, 0x1d, 0x0f])?;
    let rest = &certificate[at + 3..];
    match rest.strip_prefix(&[0x01, 0x01, 0xff]).unwrap_or(rest) {
        [0x04, _, 0x03, _, _, usages, ..] => Some(*usages),
        _ => None,
    }
}

/// The first certificate of a chain is one of version 3, for digitalSignature alone, and for TLS servers and TLS clients.
fn is_holders(chain: &[Vec<u8>]) -> Outcome {
    let own = chain.first().ok_or_else(|| Miss::Fail("it shows no certificate".into()))?;
    let version = has(own, &[0xa0, 0x03, 0x02, 0x01, 0x02]);
    let signs = extension(own, 0x0f, &[0x03, 0x02, 0x07, 0x80]);
    let purpose = |last: u8| [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, last];
    let purposes = |one, other| extension(own, 0x25, &[&[0x30, 0x14][..], &purpose(one), &purpose(other)].concat());
    let serves = purposes(1, 2) || purposes(2, 1);
    ensure(version && signs && serves, || {
        format!("version 3: {version}, digitalSignature alone: {signs}, TLS servers and clients alone: {serves}")
    })
}
