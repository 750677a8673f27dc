//! The regions of the world map, by country. Their names never change, since scenarios speak of them. In a scenario, the beginning of a name up to a
//! hyphen means all regions that begin so: `eu`, `us`, `latam`, `africa`, `asia`.
//!
//! | region | what |
//! |---|---|
//! | `us-east`, `us-west` | the United States on both sides of 100° W |
//! | `canada` | Canada |
//! | `latam-north` | Mexico, Central America and the Caribbean |
//! | `latam-south` | South America |
//! | `eu-west` | the British Isles, France, Benelux |
//! | `eu-central` | Germany, the Alps, Poland, Czechia, Slovakia, Hungary |
//! | `eu-north` | the Nordic and Baltic countries |
//! | `eu-south` | Iberia, Italy, Greece, the western Balkans, Malta |
//! | `eu-east` | Romania and Bulgaria to Ukraine, and Russia west of 60° E |
//! | `middle-east` | Turkey and the Caucasus to Iran and Arabia |
//! | `africa-north` | Egypt to Morocco |
//! | `africa-south` | Africa south of the Sahara |
//! | `asia-central` | Kazakhstan to Afghanistan, Mongolia, and Russia east of 60° E |
//! | `asia-south` | Pakistan to Bangladesh, Sri Lanka |
//! | `asia-southeast` | Myanmar to Indonesia and the Philippines |
//! | `asia-east` | China, Taiwan, Korea, Japan |
//! | `oceania` | Australia, New Zealand, the Pacific |

use hypermesh_core::base::Spot;

/// Names of the regions, in the order of their index, with their countries. Of countries in two regions the western one is listed.
const REGIONS: [(&str, &str); 18] = [
    ("us-east", "US"),
    ("us-west", ""),
    ("canada", "CA PM"),
    ("latam-north", "MX GT BZ HN SV NI CR PA CU JM HT DO PR VI VG AG AI AW BB BL BM BQ BS CW DM GD GP KN KY LC MF MQ MS SX TC TT VC"),
    ("latam-south", "BR AR UY PY CL BO PE EC CO VE GY SR GF FK GS"),
    ("eu-west", "GB IE FR BE NL LU MC IM JE GG"),
    ("eu-central", "DE AT CH LI PL CZ SK HU"),
    ("eu-north", "SE NO DK FI IS EE LV LT FO AX SJ GL"),
    ("eu-south", "ES PT AD GI IT SM VA MT GR CY SI HR BA RS ME XK AL MK"),
    ("eu-east", "RO BG MD UA BY RU"),
    ("middle-east", "TR GE AM AZ SY LB IL PS JO IQ IR KW SA BH QA AE OM YE"),
    ("africa-north", "EG LY TN DZ MA EH"),
    (
        "africa-south",
        "ZA NA BW ZW MZ LS SZ ZM MW AO CD CG GA GQ ST CM CF TD NE NG BJ TG GH CI BF ML MR SN GM GW GN SL LR CV SD SS ER ET DJ SO KE UG RW BI TZ \
         MG MU RE SC KM YT SH",
    ),
    ("asia-central", "KZ UZ TM KG TJ AF MN"),
    ("asia-south", "PK IN BD NP BT LK MV IO"),
    ("asia-southeast", "MM TH LA KH VN MY SG BN ID PH TL CX CC"),
    ("asia-east", "CN HK MO TW KR KP JP"),
    ("oceania", "AU NZ PG SB VU NC FJ WS TO TV WF KI NR FM MH PW GU MP AS CK NU PF PN NF TF"),
];

const US_WEST: u16 = 1;
const ASIA_CENTRAL: u16 = 13;

/// Names of the regions, in the order of their index.
pub fn names() -> Vec<String> {
    REGIONS.iter().map(|(name, _)| (*name).to_owned()).collect()
}

/// The region of a place in a country, given by two letters of ISO 3166-1.
pub fn of(country: &str, spot: Spot) -> u16 {
    match country {
        "US" if spot.lon < -100.0 => return US_WEST,
        // Beyond the antimeridian Russia goes on.
        "RU" if spot.lon > 60.0 || spot.lon < 0.0 => return ASIA_CENTRAL,
        _ => {}
    }
    let listed = REGIONS.iter().position(|(_, countries)| countries.split_ascii_whitespace().any(|known| known == country));
    listed.unwrap_or_else(|| by_position(spot)) as u16
}

/// A region for a country that is not listed, by continent.
fn by_position(spot: Spot) -> usize {
    let named = |wanted: &str| REGIONS.iter().position(|(name, _)| *name == wanted).unwrap_or(0);
    match (spot.lat, spot.lon) {
        (lat, lon) if lon < -30.0 => named(if lat > 15.0 { "us-east" } else { "latam-south" }),
        (lat, lon) if lon < 60.0 => named(if lat > 36.0 { "eu-central" } else { "africa-south" }),
        (lat, lon) if lat < -10.0 || lon > 150.0 => named("oceania"),
        (lat, _) => named(if lat > 35.0 { "asia-central" } else { "asia-southeast" }),
    }
}

/// Every country that is listed, for the test that all shipped cities are.
#[cfg(test)]
pub(super) fn lists(country: &str) -> bool {
    REGIONS.iter().any(|(_, countries)| countries.split_ascii_whitespace().any(|known| known == country))
}
