//! R-17-01, R-17-02, R-17-06 and R-17-07 at an implementation whose management address is known: what its pages say (Annex E.3).

use super::host::{has, names};
use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::{Need, Subject::Origin};
use crate::suite::tester::Tester;
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::Span;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

/// How long a page may take to come.
const WITHIN: Duration = Duration::from_secs(2);
/// The longest page in octets that is read.
const PAGE_MAX: u64 = 1 << 20;

/// The cases of these requirements.
pub(super) fn cases() -> Vec<Case> {
    let all = vec![
        Case::wire("R-17-01/every-name-at-the-management-address", Valid, Origin, |t| {
            let page = metrics(t)?;
            let missing: Vec<&str> = names(false).chain(names(true)).filter(|name| !has(&page, name)).collect();
            ensure(missing.is_empty(), || format!("{missing:?} cannot be read"))
        }),
        Case::wire("R-17-02/counters-around-a-store-and-a-request", Valid, Origin, |t| {
            let before = counters(&metrics(t)?);
            let fixture = t.fixture()?;
            let line = t.session()?;
            let stream = t.ask_name(line, &fixture.name)?;
            t.expect_answer(line, stream)?;
            has_not_fallen(&before, &counters(&metrics(t)?))
        }),
        Case::wire("R-17-02/counters-in-silence", Boundary, Origin, |t| {
            let before = counters(&metrics(t)?);
            has_not_fallen(&before, &counters(&metrics(t)?))
        }),
        Case::wire("R-17-06/another-address-of-the-host", Invalid, Origin, |t| {
            let at = address(t)?;
            ensure(at.ip().is_loopback(), || format!("{at} can be reached from another host"))?;
            ensure(page(at, "/health").is_some(), || format!("nobody answers at {at}"))?;
            let reached = own_addresses().into_iter().find(|ip| page(SocketAddr::new(*ip, at.port()), "/health").is_some());
            ensure(reached.is_none(), || format!("it answers at {reached:?} too, which can be reached from another host"))
        }),
        Case::wire("R-17-07/before-and-after-it-left", Invalid, Origin, |t| {
            let at = address(t)?;
            let line = t.session()?;
            t.expect_alive(line)?;
            ensure(is_well(at), || "a node that accepts connections does not say that it is well".into())?;
            t.upper().leave().ok_or_else(|| Miss::Inconclusive("there is no upper tester".into()))?;
            let until = t.now() + t.pixit().leave_within + t.patience() + t.patience();
            while is_well(at) {
                ensure(t.now() < until, || "a node that has left says that it is well".into())?;
                t.pause(Span::millis(20));
            }
            Ok(())
        })
        .needing(Need::Upper),
    ];
    all.into_iter().map(|case| case.over_a_network().needing(Need::Configuration)).collect()
}

/// Where the implementation, with which a session opens, tells of itself.
fn address(t: &mut Tester<'_>) -> Outcome<SocketAddr> {
    if !t.is_alive() {
        t.session()?;
    }
    let told = t.network()?.management();
    told.ok_or_else(|| Miss::Inconclusive("nobody told at which address it can be asked for its counters".into()))
}

/// The page with the counters and gauges.
fn metrics(t: &mut Tester<'_>) -> Outcome<String> {
    let at = address(t)?;
    let page = page(at, "/metrics").filter(|page| is_good(page));
    page.ok_or_else(|| Miss::Fail(format!("the counters cannot be read at {at}")))
}

fn is_good(page: &str) -> bool {
    page.split_once(' ').is_some_and(|(version, rest)| version.starts_with("HTTP/1.") && rest.starts_with("200"))
}

fn is_well(at: SocketAddr) -> bool {
    page(at, "/health").is_some_and(|page| is_good(&page))
}

/// A page with its head; none if nobody answers.
fn page(at: SocketAddr, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect_timeout(&at, WITHIN).ok()?;
    stream.set_read_timeout(Some(WITHIN)).ok()?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n").as_bytes()).ok()?;
    let mut text = Vec::new();
    // What was said before it broke off counts.
    let _ = stream.take(PAGE_MAX).read_to_end(&mut text);
    (!text.is_empty()).then(|| String::from_utf8_lossy(&text).into_owned())
}

/// The values of the counters of the table, each with its labels.
fn counters(page: &str) -> BTreeMap<String, f64> {
    let is_counter = |name: &str| name.ends_with("_total") && names(false).any(|known| known == name);
    let read = |line: &str| {
        let (name, value) = line.rsplit_once(' ')?;
        is_counter(name.split('{').next()?).then_some((name.to_owned(), value.parse().ok()?))
    };
    page.lines().filter_map(read).collect()
}

fn has_not_fallen(before: &BTreeMap<String, f64>, after: &BTreeMap<String, f64>) -> Outcome {
    ensure(!before.is_empty(), || "no counter can be read".into())?;
    let fallen = before.iter().find(|(name, value)| after.get(*name).is_none_or(|now| now < value));
    ensure(fallen.is_none(), || format!("{fallen:?} became {:?}", fallen.and_then(|(name, _)| after.get(name))))
}

/// Addresses of this host at which others reach it, as far as its routes tell: the addresses from which it would speak to the world. Nothing is sent.
fn own_addresses() -> Vec<IpAddr> {
    let towards = [("[::]:0", "[2001:db8::1]:9"), ("0.0.0.0:0", "192.0.2.1:9")];
    let own = towards.iter().filter_map(|(from, to)| {
        let socket = UdpSocket::bind(from).ok()?;
        socket.connect(to).ok()?;
        Some(socket.local_addr().ok()?.ip())
    });
    own.filter(|ip| !ip.is_loopback() && !ip.is_unspecified()).collect()
}
