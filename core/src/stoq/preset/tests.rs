//! Promises of presets.

use super::*;
use crate::base::Span;
use crate::stoq::chunk::Profile;
use crate::stoq::session::{Capabilities, Roles, Setting};
use proptest::prelude::*;
use std::collections::BTreeSet;

#[test]
fn every_row_is_sound() {
    let mut names = BTreeSet::new();
    for (at, key) in Key::ALL.iter().enumerate() {
        let row = key.row();
        assert_eq!(*key as usize, at);
        assert!(names.insert(row.name), "{} twice", row.name);
        assert_eq!(Key::named(row.name), Some(*key));
        assert!(row.about.trim().ends_with('.') && row.low <= row.high, "{}", row.name);
        for value in row.presets.into_iter().flatten().chain([row.default]) {
            assert!((row.low..=row.high).contains(&value), "{}: {value}", row.name);
            assert_eq!(row.unit.read(&row.unit.show(value)), Ok(value), "{}", row.name);
        }
    }
}

#[test]
fn every_preset_fits_together_and_differs_from_the_others() {
    let all: Vec<Effective> = Preset::ALL.into_iter().map(|preset| Effective::new(Some(preset))).collect();
    for (preset, values) in Preset::ALL.into_iter().zip(&all) {
        assert_eq!(values.problems(), [], "{}", preset.name());
        assert_eq!(Preset::named(preset.name()), Some(preset));
        assert_eq!(all.iter().filter(|other| *other == values).count(), 1);
    }
    assert_eq!(Effective::new(None).problems(), []);
}

#[test]
fn every_value_tells_where_it_came_from() {
    let mut values = Effective::new(Some(Preset::Edge));
    values.set(Source::File, "session.requests", "77").expect("it is in bounds");
    values.set(Source::Override, "cache.memory", "3GiB").expect("it is in bounds");
    values.set(Source::File, "cache.memory", "1GiB").expect("an override stays, whatever comes after");
    values.set(Source::File, "quic.gso", "no").expect("a switch");
    values.set(Source::Override, "quic.gso", "yes").expect("the later source holds");
    let shown = values.to_string();
    for line in [
        "session.requests:                  77           # file",
        "cache.memory:                      3GiB         # override",
        "cache.disk:                        256GiB       # preset edge",
        "quic.gso:                          yes          # override",
        "session.agree-within:              5s           # default",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line:?} in\n{shown}");
    }
    assert_eq!(shown.lines().count(), Key::ALL.len());
}

#[test]
fn what_is_printed_can_be_read_again() {
    for preset in Preset::ALL {
        let values = Effective::new(Some(preset));
        let mut again = Effective::new(None);
        for line in values.to_string().lines() {
            let (said, _) = line.split_once('#').expect("every line has its source");
            let (name, value) = said.split_once(':').expect("every line has a name");
            again.set(Source::File, name.trim(), value).expect("what was printed is in bounds");
        }
        assert!(Key::ALL.iter().all(|key| values.get(*key) == again.get(*key)));
    }
}

#[test]
fn what_cannot_be_is_refused_with_a_reason() {
    let mut values = Effective::new(None);
    let mut why = |name: &str, text: &str| values.set(Source::File, name, text).map_err(|problem| problem.to_string());
    assert_eq!(why("session.reqests", "1"), Err("there is no value of the name session.reqests".to_owned()));
    assert_eq!(why("session.requests", "0"), Err("session.requests lies between 1 and 4096".to_owned()));
    assert_eq!(why("session.requests", "many"), Err("session.requests: a number is expected".to_owned()));
    assert_eq!(why("session.requests", "1s"), Err("session.requests: nothing follows the number".to_owned()));
    assert_eq!(why("certs.life", "1"), Err("certs.life: what follows the number is one of ns, us, ms, s, m, h, d".to_owned()));
    assert_eq!(why("cache.memory", "99999999999TiB"), Err("cache.memory: the number is too large".to_owned()));
    assert_eq!(why("quic.congestion", "vegas"), Err("quic.congestion: one of cubic, bbr, new-reno is expected".to_owned()));
    assert_eq!(why("quic.gso", "true"), Err("quic.gso: one of no, yes is expected".to_owned()));
    assert_eq!(values, Effective::new(None), "nothing was changed");
    values.set(Source::File, "certs.overlap", "13h").expect("it is in bounds alone");
    assert_eq!(values.problems().len(), 1);
    assert!(values.problems()[0].to_string().starts_with("certs.overlap and certs.life"));
}

#[test]
fn values_reach_the_parts_that_they_are_about() {
    let values = Effective::new(Some(Preset::Origin));
    let session = values.session(Roles::ORIGIN, Capabilities::ALL);
    assert_eq!(session.settings.get(Setting::Requests), 1024);
    assert_eq!(session.settings.check(), Ok(()));
    let offered = Capabilities(session.settings.get(Setting::Capabilities));
    assert!(!offered.has(Capabilities::EARLY) && offered.has(Capabilities::PUT), "an origin takes no early data");
    assert_eq!(values.chunks(), Profile::Standard);
    let cache = values.cache(7);
    assert!(cache.durable_purges && cache.seed == 7 && cache.disk_bytes == 1 << 40);
    let policy = values.certificates(Vec::new());
    assert!(policy.list_life() > Span::ZERO);
    for preset in Preset::ALL {
        let session = Effective::new(Some(preset)).session(Roles::EDGE, Capabilities::ALL);
        assert_eq!(session.settings.check(), Ok(()), "{}", preset.name());
    }
}

#[test]
fn words_stand_in_the_order_of_what_they_name() {
    assert_eq!(table::POLICIES, build::KINDS.map(|kind| kind.name()));
    assert_eq!(table::PROFILES, Profile::ALL.map(|profile| profile.name()));
}

proptest! {
    #[test]
    fn any_value_can_be_written_and_read(value in any::<u64>(), round in 0..5u32) {
        for unit in [Unit::Bytes, Unit::Time, Unit::Count] {
            let value = value - value % 1000u64.pow(round);
            prop_assert_eq!(unit.read(&unit.show(value)), Ok(value));
        }
    }

    #[test]
    fn no_text_can_hurt(text in "[0-9a-zA-Z_ .-]{0,30}") {
        for key in Key::ALL {
            let _ = Effective::new(None).set(Source::File, key.row().name, &text);
        }
    }
}
