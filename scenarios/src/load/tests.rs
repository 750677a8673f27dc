//! What loading promises: layers merge key by key, every value keeps its place, overrides act last, and what is resolved loads again.

use super::{Loaded, Overrides, PRESETS, load_text};
use crate::problem::{Code, Report};
use crate::read::Shape;
use crate::spec::{Fault, Group, Load, Paths, Place, Role};
use hypermesh_core::base::Span;

const SMALL: &str = r#"
version: 1
name: small
time: {warmup: 5s, stop: 60s}
groups:
  peer: {role: hypermesh-peer, count: 1_000}
workload:
  - broadcast: {from: peer, at: 10s, rate: 1/s, count: 3, size: 1KiB}
faults:
  - churn: {at: 20s, for: 10s, rate: 0.5%/s}
  - crash: {at: 40s, nodes: 5%, name: outage}
expect:
  - must: {that: "coverage(broadcast) >= 99%", during: churn-1, covers: [HM-3.4-1]}
  - should: "p99(broadcast.delivery) < 3s"
"#;

fn loaded(text: &str) -> Loaded {
    changed(text, &[])
}

fn changed(text: &str, set: &[(&str, &str)]) -> Loaded {
    try_changed(text, set).unwrap_or_else(|report| panic!("{report}"))
}

fn try_changed(text: &str, set: &[(&str, &str)]) -> Result<Loaded, Report> {
    let set = set.iter().map(|(path, value)| ((*path).to_owned(), (*value).to_owned())).collect();
    load_text("test.yaml", text, &Overrides { seed: None, set })
}

fn peer(loaded: &Loaded) -> &Group {
    loaded.scenario.groups.get("peer").expect("the group is called peer")
}

#[test]
fn a_small_scenario_means_what_it_says() {
    let small = loaded(SMALL);
    assert!(small.warnings.is_empty(), "{}", small.report());
    let scenario = &small.scenario;
    assert_eq!((&**scenario.name, scenario.seed.0, scenario.time.stop.span()), ("small", 1, Span::secs(60)));
    assert_eq!((peer(&small).role.value, peer(&small).count.0), (Role::HypermeshPeer, 1_000));
    let Load::Broadcast(broadcast) = &scenario.workload[0].value else { panic!("the load is a broadcast") };
    assert_eq!((broadcast.size.0, broadcast.count.as_ref().map(|n| n.0)), (1_024, Some(3)));
    assert_eq!(crate::spec::faults::names(&scenario.faults), ["churn-1", "outage"]);
    assert_eq!(scenario.expect[1].claim().that.text, "p99(broadcast.delivery) < 3s");
    assert_eq!(&**scenario.expect[0].claim().covers[0], "HM-3.4-1");
}

#[test]
fn every_value_knows_its_line_and_column() {
    let small = loaded(SMALL);
    let count = peer(&small).count.at;
    assert_eq!((count.line, count.column), (6, 39));
    assert_eq!(&SMALL[count.start as usize..count.end as usize], "1_000");
    let Fault::Crash(crash) = &small.scenario.faults[1].value else { panic!("the second fault is a crash") };
    assert_eq!((crash.nodes.at.line, small.scenario.faults[1].at.line), (11, 11));
}

#[test]
fn a_byte_of_an_expression_has_a_place_in_the_file() {
    let small = loaded(SMALL);
    let that = &small.scenario.expect[0].claim().that;
    let at = that.place(that.at, 9, 18);
    assert_eq!(&SMALL[at.start as usize..at.end as usize], "broadcast");
    assert_eq!(at.line, 13);
    // An expression that is folded over lines is marked as a whole.
    let folded = loaded(&SMALL.replace("should: \"p99(broadcast.delivery) < 3s\"", "should: >\n      p99(broadcast.delivery)\n      < 3s"));
    let that = &folded.scenario.expect[1].claim().that;
    assert_eq!(that.place(that.at, 0, 3), that.at);
}

