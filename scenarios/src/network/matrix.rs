//! A matrix of one's own, as a CSV file.
//!
//! Two forms are read. A **table** has a row and a column for each place; the first cell of the first row may be anything but `from`. The columns
//! `region`, `lat`, `lon` and `population` are optional and stand right after the first; all other numbers are round-trip times in milliseconds, and a
//! path takes half of one each way. A cell of the diagonal is the round trip within the place; zero or nothing there means 1 ms.
//!
//! ```text
//! place,region,lat,lon,population,lisbon,osaka
//! lisbon,europe,38.7,-9.1,2900000,,241.5
//! osaka,asia,34.7,135.5,19000000,241.5,
//! ```
//!
//! A **list** has a row for each path. Its third column is named `rtt` (round trip) or `one_way`, in milliseconds. A direction that is missing is as long
//! as the other one.
//!
//! ```text
//! from,to,rtt
//! lisbon,osaka,241.5
//! ```
//!
//! Cells may stand in double quotes, empty lines and lines that start with `#` are passed over. Without the column `region`, up to 64 places are regions
//! of their own, and more belong to one region, `all`.

mod cells;

use super::{Map, PLACES_MAX, WITHIN_PLACE_NS};
use crate::plan::Place;
use cells::Row;
use hypermesh_core::base::Spot;
use std::collections::BTreeMap;

/// Columns of a table that are not paths.
const COLUMNS: [&str; 4] = ["region", "lat", "lon", "population"];

/// Up to so many places are regions of their own where nothing is said of regions.
const OWN_REGIONS_MAX: usize = 64;

/// Most errors that are told at once.
const ERRORS_MAX: usize = 20;

/// Something wrong in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixError {
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl std::fmt::Display for MatrixError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for MatrixError {}

/// Reads a file's text, or tells what is wrong with it: up to 20 errors, in the order of their lines.
pub fn read(text: &str) -> Result<Map, Vec<MatrixError>> {
    let mut rows = cells::rows(text);
    if rows.is_empty() {
        return Err(vec![MatrixError { line: 1, message: "the file has no rows".to_owned() }]);
    }
    let head = rows.remove(0);
    let mut reading = Reading::default();
    let is_list = head.cells.first().is_some_and(|cell| cell.eq_ignore_ascii_case("from"));
    let map = if is_list { reading.list(&head, &rows) } else { reading.table(&head, &rows) };
    reading.errors.sort_by_key(|error| error.line);
    reading.errors.truncate(ERRORS_MAX);
    match map {
        Some(map) if reading.errors.is_empty() => Ok(map),
        _ => Err(reading.errors),
    }
}

/// The state of one reading.
#[derive(Default)]
struct Reading {
    errors: Vec<MatrixError>,
}

impl Reading {
    fn error(&mut self, line: usize, message: impl Into<String>) {
        self.errors.push(MatrixError { line, message: message.into() });
    }

