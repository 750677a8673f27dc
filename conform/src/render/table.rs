//! Tables. One that is too wide for a page is parted by columns, with its first column repeated.

use super::{inline, line};
use crate::text::cells;
use std::fmt::Write;

/// Columns of one part, the first one not counted.
const COLUMNS_MAX: usize = 6;

pub(super) fn table(lines: &[&str], out: &mut String) {
    let rows: Vec<Vec<&str>> = lines.iter().map(|line| cells(line)).collect();
    let Some((head, body)) = rows.split_first() else { return };
    // The second line parts the head from the body.
    let body = body.get(1..).unwrap_or_default();
    let columns = head.len().saturating_sub(1);
    if columns <= COLUMNS_MAX + 1 {
        return part(head, body, 1..head.len(), &format!("cols{}", head.len()), out);
    }
    let parts = columns.div_ceil(COLUMNS_MAX);
    let each = columns.div_ceil(parts);
    for from in (1..head.len()).step_by(each) {
        part(head, body, from..(from + each).min(head.len()), "states", out);
    }
}

fn part(head: &[&str], body: &[Vec<&str>], columns: std::ops::Range<usize>, class: &str, out: &mut String) {
    let _ = writeln!(out, "<table class=\"{class}\">\n<thead><tr>{}</tr></thead>\n<tbody>", row(head, &columns, "th"));
    for cells in body {
        let anchor = if cells[0].starts_with("R-") { format!(" id=\"row-{}\"", inline::escaped(cells[0])) } else { String::new() };
        let _ = writeln!(out, "<tr{anchor}>{}</tr>", row(cells, &columns, "td"));
    }
    out.push_str("</tbody>\n</table>\n");
}

fn row(cells: &[&str], columns: &std::ops::Range<usize>, tag: &str) -> String {
    let shown = std::iter::once(0).chain(columns.clone()).map(|at| {
        let cell = cells.get(at).copied().unwrap_or_default();
        format!("<{tag}>{}</{tag}>", inline::linked(&line(cell)).replace(" → ", "<br>→ "))
    });
    shown.collect()
}
