//! No more than three times what came goes to an address that nobody has proven to be at (R-16-01; RFC 9000, clause 8.1).
//!
//! quinn keeps that bound up to a packet: whatever is left of it, were it one octet, lets a whole packet out. Between QUIC and the socket the octets are
//! counted until the other side's first handshake packet shows that it hears us, and a packet of the handshake that would pass the bound is lost, as a network
//! loses it: it is sent again when more has come. Packets of an established connection are never held back, so whoever guesses or repeats what begins a
//! connection gains nothing from this table. Where it is full the oldest entry makes room, and quinn's bound is left.

use hypermesh_core::testing::Breach;
use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncTimer, AsyncUdpSocket, Runtime, TokioRuntime, UdpPoller};
use std::collections::VecDeque;
use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

/// Handshakes that are counted at a time; each takes less than a hundred octets.
const HANDSHAKES_MAX: usize = 512;
/// How long a handshake is counted; no handshake takes longer (R-16-13).
const COUNTED_FOR: Duration = Duration::from_secs(10);
/// Octets that are left for what follows the handshake at once under the keys of the connection, the ids that it may use: QUIC asks nobody for them.
const KEPT: usize = 256;
/// The longest connection id (RFC 9000, clause 17.2).
const ID_MAX: usize = 20;

/// tokio, with that bound on its sockets.
#[derive(Debug)]
pub(super) struct Bounded;

impl Runtime for Bounded {
    fn new_timer(&self, at: Instant) -> Pin<Box<dyn AsyncTimer>> {
        TokioRuntime.new_timer(at)
    }

    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        TokioRuntime.spawn(future);
    }

    fn wrap_udp_socket(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        let inner = TokioRuntime.wrap_udp_socket(socket)?;
        Ok(Arc::new(Socket { inner, open: AtomicUsize::new(0), table: Mutex::default() }))
    }

    fn now(&self) -> Instant {
        TokioRuntime.now()
    }
}

#[derive(Debug)]
struct Socket {
    inner: Arc<dyn AsyncUdpSocket>,
    /// Entries of the table: while there are none, nothing is looked up.
    open: AtomicUsize,
    table: Mutex<Table>,
}

impl Socket {
    /// Does something to the table.
    fn with<T>(&self, act: impl FnOnce(&mut Table) -> T) -> T {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        table.forget(Instant::now());
        let done = act(&mut table);
        self.open.store(table.handshakes.len(), Ordering::Relaxed);
        done
    }
}

impl AsyncUdpSocket for Socket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Arc::clone(&self.inner).create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        if Breach::AmplifyUnvalidated.is_on() {
            // Everything four times, and nothing is counted: an answer is at least as long as what it answers.
            (0..3).for_each(|_| drop(self.inner.try_send(transmit)));
            return self.inner.try_send(transmit);
        }
        let octets = transmit.contents.len();
        if self.open.load(Ordering::Relaxed) == 0 {
            return self.inner.try_send(transmit);
        }
        let each = transmit.segment_size.unwrap_or(octets).max(1);
        // What goes on established connections is not held back, and waits for the table only to be counted.
        let fits = if is_long(transmit.contents) { self.with(|table| table.room(transmit.destination, transmit.contents)) } else { octets };
        let fits = if octets <= fits { octets } else { fits / each * each };
        if fits == 0 {
            return Ok(());
        }
        let contents = &transmit.contents[..fits];
        let segment_size = transmit.segment_size.filter(|size| *size < fits);
        let Transmit { destination, ecn, src_ip, .. } = *transmit;
        self.inner.try_send(&Transmit { destination, ecn, contents, segment_size, src_ip })?;
        self.with(|table| table.went(destination, contents));
        Ok(())
    }

    fn poll_recv(&self, cx: &mut Context<'_>, buffers: &mut [IoSliceMut<'_>], meta: &mut [RecvMeta]) -> Poll<io::Result<usize>> {
        let count = ready!(self.inner.poll_recv(cx, buffers, meta))?;
        for (buffer, meta) in buffers.iter().zip(meta.iter()).take(count) {
            for datagram in buffer[..meta.len].chunks(meta.stride.max(1)).filter(|datagram| is_long(datagram)) {
                self.with(|table| table.came(meta.addr, datagram, Instant::now()));
            }
        }
        Poll::Ready(Ok(count))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.inner.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.inner.max_transmit_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.inner.max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.inner.may_fragment()
    }
}

/// A connection that somebody began from an address and did not go on with yet.
#[derive(Debug)]
struct Handshake {
    address: SocketAddr,
    /// The id that the other side gave itself.
    id: Id,
    since: Instant,
    came: usize,
    sent: usize,
    /// What [`KEPT`] is kept for was sent.
    is_whole: bool,
}

