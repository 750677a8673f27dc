//! The report of `calibrate`: what is off is red, in words too.

use hdrhistogram::Histogram;
use hypermesh_reports::calibration::{Calibration, Row, Times, write};

fn row(quantity: &str, candidate: f64, reference: f64, at_most: f64) -> Row {
    let error = candidate / reference - 1.0;
    Row {
        scenario: "long-path".to_owned(),
        seed: 3,
        compared: "message against packet".to_owned(),
        quantity: quantity.to_owned(),
        unit: "ms".to_owned(),
        candidate_mode: "simulated".to_owned(),
        candidate,
        reference_mode: "emulated".to_owned(),
        reference,
        error,
        within: error.abs() <= at_most,
    }
}

fn times(mode: &str, from: u64) -> Times {
    let mut histogram = Histogram::<u64>::new(2).unwrap();
    (1..=200).for_each(|k| histogram.record(from + k * 1_000_000).unwrap());
    Times::new("long-path", 3, mode, [&histogram])
}

fn calibration(p99: f64) -> Calibration {
    Calibration {
        rows: vec![row("p50 of fetches", 104.0, 100.0, 0.1), row("p99 of fetches", p99, 200.0, 0.1)],
        times: vec![times("simulated", 50_000_000), times("emulated", 55_000_000)],
        at_most: 0.1,
        command: "hypermesh calibrate long-path.yaml".to_owned(),
        version: "0.1.0".to_owned(),
        defect: None,
    }
}

/// The page, the Markdown and the object.
fn written(all: &Calibration) -> (String, String, serde_json::Value) {
    let folder = tempfile::tempdir().unwrap();
    let files = write(all, folder.path()).unwrap();
    let names: Vec<_> = files.iter().map(|file| file.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(names, ["calibration.json", "calibration.md", "calibration.html", "calibration-1.svg"]);
    let text = |k: usize| std::fs::read_to_string(&files[k]).unwrap();
    (text(2), text(1), serde_json::from_str(&text(0)).unwrap())
}

#[test]
fn figures_within_the_bound_are_green() {
    let (html, markdown, json) = written(&calibration(199.0));
    assert!(html.contains("Every figure is within 10 % of its reference") && html.contains("<header class=\"passed\">"));
    assert_eq!((html.matches("<span class=\"tag met\">within</span>").count(), html.matches("tag missed\">").count()), (2, 0));
    assert!(html.contains("<td>104.0 ms simulated</td><td>100.0 ms emulated</td><td>+4.0 %</td><td>± 10 %</td>"));
    assert!(markdown.contains("| long-path | 3 | message against packet | p50 of fetches | 104.0 ms simulated |"));
    assert_eq!((json["within"].as_bool(), json["rows"][1]["quantity"].as_str()), (Some(true), Some("p99 of fetches")));
    assert!(!html.contains("https://") && !html.contains("src="), "it needs no network");
}

#[test]
fn a_figure_beyond_the_bound_is_red_in_colour_and_in_words() {
    let (html, markdown, json) = written(&calibration(150.0));
    assert!(html.contains("1 of 2 figures are more than 10 % off") && html.contains("<header class=\"failed\">"));
    assert!(html.contains("<td>-25.0 %</td><td>± 10 %</td><td><span class=\"tag missed\">OFF</span></td>"));
    assert!(html.contains("The largest error is -25.0 %: p99 of fetches of long-path, message against packet."));
    assert!(markdown.contains("| **OFF** |"));
    assert_eq!(json["within"].as_bool(), Some(false));
}

#[test]
fn distributions_lie_over_each_other_with_their_modes() {
    let (html, _, json) = written(&calibration(199.0));
    assert!(html.contains("Fetch times of long-path, seed 3"));
    assert!(html.contains("simulated: 200 fetches") && html.contains("emulated: 200 fetches"));
    let ranges = json["times"][0]["ranges"].as_array().unwrap();
    assert_eq!(ranges.iter().map(|range| range[2].as_u64().unwrap()).sum::<u64>(), 200);
}
