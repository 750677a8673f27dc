//! Processors: how many cores a node of layer 1 has, and what QUIC and STOQ cost on one.

use crate::plan::{self, Costs};
use crate::read::{At, section, words};
use crate::units::{Count, Duration};
use hypermesh_core::base::Span;

section! {
    /// The processor of a node of layer 1: its work takes time, and waits for its core. Each cost that is written here replaces that of the profile.
    pub struct Cpu, "`cpu`", "{cores: 8, profile: loopback-2026}" {
        /// Cores, 1 to 1,024. What two nodes say to each other is the work of one core at a time, of whichever is free.
        cores: At<Count>,
        /// Measured costs.
        profile: At<Profile> = "loopback-2026",
        /// Time to hand up to ten packets to the network card at once; a lone acknowledgement is handed over by itself.
        send_batch: Option<At<Duration>>,
        /// Time to send a packet, on top of that.
        send_packet: Option<At<Duration>>,
        /// Time to send 10^9 bytes, on top of that: encryption, copies, and what is above QUIC.
        send_gigabyte: Option<At<Duration>>,
        /// Time to receive a packet.
        receive_packet: Option<At<Duration>>,
        /// Time to receive 10^9 bytes, on top of that: decryption, copies, and the verification of contents.
        receive_gigabyte: Option<At<Duration>>,
        /// Time of one side of a handshake.
        handshake: Option<At<Duration>>,
        /// Time that either side spends on a request, whatever is asked for.
        request: Option<At<Duration>>,
    }
}

words! {
    /// Costs that were measured with `hypermesh bench transport --profile`.
    pub enum Profile, "a profile of costs" {
        /// STOQ on quinn 0.11.12 between two processes over the loopback of a virtual machine with 2 cores (Intel Xeon with AVX-512 and VAES, Linux 6.18, Rust 1.95), 22 November 2026, the least disturbed of three turns while other programs ran: a core to itself does more.
        "loopback-2026" => Loopback2026,
        /// Work takes no time but that which is written beside this.
        "free" => Free,
    }
}

impl Profile {
    /// Its costs.
    pub const fn costs(self) -> Costs {
        match self {
            Self::Loopback2026 => LOOPBACK_2026,
            Self::Free => FREE,
        }
    }
}

const LOOPBACK_2026: Costs = Costs {
    send_batch: Span(4_613),
    send_packet: Span(1_451),
    send_gigabyte: Span(633_000_000),
    receive_packet: Span(1_489),
    receive_gigabyte: Span(1_104_000_000),
    handshake: Span(1_800_000),
    request: Span(60_300),
};

const FREE: Costs = Costs {
    send_batch: Span::ZERO,
    send_packet: Span::ZERO,
    send_gigabyte: Span::ZERO,
    receive_packet: Span::ZERO,
    receive_gigabyte: Span::ZERO,
    handshake: Span::ZERO,
    request: Span::ZERO,
};

impl Cpu {
    /// For the plan.
    pub fn resolved(&self) -> plan::Cpu {
        let usual = self.profile.value.costs();
        let or = |written: &Option<At<Duration>>, usual: Span| written.as_ref().map_or(usual, |cost| cost.span());
        plan::Cpu {
            cores: self.cores.value.0 as u16,
            costs: Costs {
                send_batch: or(&self.send_batch, usual.send_batch),
                send_packet: or(&self.send_packet, usual.send_packet),
                send_gigabyte: or(&self.send_gigabyte, usual.send_gigabyte),
                receive_packet: or(&self.receive_packet, usual.receive_packet),
                receive_gigabyte: or(&self.receive_gigabyte, usual.receive_gigabyte),
                handshake: or(&self.handshake, usual.handshake),
                request: or(&self.request, usual.request),
            },
        }
    }
}
