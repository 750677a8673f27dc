//! What a node answers to a request of its peer.

use super::stream::{Asked, Stream};
use super::talk::Scene;
use super::{Monitor, Sheet};
use hypermesh_core::base::NodeId;
use hypermesh_core::stoq::session::Code;
use hypermesh_core::stoq::session::frame::{Chunk, Frame, Manifest};

/// The peer's request on a stream is answered, or answered further.
pub(super) fn answer(stream: &mut Stream, frame: &Frame, peer: NodeId, scene: &mut Scene<'_>) {
    let sheet = &mut *scene.sheet;
    match (frame, &stream.asked) {
        (Frame::Manifest(head), Asked::Name { name, known, only }) => {
            if head.same {
                sheet.judge(Monitor::SameIsSame, *only && *known == Some(head.version), peer, head.version);
            }
            named(*name, head, peer, scene);
        }
        (Frame::Chunk(head), asked) => {
            let limit = match asked {
                Asked::Name { only: false, .. } => u16::MAX,
                Asked::Id { id, .. } if *id == head.id => 1,
                Asked::Want { count } => *count,
                _ => 0,
            };
            sheet.judge(Monitor::OnlyWhatIsAsked, stream.sent < limit, peer, stream.id.0);
            chunk(asked, stream.begun, head, peer, sheet);
            stream.sent = stream.sent.saturating_add(u16::from(limit < u16::MAX));
        }
        (Frame::Have(_), _) => sheet.judge(Monitor::HaveFirst, !stream.begun, peer, stream.id.0),
        (Frame::Fail(fail), _) => {
            let is_vain = Code::known(u64::from(fail.code)).is_none_or(|code| !code.is_retryable());
            if is_vain {
                sheet.judge(Monitor::NoVainRetry, fail.retry_millis == 0, peer, u64::from(fail.retry_millis));
            }
        }
        _ => {}
    }
}

fn chunk(asked: &Asked, begun: bool, head: &Chunk, peer: NodeId, sheet: &mut Sheet) {
    if !matches!(asked, Asked::Id { is_whole: false, .. }) {
        sheet.judge(Monitor::ChunksAreWhole, head.offset == 0 && head.bytes == head.whole, peer, u64::from(head.bytes));
    }
    if !begun && matches!(asked, Asked::Want { .. }) {
        sheet.unkept(Monitor::HaveFirst, peer, 0);
    }
}

/// What a name leads to is told.
fn named(name: u64, head: &Manifest, peer: NodeId, scene: &mut Scene<'_>) {
    let sheet = &mut *scene.sheet;
    if let Some(floor) = scene.names.floor(name) {
        sheet.judge(Monitor::PurgesHold, head.version > floor, peer, head.version);
    }
    sheet.judge(Monitor::WordIsTold, head.word.is_some(), peer, head.version);
    let Some(word) = head.word else { return };
    if let Some(least) = scene.names.least_age(name, head.version, scene.now) {
        sheet.judge(Monitor::AgesAddUp, word.age().0 >= least.0, peer, word.age_millis);
    }
    if scene.config.cache.is_some() {
        // Ages are told in whole milliseconds, rounded up.
        let most = word.max_age_millis.saturating_add(word.stale_while_revalidate_millis.max(word.stale_if_error_millis));
        sheet.judge(Monitor::StaleWithinLimits, word.age_millis <= most, peer, word.age_millis);
    }
}
