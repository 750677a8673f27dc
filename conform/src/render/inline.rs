//! Links within the standard: ids of requirements, clauses, annexes.

use crate::lint::clauses_in;
use crate::registry::Id;
use std::fmt::Write;

/// The anchor of a clause or an annex. One that began with a digit would be awkward to select.
pub(super) fn anchor(label: &str) -> String {
    let plain = label.to_lowercase().replace([' ', '.'], "-");
    if plain.starts_with("annex") { plain } else { format!("c{plain}") }
}

/// Text for HTML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// HTML in whose text ids, clauses and annexes are links; what stands in tags, links and blocks of code stays as it is.
pub(super) fn linked(html: &str) -> String {
    let mut out = String::with_capacity(html.len() * 5 / 4);
    let (mut rest, mut quiet) = (html, 0u32);
    while let Some(open) = rest.find('<') {
        let (text, tagged) = rest.split_at(open);
        out.push_str(&if quiet == 0 { text_linked(text) } else { text.to_owned() });
        let close = tagged.find('>').map_or(tagged.len(), |at| at + 1);
        let (tag, after) = tagged.split_at(close);
        match tag {
            _ if tag.starts_with("<pre") || tag.starts_with("<a ") => quiet += 1,
            "</pre>" | "</a>" => quiet = quiet.saturating_sub(1),
            _ => {}
        }
        out.push_str(tag);
        rest = after;
    }
    out.push_str(&text_linked(rest));
    out
}

fn text_linked(text: &str) -> String {
    let mut links: Vec<(usize, usize, String)> = Id::all_in(text)
        .into_iter()
        .filter_map(|(at, id)| id.ok().map(|id| (at, id.to_string())))
        .map(|(at, id)| (at, id.len(), format!("#{id}")))
        .collect();
    for label in clauses_in(text) {
        // Every place where the label stands behind a word that makes it a reference, or a link of a list of them.
        for (at, _) in text.match_indices(label.as_str()) {
            let before = &text[..at];
            let after = text[at + label.len()..].chars().next();
            let whole = after.is_none_or(|c| !c.is_ascii_alphanumeric()) && !continues(&text[at + label.len()..]);
            let named =
                label.starts_with("Annex") || ["lause ", "lauses ", " and ", " to ", ", "].iter().any(|word| before.ends_with(word));
            if whole && named {
                links.push((at, label.len(), format!("#{}", anchor(&label))));
            }
        }
    }
    links.sort();
    links.dedup();
    let (mut out, mut from) = (String::new(), 0);
    for (at, len, target) in links {
        if at >= from {
            let _ = write!(out, "{}<a href=\"{target}\">{}</a>", &text[from..at], &text[at..at + len]);
            from = at + len;
        }
    }
    out.push_str(&text[from..]);
    out
}

/// Whether a number goes on: `.2` after `6`.
fn continues(rest: &str) -> bool {
    rest.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_become_links_and_code_stays() {
        assert_eq!(linked("<p>see R-6-01.</p>"), "<p>see <a href=\"#R-6-01\">R-6-01</a>.</p>");
        assert_eq!(linked("clause 6.2 and Annex B"), "clause <a href=\"#c6-2\">6.2</a> and <a href=\"#annex-b\">Annex B</a>");
        assert_eq!(linked("<pre>R-6-01</pre>"), "<pre>R-6-01</pre>");
        assert_eq!(linked("RFC 9000, clause 16"), "RFC 9000, clause 16");
    }
}
