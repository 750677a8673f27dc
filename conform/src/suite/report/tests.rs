//! The arithmetic of the summary, with records that were made up.

use super::{Detection, Evidence, Ran, Standing, Summary, Support, csv, items, junit, page, schema};
use crate::registry::{Registry, Tier};
use crate::suite::campaign::Record;
use crate::suite::case::{Case, Need, Polarity, Subject};
use crate::suite::verdict::Verdict;

/// Two cases of R-6-01, one of which needs memory, one case of R-6-02, and one of a *should*.
fn cases() -> Vec<Case> {
    let wire = |name: &str| Case::wire(name, Polarity::Valid, Subject::Origin, |_| Ok(()));
    vec![wire("R-6-01/one"), wire("R-6-01/two").in_memory(), wire("R-6-02/one"), wire("R-6-16/one")]
}

fn ran(tier: Tier, verdicts: &[(&str, Verdict)]) -> Ran {
    let record = |(case, verdict): &(&str, Verdict)| Record {
        case: (*case).to_owned(),
        tier,
        verdict: *verdict,
        why: if *verdict == Verdict::Pass { String::new() } else { "because <it> did".to_owned() },
        log: vec!["1 > 0 0102".to_owned()],
        runs: vec![*verdict],
        need: Need::Address,
        is_alive: true,
    };
    let options = if tier == Tier::Remote { "--target [::1]:4433" } else { "" };
    Ran { tier, implementation: "made up".into(), options: options.into(), records: verdicts.iter().map(record).collect() }
}

fn summary(tiers: &[Ran], detections: Option<&[Detection]>) -> Summary {
    Evidence { registry: &Registry::built_in(), cases: &cases(), tiers, detections }.summary()
}

fn standing(summary: &Summary, id: &str) -> Standing {
    summary.requirements.iter().find(|row| row.id == id).expect("the registry has it").verdict
}

fn gate(summary: &Summary, id: &str) -> Option<bool> {
    summary.gates.iter().find(|gate| gate.id == id).expect("every gate is told").holds
}

#[test]
fn the_denominator_is_the_registry_whatever_was_run() {
    let all = Registry::built_in().counts();
    let one = summary(&[ran(Tier::Core, &[("R-6-01/one", Verdict::Pass)])], None);
    assert_eq!((one.shalls, one.mapped, one.run, one.absent), (all.shall, 2, 1, all.shall - 1));
    let none = summary(&[], None);
    assert_eq!((none.shalls, none.mapped, none.run, none.absent), (all.shall, 2, 0, all.shall));
    assert_eq!(none.clauses.iter().map(|clause| clause.shalls).sum::<usize>(), all.shall);
}

#[test]
fn a_case_that_was_not_run_counts_as_absent_and_not_as_run() {
    let told = summary(&[ran(Tier::Core, &[("R-6-01/one", Verdict::Absent), ("R-6-02/one", Verdict::Fail)])], None);
    assert_eq!((told.run, told.verdicts["core"].absent, told.verdicts["core"].fail), (1, 1, 1));
    assert_eq!(standing(&told, "R-6-01"), Standing::Unknown);
}

#[test]
fn a_requirement_is_as_good_as_the_worst_of_its_cases() {
    for (one, two, whole) in [
        (Verdict::Pass, Verdict::Pass, Standing::Pass),
        (Verdict::Pass, Verdict::Inconclusive, Standing::Inconclusive),
        (Verdict::Inconclusive, Verdict::Absent, Standing::Unknown),
        (Verdict::Absent, Verdict::Fail, Standing::Fail),
        (Verdict::Error, Verdict::Fail, Standing::Fail),
        (Verdict::NonStrict, Verdict::Pass, Standing::NonStrict),
    ] {
        let told = summary(&[ran(Tier::Core, &[("R-6-01/one", one), ("R-6-01/two", two)])], None);
        assert_eq!(standing(&told, "R-6-01"), whole, "{one} and {two}");
    }
    let half = summary(&[ran(Tier::Core, &[("R-6-01/one", Verdict::Pass)])], None);
    assert_eq!(standing(&half, "R-6-01"), Standing::Unknown, "its other case has no record");
}

#[test]
fn a_case_that_needs_memory_is_not_missed_over_a_network() {
    let told = summary(&[ran(Tier::Remote, &[("R-6-01/one", Verdict::Pass)])], None);
    assert_eq!(standing(&told, "R-6-01"), Standing::Pass);
    assert_eq!(told.cases[0].replay, "hypermesh conform --target [::1]:4433 --select R-6-01/one");
}

#[test]
fn tiers_that_disagree_about_a_case_are_told() {
    let memory = ran(Tier::Core, &[("R-6-01/one", Verdict::Pass), ("R-6-02/one", Verdict::Pass)]);
    let told = summary(&[memory.clone(), ran(Tier::Remote, &[("R-6-01/one", Verdict::Fail), ("R-6-02/one", Verdict::Absent)])], None);
    let cases: Vec<&str> = told.disagreements.iter().map(|one| one.case.as_str()).collect();
    assert_eq!(cases, ["R-6-01/one"], "what was not run disagrees with nothing");
    assert_eq!(gate(&told, "G6"), Some(false));
    assert_eq!(gate(&summary(&[memory], None), "G6"), None, "one tier cannot disagree");
}

