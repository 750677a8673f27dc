//! `certificate`: what a certificate says, lists of revocations and a moment to a refusal or none (clause 13.5). What a certificate says is given as values:
//! its DER, and whether its signature leads to a trusted key, is not the matter here.

use super::family::Maker;
use super::file::{Outcome, Vector};
use super::octets::{digest, fixed, hex};
use hypermesh_core::base::{Span, Time};
use hypermesh_core::stoq::certs::{
    Algorithm, Asked, Certificate, IssuerId, KeyId, Lists, NoLog, Policy, Presented, RevocationList, Serial, Trusted, Unlogged, judge,
};
use hypermesh_core::stoq::session::Roles;
use hypermesh_core::stoq::session::frame::Name;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Moments and spans are nanoseconds.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    certificate: Says,
    /// The key of which the peer proved the possession.
    proved: String,
    /// A proof of transparency came with it, which nobody can judge now.
    proof: bool,
    /// The receiver demands transparency.
    demands: bool,
    trusted: Vec<Trust>,
    /// Whom the receiver meant to reach, if anybody, and in which roles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    roles: u8,
    lists: Vec<List>,
    bound: u64,
    clock_error: u64,
    now: u64,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Says {
    serial: u64,
    issuer: String,
    name: String,
    roles: u8,
    key: String,
    begins: u64,
    ends: u64,
    /// `Ed25519`, `EcdsaP256`, or one that the policy does not list.
    algorithm: String,
    /// Certificates between it and the trusted key.
    between: u8,
    /// Octets of the chain.
    octets: u16,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trust {
    issuer: String,
    roles: u8,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    issuer: String,
    number: u64,
    date: u64,
    serials: Vec<u64>,
}

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400 * SECOND;
const NOW: u64 = 1_800_000_000 * SECOND;

/// A certificate of an edge for a day, in its middle, with a list made just now: nothing is wrong with it.
fn right() -> Input {
    let (issuer, key) = (hex(digest(800)), hex(digest(801)));
    Input {
        certificate: Says {
            serial: 7,
            issuer: issuer.clone(),
            name: "edge-1.berlin".to_owned(),
            roles: 2,
            key: key.clone(),
            begins: NOW - DAY / 2,
            ends: NOW + DAY / 2,
            algorithm: "Ed25519".to_owned(),
            between: 0,
            octets: 600,
        },
        proved: key,
        proof: false,
        demands: false,
        trusted: vec![Trust { issuer: issuer.clone(), roles: 0x7f }],
        name: None,
        roles: 2,
        lists: vec![List { issuer, number: 1, date: NOW, serials: Vec::new() }],
        bound: 60 * SECOND,
        clock_error: 5 * SECOND,
        now: NOW,
    }
}

pub(super) fn make(maker: &mut Maker) {
    accepted(maker);
    form(maker);
    times(maker);
    lists(maker);
    peers(maker);
}

/// One vector: the right certificate with one change.
fn add(maker: &mut Maker, case: &str, requirement: &str, refusal: Option<&str>, change: impl FnOnce(&mut Input)) {
    let mut input = right();
    change(&mut input);
    let outcome = refusal.map_or_else(|| Outcome::Output(json!({ "accepted": true })), |name| Outcome::Error(name.to_owned()));
    maker.add(case, &[requirement], input, outcome);
}

fn accepted(maker: &mut Maker) {
    add(maker, "right", "R-13-01", None, |_| {});
    add(maker, "right-ecdsa", "R-13-15", None, |input| input.certificate.algorithm = "EcdsaP256".to_owned());
    add(maker, "right-with-one-between", "R-13-04", None, |input| input.certificate.between = 1);
    add(maker, "right-of-4096-octets", "R-13-04", None, |input| input.certificate.octets = 4_096);
    add(maker, "right-name", "R-13-05", None, |input| input.name = Some("edge-1.berlin".to_owned()));
    add(maker, "right-of-the-second-issuer", "R-13-01", None, |input| {
        input.trusted.insert(0, Trust { issuer: hex(digest(9)), roles: 0x7f });
    });
    add(maker, "right-and-another-is-revoked", "R-13-06", None, |input| input.lists[0].serials = vec![6, 8]);
    add(maker, "right-with-more-roles-than-needed", "R-13-17", None, |input| input.certificate.roles = 0x7f);
    add(maker, "right-and-no-role-is-needed", "R-13-17", None, |input| input.roles = 0);
    add(maker, "right-of-the-longest-life", "R-13-02", None, |input| input.certificate.ends = input.certificate.begins + 7 * DAY);
}

fn form(maker: &mut Maker) {
    add(maker, "issuer-unknown", "R-13-01", Some("UnknownIssuer"), |input| input.certificate.issuer = hex(digest(802)));
    add(maker, "nobody-trusted", "R-13-01", Some("UnknownIssuer"), |input| {
        input.trusted.clear();
        // The list of an issuer that nobody trusts would be dropped.
        input.lists.clear();
    });
    add(maker, "algorithm-not-listed", "R-13-15", Some("Algorithm"), |input| input.certificate.algorithm = "MlDsa44".to_owned());
    add(maker, "two-between", "R-13-04", Some("TooLarge"), |input| input.certificate.between = 2);
    add(maker, "chain-of-4097-octets", "R-13-04", Some("TooLarge"), |input| input.certificate.octets = 4_097);
    add(maker, "life-of-a-nanosecond-too-long", "R-13-02", Some("Life"), |input| {
        input.certificate.ends = input.certificate.begins + 7 * DAY + 1
    });
    add(maker, "life-of-nothing", "R-13-02", Some("Life"), |input| input.certificate.ends = input.certificate.begins);
    add(maker, "ends-before-it-begins", "R-13-02", Some("Life"), |input| input.certificate.ends = input.certificate.begins - DAY);
}

fn times(maker: &mut Maker) {
    let begin = |begins: u64| move |input: &mut Input| (input.certificate.begins, input.certificate.ends) = (begins, begins + DAY);
    add(maker, "begins-now", "R-13-19", None, begin(NOW));
    add(maker, "begins-as-far-ahead-as-clocks-are-apart", "R-13-19", None, begin(NOW + 10 * SECOND));
    add(maker, "begins-a-nanosecond-later", "R-13-19", Some("NotYet"), begin(NOW + 10 * SECOND + 1));
    add(maker, "begins-tomorrow", "R-13-19", Some("NotYet"), begin(NOW + DAY));
    add(maker, "ends-in-a-nanosecond", "R-13-20", None, |input| input.certificate.ends = NOW + 1);
    add(maker, "ends-now", "R-13-20", Some("Expired"), |input| input.certificate.ends = NOW);
    add(maker, "ended-a-second-ago", "R-13-20", Some("Expired"), |input| input.certificate.ends = NOW - SECOND);
}

fn lists(maker: &mut Maker) {
    let life = 50 * SECOND;
    add(maker, "revoked", "R-13-06", Some("Revoked"), |input| input.lists[0].serials = vec![7]);
    add(maker, "revoked-among-others", "R-13-06", Some("Revoked"), |input| input.lists[0].serials = vec![1, 7, 9]);
    add(maker, "revoked-on-an-old-list", "R-13-06", Some("Revoked"), |input| {
        input.lists[0] = List { date: NOW - DAY, serials: vec![7], ..input.lists[0].clone() };
    });
    add(maker, "serial-of-another-issuer", "R-13-06", None, |input| {
        let issuer = hex(digest(803));
        input.trusted.push(Trust { issuer: issuer.clone(), roles: 1 });
        input.lists.push(List { issuer, number: 4, date: NOW, serials: vec![7] });
    });
    add(maker, "no-list", "R-13-24", Some("NoList"), |input| input.lists.clear());
    add(maker, "list-of-another-issuer", "R-13-24", Some("NoList"), |input| {
        let issuer = hex(digest(803));
        input.trusted.push(Trust { issuer: issuer.clone(), roles: 1 });
        input.lists[0].issuer = issuer;
    });
    add(maker, "list-that-just-counts", "R-13-24", None, move |input| input.lists[0].date = NOW - life + 1);
    add(maker, "list-that-counts-no-more", "R-13-24", Some("StaleList"), move |input| input.lists[0].date = NOW - life);
    add(maker, "list-of-yesterday", "R-13-24", Some("StaleList"), |input| input.lists[0].date = NOW - DAY);
    let short = |life: u64| {
        move |input: &mut Input| {
            (input.certificate.begins, input.certificate.ends) = (NOW - SECOND, NOW - SECOND + life);
            input.lists.clear();
        }
    };
    add(maker, "short-life-needs-no-list", "R-13-24", None, short(life));
    add(maker, "life-a-nanosecond-too-long-for-no-list", "R-13-24", Some("NoList"), short(life + 1));
    add(maker, "short-life-and-revoked", "R-13-06", Some("Revoked"), move |input| {
        (input.certificate.begins, input.certificate.ends) = (NOW - SECOND, NOW - SECOND + life);
        input.lists[0].serials = vec![7];
    });
    add(maker, "wider-bound", "R-13-24", None, |input| (input.bound, input.lists[0].date) = (3_600 * SECOND, NOW - 3_000 * SECOND));
}

fn peers(maker: &mut Maker) {
    add(maker, "key-of-another", "R-8-03", Some("WrongKey"), |input| input.proved = hex(digest(804)));
    add(maker, "name-of-another", "R-13-05", Some("WrongName"), |input| input.name = Some("edge-2.berlin".to_owned()));
    add(maker, "name-with-another-capital", "R-13-05", Some("WrongName"), |input| input.name = Some("Edge-1.berlin".to_owned()));
    add(maker, "role-not-given", "R-13-17", Some("WrongRole"), |input| input.roles = 8);
    add(maker, "one-of-two-roles-not-given", "R-13-16", Some("WrongRole"), |input| input.roles = 2 | 16);
    add(maker, "role-the-issuer-cannot-give", "R-13-17", Some("WrongRole"), |input| input.trusted[0].roles = 1);
    add(maker, "transparency-without-proof", "R-13-07", Some("NoProof"), |input| input.demands = true);
    add(maker, "transparency-that-nobody-can-judge", "R-13-14", Some("NoLog"), |input| (input.demands, input.proof) = (true, true));
    add(maker, "proof-that-is-not-demanded", "R-13-07", None, |input| input.proof = true);
}

pub(super) fn core(vector: &Vector) -> Result<Outcome, String> {
    let input: Input = vector.read()?;
    let issuer = |digits: &str| fixed(digits).map(IssuerId);
    let trust = |trust: &Trust| Ok::<_, String>(Trusted { issuer: issuer(&trust.issuer)?, roles: Roles(trust.roles) });
    let policy = Policy {
        trusted: input.trusted.iter().map(trust).collect::<Result<_, _>>()?,
        revocation_bound: Span(input.bound),
        clock_error: Span(input.clock_error),
        ..Policy::default()
    };
    let mut lists = Lists::default();
    for list in &input.lists {
        let serials = list.serials.iter().map(|serial| Serial(*serial)).collect();
        let list = RevocationList { issuer: issuer(&list.issuer)?, sequence: list.number, made: Time(list.date), serials };
        if !lists.take(list, &policy, Time(input.now)) {
            return Err("the receiver drops a list".to_owned());
        }
    }
    let name = |text: &str| Name::new(text).ok_or_else(|| format!("`{text}` is no name"));
    let asked = Asked { name: input.name.as_deref().map(name).transpose()?, roles: Roles(input.roles) };
    let proof = if input.proof { Box::from([1]) } else { Box::default() };
    let presented = Presented { certificate: certificate(&input.certificate)?, key: KeyId(fixed(&input.proved)?), proof };
    let judged = match input.demands {
        true => judge(&presented, &asked, &policy, &lists, &NoLog, Time(input.now)),
        false => judge(&presented, &asked, &policy, &lists, &Unlogged, Time(input.now)),
    };
    Ok(judged.map_or_else(Outcome::error, |_| Outcome::Output(json!({ "accepted": true }))))
}

fn certificate(says: &Says) -> Result<Certificate, String> {
    let algorithms = [Algorithm::Ed25519, Algorithm::EcdsaP256, Algorithm::MlDsa44];
    let algorithm = algorithms.into_iter().find(|known| format!("{known:?}") == says.algorithm).ok_or("there is no such algorithm")?;
    Ok(Certificate {
        serial: Serial(says.serial),
        issuer: IssuerId(fixed(&says.issuer)?),
        name: Name::new(&says.name).ok_or("it has no name")?,
        roles: Roles(says.roles),
        key: KeyId(fixed(&says.key)?),
        not_before: Time(says.begins),
        not_after: Time(says.ends),
        algorithm,
        key_algorithm: algorithm,
        // A vector tells how many there are, and nothing of what they say.
        between: None,
        path: says.between,
        bytes: says.octets,
    })
}
