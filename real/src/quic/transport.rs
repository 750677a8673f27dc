//! Transport parameters, from the values of a preset.

use hypermesh_core::base::Span;
use hypermesh_core::stoq::preset::{Effective, Key};
use hypermesh_core::stoq::session::limits::{EARLY_WINDOW_BYTES, HELD_MAX, ONE_WAY_MAX};
use hypermesh_core::stoq::session::transcript::{EXPORTER_BYTES, EXPORTER_LABEL};
use hypermesh_core::testing::Breach;
use quinn::congestion::{BbrConfig, CubicConfig, NewRenoConfig};
use quinn::{Connection, IdleTimeout, MtuDiscoveryConfig, TransportConfig, VarInt};
use std::sync::Arc;
use std::time::Duration;

/// What QUIC is told of a node's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// Receive window of a stream in bytes.
    pub stream_window: u64,
    /// Receive window of a connection in bytes, once its session is open.
    pub connection_window: u64,
    /// Bytes sent and not acknowledged that a connection keeps.
    pub send_window: u64,
    /// Which congestion controller: 0 CUBIC, 1 BBR, 2 NewReno.
    pub congestion: u64,
    /// Largest UDP payload that is tried.
    pub mtu: u16,
    /// Whether the kernel cuts large sends.
    pub gso: bool,
    /// How long a silent connection is left open.
    pub idle: Span,
    /// Requests that a peer may have open, once the session is open.
    pub requests: u64,
}

impl Parameters {
    /// Those of a preset and what was set over it.
    pub const fn of(values: &Effective) -> Self {
        Self {
            stream_window: values.get(Key::QuicStreamWindow),
            connection_window: values.get(Key::QuicConnectionWindow),
            send_window: values.get(Key::QuicSendWindow),
            congestion: values.get(Key::QuicCongestion),
            mtu: values.get(Key::QuicMtu) as u16,
            gso: values.get(Key::QuicGso) == 1,
            idle: Span(values.get(Key::SessionIdle)),
            requests: values.get(Key::SessionRequests),
        }
    }

    /// What a connection begins with: little, since nobody knows yet who the peer is (R-8-10). `asks` is the side that keeps the connection alive.
    pub fn transport(&self, asks: bool) -> Arc<TransportConfig> {
        let mut transport = TransportConfig::default();
        let idle = Duration::from_nanos(self.idle.0);
        let told = if Breach::IdleOtherThanTold.is_on() { idle / 2 } else { idle };
        let window = if Breach::OpenWideWindow.is_on() { self.connection_window } else { EARLY_WINDOW_BYTES as u64 };
        transport
            .max_concurrent_bidi_streams(VarInt::from_u32(HELD_MAX as u32))
            .max_concurrent_uni_streams(VarInt::from_u32(ONE_WAY_MAX as u32))
            .receive_window(varint(window))
            .stream_receive_window(varint(self.stream_window))
            .send_window(self.send_window)
            .datagram_receive_buffer_size((!Breach::RefuseDatagrams.is_on()).then_some(EARLY_WINDOW_BYTES))
            .datagram_send_buffer_size(EARLY_WINDOW_BYTES)
            .max_idle_timeout(IdleTimeout::try_from(told).ok())
            .keep_alive_interval(asks.then(|| idle / 3))
            .enable_segmentation_offload(self.gso);
        if Breach::NeedLargePackets.is_on() {
            transport.initial_mtu(self.mtu).min_mtu(self.mtu);
        }
        let mut discovery = MtuDiscoveryConfig::default();
        discovery.upper_bound(self.mtu);
        transport.mtu_discovery_config(Some(discovery));
        match self.congestion {
            1 => transport.congestion_controller_factory(Arc::new(BbrConfig::default())),
            2 => transport.congestion_controller_factory(Arc::new(NewRenoConfig::default())),
            _ => transport.congestion_controller_factory(Arc::new(CubicConfig::default())),
        };
        Arc::new(transport)
    }
}

/// Requests that a peer may have open at first. QUIC keeps a place for every stream that it grants, so what most peers never use is granted as they use it:
/// see [`grant_more`]. 256 places for each side of a connection are 17 KiB.
const REQUESTS_FIRST: u64 = 32;

/// Gives a peer what it may have once the session is open. Requests that it may have open from now on.
pub fn grant_all(connection: &Connection, parameters: &Parameters) -> u64 {
    connection.set_receive_window(varint(parameters.connection_window));
    let requests = parameters.requests.min(REQUESTS_FIRST);
    connection.set_max_concurrent_bi_streams(varint(requests));
    requests
}

/// Grants more requests if half of what was granted is in use. Requests that the peer may have open from now on.
pub fn grant_more(connection: &Connection, parameters: &Parameters, granted: u64, in_use: usize) -> u64 {
    if granted >= parameters.requests || 2 * (in_use as u64) < granted {
        return granted;
    }
    let requests = parameters.requests.min(2 * granted);
    connection.set_max_concurrent_bi_streams(varint(requests));
    requests
}

/// The exporter that binds the confirmation of the settings to this connection (clause 7.2).
pub fn exporter(connection: &Connection) -> Option<[u8; EXPORTER_BYTES]> {
    let mut exporter = [0; EXPORTER_BYTES];
    connection.export_keying_material(&mut exporter, EXPORTER_LABEL, b"").ok().map(|()| exporter)
}

fn varint(value: u64) -> VarInt {
    VarInt::from_u64(value).unwrap_or(VarInt::MAX)
}
