//! UDP sockets and the endpoints on them.

use super::unproven::Bounded;
use hypermesh_core::testing::Breach;
use quinn::{Endpoint, EndpointConfig, Runtime, ServerConfig};
use quinn_proto::HashedConnectionIdGenerator;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
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
    socket.set_only_v6(!Breach::ListenOnIpv4.is_on())?;
    // What is too much is cut down by the system, not refused.
    socket.set_recv_buffer_size(SOCKET_BYTES)?;
    socket.set_send_buffer_size(SOCKET_BYTES)?;
    let ip = if Breach::ListenOnIpv4.is_on() { Ipv6Addr::UNSPECIFIED } else { *address.ip() };
    let address = SocketAddrV6::new(ip, address.port(), address.flowinfo(), address.scope_id());
    socket.bind(&SocketAddr::V6(address).into())?;
    let granted = Sockets { receive_bytes: socket.recv_buffer_size()?, send_bytes: socket.send_buffer_size()? };
    Ok((socket.into(), granted))
}

/// An endpoint on a socket: for both directions with a server's configuration, for connecting alone without. `mtu_max` is the largest UDP payload that
/// it takes.
///
/// With a `secret` that outlives the process, the endpoint tells peers of the one before it that their connections are gone (stateless resets, RFC 9000,
/// clause 10.3), so that they connect anew at once rather than after their idle timeout. The secret is told to nobody.
pub fn endpoint(socket: UdpSocket, mtu_max: u16, server: Option<ServerConfig>, secret: Option<&[u8]>) -> io::Result<Endpoint> {
    endpoint_on(socket, mtu_max, server, secret, Arc::new(Bounded))
}

/// The same on a runtime of the caller's, which may put something between QUIC and the socket.
pub fn endpoint_on(
    socket: UdpSocket,
    mtu_max: u16,
    server: Option<ServerConfig>,
    secret: Option<&[u8]>,
    runtime: Arc<dyn Runtime>,
) -> io::Result<Endpoint> {
    let mut config = EndpointConfig::default();
    if let Some(secret) = secret {
        let key = blake3::derive_key("HyperMesh STOQ 2026-11-22 stateless resets v1", secret);
        let ids = blake3::derive_key("HyperMesh STOQ 2026-11-22 connection ids v1", secret);
        let ids = u64::from_le_bytes(ids[..8].try_into().expect("a key has 32 octets"));
        config.reset_key(Arc::new(ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key)));
        config.cid_generator(move || Box::new(HashedConnectionIdGenerator::from_key(ids)));
    }
    if Breach::RefuseVersionOne.is_on() {
        // The draft before it.
        config.supported_versions(vec![0xff00_0020]);
    }
    config.max_udp_payload_size(mtu_max.max(1472)).map_err(io::Error::other)?;
    Endpoint::new(config, server, socket, runtime)
}
