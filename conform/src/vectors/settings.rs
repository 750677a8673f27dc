//! `settings`: the fields of a `Settings` frame to pairs, and two sides to what is in use (clause 7.1).

use super::family::Maker;
use super::file::{Outcome, Vector};
use super::octets::{Octets, hex};
use super::varint::by_hand;
use hypermesh_core::base::Wire;
use hypermesh_core::stoq::session::Violation;
use hypermesh_core::stoq::session::agreed::{Agreed, agree};
use hypermesh_core::stoq::session::settings::Settings;
use serde::{Deserialize, Serialize};

/// Either the fields of one frame, or those of both sides, as `ours` sees it under major version 1.
#[derive(Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Input {
    One { octets: Octets },
    Both { ours: Octets, theirs: Octets },
}

/// What a side tells: pairs of number and value.
type Told<'a> = &'a [(u64, u64)];

#[derive(Serialize)]
struct Pairs {
    pairs: Vec<(u64, u64)>,
}

#[derive(Serialize)]
struct InUse {
    minor: u64,
    capabilities: u64,
    /// Of the peer.
    roles: u64,
    chunk_octets: u64,
    manifest_octets: u64,
    requests: u64,
    idle_millis: u64,
}

/// The fields of a `Settings` frame with these pairs.
pub(super) fn fields(pairs: &[(u64, u64)]) -> Vec<u8> {
    let mut octets = Vec::new();
    for (number, value) in pairs {
        by_hand(&mut octets, *number);
        by_hand(&mut octets, *value);
    }
    octets
}

/// Number, default, lowest and highest value of each setting, from the table of clause 7.1.
fn table() -> Vec<(String, [u64; 4])> {
    let rows = super::text::rows(7, 6);
    let number = |cell: &str| match cell.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => cell.parse().ok(),
    };
    let settings = rows.into_iter().filter_map(|row| {
        let numbers: Option<Vec<u64>> = row[1..5].iter().map(|cell| number(cell)).collect();
        Some((row[0].to_lowercase(), numbers?.try_into().ok()?))
    });
    settings.collect()
}

pub(super) fn make(maker: &mut Maker) {
    make_valid(maker);
    make_invalid(maker);
    make_both(maker);
}

fn one(maker: &mut Maker, case: &str, requirements: &[&str], octets: &[u8], outcome: Outcome) {
    let octets = maker.octets(case, octets);
    maker.add(case, requirements, Input::One { octets }, outcome);
}

fn valid(maker: &mut Maker, case: &str, requirements: &[&str], pairs: &[(u64, u64)]) {
    one(maker, case, requirements, &fields(pairs), Outcome::output(Pairs { pairs: pairs.to_vec() }));
}

fn wrong(maker: &mut Maker, case: &str, requirements: &[&str], octets: &[u8], violation: Violation) {
    one(maker, case, requirements, octets, Outcome::error(violation));
}

fn make_valid(maker: &mut Maker) {
    valid(maker, "none", &["R-6-08", "R-7-11"], &[]);
    valid(maker, "usual", &["R-7-10"], &[(1, 1), (3, 0), (5, 127), (8, 1)]);
    let all: Vec<(u64, u64)> = table().iter().map(|(_, [number, default, ..])| (*number, *default)).collect();
    valid(maker, "every-default-told", &["R-7-11"], &all);
    for (name, [number, _, low, high]) in table() {
        valid(maker, &format!("{name}-lowest"), &["R-7-10"], &[(number, low)]);
        valid(maker, &format!("{name}-highest"), &["R-7-10"], &[(number, high)]);
    }
    valid(maker, "without-meaning", &["R-7-07"], &[(1, 1), (30, 12_345), (62, 0)]);
    valid(maker, "unknown-even", &["R-7-07"], &[(0x3f00, 1), (0x3fff_ffff_ffff_fffe, 0x3fff_ffff_ffff_ffff)]);
    let many: Vec<(u64, u64)> = (1..=32).map(|n| (2 * n + 10, n)).collect();
    valid(maker, "thirty-two-pairs", &["R-7-10"], &many);
}

