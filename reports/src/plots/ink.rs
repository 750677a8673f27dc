//! Colours by what they are for. A plot is drawn in the light ones; a style sheet then maps each to its light or dark shade, so that a picture follows the
//! reader's theme, and viewers without style sheets still show the light one.
//!
//! The series colours are shades of the palette of Okabe and Ito (2008), told apart with every common kind of colour blindness, and have a contrast of
//! at least 3 to 1 against either background.

use plotters::style::RGBColor;
use std::fmt::Write;

/// What a colour is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Text.
    Text,
    /// Less important text and axes.
    Dim,
    /// Grid lines.
    Grid,
    /// The background.
    Paper,
    /// Times at which a fault was on.
    Band,
    /// The beginning of a fault and its bar.
    Fault,
    /// Land on a map.
    Land,
    /// A series of data, 0 to 6.
    Series(usize),
    /// What a model expects; dashed.
    Model,
}

struct Shade {
    class: &'static str,
    light: RGBColor,
    dark: &'static str,
}

const fn shade(class: &'static str, light: (u8, u8, u8), dark: &'static str) -> Shade {
    Shade { class, light: RGBColor(light.0, light.1, light.2), dark }
}

/// Series first, in the order of [`Ink::Series`]. No two light colours are equal, since drawings are recognised by them.
const SHADES: [Shade; 15] = [
    shade("s0", (0x00, 0x72, 0xb2), "#56b4e9"),
    shade("s1", (0xd5, 0x5e, 0x00), "#f4915a"),
    shade("s2", (0x00, 0x86, 0x62), "#35c79c"),
    shade("s3", (0xa8, 0x4c, 0x86), "#e29ac6"),
    shade("s4", (0x94, 0x6a, 0x00), "#e3b341"),
    shade("s5", (0x3c, 0x85, 0xc4), "#9cc9f2"),
    shade("s6", (0x6a, 0x6f, 0x76), "#aab1ba"),
    shade("text", (0x1c, 0x21, 0x28), "#e8ebef"),
    shade("dim", (0x57, 0x60, 0x6a), "#a4adb8"),
    shade("grid", (0xe1, 0xe5, 0xea), "#31373f"),
    shade("paper", (0xff, 0xff, 0xff), "#16191d"),
    shade("band", (0xfb, 0xe9, 0xd2), "#4a3719"),
    shade("land", (0xdf, 0xe4, 0xe8), "#2b3138"),
    shade("model", (0x20, 0x24, 0x2a), "#dfe3e8"),
    shade("fault", (0xe0, 0xa4, 0x58), "#a87a36"),
];

/// How many series colours there are.
pub(crate) const SERIES: usize = 7;

impl Ink {
    const fn index(self) -> usize {
        match self {
            Self::Series(index) => index % SERIES,
            Self::Text => 7,
            Self::Dim => 8,
            Self::Grid => 9,
            Self::Paper => 10,
            Self::Band => 11,
            Self::Land => 12,
            Self::Model => 13,
            Self::Fault => 14,
        }
    }

    /// The colour to draw with.
    pub(crate) const fn color(self) -> RGBColor {
        SHADES[self.index()].light
    }
}

/// Declarations of the colour variables: (light, dark).
pub(crate) fn variables() -> (String, String) {
    let (mut light, mut dark) = (String::new(), String::new());
    for shade in &SHADES {
        let RGBColor(r, g, b) = shade.light;
        let _ = write!(light, "--{}:#{r:02x}{g:02x}{b:02x};", shade.class);
        let _ = write!(dark, "--{}:{};", shade.class, shade.dark);
    }
    (light, dark)
}

/// The classes that drawings use.
pub(crate) fn classes() -> String {
    let mut css = String::from("svg.plot text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}");
    for shade in &SHADES {
        let name = shade.class;
        let _ = write!(css, ".f-{name}{{fill:var(--{name})}}.k-{name}{{stroke:var(--{name})}}");
    }
    css.push_str(".k-model{stroke-dasharray:22 14}polyline{stroke-linejoin:round}");
    css
}

/// Replaces what the drawing library writes for every element by what a themed page needs: colours also as classes, no fonts, no defaults.
pub(crate) fn themed(svg: &str) -> String {
    let mut out = String::with_capacity(svg.len());
    for piece in svg.split_inclusive('>') {
        // Text between tags ends with the next opening bracket; only the tag itself is looked at.
        let Some(at) = piece.find('<') else {
            out.push_str(piece.trim_matches('\n'));
            continue;
        };
        out.push_str(piece[..at].trim_matches('\n'));
        out.push_str(&themed_tag(&piece[at..]));
    }
    out
}

fn themed_tag(tag: &str) -> String {
    let mut tag = tag.replace(" opacity=\"1\"", "").replace(" \"/>", "\"/>").replace(" stroke=\"none\"", "");
    remove_attribute(&mut tag, " font-family=\"");
    let mut classes = String::new();
    for (attribute, prefix) in [(" fill=\"#", "f-"), (" stroke=\"#", "k-")] {
        let Some(at) = tag.find(attribute) else { continue };
        let from = at + attribute.len();
        let Some(found) = tag.get(from..from + 6).and_then(|hex| class_of(hex)) else { continue };
        if !classes.is_empty() {
            classes.push(' ');
        }
        let _ = write!(classes, "{prefix}{found}");
    }
    if !classes.is_empty() {
        let end = tag.find([' ', '>']).unwrap_or(0);
        tag.insert_str(end, &format!(" class=\"{classes}\""));
    }
    tag
}

fn remove_attribute(tag: &mut String, opening: &str) {
    if let Some(at) = tag.find(opening)
        && let Some(length) = tag[at + opening.len()..].find('"')
    {
        tag.replace_range(at..at + opening.len() + length + 1, "");
    }
}

fn class_of(hex: &str) -> Option<&'static str> {
    let value = u32::from_str_radix(hex, 16).ok()?;
    let is = |shade: &&Shade| {
        let RGBColor(r, g, b) = shade.light;
        u32::from_be_bytes([0, r, g, b]) == value
    };
    SHADES.iter().find(is).map(|shade| shade.class)
}
