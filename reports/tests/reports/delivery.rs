//! The page of a run of layer 1 says what the run's own metrics say. The runs are real ones, small.

use crate::common::{plan, reproduce, trace};
use hypermesh_reports::{Run, delivery, numbers, read, write};
use hypermesh_scenarios::{Overrides, load};
use hypermesh_sim::{Options, Silent};
use std::path::Path;
use std::sync::OnceLock;

struct Kept {
    run: Run,
    html: String,
    plots: Vec<String>,
}

/// A lost region of edges, with few clients.
fn kept() -> &'static Kept {
    static KEPT: OnceLock<Kept> = OnceLock::new();
    KEPT.get_or_init(|| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/stoq/region-loss.yaml");
        let set = [
            ("groups.client.count", "60"),
            ("groups.edge.count", "12"),
            ("workload.0.requests.rate", "4/s"),
            ("workload.0.requests.objects.items", "10"),
            ("network.loss", "1%"),
        ];
        let set = set.map(|(path, value)| (path.to_owned(), value.to_owned())).to_vec();
        let loaded = load(&file, &Overrides { seed: None, set }).unwrap_or_else(|report| panic!("{report}"));
        let plan = hypermesh_scenarios::plan(&loaded).unwrap_or_else(|report| panic!("{report}"));
        let trace = hypermesh_sim::run(&plan, &Options { threads: 1, ..Options::default() }, &Silent).expect("it runs");
        let folder = tempfile::tempdir().unwrap();
        let directory = write(&plan, &trace, folder.path(), &reproduce()).unwrap();
        let plots = std::fs::read_dir(directory.join("plots")).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        Kept {
            run: read(&directory).unwrap(),
            html: std::fs::read_to_string(directory.join("report.html")).unwrap().replace("&#x2f;", "/"),
            plots: plots.collect(),
        }
    })
}

#[track_caller]
fn assert_said(text: &str) {
    assert!(kept().html.contains(text), "the page does not say `{text}`");
}

#[test]
fn tiers_add_up_to_the_counters_of_the_run() {
    let run = &kept().run;
    let tiers = delivery::tiers(run);
    assert_eq!(tiers.iter().map(|tier| tier.group.as_str()).collect::<Vec<_>>(), ["edge", "origin"]);
    let served: u64 = tiers.iter().map(|tier| tier.served().count + tier.names).sum();
    let counted = ["serve.memory", "serve.disk", "serve.upstream", "serve.origin"].map(|name| run.counter(name)).iter().sum::<u64>();
    assert_eq!(served, counted);
    assert_eq!(tiers[0].served().bytes, run.counter("serve.cache_bytes"));
    assert_eq!(tiers[1].served().bytes, run.counter("serve.origin_bytes"));
    let ratio = (tiers[0].memory.count + tiers[0].disk.count) as f64 / tiers[0].served().count as f64;
    assert!(ratio > 0.0 && ratio < 1.0, "{ratio}");
    assert_said(&format!("<td>{}</td>", numbers::percent(ratio)));
    assert_eq!(tiers[1].hit_ratio(), None, "an origin has everything");
}

#[test]
fn what_origins_were_spared_is_told_in_bytes() {
    let run = &kept().run;
    let offload = delivery::offload(run).unwrap();
    assert_eq!(offload.origin, run.counter("serve.origin_bytes"));
    assert!(offload.taken >= run.counter("fetch.bytes"), "manifests come on top of objects");
    let (taken, origin) = (numbers::bytes(offload.taken as f64), numbers::bytes(offload.origin as f64));
    let share = numbers::percent(1.0 - offload.origin as f64 / offload.taken as f64);
    assert_said(&format!("Clients took {taken} of contents, and the origins served {origin}: {share} was offloaded from them."));
}

