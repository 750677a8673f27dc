//! What only a real network shows: versions of QUIC, addresses, sizes of packets, transport parameters, certificates.

use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::{Case, Need, Subject::Origin};
use crate::suite::port::{BadCertificate, Hello, Identity, Pixit, Ways};
use crate::suite::tester::Tester;
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::Span;
use hypermesh_core::stoq::session::Code;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::time::Duration;

/// A version of QUIC that nobody speaks (RFC 9000, clause 15).
const VERSION_KEPT: [u8; 4] = [0x1a, 0x2a, 0x3a, 0x4a];
const VERSION_1: [u8; 4] = [0, 0, 0, 1];

/// The cases.
pub(super) fn cases() -> Vec<Case> {
    let mut all = quic();
    all.extend(slow());
    all.extend(parameters());
    all.extend(certificates());
    all.into_iter().map(Case::over_a_network).collect()
}

/// R-7-17, R-8-01, R-8-02, R-8-15, R-16-01: handshakes and packets.
fn quic() -> Vec<Case> {
    vec![
        Case::wire("R-7-17/another-token", Invalid, Origin, |t| {
            match t.handshake(&Hello { tokens: &[b"stoq/99"], ..Hello::default() })? {
                Err(_) => Ok(()),
                Ok(line) => t.expect_close(line, &[Code::VersionUnsupported, Code::Internal]),
            }
        }),
        Case::wire("R-8-01/a-handshake-in-version-1", Valid, Origin, |t| t.session().map(drop).map_err(fails)),
        Case::wire("R-8-01/an-unknown-version-is-answered-with-a-list", Boundary, Origin, |t| {
            let target = SocketAddr::V6(t.network()?.address()?);
            let answer = exchange((Ipv6Addr::LOCALHOST, 0).into(), target)?;
            let answer = answer.ok_or_else(|| Miss::Fail("a packet of an unknown version got no answer".into()))?;
            let lists = answer.len() > 7 && answer[1..5] == [0; 4] && versions(&answer).any(|version| version == VERSION_1);
            ensure(lists, || "the answer is no list of versions with version 1".into())
        }),
        Case::wire("R-8-02/no-answer-over-ipv4", Invalid, Origin, |t| {
            let port = t.network()?.address()?.port();
            let target = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port));
            let answer = exchange((Ipv4Addr::UNSPECIFIED, 0).into(), target)?;
            ensure(answer.is_none(), || "a packet over IPv4 was answered".into())
        }),
        Case::wire("R-8-15/a-path-of-1280-octets", Boundary, Origin, |t| {
            let opened = t.handshake(&Hello { path: Some((1_280, usize::MAX)), ..Hello::default() })?;
            let line = opened.map_err(|why| Miss::Fail(format!("no handshake over a path of 1,280 octets: {why}")))?;
            t.agree(line, &Tester::settings(crate::suite::tester::ROLES))?;
            let object = crate::suite::tester::Fixture::new(t.name("narrow"), 1, t.seed(), 80 << 10);
            t.put(line, &object)?;
            let stream = t.ask_name(line, &object.name)?;
            let answer = t.expect_answer(line, stream)?;
            ensure(answer.frames.len() > 1, || format!("the object did not come back: {:?}", answer.code()))
        }),
        Case::wire("R-16-01/a-first-packet-that-is-never-followed", Boundary, Origin, |t| {
            // The tester may have all that it needs for the handshake; what it answers is lost on the way.
            let _one_way = t.handshake(&Hello { path: Some((1_500, 1)), ..Hello::default() })?;
            t.pause(Span::secs(1));
            let (away, back) = t.network()?.carried();
            ensure(away > 0 && back <= 3 * away, || format!("{away} octets were answered with {back}"))
        }),
    ]
}

