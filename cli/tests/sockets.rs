//! Scenarios on real sockets: the whole way from a file to a verdict. Nothing here depends on how long anything takes.
#![cfg(feature = "real")]

mod common;

use common::{data, hypermesh, temporary, visible_runs};
use serde_json::Value;

fn json(output: &[u8]) -> Value {
    serde_json::from_slice(output).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(output)))
}

#[test]
fn a_scenario_runs_on_sockets_and_leaves_a_run_that_says_measured() {
    let out = temporary();
    let mut command = hypermesh();
    command.args(["real", "--format", "json", "-q", "--out"]).arg(out.path()).arg(data("sockets.yaml"));
    let output = command.output().expect("the command runs");
    let told = json(&output.stdout);
    assert!(output.status.success(), "{told:#} {}", String::from_utf8_lossy(&output.stderr));
    assert_eq!((told["mode"].as_str(), told["verdict"].as_str()), (Some("measured"), Some("passed")), "{told:#}");
    assert_eq!(told["violations"].as_array().map(Vec::len), Some(0), "every byte that was delivered is what was published");
    assert!(told["sockets"]["datagrams"].as_u64() > Some(500), "{told:#}");
    if cfg!(feature = "reports") {
        assert_eq!(visible_runs(out.path()).len(), 1);
    }
}

#[test]
fn sockets_move_about_as_many_bytes_as_packet_mode() {
    let (out, mut command) = (temporary(), hypermesh());
    command
        .args(["calibrate", "--sockets", "--at-most", "10000%", "--format", "json", "-q", "--out"])
        .arg(out.path())
        .arg(data("sockets.yaml"));
    let output = command.output().expect("the command runs");
    let told = json(&output.stdout);
    assert!(output.status.success(), "{told:#} {}", String::from_utf8_lossy(&output.stderr));
    let rows = told["rows"].as_array().expect("rows are a list");
    let row = |comparison: &str, quantity: &str| {
        rows.iter().find(|row| row["comparison"] == comparison && row["quantity"] == quantity).unwrap_or_else(|| panic!("{told:#}"))
    };
    assert_eq!(rows.len(), 10);
    for comparison in ["message against packet", "packet against sockets"] {
        // A machine that is late makes QUIC send some things twice, and perhaps not all in time.
        for quantity in ["objects fetched", "bytes on the wires"] {
            let row = row(comparison, quantity);
            assert!(row["error"].as_f64().is_some_and(|error| error.abs() < 0.5), "{row:#}");
        }
    }
}

#[test]
fn what_does_not_fit_on_sockets_is_not_started() {
    for (file, set, why) in [("small.yaml", "seed=1", "not of layer 1"), ("sockets.yaml", "groups.client.count=300", "at most 256")] {
        let output = hypermesh().args(["real", "-q", "--no-report", "--set", set]).arg(data(file)).output().expect("the command runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(5), "{said}");
        assert!(said.contains(why), "{said}");
    }
}
