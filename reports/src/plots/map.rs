//! Where the nodes are: a coarse outline of the land (Natural Earth) in the equirectangular projection, and a disc per place.

use super::canvas::{Frame, Trouble, draw, fill, line};
use super::ink::{Ink, SERIES};
use super::scale::Axis;
use super::{Plot, Shown};
use crate::numbers;
use crate::run::Run;
use plotters::prelude::*;

/// Pairs of longitude and latitude in tenths of a degree, a polygon a line.
const LAND: &str = include_str!("../../assets/land.txt");
/// Most places drawn, the largest ones.
const PLACES_MAX: usize = 1_500;
/// Radius of the largest disc, in units of the drawing, where there are few places and where there are many.
const RADIUS_FEW: f64 = 60.0;
const RADIUS_MANY: f64 = 36.0;
const FEW: usize = 40;
const RADIUS_MIN: f64 = 6.0;
/// Degrees of longitude shown: the edge runs through the Bering Strait, where no land is cut.
pub(super) const LONGITUDES: (f64, f64) = (-169.0, 191.0);
/// Degrees of latitude shown.
pub(super) const LATITUDES: (f64, f64) = (-58.0, 80.0);

/// The world map.
pub(super) fn world(run: &Run) -> Result<Shown, Trouble> {
    let title = "Where the nodes are";
    let mut places: Vec<_> = run.manifest.plan.places.iter().collect();
    if places.is_empty() {
        return Ok(Shown::LeftOut { title, why: "the plan has no places".to_owned() });
    }
    places.sort_by_key(|place| std::cmp::Reverse(place.nodes));
    places.truncate(PLACES_MAX);
    let regions = regions_by_size(run);
    let colored = regions.len() <= SERIES;
    let ink = |region: &str| Ink::Series(if colored { regions.iter().position(|(name, _)| name == region).unwrap_or(0) } else { 0 });
    let legend: Vec<_> = if colored && legend_fits(&regions) {
        regions.iter().enumerate().map(|(k, (name, _))| (Ink::Series(k), name.clone())).collect()
    } else {
        Vec::new()
    };
    let most = places.first().map_or(1, |place| place.nodes).max(1) as f64;
    let largest = if places.len() > FEW { RADIUS_MANY } else { RADIUS_FEW };
    let frame = Frame {
        title,
        x: Axis::hidden(LONGITUDES.0..LONGITUDES.1),
        y: Axis::hidden(LATITUDES.0..LATITUDES.1),
        legend: &legend,
        bands: &[],
        height: 310,
    };
    let drawing = draw(frame, |chart| {
        for polygon in land() {
            chart.draw_series([Polygon::new(polygon, fill(Ink::Land, 1.0))])?;
        }
        for place in &places {
            let radius = ((place.nodes as f64 / most).sqrt() * largest).max(RADIUS_MIN) as i32;
            let lon = if place.lon < LONGITUDES.0 { place.lon + 360.0 } else { place.lon };
            let at = (lon, place.lat.clamp(LATITUDES.0, LATITUDES.1));
            chart.draw_series([Circle::new(at, radius, fill(ink(&place.region), 0.6))])?;
            chart.draw_series([Circle::new(at, radius, line(Ink::Paper, 1))])?;
        }
        Ok(())
    })?;
    let caption = format!(
        "{} nodes in {} places and {} regions; the area of a disc grows with the nodes there, from {} up. Land: Natural Earth.",
        numbers::exact(run.manifest.facts.nodes),
        numbers::exact(run.manifest.plan.places.len() as u64),
        regions.len(),
        numbers::exact(places.last().map_or(0, |place| place.nodes))
    );
    Ok(Shown::Plot(Box::new(Plot { name: "map", title: title.to_owned(), caption, drawing, hover: None })))
}

/// Regions with nodes, the largest first.
fn regions_by_size(run: &Run) -> Vec<(String, u64)> {
    let mut sizes = std::collections::BTreeMap::<&str, u64>::new();
    for place in &run.manifest.plan.places {
        *sizes.entry(&place.region).or_default() += place.nodes;
    }
    let mut regions: Vec<_> = sizes.into_iter().map(|(name, nodes)| (name.to_owned(), nodes)).collect();
    regions.sort_by_key(|(_, nodes)| std::cmp::Reverse(*nodes));
    regions
}

/// Whether the names fit in one row.
fn legend_fits(regions: &[(String, u64)]) -> bool {
    regions.iter().map(|(name, _)| 39.0 + name.chars().count() as f64 * 6.6).sum::<f64>() < 620.0
}

pub(super) fn land() -> impl Iterator<Item = Vec<(f64, f64)>> {
    let point = |pair: &str| {
        let (lon, lat) = pair.split_once(',')?;
        Some((lon.parse::<f64>().ok()? / 10.0, (lat.parse::<f64>().ok()? / 10.0).clamp(LATITUDES.0, LATITUDES.1)))
    };
    LAND.lines().map(move |row| row.split(' ').filter_map(point).collect())
}