/// R-16-13: handshakes that take their time. The tester's side is complete when the answer to its first packet has come, the other one when it has what
/// follows, which the path holds back.
fn slow() -> Vec<Case> {
    let held = |name: &'static str, polarity, span: Span, opens: bool| {
        Case::wire(name, polarity, Origin, move |t| {
            // With a shorter idle time the connection would end by that; and by the time to agree at a server that can send before its handshake is
            // complete, for which that time runs from then (R-7-18).
            let pixit = Pixit { idle: Span::secs(30), agree_within: Span::secs(30), ..*t.pixit() };
            t.network()?.start_with(Origin, &pixit)?;
            let opened = t.handshake(&Hello { path: Some((1_500, usize::MAX)), held: span, ..Hello::default() })?;
            let line = opened.map_err(|why| Miss::Inconclusive(format!("no answer to the first packet: {why}")))?;
            t.pause(span);
            match t.agree(line, &Tester::settings(crate::suite::tester::ROLES)) {
                Ok(()) => ensure(opens, || format!("a session opened on a handshake that was complete after {span}")),
                Err(miss) => ensure(!opens, || format!("no session opened on a handshake that was complete after {span}: {}", miss.why())),
            }
        })
        .needing(Need::Configuration)
    };
    vec![
        held("R-16-13/a-second", Valid, Span::secs(1), true),
        held("R-16-13/nine-seconds", Boundary, Span::secs(9), true),
        held("R-16-13/eleven-seconds", Boundary, Span::secs(11), false),
    ]
}

/// R-8-19, R-8-20, R-8-35: what the handshake tells.
fn parameters() -> Vec<Case> {
    vec![
        Case::wire("R-8-19/streams-before-both-confirmed", Boundary, Origin, |t| {
            let line = t.connect(Hello::default().identity)?;
            let two = count(t, line, Ways::Two, 17)?;
            let one = count(t, line, Ways::One, 4)?;
            ensure((two, one) == (16, 3), || format!("{two} two-way and {one} one-way streams were granted"))
        }),
        Case::wire("R-8-19/window-before-both-confirmed", Boundary, Origin, |t| {
            let line = t.connect(Hello::default().identity)?;
            let taken = t.network()?.push(line, 1 << 20)?;
            ensure(taken <= 65_536, || format!("{taken} octets were granted"))
        }),
        Case::wire("R-8-20/a-silent-connection", Invalid, Origin, |t| {
            let idle = t.pixit().idle;
            let opened = t.handshake(&Hello { keeps_alive: false, ..Hello::default() })?;
            let line = opened.map_err(|why| Miss::Inconclusive(format!("no handshake: {why}")))?;
            t.agree(line, &Tester::settings(crate::suite::tester::ROLES))?;
            t.pause(Span(idle.0 * 3 / 4));
            ensure(t.closed(line).is_none(), || "it was closed before its time".into())?;
            t.pause(Span(idle.0 / 2));
            ensure(t.closed(line) == Some(None), || "it is still open after its time".into())
        })
        .timed(),
        Case::wire("R-8-35/datagrams-of-1150-octets", Boundary, Origin, |t| {
            let line = t.session()?;
            let max = t.network()?.datagram_max(line);
            ensure(max.is_some_and(|max| max >= 1_150), || format!("datagrams of at most {max:?} octets are taken"))
        }),
    ]
}

