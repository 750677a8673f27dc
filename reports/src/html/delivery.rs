//! The words of the section about the delivery of contents.

use crate::delivery::{self, LAYERS, RegionFetches, STAGES, Tier};
use crate::dist::Dist;
use crate::numbers;
use crate::run::Run;
use serde::Serialize;

/// Most rows of the table of choices.
const CHOICES_MAX: usize = 40;

/// Everything that the section says.
#[derive(Serialize)]
pub(super) struct DeliveryWords {
    offload: Option<String>,
    tiers: Vec<TierWords>,
    fetches: Vec<FetchWords>,
    stages: Vec<&'static str>,
    layers: Vec<LayerWords>,
    layers_note: String,
    choices: Vec<ChoiceWords>,
    choices_hidden: usize,
}

#[derive(Serialize)]
struct TierWords {
    group: String,
    role: String,
    served: String,
    memory: String,
    disk: String,
    above: String,
    store: String,
    hit_ratio: String,
    bytes: String,
    byte_hit_ratio: String,
    came: String,
    names: String,
    names_held: String,
}

#[derive(Serialize)]
struct FetchWords {
    region: String,
    count: String,
    whole: [String; 4],
    stages: Vec<String>,
}

#[derive(Serialize)]
struct LayerWords {
    name: &'static str,
    about: &'static str,
    bytes: String,
    share: String,
    per_byte: String,
}

#[derive(Serialize)]
struct ChoiceWords {
    region: String,
    to_region: String,
    connections: String,
    contents: String,
    bytes: String,
    share: String,
}

/// The section; none for a run without layer 1.
pub(super) fn words(run: &Run) -> Option<DeliveryWords> {
    if !delivery::is_delivery(run) {
        return None;
    }
    let choices = delivery::choices(run);
    let (layers, layers_note) = layers(run);
    Some(DeliveryWords {
        offload: offload(run),
        tiers: delivery::tiers(run).iter().map(tier).collect(),
        fetches: delivery::fetches(run).iter().map(fetch).collect(),
        stages: STAGES.iter().map(|stage| stage.0).collect(),
        layers,
        layers_note,
        choices_hidden: choices.len().saturating_sub(CHOICES_MAX),
        choices: choices.iter().take(CHOICES_MAX).map(|choice| self::choice(run, choice)).collect(),
    })
}

fn offload(run: &Run) -> Option<String> {
    let offload = delivery::offload(run)?;
    let (taken, origin) = (numbers::bytes(offload.taken as f64), numbers::bytes(offload.origin as f64));
    Some(if offload.origin <= offload.taken {
        format!(
            "Clients took {taken} of contents, and the origins served {origin}: {} was offloaded from them.",
            numbers::percent(offload.share())
        )
    } else {
        format!("Clients took {taken} of contents, and the origins served {origin}: more than clients took, so nothing was offloaded.")
    })
}

fn ratio(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), numbers::percent)
}

fn tier(tier: &Tier) -> TierWords {
    let or_none = |value: u64| if value > 0 { numbers::count(value as f64) } else { "–".to_owned() };
    TierWords {
        group: tier.group.clone(),
        role: tier.role.clone(),
        served: numbers::count(tier.served().count as f64),
        memory: or_none(tier.memory.count),
        disk: or_none(tier.disk.count),
        above: or_none(tier.above.count),
        store: or_none(tier.store.count),
        hit_ratio: ratio(tier.hit_ratio()),
        bytes: numbers::bytes(tier.served().bytes as f64),
        byte_hit_ratio: ratio(tier.byte_hit_ratio()),
        came: if tier.came.bytes > 0 { numbers::bytes(tier.came.bytes as f64) } else { "–".to_owned() },
        names: numbers::count(tier.names as f64),
        names_held: ratio((tier.names > 0).then(|| tier.names_held as f64 / tier.names as f64)),
    }
}

fn at(dist: &Dist, q: f64) -> String {
    dist.quantile(q).map_or_else(|| "–".to_owned(), |ns| numbers::time(ns as f64))
}

fn fetch(row: &RegionFetches) -> FetchWords {
    FetchWords {
        region: row.region.clone().unwrap_or_else(|| "all, the whole run".to_owned()),
        count: numbers::count(row.whole.count() as f64),
        whole: [0.5, 0.9, 0.99, 1.0].map(|q| at(&row.whole, q)),
        stages: row.stages.iter().map(|stage| format!("{} / {}", at(stage, 0.5), at(stage, 0.99))).collect(),
    }
}

fn layers(run: &Run) -> (Vec<LayerWords>, String) {
    let Some(layers) = delivery::layers(run) else { return (Vec::new(), String::new()) };
    let wires = layers.wires.max(1) as f64;
    let row = |name, about, bytes: u64| LayerWords {
        name,
        about,
        bytes: numbers::bytes(bytes as f64),
        share: numbers::percent((bytes as f64 / wires * 1e4).round() / 1e4),
        per_byte: if layers.objects > 0 { numbers::sig4(bytes as f64 / layers.objects as f64) } else { "–".to_owned() },
    };
    let mut rows: Vec<_> = LAYERS.iter().zip(layers.bytes).map(|((name, _, about), bytes)| row(name, about, bytes)).collect();
    let copies = layers.wires.saturating_sub(layers.sum());
    if copies > 0 {
        rows.push(row("copies", "made by the network, not by nodes", copies));
    }
    rows.push(row("all wires", "what nodes sent, each hop counted", layers.wires));
    let note = format!(
        "Applications got {} of objects, {} of all bytes on the wires: their bytes cross one wire for each hop from whoever had them.",
        numbers::bytes(layers.objects as f64),
        numbers::percent(layers.objects as f64 / wires)
    );
    (rows, note)
}

fn choice(run: &Run, choice: &delivery::Choice) -> ChoiceWords {
    let region = |index: u16| run.manifest.regions.get(usize::from(index)).cloned().unwrap_or_default();
    ChoiceWords {
        region: region(choice.region),
        to_region: region(choice.to_region),
        connections: numbers::count(choice.connections as f64),
        contents: numbers::count(choice.contents as f64),
        bytes: numbers::bytes(choice.bytes as f64),
        share: numbers::percent((choice.share * 1e4).round() / 1e4),
    }
}
