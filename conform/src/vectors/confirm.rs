//! `confirm`: the exporter and the settings of both sides to the confirmation of each, and what a confirmation that comes is taken for (clause 7.2).

use super::family::Maker;
use super::file::{Outcome, Vector};
use super::octets::{Octets, digest, fixed, hex};
use super::settings::{fields, read};
use hypermesh_core::stoq::session::Violation;
use hypermesh_core::stoq::session::stream::Side;
use hypermesh_core::stoq::session::transcript::{agree, confirmation};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    /// 32 octets.
    exporter: String,
    /// The fields of the `Settings` frame of each side.
    client: Octets,
    server: Octets,
    /// The confirmation that the server says it computed, if one came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    came: Option<String>,
}

#[derive(Serialize)]
struct Output {
    client: String,
    server: String,
}

/// Settings of both sides that have something about them.
fn sides() -> Vec<(&'static str, Vec<u8>, Vec<u8>)> {
    let many: Vec<(u64, u64)> = (1..=32).map(|n| (32 * n + 30, n)).collect();
    vec![
        ("none", Vec::new(), Vec::new()),
        ("equal", fields(&[(1, 1), (3, 0), (5, 127), (8, 1)]), fields(&[(1, 1), (3, 0), (5, 127), (8, 1)])),
        ("client-alone", fields(&[(1, 1)]), Vec::new()),
        ("server-alone", Vec::new(), fields(&[(1, 1)])),
        ("usual", fields(&[(1, 1), (3, 0), (5, 127), (8, 1)]), fields(&[(1, 1), (3, 0), (5, 127), (6, 100), (8, 14)])),
        ("swapped", fields(&[(1, 1), (3, 0), (5, 127), (6, 100), (8, 14)]), fields(&[(1, 1), (3, 0), (5, 127), (8, 1)])),
        ("default-told", fields(&[(1, 1), (6, 16)]), fields(&[(1, 1)])),
        ("without-meaning", fields(&[(1, 1), (30, 5)]), fields(&[(1, 1), (62, 0xffff_ffff)])),
        ("largest", fields(&[(0x3fff_ffff_ffff_fffe, 0x3fff_ffff_ffff_ffff)]), fields(&[(1, 3)])),
        ("thirty-two-pairs", fields(&many), fields(&many)),
    ]
}

pub(super) fn make(maker: &mut Maker) {
    for (n, (case, client, server)) in sides().into_iter().enumerate() {
        let exporter = digest(100 + n as u64);
        let says = |speaker: &str| hex(by_hand(speaker, &exporter, &client, &server));
        let output = Output { client: says("client"), server: says("server") };
        let input = |came| Input { exporter: hex(exporter), client: Octets::hex(&client), server: Octets::hex(&server), came };
        maker.add(case, &["R-7-13"], input(None), Outcome::output(&output));
        if case == "usual" {
            maker.add("right-one-came", &["R-7-06"], input(Some(output.server.clone())), Outcome::output(&output));
            let mut other = by_hand("server", &exporter, &client, &server);
            other[31] ^= 1;
            let other_keys = by_hand("server", &digest(99), &client, &server);
            for (case, came) in [
                ("one-bit-changed", hex(other)),
                ("own-words-came-back", output.client.clone()),
                ("settings-changed-on-the-way", hex(by_hand("server", &exporter, &client, &[]))),
                ("sides-swapped", hex(by_hand("server", &exporter, &server, &client))),
                ("keys-of-another-connection", hex(other_keys)),
            ] {
                maker.add(case, &["R-7-06"], input(Some(came)), Outcome::error(Violation::ConfirmWrong));
            }
        }
    }
    for (case, exporter) in [("exporter-of-zeros", [0; 32]), ("exporter-of-ones", [255; 32])] {
        let (client, server) = (fields(&[(1, 1)]), fields(&[(1, 1)]));
        let says = |speaker: &str| hex(by_hand(speaker, &exporter, &client, &server));
        let output = Output { client: says("client"), server: says("server") };
        let input = Input { exporter: hex(exporter), client: Octets::hex(&client), server: Octets::hex(&server), came: None };
        maker.add(case, &["R-7-13"], input, Outcome::output(output));
    }
}

/// The formula of clause 7.2, over one row of octets.
fn by_hand(speaker: &str, exporter: &[u8; 32], client: &[u8], server: &[u8]) -> [u8; 32] {
    let key = blake3::derive_key("stoq/1 2026-11-22 confirmation of the settings of both sides", exporter);
    let mut row = speaker.as_bytes().to_vec();
    for part in [b"stoq/1", client, server] {
        row.extend_from_slice(&(part.len() as u64).to_be_bytes());
        row.extend_from_slice(part);
    }
    *blake3::keyed_hash(&key, &row).as_bytes()
}

pub(super) fn core(vector: &Vector) -> Result<Outcome, String> {
    let input: Input = vector.read()?;
    let exporter = fixed(&input.exporter)?;
    let client = read(&vector.resolve(&input.client)?).map_err(|violation| format!("{violation:?}"))?;
    let server = read(&vector.resolve(&input.server)?).map_err(|violation| format!("{violation:?}"))?;
    let [said, wanted] = [Side::Client, Side::Server].map(|speaker| confirmation(speaker, 1, &exporter, &client, &server));
    match input.came {
        Some(came) if !agree(&fixed(&came)?, &wanted) => Ok(Outcome::error(Violation::ConfirmWrong)),
        _ => Ok(Outcome::output(Output { client: hex(said), server: hex(wanted) })),
    }
}