fn make_invalid(maker: &mut Maker) {
    for (name, [number, _, low, high]) in table() {
        if low > 0 {
            wrong(maker, &format!("{name}-too-low"), &["R-7-10"], &fields(&[(number, low - 1)]), Violation::SettingInvalid);
        }
        if high < 4_611_686_018_427_387_903 {
            wrong(maker, &format!("{name}-too-high"), &["R-7-10"], &fields(&[(number, high + 1)]), Violation::SettingInvalid);
        }
    }
    wrong(maker, "falling", &["R-7-10"], &fields(&[(3, 0), (1, 1)]), Violation::SettingInvalid);
    wrong(maker, "falling-without-meaning", &["R-7-10"], &fields(&[(62, 0), (30, 0)]), Violation::SettingInvalid);
    let many: Vec<(u64, u64)> = (1..=33).map(|n| (2 * n + 10, n)).collect();
    wrong(maker, "thirty-three-pairs", &["R-7-10"], &fields(&many), Violation::SettingInvalid);
    wrong(maker, "twice", &["R-7-05"], &fields(&[(1, 1), (1, 1)]), Violation::SettingRepeated);
    wrong(maker, "twice-without-meaning", &["R-7-05"], &fields(&[(1, 1), (30, 1), (30, 2)]), Violation::SettingRepeated);
    wrong(maker, "unknown-odd", &["R-7-04"], &fields(&[(1, 1), (9, 0)]), Violation::SettingCritical);
    wrong(maker, "unknown-odd-private", &["R-7-04"], &fields(&[(0x3f01, 0)]), Violation::SettingCritical);
    let odd = Violation::Malformed;
    wrong(maker, "number-without-value", &["R-6-03"], &[0x01], odd);
    wrong(maker, "cut-inside-value", &["R-6-03"], &[0x02, 0x80, 0x01, 0x00], odd);
    wrong(maker, "long-number", &["R-6-02"], &[0x40, 0x01, 0x01], odd);
    wrong(maker, "long-value", &["R-6-02"], &[0x01, 0x40, 0x01], odd);
}

fn make_both(maker: &mut Maker) {
    let usual: &[(u64, u64)] = &[(1, 1), (3, 0), (5, 127), (8, 1)];
    let richer: &[(u64, u64)] = &[(1, 1), (2, 65_536), (3, 4), (4, 4_096), (5, 0x15), (6, 100), (8, 14), (10, 600_000)];
    let poorer: &[(u64, u64)] = &[(1, 1), (3, 2), (5, 0x4c), (6, 1), (8, 0), (10, 1_000)];
    let agreeing: [(&str, &[&str], Told, Told); 8] = [
        ("both-silent", &["R-7-02", "R-7-11"], &[], &[]),
        ("both-usual", &["R-7-02"], usual, usual),
        ("usual-and-richer", &["R-7-02"], usual, richer),
        ("richer-and-usual", &["R-7-02"], richer, usual),
        ("richer-and-poorer", &["R-7-02"], richer, poorer),
        ("poorer-and-richer", &["R-7-02"], poorer, richer),
        ("needs-met", &["R-7-09"], &[(5, 3), (7, 1)], &[(5, 1), (7, 2)]),
        ("majors-of-one-side", &["R-7-06", "R-7-15"], &[(1, 1)], &[(1, 3)]),
    ];
    for (case, requirements, ours, theirs) in agreeing {
        both(maker, case, requirements, ours, theirs, Outcome::output(common(ours, theirs)));
    }
    let refused: [(&str, &str, Told, Told, Violation); 8] = [
        ("other-majors", "R-7-15", &[(1, 1)], &[(1, 2)], Violation::VersionUnknown),
        ("major-32-alone", "R-7-15", usual, &[(1, 1 << 31)], Violation::VersionUnknown),
        ("both-list-a-higher-major", "R-7-06", &[(1, 3)], &[(1, 3)], Violation::VersionLower),
        ("both-list-major-32", "R-7-06", &[(1, 0x8000_0001)], &[(1, 0x8000_0003)], Violation::VersionLower),
        ("need-not-met-by-peer", "R-7-09", &[(5, 1), (7, 1)], &[(5, 2)], Violation::CapabilityMissing),
        ("need-of-peer-not-met", "R-7-09", &[(5, 2)], &[(5, 1), (7, 1)], Violation::CapabilityMissing),
        ("need-of-a-silent-peer", "R-7-09", &[(7, 1 << 61)], &[], Violation::CapabilityMissing),
        ("one-of-two-needs-met", "R-7-09", &[(7, 3)], &[(5, 1)], Violation::CapabilityMissing),
    ];
    for (case, requirement, ours, theirs, violation) in refused {
        both(maker, case, &[requirement], ours, theirs, Outcome::error(violation));
    }
}

