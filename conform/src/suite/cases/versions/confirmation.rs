//! R-7-06, R-7-12 and R-7-13: the confirmation.

use super::super::alone::{Alone, strictly};
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::{Case, Subject::Origin};
use crate::suite::octets::frame;
use crate::suite::port::{Identity, Line};
use crate::suite::tester::{ROLES, Tester};
use crate::suite::verdict::{Outcome, ensure};
use hypermesh_core::base::Wire as _;
use hypermesh_core::stoq::session::agreed::agree;
use hypermesh_core::stoq::session::frame::Frame;
use hypermesh_core::stoq::session::{Capabilities, Code, Config, Effect, Input, Roles, Setting, Settings, Side, Violation, transcript};

pub(super) fn cases() -> Vec<Case> {
    let mut all = wrong();
    all.extend(once());
    all.extend(content());
    all
}

/// Says `Settings`, gets those of the other side, and says this as the confirmation.
fn confirming(t: &mut Tester<'_>, said: &Settings, confirm: impl Fn(&mut Tester<'_>, Line, &Settings) -> [u8; 32]) -> Outcome<Line> {
    let line = t.connect(Identity::Certified(ROLES))?;
    let control = t.greet(line, &said.to_bytes())?;
    let theirs = t.their_settings(line)?;
    let confirm = confirm(t, line, &theirs);
    t.send(line, control, &frame(0x03, &confirm))?;
    Ok(line)
}

/// R-7-06: a confirmation that is not the right one, and a version that both could exceed.
fn wrong() -> Vec<Case> {
    let mut all = vec![
        Case::wire("R-7-06/the-right-one", Valid, Origin, |t| {
            let settings = Tester::settings(ROLES);
            let line = confirming(t, &settings.clone(), move |t, line, theirs| t.confirmation(line, &settings, theirs))?;
            t.expect_alive(line)
        }),
        Case::wire("R-7-06/a-bit-in-each-octet", Boundary, Origin, |t| {
            for at in 0..32 {
                let settings = Tester::settings(ROLES);
                let line = confirming(t, &settings.clone(), move |t, line, theirs| {
                    let mut said = t.confirmation(line, &settings, theirs);
                    said[at] ^= 1 << (at % 8);
                    said
                })?;
                t.expect_close(line, &[Code::Downgrade])?;
            }
            Ok(())
        }),
        Case::function("R-7-06/a-version-that-both-exceed", Invalid, || {
            let both = Settings::new(Capabilities::ALL, Roles::CLIENT).with(Setting::Majors, 0b11);
            let outcome = agree(1, &both, &both);
            ensure(outcome == Err(Violation::VersionLower), || format!("it is {outcome:?}"))
        }),
    ];
    for (what, ours) in [("the-tester", true), ("the-implementation", false)] {
        all.push(Case::wire(&format!("R-7-06/a-setting-of-{what}-changed-on-the-way"), Invalid, Origin, move |t| {
            let said = Tester::settings(ROLES);
            let line = confirming(t, &said.clone(), move |t, line, theirs| {
                let (mut one, mut other) = (said.clone(), theirs.clone());
                let changed = if ours { &mut one } else { &mut other };
                *changed = changed.clone().with(Setting::Capabilities, 0b1101);
                t.confirmation(line, &one, &other)
            })?;
            t.expect_close(line, &[Code::Downgrade])
        }));
    }
    all
}

fn confirms(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::Write { frame: Frame::Confirm(_), .. })).count()
}

