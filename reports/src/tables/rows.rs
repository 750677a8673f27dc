//! The tables with one row per thing: broadcasts, datagrams, events, windows of digests, steps of the infection curve.

use super::{Sheet, Stored};
use hypermesh_scenarios::trace::{BroadcastRow, EventRow, Flow, Mode, WindowDigest};
use polars::prelude::PolarsResult;

pub(crate) fn write_broadcasts(mode: Mode, rows: &[BroadcastRow]) -> PolarsResult<Vec<u8>> {
    Sheet::new(mode.word(), rows.len())
        .u64("id", rows.iter().map(|row| u64::from(row.id)))
        .u64("origin", rows.iter().map(|row| u64::from(row.origin)))
        .u64("at_ns", rows.iter().map(|row| row.at_ns))
        .u64("stayed", rows.iter().map(|row| row.stayed))
        .u64("reached", rows.iter().map(|row| row.reached))
        .u64("delivered", rows.iter().map(|row| row.delivered))
        .u64("repaired", rows.iter().map(|row| row.repaired))
        .u64("redundant", rows.iter().map(|row| row.redundant))
        .u64("last_ns", rows.iter().map(|row| row.last_ns))
        .u64("hops_max", rows.iter().map(|row| u64::from(row.hops_max)))
        .parquet()
}

pub(crate) fn read_broadcasts(table: &Stored) -> PolarsResult<Vec<BroadcastRow>> {
    let (id, origin, at) = (table.u64("id")?, table.u64("origin")?, table.u64("at_ns")?);
    let (stayed, reached, delivered) = (table.u64("stayed")?, table.u64("reached")?, table.u64("delivered")?);
    let (repaired, redundant) = (table.u64("repaired")?, table.u64("redundant")?);
    let (last, hops) = (table.u64("last_ns")?, table.u64("hops_max")?);
    let row = |i: usize| BroadcastRow {
        id: id[i] as u32,
        origin: origin[i] as u32,
        at_ns: at[i],
        stayed: stayed[i],
        reached: reached[i],
        delivered: delivered[i],
        repaired: repaired[i],
        redundant: redundant[i],
        last_ns: last[i],
        hops_max: hops[i] as u16,
    };
    Ok((0..table.rows()).map(row).collect())
}

pub(crate) fn write_infection(mode: Mode, rows: &[(u64, u64)]) -> PolarsResult<Vec<u8>> {
    Sheet::new(mode.word(), rows.len())
        .u64("until_ns", rows.iter().map(|row| row.0))
        .u64("deliveries", rows.iter().map(|row| row.1))
        .parquet()
}

pub(crate) fn read_infection(table: &Stored) -> PolarsResult<Vec<(u64, u64)>> {
    Ok(table.u64("until_ns")?.into_iter().zip(table.u64("deliveries")?).collect())
}

pub(crate) fn write_flows(mode: Mode, rows: &[Flow]) -> PolarsResult<Vec<u8>> {
    Sheet::new(mode.word(), rows.len())
        .u64("sent_ns", rows.iter().map(|row| row.sent_ns))
        .u64("done_ns", rows.iter().map(|row| row.done_ns))
        .u64("from", rows.iter().map(|row| u64::from(row.from)))
        .u64("to", rows.iter().map(|row| u64::from(row.to)))
        .u64("bytes", rows.iter().map(|row| u64::from(row.bytes)))
        .u64("kind", rows.iter().map(|row| u64::from(row.kind)))
        .text("fate", rows.iter().map(|row| row.fate.word()))
        .parquet()
}

pub(crate) fn write_events(mode: Mode, rows: &[EventRow]) -> PolarsResult<Vec<u8>> {
    Sheet::new(mode.word(), rows.len())
        .u64("at_ns", rows.iter().map(|row| row.at_ns))
        .u64_or_null("node", rows.iter().map(|row| row.node.map(u64::from)))
        .text("kind", rows.iter().map(|row| row.kind.as_str()))
        .text("detail", rows.iter().map(|row| row.detail.as_str()))
        .parquet()
}

pub(crate) fn write_windows(mode: Mode, rows: &[WindowDigest]) -> PolarsResult<Vec<u8>> {
    Sheet::new(mode.word(), rows.len())
        .u64("until_ns", rows.iter().map(|row| row.until_ns))
        .u64("events", rows.iter().map(|row| row.events))
        .u64("wire", rows.iter().map(|row| row.wire))
        .u64("local", rows.iter().map(|row| row.local))
        .u64("facts", rows.iter().map(|row| row.facts))
        .parquet()
}

pub(crate) fn read_windows(table: &Stored) -> PolarsResult<Vec<WindowDigest>> {
    let (until, events) = (table.u64("until_ns")?, table.u64("events")?);
    let (wire, local, facts) = (table.u64("wire")?, table.u64("local")?, table.u64("facts")?);
    let row = |i: usize| WindowDigest { until_ns: until[i], events: events[i], wire: wire[i], local: local[i], facts: facts[i] };
    Ok((0..table.rows()).map(row).collect())
}
