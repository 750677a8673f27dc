//! What learning gains on measured round trips, against geography alone, coordinates, and an oracle that knows the future.
//!
//! **Cities** (WonderNetwork, November 2018): 242 cities with positions, and for each pair the least, the mean and the greatest of several pings. Slices
//! of time are drawn from these three, one after the other from one seed; the last third is never trained on. Every city is a client and a server; a
//! request is between a client and 16 servers of which one is chosen. Vivaldi gets as many samples as the learner.
//!
//! **Devices** (Seattle, Zhu et al. 2017): 99 devices in 50 slices that were really measured one after the other, without positions: there is no
//! geography to compare with, so the bar is higher: the learner has to close half of the gap between Vivaldi and the oracle. The last 20 slices are
//! never trained on.
//!
//! The data does not ship with the project: it is read from the folder that `HYPERMESH_RTT` names, or from `../shared/data/rtt` beside the workspace. In
//! CI its absence is a failure; elsewhere the test says that it did not run.

use flate2::read::GzDecoder;
use hypermesh_core::base::{Dice, Purpose, SeedKey, Span, Spot};
use hypermesh_core::hypermesh::mesh::vivaldi::{self, Coordinate, direction};
use hypermesh_core::stoq::routing::Config;
use hypermesh_core::stoq::routing::predict::{self, Predictor, Row};
use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

/// Servers among which one is chosen.
const CANDIDATES: usize = 16;
/// Neighbours with which coordinates are learnt, and rounds over them in each slice.
const NEIGHBOURS: usize = 32;
const ROUNDS_A_SLICE: u32 = 20;

/// Round trips in milliseconds at each time; NaN where none was measured.
struct Slices {
    size: usize,
    at: Vec<Vec<f32>>,
}

impl Slices {
    fn between(&self, time: usize, client: usize, server: usize) -> Option<f32> {
        let rtt = self.at[time][client * self.size + server];
        (client != server && rtt > 0.0).then_some(rtt)
    }
}

/// What a way of choosing cost: the latency of each choice, and how much longer than the best it was.
#[derive(Default)]
struct Outcome {
    latency_ms: Vec<f32>,
    regret_ms: f64,
}

impl Outcome {
    fn add(&mut self, chosen: f32, best: f32) {
        self.latency_ms.push(chosen);
        self.regret_ms += f64::from(chosen - best);
    }

    fn mean_regret(&self) -> f64 {
        self.regret_ms / self.latency_ms.len() as f64
    }

    fn print(&mut self, name: &str) {
        self.latency_ms.sort_by(f32::total_cmp);
        let (len, sum) = (self.latency_ms.len(), self.latency_ms.iter().map(|ms| f64::from(*ms)).sum::<f64>());
        let p99 = self.latency_ms[len * 99 / 100];
        println!("  {name:12} mean {:7.2} ms, p99 {p99:7.2} ms, mean regret {:6.2} ms", sum / len as f64, self.mean_regret());
    }
}

/// Both learners, trained on the same requests.
struct Trained {
    rows: Vec<Row>,
    predictor: Predictor,
    coordinates: Vec<Coordinate>,
}

impl Trained {
    /// Nobody has learnt anything.
    fn nothing(size: usize) -> Self {
        Self { rows: vec![Row::default(); size], predictor: Predictor::default(), coordinates: vec![Coordinate::default(); size] }
    }

