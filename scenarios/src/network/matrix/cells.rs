//! Rows and cells of a CSV file (RFC 4180, without line breaks inside of quotes).

use std::borrow::Cow;

/// A row that has at least one cell.
pub(super) struct Row<'t> {
    /// Its line, from 1.
    pub(super) line: usize,
    /// Its cells, without the blanks around them.
    pub(super) cells: Vec<Cow<'t, str>>,
}

/// The rows of a text.
pub(super) fn rows(text: &str) -> Vec<Row<'_>> {
    // Some spreadsheets start files with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(|(index, line)| Row { line: index + 1, cells: cells(line) }).collect()
}

fn cells(line: &str) -> Vec<Cow<'_, str>> {
    let mut cells = Vec::new();
    let mut rest = line;
    loop {
        let (cell, after) = next(rest);
        cells.push(cell);
        match after {
            Some(after) => rest = after,
            None => return cells,
        }
    }
}

/// The next cell and what follows its comma.
fn next(text: &str) -> (Cow<'_, str>, Option<&str>) {
    let quoted = text.trim_start().strip_prefix('"').and_then(|inner| Some((inner, closing_quote(inner)?)));
    match quoted {
        Some((inner, end)) => {
            let cell = &inner[..end];
            let cell = if cell.contains('"') { Cow::Owned(cell.replace("\"\"", "\"")) } else { Cow::Borrowed(cell) };
            (cell, inner[end + 1..].split_once(',').map(|(_, after)| after))
        }
        None => match text.split_once(',') {
            Some((cell, after)) => (Cow::Borrowed(cell.trim()), Some(after)),
            None => (Cow::Borrowed(text.trim()), None),
        },
    }
}

/// Where the quote is that ends a cell: not doubled.
fn closing_quote(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'"', Some(b'"')) => at += 2,
            (b'"', _) => return Some(at),
            _ => at += 1,
        }
    }
    None
}
