//! madsim alone: a node, a task and an `Endpoint` for each node of the load, on madsim's own clock and network (latency 1 to 10 ms, its default).

use super::{Load, plans};
use hypermesh_core::base::digest::mix;
use madsim::net::{Endpoint, NetSim};
use madsim::runtime::{Handle, Runtime};
use std::cell::Cell;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Port of every node.
const PORT: u16 = 1;
/// Tag of every message.
const TAG: u64 = 1;

/// Delivers the load; the messages delivered and the loop's time in ns, measured outside of the simulation, whose clocks are virtual.
pub fn run(load: Load, nodes: u32) -> (u64, u64) {
    let wanted = plans::few_messages(nodes);
    let delivered = Arc::new(AtomicU64::new(0));
    let runtime = Runtime::with_seed_and_config(1, madsim::Config::default());
    let ready = delivered.clone();
    runtime.block_on(async move { build(load, nodes, ready).await });
    let began = std::time::Instant::now();
    let counted = delivered.clone();
    runtime.block_on(async move { drive(load, nodes, wanted, counted).await });
    (delivered.load(Ordering::Relaxed), began.elapsed().as_nanos() as u64)
}

fn address(node: u32) -> SocketAddr {
    SocketAddr::new(IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, (node >> 16) as u16 + 1, node as u16)), PORT)
}

/// Starts every node and waits until all have bound their endpoint.
async fn build(load: Load, nodes: u32, delivered: Arc<AtomicU64>) {
    let handle = Handle::current();
    let bound = Arc::new(AtomicU64::new(0));
    for node in 0..nodes {
        let (delivered, bound) = (delivered.clone(), bound.clone());
        handle.create_node().ip(address(node).ip()).init(move || on_node(load, node, nodes, delivered.clone(), bound.clone())).build();
    }
    while bound.load(Ordering::Relaxed) < u64::from(nodes) {
        madsim::time::sleep(Duration::from_millis(1)).await;
    }
    let _ = NetSim::current();
}

/// A node: receives, and sends on as its load says.
async fn on_node(load: Load, me: u32, nodes: u32, delivered: Arc<AtomicU64>, bound: Arc<AtomicU64>) {
    let endpoint = Rc::new(Endpoint::bind(address(me)).await.expect("an address of its own"));
    bound.fetch_add(1, Ordering::Relaxed);
    let random = Cell::new(u64::from(me) << 32);
    let peer = || {
        random.set(random.get().wrapping_add(0x9E37_79B9_7F4A_7C15));
        address((mix(random.get()) % u64::from(nodes)) as u32)
    };
    let mut newest = 0u64;
    loop {
        let Ok((payload, _)) = endpoint.recv_from_raw(TAG).await else { return };
        delivered.fetch_add(1, Ordering::Relaxed);
        let rumour = *payload.downcast::<u64>().expect("every message is a number");
        let copies = match load {
            Load::Token => 1,
            Load::Gossip if rumour > newest => u32::from(plans::FANOUT),
            Load::Gossip => 0,
        };
        newest = newest.max(rumour);
        for _ in 0..copies {
            let _ = endpoint.send_to_raw(peer(), TAG, Box::new(rumour)).await;
        }
    }
}

/// Feeds the load and waits until it is delivered.
async fn drive(load: Load, nodes: u32, wanted: u64, delivered: Arc<AtomicU64>) {
    let source = Handle::current().create_node().ip(address(nodes).ip()).build();
    let task = source.spawn(async move {
        let endpoint = Endpoint::bind(address(nodes)).await.expect("an address of its own");
        match load {
            Load::Token => {
                for node in 0..nodes {
                    let _ = endpoint.send_to_raw(address(node), TAG, Box::new(0u64)).await;
                }
                while delivered.load(Ordering::Relaxed) < wanted {
                    madsim::time::sleep(Duration::from_millis(5)).await;
                }
            }
            Load::Gossip => {
                for rumour in 1..=plans::few_rumours(nodes) {
                    let _ = endpoint.send_to_raw(address((mix(rumour) % u64::from(nodes)) as u32), TAG, Box::new(rumour)).await;
                    madsim::time::sleep(Duration::from_millis(500)).await;
                }
            }
        }
    });
    let _ = task.await;
}
