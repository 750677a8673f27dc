//! The measurements. They do not ship with the project: they are read from the folder that `HYPERMESH_RTT` names, or from `../shared/data/rtt` beside
//! the workspace. In CI their absence is a failure; elsewhere whoever needs them says that it did not run.

use flate2::read::GzDecoder;
use hypermesh_core::base::{Dice, Purpose, SeedKey, Span, Spot};
use hypermesh_core::stoq::routing::Config;
use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;
use std::path::PathBuf;

/// Round trips in slices of time.
pub(crate) struct World {
    pub(crate) name: &'static str,
    pub(crate) size: usize,
    /// Milliseconds from row to column in each slice; zero or NaN where none was measured.
    pub(crate) slices: Vec<Vec<f32>>,
    /// How long a slice lasts.
    pub(crate) lasts: Span,
    /// What geography says, ms; nothing without positions.
    pub(crate) geography: Option<Vec<f32>>,
    /// Slices to choose parameters by, and slices that are judged once.
    pub(crate) validation: Range<usize>,
    pub(crate) test: Range<usize>,
    /// Rounds of coordinates over their neighbours in each slice.
    pub(crate) rounds: u32,
    /// Requests of a client in each slice.
    pub(crate) requests: u32,
}

impl World {
    pub(crate) fn between(&self, time: usize, client: usize, server: usize) -> Option<f32> {
        let rtt = self.slices[time][client * self.size + server];
        (client != server && rtt > 0.0).then_some(rtt)
    }
}

/// The devices: 20 slices to train on, 10 to validate, 20 to test.
pub(crate) fn devices() -> Option<World> {
    let text = text("seattle99_first50slices.txt.gz")?;
    let numbers =
        |slice: &str| slice.split_ascii_whitespace().skip(1).map(|cell| cell.parse::<f32>().expect("seconds") * 1_000.0).collect();
    let slices: Vec<Vec<f32>> = text.split("# slice ").skip(1).map(numbers).collect();
    assert!(slices.len() == 50 && slices.iter().all(|slice| slice.len() == 99 * 99));
    // 688 slices in three hours.
    let lasts = Span::millis(15_700);
    Some(World { name: "devices", size: 99, slices, lasts, geography: None, validation: 20..30, test: 30..50, rounds: 20, requests: 16 })
}

/// The hosts: one slice, again and again.
pub(crate) fn hosts() -> Option<World> {
    let text = text("planetlab490_slice01.txt.gz")?;
    let slice: Vec<f32> = text.split_ascii_whitespace().map(|cell| cell.parse().expect("milliseconds")).collect();
    assert_eq!(slice.len(), 490 * 490);
    let (slices, lasts) = (vec![slice; 8], Span::secs(600));
    Some(World { name: "hosts", size: 490, slices, lasts, geography: None, validation: 4..6, test: 6..8, rounds: 100, requests: 8 })
}

/// The cities, with slices drawn from the least, the mean and the greatest round trip of each pair.
pub(crate) fn cities(seed: u64) -> Option<World> {
    const TIMES: usize = 12;
    let (rtt, places) = (text("wondernetwork_2018_city_rtt.csv.gz")?, text("wondernetwork_cities.csv")?);
    let mut dice = Dice::new(SeedKey::new(seed));
    let number = |cell: Option<&str>| cell.expect("a cell").parse::<f64>().expect("a number");
    let spots: BTreeMap<&str, Spot> = places
        .lines()
        .skip(1)
        .map(|line| {
            let mut cells = line.rsplitn(4, ',').skip(1);
            let (lon, lat) = (number(cells.next()), number(cells.next()));
            (cells.next().expect("a city").trim_matches('"'), Spot { lat, lon })
        })
        .collect();
    let index: BTreeMap<&str, usize> = spots.keys().enumerate().map(|(at, name)| (*name, at)).collect();
    let size = index.len();
    let mut slices = vec![vec![f32::NAN; size * size]; TIMES];
    for (row, line) in rtt.lines().skip(1).enumerate() {
        let (source, rest) = line.split_once(',').expect("a source city");
        let (destination, rest) = rest[1..].split_once('"').expect("a quoted destination");
        let named = index.iter().filter(|(name, _)| destination.strip_prefix(**name).is_some_and(|rest| rest.starts_with(' ')));
        let (Some(client), Some((_, server))) = (index.get(source.trim_matches('"')), named.max_by_key(|(name, _)| name.len())) else {
            continue;
        };
        let mut cells = rest.split(',').skip(2);
        let (mean, least, most) = (number(cells.next()), number(cells.next()), number(cells.next()));
        let mut draw = dice.draw(row as u32, Purpose::World, 0);
        for slice in &mut slices {
            slice[client * size + server] = (least + draw.exponential((mean - least).max(0.0))).min(most) as f32;
        }
    }
    let (config, spots) = (Config::default(), spots.into_values().collect::<Vec<_>>());
    let far = |from: Spot, to: Spot| config.prior_ms_base + config.prior_ms_per_km * from.distance_km(to) as f32;
    let geography = spots.iter().flat_map(|from| spots.iter().map(|to| far(*from, *to))).collect();
    let lasts = Span::secs(600);
    Some(World { name: "cities", size, slices, lasts, geography: Some(geography), validation: 6..8, test: 8..12, rounds: 100, requests: 8 })
}

/// The unpacked text of a file of measurements.
fn text(file: &str) -> Option<String> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/rtt");
    let path = std::env::var_os("HYPERMESH_RTT").map_or_else(beside, PathBuf::from).join(file);
    let Ok(packed) = std::fs::read(&path) else {
        assert!(std::env::var_os("CI").is_none(), "CI needs the measurements in {}", path.display());
        println!("DID NOT RUN: {} is absent", path.display());
        return None;
    };
    if !file.ends_with(".gz") {
        return Some(String::from_utf8(packed).expect("text"));
    }
    let mut text = String::new();
    GzDecoder::new(packed.as_slice()).read_to_string(&mut text).expect("gzipped text");
    Some(text)
}
