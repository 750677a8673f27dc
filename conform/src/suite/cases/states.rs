//! Clause 15: the tables of sessions, exchanges, fetches and holders, cell by cell, and walks through them.

use super::alone::one_chunk;
use super::streams::{acknowledged, offered};
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::{Case, Subject::Origin};
use crate::suite::octets::frame;
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::stoq::certs::keeper;
use hypermesh_core::stoq::session::frame::{ContentId, Frame};
use hypermesh_core::stoq::session::{Code, exchange, states};
use hypermesh_core::stoq::transfer;

/// The texts whose tables are compared with what the machines do.
const CLAUSES: [&str; 2] =
    [include_str!("../../../../docs/standard/10-transfer.md"), include_str!("../../../../docs/standard/15-states.md")];

/// The cases of the clause.
pub(super) fn cases() -> Vec<Case> {
    let mut all = session();
    all.extend(an_exchange());
    all.extend(a_fetch());
    all.extend(a_holder());
    all
}

/// The cells of the table under a heading: state, event, and what stands there.
fn table(heading: &str) -> Outcome<Vec<(String, String, String)>> {
    let section = CLAUSES.iter().flat_map(|clause| clause.split("\n## ")).find(|section| section.starts_with(heading));
    let section = section.ok_or_else(|| Miss::Error(format!("clause {heading} is not there")))?;
    let row = |line: &str| -> Vec<String> { line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect() };
    let mut rows = section.lines().filter(|line| line.starts_with('|')).map(row);
    let events = rows.next().unwrap_or_default();
    let mut cells = Vec::new();
    for row in rows.skip(1) {
        for (event, cell) in events.iter().zip(&row).skip(1) {
            cells.push((row[0].clone(), event.clone(), cell.clone()));
        }
    }
    ensure(!cells.is_empty(), || format!("the table of {heading} is empty"))?;
    Ok(cells)
}

/// What stands in a cell of a session's table by the machine itself.
fn of_session(state: &str, event: &str) -> Option<String> {
    let state = states::STATES.into_iter().find(|known| format!("{known:?}") == state)?;
    let event = states::EVENTS.into_iter().find(|known| format!("{known:?}") == event)?;
    let cell = states::cell(state, event);
    Some(format!("{:?} → {:?}", cell.act, cell.next))
}

fn of_exchange(state: &str, event: &str) -> Option<String> {
    let state = exchange::states::STATES.into_iter().find(|known| format!("{known:?}") == state)?;
    let event = exchange::states::EVENTS.into_iter().find(|known| format!("{known:?}") == event)?;
    let cell = exchange::states::cell(state, event);
    Some(format!("{:?} → {:?}", cell.act, cell.next))
}

fn compared(heading: &str, of: impl Fn(&str, &str) -> Option<String>) -> Outcome {
    table(heading)?.into_iter().try_for_each(|(state, event, due)| {
        let does = of(&state, &event);
        ensure(does.as_deref() == Some(due.as_str()), || format!("in {state} at {event} it does {does:?} where {due} is due"))
    })
}

/// R-15-01: sessions.
fn session() -> Vec<Case> {
    vec![
        Case::function("R-15-01/every-cell", Invalid, || compared("15.1", of_session))
            .leaning_on(&["R-6-09", "R-6-10", "R-7-03", "R-7-18", "R-8-17", "R-8-30", "R-8-32"]),
        Case::wire("R-15-01/from-idle-to-open-and-on-to-closed", Valid, Origin, |t| {
            let line = t.session()?;
            t.expect_alive(line)?;
            t.upper().leave().ok_or_else(|| Miss::Inconclusive("there is no upper tester".into()))?;
            t.expect_close(line, &[Code::NoError])
        })
        .leaning_on(&["R-8-30", "R-14-03"]),
        Case::wire("R-15-01/a-request-while-it-leaves", Boundary, Origin, |t| {
            let object = one_chunk(t.name("under way"), t.seed(), 300);
            let line = t.session()?;
            let (stream, wanted) = offered(t, line, &object)?;
            t.upper().leave().ok_or_else(|| Miss::Inconclusive("there is no upper tester".into()))?;
            // Over a network it has not left before its `GoAway` is there.
            let control = t.their_control(line);
            while !matches!(t.expect_frame(line, control)?.0, Frame::GoAway { .. }) {}
            let refused = t.ask_name(line, "no such thing")?;
            t.expect_refusal(line, refused, &[Code::Refused])?;
            t.supply(line, stream, &object, &wanted)?;
            acknowledged(t, line, stream)
        })
        .leaning_on(&["R-8-14"]),
    ]
}

