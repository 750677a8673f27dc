//! The text of the standard: Markdown pages, line by line, with what the lints have to know of each line.

use crate::fault::Fault;
use crate::registry::Id;
use std::path::Path;

/// How a block begins that is generated; what it is follows, and ` -->`.
pub const BEGIN: &str = "<!-- generated ";
/// How it ends.
pub const END: &str = "<!-- end -->";

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A heading, with its depth.
    Heading(usize),
    /// A line of a table.
    Row,
    /// A line of a code block, its fences included.
    Code,
    /// A requirement.
    Requirement,
    /// A comment of HTML, which nobody sees.
    Comment,
    /// Anything else.
    Prose,
}

/// A line of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from one.
    pub number: usize,
    /// What it is.
    pub shape: Shape,
    /// What it says.
    pub text: String,
    /// It stands in a block that is generated, so nobody chose its words.
    pub is_generated: bool,
}

/// A page: a clause, an annex or the front matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The name of its file.
    pub name: String,
    /// Its lines.
    pub lines: Vec<Line>,
}

/// All pages, in the order in which they are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// Front matter, clauses, annexes.
    pub pages: Vec<Page>,
}

impl Text {
    /// Reads the Markdown files of a folder: `NN-*.md`, then `annex-*.md`.
    pub fn load(folder: &Path) -> Result<Self, Vec<Fault>> {
        let shown = folder.display().to_string();
        let fault = |error: std::io::Error| vec![Fault::new(&shown, 0, error.to_string())];
        let entries = std::fs::read_dir(folder).map_err(fault)?;
        let mut names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        names.retain(|name| name.ends_with(".md") && name != "README.md");
        names.sort();
        let mut pages = Vec::new();
        for name in names {
            let text = std::fs::read_to_string(folder.join(&name)).map_err(fault)?;
            pages.push(Page::new(name, &text));
        }
        Ok(Self { pages })
    }

    /// The page of a clause.
    pub fn clause(&self, number: u8) -> Option<&Page> {
        self.pages.iter().find(|page| page.clause() == Some(number))
    }
}

impl Page {
    /// Looks at the lines of a page.
    pub fn new(name: String, text: &str) -> Self {
        let (mut code, mut is_generated, mut lines) = (false, false, Vec::new());
        for (index, text) in text.lines().enumerate() {
            let fence = text.starts_with("```");
            let shape = match text {
                _ if code || fence => Shape::Code,
                _ if text.starts_with("<!--") => Shape::Comment,
                _ if text.starts_with('#') => Shape::Heading(text.bytes().take_while(|byte| *byte == b'#').count()),
                _ if text.starts_with('|') => Shape::Row,
                _ if requirement_of(text).is_some() => Shape::Requirement,
                _ => Shape::Prose,
            };
            code ^= fence;
            is_generated = (is_generated && text != END) || text.starts_with(BEGIN);
            lines.push(Line { number: index + 1, shape, text: text.to_owned(), is_generated });
        }
        Self { name, lines }
    }

    /// The number of its clause; none for front matter and annexes.
    pub fn clause(&self) -> Option<u8> {
        self.name.split_once('-').and_then(|(number, _)| number.parse().ok()).filter(|number| *number > 0)
    }

    /// Whether what it says has to be kept: clauses 4 to 17 and normative annexes.
    pub fn is_normative(&self) -> bool {
        match self.clause() {
            Some(clause) => clause >= 4,
            None => self.lines.first().is_some_and(|line| line.text.contains("(normative)")),
        }
    }

    /// The requirements with their lines.
    pub fn requirements(&self) -> impl Iterator<Item = (usize, Id, &str)> {
        let found = self.lines.iter().filter(|line| line.shape == Shape::Requirement);
        found.filter_map(|line| requirement_of(&line.text).map(|(id, sentence)| (line.number, id, sentence)))
    }

