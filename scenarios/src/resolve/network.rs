//! The network: its map, its access classes, and what wires do.

use super::chance::Chance;
use crate::network::{Map, PLACES_MAX, backbone, cloud, matrix, synthetic};
use crate::plan::{Access, Jitter, Network};
use crate::problem::{Code, Problem};
use crate::read::{At, FilePath, Location, Table};
use crate::spec::network::Access as SpecAccess;
use crate::spec::{Paths, Scenario};
use crate::units::Share;

/// Keys the delays of a uniform network.
const DELAYS: u64 = 0xFFFF_0001;
/// Keys the asymmetry.
const SKEW: u64 = 0xFFFF_0002;

/// The map that the scenario asks for; none, with problems noted, where a file cannot be read.
pub(super) fn map(scenario: &Scenario, chance: &Chance, problems: &mut Vec<Problem>) -> Option<Map> {
    let network = &scenario.network;
    let cities = network.cities.value.0 as usize;
    let mut map = match &network.paths.value {
        Paths::Backbone => backbone::map(cities),
        Paths::Cloud => cloud::map(),
        Paths::Matrix(file) => from_file(file, problems)?,
        Paths::Geography(geography) => synthetic::geography(cities, geography.base.span(), geography.per_1000km.span()),
        Paths::Uniform(range) => synthetic::uniform(cities, range.min.span(), range.max.span(), chance.salt(DELAYS)),
    };
    debug_assert!(map.places.len() <= PLACES_MAX, "every map keeps to its limit");
    let skew = network.asymmetry.unit();
    if skew > 0.0 {
        map.skew(skew, chance.salt(SKEW));
    }
    Some(map)
}

fn from_file(file: &At<FilePath>, problems: &mut Vec<Problem>) -> Option<Map> {
    let text = match std::fs::read_to_string(&file.path) {
        Ok(text) => text,
        Err(error) => {
            problems.push(Problem::new(Code::MATRIX_UNREADABLE, file.at, format!("`{}` cannot be read: {error}", file.written)));
            return None;
        }
    };
    match matrix::read(&text) {
        Ok(map) => Some(Map { source: format!("the matrix {}", file.written), ..map }),
        Err(errors) => {
            problems
                .extend(errors.iter().map(|error| Problem::new(Code::MATRIX_MALFORMED, file.at, format!("`{}`, {error}", file.written))));
            None
        }
    }
}

/// One group's classes of access: index of the class, and its share.
pub(super) type Mix = Vec<(u8, Share)>;

/// All classes of access, each once, and the mix of each group.
pub(super) fn access(scenario: &Scenario, problems: &mut Vec<Problem>) -> (Vec<Access>, Vec<Mix>) {
    let mut classes: Vec<Access> = Vec::new();
    let mut mix = |table: &Table<SpecAccess>, at: Location| -> Mix {
        let mut mix = Mix::new();
        for (name, access) in table.iter() {
            // The checks have refused classes that lack something.
            let Some(class) = class(&name.value.0, access) else { continue };
            let index = classes.iter().position(|known| *known == class).unwrap_or_else(|| {
                classes.push(class);
                classes.len() - 1
            });
            match u8::try_from(index) {
                Ok(index) => mix.push((index, access.share.value)),
                Err(_) => problems.push(Problem::new(Code::NETWORK, at, "there are more than 256 classes of access")),
            }
        }
        mix
    };
    let usual = mix(&scenario.network.access, scenario.network.paths.at);
    let mixes =
        scenario.groups.iter().map(|(name, group)| group.access.as_ref().map_or_else(|| usual.clone(), |own| mix(own, name.at))).collect();
    (classes, mixes)
}

fn class(name: &str, access: &SpecAccess) -> Option<Access> {
    let class = access.class(name)?;
    Some(Access {
        name: name.to_owned(),
        up_bps: class.up.0,
        down_bps: class.down.0,
        queue_bytes: class.queue.0,
        last_mile: class.last_mile.span(),
        loss: class.loss.unit(),
    })
}

/// The wires of the plan.
pub(super) fn network(scenario: &Scenario, map: Map, access: Vec<Access>) -> Network {
    let network = &scenario.network;
    Network {
        places: map.places,
        regions: map.regions,
        one_way_ns: map.one_way_ns,
        access,
        jitter: Jitter { share: network.jitter.share.unit(), floor: network.jitter.floor.span(), period: network.jitter.period.span() },
        loss: network.loss.unit(),
        duplicate: network.duplicate.unit(),
        reorder: network.reorder.share.unit(),
        reorder_by: network.reorder.by.span(),
        overhead_bytes: network.overhead.0 as u32,
        source: map.source,
    }
}