    /// Learns from one slice. Coordinates move by rounds over up to 32 fixed neighbours, as in a mesh, and each round measures it anew. Then every
    /// client makes some requests, and learns from the server that it chose. Without priors, the distances of the coordinates take their place.
    fn learn(&mut self, slices: &Slices, time: usize, requests: u32, priors: Option<&[f32]>, dice: &mut Dice, config: &predict::Config) {
        let (size, rules) = (slices.size, vivaldi::Config::default());
        for client in 0..size {
            let mut neighbours: Vec<usize> = (0..size).filter(|peer| slices.between(time, client, *peer).is_some()).collect();
            dice.draw(client as u32, Purpose::Exchange, 0).sample_to_front(&mut neighbours, NEIGHBOURS);
            neighbours.truncate(NEIGHBOURS);
            for (round, peer) in (0..ROUNDS_A_SLICE).flat_map(|round| neighbours.iter().map(move |peer| (round, *peer))) {
                let rtt = slices.between(time, client, peer).expect("a neighbour was measured");
                let other = self.coordinates[peer];
                let turn = || direction(&mut dice.draw(client as u32, Purpose::Direction, round));
                self.coordinates[client].observe(&other, Span((f64::from(rtt) * 1e6) as u64), &rules, None, turn);
            }
        }
        if priors.is_none() {
            let coordinates = &self.coordinates;
            set_priors(&mut self.rows, |client, server| coordinates[client].distance_ms(&coordinates[server]).max(0.1));
        }
        for position in (0..requests).map(|request| time as u32 * requests + request) {
            for client in 0..size {
                let some = candidates(slices, time, client, dice, position);
                let Some(chosen) = best(&some, |server| self.predictor.predict(&self.rows[client], server, config)) else { continue };
                let rtt = slices.between(time, client, chosen).expect("a candidate was measured");
                self.predictor.observe(&mut self.rows[client], chosen, rtt, config);
            }
        }
    }
}

fn set_priors(rows: &mut [Row], prior: impl Fn(usize, usize) -> f32) {
    let size = rows.len();
    for (client, row) in rows.iter_mut().enumerate() {
        (0..size).for_each(|server| row.set_prior(server, prior(client, server)));
    }
}

/// The servers of a request: some that were measured at that time.
fn candidates(slices: &Slices, time: usize, client: usize, dice: &mut Dice, position: u32) -> Vec<usize> {
    let mut draw = dice.draw(client as u32, Purpose::Peer, position);
    let mut some = Vec::with_capacity(CANDIDATES);
    for _ in 0..30 {
        let server = draw.index(slices.size);
        if some.len() < CANDIDATES && !some.contains(&server) && slices.between(time, client, server).is_some() {
            some.push(server);
        }
    }
    some
}

fn best(some: &[usize], cost: impl Fn(usize) -> f32) -> Option<usize> {
    some.iter().copied().min_by(|a, b| cost(*a).total_cmp(&cost(*b)).then(a.cmp(b)))
}

/// The ways of choosing that are compared.
#[derive(Default)]
struct Judged {
    geography: Outcome,
    coordinates: Outcome,
    learner: Outcome,
    oracle: Outcome,
}

impl Judged {
    /// Chooses in a slice that nobody has learnt from: all of them on the same requests.
    fn judge(&mut self, slices: &Slices, time: usize, trained: &Trained, priors: Option<&[f32]>, dice: &mut Dice) {
        let config = predict::Config { optimism_ms: 0.0, ..predict::Config::default() };
        for client in 0..slices.size {
            let some = candidates(slices, time, client, dice, 1 << 20 | time as u32);
            if some.len() < 2 {
                continue;
            }
            let truth = |server: usize| slices.between(time, client, server).expect("a candidate was measured");
            let least = truth(best(&some, truth).expect("some"));
            let far = |server: usize| priors.map_or(0.0, |priors| priors[client * slices.size + server]);
            let apart = |server: usize| trained.coordinates[client].distance_ms(&trained.coordinates[server]);
            let learnt = |server: usize| trained.predictor.predict(&trained.rows[client], server, &config);
            let Self { geography, coordinates, learner, oracle } = self;
            for (outcome, chosen) in [
                (geography, best(&some, far)),
                (coordinates, best(&some, apart)),
                (learner, best(&some, learnt)),
                (oracle, best(&some, truth)),
            ] {
                outcome.add(truth(chosen.expect("some")), least);
            }
        }
    }
}

