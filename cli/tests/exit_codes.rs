//! Exit codes are an interface: each has a test.

mod common;

use common::{data, hypermesh, temporary};
/// Every failure ends with the next command to type.
fn ends_with_next(stderr: &[u8]) {
    let text = String::from_utf8_lossy(stderr);
    let last = text.lines().last().unwrap_or_default();
    assert!(last.starts_with("next: "), "the last line is `{last}` of:\n{text}");
}

#[test]
fn a_run_that_keeps_its_promises_ends_with_0() {
    let out = temporary();
    hypermesh().arg("run").arg(data("small.yaml")).arg("--out").arg(out.path()).assert().code(0);
}

#[test]
fn a_place_that_cannot_be_written_ends_with_1() {
    let out = temporary();
    let file = out.path().join("file");
    std::fs::write(&file, "in the way").expect("a file can be written");
    let done = hypermesh().arg("run").arg(data("small.yaml")).arg("--out").arg(&file).assert();
    // A light build keeps no runs, so it has nothing to fail on.
    if cfg!(feature = "reports") {
        ends_with_next(&done.code(1).get_output().stderr);
    }
}

#[test]
fn a_wrong_option_ends_with_2() {
    hypermesh().args(["run", "--no-such-option"]).assert().code(2);
    hypermesh().args(["plan", "x.yaml", "--format", "sarif"]).assert().code(2);
}

#[test]
fn an_invalid_scenario_ends_with_3_and_starts_nothing() {
    let out = temporary();
    for verb in ["run", "check", "plan", "verify"] {
        let mut command = hypermesh();
        command.arg(verb).arg(data("broken.yaml")).current_dir(out.path());
        ends_with_next(&command.assert().code(3).get_output().stderr);
    }
    let both = hypermesh().arg("run").arg(data("small.yaml")).arg(data("broken.yaml")).current_dir(out.path()).assert().code(3);
    ends_with_next(&both.get_output().stderr);
    assert!(!out.path().join("runs").exists(), "nothing starts while one file is invalid");
}

#[test]
fn a_missing_file_ends_with_3_and_names_it() {
    let done = hypermesh().args(["run", "nowhere.yaml"]).assert().code(3);
    let stderr = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    assert!(stderr.contains("nowhere.yaml"), "{stderr}");
}

#[test]
fn warnings_end_with_3_only_where_they_are_denied() {
    hypermesh().arg("check").arg(data("warns.yaml")).assert().code(0);
    hypermesh().arg("check").arg("--deny-warnings").arg(data("warns.yaml")).assert().code(3);
}

#[test]
fn nothing_selected_ends_with_4() {
    let out = temporary();
    for arguments in
        [["report", "nowhere"], ["diff", "a"], ["verify", "nowhere"], ["demo", "nowhere"], ["explain", "E9999"], ["runs", "-q"]]
    {
        let mut command = hypermesh();
        command.args(arguments).current_dir(out.path());
        if arguments[0] == "diff" {
            command.arg("b");
        }
        ends_with_next(&command.assert().code(4).get_output().stderr);
    }
}

#[test]
fn a_plan_over_its_budget_ends_with_5_unless_forced() {
    let out = temporary();
    ends_with_next(&hypermesh().arg("plan").arg(data("budget.yaml")).assert().code(5).get_output().stderr);
    ends_with_next(&hypermesh().arg("run").arg(data("budget.yaml")).current_dir(out.path()).assert().code(5).get_output().stderr);
    hypermesh().arg("plan").arg("--force").arg(data("budget.yaml")).assert().code(0);
}

#[cfg(feature = "defects")]
#[test]
fn digests_that_differ_end_with_6_and_the_first_event_that_differs() {
    let done = hypermesh().arg("verify").arg(data("mesh.yaml")).args(["--plant", "non-determinism"]).assert().code(6);
    let stdout = String::from_utf8_lossy(&done.get_output().stdout).into_owned();
    assert!(stdout.contains("first run:") && stdout.contains("second run:"), "{stdout}");
    ends_with_next(&done.get_output().stderr);
}

#[cfg(feature = "reports")]
#[test]
fn a_regression_beyond_the_limit_ends_with_7() {
    let out = temporary();
    let run = |set: &str| {
        let mut command = hypermesh();
        command.arg("run").arg(data("small.yaml")).arg("--out").arg(out.path()).args(["--format", "json", "--set", set]);
        let done = command.output().expect("the command runs");
        let value: serde_json::Value = serde_json::from_slice(&done.stdout).expect("it prints JSON");
        value["run_dir"].as_str().expect("the run is kept").to_owned()
    };
    let (fast, slow) = (run("name=fast"), run("network.loss=40%"));
    hypermesh().args(["diff", &fast, &fast, "--fail-on", "5%"]).assert().code(0);
    hypermesh().args(["diff", &fast, &slow]).assert().code(0);
    ends_with_next(&hypermesh().args(["diff", &fast, &slow, "--fail-on", "5%"]).assert().code(7).get_output().stderr);
}

#[test]
fn a_missed_promise_about_performance_ends_with_10() {
    let out = temporary();
    let done = hypermesh().arg("run").arg(data("fails.yaml")).arg("--out").arg(out.path()).assert().code(10);
    ends_with_next(&done.get_output().stderr);
}

#[test]
fn a_violated_safety_property_ends_with_11_and_outranks_10() {
    let out = temporary();
    hypermesh().arg("run").arg(data("unsafe.yaml")).arg("--out").arg(out.path()).assert().code(11);
    hypermesh().arg("run").arg(data("unsafe.yaml")).arg(data("fails.yaml")).arg("--out").arg(out.path()).assert().code(11);
}

#[cfg(feature = "defects")]
#[test]
fn a_planted_defect_is_found_and_ends_with_11() {
    let out = temporary();
    let done =
        hypermesh().arg("run").arg(data("small.yaml")).args(["--plant", "silent-loss"]).arg("--out").arg(out.path()).assert().code(11);
    let stdout = String::from_utf8_lossy(&done.get_output().stdout).into_owned();
    assert!(stdout.contains("broken.messages_conserved"), "{stdout}");
}

#[cfg(feature = "conform")]
#[test]
fn a_failed_case_ends_with_12_and_the_command_that_runs_it_again() {
    let done = hypermesh().args(["conform", "--select", "R-6-01/", "--canary"]).assert().code(12);
    let stdout = String::from_utf8_lossy(&done.get_output().stdout).into_owned();
    assert!(stdout.contains("fail  R-6-01/canary (core): "), "{stdout}");
    let stderr = String::from_utf8_lossy(&done.get_output().stderr).into_owned();
    assert!(stderr.ends_with("next: hypermesh conform --canary --select R-6-01/canary\n"), "{stderr}");
    hypermesh().args(["conform", "--canary", "--select", "R-6-01/canary", "-q"]).assert().code(12);
}

#[cfg(feature = "conform")]
#[test]
fn a_campaign_without_a_case_ends_with_4() {
    ends_with_next(&hypermesh().args(["conform", "--select", "R-99-01/"]).assert().code(4).get_output().stderr);
}

#[cfg(feature = "conform")]
#[test]
fn a_report_of_a_campaign_has_every_form_and_the_same_octets_twice() {
    let out = temporary();
    let written = || {
        hypermesh().args(["conform", "--select", "R-6-01/", "-q", "--out"]).arg(out.path()).assert().code(0);
        ["conformance.html", "conformance.json", "junit.xml", "pics.csv", "pics.json"]
            .map(|name| std::fs::read(out.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}")))
    };
    assert_eq!(written(), written());
}
