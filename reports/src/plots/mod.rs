//! Static plots as SVG, readable in light and dark, with text as text.
//!
//! A plot without data is not drawn; the set says why instead. Every caption is a sentence that can stand alone.

pub mod analytic;
mod canvas;
mod delivery;
mod distribution;
mod ink;
mod map;
mod over_time;
mod routing;
mod scale;
mod scaling;
mod spark;
mod timeline;

pub(crate) use canvas::Trouble;
pub(crate) use delivery::fetch_times;
pub use distribution::infection_gap;
pub(crate) use ink::{classes, variables};
pub(crate) use scaling::cost_by_size;
pub(crate) use spark::spark;

use crate::run::Run;
use canvas::Drawing;
use serde::Serialize;

/// A finished plot.
#[derive(Clone, Debug)]
pub(crate) struct Plot {
    /// The name of its file.
    pub(crate) name: &'static str,
    /// What it shows, in a few words.
    pub(crate) title: String,
    /// What it shows, in a sentence.
    pub(crate) caption: String,
    drawing: Drawing,
    /// What a pointer over it reads, for plots over time.
    pub(crate) hover: Option<Hover>,
}

/// Values of a plot over time, in words.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Hover {
    /// The data area: left, right, top, bottom, in units of the view box.
    pub(crate) area: [i32; 4],
    /// Edges of the bins as shares of the width.
    pub(crate) edges: Vec<f64>,
    /// What each bin is called.
    pub(crate) when: Vec<String>,
    /// Names and values of the series.
    pub(crate) series: Vec<(String, Vec<String>)>,
}

/// A plot, or why there is none.
pub(crate) enum Shown {
    Plot(Box<Plot>),
    LeftOut { title: &'static str, why: String },
}

/// All plots of a run.
pub(crate) struct Plots {
    /// Those with data, in the order of the page.
    pub(crate) shown: Vec<Plot>,
    /// Those without, and why.
    pub(crate) left_out: Vec<(&'static str, String)>,
}

/// Draws everything that the run has data for.
pub(crate) fn all(run: &Run) -> Result<Plots, Trouble> {
    let drawn = if crate::delivery::is_delivery(run) {
        vec![
            delivery::stages(run)?,
            over_time::fetches(run)?,
            delivery::regions(run)?,
            routing::choices(run)?,
            delivery::hits(run)?,
            delivery::layers(run)?,
            over_time::latency(run)?,
            over_time::fates(run)?,
            over_time::nodes_up(run)?,
            map::world(run)?,
        ]
    } else {
        vec![
            distribution::delivery(run)?,
            distribution::infection(run)?,
            over_time::delivery(run)?,
            over_time::latency(run)?,
            over_time::fates(run)?,
            over_time::nodes_up(run)?,
            over_time::suspicions(run)?,
            distribution::hops(run)?,
            map::world(run)?,
        ]
    };
    let mut plots = Plots { shown: Vec::new(), left_out: Vec::new() };
    for one in drawn {
        match one {
            Shown::Plot(plot) => plots.shown.push(*plot),
            Shown::LeftOut { title, why } => plots.left_out.push((title, why)),
        }
    }
    Ok(plots)
}

impl Plot {
    /// The plot as an element of a page whose style sheet has [`variables`] and [`classes`].
    pub(crate) fn inline(&self) -> String {
        let (width, height) = self.drawing.size;
        let label = escape(&format!("{}. {}", self.title, self.caption));
        format!("<svg class=\"plot\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{label}\">{}</svg>", self.drawing.body)
    }

    /// The plot as a file of its own.
    pub(crate) fn standalone(&self) -> String {
        let (light, dark) = variables();
        let (width, height) = self.drawing.size;
        format!(
            "<svg class=\"plot\" xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {width} {height}\">\n<title>{}</title>\n<desc>{}</desc>\n\
             <style>svg{{{light}}}@media (prefers-color-scheme:dark){{svg{{{dark}}}}}{}</style>\n\
             <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\" class=\"f-paper\"/>\n{}</svg>\n",
            width / 4,
            height / 4,
            escape(&self.title),
            escape(&self.caption),
            classes(),
            self.drawing.body
        )
    }
}

/// Text for XML and HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
