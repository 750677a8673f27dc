//! The PICS of Annex A, filled with what a campaign observed.

use super::summary::{Standing, Summary};
use crate::registry::{Profile, Registry};
use serde::Serialize;

/// What the column *support* says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Support {
    /// Every case of it passed.
    Yes,
    /// A case of it failed, or a *should* is not followed.
    No,
    /// The campaign does not tell.
    Open,
}

impl Support {
    /// As it stands in the proforma.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Open => "open",
        }
    }
}

/// A row of the proforma.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// Its name in reports.
    pub item: String,
    /// The requirement.
    pub requirement: String,
    /// Its profile.
    pub profile: &'static str,
    /// The side that it binds.
    pub binds: String,
    /// Mandatory or optional, under the predicate of its profile.
    pub status: String,
    /// What was observed.
    pub support: Support,
    /// On what that rests.
    pub verdict: Standing,
    /// How many cases the suite has for it.
    pub cases: usize,
    /// Its sentence.
    pub text: String,
}

/// The rows in the order of Annex A: profile by profile, each in the order of the standard.
pub fn items(registry: &Registry, summary: &Summary) -> Vec<Item> {
    let mut items = Vec::new();
    for profile in Profile::ALL {
        for requirement in registry.requirements().filter(|requirement| requirement.profile == profile) {
            let id = requirement.id.to_string();
            let row = summary.requirements.iter().find(|row| row.id == id);
            let verdict = row.map_or(Standing::Unknown, |row| row.verdict);
            items.push(Item {
                item: requirement.item(),
                requirement: id,
                profile: profile.name(),
                binds: requirement.role.to_string(),
                status: requirement.status(),
                support: match verdict {
                    Standing::Pass => Support::Yes,
                    Standing::Fail | Standing::NonStrict => Support::No,
                    _ => Support::Open,
                },
                verdict,
                cases: row.map_or(0, |row| row.cases),
                text: requirement.text.clone(),
            });
        }
    }
    items
}

/// The rows as comma-separated values (RFC 4180), with a head.
pub fn csv(items: &[Item]) -> String {
    let mut out = String::from("item,requirement,profile,binds,status,support,verdict,cases,text\r\n");
    for item in items {
        let cells = [
            &item.item,
            &item.requirement,
            item.profile,
            &item.binds,
            &item.status,
            item.support.name(),
            item.verdict.name(),
            &item.cases.to_string(),
            &item.text,
        ];
        out += &cells.map(quoted).join(",");
        out += "\r\n";
    }
    out
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}