/// What is counted, the oldest first.
#[derive(Debug, Default)]
struct Table {
    handshakes: VecDeque<Handshake>,
}

impl Table {
    fn forget(&mut self, now: Instant) {
        while self.handshakes.front().is_some_and(|oldest| now.saturating_duration_since(oldest.since) > COUNTED_FOR) {
            self.handshakes.pop_front();
        }
    }

    fn at(&self, address: SocketAddr, id: Id) -> Option<usize> {
        self.handshakes.iter().position(|known| known.address == address && known.id == id)
    }

    /// How many octets of this may go there. What belongs to an established connection, or to nothing that is known, all of it may.
    fn room(&self, address: SocketAddr, packet: &[u8]) -> usize {
        let known = if is_long(packet) { ids(packet).and_then(|(to, _)| self.at(address, to)) } else { None };
        known.map_or(usize::MAX, |at| {
            let known = &self.handshakes[at];
            (3 * known.came).saturating_sub(known.sent + if known.is_whole { 0 } else { KEPT })
        })
    }

    /// This went there.
    fn went(&mut self, address: SocketAddr, packet: &[u8]) {
        let found = if is_long(packet) {
            ids(packet).and_then(|(to, _)| self.at(address, to))
        } else {
            self.handshakes
                .iter()
                .position(|known| known.address == address && packet.get(1..).unwrap_or_default().starts_with(known.id.as_octets()))
        };
        if let Some(at) = found {
            self.handshakes[at].sent += packet.len();
            self.handshakes[at].is_whole |= !is_long(packet);
        }
    }

    /// A datagram that begins with a long header came.
    fn came(&mut self, address: SocketAddr, datagram: &[u8], now: Instant) {
        let Some((_, from)) = ids(datagram) else { return };
        match (self.at(address, from), has_handshake(datagram)) {
            // It hears us.
            (Some(at), true) => drop(self.handshakes.remove(at)),
            (Some(at), false) => self.handshakes[at].came += datagram.len(),
            (None, false) if kind(datagram) == Some(Kind::Initial) => {
                if self.handshakes.len() == HANDSHAKES_MAX {
                    self.handshakes.pop_front();
                }
                self.handshakes.push_back(Handshake { address, id: from, since: now, came: datagram.len(), sent: 0, is_whole: false });
            }
            (None, _) => {}
        }
    }
}

/// A connection id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Id {
    octets: [u8; ID_MAX],
    len: usize,
}

impl Id {
    fn as_octets(&self) -> &[u8] {
        &self.octets[..self.len]
    }

    fn read(input: &mut &[u8]) -> Option<Self> {
        let (len, rest) = input.split_first()?;
        let len = usize::from(*len);
        let octets = rest.get(..len).filter(|_| len <= ID_MAX)?;
        let mut id = Self { octets: [0; ID_MAX], len };
        id.octets[..len].copy_from_slice(octets);
        *input = &rest[len..];
        Some(id)
    }
}

/// Packets with a long header that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Initial,
    Handshake,
    Other,
}

fn is_long(packet: &[u8]) -> bool {
    packet.first().is_some_and(|first| first & 0x80 != 0)
}

/// What a packet of QUIC version 1 is (RFC 9000, clause 17.2); none for other versions, whose answers are single small packets.
fn kind(packet: &[u8]) -> Option<Kind> {
    if packet.get(1..5)? != [0, 0, 0, 1] {
        return None;
    }
    match (packet[0] >> 4) & 3 {
        0 => Some(Kind::Initial),
        2 => Some(Kind::Handshake),
        _ => Some(Kind::Other),
    }
}

/// The ids of a packet with a long header: of whom it is for, and of whom it is from.
fn ids(packet: &[u8]) -> Option<(Id, Id)> {
    let mut rest = packet.get(5..)?;
    Some((Id::read(&mut rest)?, Id::read(&mut rest)?))
}

/// Whether one of the packets of a datagram is one of the handshake's keys.
fn has_handshake(mut datagram: &[u8]) -> bool {
    while is_long(datagram) {
        match kind(datagram) {
            Some(Kind::Handshake) => return true,
            Some(Kind::Initial) => {}
            _ => return false,
        }
        let Some(next) = after_initial(datagram) else { return false };
        datagram = next;
    }
    false
}

/// What follows an initial packet in its datagram.
fn after_initial(packet: &[u8]) -> Option<&[u8]> {
    let mut rest = packet.get(5..)?;
    Id::read(&mut rest)?;
    Id::read(&mut rest)?;
    let token = varint(&mut rest)?;
    rest = rest.get(token..)?;
    let len = varint(&mut rest)?;
    rest.get(len..)
}