fn both(maker: &mut Maker, case: &str, requirements: &[&str], ours: &[(u64, u64)], theirs: &[(u64, u64)], outcome: Outcome) {
    let [ours, theirs] = [ours, theirs].map(|pairs| Octets::Hex(hex(fields(pairs))));
    maker.add(case, requirements, Input::Both { ours, theirs }, outcome);
}

/// What the text says is in use.
fn common(ours: &[(u64, u64)], theirs: &[(u64, u64)]) -> InUse {
    let table = table();
    let of = |pairs: &[(u64, u64)], name: &str| {
        let [number, default, ..] = table.iter().find(|(row, _)| row == name).expect("it is in the table").1;
        pairs.iter().find(|pair| pair.0 == number).map_or(default, |pair| pair.1)
    };
    InUse {
        minor: of(ours, "minor").min(of(theirs, "minor")),
        capabilities: of(ours, "capabilities") & of(theirs, "capabilities"),
        roles: of(theirs, "roles") & 0xff,
        chunk_octets: of(theirs, "chunkbytes"),
        manifest_octets: of(theirs, "manifestbytes"),
        requests: of(theirs, "requests"),
        idle_millis: of(ours, "idlemillis").min(of(theirs, "idlemillis")),
    }
}

/// Settings out of their fields, each known one within its bounds.
pub(super) fn read(octets: &[u8]) -> Result<Settings, Violation> {
    let settings = Settings::from_bytes(octets).map_err(Violation::of_wire)?;
    settings.check()?;
    Ok(settings)
}

pub(super) fn core(vector: &Vector) -> Result<Outcome, String> {
    let outcome = |result: Result<Outcome, Violation>| Ok(result.unwrap_or_else(Outcome::error));
    match vector.read()? {
        Input::One { octets } => {
            let octets = vector.resolve(&octets)?;
            outcome(read(&octets).map(|settings| match settings.to_bytes() {
                same if same == octets => Outcome::output(Pairs { pairs: settings.pairs().to_vec() }),
                other => Outcome::Error(format!("written as {}", hex(other))),
            }))
        }
        Input::Both { ours, theirs } => {
            let (ours, theirs) = (vector.resolve(&ours)?, vector.resolve(&theirs)?);
            let agreed = read(&ours).and_then(|ours| agree(1, &ours, &read(&theirs)?));
            outcome(agreed.map(|agreed| Outcome::output(in_use(&agreed))))
        }
    }
}

fn in_use(agreed: &Agreed) -> InUse {
    InUse {
        minor: agreed.minor.into(),
        capabilities: agreed.capabilities.0,
        roles: agreed.roles.0.into(),
        chunk_octets: agreed.limits.chunk_bytes.into(),
        manifest_octets: agreed.limits.manifest_bytes.into(),
        requests: agreed.requests.into(),
        idle_millis: agreed.idle.0 / 1_000_000,
    }
}