/// R-15-02: exchanges.
fn an_exchange() -> Vec<Case> {
    let mut all = vec![
        Case::function("R-15-02/every-cell", Invalid, || compared("15.2", of_exchange)).leaning_on(&["R-8-06", "R-8-21", "R-6-07"]),
        Case::wire("R-15-02/an-offer-from-its-first-to-its-last-frame", Valid, Origin, |t| {
            let object = one_chunk(t.name("offer"), t.seed(), 300);
            let line = t.session()?;
            t.put(line, &object)
        })
        .leaning_on(&["R-9-20"]),
        Case::wire("R-15-02/a-want-from-its-first-to-its-last-frame", Valid, Origin, |t| {
            let fixture = t.fixture()?;
            let line = t.session()?;
            let stream = t.want(line, &fixture.chunks()[..3], true)?;
            t.send_last(line, stream, &[])?;
            let answer = t.expect_answer(line, stream)?;
            ensure(answer.frames.len() == 4, || format!("{} frames came", answer.frames.len()))
        }),
        Case::wire("R-15-02/a-cancel-when-all-was-said", Boundary, Origin, |t| {
            let line = t.session()?;
            let stream = t.want(line, &[ContentId([7; 32])], false)?;
            t.expect_answer(line, stream)?;
            t.send(line, stream, &frame(0x25, &[0, 1]))?;
            t.expect_alive(line)
        }),
        Case::wire("R-15-02/a-chunk-before-the-manifest", Invalid, Origin, |t| {
            let object = one_chunk(t.name("early"), t.seed(), 300);
            let line = t.session()?;
            let put = [vec![1, 1, 1], crate::suite::octets::text(object.name.as_bytes())].concat();
            let content = t.content(&object, object.chunks()[0]);
            t.request(line, &[frame(0x1d, &put), content].concat())?;
            t.expect_close(line, &[Code::FrameUnexpected])
        }),
    ];
    for (what, kind, payload) in [("a-manifest", 0x19, [vec![7; 32], vec![1, 0, 0]].concat()), ("a-cancel", 0x25, vec![0, 1])] {
        all.push(Case::wire(&format!("R-15-02/{what}-first"), Invalid, Origin, move |t| {
            let line = t.session()?;
            t.request(line, &frame(kind, &payload))?;
            t.expect_close(line, &[Code::FrameUnexpected])
        }));
    }
    all
}

fn of_fetch(state: &str, event: &str) -> Option<String> {
    let state = transfer::states::STATES.into_iter().find(|known| format!("{known:?}") == state)?;
    let event = transfer::states::EVENTS.into_iter().find(|known| format!("{known:?}") == event)?;
    let cell = transfer::states::cell(state, event);
    Some(format!("{:?} → {:?}", cell.act, cell.next))
}

fn of_holder(state: &str, event: &str) -> Option<String> {
    let state = keeper::states::STATES.into_iter().find(|known| format!("{known:?}") == state)?;
    let event = keeper::states::EVENTS.into_iter().find(|known| format!("{known:?}") == event)?;
    let cell = keeper::states::cell(state, event);
    Some(format!("{:?} → {:?}", cell.act, cell.next))
}

/// Events, with what is due at each: from the first state through all of them.
fn walked(of: impl Fn(&str, &str) -> Option<String>, first: &str, walk: &[(&str, &str)]) -> Outcome {
    let mut state = first.to_owned();
    for (event, due) in walk {
        let does = of(&state, event);
        ensure(does.as_deref() == Some(due), || format!("in {state} at {event} it does {does:?} where {due} is due"))?;
        state = due.rsplit(' ').next().unwrap_or_default().to_owned();
    }
    Ok(())
}

/// R-15-03: the fetch of a content.
fn a_fetch() -> Vec<Case> {
    vec![
        Case::function("R-15-03/every-cell", Invalid, || compared("10.6", of_fetch)),
        Case::function("R-15-03/asked-for-and-used", Valid, || {
            walked(of_fetch, "Waiting", &[("Ask", "Ask → Asked"), ("Right", "Keep → Held"), ("Used", "Forget → Over")])
        }),
        Case::function("R-15-03/one-source-fails-as-the-other-delivers", Boundary, || {
            let asked = [("Ask", "Ask → Asked"), ("Ask", "Ask → Doubled")];
            let delivers = [("Right", "Keep → Held"), ("Lost", "Nothing → Held")];
            walked(of_fetch, "Waiting", &[asked, delivers].concat())?;
            walked(of_fetch, "Waiting", &[asked, [("Lost", "Nothing → Asked"), ("Right", "Keep → Held")]].concat())
        }),
        Case::function("R-15-03/what-comes-when-it-is-over", Invalid, || {
            walked(of_fetch, "Asked", &[("Stop", "Release → Over"), ("Right", "Duplicate → Over"), ("Lost", "Nothing → Over")])
        }),
    ]
}

/// R-15-05: a holder of certificates.
fn a_holder() -> Vec<Case> {
    vec![
        Case::function("R-15-05/every-cell", Invalid, || compared("15.3", of_holder)),
        Case::function("R-15-05/granted-renewed-overlapping-and-retired", Valid, || {
            let first = [("Start", "Ask → Requesting"), ("Granted", "Adopt → Valid")];
            let next = [("Due", "Ask → Renewing"), ("Granted", "Adopt → Overlapping")];
            walked(of_holder, "Empty", &[first, next, [("Over", "Retire → Valid"), ("Stop", "Halt → Stopped")]].concat())
        }),
        Case::function("R-15-05/a-grant-in-the-instant-of-the-end", Boundary, || {
            walked(of_holder, "Renewing", &[("Granted", "Adopt → Overlapping"), ("Expired", "LapseAndAsk → Requesting")])?;
            walked(of_holder, "Renewing", &[("Expired", "Lapse → Requesting"), ("Granted", "Adopt → Valid")])
        }),
        Case::function("R-15-05/somebody-looks-after-a-revocation", Boundary, || {
            walked(of_holder, "Valid", &[("Revoked", "Halt → Revoked"), ("Retry", "Nothing → Revoked"), ("Start", "Ask → Requesting")])
        }),
    ]
}