    fn table(&mut self, head: &Row<'_>, rows: &[Row<'_>]) -> Option<Map> {
        let extra = head.cells.iter().skip(1).take_while(|cell| COLUMNS.contains(&cell.as_ref())).count();
        let columns: Vec<&str> = head.cells.iter().skip(1 + extra).map(AsRef::as_ref).collect();
        let names: Vec<&str> = rows.iter().map(|row| row.cells[0].as_ref()).collect();
        self.check_names(head.line, &columns)?;
        let row_of: BTreeMap<&str, usize> = names.iter().enumerate().map(|(row, name)| (*name, row)).collect();
        for (row, name) in rows.iter().zip(&names) {
            if !columns.contains(name) {
                self.error(row.line, format!("the place `{name}` has a row, but no column"));
            }
        }
        // Places stand in the order of the columns, whatever the order of the rows.
        let mut map =
            Map { places: Vec::new(), population: Vec::new(), regions: Vec::new(), one_way_ns: Vec::new(), source: "a matrix".to_owned() };
        let mut regions = Vec::new();
        for (index, name) in columns.iter().enumerate() {
            let Some(row) = row_of.get(name).map(|row| &rows[*row]) else {
                self.error(head.line, format!("the place `{name}` has a column, but no row"));
                continue;
            };
            let about: BTreeMap<&str, &str> =
                head.cells[1..=extra].iter().map(AsRef::as_ref).zip(row.cells[1..].iter().map(AsRef::as_ref)).collect();
            let spot = Spot { lat: self.number(row.line, "lat", &about, 90.0), lon: self.number(row.line, "lon", &about, 180.0) };
            map.places.push(Place { name: (*name).to_owned(), region: 0, spot });
            map.population.push(self.population(row.line, &about));
            regions.push(about.get("region").copied().unwrap_or_default());
            self.delays(row, &row.cells[(1 + extra).min(row.cells.len())..], index, columns.len(), &mut map.one_way_ns);
        }
        let with_regions = head.cells[1..=extra].iter().any(|cell| cell.as_ref() == "region");
        set_regions(&mut map, with_regions.then_some(&regions[..]));
        self.check_population(head.line, &mut map);
        Some(map)
    }

    /// Names of places are there, differ, and are not too many.
    fn check_names(&mut self, line: usize, names: &[&str]) -> Option<()> {
        if names.is_empty() || names.len() > PLACES_MAX {
            self.error(line, format!("there are {} places; there may be 1 to {PLACES_MAX}", names.len()));
            return None;
        }
        let mut sorted = names.to_vec();
        sorted.sort_unstable();
        if sorted[0].is_empty() {
            self.error(line, "a place has no name");
        }
        for pair in sorted.windows(2).filter(|pair| pair[0] == pair[1]) {
            self.error(line, format!("two places are called `{}`", pair[0]));
        }
        Some(())
    }

    /// A row's delays, one way.
    fn delays(&mut self, row: &Row<'_>, cells: &[std::borrow::Cow<'_, str>], place: usize, places: usize, out: &mut Vec<u32>) {
        if cells.len() != places {
            self.error(row.line, format!("the row has {} round-trip times, and there are {places} places", cells.len()));
        }
        for (to, cell) in cells.iter().take(places).enumerate() {
            let ns =
                if to == place && matches!(cell.as_ref(), "" | "0" | "0.0") { WITHIN_PLACE_NS } else { self.delay(row.line, cell, 2.0) };
            out.push(ns);
        }
    }

    /// A delay in milliseconds, divided.
    fn delay(&mut self, line: usize, cell: &str, divisor: f64) -> u32 {
        let ms: Option<f64> = cell.parse().ok();
        let ns = ms.map(|ms| ms * 1e6 / divisor).filter(|ns| *ns >= 1.0 && *ns <= f64::from(u32::MAX));
        if ns.is_none() {
            let most = f64::from(u32::MAX) / 1e6 * divisor;
            let what = if cell.is_empty() { "a time is missing".to_owned() } else { format!("`{cell}` is not a time") };
            self.error(line, format!("{what}; it is a number of milliseconds above 0 and at most {most:.0}"));
        }
        ns.unwrap_or(1.0) as u32
    }

    /// One of the optional numbers between `-most` and `most`; zero where it is not given.
    fn number(&mut self, line: usize, column: &str, about: &BTreeMap<&str, &str>, most: f64) -> f64 {
        let Some(text) = about.get(column).filter(|text| !text.is_empty()) else { return 0.0 };
        let number: Option<f64> = text.parse().ok().filter(|number: &f64| *number >= -most && *number <= most);
        if number.is_none() {
            self.error(line, format!("`{text}` is not a number for `{column}`, which is from -{most} to {most} degrees"));
        }
        number.unwrap_or_default()
    }

    fn population(&mut self, line: usize, about: &BTreeMap<&str, &str>) -> u64 {
        let Some(text) = about.get("population") else { return 1 };
        let number: Option<u64> = text.parse().ok().filter(|people| *people <= 1 << 40);
        if number.is_none() {
            self.error(line, format!("`{text}` is not a population, which is a whole number"));
        }
        number.unwrap_or(1)
    }

    fn check_population(&mut self, line: usize, map: &mut Map) {
        if map.population.iter().all(|people| *people == 0) && self.errors.is_empty() {
            self.error(line, "nobody lives anywhere: every population is 0");
        }
    }

    fn list(&mut self, head: &Row<'_>, rows: &[Row<'_>]) -> Option<Map> {
        let names: Vec<String> = head.cells.iter().map(|cell| cell.to_ascii_lowercase()).collect();
        let divisor = match names.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["from", "to", "rtt"] => 2.0,
            ["from", "to", "one_way"] => 1.0,
            _ => {
                self.error(head.line, "the first row of a list is `from,to,rtt` or `from,to,one_way`");
                return None;
            }
        };
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        let mut order: Vec<&str> = Vec::new();
        let mut paths: BTreeMap<(usize, usize), u32> = BTreeMap::new();
        for row in rows {
            let [from, to, time] = &row.cells[..] else {
                self.error(row.line, format!("the row has {} cells instead of 3", row.cells.len()));
                continue;
            };
            let ends = [from, to].map(|name| {
                *places.entry(name.as_ref()).or_insert_with(|| {
                    order.push(name.as_ref());
                    order.len() - 1
                })
            });
            let ns = self.delay(row.line, time, divisor);
            if paths.insert((ends[0], ends[1]), ns).is_some() {
                self.error(row.line, format!("the path from `{from}` to `{to}` is listed twice"));
            }
        }
        self.check_names(head.line, &order)?;
        let one_way_ns = self.complete(head.line, &order, &paths);
        let place = |name: &&str| Place { name: (*name).to_owned(), region: 0, spot: Spot::default() };
        let population = vec![1; order.len()];
        let mut map =
            Map { places: order.iter().map(place).collect(), population, regions: Vec::new(), one_way_ns, source: "a matrix".to_owned() };
        set_regions(&mut map, None);
        Some(map)
    }

    /// The whole matrix of a list's paths.
    fn complete(&mut self, line: usize, names: &[&str], paths: &BTreeMap<(usize, usize), u32>) -> Vec<u32> {
        let mut all = Vec::with_capacity(names.len() * names.len());
        for from in 0..names.len() {
            for to in 0..names.len() {
                let ns = paths.get(&(from, to)).or(paths.get(&(to, from))).copied().or((from == to).then_some(WITHIN_PLACE_NS));
                if ns.is_none() && from < to && self.errors.len() < ERRORS_MAX {
                    self.error(line, format!("the path between `{}` and `{}` is not listed", names[from], names[to]));
                }
                all.push(ns.unwrap_or(1));
            }
        }
        all
    }
}

/// Gives the places their regions, in the order in which they first appear.
fn set_regions(map: &mut Map, written: Option<&[&str]>) {
    let own = map.places.len() <= OWN_REGIONS_MAX;
    for index in 0..map.places.len() {
        let name = match written.and_then(|regions| regions.get(index).copied()) {
            Some("") => "elsewhere",
            Some(name) => name,
            None if own => &map.places[index].name,
            None => "all",
        };
        let known = map.regions.iter().position(|region| region == name);
        let region = known.unwrap_or_else(|| {
            map.regions.push(name.to_owned());
            map.regions.len() - 1
        });
        map.places[index].region = region as u16;
    }
}
