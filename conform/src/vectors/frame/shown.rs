//! The fields of a frame by the names of annex D.

use super::super::octets::hex;
use hypermesh_core::stoq::routing::Position;
use hypermesh_core::stoq::session::Frame;
use hypermesh_core::stoq::session::frame::field::Range;
use hypermesh_core::stoq::session::frame::{Fail, GetName, Manifest, Route};
use serde_json::{Value, json};

/// The fields of a frame; `data` is how many octets came behind them.
pub(super) fn fields(frame: &Frame, data: usize) -> Value {
    match frame {
        Frame::Settings(settings) => json!({ "type": "Settings", "pairs": settings.pairs() }),
        Frame::Confirm(confirmation) => json!({ "type": "Confirm", "confirmation": hex(&confirmation[..]) }),
        Frame::GoAway { accepted } => json!({ "type": "GoAway", "accepted": accepted }),
        Frame::Ping { token } => json!({ "type": "Ping", "token": hex(token.to_be_bytes()) }),
        Frame::Pong { token, load_permille, lease_millis } => {
            json!({ "type": "Pong", "token": hex(token.to_be_bytes()), "load": load_permille, "lease": lease_millis })
        }
        Frame::Location(location) => {
            let mut shown = json!({ "type": "Location", "node": hex(location.node) });
            append(&mut shown, position(&location.position));
            with(shown, "signature", Some(hex(location.signature)))
        }
        Frame::Route(route) => shown_route(route),
        Frame::GetName(get) => get_name(get),
        Frame::GetId(get) => with(json!({ "type": "GetId", "digest": hex(get.id.0) }), "range", get.range.map(range)),
        Frame::Want(want) => {
            let digests: Vec<String> = want.ids.iter().map(|id| hex(id.0)).collect();
            json!({ "type": "Want", "send": want.send, "digests": digests })
        }
        Frame::Have(bits) => json!({ "type": "Have", "bits": (0..bits.count()).map(|n| bits.get(n)).collect::<Vec<bool>>() }),
        Frame::Manifest(head) => manifest(head, data),
        Frame::Chunk(chunk) => {
            let digest = hex(chunk.id.0);
            json!({ "type": "Chunk", "digest": digest, "whole": chunk.whole, "offset": chunk.offset, "data": data })
        }
        Frame::Put(put) => {
            json!({ "type": "Put", "version": put.version, "octets": put.bytes, "copies": put.copies, "name": put.name.as_str() })
        }
        Frame::Ack(ack) => {
            json!({ "type": "Ack", "durable": ack.durable, "copies": ack.copies, "version": ack.version, "digest": hex(ack.id.0) })
        }
        Frame::Purge(purge) => {
            json!({ "type": "Purge", "below": purge.below, "version": purge.version, "name": purge.name.as_str() })
        }
        Frame::Purged(purged) => json!({ "type": "Purged", "version": purged.version, "nodes": purged.nodes }),
        Frame::Cancel(cancel) => json!({ "type": "Cancel", "first": cancel.first, "count": cancel.count }),
        Frame::Fail(fail) => shown_fail(fail),
        Frame::Unknown { .. } => json!({ "passed_over": true }),
    }
}

/// The members of a position, as frames and the family `position` show them.
pub(in crate::vectors) fn position(position: &Position) -> Value {
    json!({
        "sequence": position.sequence,
        "life": position.life.0 / 1_000_000_000,
        "latitude": position.lat_micro,
        "longitude": position.lon_micro,
        "accuracy": position.accuracy as u8,
    })
}

fn shown_route(route: &Route) -> Value {
    let shown = json!({
        "type": "Route",
        "node": hex(route.node),
        "sequence": route.sequence,
        "life": route.life_millis,
        "hops": route.hops,
        "round_trip": route.rtt_micros,
        "load": route.load,
    });
    with(shown, "name", route.names.as_ref().map(|name| name.as_str()))
}

fn get_name(get: &GetName) -> Value {
    let shown = json!({
        "type": "GetName",
        "manifest_only": get.manifest_only,
        "from_origin": get.from_origin,
        "lowest": get.version_min,
        "highest_age": get.age_millis_max,
    });
    let shown = with(shown, "known", get.known);
    with(with(shown, "range", get.range.map(range)), "name", Some(get.name.as_str()))
}

fn manifest(head: &Manifest, data: usize) -> Value {
    let shown = json!({ "type": "Manifest", "digest": hex(head.id.0), "version": head.version, "same": head.same });
    let word =
        head.word.map(|word| json!([word.age_millis, word.max_age_millis, word.stale_while_revalidate_millis, word.stale_if_error_millis]));
    let shown = with(shown, "word", word);
    let shown = with(shown, "origin", Some(head.word.is_some_and(|word| word.origin)));
    let shown = with(shown, "no_store", Some(head.word.is_some_and(|word| word.no_store)));
    with(shown, "data", Some(data))
}

fn shown_fail(fail: &Fail) -> Value {
    let shown = json!({ "type": "Fail", "code": fail.code, "stay_away": fail.retry_millis, "reason": fail.reason });
    let absence = fail.absent.map(|absent| json!([absent.version, absent.age_millis, absent.max_age_millis]));
    with(with(shown, "absence", absence), "origin", Some(fail.absent.is_some_and(|absent| absent.origin)))
}

fn range(range: Range) -> Value {
    json!([range.start(), range.bytes()])
}

/// The same with one member more, if there is one.
fn with(mut shown: Value, name: &str, value: Option<impl serde::Serialize>) -> Value {
    if let Some(value) = value {
        append(&mut shown, json!({ name: value }));
    }
    shown
}

fn append(shown: &mut Value, more: Value) {
    if let (Value::Object(shown), Value::Object(more)) = (shown, more) {
        shown.extend(more);
    }
}