/// R-7-12: when it is sent, and how often.
fn once() -> Vec<Case> {
    let keyed = || Input::Keyed { major: 1, exporter: [7; 32] };
    vec![
        Case::function("R-7-12/the-keys-first", Valid, move || {
            let mut alone = Alone::new(Side::Server, Config::default());
            let before = [alone.tell(Input::Begin), alone.tell(keyed())].concat();
            let after = alone.greet(&Settings::default());
            ensure((confirms(&before), confirms(&after)) == (0, 1), || format!("{before:?}, then {after:?}"))
        }),
        Case::function("R-7-12/the-settings-first", Boundary, move || {
            let mut alone = Alone::new(Side::Client, Config::default());
            let before = [alone.tell(Input::Begin), alone.greet(&Settings::default())].concat();
            let after = alone.tell(keyed());
            ensure((confirms(&before), confirms(&after)) == (0, 1), || format!("{before:?}, then {after:?}"))
        }),
        Case::wire("R-7-12/not-while-settings-are-due", Invalid, Origin, |t| {
            let line = t.connect(Identity::Certified(ROLES))?;
            t.their_settings(line)?;
            let hush = t.hush();
            t.pause(hush);
            ensure(confirms_that_came(t, line)? == 0, || "Confirm came before any Settings".into())
        }),
        Case::wire("R-7-12/once-and-never-again", Invalid, Origin, |t| {
            let line = t.session()?;
            t.expect_alive(line)?;
            let count = confirms_that_came(t, line)?;
            ensure(count == 1, || format!("Confirm came {count} times"))
        })
        .leaning_on(&["R-6-17"]),
    ]
}

fn confirms_that_came(t: &mut Tester<'_>, line: Line) -> Outcome<usize> {
    let control = t.their_control(line);
    let octets = t.octets_of(line, control);
    Ok(strictly(&octets, true)?.iter().filter(|(kind, _)| *kind == 0x03).count())
}

/// The confirmation of clause 7.2, made from its text alone.
fn by_the_text(speaker: &[u8], exporter: &[u8; 32], client: &[u8], server: &[u8]) -> [u8; 32] {
    let key = blake3::derive_key("stoq/1 2026-11-22 confirmation of the settings of both sides", exporter);
    let mut all = speaker.to_vec();
    for part in [b"stoq/1".as_slice(), client, server] {
        all.extend((part.len() as u64).to_be_bytes());
        all.extend(part);
    }
    *blake3::keyed_hash(&key, &all).as_bytes()
}

/// R-7-13: what it says.
fn content() -> Vec<Case> {
    let compared = |client: Settings, server: Settings| {
        let exporter = core::array::from_fn(|at| at as u8);
        for (side, speaker) in [(Side::Client, b"client"), (Side::Server, b"server")] {
            let made = transcript::confirmation(side, 1, &exporter, &client, &server);
            let right = by_the_text(speaker, &exporter, &client.to_bytes(), &server.to_bytes());
            ensure(made == right, || format!("the {side:?} confirms {made:02x?} where {right:02x?} is due"))?;
        }
        Ok(())
    };
    let many = || (0..32).fold(Settings::default(), |settings, n| settings.with_number(30 + 32 * n, n));
    vec![
        Case::function("R-7-13/of-both-sides", Valid, move || {
            compared(
                Settings::new(Capabilities::ALL, Roles::CLIENT),
                Settings::new(Capabilities::ALL, Roles::ORIGIN).with(Setting::Requests, 9),
            )
        }),
        Case::function("R-7-13/of-empty-settings", Boundary, move || compared(Settings::default(), Settings::default())),
        Case::function("R-7-13/of-32-pairs-without-meaning", Boundary, move || {
            compared(many(), Settings::default())?;
            compared(Settings::default(), many())
        }),
        Case::wire("R-7-13/over-a-connection", Valid, Origin, |t| {
            let settings = Tester::settings(ROLES);
            let line = t.connect(Identity::Certified(ROLES))?;
            t.greet(line, &settings.to_bytes())?;
            let theirs = t.their_settings(line)?;
            t.their_confirmation(line, &settings, &theirs)
        })
        .leaning_on(&["R-7-12"]),
        Case::wire("R-7-13/its-own-sent-back", Invalid, Origin, |t| {
            let settings = Tester::settings(ROLES);
            let line = confirming(t, &settings.clone(), move |t, line, theirs| {
                let exporter = t.exporter(line);
                by_the_text(b"server", &exporter, &settings.to_bytes(), &theirs.to_bytes())
            })?;
            t.expect_close(line, &[Code::Downgrade])
        })
        .leaning_on(&["R-7-06"]),
    ]
}
