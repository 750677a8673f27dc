//! Clause 17: management. What is told without a connection.

#[cfg(feature = "sockets")]
mod host;
#[cfg(feature = "sockets")]
mod pages;

use crate::suite::case::Case;
use crate::suite::case::Polarity::{Boundary, Invalid, Valid};
use crate::suite::case::Subject::Origin;
use crate::suite::port::Identity;
use crate::suite::tester::{ROLES, Tester};
use crate::suite::verdict::{Miss, ensure};
use hypermesh_core::base::Wire as _;
use hypermesh_core::stoq::preset::{Effective, Key, Preset, Source};
use hypermesh_core::stoq::session::version::{MAJOR, MINOR, Spoken};
use hypermesh_core::stoq::session::{Capabilities, Setting};

/// The cases of the clause.
pub(super) fn cases() -> Vec<Case> {
    let all = [parameters(), spoken()].concat();
    #[cfg(feature = "sockets")]
    let all = [all, host::cases(), pages::cases()].concat();
    all
}

/// R-17-03: values with their sources.
fn parameters() -> Vec<Case> {
    vec![
        Case::function("R-17-03/values-of-each-source", Valid, || {
            let mut values = Effective::new(Some(Preset::Edge));
            let set = [(Source::File, "session.idle", "40s"), (Source::Override, "session.requests", "77")];
            for (source, name, text) in set {
                values.set(source, name, text).map_err(|problem| Miss::Fail(problem.to_string()))?;
            }
            let shown: Vec<(&str, String, Source)> = values.lines().map(|(row, value, source)| (row.name, value, source)).collect();
            for (name, value, source) in [
                ("cache.memory", "4GiB", Source::Preset(Preset::Edge)),
                ("session.idle", "40s", Source::File),
                ("session.requests", "77", Source::Override),
                ("quic.mtu", "1452", Source::Default),
            ] {
                let right = shown.contains(&(name, value.to_owned(), source));
                ensure(right, || format!("{name} of {source} is not shown as {value}"))?;
            }
            Ok(())
        }),
        Case::function("R-17-03/every-parameter-at-its-bounds", Boundary, || {
            for key in Key::ALL {
                let row = key.row();
                for value in [row.low, row.high] {
                    let mut values = Effective::new(Some(Preset::Edge));
                    values.put(Source::File, *key, value).map_err(|problem| Miss::Fail(problem.to_string()))?;
                    let lines: Vec<(String, Source)> =
                        values.lines().filter(|(shown, ..)| shown.name == row.name).map(|(_, value, source)| (value, source)).collect();
                    let right = lines == [(row.unit.show(value), Source::File)];
                    ensure(right, || format!("{} is set to {value} and shown as {lines:?}", row.name))?;
                }
            }
            Ok(())
        }),
        Case::function("R-17-03/a-value-out-of-bounds-and-a-name-that-nobody-knows", Invalid, || {
            let mut values = Effective::new(None);
            for (name, text) in
                [("session.requests", "0"), ("session.requests", "4097"), ("session.request", "5"), ("session.idle", "5 moons")]
            {
                let refused = values.set(Source::File, name, text);
                ensure(refused.is_err(), || format!("{name} was set to {text}"))?;
            }
            Ok(())
        }),
    ]
}

/// R-17-08: versions and capabilities.
fn spoken() -> Vec<Case> {
    vec![
        Case::function("R-17-08/major-minor-and-capabilities", Valid, || {
            let told = Spoken::here();
            let right = (told.major, told.minor, told.capabilities) == (MAJOR, MINOR, Capabilities::ALL);
            ensure(right && told.to_string().starts_with("stoq/1 minor 0 capabilities put purge"), || told.to_string())
        }),
        // What an origin tells in its settings is among what it told without a connection.
        Case::wire("R-17-08/what-the-settings-tell", Invalid, Origin, |t| {
            let line = t.connect(Identity::Certified(ROLES))?;
            t.greet(line, &Tester::settings(ROLES).to_bytes())?;
            let settings = t.their_settings(line)?;
            let (spoken, told) = (Spoken::here(), Capabilities(settings.get(Setting::Capabilities)));
            let right = spoken.capabilities.has(told) && settings.get(Setting::Minor) <= u64::from(spoken.minor);
            ensure(right, || format!("{told:?} in the settings, and {spoken} without a connection"))
        })
        .leaning_on(&["R-4-04"]),
    ]
}
