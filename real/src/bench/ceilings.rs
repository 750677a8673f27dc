//! What this machine could do at most: UDP with segmentation offload, AEAD of packets, copies of memory, BLAKE3. One thread each, but for UDP.

use super::CHUNK_BYTES;
use quinn_udp::{Transmit, UdpSockRef, UdpSocketState};
use ring::aead::{AES_128_GCM, Aad, Algorithm, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use std::hint::black_box;
use std::io;
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Ceilings, in bytes per second.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ceilings {
    /// UDP payload through the loopback, with segmentation and receive offload, as it came.
    pub udp: f64,
    /// Seconds of processor for a gigabyte of it, both sides.
    pub udp_cpu_per_gb: f64,
    /// Sealing packets with AES-128-GCM. Opening costs about the same.
    pub aes_gcm: f64,
    /// The same with ChaCha20-Poly1305.
    pub chacha20: f64,
    /// Naming contents with BLAKE3.
    pub blake3: f64,
    /// Copies of contents that lie in main memory.
    pub memcpy: f64,
}

/// Payload of a packet on a path of 1,500 bytes.
const PACKET: usize = 1_400;

/// Measures each for about this long.
pub fn ceilings(each: Duration) -> io::Result<Ceilings> {
    let (udp, udp_cpu_per_gb) = udp(each)?;
    Ok(Ceilings {
        udp,
        udp_cpu_per_gb,
        aes_gcm: seal(&AES_128_GCM, each),
        chacha20: seal(&CHACHA20_POLY1305, each),
        blake3: {
            let content = vec![7; CHUNK_BYTES];
            rate(each, CHUNK_BYTES, || {
                black_box(hypermesh_core::stoq::chunk::ChunkId::of(black_box(&content)));
            })
        },
        memcpy: {
            let (from, mut to) = (vec![7u8; 64 << 20], vec![0u8; 64 << 20]);
            let mut at = 0;
            rate(each, CHUNK_BYTES, || {
                to[at..at + CHUNK_BYTES].copy_from_slice(&from[at..at + CHUNK_BYTES]);
                at = (at + CHUNK_BYTES) % from.len();
                black_box(&to);
            })
        },
    })
}

/// Bytes per second of something that handles `bytes` each time.
fn rate(each: Duration, bytes: usize, mut work: impl FnMut()) -> f64 {
    let begin = Instant::now();
    let mut times = 0_u64;
    while begin.elapsed() < each {
        (0..64).for_each(|_| work());
        times += 64;
    }
    (times * bytes as u64) as f64 / begin.elapsed().as_secs_f64()
}

fn seal(algorithm: &'static Algorithm, each: Duration) -> f64 {
    let key = LessSafeKey::new(UnboundKey::new(algorithm, &vec![1; algorithm.key_len()]).expect("the key has its length"));
    let mut packet = vec![0; PACKET];
    rate(each, PACKET, || {
        let nonce = Nonce::assume_unique_for_key([0; 12]);
        let tag = key.seal_in_place_separate_tag(nonce, Aad::from(&[0; 16]), &mut packet).expect("a packet is short");
        let _ = black_box(tag);
    })
}

/// One thread sends, one receives; both wait only when the system makes them.
fn udp(each: Duration) -> io::Result<(f64, f64)> {
    let any = SocketAddrV6::new(Ipv6Addr::LOCALHOST, 0, 0, 0);
    let (from, to) = (crate::quic::bind(any)?.0, crate::quic::bind(any)?.0);
    let destination = to.local_addr()?;
    // Receive offload is switched on with the state.
    let (send, _receive) = (UdpSocketState::new(UdpSockRef::from(&from))?, UdpSocketState::new(UdpSockRef::from(&to))?);
    for socket in [&from, &to] {
        socket.set_nonblocking(false)?;
        socket.set_read_timeout(Some(Duration::from_millis(50)))?;
    }
    let stop = AtomicBool::new(false);
    let (cpu, begin) = (super::cpu_seconds(), Instant::now());
    let came = std::thread::scope(|scope| {
        let receiver = scope.spawn(|| take(&to, &stop));
        scope.spawn(|| give(&send, &from, destination, &stop));
        std::thread::sleep(each);
        stop.store(true, Ordering::Relaxed);
        receiver.join().unwrap_or(0)
    });
    let seconds = begin.elapsed().as_secs_f64();
    Ok((came as f64 / seconds, (super::cpu_seconds() - cpu) / (came as f64 / 1e9).max(1e-9)))
}

fn give(state: &UdpSocketState, socket: &std::net::UdpSocket, destination: SocketAddr, stop: &AtomicBool) {
    let segments = state.max_gso_segments().min(44);
    let contents = vec![0; PACKET * segments];
    let transmit = Transmit { destination, ecn: None, contents: &contents, segment_size: Some(PACKET), src_ip: None };
    while !stop.load(Ordering::Relaxed) {
        // A full buffer is the receiver's pace.
        if state.try_send(UdpSockRef::from(socket), &transmit).is_err() {
            std::thread::yield_now();
        }
    }
}

fn take(socket: &std::net::UdpSocket, stop: &AtomicBool) -> u64 {
    let (mut buffer, mut came) = (vec![0; 64 << 10], 0);
    while !stop.load(Ordering::Relaxed) {
        // With receive offload, one call takes as many datagrams as the kernel put together.
        came += socket.recv(&mut buffer).unwrap_or(0) as u64;
    }
    came
}
