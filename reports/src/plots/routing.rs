//! Whom clients chose, on the map: what came from within a region is a disc, what came from another an arc that ends where it came from.

use super::canvas::{Chart, Frame, Trouble, draw, fill, label, line};
use super::ink::Ink;
use super::map::{LATITUDES, LONGITUDES, land};
use super::scale::Axis;
use super::{Plot, Shown};
use crate::delivery::{self, Choice};
use crate::numbers;
use crate::run::Run;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Most arcs drawn, those with the most bytes.
const ARCS_MAX: usize = 60;
/// Most regions that are named.
const NAMES_MAX: usize = 14;
/// Radius of the largest disc and width of the widest arc, in units of the drawing.
const RADIUS_MAX: f64 = 52.0;
const RADIUS_MIN: f64 = 9.0;
const WIDTH_MAX: f64 = 12.0;
/// How far an arc bends, as a share of its length: arcs there and back bend apart.
const BEND: f64 = 0.16;
/// Degrees that a sign of a name takes on the map, and its height.
const SIGN: f64 = 3.9;
const NAME_HEIGHT: f64 = 7.5;

/// A point of the map: degrees east and north.
type Point = (f64, f64);

/// The choices on the map.
pub(super) fn choices(run: &Run) -> Result<Shown, Trouble> {
    let title = "Whom clients chose";
    let choices = delivery::choices(run);
    let centres = centres(run);
    let placed = |choice: &&Choice| centre(&centres, choice.region).is_some() && centre(&centres, choice.to_region).is_some();
    let all: Vec<&Choice> = choices.iter().filter(placed).collect();
    if all.is_empty() {
        return Ok(Shown::LeftOut { title, why: "no client opened a connection".to_owned() });
    }
    let far: Vec<&Choice> = all.iter().copied().filter(|choice| choice.region != choice.to_region).take(ARCS_MAX).collect();
    let near: Vec<&Choice> = all.iter().copied().filter(|choice| choice.region == choice.to_region).collect();
    let legend = [
        (Ink::Series(0), "from within the region".to_owned()),
        (Ink::Series(1), "from another region, arrow towards the client".to_owned()),
    ];
    let frame = Frame {
        title,
        x: Axis::hidden(LONGITUDES.0..LONGITUDES.1),
        y: Axis::hidden(LATITUDES.0..LATITUDES.1),
        legend: &legend,
        bands: &[],
        height: 330,
    };
    let most = all.iter().map(|choice| choice.bytes).max().unwrap_or(1).max(1) as f64;
    let size = |choice: &Choice| (choice.bytes as f64 / most).sqrt();
    let drawing = draw(frame, |chart| {
        for polygon in land() {
            chart.draw_series([Polygon::new(polygon, fill(Ink::Land, 1.0))])?;
        }
        for choice in &near {
            let Some(at) = centre(&centres, choice.region) else { continue };
            let radius = (size(choice) * RADIUS_MAX).max(RADIUS_MIN) as i32;
            chart.draw_series([Circle::new(at, radius, fill(Ink::Series(0), 0.6))])?;
        }
        for choice in far.iter().rev() {
            let (Some(client), Some(server)) = (centre(&centres, choice.region), centre(&centres, choice.to_region)) else { continue };
            arc(chart, server, client, (size(choice) * WIDTH_MAX).max(1.0))?;
        }
        names(chart, run, &all, &centres)
    })?;
    let bytes = |list: &[&Choice]| list.iter().map(|choice| choice.bytes).sum::<u64>();
    let total = bytes(&all).max(1);
    let hidden = all.len() - near.len() - far.len();
    let more = if hidden > 0 { format!(" {hidden} thinner arcs are not drawn; all are in routes.parquet.") } else { String::new() };
    let caption = format!(
        "{} of what clients took came from a node of their own region. Areas of discs and widths of arcs grow with the bytes; a region stands where most of \
         its nodes are. Land: Natural Earth.{more}",
        numbers::percent(bytes(&near) as f64 / total as f64)
    );
    Ok(Shown::Plot(Box::new(Plot { name: "routing", title: title.to_owned(), caption, drawing, hover: None })))
}

fn centre(centres: &[Option<Point>], region: u16) -> Option<Point> {
    centres.get(usize::from(region)).copied().flatten()
}

