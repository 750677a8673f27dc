//! What was said and heard in a case: the evidence of its verdict.

use crate::suite::port::{Heard, Line};
use hypermesh_core::base::Reader;
use hypermesh_core::stoq::session::StreamId;
use hypermesh_core::stoq::session::frame::Kind;

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
        self.lines.push(format!("{} > {} {}{end}", number(line), stream.0, said(octets)));
    }

    pub(super) fn heard(&mut self, line: Line, heard: &Heard) {
        self.lines.push(format!("{} < {}", number(line), super::told(heard)));
    }
}

/// The number of a connection, whatever else the port puts into it.
fn number(line: Line) -> u64 {
    line.0 & 0xffff
}

/// Octets in hexadecimal, cut off where it gets long.
pub(super) fn hex(octets: &[u8]) -> String {
    let shown: String = octets.iter().take(SHOWN).map(|octet| format!("{octet:02x}")).collect();
    if octets.len() > SHOWN { format!("{shown}... ({} octets)", octets.len()) } else { shown }
}

/// What a stream carried: the octets, and the names of the frames if they are whole ones.
pub(super) fn said(octets: &[u8]) -> String {
    let hex = hex(octets);
    names(octets).map_or_else(|| hex.clone(), |names| format!("{hex} ({names})"))
}

/// The names of the frames that these octets are, if they are whole frames and nothing else. For people: no verdict rests on it.
fn names(octets: &[u8]) -> Option<String> {
    let mut reader = Reader::new(octets);
    let mut names = Vec::new();
    while !reader.is_empty() {
        let kind = reader.varint().ok()?;
        let bytes = usize::try_from(reader.varint().ok()?).ok()?;
        reader.take(bytes).ok()?;
        names.push(Kind::known(kind).map_or_else(|| format!("type {kind}"), |kind| format!("{kind:?}")));
    }
    (!names.is_empty()).then(|| names.join(", "))
}
