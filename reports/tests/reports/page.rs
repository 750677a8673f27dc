//! The page says what the tables hold, needs nothing but itself, and stays small.

use crate::common::{plan, reproduce, trace};
use hypermesh_reports::{numbers, read, write};
use hypermesh_scenarios::catalog::Id;
use hypermesh_scenarios::expect::Level;
use hypermesh_scenarios::plan::Plan;
use hypermesh_scenarios::trace::{Outcome, Trace, Verdict, Violation};
use std::path::PathBuf;

struct Kept {
    _folder: tempfile::TempDir,
    directory: PathBuf,
    html: String,
}

fn kept(plan: &Plan, trace: &Trace) -> Kept {
    let folder = tempfile::tempdir().unwrap();
    let directory = write(plan, trace, folder.path(), &reproduce()).unwrap();
    let html = std::fs::read_to_string(directory.join("report.html")).unwrap();
    Kept { _folder: folder, directory, html }
}

#[test]
fn numbers_on_the_page_are_those_of_the_tables() {
    let plan = plan("sample", 1_000_000, 7);
    let kept = kept(&plan, &trace(&plan));
    let run = read(&kept.directory).unwrap();
    let delivery = run.whole("broadcast.delivery").unwrap();
    for q in [0.5, 0.9, 0.99, 0.999] {
        let text = numbers::time(delivery.quantile(q).unwrap() as f64);
        assert!(kept.html.contains(&text), "{q}: {text}");
    }
    for name in ["net.sent", "net.delivered", "net.dropped.loss"] {
        let text = numbers::count(run.counter(name) as f64);
        assert!(kept.html.contains(&format!("<td>{text}</td>")), "{name}: {text}");
    }
    assert!(kept.html.contains("1,000,000"));
    assert!(kept.html.contains(&run.manifest.digest));
    assert!(kept.html.replace("&#x2f;", "/").contains("hypermesh run scenarios/scale/gossip-1m.yaml --seed 7 --threads 2"));
}

#[test]
fn a_page_of_a_million_nodes_is_small_and_needs_no_network() {
    let plan = plan("sample", 1_000_000, 7);
    let kept = kept(&plan, &trace(&plan));
    assert!(kept.html.len() < 600_000, "{} bytes", kept.html.len());
    for outside in ["http://", "https://", "src=", "@import", "url(", "fetch("] {
        assert!(!kept.html.replace("http://www.w3.org/2000/svg", "").contains(outside), "{outside}");
    }
    for file in std::fs::read_dir(kept.directory.join("plots")).unwrap() {
        let svg = std::fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(svg.len() < 100_000 && svg.contains("<text"), "a plot has text as text");
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
    }
}

#[test]
fn nothing_on_the_page_is_not_a_number() {
    let plan = plan("sample", 2000, 7);
    let html = kept(&plan, &trace(&plan)).html;
    for word in ["NaN", "inf ", "n/a", "undefined", "Infinity"] {
        assert!(!html.contains(word), "{word}");
    }
}

#[test]
fn places_of_the_disk_are_not_on_the_page() {
    let plan = plan("sample", 2000, 7);
    let kept = kept(&plan, &trace(&plan));
    let folder = kept.directory.parent().unwrap().to_str().unwrap();
    for file in ["report.html", "run.json", "junit.xml"] {
        assert!(!std::fs::read_to_string(kept.directory.join(file)).unwrap().contains(folder), "{file}");
    }
}

#[test]
fn the_first_trouble_is_told_with_its_time() {
    let plan = plan("sample", 2000, 7);
    let mut trace = trace(&plan);
    trace.violations.push(Violation {
        invariant: Id::BrokenOnce,
        at_ns: 2_500_000_000,
        node: 17,
        detail: "broadcast 3 was handed over twice".to_owned(),
        count: 4,
    });
    let html = kept(&plan, &trace).html;
    assert!(html.contains("First trouble at 2.5 s: broken.deliver_once on node 17: broadcast 3 was handed over twice (4 times in all)."));
    assert!(html.contains("Unsafe: broken.deliver_once broken"));
    assert!(html.contains("4 times"));
}