#[test]
fn a_breach_that_is_missed_or_hits_elsewhere_keeps_its_gate_open() {
    let caught = |found: &[&str], collateral: &[&str]| Detection {
        breach: "FixedIntegerReversed".into(),
        requirement: "R-6-01".into(),
        cases: 2,
        found_by: found.iter().map(|&case| case.to_owned()).collect(),
        explained: Vec::new(),
        collateral: collateral.iter().map(|&case| case.to_owned()).collect(),
    };
    let missed = summary(&[], Some(&[caught(&[], &["R-6-02/one"])]));
    assert_eq!((missed.defects_planted, missed.defects_detected, missed.collateral_unexplained), (Some(1), Some(0), Some(1)));
    let missing = &missed.gates.iter().find(|gate| gate.id == "G2").expect("it is told").missing;
    assert!(missing.contains(&"R-6-01 FixedIntegerReversed is not found".to_owned()), "{missing:?}");
    assert!(missing.contains(&"R-6-01 FixedIntegerReversed also fails R-6-02/one".to_owned()), "{missing:?}");
    assert!(missing.contains(&"R-6-02: no breach was planted".to_owned()), "{missing:?}");
    let found = summary(&[], Some(&[caught(&["R-6-01/one"], &[])]));
    assert_eq!((found.defects_detected, found.collateral_unexplained), (Some(1), Some(0)));
    assert_eq!((summary(&[], None).defects_detected, gate(&summary(&[], None), "G2")), (None, None), "nobody hunted");
}

#[test]
fn the_pics_has_the_rows_of_annex_a_in_its_order() {
    let registry = Registry::built_in();
    let told =
        summary(&[ran(Tier::Core, &[("R-6-01/one", Verdict::Pass), ("R-6-01/two", Verdict::Pass), ("R-6-02/one", Verdict::Fail)])], None);
    let rows = items(&registry, &told);
    let text = crate::Text::load(&crate::root().join(crate::FOLDER)).expect("the standard can be read");
    let annex = text.pages.iter().find(|page| page.name == "annex-a-pics.md").expect("there is Annex A");
    let shown: Vec<(String, String, String)> = annex
        .rows()
        .filter(|(_, _, cells)| cells.len() == 5 && cells[1].starts_with("R-"))
        .map(|(_, _, cells)| (cells[0].to_owned(), cells[1].to_owned(), cells[3].to_owned()))
        .collect();
    let made: Vec<(String, String, String)> =
        rows.iter().map(|row| (row.item.clone(), row.requirement.clone(), row.status.clone())).collect();
    assert_eq!(made, shown);
    let support = |id: &str| rows.iter().find(|row| row.requirement == id).expect("it is there").support;
    assert_eq!((support("R-6-01"), support("R-6-02"), support("R-6-03")), (Support::Yes, Support::No, Support::Open));
    let csv = csv(&rows);
    assert_eq!(csv.lines().count(), rows.len() + 1);
    assert!(csv.contains("CO6-1,R-6-01,Core,both,M,yes,pass,2,An integer of fixed length"), "{}", &csv[..400]);
}

#[test]
fn the_summary_is_valid_by_its_schema() {
    let told = summary(&[ran(Tier::Core, &[("R-6-01/one", Verdict::NonStrict), ("R-6-02/one", Verdict::Fail)])], Some(&[]));
    let schema = schema();
    jsonschema::meta::validate(&schema).expect("the schema keeps the rules of draft 2020-12");
    let validator = jsonschema::validator_for(&schema).expect("the schema can be used");
    for told in [told, summary(&[], None)] {
        let value = serde_json::to_value(&told).expect("it can be written");
        let errors: Vec<String> = validator.iter_errors(&value).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    let mut broken = serde_json::to_value(summary(&[], None)).expect("it can be written");
    broken["shalls"] = "many".into();
    assert!(!validator.is_valid(&broken));
}

#[test]
fn junit_tells_a_failure_from_what_was_not_reached() {
    let verdicts = [
        ("R-6-01/one", Verdict::Fail),
        ("R-6-01/two", Verdict::Inconclusive),
        ("R-6-02/one", Verdict::Absent),
        ("R-6-16/one", Verdict::NonStrict),
    ];
    let xml = junit(&summary(&[ran(Tier::Core, &verdicts)], None)).expect("it can be written");
    let report = quick_junit::Report::deserialize_from_str(&xml).expect("it can be read");
    let suite = &report.test_suites[0];
    assert_eq!((suite.tests, suite.failures, suite.errors, suite.skipped), (4, 1, 1, 1));
}

#[test]
fn the_page_leads_from_each_cell_to_its_evidence_and_shows_what_peers_said_as_text() {
    let (registry, cases) = (Registry::built_in(), cases());
    let tiers = [ran(Tier::Core, &[("R-6-01/one", Verdict::Pass), ("R-6-02/one", Verdict::Fail)])];
    let evidence = Evidence { registry: &registry, cases: &cases, tiers: &tiers, detections: None };
    let told = evidence.summary();
    let html = page(&evidence, &told).expect("it can be made");
    for requirement in registry.requirements() {
        assert!(html.contains(&format!("href=\"#{}\"", requirement.id)) && html.contains(&format!("id=\"{}\"", requirement.id)));
    }
    assert!(html.contains("because &lt;it&gt; did") && !html.contains("because <it> did"));
    // The template engine writes a slash as an entity.
    let html = html.replace("&#x2f;", "/");
    assert!(html.contains("hypermesh conform --select R-6-02/one"));
    for limit in super::LIMITS {
        assert!(html.contains(limit), "{limit}");
    }
    for outside in ["http://", "https://", "src="] {
        assert!(!html.contains(outside), "the page asks for {outside}");
    }
}
