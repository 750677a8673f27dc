//! The report of `bench scale`: ratios, exponents and files.

use hypermesh_reports::bench::{Arm, Row, fits, ratios, write};

fn row(load: &str, arm: Arm, nodes: u64, threads: u32, ns_per_message: f64) -> Row {
    let messages = nodes * 8;
    Row {
        load: load.to_owned(),
        arm,
        nodes,
        threads,
        messages,
        wall_ns: (messages as f64 * ns_per_message) as u64,
        bytes_per_node: 212.0,
        peak_rss_bytes: 400_000_000,
        note: None,
    }
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for nodes in [10_000u64, 100_000, 1_000_000] {
        // Cost grows as the square root of a tenth of the size's exponent: 200 ns, times 10^0.1 per decade.
        let engine = 200.0 * (nodes as f64 / 10_000.0).powf(0.1);
        rows.push(row("gossip", Arm::Ceiling, nodes, 1, 160.0));
        rows.push(row("gossip", Arm::Engine, nodes, 1, engine));
        rows.push(row("gossip", Arm::Engine, nodes, 2, engine / 1.7));
        rows.push(row("gossip", Arm::Madsim, nodes, 1, 10_000.0));
        rows.push(row("token", Arm::Engine, nodes, 1, 230.0));
    }
    let hangs =
        Row { messages: 0, wall_ns: 0, note: Some("hangs above 30 k nodes".to_owned()), ..row("token", Arm::Madsim, 100_000, 1, 1.0) };
    rows.push(hangs);
    rows
}

#[test]
fn the_exponent_of_cost_is_fitted() {
    let fits = fits(&rows());
    let gossip = fits.iter().find(|fit| fit.load == "gossip" && fit.arm == Arm::Engine && fit.threads == 1).unwrap();
    assert!((gossip.exponent - 0.1).abs() < 1e-6, "{gossip:?}");
    assert!((gossip.growth - 10f64.powf(0.2)).abs() < 1e-6);
    let token = fits.iter().find(|fit| fit.load == "token" && fit.arm == Arm::Engine).unwrap();
    assert!(token.exponent.abs() < 1e-6);
    assert!(!fits.iter().any(|fit| fit.load == "token" && fit.arm == Arm::Madsim), "one size or none cannot be fitted");
}

#[test]
fn ratios_compare_the_same_load_and_size() {
    let ratios = ratios(&rows());
    let one = ratios.iter().find(|ratio| ratio.load == "gossip" && ratio.nodes == 10_000 && ratio.threads == 1).unwrap();
    assert!((one.to_ceiling.unwrap() - 0.8).abs() < 1e-3);
    assert!((one.to_madsim.unwrap() - 50.0).abs() < 1e-3);
    assert_eq!(one.speedup, None);
    let two = ratios.iter().find(|ratio| ratio.load == "gossip" && ratio.nodes == 1_000_000 && ratio.threads == 2).unwrap();
    assert!((two.speedup.unwrap() - 1.7).abs() < 1e-3);
    let token = ratios.iter().find(|ratio| ratio.load == "token" && ratio.nodes == 100_000).unwrap();
    assert_eq!((token.to_ceiling, token.to_madsim), (None, None));
}

#[test]
fn the_files_agree_with_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let files = write(&rows(), folder.path(), "hypermesh bench scale", "0.1.0").unwrap();
    let names: Vec<_> = files.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["bench-scale.json", "bench-scale.md", "bench-scale.html", "bench-gossip.svg", "bench-token.svg"]);
    let text = |index: usize| std::fs::read_to_string(&files[index]).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text(0)).unwrap();
    assert_eq!(json["rows"].as_array().unwrap().len(), 16);
    assert_eq!(json["mode"], "measured");
    assert!((json["rates"][1]["msg_per_s"].as_f64().unwrap() - 5e6).abs() < 1.0);
    assert!(text(1).contains("| gossip | engine | 10,000 | 80 k | 16 ms | 5 M | 200 ns |"), "{}", text(1));
    assert!(text(1).contains("hangs above 30 k nodes") && text(1).contains("+0.100"));
    assert!(text(2).contains("<svg") && text(2).contains("+0.100") && !text(2).contains("NaN"));
    let entries: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(entries.len(), 5, "no temporary file is left");
}