#[test]
fn what_is_resolved_loads_again_as_the_same() {
    let first = loaded(SMALL);
    let text = first.resolved_yaml();
    let second = loaded(&text);
    assert_eq!(first.scenario.spelled_out(), second.scenario, "{text}");
    assert_eq!(second.resolved_yaml(), text);
    // Nothing is left to a default: each part of the peers is written out.
    for word in ["passive: 30", "missing_after: 500ms", "lifeguard:", "vivaldi: \"off\"", "last_mile: 6ms", "overhead: 77B"] {
        assert!(text.contains(word), "{word} is not in\n{text}");
    }
}

#[test]
fn a_preset_lies_below_the_file_that_extends_it() {
    let text = SMALL.replace("time:", "extends: [\"preset:harsh\"]\nnetwork: {loss: 7%, jitter: {share: 1%}}\ntime:");
    let network = &loaded(&text).scenario.network;
    assert_eq!(network.loss.to_string(), "7%");
    assert_eq!((network.jitter.share.to_string(), network.jitter.floor.to_string()), ("1%".to_owned(), "5ms".to_owned()));
    assert_eq!(network.asymmetry.to_string(), "5%", "from the preset that the preset extends");
    assert_eq!(network.access.names().collect::<Vec<_>>(), ["mobile", "satellite", "dsl"], "a mix is replaced whole");
}

#[test]
fn a_value_from_a_preset_is_told_at_its_place_in_the_preset() {
    let text = SMALL.replace("time:", "extends: [\"preset:internet\"]\ntime:");
    let scenario = loaded(&text);
    let source = scenario.sources.get(scenario.scenario.network.loss.at.source).expect("the preset is a source");
    assert_eq!(source.name, "preset:internet");
}

#[test]
fn every_preset_is_a_sound_layer() {
    for (name, _) in PRESETS {
        let text = SMALL.replace("time:", &format!("extends: [\"preset:{name}\"]\ntime:"));
        let report = loaded(&text).report();
        assert!(report.problems.is_empty(), "{name}: {report}");
    }
}

#[test]
fn overrides_act_last_and_know_lists_and_choices() {
    let set = [
        ("groups.peer.count", "2_000"),
        ("groups.peer.swim.probe_every", "2s"),
        ("groups.peer.place.region", "eu-west"),
        ("network.paths", "{uniform: 1ms..2ms}"),
        ("faults.0.churn.rate", "1%/s"),
        ("workload.0.broadcast.count", "5"),
        ("engine.max_memory", "1GiB"),
    ];
    let scenario = changed(SMALL, &set);
    assert_eq!(peer(&scenario).count.0, 2_000);
    assert_eq!(peer(&scenario).swim().map(|swim| swim.probe_every.span()), Some(Span::secs(2)));
    assert!(matches!(&peer(&scenario).place.value, Place::Region(name) if &***name == "eu-west"));
    assert!(matches!(&scenario.scenario.network.paths.value, Paths::Uniform(range) if range.to_string() == "1ms..2ms"));
    let Fault::Churn(churn) = &scenario.scenario.faults[0].value else { panic!("the first fault is churn") };
    assert_eq!(churn.rate.to_string(), "1%/s");
    let count = peer(&scenario).count.at;
    let source = scenario.sources.get(count.source).expect("the argument is a source");
    assert_eq!((source.name.as_str(), &source.text[count.start as usize..count.end as usize]), ("--set", "2_000"));
    let seeded = load_text("test.yaml", SMALL, &Overrides { seed: Some(9), set: Vec::new() }).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(seeded.scenario.seed.0, 9);
}

#[test]
fn the_last_of_two_overrides_wins() {
    let scenario = changed(SMALL, &[("seed", "5"), ("seed", "6")]);
    assert_eq!(scenario.scenario.seed.0, 6);
}

#[test]
fn an_argument_without_a_value_is_refused() {
    assert_eq!(Overrides::argument("a.b=c=d"), Ok(("a.b".to_owned(), "c=d".to_owned())));
    assert!(Overrides::argument("a.b").is_err() && Overrides::argument("=c").is_err());
}

