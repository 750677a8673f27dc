//! The frame that all plots share: title, legend, axes with a grid, fault bands behind the data.
//!
//! A plot is drawn at four times its size, since the library places everything on whole pixels; the view box scales it back.

use super::ink::{self, Ink};
use super::scale::Axis;
use crate::rundir::manifest::FaultSummary;
use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint, Ranged};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::ops::Range;

/// How much larger than shown a plot is drawn.
const UP: i32 = 4;
/// Width of a plot in its own pixels.
const WIDTH: i32 = 640;
const LEFT: i32 = 66;
const RIGHT: i32 = 18;
const BOTTOM: i32 = 42;
/// Width of a sign of the labels, about, in pixels.
const SIGN: f64 = 6.6;
const FONT: f64 = 12.0;
/// Height of a row of names of faults.
const LANE: i32 = 17;
/// Most rows of names of faults; what does not fit is told in the caption only.
const LANES: usize = 3;

/// The coordinates that plots draw in.
pub(crate) type Grid = Cartesian2d<Ticked, Ticked>;
/// The chart that the body of a plot draws on.
pub(crate) type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Grid>;
/// Why drawing failed. Drawing into memory does not, short of a bug.
pub(crate) type Trouble = DrawingAreaErrorKind<std::io::Error>;

/// A linear range with ticks where we want them.
pub(crate) struct Ticked {
    range: Range<f64>,
    ticks: Vec<f64>,
}

impl Ticked {
    fn of(axis: &Axis) -> Self {
        Self { range: axis.range.clone(), ticks: axis.ticks.iter().map(|tick| tick.0).collect() }
    }
}

impl Ranged for Ticked {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let share = (value - self.range.start) / (self.range.end - self.range.start);
        limit.0 + (share * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks.clone() }
    }

    fn range(&self) -> Range<f64> {
        self.range.clone()
    }
}

/// What surrounds the data.
pub(crate) struct Frame<'a> {
    pub(crate) title: &'a str,
    pub(crate) x: Axis,
    pub(crate) y: Axis,
    pub(crate) legend: &'a [(Ink, String)],
    /// Drawn where the horizontal axis is virtual time in seconds.
    pub(crate) bands: &'a [FaultSummary],
    pub(crate) height: i32,
}

/// A finished drawing.
#[derive(Clone, Debug)]
pub(crate) struct Drawing {
    /// The elements inside the `svg` element.
    pub(crate) body: String,
    /// Size of the view box.
    pub(crate) size: (i32, i32),
    /// The data area: left, right, top, bottom, in the units of the view box.
    pub(crate) area: [i32; 4],
}

/// A line of a series.
pub(crate) fn line(ink: Ink, width: u32) -> ShapeStyle {
    ShapeStyle { color: ink.color().to_rgba(), filled: false, stroke_width: width * 2 }
}

/// A filled shape.
pub(crate) fn fill(ink: Ink, opacity: f64) -> ShapeStyle {
    ShapeStyle { color: ink.color().mix(opacity), filled: true, stroke_width: 0 }
}

fn text(size: f64, ink: Ink) -> TextStyle<'static> {
    styled(size, ink, FontStyle::Normal)
}

/// Text beside data.
pub(crate) fn label(ink: Ink) -> TextStyle<'static> {
    text(FONT, ink)
}

fn styled(size: f64, ink: Ink, font: FontStyle) -> TextStyle<'static> {
    // The library divides the size by 1.24 on the way to the file.
    let mut style = TextStyle::from(FontDesc::new(FontFamily::SansSerif, size * 1.24 * f64::from(UP), font));
    style.color = ink.color().to_backend_color();
    style
}

/// Draws the frame, then the data.
pub(crate) fn draw(frame: Frame<'_>, body: impl FnOnce(&mut Chart<'_, '_>) -> Result<(), Trouble>) -> Result<Drawing, Trouble> {
    let mut svg = String::new();
    let shown = !frame.x.ticks.is_empty() || !frame.y.ticks.is_empty();
    let (left, bottom) = if shown { (LEFT, BOTTOM) } else { (6, 6) };
    let right = if shown { RIGHT } else { 6 };
    let inner = f64::from(WIDTH - left - right);
    let lanes = lanes(frame.bands, &frame.x, inner);
    let rows = lanes.iter().flatten().max().map_or(0, |lane| lane + 1) as i32;
    let head = 30 + if frame.legend.is_empty() { 2 } else { 24 } + rows * LANE;
    let area;
    {
        let root = SVGBackend::with_string(&mut svg, ((WIDTH * UP) as u32, (frame.height * UP) as u32)).into_drawing_area();
        root.draw_text(frame.title, &styled(14.0, Ink::Text, FontStyle::Bold), (8 * UP, 8 * UP))?;
        legend(&root, frame.legend)?;
        let x = frame.x.clone().thinned(inner, SIGN);
        let y = frame.y.clone().thinned(f64::from(frame.height - head - bottom), FONT * 0.25);
        let mut chart = ChartBuilder::on(&root)
            .margin_top(head * UP)
            .margin_right(right * UP)
            .margin_left(if shown { 0 } else { left * UP })
            .margin_bottom(if shown { 0 } else { bottom * UP })
            .y_label_area_size(if shown { left * UP } else { 0 })
            .x_label_area_size(if shown { bottom * UP } else { 0 })
            .build_cartesian_2d(Ticked::of(&x), Ticked::of(&y))?;
        area = pixels(&chart);
        bands(&root, &mut chart, frame.bands, &lanes, head - rows * LANE)?;
        if shown {
            mesh(&mut chart, &x, &y)?;
        }
        for band in frame.bands {
            let (from, y) = (band.from_ns as f64 / 1e9, chart.y_range());
            if chart.x_range().contains(&from) {
                chart.draw_series([PathElement::new(vec![(from, y.start), (from, y.end)], line(Ink::Fault, 1))])?;
            }
        }
        body(&mut chart)?;
        root.present()?;
    }
    Ok(Drawing { body: inside(&ink::themed(&svg)), size: (WIDTH * UP, frame.height * UP), area })
}

