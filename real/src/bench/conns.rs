//! How many connections one node bears, and what an idle one costs.

use super::arms::{Arm, Bed, serve};
use crate::quic;
use std::io;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::time::Instant;

/// What was found about connections.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// Connections that were open at the same time, with STOQ their sessions too, counted by who accepted them.
    pub connections: usize,
    /// Resident bytes of this process that each pair of ends costs: QUIC and tasks on both sides, and with STOQ their sessions.
    pub bytes_per_pair: f64,
    /// Seconds until all were open.
    pub seconds: f64,
    /// Seconds of processor until then.
    pub cpu_seconds: f64,
}

/// How many handshakes are under way at a time.
const AT_ONCE: usize = 64;

/// Opens so many connections from this process to a node in this process, and keeps them all.
pub async fn hold(arm: Arm, bed: &Bed, count: usize) -> io::Result<Held> {
    let served = serve(arm, bed)?;
    let (socket, _) = quic::bind(SocketAddrV6::new(Ipv6Addr::LOCALHOST, 0, 0, 0))?;
    let mut client = bed.clients(arm, socket, served.address)?;
    // What the first connection costs once is not what each costs.
    client.connect(1).await?;
    let (memory, cpu, begin) = (resident(), super::cpu_seconds(), Instant::now());
    let mut left = count;
    while left > 0 {
        let now = left.min(AT_ONCE);
        client.connect(now).await?;
        left -= now;
    }
    let seconds = begin.elapsed().as_secs_f64();
    let connections = served.connections().saturating_sub(1);
    let bytes = resident().saturating_sub(memory);
    let held =
        Held { connections, bytes_per_pair: bytes as f64 / connections.max(1) as f64, seconds, cpu_seconds: super::cpu_seconds() - cpu };
    client.close();
    served.stop();
    Ok(held)
}

/// Resident bytes of this process; 0 where the system does not tell.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() << 10
}