/// R-13 and R-14-13: certificates in handshakes.
fn certificates() -> Vec<Case> {
    let mut all = Vec::new();
    for (name, polarity, what, codes) in [
        ("R-14-13/expired", Valid, BadCertificate::Expired, &[Code::CertificateEnded][..]),
        ("R-14-13/not-begun", Invalid, BadCertificate::Future, &[Code::Unauthenticated][..]),
        ("R-13-20/expired", Invalid, BadCertificate::Expired, &[Code::CertificateEnded][..]),
        ("R-13-19/an-hour-ahead", Invalid, BadCertificate::Future, &[Code::Unauthenticated][..]),
        ("R-13-02/eight-days", Invalid, BadCertificate::LongLife, &[Code::Unauthenticated][..]),
        ("R-13-06/revoked", Invalid, BadCertificate::Revoked, &[Code::CertificateEnded][..]),
        ("R-13-01/no-name", Invalid, BadCertificate::NoUri, &[][..]),
        ("R-13-18/serial-of-zero", Invalid, BadCertificate::ZeroSerial, &[Code::Unauthenticated][..]),
        ("R-13-04/a-chain-of-four", Invalid, BadCertificate::LongChain, &[][..]),
    ] {
        all.push(Case::wire(name, polarity, Origin, move |t| is_refused(t, what, codes)));
    }
    all.push(Case::wire("R-16-08/two-connections-in-a-row", Valid, Origin, |t| {
        let first = t.session()?;
        t.close(first, Code::NoError);
        t.session().map(drop).map_err(fails)
    }));
    all.push(Case::wire("R-16-08/revoked-between-two-connections", Boundary, Origin, |t| {
        let good = Identity::Bad(BadCertificate::NotYetRevoked);
        let opened = t.handshake(&Hello { identity: good, ..Hello::default() })?;
        let line = opened.map_err(|why| Miss::Fail(format!("the handshake failed before anything was revoked: {why}")))?;
        t.agree(line, &Tester::settings(crate::suite::tester::ROLES))?;
        t.close(line, Code::NoError);
        t.network()?.revoke()?;
        is_refused(t, BadCertificate::Revoked, &[Code::CertificateEnded])
    }));
    all.push(Case::wire("R-8-03/nobody", Invalid, Origin, |t| {
        match t.handshake(&Hello { identity: Identity::Anonymous, ..Hello::default() })? {
            Err(_) => Ok(()),
            Ok(line) => t.expect_close_or_gone(line, &[Code::Unauthenticated]),
        }
    }));
    all
}

/// The handshake fails, or the connection is closed with one of these codes; without codes, TLS alone may refuse.
pub(super) fn is_refused(t: &mut Tester<'_>, what: BadCertificate, codes: &[Code]) -> Outcome {
    match t.handshake(&Hello { identity: Identity::Bad(what), ..Hello::default() })? {
        Err(_) => Ok(()),
        Ok(line) => t.expect_close_or_gone(line, if codes.is_empty() { &[Code::Unauthenticated] } else { codes }),
    }
}

/// What keeps a session from opening is a fail.
pub(super) fn fails(miss: Miss) -> Miss {
    Miss::Fail(miss.why().to_owned())
}

fn count(t: &mut Tester<'_>, line: crate::suite::port::Line, ways: Ways, most: usize) -> Outcome<usize> {
    let mut opened = 0;
    while opened < most && t.try_open(line, ways)?.is_some() {
        opened += 1;
    }
    Ok(opened)
}

/// Sends a first packet of an unknown version. What comes back, if anything does.
fn exchange(own: SocketAddr, target: SocketAddr) -> Outcome<Option<Vec<u8>>> {
    let failed = |error: std::io::Error| Miss::Inconclusive(format!("a packet to {target}: {error}"));
    let socket = UdpSocket::bind(own).map_err(failed)?;
    socket.set_read_timeout(Some(Duration::from_millis(300))).map_err(failed)?;
    let mut packet = vec![0; 1_200];
    packet[0] = 0xc0;
    packet[1..5].copy_from_slice(&VERSION_KEPT);
    (packet[5], packet[14]) = (8, 8);
    socket.send_to(&packet, target).map_err(failed)?;
    let mut answer = vec![0; 1_500];
    // Silence and a port that refuses are both no answer.
    Ok(socket.recv(&mut answer).ok().map(|len| answer[..len].to_vec()))
}

/// The versions of a version negotiation packet (RFC 9000, clause 17.2.1).
fn versions(packet: &[u8]) -> impl Iterator<Item = [u8; 4]> + '_ {
    let to = usize::from(packet[5]);
    let from = packet.get(6 + to).map_or(0, |len| usize::from(*len));
    packet.get(7 + to + from..).unwrap_or_default().chunks_exact(4).filter_map(|version| version.try_into().ok())
}
