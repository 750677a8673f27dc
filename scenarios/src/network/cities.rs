//! The cities of the world, and the metropolitan areas that they make.

use super::sphere::{self, Vector};
use super::{distinct_names, regions, unpacked};
use crate::plan::Place;
use hypermesh_core::base::Spot;

/// The cities of GeoNames with more than 15,000 inhabitants (CC BY 4.0; see `scenarios/data/SOURCES.md`), the largest first.
const CITIES: &[u8] = include_bytes!("../../data/cities.csv.gz");

/// Cities that lie nearer than this to a larger one belong to it.
const METRO_RADIUS_KM: f64 = 60.0;

/// A city.
#[derive(Clone, Debug, PartialEq)]
pub struct City {
    /// Its name, not unique.
    pub name: String,
    /// Its country: two letters of ISO 3166-1.
    pub country: String,
    /// Where it is.
    pub spot: Spot,
    /// How many people live there.
    pub population: u64,
}

/// All cities, the largest first.
pub fn all() -> Vec<City> {
    let mut cities: Vec<City> =
        unpacked(CITIES).lines().skip(1).map(|line| city(line).expect("the shipped cities are well formed")).collect();
    cities.sort_by(|a, b| b.population.cmp(&a.population).then_with(|| (&a.country, &a.name).cmp(&(&b.country, &b.name))));
    cities
}

fn city(line: &str) -> Option<City> {
    let mut cells = line.splitn(5, ',');
    let country = cells.next()?.to_owned();
    let spot = Spot { lat: cells.next()?.parse().ok()?, lon: cells.next()?.parse().ok()? };
    Some(City { population: cells.next()?.parse().ok()?, name: cells.next()?.to_owned(), country, spot })
}

/// A metropolitan area: its largest city, and everybody who lives nearer to it than to any other that was chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Metro {
    /// Name of its largest city, unique.
    pub name: String,
    /// Country of its largest city.
    pub country: String,
    /// Where its largest city is.
    pub spot: Spot,
    /// How many people live around it.
    pub population: u64,
}

impl Metro {
    /// The same as a place.
    pub fn place(&self) -> Place {
        Place { name: self.name.clone(), region: regions::of(&self.country, self.spot), spot: self.spot }
    }
}

/// The `count` largest metropolitan areas of the world. Cities are taken from the largest down; each joins the nearest centre within 60 km or becomes
/// one. Of the centres those with the most people remain, and every city of the world is then counted to the nearest of them.
pub fn metros(count: usize) -> Vec<Metro> {
    let cities = all();
    let vectors: Vec<Vector> = cities.iter().map(|city| sphere::vector(city.spot)).collect();
    let mut centres = centres(&cities, &vectors);
    // By people around them; of equals the larger city first, which is the one with the smaller index.
    centres.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    centres.truncate(count.max(1));

    let chosen: Vec<Vector> = centres.iter().map(|(city, _)| vectors[*city]).collect();
    let mut population = vec![0; chosen.len()];
    for (city, vector) in cities.iter().zip(&vectors) {
        let nearest = sphere::nearest(*vector, &chosen).expect("there is at least one centre");
        population[nearest] += city.population;
    }
    let names: Vec<(&str, &str)> = centres.iter().map(|(city, _)| (cities[*city].name.as_str(), cities[*city].country.as_str())).collect();
    let names = distinct_names(&names);
    let metro = |((city, _), (name, population)): (&(usize, u64), (String, u64))| {
        let city = &cities[*city];
        Metro { name, country: city.country.clone(), spot: city.spot, population }
    };
    centres.iter().zip(names.into_iter().zip(population)).map(metro).collect()
}

/// Centres as (index of the city, people within the radius).
fn centres(cities: &[City], vectors: &[Vector]) -> Vec<(usize, u64)> {
    let near_enough = libm::cos(METRO_RADIUS_KM / hypermesh_core::base::geo::EARTH_RADIUS_KM);
    let mut grid = Grid::new();
    let mut centres: Vec<(usize, u64)> = Vec::new();
    for (index, city) in cities.iter().enumerate() {
        let nearest = grid
            .around(city.spot)
            .map(|centre| (sphere::nearness(vectors[index], vectors[centres[centre as usize].0]), centre))
            .filter(|(near, _)| *near >= near_enough)
            // The nearest, and of equals the first.
            .max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        match nearest {
            Some((_, centre)) => centres[centre as usize].1 += city.population,
            None => {
                grid.insert(city.spot, centres.len() as u32);
                centres.push((index, city.population));
            }
        }
    }
    centres
}

/// Centres by the degree of latitude and longitude that they are in.
struct Grid {
    cells: Vec<Vec<u32>>,
}

impl Grid {
    fn new() -> Self {
        Self { cells: vec![Vec::new(); 180 * 360] }
    }

    fn row_and_column(spot: Spot) -> (i32, i32) {
        (((spot.lat + 90.0) as i32).clamp(0, 179), ((spot.lon + 180.0) as i32).clamp(0, 359))
    }

    fn insert(&mut self, spot: Spot, centre: u32) {
        let (row, column) = Self::row_and_column(spot);
        self.cells[(row * 360 + column) as usize].push(centre);
    }

    /// Centres that may be within the radius: it is less than one degree of latitude, and towards the poles a degree of longitude shrinks.
    fn around(&self, spot: Spot) -> impl Iterator<Item = u32> {
        let (row, column) = Self::row_and_column(spot);
        let width = libm::cos((spot.lat.abs() + 1.0).min(89.0).to_radians());
        let columns = ((0.6 / width) as i32 + 1).min(179);
        let rows = (row - 1).max(0)..=(row + 1).min(179);
        rows.flat_map(move |row| (column - columns..=column + columns).map(move |column| (row * 360 + column.rem_euclid(360)) as usize))
            .flat_map(|cell| self.cells[cell].iter().copied())
    }
}
