//! The shipped latency model against round trips that others measured between 242 cities (WonderNetwork, 2018). The measurements do not ship with the
//! project: they are read beside it. Without them the test says that it did not run; on the build server it then fails.

use hypermesh_core::base::Spot;
use hypermesh_scenarios::network::backbone::{self, Site};
use hypermesh_scenarios::network::cities;
use hypermesh_scenarios::spec::network::AccessClass;
use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

/// A city of the measurements: its name, where it is, and its country (as the measurements write it; it is only compared).
#[derive(Clone)]
struct City {
    name: String,
    spot: Spot,
    country: String,
}

/// A measured path between two cities: its ends, its great-circle distance, its mean round trip.
struct Trip {
    ends: [usize; 2],
    km: f64,
    ms: f64,
}

struct Measured {
    cities: Vec<City>,
    paths: Vec<Trip>,
}

#[test]
fn the_latency_model_is_near_to_what_was_measured_between_242_cities() {
    let Some(measured) = Measured::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/rtt")) else { return };
    assert_eq!(measured.cities.len(), 242);
    let model = measured.model(&measured.cities.iter().map(|city| city.spot).collect::<Vec<_>>());
    let line = measured.great_circle_line();

    println!("relative error of round trips, {} directed paths; median and 90th percentile", measured.paths.len());
    for (what, times) in [
        ("great-circle line", &line),
        ("shipped model", &model),
        ("shipped model, from the nearest of 300 places", &measured.model(&measured.snapped(300))),
    ] {
        let [fitted, other, all] = measured.errors(times);
        println!("{what}: all {all}, fitted half {fitted}, other half {other}");
    }
    for errors in measured.errors(&model) {
        assert!(errors.median <= 0.18, "median relative error {errors}");
        assert!(errors.p90 <= 0.45, "90th percentile of the relative error {errors}");
    }
}