    /// Lines whose words somebody chose: no code, no comments, nothing that is generated.
    pub fn written(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| !matches!(line.shape, Shape::Code | Shape::Comment) && !line.is_generated)
    }

    /// The headings: line, depth, the number or name that references use (`6.2`, `Annex A`, `A.1`), title.
    pub fn headings(&self) -> impl Iterator<Item = (usize, usize, Option<&str>, &str)> {
        self.lines.iter().filter_map(|line| match line.shape {
            Shape::Heading(depth) => {
                let title = line.text[depth..].trim();
                let (label, rest) = label_of(title);
                Some((line.number, depth, label, rest))
            }
            _ => None,
        })
    }

    /// Rows of tables as cells, separators left out; with whether the row is the head of its table.
    pub fn rows(&self) -> impl Iterator<Item = (usize, bool, Vec<&str>)> {
        self.lines.iter().enumerate().filter(|(_, line)| line.shape == Shape::Row && !is_separator(&line.text)).map(|(index, line)| {
            let head = self.lines.get(index + 1).is_some_and(|next| next.shape == Shape::Row && is_separator(&next.text));
            (line.number, head, cells(&line.text))
        })
    }
}

/// The cells of a row.
pub fn cells(row: &str) -> Vec<&str> {
    let row = row.trim();
    let inner = row.strip_prefix('|').unwrap_or(row);
    inner.strip_suffix('|').unwrap_or(inner).split('|').map(str::trim).collect()
}

fn is_separator(row: &str) -> bool {
    row.bytes().all(|byte| matches!(byte, b'|' | b'-' | b':' | b' '))
}

/// The id and the sentence of a line that is a requirement: `**R-6-01** An integer ...`.
pub fn requirement_of(line: &str) -> Option<(Id, &str)> {
    let (id, sentence) = line.strip_prefix("**R-").and_then(|_| line[2..].split_once("**"))?;
    Some((Id::parse(id)?, sentence.trim()))
}

/// The label at the beginning of a heading, and its title.
fn label_of(title: &str) -> (Option<&str>, &str) {
    if let Some(rest) = title.strip_prefix("Annex ") {
        let label = &title[.."Annex ".len() + rest.find(' ').unwrap_or(rest.len())];
        return (Some(label), title[label.len()..].trim());
    }
    let Some((label, rest)) = title.split_once(' ') else { return (None, title) };
    let parts: Vec<&str> = label.split('.').collect();
    let first = parts[0].parse::<u8>().is_ok() || (parts.len() > 1 && parts[0].len() == 1 && parts[0].as_bytes()[0].is_ascii_uppercase());
    let numbered = first && parts[1..].iter().all(|part| part.parse::<u8>().is_ok());
    if numbered { (Some(label), rest.trim()) } else { (None, title) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_what_they_look_like() {
        let page = Page::new(
            "06-wire.md".into(),
            "# 6 Wire image\n\n**R-6-01** It shall.\n| a | b |\n|---|---|\n| 1 | 2 |\n```text\n# no heading\n```\nword",
        );
        let shapes: Vec<Shape> = page.lines.iter().map(|line| line.shape).collect();
        use Shape::{Code, Heading, Prose, Requirement, Row};
        assert_eq!(shapes, [Heading(1), Prose, Requirement, Row, Row, Row, Code, Code, Code, Prose]);
        assert_eq!(page.clause(), Some(6));
        assert_eq!(page.rows().collect::<Vec<_>>(), [(4, true, vec!["a", "b"]), (6, false, vec!["1", "2"])]);
    }

    #[test]
    fn headings_have_labels_by_which_they_are_referred_to() {
        assert_eq!(label_of("6.2 Frames"), (Some("6.2"), "Frames"));
        assert_eq!(label_of("Annex A (normative) PICS"), (Some("Annex A"), "(normative) PICS"));
        assert_eq!(label_of("A.1 How to fill it in"), (Some("A.1"), "How to fill it in"));
        assert_eq!(label_of("Abstract"), (None, "Abstract"));
        assert_eq!(label_of("A word"), (None, "A word"));
    }
}
