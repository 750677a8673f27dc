//! `light`: two positions and a round trip to whether both can be true (clause 12.1). No vector is nearer than a microsecond to the bound, so that nobody
//! fails it by rounding.

use super::family::Maker;
use super::file::{Outcome, Vector};
use hypermesh_core::base::{NodeId, Span};
use hypermesh_core::stoq::routing::{Accuracy, Claim};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Spot {
    latitude: i32,
    longitude: i32,
    accuracy: u8,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    here: Spot,
    there: Spot,
    /// The least that was measured, in nanoseconds.
    round_trip: u64,
}

const fn spot(latitude: i32, longitude: i32, accuracy: u8) -> Spot {
    Spot { latitude, longitude, accuracy }
}

const BERLIN: Spot = spot(52_520_008, 13_404_954, 1);
const SYDNEY: Spot = spot(-33_868_820, 151_209_290, 0);

pub(super) fn make(maker: &mut Maker) {
    for (case, here, there) in [
        ("berlin-sydney", BERLIN, SYDNEY),
        ("sydney-berlin", SYDNEY, BERLIN),
        ("berlin-paris", BERLIN, spot(48_856_613, 2_352_222, 1)),
        ("berlin-paris-regions", spot(52_520_008, 13_404_954, 2), spot(48_856_613, 2_352_222, 2)),
        ("poles", spot(90_000_000, 0, 0), spot(-90_000_000, 179_000_000, 0)),
        ("around-the-equator", spot(0, 0, 0), spot(0, 180_000_000, 0)),
        ("across-the-date-line", spot(10_000_000, 179_500_000, 0), spot(10_000_000, -179_500_000, 0)),
        ("along-a-meridian", spot(-10_000_000, 20_000_000, 0), spot(10_000_000, 20_000_000, 0)),
        ("continents", spot(52_000_000, 13_000_000, 3), spot(40_000_000, -100_000_000, 3)),
    ] {
        let least = least(here, there);
        assert!(least > 2_000.0, "{case} has a bound");
        for (side, round_trip) in
            [("above", least as u64 + 1_000), ("below", least as u64 - 1_000), ("half", least as u64 / 2), ("twice", 2 * least as u64)]
        {
            add(maker, &format!("{case}-{side}"), here, there, round_trip);
        }
    }
    // Within the radii, any round trip will do.
    add(maker, "same-place", BERLIN, BERLIN, 0);
    add(maker, "same-site", spot(0, 0, 0), spot(0, 10_000, 0), 0);
    add(maker, "within-two-continents", spot(52_000_000, 13_000_000, 3), spot(30_000_000, 31_000_000, 3), 0);
    add(maker, "poles-have-no-longitude", spot(90_000_000, 0, 0), spot(90_000_000, 100_000_000, 0), 0);
}

fn add(maker: &mut Maker, case: &str, here: Spot, there: Spot, round_trip: u64) {
    let least = least(here, there);
    assert!(least == 0.0 || (round_trip as f64 - least).abs() > 900.0, "{case} is not decided by rounding");
    let plausible = round_trip as f64 >= least;
    maker.add(case, &["R-12-04"], Input { here, there, round_trip }, Outcome::Output(json!({ "plausible": plausible })));
}

/// The least round trip in nanoseconds, by the angle between two vectors.
fn least(here: Spot, there: Spot) -> f64 {
    let unit = |spot: Spot| {
        let (north, east) = ((f64::from(spot.latitude) / 1e6).to_radians(), (f64::from(spot.longitude) / 1e6).to_radians());
        [north.cos() * east.cos(), north.cos() * east.sin(), north.sin()]
    };
    let ([a, b, c], [x, y, z]) = (unit(here), unit(there));
    let cross = [b * z - c * y, c * x - a * z, a * y - b * x];
    let angle = cross.iter().map(|part| part * part).sum::<f64>().sqrt().atan2(a * x + b * y + c * z);
    let radius = |spot: Spot| [1.0, 25.0, 250.0, 2_500.0][usize::from(spot.accuracy)];
    let distance = (6_371.008_8 * angle - radius(here) - radius(there)).max(0.0);
    2.0 * 1.468 / 299_792.458 * distance * 1e9
}

pub(super) fn core(vector: &Vector) -> Result<Outcome, String> {
    let input: Input = vector.read()?;
    let claim = |spot: Spot| {
        let accuracy = *Accuracy::ALL.get(usize::from(spot.accuracy)).ok_or("there is no such accuracy")?;
        let (lat_micro, lon_micro) = (spot.latitude, spot.longitude);
        Ok::<_, String>(Claim { node: NodeId(1), lat_micro, lon_micro, accuracy, sequence: 1, life: Span::secs(60) })
    };
    let plausible = claim(input.there)?.is_plausible(&claim(input.here)?, Span(input.round_trip));
    Ok(Outcome::Output(json!({ "plausible": plausible })))
}
