//! What the text takes from elsewhere: the sentences of requirements, and blocks that are generated.
//!
//! A block stands between `<!-- generated NAME -->` and `<!-- end -->`. Names: `profiles` (how many requirements each profile has), `pics NAME` (the items of
//! a profile), `pixit` (parameters with their bounds, from core), `index` (every requirement with its defect), `vectors` (how many each family has),
//! `file PATH` (a file of the standard's folder).

use crate::registry::{Profile, Registry, Requirement};
use crate::text::{BEGIN, END, requirement_of};
use crate::vectors::{FAMILIES, Outcome};
use crate::{FOLDER, Fault, Text};
use hypermesh_core::stoq::preset::Key;
use std::fmt::Write;
use std::path::Path;

/// Pages that are not what the registry makes of them.
pub fn stale(registry: &Registry, text: &Text, root: &Path) -> Vec<Fault> {
    let mut faults = Vec::new();
    for page in &text.pages {
        match page_of(registry, root, &page.name) {
            Err(fault) => faults.push(fault),
            Ok((before, after)) if before != after => {
                faults.push(Fault::new(&page.name, 0, "is not what the registry makes of it: run `standard sync`"));
            }
            Ok(_) => {}
        }
    }
    faults
}

/// Writes every page anew that changed; how many those were.
pub fn write(registry: &Registry, text: &Text, root: &Path) -> Result<usize, Fault> {
    let mut changed = 0;
    for page in &text.pages {
        let (before, after) = page_of(registry, root, &page.name)?;
        if before != after {
            changed += 1;
            let path = root.join(FOLDER).join(&page.name);
            std::fs::write(&path, after).map_err(|error| Fault::new(&page.name, 0, error.to_string()))?;
        }
    }
    Ok(changed)
}

/// A page as it is, and as it has to be.
fn page_of(registry: &Registry, root: &Path, name: &str) -> Result<(String, String), Fault> {
    let folder = root.join(FOLDER);
    let before = std::fs::read_to_string(folder.join(name)).map_err(|error| Fault::new(name, 0, error.to_string()))?;
    let mut after = String::with_capacity(before.len());
    let mut skipping = false;
    for (index, line) in before.lines().enumerate() {
        if line == END {
            skipping = false;
        }
        if skipping {
            continue;
        }
        match requirement_of(line).and_then(|(id, _)| registry.get(id)) {
            Some(requirement) => after.push_str(&shown(requirement)),
            None => after.push_str(line),
        }
        after.push('\n');
        if let Some(what) = line.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(" -->")) {
            let block = generated(registry, &folder, what);
            after.push_str(&block.map_err(|why| Fault::new(name, index + 1, why))?);
            skipping = true;
        }
    }
    if skipping { Err(Fault::new(name, 0, format!("a generated block has no `{END}`"))) } else { Ok((before, after)) }
}

/// A requirement as it stands in the text.
fn shown(requirement: &Requirement) -> String {
    format!("**{}** {}", requirement.id, requirement.text)
}

fn generated(registry: &Registry, folder: &Path, what: &str) -> Result<String, String> {
    match what.split_once(' ') {
        None if what == "profiles" => Ok(profiles(registry)),
        None if what == "pixit" => Ok(pixit()),
        None if what == "index" => Ok(index(registry)),
        None if what == "vectors" => vectors(folder),
        Some(("pics", name)) => {
            let profile = Profile::ALL.into_iter().find(|profile| profile.name() == name);
            profile.map(|profile| pics(registry, profile)).ok_or_else(|| format!("there is no profile {name}"))
        }
        Some(("file", path)) => {
            let text = std::fs::read_to_string(folder.join(path)).map_err(|error| format!("{path}: {error}"))?;
            Ok(format!("```text\n{text}```\n"))
        }
        _ => Err(format!("nothing generates `{what}`")),
    }
}

fn profiles(registry: &Registry) -> String {
    let mut table =
        String::from("| profile | *shall* | *should* | *may* | of the *shall*: observable from another machine |\n|---|---|---|---|---|\n");
    for profile in Profile::ALL {
        let part = Registry {
            clauses: registry
                .clauses
                .iter()
                .cloned()
                .map(|mut clause| {
                    clause.requirements.retain(|requirement| requirement.profile == profile);
                    clause
                })
                .collect(),
            withdrawn: Vec::new(),
        };
        row(&mut table, profile.name(), &part);
    }
    row(&mut table, "all", registry);
    table
}

fn row(table: &mut String, name: &str, registry: &Registry) {
    let counts = registry.counts();
    let _ = writeln!(table, "| {name} | {} | {} | {} | {} |", counts.shall, counts.should, counts.may, counts.remote);
}

fn pics(registry: &Registry, profile: Profile) -> String {
    let mut table = String::from("| item | requirement | binds | status | support |\n|---|---|---|---|---|\n");
    for requirement in registry.requirements().filter(|requirement| requirement.profile == profile) {
        let (id, role, status) = (requirement.id, requirement.role, requirement.status());
        let not = if profile == Profile::Core { "" } else { " N/A [ ]" };
        let item = requirement.item();
        let _ = writeln!(table, "| {item} | {id} | {role} | {status} | Yes [ ] No [ ]{not} |");
    }
    table
}

fn pixit() -> String {
    let mut table = String::from("| parameter | default | lowest | highest | meaning | value |\n|---|---|---|---|---|---|\n");
    for key in Key::ALL {
        let row = key.row();
        let show = |value: u64| row.unit.show(value);
        let about = row.about.trim().trim_end_matches('.');
        let _ = writeln!(table, "| `{}` | {} | {} | {} | {about} | |", row.name, show(row.default), show(row.low), show(row.high));
    }
    table
}

fn index(registry: &Registry) -> String {
    let mut table = String::from("| requirement | binds | profile | kind | tiers | defect |\n|---|---|---|---|---|---|\n");
    for requirement in registry.requirements() {
        let kind = format!("{:?}", requirement.kind).to_lowercase();
        let defect = requirement.defect.as_ref().map_or_else(String::new, |defect| format!("`{defect}`"));
        let (id, role, profile, tiers) = (requirement.id, requirement.role, requirement.profile.name(), requirement.tier_letters());
        let _ = writeln!(table, "| {id} | {role} | {profile} | {kind} | {tiers} | {defect} |");
    }
    table
}

/// How many vectors each family has, and what computes them beside core.
fn vectors(folder: &Path) -> Result<String, String> {
    let (all, faults) = crate::vectors::load(&folder.join("vectors"));
    if let Some(fault) = faults.first() {
        return Err(fault.to_string());
    }
    let mut table = String::from("| family | vectors | of these, errors | computed beside core by |\n|---|---|---|---|\n");
    let errors = |family: Option<&str>| {
        let of = all.iter().filter(|vector| family.is_none() || vector.family() == family);
        let (mut count, mut errors) = (0, 0);
        of.for_each(|vector| (count, errors) = (count + 1, errors + usize::from(matches!(vector.outcome, Outcome::Error(_)))));
        (count, errors)
    };
    for family in FAMILIES {
        let (count, errors) = errors(Some(family.name));
        let _ = writeln!(table, "| `{}` | {count} | {errors} | {} |", family.name, family.cross);
    }
    let (count, errors) = errors(None);
    let _ = writeln!(table, "| all {} | {count} | {errors} | |", FAMILIES.len());
    Ok(table)
}
