//! The pages of a node for the host that it runs on: `/health` and `/metrics` (clause 17).

use super::http::{self, Page};
use super::metrics::Metrics;
use crate::driver::Driver;
use hypermesh_core::stoq::node::StoqNode;
use hypermesh_core::testing::Breach;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use tokio::task::JoinHandle;

/// Pages that are offered until they are stopped.
#[derive(Debug)]
pub struct Management {
    /// Where they are offered.
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Management {
    /// Offers the pages of a node at an address of this host, on the tokio runtime of the caller.
    pub fn start(at: SocketAddr, driver: &Driver<StoqNode>, metrics: &Arc<Metrics>) -> io::Result<Self> {
        let listener = TcpListener::bind(at)?;
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(http::serve(listener, page(driver, metrics)));
        Ok(Self { address, task })
    }

    /// Offers them no more: the node has left (R-17-07).
    pub fn stop(&self) {
        if !Breach::SayHealthyWhenGone.is_on() {
            self.task.abort();
        }
    }
}

fn page(driver: &Driver<StoqNode>, metrics: &Arc<Metrics>) -> Page {
    let (driver, metrics) = (driver.clone(), Arc::clone(metrics));
    Box::new(move |path| match path {
        "/health" => Some((200, "ok\n".to_owned())),
        "/metrics" => Some((200, metrics.page(driver.figures(), &gauges(&driver)))),
        _ => None,
    })
}

/// What a node holds at the moment. What begins with `stoq_` is in clause 17 of the standard; the rest is of this implementation.
fn gauges(driver: &Driver<StoqNode>) -> Vec<(&'static str, &'static str, u64)> {
    let held = driver.held();
    let tasks = tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let mut all = vec![
        ("stoq_connections", "Connections that are open.", held.connections as u64),
        ("stoq_streams", "Streams that are open.", held.streams as u64),
        ("hypermesh_quic_connections", "Connections of QUIC, those in their handshake or closing too.", held.quic_connections as u64),
        ("hypermesh_jobs", "Jobs of applications that are not over.", held.jobs as u64),
        ("hypermesh_deadlines", "Wake-ups that were asked for, those that are stale by now too.", held.deadlines as u64),
        ("hypermesh_tasks", "Tasks of the process.", tasks as u64),
    ];
    if let Some(store) = driver.disk().0.as_ref().map(|store| store.figures()) {
        all.extend([
            ("hypermesh_store_segments", "Segments of the store, a file each.", store.segments as u64),
            ("stoq_store_bytes", "Bytes of all segments of the store.", store.bytes),
            ("stoq_store_live_bytes", "Bytes of these that are needed.", store.live_bytes),
            ("stoq_store_contents", "Chunks and manifests in the store.", store.contents as u64),
            ("stoq_store_rotten", "Contents of these that were found damaged.", store.rotten as u64),
            ("stoq_store_names", "Names in the store.", store.names as u64),
        ]);
    }
    all
}
