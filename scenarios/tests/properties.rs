//! Properties of loading: no bytes can hurt, and every valid scenario survives being written out and read again.

use hypermesh_scenarios::{Loaded, Overrides, load, load_text, schema};
use proptest::prelude::*;
use std::sync::LazyLock;

static VALIDATOR: LazyLock<jsonschema::Validator> = LazyLock::new(|| jsonschema::validator_for(&schema()).expect("the schema can be used"));

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_text_can_hurt_the_loader(text in "\\PC{0,200}") {
        told(load_text("any.yaml", &text, &Overrides::default()));
    }

    #[test]
    fn no_bytes_can_hurt_the_loader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let file = std::env::temp_dir().join(format!("hypermesh-any-{}.yaml", std::process::id()));
        std::fs::write(&file, bytes).expect("a file can be written");
        told(load(&file, &Overrides::default()));
        let _ = std::fs::remove_file(&file);
    }

    #[test]
    fn nothing_that_looks_like_yaml_can_hurt_the_loader(pieces in proptest::collection::vec(piece(), 0..40)) {
        told(load_text("any.yaml", &pieces.concat(), &Overrides::default()));
    }

    #[test]
    fn no_change_of_a_valid_scenario_can_hurt_the_loader(scenario in scenario(), at in any::<prop::sample::Index>(), piece in piece(), cut in 0usize..9) {
        let mut chars: Vec<char> = scenario.chars().collect();
        let at = at.index(chars.len());
        let end = (at + cut).min(chars.len());
        chars.splice(at..end, piece.chars());
        told(load_text("any.yaml", &chars.into_iter().collect::<String>(), &Overrides::default()));
    }

    #[test]
    fn no_override_can_hurt_the_loader(path in "[a-z0-9.]{0,12}|groups\\.peer\\.[a-z.0-9]{0,10}|faults\\.[0-9]{1,3}\\.[a-z]{0,5}", value in "\\PC{0,20}") {
        let overrides = Overrides { seed: None, set: vec![(path, value)] };
        told(load_text("any.yaml", SMALL, &overrides));
    }

    #[test]
    fn a_valid_scenario_survives_being_resolved(text in scenario()) {
        let first = load_text("generated.yaml", &text, &Overrides::default()).map_err(|report| TestCaseError::fail(format!("{report}\n{text}")))?;
        let resolved = first.resolved_yaml();
        let second = load_text("resolved.yaml", &resolved, &Overrides::default()).map_err(|report| TestCaseError::fail(format!("{report}\n{resolved}")))?;
        prop_assert_eq!(first.scenario.spelled_out(), second.scenario.clone());
        prop_assert_eq!(second.resolved_yaml(), resolved.clone());
        for yaml in [text, resolved] {
            let json: serde_json::Value = serde_saphyr::from_str(&yaml).map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert!(VALIDATOR.is_valid(&json), "{}", yaml);
        }
    }
}

const SMALL: &str =
    "version: 1\nname: a\ntime: {stop: 60s}\ngroups: {peer: {role: hypermesh-peer, count: 5}}\nfaults: [{crash: {at: 1s, nodes: 1}}]\n";

/// Whatever was found can be told, in every form.
fn told(result: Result<Loaded, hypermesh_scenarios::Report>) {
    match result {
        Ok(loaded) => drop((loaded.resolved_yaml(), loaded.report().render(true))),
        Err(report) => {
            assert!(report.errors() > 0, "a refusal without a reason");
            drop((report.render(false), report.render(true), report.to_json()));
        }
    }
}

