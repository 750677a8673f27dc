//! What was said and heard in a case: the evidence of its verdict.

use crate::suite::port::{Heard, Line};
use hypermesh_core::stoq::session::StreamId;

/// Most octets of one message that are written out.
const SHOWN: usize = 48;

/// The lines of the log. No time stands in them, so that two runs give the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    pub(super) lines: Vec<String>,
}

impl Log {
    pub(super) fn note(&mut self, line: Line, what: &str) {
        self.lines.push(format!("{} {what}", number(line)));
    }

    pub(super) fn sent(&mut self, line: Line, stream: StreamId, octets: &[u8], last: bool) {
        let end = if last { ", end" } else { "" };
        self.lines.push(format!("{} > {} {}{end}", number(line), stream.0, hex(octets)));
    }

    pub(super) fn heard(&mut self, line: Line, heard: &Heard) {
        self.lines.push(format!("{} < {}", number(line), super::told(heard)));
    }
}

/// Connections are numbered from one, whatever the port calls them.
fn number(line: Line) -> u64 {
    line.0 & 0xffff
}

/// Octets in hexadecimal, cut off where it gets long.
pub(super) fn hex(octets: &[u8]) -> String {
    let shown: String = octets.iter().take(SHOWN).map(|octet| format!("{octet:02x}")).collect();
    if octets.len() > SHOWN { format!("{shown}... ({} octets)", octets.len()) } else { shown }
}
