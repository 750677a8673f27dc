//! Problems as text with carets, by annotate-snippets.

use super::{Problem, Report, Severity};
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

/// The whole report, one problem after the other.
pub(super) fn report(report: &Report, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for problem in &report.problems {
        out.push_str(&renderer.render(&[group(problem, report)]));
        out.push_str("\n\n");
    }
    out.push_str(&more(report));
    out
}

/// One problem: title, snippet, notes.
fn group<'r>(problem: &'r Problem, report: &'r Report) -> Group<'r> {
    let level = match problem.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(problem.message.as_str()).id(problem.code.as_str());
    let mut group = match report.sources.get(problem.at.source) {
        // Of a file that could not be read there is nothing to show.
        Some(source) if source.text.is_empty() => title.element(Origin::path(source.name.as_str())),
        _ => title.element(snippet(problem, report)),
    };
    if let Some(expected) = &problem.expected {
        group = group.element(Level::NOTE.with_name("expected").message(shortened(expected)));
    }
    if let Some(example) = &problem.example {
        group = group.element(Level::NOTE.with_name("example").message(example.as_str()));
    }
    for help in &problem.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    group
}

/// A text, cut short where a list of names in it is too long to be read.
fn shortened(text: &str) -> String {
    let cut = match text.char_indices().nth(LIST_MAX) {
        Some((byte, _)) => text[..byte].rfind(", "),
        None => None,
    };
    match cut {
        Some(cut) => format!("{}, and {} more", &text[..cut], text[cut..].matches(", ").count()),
        None => text.to_owned(),
    }
}

/// Characters after which a list is cut short.
const LIST_MAX: usize = 240;

/// The line that a problem points at. Only that line is shown: a mapping of many lines is marked where it starts.
fn snippet<'r>(problem: &Problem, report: &'r Report) -> Snippet<'r, annotate_snippets::Annotation<'r>> {
    let (name, text) = report.sources.get(problem.at.source).map_or(("", ""), |s| (s.name.as_str(), s.text.as_str()));
    let start = floor(text, problem.at.start as usize);
    let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
    let line = text[line_start..].split(['\n', '\r']).next().unwrap_or_default();
    let from = (start - line_start).min(line.len());
    let to = floor(text, problem.at.end as usize).saturating_sub(line_start).clamp(from, line.len());
    Snippet::source(line)
        .path(name)
        .line_start(problem.at.line.max(1) as usize)
        .fold(false)
        .annotation(AnnotationKind::Primary.span(from..to))
}

/// The nearest boundary of a character at or before a byte.
fn floor(text: &str, byte: usize) -> usize {
    let mut byte = byte.min(text.len());
    while !text.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

/// Where to read more.
fn more(report: &Report) -> String {
    report.problems.first().map_or_else(String::new, |first| format!("more about a problem: hypermesh explain {}\n", first.code))
}
