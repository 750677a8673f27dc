//! A real UDP socket behind the emulated network: what quinn sends goes to the courier, what it receives comes from the system.

use super::courier::Courier;
use super::emulator::Wires;
use quinn::{AsyncUdpSocket, UdpPoller};
use quinn_udp::{RecvMeta, Transmit};
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

/// The socket of one node.
#[derive(Debug)]
pub(super) struct Socket<W: Wires> {
    pub(super) node: u32,
    pub(super) inner: Arc<dyn AsyncUdpSocket>,
    pub(super) courier: Arc<Courier<W>>,
}

/// An uplink takes everything at once; what its queue has no room for is lost, not refused, as on a wire.
#[derive(Debug)]
struct Always;

impl UdpPoller for Always {
    fn poll_writable(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl<W: Wires + std::fmt::Debug> AsyncUdpSocket for Socket<W> {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Always)
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        // What segmentation offload would cut apart in the kernel crosses the emulated wires as single datagrams.
        let size = transmit.segment_size.unwrap_or(transmit.contents.len());
        self.courier.post(self.node, transmit.destination, transmit.ecn, transmit.contents, size);
        Ok(())
    }

    fn poll_recv(&self, cx: &mut Context<'_>, bufs: &mut [IoSliceMut<'_>], meta: &mut [RecvMeta]) -> Poll<io::Result<usize>> {
        let count = ready!(self.inner.poll_recv(cx, bufs, meta))?;
        let datagrams: usize = meta[..count].iter().map(|meta| meta.len.div_ceil(meta.stride.max(1))).sum();
        self.courier.counts().came.fetch_add(datagrams as u64, Ordering::Relaxed);
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
