//! Those who mean no good: random datagrams, handshakes that are never finished, connections that never speak, streams of random bytes.

use super::load::{Chance, Tally, count, identity};
use crate::pki::{Anchor, Identity};
use crate::quic::{self, Parameters, Shown};
use hypermesh_core::stoq::preset::Effective;
use quinn::{ClientConfig, Connection, Endpoint};
use std::io;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::UdpSocket;

/// Time between two rounds.
const EVERY: Duration = Duration::from_secs(2);
/// Of each kind, how many in a round.
const DATAGRAMS: usize = 100;
const HALF_OPEN: usize = 8;
const IDLE: usize = 16;
const STREAMS: usize = 8;

/// Troubles one node after the other until the load stops.
pub(super) async fn run(folder: PathBuf, nodes: Vec<SocketAddrV6>, seed: u64, tally: Arc<Tally>, stop: Arc<AtomicBool>) {
    let mut chance = Chance::new(seed ^ 0xBAD);
    let mut victims = nodes.iter().cycle();
    while !stop.load(Ordering::Relaxed) {
        let Some(victim) = victims.next() else { return };
        // What a node refuses, or a port that nobody has since its node was killed, is no fault of the load.
        let _ = junk(*victim, &mut chance, &tally).await;
        let _ = half_open(&folder, *victim, &tally).await;
        let _ = silent_and_loud(&folder, *victim, &mut chance, &tally).await;
        tokio::time::sleep(EVERY).await;
    }
}

fn random(chance: &mut Chance, len: usize) -> Vec<u8> {
    (0..len).map(|_| chance.below(256) as u8).collect()
}

/// Datagrams of random bytes; every other one begins as a first packet of QUIC does.
async fn junk(victim: SocketAddrV6, chance: &mut Chance, tally: &Tally) -> io::Result<()> {
    let socket = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).await?;
    for number in 0..DATAGRAMS {
        let len = 1 + chance.below(1400) as usize;
        let mut bytes = random(chance, len);
        if number % 2 == 0 {
            bytes.resize(1200, 7);
            bytes[..6].copy_from_slice(&[0xC3, 0, 0, 0, 1, 8]);
        }
        socket.send_to(&bytes, victim).await?;
        count(&tally.datagrams);
    }
    Ok(())
}

fn dialler(folder: &Path) -> io::Result<(Endpoint, ClientConfig)> {
    let (ca, chain, key) = identity(folder);
    let other = |error: &dyn std::fmt::Display| io::Error::other(error.to_string());
    let anchor = Arc::new(Anchor::load(&ca).map_err(|error| other(&error))?);
    let shown = Shown::new(Identity::load(&chain, &key, &anchor).map_err(|error| other(&error))?);
    let parameters = Parameters::of(&Effective::new(None));
    let mut config = ClientConfig::new(quic::client_crypto(&shown, &anchor).map_err(|error| other(&error))?);
    config.transport_config(parameters.transport(true));
    let (socket, _) = quic::bind(SocketAddrV6::new(Ipv6Addr::LOCALHOST, 0, 0, 0))?;
    Ok((quic::endpoint(socket, parameters.mtu, None, None)?, config))
}

/// First packets of real handshakes, sent by somebody who never answers: they are caught by a trap and passed on.
async fn half_open(folder: &Path, victim: SocketAddrV6, tally: &Tally) -> io::Result<()> {
    let (endpoint, config) = dialler(folder)?;
    let trap = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).await?;
    for _ in 0..HALF_OPEN {
        let connecting = endpoint.connect_with(config.clone(), trap.local_addr()?, "stoq.invalid").map_err(io::Error::other)?;
        let mut first = vec![0; 1500];
        let (len, _) = tokio::time::timeout(EVERY, trap.recv_from(&mut first)).await??;
        let liar = UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).await?;
        liar.send_to(&first[..len], victim).await?;
        count(&tally.half_open);
        drop(connecting);
    }
    endpoint.close(0u8.into(), b"");
    Ok(())
}

/// Connections with a good certificate: some never say anything, one babbles.
async fn silent_and_loud(folder: &Path, victim: SocketAddrV6, chance: &mut Chance, tally: &Tally) -> io::Result<()> {
    let (endpoint, config) = dialler(folder)?;
    let mut silent: Vec<Connection> = Vec::new();
    for _ in 0..IDLE {
        let connecting = endpoint.connect_with(config.clone(), victim.into(), "stoq.invalid").map_err(io::Error::other)?;
        silent.push(tokio::time::timeout(EVERY, connecting).await??);
        count(&tally.idle);
    }
    let loud = endpoint.connect_with(config.clone(), victim.into(), "stoq.invalid").map_err(io::Error::other)?;
    let loud = tokio::time::timeout(EVERY, loud).await??;
    for number in 0..STREAMS {
        let bytes = random(chance, 3000);
        let babble = async {
            if number % 2 == 0 {
                loud.open_uni().await?.write_all(&bytes).await.map_err(io::Error::other)
            } else {
                let (mut send, _) = loud.open_bi().await?;
                send.write_all(&bytes).await.map_err(io::Error::other)
            }
        };
        // A node that closes the connection does right.
        if tokio::time::timeout(EVERY, babble).await.is_ok_and(|babbled| babbled.is_ok()) {
            count(&tally.babbled);
        }
    }
    tokio::time::sleep(Duration::from_millis(chance.below(4000))).await;
    drop(silent);
    endpoint.close(0u8.into(), b"");
    Ok(())
}
