//! `fresh`: what was told of a copy, and how long it was on the way and kept, to what it is of use for (clause 11.2).

use super::family::Maker;
use super::file::{Outcome, Vector};
use hypermesh_core::base::{Span, Time};
use hypermesh_core::stoq::cache::{Life, Stamp, Use, usable};
use serde::{Deserialize, Serialize};

/// All spans are nanoseconds.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The age that came with the answer.
    told: u64,
    /// From the request to the answer.
    took: u64,
    /// From the answer until now.
    kept: u64,
    /// None for an immutable object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    life: Option<Limits>,
    ceiling: u64,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    max_age: u64,
    swr: u64,
    sie: u64,
}

#[derive(Serialize)]
struct Output {
    age: u64,
    under_way: &'static str,
    failed: &'static str,
}

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400 * SECOND;

pub(super) fn make(maker: &mut Maker) {
    let minute = Limits { max_age: 60 * SECOND, swr: 30 * SECOND, sie: 300 * SECOND };
    // Around each bound, one nanosecond before, at it, and after it.
    for (name, age) in [("max-age", 60 * SECOND), ("swr", 90 * SECOND), ("sie", 360 * SECOND)] {
        for (side, age) in [("before", age - 1), ("at", age), ("behind", age + 1)] {
            add(maker, &format!("{name}-{side}"), Input { told: 0, took: 0, kept: age, life: Some(minute), ceiling: DAY });
        }
    }
    // The ceiling takes the place of whichever is longer.
    for (name, ceiling) in [("below-swr", 10 * SECOND), ("between", 100 * SECOND), ("zero", 0)] {
        for (side, stale) in [("before", ceiling.saturating_sub(1)), ("at", ceiling), ("behind", ceiling + 1)] {
            let kept = 60 * SECOND + stale;
            add(maker, &format!("ceiling-{name}-{side}"), Input { told: 0, took: 0, kept, life: Some(minute), ceiling });
        }
    }
    let sum = |told, took, kept| Input { told, took, kept, life: Some(minute), ceiling: DAY };
    add(maker, "age-of-three-parts-fresh", sum(20 * SECOND, 20 * SECOND, 20 * SECOND - 1));
    add(maker, "age-of-three-parts-stale", sum(20 * SECOND, 20 * SECOND, 20 * SECOND));
    add(maker, "stale-when-it-came", sum(61 * SECOND, 0, 0));
    add(maker, "stale-by-the-way-it-took", sum(0, 61 * SECOND, 0));
    add(maker, "age-stays-at-the-greatest", sum(u64::MAX - 5, 10, 0));
    add(maker, "age-stays-at-the-greatest-while-kept", sum(u64::MAX - 5, 0, 10));
    let none = Limits { max_age: 0, swr: 0, sie: 0 };
    let life = |life, kept| Input { told: 0, took: 0, kept, life: Some(life), ceiling: DAY };
    add(maker, "no-life-at-all", life(none, 0));
    add(maker, "no-freshness-but-swr", life(Limits { swr: SECOND, ..none }, SECOND - 1));
    add(maker, "no-freshness-but-sie", life(Limits { sie: SECOND, ..none }, SECOND - 1));
    add(maker, "sie-shorter-than-swr", life(Limits { max_age: SECOND, swr: 10 * SECOND, sie: 2 * SECOND }, 5 * SECOND));
    add(maker, "longest-max-age", life(Limits { max_age: u64::MAX, ..none }, u64::MAX - 1));
    add(maker, "as-old-as-the-longest-max-age", life(Limits { max_age: u64::MAX, swr: 1, sie: 1 }, u64::MAX));
    add(maker, "immutable", Input { told: 0, took: 0, kept: 0, life: None, ceiling: 0 });
    add(maker, "immutable-at-any-age", Input { told: u64::MAX, took: 9, kept: 9, life: None, ceiling: 0 });
}

fn add(maker: &mut Maker, case: &str, input: Input) {
    let requirements: &[&str] = match case {
        _ if input.life.is_none() => &["R-11-06"],
        _ if case.starts_with("max-age") => &["R-11-02"],
        _ if case.starts_with("age-") || case.starts_with("stale-") => &["R-11-03"],
        _ => &["R-11-05"],
    };
    maker.add(case, requirements, input, Outcome::output(by_the_table(&input)));
}

/// The rows of the table of clause 11.2, from the top.
fn by_the_table(input: &Input) -> Output {
    let age = u64::try_from(u128::from(input.told) + u128::from(input.took) + u128::from(input.kept)).unwrap_or(u64::MAX);
    let (under_way, failed) = match input.life {
        None => ("fresh", "fresh"),
        Some(life) if age < life.max_age => ("fresh", "fresh"),
        Some(life) if age - life.max_age < life.swr.min(input.ceiling) => ("stale", "stale"),
        Some(life) if age - life.max_age < life.sie.min(input.ceiling) => ("waits", "stale"),
        Some(_) => ("waits", "refused"),
    };
    Output { age, under_way, failed }
}

pub(super) fn core(vector: &Vector) -> Result<Outcome, String> {
    let input: Input = vector.read()?;
    let life = input.life.map_or(Life::Immutable, |life| Life::Limited {
        max_age: Span(life.max_age),
        stale_while_revalidate: Span(life.swr),
        stale_if_error: Span(life.sie),
    });
    let came = Time(input.took);
    let now = Time(input.took.saturating_add(input.kept));
    let stamp = Stamp::of_answer(Span(input.told), Time(0), came);
    let (under_way, failed) = match usable(&life, &stamp, now, Span(input.ceiling)) {
        Use::Fresh => ("fresh", "fresh"),
        Use::WhileRevalidating => ("stale", "stale"),
        Use::IfError => ("waits", "stale"),
        Use::No => ("waits", "refused"),
    };
    Ok(Outcome::output(Output { age: stamp.age(now).0, under_way, failed }))
}
