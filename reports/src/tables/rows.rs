//! The tables with one row per thing: broadcasts, datagrams, events, windows of digests, steps of the infection curve; and the sums of layer 1.

use super::{Sheet, Stored};
use hypermesh_core::base::Time;
use hypermesh_core::node::Level;
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::{BroadcastRow, EventRow, Flow, Mode, RouteRow, ServingRow, WindowDigest};
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

/// The levels with their words in tables.
const LEVELS: [(Level, &str); 4] = [(Level::Memory, "memory"), (Level::Disk, "disk"), (Level::Upstream, "above"), (Level::Store, "store")];

const fn level_word(level: Level) -> &'static str {
    LEVELS[level as usize].1
}

fn group_name(plan: &Plan, group: u16) -> &str {
    plan.groups.get(usize::from(group)).map_or("", |group| group.name.as_str())
}

pub(crate) fn write_serving(mode: Mode, plan: &Plan, edges: &[Time], rows: &[ServingRow]) -> PolarsResult<Vec<u8>> {
    let edge = |bin: u32, next: usize| edges.get(bin as usize + next).map_or(0, |edge| edge.0);
    Sheet::new(mode.word(), rows.len())
        .u64("bin_from_ns", rows.iter().map(|row| edge(row.bin, 0)))
        .u64("bin_until_ns", rows.iter().map(|row| edge(row.bin, 1)))
        .text("group", rows.iter().map(|row| group_name(plan, row.group)))
        .text("what", rows.iter().map(|row| if row.named { "name" } else { "content" }))
        .text("level", rows.iter().map(|row| level_word(row.level)))
        .u64("count", rows.iter().map(|row| row.count))
        .u64("bytes", rows.iter().map(|row| row.bytes))
        .parquet()
}

/// Reads what was served. `edges` are those of the time bins, `groups` the names of the groups; rows of others are not from this run.
pub(crate) fn read_serving(table: &Stored, edges: &[u64], groups: &[&str]) -> PolarsResult<Vec<ServingRow>> {
    let (from, count, bytes) = (table.u64("bin_from_ns")?, table.u64("count")?, table.u64("bytes")?);
    let (group, what, level) = (table.text("group")?, table.text("what")?, table.text("level")?);
    let row = |i: usize| {
        Some(ServingRow {
            bin: edges.binary_search(&from[i]).ok()? as u32,
            group: index(groups, group[i])?,
            named: what[i]? == "name",
            level: LEVELS.iter().find(|(_, word)| level[i] == Some(*word))?.0,
            count: count[i],
            bytes: bytes[i],
        })
    };
    Ok((0..table.rows()).filter_map(row).collect())
}

pub(crate) fn write_routes(mode: Mode, plan: &Plan, rows: &[RouteRow]) -> PolarsResult<Vec<u8>> {
    let region = |region: u16| plan.network.regions.get(usize::from(region)).map_or("", String::as_str);
    Sheet::new(mode.word(), rows.len())
        .text("group", rows.iter().map(|row| group_name(plan, row.group)))
        .text("region", rows.iter().map(|row| region(row.region)))
        .text("to_group", rows.iter().map(|row| group_name(plan, row.to_group)))
        .text("to_region", rows.iter().map(|row| region(row.to_region)))
        .u64("connections", rows.iter().map(|row| row.connections))
        .u64("contents", rows.iter().map(|row| row.contents))
        .u64("bytes", rows.iter().map(|row| row.bytes))
        .parquet()
}

/// Reads who took what from whom, as [`read_serving`].
pub(crate) fn read_routes(table: &Stored, groups: &[&str], regions: &[&str]) -> PolarsResult<Vec<RouteRow>> {
    let (group, region) = (table.text("group")?, table.text("region")?);
    let (to_group, to_region) = (table.text("to_group")?, table.text("to_region")?);
    let (connections, contents, bytes) = (table.u64("connections")?, table.u64("contents")?, table.u64("bytes")?);
    let row = |i: usize| {
        Some(RouteRow {
            group: index(groups, group[i])?,
            region: index(regions, region[i])?,
            to_group: index(groups, to_group[i])?,
            to_region: index(regions, to_region[i])?,
            connections: connections[i],
            contents: contents[i],
            bytes: bytes[i],
        })
    };
    Ok((0..table.rows()).filter_map(row).collect())
}

fn index(names: &[&str], name: Option<&str>) -> Option<u16> {
    let name = name?;
    names.iter().position(|known| *known == name).map(|at| at as u16)
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