#[test]
fn a_missed_must_fails_and_is_first_on_the_page() {
    let plan = plan("sample", 2000, 7);
    let mut trace = trace(&plan);
    trace.verdicts[0].outcome = Outcome::Missed;
    trace.verdicts[0].first_missed_ns = Some(1_250_000_000);
    let html = kept(&plan, &trace).html;
    assert!(html.contains("Failed: 3 of 5 expectations met"));
    assert!(html.contains("First trouble at 1.25 s: must p99(broadcast.delivery) &lt; 3s was missed"));
    let place = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(place("Failed:") < place("id=\"expectations\"") && place("id=\"reproduce\"") < place("id=\"plots\""));
}

#[test]
fn text_of_a_scenario_cannot_become_markup() {
    let evil = "</script><script>alert(1)</script>\"'&";
    let mut plan = plan("sample", 500, 7);
    plan.about = evil.to_owned();
    plan.faults.bands[0].name = evil.to_owned();
    plan.network.regions[0] = evil.to_owned();
    plan.network.places[0].name = evil.to_owned();
    plan.resolved_yaml = evil.to_owned();
    let mut trace = trace(&plan);
    trace.verdicts.push(Verdict {
        level: Level::Must,
        that: evil.to_owned(),
        outcome: Outcome::Unknown,
        seen: evil.to_owned(),
        first_missed_ns: None,
        range: evil.to_owned(),
        covers: vec![evil.to_owned()],
        line: 1,
    });
    let kept = kept(&plan, &trace);
    assert!(!kept.html.contains("<script>alert"));
    assert_eq!(kept.html.matches("</script>").count(), 2);
}

#[test]
fn a_plot_without_data_is_left_out_with_a_sentence() {
    let plan = plan("sample", 500, 7);
    let mut trace = trace(&plan);
    trace.metrics.samples.remove(&Id::BroadcastDelivery);
    trace.infection.clear();
    let kept = kept(&plan, &trace);
    assert!(!kept.directory.join("plots/delivery-cdf.svg").exists());
    assert!(!kept.html.contains("id=\"plot-infection\""));
    assert!(kept.html.contains("Left out for want of data: Delivery times: no broadcast was delivered"));
}

#[test]
fn many_broadcasts_are_capped_with_a_note() {
    let plan = plan("sample", 500, 7);
    let mut trace = trace(&plan);
    let row = trace.broadcasts[0];
    trace.broadcasts = (0..300).map(|id| hypermesh_scenarios::trace::BroadcastRow { id, ..row }).collect();
    trace.broadcasts[222].reached = 1;
    let html = kept(&plan, &trace).html;
    assert!(html.contains("The 50 of 300 broadcasts that reached the smallest share of nodes"));
    assert!(html.contains("<td>222</td>"));
}

#[test]
fn test_results_are_well_formed_and_count_what_failed() {
    let plan = plan("sample", 500, 7);
    let mut trace = trace(&plan);
    trace.verdicts[0].outcome = Outcome::Missed;
    trace.verdicts[1].outcome = Outcome::Unknown;
    trace.verdicts[1].seen = "no value <&>".to_owned();
    let kept = kept(&plan, &trace);
    let xml = std::fs::read_to_string(kept.directory.join("junit.xml")).unwrap();
    let report = quick_junit::Report::deserialize_from_str(&xml).unwrap();
    assert_eq!((report.tests, report.failures, report.errors), (6, 1, 1));
    let names: Vec<_> = report.test_suites[0].test_cases.iter().map(|case| case.name.as_str().to_owned()).collect();
    assert_eq!(names[0], "must p99(broadcast.delivery) < 3s (5 s to 60 s)");
    assert_eq!(names[5], "no invariant is broken");
}

#[test]
fn the_summary_in_markdown_has_the_same_verdict() {
    let plan = plan("sample", 500, 7);
    let kept = kept(&plan, &trace(&plan));
    let text = hypermesh_reports::markdown::summary(&read(&kept.directory).unwrap());
    assert!(text.starts_with("## sample: Passed with warnings: 4 of 5 expectations met\n"));
    assert!(text.contains("| must | `p99(broadcast.delivery) < 3s` | 1.021 s | 5 s to 60 s | met | HM-3.4-1 |"));
    assert!(text.contains("### Reproduce"));
}
