//! The standard that ships: registry, text and core say the same.

use hypermesh_conform::registry::{Level, Registry, Tier};
use hypermesh_conform::text::Page;
use hypermesh_conform::{FOLDER, Text, lint, load, render, root};
use hypermesh_core::stoq::cache;
use hypermesh_core::stoq::node::{self, LEASE, LEASE_PARTS};
use hypermesh_core::stoq::session::code::Code;
use hypermesh_core::stoq::session::frame::{Kind, advert};
use hypermesh_core::stoq::session::limits::{
    CHUNK_BYTES_MAX, DATAGRAM_BYTES_MAX, EARLY_WINDOW_BYTES, HEAD_BYTES_MAX, HELD_MAX, MANIFEST_BYTES_MAX, ONE_WAY_MAX, SETTINGS_MAX,
    UNAUTHENTICATED_BYTES, UNKNOWN_BYTES_MAX, WANT_MAX,
};
use hypermesh_core::stoq::session::settings::{Capabilities, Roles};
use hypermesh_core::stoq::session::stream::PLACES;
use hypermesh_core::stoq::session::{Config, PROBES_MAX, Violation};
use std::collections::BTreeSet;

fn loaded() -> (Registry, Text) {
    load(&root()).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// The rows of a clause whose first cell is this, without backquotes.
fn rows(page: &Page, first: &str) -> Vec<Vec<String>> {
    let plain = |cells: Vec<&str>| cells.iter().map(|cell| cell.replace('`', "")).collect::<Vec<_>>();
    page.rows().map(|(_, _, cells)| plain(cells)).filter(|cells| cells[0] == first).collect()
}

/// The only such row.
fn row(text: &Text, clause: u8, first: &str) -> Vec<String> {
    let page = text.clause(clause).expect("the clause is there");
    match rows(page, first).as_slice() {
        [only] => only.clone(),
        found => panic!("clause {clause} has {} rows of {first}", found.len()),
    }
}

/// A number as the text writes it.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|group| core::str::from_utf8(group).expect("digits")).collect();
    groups.join(",")
}

/// The sentence of a requirement.
fn sentence(registry: &Registry, id: &str) -> String {
    let found = registry.requirements().find(|requirement| requirement.id.to_string() == id);
    found.unwrap_or_else(|| panic!("there is {id}")).text.clone()
}

