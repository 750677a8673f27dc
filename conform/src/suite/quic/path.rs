//! A path between the tester and the implementation that carries only what a case lets it carry.

use std::io;
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

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
    /// Lays a path to an address that carries packets of so many octets, and no more than so many of the tester's.
    pub(super) fn lay(to: SocketAddrV6, octets: usize, packets: usize) -> io::Result<Self> {
        let socket = UdpSocket::bind(SocketAddrV6::new(Ipv6Addr::LOCALHOST, 0, 0, 0))?;
        socket.set_read_timeout(Some(Duration::from_millis(100)))?;
        let SocketAddr::V6(address) = socket.local_addr()? else { return Err(io::ErrorKind::AddrNotAvailable.into()) };
        let counts: Arc<Counts> = Arc::default();
        let own = counts.clone();
        std::thread::spawn(move || carry(&socket, to.into(), octets - HEADERS, packets, &own));
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

fn carry(socket: &UdpSocket, to: SocketAddr, payload_max: usize, packets: usize, counts: &Counts) {
    let mut buffer = vec![0; 65_536];
    let (mut tester, mut sent) = (None, 0);
    while !counts.is_over.load(Ordering::Relaxed) {
        // Nothing came for a while, or a port is not there any more.
        let Ok((len, from)) = socket.recv_from(&mut buffer) else { continue };
        if len > payload_max {
            continue;
        }
        let (next, count) = if from == to { (tester, &counts.back) } else { (Some(to), &counts.away) };
        if from != to {
            tester = Some(from);
            sent += 1;
            if sent > packets {
                continue;
            }
        }
        let Some(next) = next else { continue };
        count.fetch_add(len, Ordering::Relaxed);
        // What a path loses, it loses.
        let _ = socket.send_to(&buffer[..len], next);
    }
}
