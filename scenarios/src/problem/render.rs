//! Problems as text with carets, by annotate-snippets.

use super::{Problem, Report, Severity};
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

/// The whole report, one problem after the other and a summary.
pub(super) fn report(report: &Report, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for problem in &report.problems {
        out.push_str(&renderer.render(&[group(problem, report)]));
        out.push_str("\n\n");
    }
    out.push_str(&summary(report));
    out
}

/// One problem: title, snippet, notes.
fn group<'r>(problem: &'r Problem, report: &'r Report) -> Group<'r> {
    let level = match problem.severity() {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group = level.primary_title(problem.message.as_str()).id(problem.code.as_str()).element(snippet(problem, report));
    if let Some(expected) = &problem.expected {
        group = group.element(Level::NOTE.with_name("expected").message(expected.as_str()));
    }
    if let Some(example) = &problem.example {
        group = group.element(Level::NOTE.with_name("example").message(example.as_str()));
    }
    for help in &problem.help {
        group = group.element(Level::HELP.message(help.as_str()));
    }
    group
}

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

/// How many problems of which kind there are.
fn summary(report: &Report) -> String {
    let plural = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let counts = match (report.errors(), report.warnings()) {
        (0, 0) => return String::new(),
        (0, w) => plural(w, "warning"),
        (e, 0) => plural(e, "error"),
        (e, w) => format!("{}, {}", plural(e, "error"), plural(w, "warning")),
    };
    let first = report.problems.first().map_or("", |p| p.code.as_str());
    format!("{counts}; `hypermesh explain {first}` says more\n")
}
