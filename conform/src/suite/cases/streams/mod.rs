//! Clause 8: streams, exchanges, datagrams, and how a connection ends.

mod asking;
mod control;
mod datagrams;
mod exchange;
mod leaving;
mod limits;

use crate::suite::case::Case;
use crate::suite::port::Line;
use crate::suite::tester::{Fixture, Tester};
use crate::suite::verdict::{Miss, Outcome};
use hypermesh_core::stoq::session::StreamId;
use hypermesh_core::stoq::session::frame::{ContentId, Frame};

/// The cases of the clause.
pub(super) fn cases() -> Vec<Case> {
    let mut all = control::cases();
    all.extend(limits::cases());
    all.extend(exchange::cases());
    all.extend(asking::cases());
    all.extend(datagrams::cases());
    all.extend(leaving::cases());
    all
}

/// Begins to store an object. What the implementation wants of it.
pub(super) fn offered(t: &mut Tester<'_>, line: Line, object: &Fixture) -> Outcome<(StreamId, Vec<ContentId>)> {
    let stream = t.offer(line, object)?;
    match t.expect_frame(line, stream).map_err(|miss| miss.before("offering an object"))?.0 {
        Frame::Want(want) => Ok((stream, want.ids.to_vec())),
        other => Err(Miss::Inconclusive(format!("an offer was answered with {other:?}"))),
    }
}

/// `Ack` is the next frame.
pub(super) fn acknowledged(t: &mut Tester<'_>, line: Line, stream: StreamId) -> Outcome {
    match t.expect_frame(line, stream)?.0 {
        Frame::Ack(_) => Ok(()),
        other => Err(Miss::Fail(format!("Ack is due, and {other:?} came"))),
    }
}