#[test]
fn nothing_is_wrong_with_registry_and_text() {
    let faults: Vec<String> = lint::workspace().iter().map(ToString::to_string).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_shall_can_be_observed_and_most_from_another_machine() {
    let (registry, _) = loaded();
    let counts = registry.counts();
    assert!(counts.shall >= 120, "{counts:?}");
    assert!(counts.remote * 10 >= counts.shall * 4, "{counts:?}");
    assert!(registry.requirements().all(|requirement| requirement.level != Level::Shall || !requirement.tiers.is_empty()));
}

#[test]
fn limits_of_frames_are_those_of_core() {
    let (registry, text) = loaded();
    for (what, limit) in [
        ("fields of a frame of a known type without data", HEAD_BYTES_MAX - 16),
        ("payload of a frame of an unknown type", UNKNOWN_BYTES_MAX),
        ("data of Manifest", MANIFEST_BYTES_MAX),
        ("data of Chunk", CHUNK_BYTES_MAX),
    ] {
        assert_eq!(row(&text, 6, what)[1], grouped(limit.into()), "{what}");
    }
    assert!(row(&text, 6, "Want")[6].contains(&format!("1 to {WANT_MAX}")));
    assert!(row(&text, 6, "Route")[6].contains(&grouped(advert::LIFE_MILLIS_MAX.into())));
    assert!(row(&text, 6, "Route")[6].contains(&format!("at most {}", advert::HOPS_MAX)));
    for (id, number) in [
        ("R-7-10", SETTINGS_MAX as u64),
        ("R-8-08", DATAGRAM_BYTES_MAX as u64),
        ("R-8-10", ONE_WAY_MAX as u64),
        ("R-8-10", HELD_MAX as u64),
        ("R-8-19", EARLY_WINDOW_BYTES as u64),
        ("R-16-03", HEAD_BYTES_MAX.into()),
    ] {
        assert!(sentence(&registry, id).contains(&grouped(number)), "{id}: {number}");
    }
    assert!(UNAUTHENTICATED_BYTES <= 262_144 && sentence(&registry, "R-16-02").contains("262,144"));
    let shown = text.clause(16).expect("security").lines.iter().any(|line| line.text.contains(&grouped(UNAUTHENTICATED_BYTES as u64)));
    assert!(shown, "clause 16 tells {}", grouped(UNAUTHENTICATED_BYTES as u64));
}

#[test]
fn frames_travel_where_the_table_marks_them() {
    let (_, text) = loaded();
    for (kind, places) in PLACES {
        let row = row(&text, 6, &format!("{kind:?}"));
        let marks: Vec<bool> = row[2..6].iter().map(|cell| cell == "yes").collect();
        assert_eq!((row[1].clone(), marks), (format!("0x{:02x}", kind as u8), places.to_vec()), "{kind:?}");
    }
    assert_eq!(PLACES.len(), Kind::ALL.len());
}

#[test]
fn capabilities_and_roles_have_their_bits() {
    let (_, text) = loaded();
    let capabilities = [
        ("put", Capabilities::PUT),
        ("purge", Capabilities::PURGE),
        ("routes", Capabilities::ROUTES),
        ("probes", Capabilities::PROBES),
        ("early data", Capabilities::EARLY),
        ("erasure groups", Capabilities::ERASURE_1),
        ("sealing", Capabilities::SEALED),
    ];
    for (name, capability) in capabilities {
        assert_eq!(row(&text, 7, name)[1], capability.0.trailing_zeros().to_string(), "{name}");
    }
    assert_eq!(capabilities.iter().fold(0, |all, (_, one)| all | one.0), Capabilities::ALL.0);
    for (name, role) in [
        ("client", Roles::CLIENT),
        ("edge", Roles::EDGE),
        ("regional", Roles::REGIONAL),
        ("origin", Roles::ORIGIN),
        ("router", Roles::ROUTER),
        ("log", Roles::LOG),
        ("publisher", Roles::PUBLISHER),
    ] {
        assert_eq!(row(&text, 7, name)[1], role.0.trailing_zeros().to_string(), "{name}");
    }
}

#[test]
fn codes_have_their_number_scope_and_second_chance() {
    let (_, text) = loaded();
    let page = text.clause(14).expect("errors");
    for code in Code::ALL {
        // Some codes have the name of a violation: theirs is the row of five cells.
        let found = rows(page, &format!("{code:?}"));
        let row = found.iter().find(|row| row.len() == 5).unwrap_or_else(|| panic!("{code:?} is listed"));
        let retry = if code.is_retryable() { "yes" } else { "no" };
        let scope = format!("{:?}", code.scope()).to_lowercase();
        assert_eq!(row[1..4], [format!("0x{:02x}", code.number()), scope, retry.to_owned()], "{code:?}");
    }
}

#[test]
fn violations_have_their_code_and_their_requirement() {
    let (registry, text) = loaded();
    let page = text.clause(14).expect("errors");
    for violation in Violation::ALL {
        // Some violations have the name of a code: theirs is the row of four cells.
        let found = rows(page, &format!("{violation:?}"));
        let row = found.iter().find(|row| row.len() == 4).unwrap_or_else(|| panic!("{violation:?} is listed"));
        assert_eq!((row[2].as_str(), row[3].as_str()), (format!("{:?}", violation.code()).as_str(), violation.clause()), "{violation:?}");
        assert!(registry.requirements().any(|requirement| requirement.id.to_string() == violation.clause()), "{violation:?}");
    }
}

#[test]
fn values_without_bounds_are_those_of_core() {
    let (_, text) = loaded();
    let (node, cache, session) = (node::Config::default(), cache::Config::default(), Config::default());
    for (what, value) in [
        ("lease", format!("{} s by default", LEASE.0 / 1_000_000_000)),
        ("questions for a lease within one lease", format!("at least {LEASE_PARTS}")),
        ("hold after a failed fetch", format!("{} s by default", cache.failure_hold.0 / 1_000_000_000)),
        ("time to wait for an answer from above", format!("{} s by default", cache.fetch_timeout.0 / 1_000_000_000)),
        ("attempts after an answer that was purged", format!("{} by default", cache.refetches_max)),
        ("requests carried out at a time", format!("{} by default", grouped(node.serving_max as u64))),
        ("stores carried out at a time", format!("{} by default", node.puts_max)),
        ("purges carried out at a time", format!("{} by default", grouped(node.purges_max as u64))),
        ("octets read ahead for a connection", format!("{} MiB by default", node.send_ahead_bytes >> 20)),
        ("time to stay away, as told for now", format!("{} ms by default", node.retry.0 / 1_000_000)),
    ] {
        assert!(row(&text, 4, what)[1].contains(&value), "{what}: {value}");
    }
    let prose = |clause: u8| text.clause(clause).expect("the clause").lines.iter().map(|line| line.text.clone() + "\n").collect::<String>();
    assert!(
        prose(14).contains(&format!("The rate is {} a second and the burst {} by default", session.waste_per_sec, session.waste_burst))
    );
    assert!(prose(14).contains(&format!("Both numbers are {} by default", session.told_per_sec)));
    assert!(prose(8).contains(&format!("At most {PROBES_MAX} questions")));
}

#[test]
fn counters_are_those_that_a_node_shows_and_the_yang_module_has() {
    let (_, text) = loaded();
    let source = |path: &str| std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let shown = source("real/src/daemon/metrics.rs") + &source("real/src/daemon/management.rs");
    let yang = source(&format!("{FOLDER}/stoq.yang"));
    let page = text.clause(17).expect("management");
    let names: Vec<String> = page.rows().map(|(_, _, cells)| cells[0].replace('`', "")).filter(|name| name.starts_with("stoq_")).collect();
    assert!(names.len() > 20);
    for name in &names {
        assert!(shown.contains(&format!("\"{name}\"")) || shown.contains(&format!("\"{name}{{{{level")), "{name} is shown");
        let leaf = name.trim_start_matches("stoq_").replace('_', "-");
        assert!(yang.contains(&format!("leaf {leaf} {{")), "{leaf} is in the module");
    }
    let known: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    for (at, _) in shown.match_indices("\"stoq_") {
        let name = &shown[at + 1..];
        let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
        assert!(known.contains(&name[..end]), "{} is in the standard", &name[..end]);
    }
}

#[test]
fn context_strings_are_those_in_the_code() {
    let files = ["core/src/stoq/chunk/name.rs", "core/src/stoq/session/transcript.rs", "real/src/pki/parse.rs", "real/src/pki/list.rs"];
    let code: String = files.iter().map(|file| std::fs::read_to_string(root().join(file)).expect("a source")).collect();
    let (_, text) = loaded();
    let registries = text.pages.iter().find(|page| page.name.starts_with("annex-f")).expect("the registries");
    let strings: Vec<String> = registries.rows().map(|(_, _, cells)| cells[0].replace('`', "")).collect();
    let strings: Vec<&String> = strings.iter().filter(|string| string.contains("2026-11-22") || string.contains("EXPORTER")).collect();
    assert_eq!(strings.len(), 7);
    for string in strings {
        assert!(code.contains(string.as_str()), "{string}");
    }
}

#[test]
fn the_page_has_an_anchor_for_each_requirement_and_no_link_that_leads_nowhere() {
    let (registry, text) = loaded();
    let page = render::html(&registry, &text);
    let values = |attribute: &str| {
        let pieces = page.split(attribute).skip(1).map(|rest| rest.split('"').next().unwrap_or_default().to_owned());
        pieces.collect::<Vec<_>>()
    };
    let ids = values(" id=\"");
    let anchors: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(anchors.len(), ids.len(), "no anchor stands twice");
    for requirement in registry.requirements() {
        assert!(anchors.contains(&requirement.id.to_string()), "{}", requirement.id);
    }
    for target in values("href=\"#") {
        assert!(anchors.contains(&target), "#{target}");
    }
    assert!(!page.contains("http://") && !page.contains("https://"), "the page asks the network for nothing");
}

#[test]
fn the_zoo_has_a_breach_for_each_shall_that_can_be_observed() {
    let (registry, _) = load(&root()).expect("a sound standard");
    let all = registry.clauses.iter().flat_map(|clause| &clause.requirements);
    let seen = all.filter(|requirement| !requirement.tiers.contains(&Tier::Inspection));
    let told: Vec<(String, String)> = seen.filter_map(|seen| Some((seen.defect.clone()?, seen.id.to_string()))).collect();
    let zoo = hypermesh_core::testing::Breach::ALL.iter().map(|breach| breach.names());
    let zoo: Vec<(String, String)> = zoo.map(|(name, id)| (name.to_owned(), id.to_owned())).collect();
    assert_eq!(zoo, told, "core/src/testing/breach.rs lists the defects of the registry, in its order");
}
