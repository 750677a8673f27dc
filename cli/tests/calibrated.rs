//! The page of `calibrate`: green where the model is right, red where a planted error makes it wrong.

#![cfg(all(feature = "reports", feature = "defects"))]

mod common;

use common::{data, hypermesh, temporary};
use std::path::Path;

/// The exit code and the page of a small calibration over a long path.
fn calibrated(out: &Path, more: &[&str]) -> (Option<i32>, String) {
    let file = data("../../../scenarios/stoq/first-fetch.yaml").display().to_string();
    let mut command = hypermesh();
    command.args(["calibrate", &file, "-q", "--threads", "1", "--out", &out.display().to_string()]);
    for set in [
        "groups.origin.count=1",
        "groups.edge.count=1",
        "groups.client.count=20",
        "groups.client.access.fibre=100%",
        "network.loss=0%",
        "workload.0.requests.rate=2/s",
        "workload.0.requests.for=20s",
        "workload.0.requests.objects.items=4",
        "workload.0.requests.objects.size=128KiB",
        "workload.0.requests.objects.spread=0",
        "time.stop=30s",
    ] {
        command.args(["--set", set]);
    }
    let done = command.args(more).output().expect("the command runs");
    let page = std::fs::read_to_string(out.join("calibration/calibration.html"));
    (done.status.code(), page.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&done.stderr))))
}

#[test]
fn a_model_that_is_too_fast_is_red_on_the_page() {
    let out = temporary();
    let (code, page) = calibrated(out.path(), &[]);
    assert_eq!(code, Some(0), "{}", page.split("<main>").nth(1).unwrap_or_default());
    assert!(page.contains("<header class=\"passed\">") && !page.contains(">OFF<"));
    assert!(page.contains("message against packet") && page.contains("p99 of fetches"));
    let (code, page) = calibrated(out.path(), &["--plant", "model-too-fast"]);
    assert_eq!(code, Some(10));
    assert!(page.contains("<header class=\"failed\">") && page.contains("<span class=\"tag missed\">OFF</span>"));
    assert!(page.contains("A defect was planted by a test: ModelTooFast."));
}