#[test]
fn learning_closes_half_of_the_gap_between_geography_and_an_oracle_among_cities() {
    let (Some(rtt), Some(places)) = (data("wondernetwork_2018_city_rtt.csv.gz"), data("wondernetwork_cities.csv")) else { return };
    let (training, requests) = (8, 8);
    let mut dice = Dice::new(SeedKey::new(11));
    let (slices, spots) = cities(&rtt, &places, training + 4, &mut dice);
    let size = slices.size;
    let config = Config { predict: predict::Config { optimism_ms: 10.0, ..predict::Config::default() }, ..Config::default() };
    let mut priors = vec![0.0; size * size];
    for client in 0..size {
        for server in 0..size {
            priors[client * size + server] =
                config.prior_ms_base + config.prior_ms_per_km * spots[client].distance_km(spots[server]) as f32;
        }
    }
    let mut trained = Trained::nothing(size);
    set_priors(&mut trained.rows, |client, server| priors[client * size + server]);
    (0..training).for_each(|time| trained.learn(&slices, time, requests, Some(&priors), &mut dice, &config.predict));
    let mut judged = Judged::default();
    (training..slices.at.len()).for_each(|time| judged.judge(&slices, time, &trained, Some(&priors), &mut dice));
    println!(
        "cities: {size}, best of {CANDIDATES}, {} requests a client learnt from, {} judged",
        training as u32 * requests,
        judged.learner.latency_ms.len()
    );
    judged.geography.print("geography");
    judged.coordinates.print("coordinates");
    judged.learner.print("learned");
    judged.oracle.print("oracle");
    let Judged { geography, coordinates, learner, .. } = judged;
    let closed = 1.0 - learner.mean_regret() / geography.mean_regret();
    println!("  the learner closes {:.1} % of the gap", closed * 100.0);
    assert!(closed >= 0.5, "only {closed:.3} of the gap is closed");
    assert!(learner.mean_regret() < coordinates.mean_regret(), "coordinates alone are better");
}

#[test]
fn learning_closes_half_of_the_gap_between_coordinates_and_an_oracle_among_devices() {
    let Some(text) = data("seattle99_first50slices.txt.gz") else { return };
    let slices = devices(&text);
    assert_eq!((slices.size, slices.at.len()), (99, 50));
    let (training, requests) = (30, 16);
    let exploring = predict::Config { optimism_ms: 20.0, ..predict::Config::default() };
    for online in [false, true] {
        let mut dice = Dice::new(SeedKey::new(11));
        let (mut trained, mut judged) = (Trained::nothing(slices.size), Judged::default());
        (0..training).for_each(|time| trained.learn(&slices, time, requests, None, &mut dice, &exploring));
        for time in training..slices.at.len() {
            judged.judge(&slices, time, &trained, None, &mut dice);
            if online {
                trained.learn(&slices, time, requests, None, &mut dice, &exploring);
            }
        }
        let way = if online { "learning goes on" } else { "learning ended" };
        println!(
            "devices: best of {CANDIDATES}, {requests} requests a client and slice, {way}, {} judged",
            judged.learner.latency_ms.len()
        );
        judged.coordinates.print("coordinates");
        judged.learner.print("learned");
        judged.oracle.print("oracle");
        let closed = 1.0 - judged.learner.mean_regret() / judged.coordinates.mean_regret();
        println!("  the learner closes {:.1} % of the gap", closed * 100.0);
        assert!(!online || closed >= 0.5, "only {closed:.3} of the gap is closed");
    }
}

/// The table of cities: slices drawn from the least, the mean and the greatest round trip of each pair, and where the cities are.
fn cities(rtt: &str, places: &str, times: usize, dice: &mut Dice) -> (Slices, Vec<Spot>) {
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
    let mut at = vec![vec![f32::NAN; size * size]; times];
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
        for slice in &mut at {
            slice[client * size + server] = (least + draw.exponential((mean - least).max(0.0))).min(most) as f32;
        }
    }
    (Slices { size, at }, spots.into_values().collect())
}

/// Slices of devices, each after a line "# slice N", in seconds.
fn devices(text: &str) -> Slices {
    let slices = text.split("# slice ").skip(1);
    let numbers =
        |slice: &str| slice.split_ascii_whitespace().skip(1).map(|cell| cell.parse::<f32>().expect("seconds") * 1_000.0).collect();
    Slices { size: 99, at: slices.map(numbers).collect() }
}

/// The unpacked text of a file of measurements, or nothing where it is absent (never in CI).
fn data(file: &str) -> Option<String> {
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
