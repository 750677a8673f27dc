//! QUIC as the rules of STOQ want it: sockets, TLS, transport parameters, and bytes of streams as frames. It decides nothing about what is said.
//!
//! ```text
//!  UDP socket (IPv6, large buffers, segmentation offload) ─▶ quinn ─▶ a stream ─▶ hear: frames and whole bodies
//!                                                              ▲           └───── Outbox: frames and bodies, not copied
//!                                             rustls: TLS 1.3, ALPN stoq/1, both sides show certificates
//! ```

mod endpoint;
mod hear;
mod outbox;
mod tls;
mod transport;
mod unproven;

pub use endpoint::{Sockets, bind, endpoint, endpoint_on};
pub use hear::{Said, hear};
pub use outbox::{Outbox, Sent, send};
pub use tls::{Shown, client_crypto, server_crypto};
pub use transport::{Parameters, exporter, grant_all, grant_more};

use hypermesh_core::stoq::session::StreamId;

/// The number of a stream as core writes it.
pub fn stream_id(id: quinn::StreamId) -> StreamId {
    StreamId(quinn::VarInt::from(id).into_inner())
}

/// The QUIC application error code of a code of STOQ.
pub fn error_code(code: hypermesh_core::stoq::session::Code) -> quinn::VarInt {
    quinn::VarInt::from_u64(code.to_quic()).expect("codes of STOQ fit a variable-length integer")
}
