//! `code`: a violation or a refusal to its code, and a code of QUIC to a code (clauses 14.1, 14.2 and 13.5).

use super::family::Maker;
use super::file::{Outcome, Vector};
use super::text::rows;
use hypermesh_core::stoq::certs::Refusal;
use hypermesh_core::stoq::session::{Code, Scope, Violation};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Input {
    Violation(String),
    Refusal(String),
    /// An application error code of QUIC, and whether it came with a `stream` or with the `connection`.
    Came {
        quic: u64,
        with: With,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum With {
    Stream,
    Connection,
}

#[derive(Serialize)]
struct Output {
    code: String,
    number: u64,
    quic: u64,
    scope: String,
    retryable: bool,
}

const BASE: u64 = 0x5354_0000;

/// The row of a code in the table of clause 14.1.
fn row(code: &str) -> Output {
    let row = rows(14, 5).into_iter().find(|row| row[0] == code).unwrap_or_else(|| panic!("there is no code {code}"));
    let number = u64::from_str_radix(row[1].trim_start_matches("0x"), 16).expect("a number");
    Output { code: row[0].clone(), number, quic: BASE + number, scope: row[2].clone(), retryable: row[3] == "yes" }
}

pub(super) fn make(maker: &mut Maker) {
    for [violation, _, code, requirement] in rows(14, 4).into_iter().filter_map(|row| <[String; 4]>::try_from(row).ok()) {
        if requirement.starts_with("R-") {
            let input = Input::Violation(violation.clone());
            let case = format!("violation-{}", violation.to_lowercase());
            maker.add(&case, &["R-14-04", "R-14-01", &requirement], input, Outcome::output(row(&code)));
        }
    }
    for [refusal, _, code] in rows(13, 3).into_iter().filter_map(|row| <[String; 3]>::try_from(row).ok()) {
        if Refusal::ALL.iter().any(|known| format!("{known:?}") == refusal) {
            let case = format!("refusal-{}", refusal.to_lowercase());
            maker.add(&case, &["R-14-13"], Input::Refusal(refusal.clone()), Outcome::output(row(&code)));
        }
    }
    for code in rows(14, 5).into_iter().filter(|row| row[1].starts_with("0x")) {
        let known = row(&code[0]);
        let with = if known.scope == "stream" { With::Stream } else { With::Connection };
        let input = Input::Came { quic: known.quic, with };
        maker.add(&format!("came-{}", known.code.to_lowercase()), &["R-14-01", "R-14-03"], input, Outcome::output(known));
    }
    for (case, quic, with, taken) in [
        ("came-unknown-of-a-connection", BASE + 0x3f, With::Connection, "Internal"),
        ("came-unknown-of-a-session", BASE + 0x7f, With::Connection, "Internal"),
        ("came-unknown-of-a-stream", BASE + 0xff, With::Stream, "Refused"),
        ("came-zero-with-a-connection", 0, With::Connection, "Internal"),
        ("came-zero-with-a-stream", 0, With::Stream, "Refused"),
        ("came-just-below", BASE - 1, With::Connection, "Internal"),
        ("came-just-above", BASE + 0x100, With::Stream, "Refused"),
        ("came-highest", 0x3fff_ffff_ffff_ffff, With::Connection, "Internal"),
        ("came-of-another-protocol", 0x100, With::Stream, "Refused"),
        ("came-timeout-with-a-connection", BASE + 0x87, With::Connection, "Internal"),
        ("came-downgrade-with-a-stream", BASE + 0x40, With::Stream, "Refused"),
        ("came-noerror-with-a-stream", BASE, With::Stream, "Refused"),
    ] {
        maker.add(case, &["R-14-08"], Input::Came { quic, with }, Outcome::output(row(taken)));
    }
}

pub(super) fn core(vector: &Vector) -> Result<Outcome, String> {
    let code = match vector.read()? {
        Input::Violation(name) => Violation::ALL.iter().find(|known| format!("{known:?}") == name).map(|known| known.code()),
        Input::Refusal(name) => Refusal::ALL.iter().find(|known| format!("{known:?}") == name).map(|known| known.code()),
        Input::Came { quic, with } => Some(Code::from_quic(quic, with == With::Stream)),
    };
    let code = code.ok_or("there is no such violation or refusal")?;
    let scope = match code.scope() {
        Scope::Stream => "stream",
        Scope::Connection => "connection",
        Scope::Session => "session",
    };
    let (number, quic, retryable) = (code.number(), code.to_quic(), code.is_retryable());
    Ok(Outcome::output(Output { code: format!("{code:?}"), number, quic, scope: scope.to_owned(), retryable }))
}
