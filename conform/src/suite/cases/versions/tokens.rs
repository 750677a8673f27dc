//! R-7-01 over a network: the token in handshakes, from either side.

use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::{Case, Need, Subject};
use crate::suite::cases::dialling::{comes, stays_away};
use crate::suite::port::{Hello, Welcome};
use crate::suite::tester::{ROLES, Tester};
use crate::suite::verdict::{Miss, Outcome};
use hypermesh_core::stoq::session::Code;

/// Tokens of others.
const OTHERS: &[&[u8]] = &[b"h3", b"hq-interop", b"stoq/99", b"stoq/10", b"stoq/0"];
/// The same with the right one at their end.
const LAST: &[&[u8]] = &[b"h3", b"hq-interop", b"stoq/99", b"stoq/10", b"stoq/0", b"stoq/1"];
const BLANK: &[&[u8]] = &[b"stoq/1 "];
const CAPITALS: &[&[u8]] = &[b"STOQ/1"];
/// What ends a connection whose token is of no use, if TLS has not done so.
const CODES: &[Code] = &[Code::VersionUnsupported, Code::Internal];

/// The cases.
pub(super) fn cases() -> Vec<Case> {
    [accepting(), dialling()].concat().into_iter().map(Case::over_a_network).collect()
}

/// An implementation that is connected to.
fn accepting() -> Vec<Case> {
    let mut all = Vec::new();
    for (name, polarity, tokens) in
        [("R-7-01/a-client-with-it-alone", Valid, Hello::default().tokens), ("R-7-01/a-client-with-it-behind-others", Boundary, LAST)]
    {
        all.push(Case::wire(name, polarity, Subject::Origin, move |t| {
            let opened = t.handshake(&Hello { tokens, ..Hello::default() })?;
            let line = opened.map_err(|why| Miss::Fail(format!("no handshake with the tokens {}: {why}", words(tokens))))?;
            t.agree(line, &Tester::settings(ROLES))?;
            t.expect_alive(line)
        }));
    }
    for (name, polarity, tokens) in [
        ("R-7-01/a-client-with-a-blank-behind-it", Boundary, BLANK),
        ("R-7-01/a-client-with-it-in-capitals", Boundary, CAPITALS),
        ("R-7-01/a-client-with-others", Invalid, OTHERS),
        ("R-7-01/a-client-without-a-token", Invalid, &[]),
    ] {
        all.push(Case::wire(name, polarity, Subject::Origin, move |t| is_refused(t, tokens)));
    }
    all
}

fn is_refused(t: &mut Tester<'_>, tokens: &'static [&'static [u8]]) -> Outcome {
    match t.handshake(&Hello { tokens, ..Hello::default() })? {
        Err(_) => Ok(()),
        Ok(line) => t.expect_close_or_gone(line, CODES),
    }
}

/// An implementation that dials.
fn dialling() -> Vec<Case> {
    let knows = |tokens| Welcome { tokens, ..Welcome::default() };
    let mut all = Vec::new();
    for (name, polarity, subject, tokens) in [
        ("R-7-01/a-server-that-knows-it-alone", Valid, Subject::Client, Welcome::default().tokens),
        ("R-7-01/a-server-above-an-edge-that-knows-it-alone", Valid, Subject::Edge, Welcome::default().tokens),
        ("R-7-01/a-server-that-would-rather-have-others", Boundary, Subject::Client, LAST),
    ] {
        all.push(Case::wire(name, polarity, subject, move |t| comes(t, &knows(tokens)).map(drop)).needing(Need::Configuration));
    }
    for (name, polarity, tokens) in
        [("R-7-01/a-server-that-knows-it-in-capitals", Boundary, CAPITALS), ("R-7-01/a-server-that-knows-others", Invalid, OTHERS)]
    {
        all.push(Case::wire(name, polarity, Subject::Client, move |t| stays_away(t, &knows(tokens), CODES)));
    }
    all
}

fn words(tokens: &[&[u8]]) -> String {
    tokens.iter().map(|token| String::from_utf8_lossy(token)).collect::<Vec<_>>().join(", ")
}
