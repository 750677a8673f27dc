//! What a modelled QUIC stack is set to. The defaults are those of quinn 0.11 as the driver on sockets sets it up, so that all modes describe the same
//! stack.

use hypermesh_core::base::Span;

/// Parameters of the model. Shared by all connections of a group of nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quic {
    /// UDP payload of a packet before the path has been probed, in bytes (RFC 9000, clause 14).
    pub mtu_first: u32,
    /// UDP payload of a packet once the path has been probed, in bytes.
    pub mtu_last: u32,
    /// Bytes of a packet that carry no data: the short header, the packet number, the tag, and the headers of one or two frames.
    pub packet_overhead: u32,
    /// UDP payload of a packet that only acknowledges, in bytes.
    pub ack_packet: u32,
    /// Congestion window at the beginning, in bytes.
    pub window_first: u64,
    /// Round-trip time that is assumed before one is known.
    pub rtt_first: Span,
    /// How long a receiver may wait before it acknowledges.
    pub ack_delay_max: Span,
    /// Bytes of the client's first flight of the handshake.
    pub hello_bytes: u32,
    /// Bytes of the server's flight: its certificate chain makes most of it.
    pub server_bytes: u32,
    /// Bytes of the client's second flight: its certificate chain, if it has to show one.
    pub client_bytes: u32,
    /// Bytes of one stream that may be under way.
    pub stream_window: u64,
    /// Bytes of one connection that may be under way.
    pub window: u64,
    /// How long a silent connection is kept.
    pub idle: Span,
}

impl Default for Quic {
    fn default() -> Self {
        Self {
            mtu_first: 1_200,
            mtu_last: 1_452,
            packet_overhead: 34,
            ack_packet: 31,
            window_first: 12_000,
            rtt_first: Span::millis(333),
            ack_delay_max: Span::millis(25),
            hello_bytes: 1_162,
            server_bytes: 1_270,
            client_bytes: 1_100,
            stream_window: 4 << 20,
            window: 16 << 20,
            idle: Span::secs(30),
        }
    }
}
