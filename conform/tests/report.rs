//! Reports of real campaigns in memory, and the schema that is published.

use hypermesh_conform::Registry;
use hypermesh_conform::registry::Tier;
use hypermesh_conform::suite::report::{self, CANARY, Evidence, Ran};
use hypermesh_conform::suite::{Campaign, Verdict};

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/conformance.v1.json");

/// A campaign of one requirement, and the canary.
fn campaign() -> Campaign {
    let mut campaign = Campaign::all().select("R-6-01");
    campaign.cases.push(report::canary());
    campaign
}

fn ran(campaign: &Campaign) -> Ran {
    Ran { tier: Tier::Core, implementation: "this build".into(), options: String::new(), records: campaign.in_memory(None) }
}

#[test]
fn the_published_schema_is_current() {
    let current = format!("{:#}\n", report::schema());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(SCHEMA, &current).expect("the schema can be written");
    }
    let published = std::fs::read_to_string(SCHEMA).expect("the schema is published");
    assert!(published == current, "schema/conformance.v1.json differs from the types; write it anew with UPDATE_GOLDEN=1");
}

#[test]
fn the_canary_is_reported_as_a_failure() {
    let (campaign, registry) = (campaign(), Registry::built_in());
    let tiers = [ran(&campaign)];
    let told = Evidence { registry: &registry, cases: &campaign.cases, tiers: &tiers, detections: None }.summary();
    let failed: Vec<&str> = told.cases.iter().filter(|case| case.verdict == Verdict::Fail).map(|case| case.name.as_str()).collect();
    assert_eq!(failed, [CANARY]);
    let gate = told.gates.iter().find(|gate| gate.id == "G9").expect("it is told");
    assert_eq!(gate.holds, Some(true), "{gate:?}");
}

#[test]
fn two_campaigns_in_memory_give_the_same_octets_in_every_form() {
    let registry = Registry::built_in();
    let once = || {
        let campaign = campaign();
        let tiers = [ran(&campaign)];
        let evidence = Evidence { registry: &registry, cases: &campaign.cases, tiers: &tiers, detections: None };
        let told = evidence.summary();
        let items = report::items(&registry, &told);
        (
            serde_json::to_string(&told).expect("it can be written"),
            report::junit(&told).expect("it can be written"),
            report::page(&evidence, &told).expect("it can be made"),
            report::csv(&items),
        )
    };
    assert_eq!(once(), once());
}
