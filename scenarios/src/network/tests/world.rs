//! The world as it ships.

use super::super::{Map, PLACES_MAX, WITHIN_PLACE_NS, backbone, cities, cloud, regions, synthetic};
use hypermesh_core::base::{Mixer, Span, Spot};

fn check(map: &Map) {
    let places = map.places.len();
    assert_eq!((map.population.len(), map.one_way_ns.len()), (places, places * places));
    assert!(map.one_way_ns.iter().all(|ns| *ns > 0), "every delay is above zero");
    assert!(map.places.iter().all(|place| usize::from(place.region) < map.regions.len()));
    assert!(map.population.iter().any(|people| *people > 0));
    let mut names: Vec<&str> = map.places.iter().map(|place| place.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), places, "names differ");
}

fn symmetric(map: &Map) -> bool {
    let places = map.places.len();
    (0..places).all(|from| (0..places).all(|to| map.one_way_ns(from, to) == map.one_way_ns(to, from)))
}

fn round_trip_ms(map: &Map, from: &str, to: &str) -> f64 {
    let [from, to] = [from, to].map(|name| map.place(name).unwrap_or_else(|| panic!("there is a place {name}")));
    f64::from(map.one_way_ns(from, to)) * 2.0 / 1e6
}

#[test]
fn everybody_of_the_shipped_cities_lives_in_a_metropolitan_area() {
    let people: u64 = cities::all().iter().map(|city| city.population).sum();
    for count in [1, 50, 400] {
        let metros = cities::metros(count);
        assert_eq!(metros.len(), count);
        assert_eq!(metros.iter().map(|metro| metro.population).sum::<u64>(), people);
    }
}

#[test]
fn suburbs_are_no_areas_of_their_own() {
    let metros = cities::metros(300);
    for name in ["Brooklyn", "Queens", "Yokohama", "Howrah"] {
        assert!(metros.iter().all(|metro| metro.name != name), "{name} belongs to a larger city");
    }
    for (a, at_a) in metros.iter().enumerate() {
        for at_b in &metros[a + 1..] {
            assert!(at_a.spot.distance_km(at_b.spot) > 59.0, "{} and {} are one", at_a.name, at_b.name);
        }
    }
}

#[test]
fn every_country_of_the_shipped_cities_has_a_region_and_every_region_a_place() {
    for city in cities::all() {
        assert!(regions::lists(&city.country), "{} is in no region", city.country);
    }
    let map = backbone::map(300);
    for (index, name) in map.regions.iter().enumerate() {
        assert!(map.places.iter().any(|place| usize::from(place.region) == index), "{name} has no place among 300");
    }
    for (country, spot, region) in [
        ("US", (40.7, -74.0), "us-east"),
        ("US", (34.0, -118.2), "us-west"),
        ("DE", (52.5, 13.4), "eu-central"),
        ("RU", (55.0, 82.9), "asia-central"),
        ("JP", (35.7, 139.7), "asia-east"),
    ] {
        let spot = Spot { lat: spot.0, lon: spot.1 };
        assert_eq!(regions::names()[usize::from(regions::of(country, spot))], region);
    }
}

#[test]
fn the_backbone_map_is_plausible() {
    let map = backbone::map(300);
    check(&map);
    assert!(symmetric(&map));
    for place in 0..300 {
        assert_eq!(map.one_way_ns(place, place), WITHIN_PLACE_NS);
    }
    for (from, to, least, most) in [
        ("London", "New York City", 65.0, 95.0),
        ("Tokyo", "Los Angeles", 95.0, 140.0),
        ("London", "Sydney", 220.0, 330.0),
        ("Paris", "Berlin", 12.0, 30.0),
        ("Lagos", "Nairobi", 150.0, 300.0),
    ] {
        let ms = round_trip_ms(&map, from, to);
        assert!((least..most).contains(&ms), "{from} to {to}: {ms} ms");
    }
}

#[test]
fn the_backbone_map_is_the_same_on_every_machine() {
    let map = backbone::map(60);
    let digest = map.one_way_ns.iter().fold(Mixer::new(0), |mixer, ns| mixer.word(u64::from(*ns))).finish();
    assert_eq!(
        digest, 13_861_337_215_857_363_171,
        "delays of the shipped model changed: that is a decision, since every digest of every run changes with them"
    );
}

#[test]
fn fewer_cities_are_the_largest_of_more() {
    let (few, many) = (cities::metros(10), cities::metros(100));
    for metro in few {
        assert!(many.iter().any(|other| other.name == metro.name));
    }
    assert_eq!(backbone::map(0).places.len(), 1);
    assert_eq!(synthetic::uniform(PLACES_MAX + 7, Span::millis(1), Span::millis(1), 0).places.len(), PLACES_MAX);
}

#[test]
fn the_cloud_map_has_the_measured_regions() {
    let map = cloud::map();
    check(&map);
    assert_eq!((map.places.len(), map.regions.len()), (33, 33));
    assert!((round_trip_ms(&map, "us-east-1", "us-east-2") - 16.0).abs() < 8.0);
    assert!((round_trip_ms(&map, "eu-west-1", "ap-southeast-2") - 256.0).abs() < 30.0);
    assert!(map.population.iter().all(|people| *people > 1_000_000));
}

#[test]
fn geography_is_distance_times_speed() {
    let map = synthetic::geography(40, Span::millis(5), Span(8_700_000));
    check(&map);
    assert!(symmetric(&map));
    let [london, tokyo] = ["London", "Tokyo"].map(|name| map.place(name).expect("both are large"));
    let km = map.places[london].spot.distance_km(map.places[tokyo].spot);
    assert!((f64::from(map.one_way_ns(london, tokyo)) - (5e6 + km * 8_700.0)).abs() < 10.0);
    assert_eq!(map.one_way_ns(london, london), 5_000_000);
}

#[test]
fn uniform_delays_fill_their_range() {
    let map = synthetic::uniform(64, Span::millis(1), Span::millis(10), 7);
    check(&map);
    assert!(symmetric(&map));
    let mean = map.one_way_ns.iter().map(|ns| f64::from(*ns)).sum::<f64>() / 4096.0;
    assert!(map.one_way_ns.iter().all(|ns| (1_000_000..=10_000_000).contains(ns)));
    assert!((mean - 5.5e6).abs() < 0.2e6, "{mean}");
    assert_ne!(map.one_way_ns, synthetic::uniform(64, Span::millis(1), Span::millis(10), 8).one_way_ns);
    assert!(synthetic::uniform(9, Span::millis(3), Span::millis(3), 7).one_way_ns.iter().all(|ns| *ns == 3_000_000));
}

#[test]
fn a_skewed_map_differs_by_direction_within_its_share() {
    let straight = synthetic::uniform(30, Span::millis(10), Span::millis(10), 1);
    let mut skewed = straight.clone();
    skewed.skew(0.1, 5);
    assert!(!symmetric(&skewed));
    assert!(skewed.one_way_ns.iter().all(|ns| (9_000_000..=11_000_000).contains(ns)));
    let mut unchanged = straight.clone();
    unchanged.skew(0.0, 5);
    assert_eq!(unchanged, straight);
}
