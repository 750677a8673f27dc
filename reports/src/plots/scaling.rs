//! How cost grows with size: both axes logarithmic, a line per arm.

use super::Plot;
use super::canvas::{Frame, Trouble, draw, fill, line};
use super::ink::Ink;
use super::scale::Axis;
use crate::numbers;
use plotters::prelude::*;

/// A line: its name, which series colour it has in every plot, and its points of (nodes, nanoseconds per message).
pub(crate) type Line = (String, usize, Vec<(f64, f64)>);

/// Nanoseconds per message against nodes.
pub(crate) fn cost_by_size(name: &'static str, title: &str, arms: &[Line]) -> Result<Plot, Trouble> {
    let all = || arms.iter().flat_map(|arm| arm.2.iter());
    let span = |pick: fn(&(f64, f64)) -> f64| {
        let (low, high) = all().map(pick).fold((f64::INFINITY, 0f64), |(low, high), value| (low.min(value), high.max(value)));
        if low.is_finite() { low..high } else { 1.0..10.0 }
    };
    let (sizes, costs) = (span(|point| point.0), span(|point| point.1));
    let legend: Vec<_> = arms.iter().map(|(name, color, _)| (Ink::Series(*color), name.clone())).collect();
    let frame = Frame {
        title,
        x: Axis::logarithmic("nodes", sizes.start / 1.5..sizes.end * 1.5, 7, numbers::count),
        y: Axis::logarithmic("wall time per message", costs.start / 1.6..costs.end * 1.6, 6, numbers::time),
        legend: &legend,
        bands: &[],
        height: 340,
    };
    let drawing = draw(frame, |chart| {
        for (_, color, points) in arms {
            let points: Vec<_> = points.iter().map(|(nodes, cost)| (nodes.log10(), cost.log10())).collect();
            chart.draw_series(LineSeries::new(points.iter().copied(), line(Ink::Series(*color), 3)))?;
            chart.draw_series(points.iter().map(|point| Circle::new(*point, 14, fill(Ink::Series(*color), 1.0))))?;
        }
        Ok(())
    })?;
    let caption = "Lower is better; a level line means that a message costs the same in a larger world.".to_owned();
    Ok(Plot { name, title: title.to_owned(), caption, drawing, hover: None })
}