fn varint(input: &mut &[u8]) -> Option<usize> {
    let len = 1 << (input.first()? >> 6);
    let octets = input.get(..len)?;
    let value = octets[1..].iter().fold(u64::from(octets[0] & 0x3f), |value, octet| (value << 8) | u64::from(*octet));
    *input = &input[len..];
    usize::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::{COUNTED_FOR, HANDSHAKES_MAX, Id, KEPT, Table, has_handshake, ids};
    use proptest::prelude::*;
    use std::net::SocketAddr;
    use std::time::Instant;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], port))
    }

    /// A packet of version 1 with these ids, and so many octets after its head.
    fn packet(kind: u8, to: &[u8], from: &[u8], octets: usize) -> Vec<u8> {
        let mut packet = vec![0xc0 | (kind << 4), 0, 0, 0, 1, to.len() as u8];
        packet.extend_from_slice(to);
        packet.push(from.len() as u8);
        packet.extend_from_slice(from);
        if kind == 0 {
            packet.push(0);
        }
        packet.extend((octets as u16 | 0x4000).to_be_bytes());
        packet.resize(packet.len() + octets, 0);
        packet
    }

    const INITIAL: u8 = 0;
    const HANDSHAKE: u8 = 2;
    const US: &[u8] = &[7, 7];

    #[test]
    fn three_times_what_came_may_go_until_a_handshake_packet_came() {
        let (mut table, now) = (Table::default(), Instant::now());
        let first = packet(INITIAL, US, &[1, 2, 3], 1_000);
        table.came(address(1), &first, now);
        let answer = packet(INITIAL, &[1, 2, 3], US, 1_000);
        assert_eq!(table.room(address(1), &answer), 3 * first.len() - KEPT);
        table.went(address(1), &answer);
        table.went(address(1), &answer);
        let short = [&[0x40, 1, 2, 3][..], &[0; 100]].concat();
        assert_eq!(table.room(address(1), &short), usize::MAX, "what is no handshake is counted and not held back");
        table.went(address(1), &short);
        assert_eq!(table.room(address(1), &answer), 3 * first.len() - 2 * answer.len() - short.len());
        let second = [packet(INITIAL, US, &[1, 2, 3], 40), packet(HANDSHAKE, US, &[1, 2, 3], 60)].concat();
        table.came(address(1), &second, now);
        assert_eq!(table.room(address(1), &answer), usize::MAX, "it answered what it was sent");
        assert!(table.handshakes.is_empty());
        table.came(address(1), &second, now);
        assert!(table.handshakes.is_empty(), "what comes late begins nothing");
    }

    #[test]
    fn connections_of_one_address_are_counted_apart() {
        let (mut table, now) = (Table::default(), Instant::now());
        table.came(address(1), &packet(INITIAL, US, &[1], 1_000), now);
        table.came(address(1), &packet(INITIAL, US, &[2], 1_100), now);
        table.came(address(1), &packet(HANDSHAKE, US, &[1], 100), now);
        assert_eq!(table.room(address(1), &packet(HANDSHAKE, &[1], US, 9)), usize::MAX);
        assert!(table.room(address(1), &packet(HANDSHAKE, &[2], US, 9)) < 3_500);
        assert_eq!(table.room(address(2), &packet(HANDSHAKE, &[2], US, 9)), usize::MAX, "who is not known is not held back");
    }

    #[test]
    fn handshakes_that_take_too_long_and_the_oldest_of_too_many_are_forgotten() {
        let (mut table, now) = (Table::default(), Instant::now());
        (0..=HANDSHAKES_MAX as u16).for_each(|port| table.came(address(port), &packet(INITIAL, US, &[1], 100), now));
        assert_eq!(table.handshakes.len(), HANDSHAKES_MAX);
        assert_eq!(table.room(address(0), &packet(INITIAL, &[1], US, 9)), usize::MAX);
        table.forget(now + COUNTED_FOR);
        assert_eq!(table.handshakes.len(), HANDSHAKES_MAX);
        table.forget(now + 2 * COUNTED_FOR);
        assert!(table.handshakes.is_empty());
    }

    #[test]
    fn an_id_that_is_too_long_or_cut_off_is_none() {
        assert_eq!(ids(&[0xc0, 0, 0, 0, 1, 21]), None);
        assert_eq!(ids(&[0xc0, 0, 0, 0, 1, 2, 7]), None);
        assert!(Id::read(&mut &[0][..]).is_some_and(|id| id.len == 0));
    }

    proptest! {
        #[test]
        fn no_octets_break_the_table(came in proptest::collection::vec(any::<u8>(), 1..80), went in proptest::collection::vec(any::<u8>(), 1..80)) {
            let mut table = Table::default();
            table.came(address(1), &packet(INITIAL, US, &[], 9), Instant::now());
            table.came(address(1), &came, Instant::now());
            table.came(address(1), &came, Instant::now());
            table.went(address(1), &went);
            table.room(address(1), &went);
            has_handshake(&came);
        }
    }
}
