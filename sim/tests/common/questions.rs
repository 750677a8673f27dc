//! Questions about traces.

use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::trace::Trace;

/// A counter's total.
pub(crate) fn total(trace: &Trace, id: Id) -> u64 {
    trace.metrics.counters.get(&id).map_or(0, |counter| counter.by_bin.iter().sum())
}

/// What was sent and is neither delivered nor dropped, by the counters.
pub(crate) fn under_way(trace: &Trace) -> i64 {
    let ends = [Id::NetDelivered, Id::NetLost, Id::NetCut, Id::NetQueueFull, Id::NetToDead];
    total(trace, Id::NetSent) as i64 - ends.map(|id| total(trace, id) as i64).iter().sum::<i64>()
}

/// Everything of a trace that has to be the same however the plan was run; the first part that is not, in words.
pub(crate) fn difference(a: &Trace, b: &Trace) -> Option<String> {
    let check = |same: bool, what: &str| if same { None } else { Some(what.to_owned()) };
    let (m, n) = (&a.metrics, &b.metrics);
    let counter = m.counters.iter().find(|(id, counter)| n.counters.get(*id) != Some(*counter));
    let gauge = m.gauges.iter().find(|(id, gauge)| n.gauges.get(*id) != Some(*gauge));
    let sample = m
        .samples
        .iter()
        .find(|(id, mine)| n.samples.get(*id).is_none_or(|theirs| mine.by_bin != theirs.by_bin || mine.by_region != theirs.by_region));
    let named = |id: &Id, mine: String, theirs: String| format!("{}: {mine} and {theirs}", id.metric().name);
    None.or(counter.map(|(id, counter)| named(id, format!("{counter:?}"), format!("{:?}", n.counters.get(id)))))
        .or(gauge.map(|(id, gauge)| named(id, format!("{gauge:?}"), format!("{:?}", n.gauges.get(id)))))
        .or(sample.map(|(id, _)| named(id, "a histogram".into(), "another".into())))
        .or(check(m.counters.len() == n.counters.len(), "counters that one run lacks"))
        .or(check(m.gauges.len() == n.gauges.len(), "gauges that one run lacks"))
        .or(check(m.samples.len() == n.samples.len(), "histograms that one run lacks"))
        .or(check(m.edges == n.edges && m.regions == n.regions, "edges or regions"))
        .or(check(a.windows == b.windows, "digest sums"))
        .or(check(a.run.digest == b.run.digest, "digests"))
        .or(check((a.run.messages, a.run.events) == (b.run.messages, b.run.events), "messages or events"))
        .or(check(a.run.virtual_end == b.run.virtual_end && a.run.partial == b.run.partial, "the end"))
        .or(check(a.broadcasts == b.broadcasts, "broadcasts"))
        .or(check(a.infection == b.infection, "infection curves"))
        .or(check(a.flows == b.flows, "flows"))
        .or(check(a.events == b.events, "events"))
        .or(check(a.violations == b.violations, "violations"))
        .or(check(a.monitors == b.monitors, "what monitors counted"))
        .or(check(a.verdicts == b.verdicts, "verdicts"))
}

/// Panics unless nothing was broken, and what was sent is accounted for.
pub(crate) fn assert_sound(trace: &Trace) {
    assert!(trace.violations.is_empty(), "{:#?}", trace.violations);
    assert!(under_way(trace) >= 0, "more datagrams ended than were sent");
}

/// Panics unless nothing was broken and everything that was sent has come to an end.
pub(crate) fn assert_settled(trace: &Trace) {
    assert_sound(trace);
    assert_eq!(under_way(trace), 0, "nothing is under way at the end");
}
