//! The scenarios that ship, made small enough for a test.

use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::spec::stoq::Behaviour;
use hypermesh_scenarios::spec::{Group, Load, Role};
use hypermesh_scenarios::{Overrides, load, plan};
use std::path::{Path, PathBuf};

/// Folders of `scenarios/` that hold no scenarios of their own.
const OTHERS: [&str; 5] = ["data", "presets", "schema", "src", "tests"];

/// Largest object that a test waits for, in bytes.
const LARGEST: u64 = 64 << 10;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    paths
}

/// Every shipped scenario, as `folder/name`.
pub(crate) fn names() -> Vec<String> {
    let shipped = |folder: &PathBuf| folder.is_dir() && !OTHERS.iter().any(|other| folder.ends_with(other));
    let files = entries(&folder()).into_iter().filter(shipped).flat_map(|folder| entries(&folder));
    let yaml = files.filter(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    let name = |file: PathBuf| {
        let parent = file.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy().into_owned();
        format!("{parent}/{}", file.file_stem().unwrap_or_default().to_string_lossy())
    };
    yaml.map(name).collect()
}

/// A value, where the caller set none.
fn unless_set(set: &[(&str, &str)], path: String, value: &str) -> Option<(String, String)> {
    (!set.iter().any(|(given, _)| *given == path)).then(|| (path, value.to_owned()))
}

/// The plan of a shipped scenario with at most `peers` mesh peers, or ten times as many nodes of simpler roles, and with further values set.
pub(crate) fn small(name: &str, peers: u32, set: &[(&str, &str)]) -> Plan {
    let file = folder().join(format!("{name}.yaml"));
    let mut overrides = Overrides { seed: None, set: set.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect() };
    let whole = load(&file, &overrides).unwrap_or_else(|report| panic!("{report}"));
    let groups = || whole.scenario.groups.iter();
    let total: u64 = groups().map(|(_, group)| u64::from(group.count.value.0)).sum();
    for (group, spec) in groups() {
        let most = u64::from(if spec.role.value == Role::HypermeshPeer { peers } else { peers.saturating_mul(10) });
        let count = u64::from(spec.count.value.0);
        let scaled = if total > most { (count * most).div_ceil(total).max(2).min(count) } else { count };
        overrides.set.push((format!("groups.{}.count", group.value.0), scaled.to_string()));
    }
    // Load of layer 1 shrinks with the nodes that ask.
    for (index, spec) in whole.scenario.workload.iter().enumerate() {
        match &spec.value {
            Load::FlashCrowd(load) => {
                overrides.set.push((format!("workload.{index}.flash_crowd.requests"), peers.to_string()));
                if load.objects.size.value.0 > LARGEST {
                    overrides.set.push((format!("workload.{index}.flash_crowd.objects.size"), format!("{LARGEST}B")));
                }
            }
            Load::Requests(load) => {
                // Each request of a flood is a hundred connections.
                let floods = |group: &Group| group.stoq().is_some_and(|stoq| stoq.behaviour.value == Behaviour::Flood);
                let is_flood = groups().any(|(name, group)| name.value == load.from.value && floods(group));
                overrides.set.extend(unless_set(set, format!("workload.{index}.requests.rate"), if is_flood { "0.1/s" } else { "2/s" }));
            }
            Load::Revisions(_) => overrides.set.extend(unless_set(set, format!("workload.{index}.revisions.rate"), "1/s")),
            Load::Broadcast(_) | Load::Tokens(_) => {}
        }
    }
    let loaded = load(&file, &overrides).unwrap_or_else(|report| panic!("{report}"));
    plan(&loaded).unwrap_or_else(|report| panic!("{report}"))
}