#[test]
fn warnings_can_be_denied() {
    let nothing_expected = SMALL.split("expect:").next().unwrap_or_default();
    let scenario = loaded(nothing_expected);
    assert_eq!(scenario.warnings.iter().map(|w| w.code).collect::<Vec<_>>(), [Code::NO_EXPECTATION]);
    let report = scenario.deny_warnings().expect_err("a warning is there");
    assert_eq!((report.errors(), report.warnings()), (0, 1));
    assert!(loaded(SMALL).deny_warnings().is_ok());
}

#[test]
fn problems_are_told_as_json_too() {
    let report = try_changed(&SMALL.replace("1_000", "many"), &[]).expect_err("many is not a number");
    let json = report.to_json();
    assert_eq!((&json[0]["code"], &json[0]["line"], &json[0]["column"]), (&"E0203".into(), &6.into(), &39.into()));
    assert_eq!((&json[0]["file"], &json[0]["severity"], &json[0]["example"]), (&"test.yaml".into(), &"error".into(), &"10_000".into()));
}

#[test]
fn colours_are_only_there_when_asked_for() {
    let report = try_changed(&SMALL.replace("1_000", "many"), &[]).expect_err("many is not a number");
    assert!(!report.render(false).contains('\u{1b}') && report.render(true).contains('\u{1b}'));
}

#[test]
fn on_and_off_may_be_written_as_older_yaml_reads_them() {
    for (word, on) in [("on", true), ("true", true), ("off", false), ("false", false)] {
        let scenario = loaded(&SMALL.replace("count: 1_000", &format!("count: 1_000, vivaldi: {word}")));
        assert_eq!(peer(&scenario).vivaldi().is_some(), on, "{word}");
    }
}

#[test]
fn defaults_of_parts_are_those_of_the_core() {
    use crate::spec::parts::{Gossip, HyParView, Plumtree, Swim, Vivaldi};
    use hypermesh_core::hypermesh::mesh::{gossip, hyparview, plumtree, swim, vivaldi};
    assert_eq!(Gossip::default().config(1), gossip::Config::default());
    assert_eq!(HyParView::default().config(), hyparview::Config::default());
    assert_eq!(Plumtree::default().config(), plumtree::Config::default());
    assert_eq!(Swim::default().config(None), swim::Config::wide_area());
    let cells = changed(SMALL, &[("groups.peer.swim.scope", "{cell: 100}")]);
    let config = peer(&cells).swim().map(|swim| swim.config(Some((7, 100))));
    assert_eq!(config, Some(swim::Config { scope: swim::Scope::Cell { first: 7, count: 100 }, ..swim::Config::default() }));
    assert_eq!(Vivaldi::default().config(), vivaldi::Config::default());
}

#[test]
fn every_example_in_a_message_is_one_that_can_be_read() {
    fn reads<T: Shape>() {
        let expects = T::expects();
        let sources = crate::read::Sources::default();
        let mut reader = crate::read::Reader::new(&sources);
        let node = crate::read::yaml::literal(&expects.example, crate::read::Location::NOWHERE);
        assert!(T::read(&node, &mut reader).is_some() && reader.problems.is_empty(), "{}: {:?}", expects.example, reader.problems);
    }
    use crate::spec::faults::{
        Churn, ClockSkew, Crash, DuplicateBurst, LatencySpike, LossBurst, OneWay, Partition, Pause, RegionLoss, ReorderBurst, Restart,
        Split, Wires,
    };
    reads::<Churn>();
    reads::<ClockSkew>();
    reads::<Crash>();
    reads::<DuplicateBurst>();
    reads::<LatencySpike>();
    reads::<LossBurst>();
    reads::<OneWay>();
    reads::<Partition>();
    reads::<Pause>();
    reads::<RegionLoss>();
    reads::<ReorderBurst>();
    reads::<Restart>();
    reads::<Split>();
    reads::<Wires>();
    reads::<Fault>();
    reads::<Load>();
    reads::<Group>();
    reads::<Place>();
    reads::<Paths>();
    reads::<crate::spec::Expect>();
    reads::<crate::spec::Network>();
    reads::<crate::spec::network::Access>();
    reads::<crate::spec::Scenario>();
}