/// Where each region is: the middle of its nodes on the globe. None for regions without nodes.
fn centres(run: &Run) -> Vec<Option<Point>> {
    let of = |region: &String| {
        let mut sum = [0.0; 3];
        for place in run.manifest.plan.places.iter().filter(|place| place.region == *region) {
            let (lat, lon, nodes) = (place.lat.to_radians(), place.lon.to_radians(), place.nodes as f64);
            sum[0] += nodes * lat.cos() * lon.cos();
            sum[1] += nodes * lat.cos() * lon.sin();
            sum[2] += nodes * lat.sin();
        }
        let flat = sum[0].hypot(sum[1]);
        (flat > 0.0 || sum[2] != 0.0).then(|| {
            let (lon, lat) = (sum[1].atan2(sum[0]).to_degrees(), sum[2].atan2(flat).to_degrees());
            (if lon < LONGITUDES.0 { lon + 360.0 } else { lon }, lat.clamp(LATITUDES.0, LATITUDES.1))
        })
    };
    run.manifest.regions.iter().map(of).collect()
}

/// A bent line with an arrow in its middle.
fn arc(chart: &mut Chart<'_, '_>, from: Point, to: Point, width: f64) -> Result<(), Trouble> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let bend = ((from.0 + to.0) / 2.0 - dy * BEND * 2.0, (from.1 + to.1) / 2.0 + dx * BEND * 2.0);
    let at = |t: f64| {
        let (a, b, c) = ((1.0 - t) * (1.0 - t), 2.0 * t * (1.0 - t), t * t);
        let lat = a * from.1 + b * bend.1 + c * to.1;
        (a * from.0 + b * bend.0 + c * to.0, lat.clamp(LATITUDES.0, LATITUDES.1))
    };
    let points: Vec<Point> = (0..=24).map(|k| at(f64::from(k) / 24.0)).collect();
    let mut style = line(Ink::Series(1), width.round() as u32);
    style.color = Ink::Series(1).color().mix(0.75);
    chart.draw_series([PathElement::new(points, style)])?;
    let (tip, back) = (at(0.56), at(0.5));
    let length = (tip.0 - back.0).hypot(tip.1 - back.1);
    if length > 0.0 {
        let (ux, uy, big) = ((tip.0 - back.0) / length, (tip.1 - back.1) / length, (1.6 + width * 0.3).min(dx.hypot(dy) * 0.09));
        let corner = |side: f64| (back.0 - ux * big * 0.5 - uy * side * big, back.1 - uy * big * 0.5 + ux * side * big);
        let head = vec![(back.0 + ux * big * 1.6, back.1 + uy * big * 1.6), corner(0.9), corner(-0.9)];
        chart.draw_series([Polygon::new(head, fill(Ink::Series(1), 1.0))])?;
    }
    Ok(())
}

/// Names of the regions whose clients took most, where they do not touch each other.
fn names(chart: &mut Chart<'_, '_>, run: &Run, choices: &[&Choice], centres: &[Option<Point>]) -> Result<(), Trouble> {
    let mut taken: Vec<(u16, u64)> = Vec::new();
    for choice in choices {
        match taken.iter_mut().find(|(region, _)| *region == choice.region) {
            Some((_, bytes)) => *bytes += choice.bytes,
            None => taken.push((choice.region, choice.bytes)),
        }
    }
    taken.sort_by_key(|(region, bytes)| (std::cmp::Reverse(*bytes), *region));
    let mut boxes: Vec<(Point, f64)> = Vec::new();
    for (region, _) in taken.into_iter().take(NAMES_MAX) {
        let (Some((lon, lat)), Some(name)) = (centre(centres, region), run.manifest.regions.get(usize::from(region))) else { continue };
        let wide = name.chars().count() as f64 * SIGN;
        let at = ((lon + 3.0).min(LONGITUDES.1 - wide), lat - 3.0);
        let touches =
            |other: &(Point, f64)| at.0 < other.0.0 + other.1 && other.0.0 < at.0 + wide && (at.1 - other.0.1).abs() < NAME_HEIGHT;
        if boxes.iter().any(touches) {
            continue;
        }
        boxes.push((at, wide));
        let style = label(Ink::Text).pos(Pos::new(HPos::Left, VPos::Top));
        chart.draw_series([Text::new(name.clone(), at, style)])?;
    }
    Ok(())
}
