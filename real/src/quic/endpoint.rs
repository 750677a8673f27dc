//! UDP sockets and the endpoints on them.

use quinn::{Endpoint, EndpointConfig, ServerConfig, TokioRuntime};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, SocketAddrV6, UdpSocket};
use std::sync::Arc;

/// Bytes of socket buffer that are asked for, each way. The system may grant less (`net.core.rmem_max`): default buffers are an order too small for a
/// fast path (Jaeger et al. 2023).
const SOCKET_BYTES: usize = 8 << 20;

/// What the system granted a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sockets {
    /// Bytes of its receive buffer.
    pub receive_bytes: usize,
    /// Bytes of its send buffer.
    pub send_bytes: usize,
}

/// A UDP socket on IPv6 and nothing else (R-8-02), with large buffers.
pub fn bind(address: SocketAddrV6) -> io::Result<(UdpSocket, Sockets)> {
    let socket = Socket::new(Domain::IPV6, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_only_v6(true)?;
    // What is too much is cut down by the system, not refused.
    socket.set_recv_buffer_size(SOCKET_BYTES)?;
    socket.set_send_buffer_size(SOCKET_BYTES)?;
    socket.bind(&SocketAddr::V6(address).into())?;
    let granted = Sockets { receive_bytes: socket.recv_buffer_size()?, send_bytes: socket.send_buffer_size()? };
    Ok((socket.into(), granted))
}

/// An endpoint on a socket: for both directions with a server's configuration, for connecting alone without. `mtu_max` is the largest UDP payload that
/// it takes.
pub fn endpoint(socket: UdpSocket, mtu_max: u16, server: Option<ServerConfig>) -> io::Result<Endpoint> {
    let mut config = EndpointConfig::default();
    config.max_udp_payload_size(mtu_max.max(1472)).map_err(io::Error::other)?;
    Endpoint::new(config, server, socket, Arc::new(TokioRuntime))
}