#[test]
fn fetches_are_told_by_region_and_by_stage() {
    let run = &kept().run;
    let fetches = delivery::fetches(run);
    let whole = run.whole("fetch.latency").unwrap();
    assert_eq!((fetches[0].whole.count(), &fetches[0].whole), (run.counter("fetch.done"), &whole));
    assert!(fetches.len() > 2, "clients are in several regions");
    assert!(fetches.iter().skip(1).all(|row| row.stages.iter().all(|stage| stage.count() == row.whole.count())));
    let connect = run.whole("fetch.connect").unwrap();
    let at = |q: f64| numbers::time(connect.quantile(q).unwrap() as f64);
    assert_said(&format!("<td>{} / {}</td>", at(0.5), at(0.99)));
    let slowest = fetches.iter().skip(1).max_by_key(|row| row.whole.quantile(0.99)).unwrap();
    assert_said(&format!("<td>{}</td>", slowest.region.as_deref().unwrap()));
    assert_said(&format!("<td>{}</td>", numbers::time(slowest.whole.quantile(0.99).unwrap() as f64)));
}

#[test]
fn layers_are_all_bytes_on_the_wires() {
    let run = &kept().run;
    let layers = delivery::layers(run).unwrap();
    assert_eq!(layers.sum(), run.counter("net.bytes"));
    assert!(layers.bytes.iter().all(|bytes| *bytes > 0), "with loss something is sent again: {layers:?}");
    for name in ["bytes.content", "bytes.frames", "bytes.again", "bytes.quic", "bytes.headers", "net.bytes"] {
        assert_said(&format!("<td>{}</td>", numbers::bytes(run.counter(name) as f64)));
    }
}

#[test]
fn whom_clients_chose_is_told_for_each_pair_of_regions() {
    let run = &kept().run;
    let choices = delivery::choices(run);
    let taken: u64 = choices.iter().map(|choice| choice.bytes).sum();
    assert_eq!(taken, delivery::offload(run).unwrap().taken);
    let opened: u64 = choices.iter().map(|choice| choice.connections).sum();
    assert!(opened > 0 && opened <= run.counter("quic.connected"), "edges open connections too");
    let mut regions: Vec<u16> = choices.iter().map(|choice| choice.region).collect();
    regions.sort_unstable();
    regions.dedup();
    for region in regions {
        let share: f64 = choices.iter().filter(|choice| choice.region == region).map(|choice| choice.share).sum();
        assert!((share - 1.0).abs() < 1e-9, "{share}");
    }
    let (first, name) = (&choices[0], |region: u16| run.manifest.regions[usize::from(region)].clone());
    let row = format!("<td>{}</td><td class=\"say\">{}</td><td>{}</td>", name(first.region), name(first.to_region), first.connections);
    assert_said(&row);
}

#[test]
fn each_section_has_its_plot_and_faults_tell_of_fetches() {
    let kept = kept();
    for plot in ["fetch-cdf", "fetch-over-time", "fetch-regions", "routing", "hit-ratio", "bytes-by-layer", "map"] {
        assert!(kept.plots.contains(&format!("{plot}.svg")), "{plot}: {:?}", kept.plots);
        assert_said(&format!("id=\"plot-{plot}\""));
    }
    assert_said("<th>dropped</th><th>fetches</th>");
    for word in ["NaN", "inf ", "n/a", "broadcast was", "The workload has no broadcasts"] {
        assert!(!kept.html.contains(word), "{word}");
    }
}

#[test]
fn a_run_without_layer_1_has_no_such_section() {
    let plan = plan("sample", 500, 7);
    let folder = tempfile::tempdir().unwrap();
    let directory = write(&plan, &trace(&plan), folder.path(), &reproduce()).unwrap();
    let html = std::fs::read_to_string(directory.join("report.html")).unwrap();
    for absent in ["id=\"delivery\"", "plot-routing", "plot-hit-ratio", "Hit ratio", "nothing was fetched"] {
        assert!(!html.contains(absent), "{absent}");
    }
}

#[test]
fn a_run_of_before_these_tables_is_read_without_them() {
    let plan = plan("sample", 500, 7);
    let folder = tempfile::tempdir().unwrap();
    let directory = write(&plan, &trace(&plan), folder.path(), &reproduce()).unwrap();
    for table in ["serving.parquet", "routes.parquet"] {
        std::fs::remove_file(directory.join(table)).unwrap();
    }
    assert!(read(&directory).is_err(), "a table that the run says it has is missed");
    let file = directory.join("run.json");
    let mut manifest: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let tables = manifest["tables"].as_object_mut().unwrap();
    tables.retain(|name, _| name != "serving.parquet" && name != "routes.parquet");
    std::fs::write(&file, manifest.to_string()).unwrap();
    assert!(read(&directory).unwrap().routes.is_empty());
}
