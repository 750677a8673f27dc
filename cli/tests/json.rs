//! What scripts read: one object on stdout, whatever else happens.

mod common;

use common::{data, hypermesh, temporary};
use serde_json::Value;

fn json(arguments: &[&str]) -> Value {
    let done = hypermesh().args(arguments).output().expect("the command runs");
    serde_json::from_slice(&done.stdout).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&done.stdout)))
}

fn run(out: &std::path::Path, more: &[&str]) -> Value {
    let (file, out) = (data("small.yaml").display().to_string(), out.display().to_string());
    json(&[&["run", &file, "--out", &out, "--format", "json"], more].concat())
}

#[test]
fn a_run_prints_one_object_with_what_scripts_need() {
    let out = temporary();
    let value = run(out.path(), &["--seed", "3", "--threads", "2"]);
    for key in ["digest", "verdict", "nodes", "messages", "virtual_s", "wall_s", "peak_rss_bytes", "run_dir"] {
        assert!(value.get(key).is_some(), "`{key}` is missing in {value:#}");
    }
    assert_eq!(value["seed"], 3);
    assert_eq!(value["nodes"], 300);
    assert_eq!(value["verdict"], "passed");
    assert_eq!(value["digest"].as_str().map(str::len), Some(64));
    if cfg!(feature = "reports") {
        assert!(std::path::Path::new(value["run_dir"].as_str().unwrap_or_default()).join("run.json").is_file());
    }
}

#[test]
fn the_answer_depends_on_the_seed_and_not_on_threads_or_hosts() {
    let out = temporary();
    let digest = |more: &[&str]| run(out.path(), more)["digest"].as_str().map(str::to_owned);
    let one = digest(&["--threads", "1", "--no-report"]);
    assert_eq!(one, digest(&["--threads", "3", "--no-report"]));
    assert_ne!(one, digest(&["--threads", "1", "--seed", "8", "--no-report"]));
    if cfg!(madsim) {
        assert_eq!(one, digest(&["--threads", "2", "--host", "madsim", "--no-report"]));
    }
}

#[test]
fn several_seeds_print_one_object_with_all_runs() {
    let out = temporary();
    let value = run(out.path(), &["--seeds", "1..3", "--no-report"]);
    let runs = value["runs"].as_array().expect("there are runs");
    assert_eq!(runs.iter().filter_map(|run| run["seed"].as_u64()).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn a_plan_prints_its_price() {
    let value = json(&["plan", &data("small.yaml").display().to_string(), "--format", "json"]);
    assert_eq!(value["nodes"], 300);
    assert_eq!(value["broadcasts"], 3);
    assert_eq!(value["fits"], true);
    assert!(value["estimate"]["memory_bytes"].as_u64().is_some_and(|bytes| bytes > 0), "{value:#}");
}

#[test]
fn problems_are_objects_with_lines_and_sarif_results() {
    let file = data("broken.yaml").display().to_string();
    let value = json(&["check", &file, "--format", "json"]);
    assert!(value["errors"].as_u64().is_some_and(|errors| errors >= 4), "all errors at once: {value:#}");
    let sarif = json(&["check", &file, "--format", "sarif"]);
    let results = sarif["runs"][0]["results"].as_array().expect("there are results");
    assert_eq!(Some(results.len()), value["problems"].as_array().map(Vec::len));
    assert!(results.iter().all(|result| result["locations"][0]["physicalLocation"]["region"]["startLine"].is_u64()));
}

#[test]
fn the_schema_is_one_of_draft_2020_12() {
    assert_eq!(json(&["schema"])["$schema"], "https://json-schema.org/draft/2020-12/schema");
}

#[cfg(feature = "conform")]
#[test]
fn a_campaign_prints_one_object_with_its_denominator() {
    let value = json(&["conform", "--select", "R-6-01/", "--format", "json", "-q"]);
    let number = |key: &str| value[key].as_u64().unwrap_or_else(|| panic!("`{key}` is a number in {value:#}"));
    assert_eq!(number("shalls"), number("run") + number("absent"));
    assert_eq!((number("run"), value["verdicts"]["core"]["fail"].as_u64()), (1, Some(0)));
    assert!(number("mapped") >= 1 && number("shalls") >= 120);
    assert!(value["defects_detected"].is_null(), "nothing was planted");
}
