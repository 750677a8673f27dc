//! The tester as the server that an implementation was told of: who it shows itself as, and what becomes of the implementation that dials it.

use super::network::fails;
use super::versions::get;
use crate::suite::case::Subject;
use crate::suite::port::{Line, Welcome};
use crate::suite::tester::Tester;
use crate::suite::verdict::{Miss, Outcome};
use hypermesh_core::base::Span;
use hypermesh_core::stoq::session::frame::Name;
use hypermesh_core::stoq::session::{Code, Roles};

/// Has the implementation, new, in front of a tester that receives it like this, and wanting something of it.
fn begin(t: &mut Tester<'_>, welcome: &Welcome) -> Outcome {
    t.start_before(welcome)?;
    wants(t)
}

/// Gives the implementation a reason to dial.
fn wants(t: &mut Tester<'_>) -> Outcome {
    let name = t.name("wanted");
    if t.subject() == Subject::Client {
        return get(t, 1, Name::new(&name).expect("a case names things well"));
    }
    let below = t.session()?;
    t.ask_name(below, &name).map(drop)
}

/// A session with an implementation that dials the tester.
pub(super) fn comes(t: &mut Tester<'_>, welcome: &Welcome) -> Outcome<Line> {
    begin(t, welcome)?;
    let late = t.patience() + t.patience();
    let line = first(t, late)?.map_err(|why| Miss::Fail(format!("it does not connect: {why}")))?;
    t.agree(line, &Tester::settings(Roles::ORIGIN)).map_err(fails)?;
    Ok(line)
}

/// An implementation that dials the tester gives the handshake up, or closes the connection with one of these codes. That it is there, and dials a tester that
/// is as it has to be, was seen before.
pub(super) fn stays_away(t: &mut Tester<'_>, welcome: &Welcome, codes: &[Code]) -> Outcome {
    comes(t, &Welcome::default()).map_err(|miss| miss.before("a tester that is as it has to be"))?;
    begin(t, welcome)?;
    let hush = t.hush();
    match first(t, hush)? {
        Err(_) => Ok(()),
        Ok(line) => t.expect_close_or_gone(line, codes),
    }
}

/// The connection that the implementation opens with the tester, or why it opens none. What it began before it was told to stop may come to its end now: after
/// a handshake that failed the tester waits this long for another.
fn first(t: &mut Tester<'_>, more: Span) -> Outcome<Result<Line, String>> {
    let late = t.patience() + t.patience();
    let none = || Miss::Inconclusive("it did not try to connect with the tester".into());
    let mut dialled = t.dialled(late)?.ok_or_else(none)?;
    for _ in 0..HANDSHAKES_MAX {
        if dialled.is_ok() {
            break;
        }
        let Some(next) = t.dialled(more)? else { break };
        dialled = next;
    }
    Ok(dialled)
}

/// How many handshakes may fail one after the other before that is a verdict.
const HANDSHAKES_MAX: usize = 3;
