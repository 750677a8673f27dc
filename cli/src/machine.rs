//! What this machine offers: cores and memory.

/// Bytes of memory that a new process can have here: what the system has available, or what its control group leaves, whichever is less.
/// Nothing where the system does not tell.
pub(crate) fn available_bytes() -> Option<u64> {
    let meminfo = std::fs::read_to_string("/proc/meminfo").ok()?;
    let available = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:")).and_then(kib)?;
    Some(available.min(group_bytes().unwrap_or(u64::MAX)))
}

fn kib(text: &str) -> Option<u64> {
    text.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|n| n * 1024)
}

/// What control group version 2 leaves; nothing if it sets no limit.
fn group_bytes() -> Option<u64> {
    let read = |name: &str| std::fs::read_to_string(format!("/sys/fs/cgroup/{name}")).ok()?.trim().parse::<u64>().ok();
    Some(read("memory.max")?.saturating_sub(read("memory.current")?))
}

/// Cores that a run may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
