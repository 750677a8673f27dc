//! One HTML page of the whole standard: contents, numbered clauses, an anchor for each requirement, links for what is referred to.
//!
//! It carries its style with it and asks the network for nothing. Printed on paper (or by a program that prints HTML) it becomes pages with running
//! titles and numbers; tables that are too wide for a page are parted by columns.

mod inline;
mod table;

use crate::Text;
use crate::registry::Registry;
use crate::text::{Page, Shape, requirement_of};
use pulldown_cmark::{Options, Parser, html};
use std::fmt::Write;

const STYLE: &str = include_str!("style.css");

/// The page.
pub fn html(registry: &Registry, text: &Text) -> String {
    let title = text.pages.first().and_then(|page| page.headings().next()).map_or("The standard", |(_, _, _, title)| title);
    let mut out = String::new();
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n",
        inline::escaped(title)
    );
    for (index, page) in text.pages.iter().enumerate() {
        let _ = writeln!(out, "<section class=\"{}\">", if index == 0 { "front" } else { "page" });
        body(page, registry, &mut out);
        out.push_str("</section>\n");
        if index == 0 {
            contents(text, &mut out);
        }
    }
    out.push_str("</body>\n</html>\n");
    out
}

/// The table of contents: clauses and annexes with their parts.
fn contents(text: &Text, out: &mut String) {
    out.push_str("<nav>\n<h1>Contents</h1>\n<ol>\n");
    for page in text.pages.iter().skip(1) {
        for (_, depth, label, title) in page.headings().filter(|(_, depth, _, _)| *depth <= 2) {
            let Some(label) = label else { continue };
            let anchor = inline::anchor(label);
            let _ = writeln!(out, "<li class=\"d{depth}\"><a href=\"#{anchor}\"><b>{label}</b> {}</a></li>", inline::escaped(title));
        }
    }
    out.push_str("</ol>\n</nav>\n");
}

/// The body of a page: runs of lines of one shape, each in its own way.
fn body(page: &Page, registry: &Registry, out: &mut String) {
    let mut at = 0;
    while at < page.lines.len() {
        let shape = page.lines[at].shape;
        let same = |shape: Shape, other: Shape| core::mem::discriminant(&shape) == core::mem::discriminant(&other);
        let end = at + page.lines[at..].iter().take_while(|line| same(line.shape, shape)).count();
        let lines: Vec<&str> = page.lines[at..end].iter().map(|line| line.text.as_str()).collect();
        match shape {
            Shape::Heading(_) => lines.iter().for_each(|line| heading(line, out)),
            Shape::Row => table::table(&lines, out),
            Shape::Requirement => lines.iter().for_each(|line| requirement(line, registry, out)),
            Shape::Comment => {}
            Shape::Code | Shape::Prose => out.push_str(&inline::linked(&markdown(&lines.join("\n")))),
        }
        at = end;
    }
}

fn markdown(text: &str) -> String {
    let mut out = String::new();
    html::push_html(&mut out, Parser::new_ext(text, Options::empty()));
    out
}

/// Markdown within a line, without the paragraph around it.
fn line(text: &str) -> String {
    let html = markdown(text);
    html.trim().trim_start_matches("<p>").trim_end_matches("</p>").to_owned()
}

fn heading(text: &str, out: &mut String) {
    let page = Page::new(String::new(), text);
    for (_, depth, label, title) in page.headings() {
        let depth = depth.min(6);
        let _ = match label {
            Some(label) => {
                writeln!(out, "<h{depth} id=\"{}\"><span class=\"no\">{label}</span> {}</h{depth}>", inline::anchor(label), line(title))
            }
            None => writeln!(out, "<h{depth}>{}</h{depth}>", line(title)),
        };
    }
}

fn requirement(text: &str, registry: &Registry, out: &mut String) {
    let Some((id, sentence)) = requirement_of(text) else { return };
    let level = registry.get(id).map_or("shall", |requirement| requirement.level.verb());
    let sentence = inline::linked(&line(sentence));
    let _ = writeln!(out, "<p class=\"req {level}\" id=\"{id}\"><a class=\"id\" href=\"#{id}\">{id}</a> {sentence}</p>");
}