impl Measured {
    /// The measurements in a folder; none, with a word about it, where there are none.
    fn read(folder: &Path) -> Option<Self> {
        let (times, cities) = (folder.join("wondernetwork_2018_city_rtt.csv.gz"), folder.join("wondernetwork_cities.csv"));
        if !times.exists() || !cities.exists() {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "the measurements are missing: {}", folder.display());
            println!("did not run: there are no measurements at {}", folder.display());
            return None;
        }
        let mut text = String::new();
        flate2::read::GzDecoder::new(std::fs::File::open(times).expect("it exists")).read_to_string(&mut text).expect("it is whole");
        Some(Self::parse(&text, &std::fs::read_to_string(cities).expect("it exists")))
    }

    fn parse(times: &str, cities: &str) -> Self {
        let mut spots: BTreeMap<String, Spot> = cities.lines().skip(1).filter_map(position).collect();
        // One city of the measurements is not in the list: the port of Amsterdam.
        spots.insert("Westpoort".to_owned(), Spot { lat: 52.39, lon: 4.80 });
        let mut cities: Vec<City> = spots.into_iter().map(|(name, spot)| City { name, spot, country: String::new() }).collect();
        let mut paths = Vec::new();
        let mut destinations: BTreeMap<&str, Option<usize>> = BTreeMap::new();
        for line in times.lines().skip(1) {
            let (from, rest) = line.split_once(",\"").expect("a destination is quoted");
            let (to, numbers) = rest.split_once("\",").expect("a destination is quoted");
            let from = cities.binary_search_by(|city| city.name.as_str().cmp(&from.replace('+', " ")));
            let to_index = destinations.entry(to).or_insert_with(|| {
                let index = cities.iter().position(|city| to.starts_with(&format!("{} ", city.name)))?;
                cities[index].country = to[cities[index].name.len() + 1..].to_owned();
                Some(index)
            });
            let (Ok(from), Some(to)) = (from, *to_index) else { continue };
            let numbers: Vec<f64> = numbers.split(',').map(|cell| cell.parse().expect("a number")).collect();
            if from != to {
                paths.push(Trip { ends: [from, to], km: numbers[0], ms: numbers[1] });
            }
        }
        let mut measured = Self { cities, paths };
        measured.correct_positions();
        measured
    }

    /// The list of positions has some namesakes (Halifax in England for the one in Canada). The measurements tell the right distances, so a city whose
    /// position does not agree with them gets that of the city of the world which agrees best.
    fn correct_positions(&mut self) {
        let off = |at: Spot, city: usize, cities: &[City], paths: &[&Trip]| {
            let mut off: Vec<f64> = paths
                .iter()
                .filter(|path| path.ends[0] == city)
                .map(|path| (at.distance_km(cities[path.ends[1]].spot) - path.km).abs())
                .collect();
            off.sort_by(f64::total_cmp);
            off.get(off.len() / 2).copied().unwrap_or_default()
        };
        let all: Vec<&Trip> = self.paths.iter().collect();
        let wrong: Vec<usize> =
            (0..self.cities.len()).filter(|city| off(self.cities[*city].spot, *city, &self.cities, &all) > 25.0).collect();
        assert!(wrong.len() < 25, "{} positions are wrong", wrong.len());
        let world = cities::all();
        for city in &wrong {
            // Half a dozen distances tell a place on the globe well enough.
            let trusted: Vec<&Trip> =
                self.paths.iter().filter(|path| path.ends[0] == *city && !wrong.contains(&path.ends[1])).step_by(37).collect();
            let score =
                |spot: Spot| trusted.iter().map(|path| (spot.distance_km(self.cities[path.ends[1]].spot) - path.km).abs()).sum::<f64>();
            let best =
                world.iter().map(|candidate| candidate.spot).min_by(|a, b| score(*a).total_cmp(&score(*b))).expect("the world has cities");
            self.cities[*city].spot = best;
        }
    }

    /// The position of the place of the shipped map that is nearest to each city.
    fn snapped(&self, places: usize) -> Vec<Spot> {
        let metros = cities::metros(places);
        let nearest = |spot: Spot| metros.iter().map(|metro| metro.spot).min_by(|a, b| a.distance_km(spot).total_cmp(&b.distance_km(spot)));
        self.cities.iter().map(|city| nearest(city.spot).expect("there are places")).collect()
    }

    /// The model's round trip of every path, between servers at the given positions.
    fn model(&self, spots: &[Spot]) -> Vec<f64> {
        let sites: Vec<Site> =
            self.cities.iter().zip(spots).map(|(city, spot)| Site { country: city.country.clone(), spot: *spot }).collect();
        let one_way_ns = backbone::one_way_ns(&sites);
        let last_mile = AccessClass::built_in("datacenter").expect("it is built in").last_mile.span();
        let round_trip = |[from, to]: [usize; 2]| {
            let there = u64::from(one_way_ns[from * sites.len() + to]) + 2 * last_mile.0;
            let back = u64::from(one_way_ns[to * sites.len() + from]) + 2 * last_mile.0;
            (there + back) as f64 / 1e6
        };
        self.paths.iter().map(|path| round_trip(path.ends)).collect()
    }

    /// The line through all paths by least squares, as the plainest model there is.
    fn great_circle_line(&self) -> Vec<f64> {
        let n = self.paths.len() as f64;
        let mean = |value: &dyn Fn(&Trip) -> f64| self.paths.iter().map(value).sum::<f64>() / n;
        let (km, ms) = (mean(&|path| path.km), mean(&|path| path.ms));
        let slope = mean(&|path| (path.km - km) * (path.ms - ms)) / mean(&|path| (path.km - km) * (path.km - km));
        self.paths.iter().map(|path| ms + slope * (path.km - km)).collect()
    }

    /// Errors on paths between cities of the half that the model was fitted on, on those between cities of the other half, and on all.
    fn errors(&self, times: &[f64]) -> [Errors; 3] {
        // In the order of the file's names, which have a plus for a blank.
        let mut order: Vec<usize> = (0..self.cities.len()).collect();
        order.sort_by_key(|city| self.cities[*city].name.replace(' ', "+"));
        let mut half = vec![0; order.len()];
        order.iter().enumerate().for_each(|(place, city)| half[*city] = place % 2);
        let of = |keep: &dyn Fn(usize, usize) -> bool| {
            let kept = self.paths.iter().zip(times).filter(|(path, _)| keep(half[path.ends[0]], half[path.ends[1]]));
            Errors::of(kept.map(|(path, ms)| (ms - path.ms).abs() / path.ms).collect())
        };
        [of(&|from, to| from == 0 && to == 0), of(&|from, to| from == 1 && to == 1), of(&|_, _| true)]
    }
}

#[derive(Clone, Copy)]
struct Errors {
    median: f64,
    p90: f64,
}

impl Errors {
    fn of(mut errors: Vec<f64>) -> Self {
        errors.sort_by(f64::total_cmp);
        Self { median: errors[errors.len() / 2], p90: errors[errors.len() * 9 / 10] }
    }
}

impl std::fmt::Display for Errors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.3} / {:.3}", self.median, self.p90)
    }
}

fn position(line: &str) -> Option<(String, Spot)> {
    let cells: Vec<&str> = line.split(',').collect();
    Some((cells.first()?.to_string(), Spot { lat: cells.get(1)?.parse().ok()?, lon: cells.get(2)?.parse().ok()? }))
}