fn pixels(chart: &Chart<'_, '_>) -> [i32; 4] {
    let (x, y) = chart.plotting_area().get_pixel_range();
    [x.start, x.end, y.start, y.end]
}

/// Names of series from left to right under the title, each after a swatch; dashed for what a model says.
fn legend(root: &Root<'_>, entries: &[(Ink, String)]) -> Result<(), Trouble> {
    let mut x = f64::from(8);
    let y = 36;
    for (ink, name) in entries {
        let at = (x * f64::from(UP)) as i32;
        if *ink == Ink::Model {
            root.draw(&PathElement::new(vec![(at, y * UP), (at + 18 * UP, y * UP)], line(*ink, 4)))?;
        } else {
            root.draw(&Rectangle::new([(at, (y - 5) * UP), (at + 18 * UP, (y + 5) * UP)], fill(*ink, 1.0)))?;
        }
        let style = text(FONT, Ink::Dim).pos(Pos::new(HPos::Left, VPos::Center));
        root.draw_text(name, &style, (at + 23 * UP, y * UP))?;
        x += 23.0 + name.chars().count() as f64 * SIGN + 16.0;
    }
    Ok(())
}

fn label_of(ticks: &[(f64, String)], at: f64) -> String {
    let nearest = ticks.iter().min_by(|a, b| (a.0 - at).abs().total_cmp(&(b.0 - at).abs()));
    nearest.map(|(_, label)| label.clone()).unwrap_or_default()
}

fn mesh(chart: &mut Chart<'_, '_>, x: &Axis, y: &Axis) -> Result<(), Trouble> {
    let (x_ticks, y_ticks) = (x.ticks.clone(), y.ticks.clone());
    chart
        .configure_mesh()
        .axis_style(line(Ink::Dim, 2))
        .bold_line_style(line(Ink::Grid, 2))
        .light_line_style(TRANSPARENT)
        .label_style(text(FONT, Ink::Dim))
        .axis_desc_style(text(FONT, Ink::Dim))
        .set_all_tick_mark_size(3 * UP)
        .x_label_formatter(&move |at| label_of(&x_ticks, *at))
        .y_label_formatter(&move |at| label_of(&y_ticks, *at))
        .x_desc(x.label.as_str())
        .y_desc(y.label.as_str())
        .draw()
}

/// The row of each fault above the data: the first in which neither its name nor its bar touches another; none if there is no such row.
fn lanes(bands: &[FaultSummary], x: &Axis, width: f64) -> Vec<Option<usize>> {
    let mut free_from = [f64::NEG_INFINITY; LANES];
    let place = |band: &FaultSummary| {
        let (from, until) = name_span(band, x, width);
        let (bar_from, bar_until) = bar_span(band, x, width);
        let lane = free_from.iter().position(|free| from.min(bar_from) >= *free)?;
        free_from[lane] = until.max(bar_until) + 6.0;
        Some(lane)
    };
    bands.iter().map(place).collect()
}

/// Where a fault is, in pixels from the left of the data.
fn bar_span(band: &FaultSummary, x: &Axis, width: f64) -> (f64, f64) {
    let at = |ns: u64| ((ns as f64 / 1e9 - x.range.start) / (x.range.end - x.range.start) * width).clamp(0.0, width);
    (at(band.from_ns), at(band.until_ns))
}

/// Where its name is: from its start on, unless the plot ends too soon.
fn name_span(band: &FaultSummary, x: &Axis, width: f64) -> (f64, f64) {
    let long = band.name.chars().count() as f64 * SIGN;
    let from = bar_span(band, x, width).0.min(width - long).max(0.0);
    (from, from + long)
}

type Root<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

/// The shade behind the data while a fault lasts, and above the data its name over a bar, so that overlapping faults can be told apart.
fn bands(root: &Root<'_>, chart: &mut Chart<'_, '_>, bands: &[FaultSummary], lanes: &[Option<usize>], top: i32) -> Result<(), Trouble> {
    let (x, y) = (chart.x_range(), chart.y_range());
    let [left, right, ..] = pixels(chart);
    let width = f64::from(right - left) / f64::from(UP);
    let axis = Axis::hidden(x.clone());
    for (band, lane) in bands.iter().zip(lanes) {
        let (from, until) = bar_span(band, &axis, width);
        let at = |pixel: f64| x.start + pixel / width * (x.end - x.start);
        let scaled = |pixel: f64| left + (pixel * f64::from(UP)) as i32;
        chart.draw_series([Rectangle::new([(at(from), y.start), (at(until), y.end)], fill(Ink::Band, 0.55))])?;
        if let Some(lane) = lane {
            let row = top + *lane as i32 * LANE;
            let style = text(11.0, Ink::Dim).pos(Pos::new(HPos::Left, VPos::Center));
            root.draw_text(&band.name, &style, (scaled(name_span(band, &axis, width).0), (row + 5) * UP))?;
            let bar = [(scaled(from), (row + LANE - 4) * UP), (scaled(until.max(from + 5.0)), (row + LANE - 2) * UP)];
            root.draw(&Rectangle::new(bar, fill(Ink::Fault, 1.0)))?;
        }
    }
    Ok(())
}

/// What is between the opening and the closing tag of the document.
fn inside(svg: &str) -> String {
    let from = svg.find('>').map_or(0, |at| at + 1);
    let until = svg.rfind("</svg>").unwrap_or(svg.len());
    svg[from..until].to_owned()
}
