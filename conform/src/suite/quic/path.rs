//! A path between the tester and the implementation that carries only what a case lets it carry.

use std::io;
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Octets of the headers of IPv6 and UDP.
const HEADERS: usize = 48;

/// Counts of a path.
#[derive(Debug, Default)]
struct Counts {
    away: AtomicUsize,
    back: AtomicUsize,
    is_over: AtomicBool,
}

/// A path for one connection.
#[derive(Debug)]
pub(super) struct Path {
    /// Where the tester sends to.
    pub(super) address: SocketAddrV6,
    counts: Arc<Counts>,
}

impl Path {
    /// Lays a path to an address that carries packets of so many octets, and no more than so many of the tester's, all but the first of which it holds back
    /// for so long.
    pub(super) fn lay(to: SocketAddrV6, octets: usize, packets: usize, held: Duration) -> io::Result<Self> {
        let socket = UdpSocket::bind(SocketAddrV6::new(Ipv6Addr::LOCALHOST, 0, 0, 0))?;
        socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        let SocketAddr::V6(address) = socket.local_addr()? else { return Err(io::ErrorKind::AddrNotAvailable.into()) };
        let counts: Arc<Counts> = Arc::default();
        let own = counts.clone();
        let rules = Rules { to: to.into(), payload_max: octets - HEADERS, packets, held };
        std::thread::spawn(move || carry(&socket, &rules, &own));
        Ok(Self { address, counts })
    }

    pub(super) fn carried(&self) -> (usize, usize) {
        (self.counts.away.load(Ordering::Relaxed), self.counts.back.load(Ordering::Relaxed))
    }
}

impl Drop for Path {
    fn drop(&mut self) {
        self.counts.is_over.store(true, Ordering::Relaxed);
    }
}

/// What a path carries, and when.
#[derive(Clone, Copy, Debug)]
struct Rules {
    to: SocketAddr,
    payload_max: usize,
    packets: usize,
    held: Duration,
}

fn carry(socket: &UdpSocket, rules: &Rules, counts: &Counts) {
    let mut buffer = vec![0; 65_536];
    let (mut tester, mut sent, mut held) = (None, 0, Vec::<Vec<u8>>::new());
    let mut first: Option<Instant> = None;
    while !counts.is_over.load(Ordering::Relaxed) {
        let holds = first.is_some_and(|first| first.elapsed() < rules.held);
        if !holds {
            held.drain(..).for_each(|packet| pass(socket, &packet, rules.to, &counts.away));
        }
        // Nothing came for a while, or a port is not there any more.
        let Ok((len, from)) = socket.recv_from(&mut buffer) else { continue };
        if len > rules.payload_max {
            continue;
        }
        if from == rules.to {
            tester.into_iter().for_each(|tester| pass(socket, &buffer[..len], tester, &counts.back));
            continue;
        }
        (tester, sent, first) = (Some(from), sent + 1, first.or_else(|| Some(Instant::now())));
        if sent <= rules.packets && holds {
            held.push(buffer[..len].to_vec());
        } else if sent <= rules.packets {
            pass(socket, &buffer[..len], rules.to, &counts.away);
        }
    }
}

fn pass(socket: &UdpSocket, packet: &[u8], to: SocketAddr, count: &AtomicUsize) {
    count.fetch_add(packet.len(), Ordering::Relaxed);
    // What a path loses, it loses.
    let _ = socket.send_to(packet, to);
}
