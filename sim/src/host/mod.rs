//! madsim as the hermetic host: it owns entropy, tasks and the clock of whatever runs inside, while the engine keeps the world's time and wires.

/// Calls `work` inside a madsim runtime of this thread's own.
#[cfg(madsim)]
pub fn inside_madsim(work: impl FnOnce()) {
    let runtime = madsim::runtime::Runtime::with_seed_and_config(0, madsim::Config::default());
    runtime.block_on(async { work() });
}

/// Never reached: a run with this host is refused in a build without madsim.
#[cfg(not(madsim))]
pub fn inside_madsim(_: impl FnOnce()) {
    unreachable!("a build without madsim refuses this host before it starts threads");
}