/// A piece of something that looks like a scenario.
fn piece() -> impl Strategy<Value = String> {
    let words = [
        "version: 1\n",
        "name: a\n",
        "time: {stop: 60s}\n",
        "groups:\n",
        "  peer:\n",
        "    count: 5\n",
        "{",
        "}",
        "[",
        "]",
        ", ",
        ": ",
        "- ",
        "\n",
        "  ",
        "\t",
        "\"",
        "'",
        "|\n",
        ">\n",
        "#",
        "&a ",
        "*a",
        "!t ",
        "<<: *a\n",
        "---\n",
        "...\n",
        "%YAML 1.2\n",
        "? ",
        "~",
        "null",
        "on",
        "off",
        "1_000",
        "0o17",
        "5%",
        "1/s",
        "30s..60s",
        "extends: [preset:lan]\n",
        "expect:\n  - must: ",
        "that: \"p99(",
        "broadcast.delivery) < 3s\"",
        "faults:\n",
        "- crash: {at: 5s, nodes: 5}\n",
        "é",
        "🚀",
        "\u{feff}",
        "\r\n",
        "\u{0}",
    ];
    prop_oneof![9 => prop::sample::select(words.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,5}"]
}

/// A valid scenario of mesh peers.
fn scenario() -> impl Strategy<Value = String> {
    let network = prop_oneof![
        Just("{}".to_owned()),
        (0u32..100, 1u32..2_000).prop_map(|(loss, cities)| format!("{{paths: backbone, loss: {loss}.5%, cities: {cities}}}")),
        Just("{paths: cloud, access: {datacenter: 100%}}".to_owned()),
        (1u32..50, 0u32..50).prop_map(|(min, more)| format!("{{paths: {{uniform: {min}ms..{}ms}}, asymmetry: 3%}}", min + more)),
        Just(
            "{paths: {geography: {per_1000km: 6ms}}, access: {home: {share: 60%, down: 50Mbit, up: unlimited, last_mile: 2ms}, dsl: 40%}}"
                .to_owned()
        ),
    ];
    let place =
        prop::sample::select(vec!["population", "even", "{region: eu-west}", "{regions: {eu-west: 30%, us-east: 70%}}", "[paris, tokyo]"]);
    let parts = prop::sample::select(vec![
        "",
        ", vivaldi: on",
        ", swim: off",
        ", swim: {scope: {cell: 2}, lifeguard: off}",
        ", swim: {lifeguard: {buddy: off}, indirect: 0}",
        ", hyparview: {active: 8, passive: 20, shuffle_every: 3500ms}, plumtree: {optimise_hops: 3}",
    ]);
    let load = prop_oneof![
        (0u32..50).prop_map(|at| format!("broadcast: {{from: peer, at: {at}s}}")),
        (1u32..1_000, 1u32..90)
            .prop_map(|(rate, lasts)| format!("broadcast: {{from: peer, rate: {rate}/min, for: {lasts}s, arrivals: poisson, size: 3KiB}}")),
        (1u32..1_000).prop_map(|count| format!("broadcast: {{from: peer, every: 40ms, count: {count}}}")),
    ];
    let fault = prop_oneof![
        (0u32..50, 0u32..100).prop_map(|(at, share)| format!("crash: {{at: {at}s, nodes: {share}%, for: 5s, region: eu-west}}")),
        (0u32..50, 1u32..100)
            .prop_map(|(at, rate)| format!("churn: {{at: {at}s, for: 5s, rate: {rate}%/min, downtime: 1.25s, leave: 10%, group: peer}}")),
        (0u32..50).prop_map(|at| format!("partition: {{at: {at}s, for: 5s, split: {{regions: [eu-west, us-east]}}, oneway: on}}")),
        (0u32..50, 1u32..99)
            .prop_map(|(at, share)| format!("loss_burst: {{at: {at}s, for: 5s, loss: 20%, wires: {{across: {{share: {share}%}}}}}}")),
        (0u32..50).prop_map(|at| format!(
            "latency_spike: {{at: {at}s, for: 5s, factor: 2.5x, wires: {{oneway: {{from: [eu-west], to: [us-east]}}}}}}"
        )),
        (0u32..50).prop_map(|at| format!("clock_skew: {{at: {at}s, for: 5s, max: 200ms, drift: 50ppm, nodes: 1}}")),
        (0u32..50).prop_map(|at| format!("reorder_burst: {{at: {at}s, for: 5s, share: 1%, wires: {{touching: [eu-west]}}}}")),
        (0u32..50).prop_map(|at| format!("restart: {{at: {at}s}}")),
        (0u32..50).prop_map(|at| format!("pause: {{at: {at}s, for: 1s, nodes: 2}}")),
    ];
    let expect = prop::sample::select(vec![
        "must: {that: \"p99(broadcast.delivery) < 3s\", during: 10s..20.5s, covers: [HM-1]}",
        "should: \"coverage(broadcast) >= 99%\"",
        "eventually: {that: \"rate(net.sent) > 0/s\", within: 5s}",
        "sometimes: net.sent > 0",
    ]);
    let lists = (prop::collection::vec(load, 0..3), prop::collection::vec(fault, 0..4), prop::collection::vec(expect, 0..3));
    (any::<u64>(), 2u32..5_000_000, 0u32..60, network, place, parts, lists).prop_map(|(seed, count, over, network, place, parts, (loads, faults, expect))| {
        let list = |name: &str, items: &[String]| match items {
            [] => String::new(),
            items => format!("{name}:\n{}", items.iter().map(|item| format!("  - {item}\n")).collect::<String>()),
        };
        let expect: Vec<String> = expect.into_iter().map(str::to_owned).collect();
        format!(
            "version: 1\nname: generated\nabout: \"a text: with # and 'quotes'\"\nseed: {seed}\ntime: {{warmup: 1s, stop: 100s}}\nnetwork: {network}\ngroups:\n  peer: {{role: hypermesh-peer, count: {count}, place: {place}, join: {{over: {over}s, shape: linear}}{parts}}}\n{}{}{}",
            list("workload", &loads),
            list("faults", &faults),
            list("expect", &expect),
        )
    })
}
