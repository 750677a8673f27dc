//! What quinn runs on in a fleet: tokio's tasks and sockets, timers of a finer grain, and the emulated network before each socket.

use super::alarms::Alarms;
use super::courier::Courier;
use super::emulator::Wires;
use super::socket::Socket;
use quinn::{AsyncTimer, AsyncUdpSocket, Runtime, TokioRuntime};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

/// The runtime of one node.
#[derive(Debug)]
pub(super) struct Ground<W: Wires> {
    pub(super) node: u32,
    pub(super) alarms: Arc<Alarms>,
    pub(super) courier: Arc<Courier<W>>,
}

impl<W: Wires + std::fmt::Debug> Runtime for Ground<W> {
    fn new_timer(&self, at: Instant) -> Pin<Box<dyn AsyncTimer>> {
        Box::pin(Arc::clone(&self.alarms).at(at))
    }

    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        tokio::spawn(future);
    }

    fn wrap_udp_socket(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        let inner = TokioRuntime.wrap_udp_socket(socket)?;
        Ok(Arc::new(Socket { node: self.node, inner, courier: Arc::clone(&self.courier) }))
    }
}
