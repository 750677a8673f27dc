//! How a connection is closed in good order: QUIC drops what it has not sent when it closes, so what was said last is heard first.

use super::shared::{Inner, Node, Shared};
use crate::quic::{self, Outbox};
use hypermesh_core::stoq::node::ConnId;
use hypermesh_core::stoq::session::Code;
use quinn::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;

/// How long a peer may take to acknowledge what was said last. Whoever is slower, or gone, finds the connection closed.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(1);

/// The longest that a peer may wait before it acknowledges (RFC 9000, clause 18.2).
const ACK_DELAY_MAX: Duration = Duration::from_millis(25);

/// How often it is looked whether QUIC took what the control stream says.
const LOOKED_EVERY: Duration = Duration::from_millis(1);

/// Streams whose end was ordered and that the peer has not acknowledged to the end.
#[derive(Debug, Default)]
pub(super) struct Unheard {
    streams: AtomicUsize,
    none: Notify,
}

impl Unheard {
    pub(super) fn add(&self) {
        self.streams.fetch_add(1, Ordering::AcqRel);
    }

    pub(super) fn sub(&self) {
        if self.streams.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.none.notify_waiters();
        }
    }

    async fn none(&self) {
        loop {
            let rung = self.none.notified();
            if self.streams.load(Ordering::Acquire) == 0 {
                return;
            }
            rung.await;
        }
    }
}

impl<M: Node> Shared<M> {
    /// Closes a connection without an error, once its peer has heard what was said before: the last answers, and `GoAway`.
    pub(super) fn part(self: &Arc<Self>, inner: &mut Inner<M>, conn: ConnId) {
        let Some(known) = inner.conns.get(&conn) else { return };
        let (connection, unheard) = (known.quic.clone(), Arc::clone(&known.unheard));
        let control: Vec<Arc<Outbox>> =
            known.streams.iter().filter(|(id, _)| id.is_one_way()).filter_map(|(_, stream)| stream.outbox.clone()).collect();
        inner.parting += 1;
        let shared = Arc::clone(self);
        self.runtime.spawn(async move {
            tokio::select! {
                () = heard(&connection, &unheard, &control) => {}
                _ = connection.closed() => {}
            }
            connection.close(quic::error_code(Code::NoError), b"");
            let mut inner = shared.lock();
            inner.parting -= 1;
            if inner.parting == 0 {
                shared.left.notify_waiters();
            }
        });
    }
}

/// Waits until a peer has heard what was said, as far as one can know. The control stream never ends, so nobody is told when the last of it is acknowledged:
/// it gets the time in which a packet that is lost is sent once more (RFC 9002, clause 6.2).
async fn heard(connection: &Connection, unheard: &Unheard, control: &[Arc<Outbox>]) {
    let all = async {
        unheard.none().await;
        while control.iter().any(|outbox| outbox.waits()) {
            tokio::time::sleep(LOOKED_EVERY).await;
        }
    };
    // Who takes longer than that is not waited for.
    let _ = tokio::time::timeout(ACKNOWLEDGED_WITHIN, all).await;
    tokio::time::sleep((3 * connection.rtt() + ACK_DELAY_MAX).min(ACKNOWLEDGED_WITHIN)).await;
}
