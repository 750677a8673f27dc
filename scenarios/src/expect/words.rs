//! Values for people: `231 ms`, `99.9912 %`, `1.2 KiB`.

use super::expr::{Expr, Function, Value};
use super::quantity::{Quantity, Unit};
use super::reading::Reading;
use crate::catalog::{self, Kind};
use hypermesh_core::base::Time;

/// What a reading shows of an expression: the value of each comparison's side that is not a constant.
pub(super) fn seen(expr: &Expr, reading: &Reading<'_>) -> String {
    let mut parts = Vec::new();
    collect(expr, reading, &mut parts);
    match &parts[..] {
        [(_, only)] => only.clone(),
        many => many.iter().map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", "),
    }
}

fn collect(expr: &Expr, reading: &Reading<'_>, parts: &mut Vec<(String, String)>) {
    match expr {
        Expr::Or(left, right) | Expr::And(left, right) => {
            collect(left, reading, parts);
            collect(right, reading, parts);
        }
        Expr::Not(inner) => collect(inner, reading, parts),
        Expr::Compare(left, _, right) => {
            let hint = [left, right].into_iter().find_map(constant);
            let measured: Vec<&Value> = [left, right].into_iter().filter(|side| !is_constant(side)).collect();
            // A comparison of two constants shows its left side.
            for side in if measured.is_empty() { vec![left] } else { measured } {
                let words = reading.value(side).map_or_else(|| "nothing recorded".to_owned(), |value| in_words(value, side, hint));
                parts.push((side.to_string(), words));
            }
        }
    }
}

fn is_constant(value: &Value) -> bool {
    match value {
        Value::Quantity(_) => true,
        Value::Call(_) => false,
        Value::Negative(inner) => is_constant(inner),
        Value::Combined(left, _, right) => is_constant(left) && is_constant(right),
    }
}

/// A quantity in it whose unit says how people want to see the value.
fn constant(value: &Value) -> Option<Quantity> {
    match value {
        Value::Quantity(quantity) => Some(*quantity),
        Value::Negative(inner) => constant(inner),
        Value::Call(_) | Value::Combined(..) => None,
    }
}

/// A value in words: in the unit that its bound is written in, or else in that of its metric.
fn in_words(value: f64, of: &Value, bound: Option<Quantity>) -> String {
    let (unit, per_second) = match bound {
        Some(bound) => (bound.unit, bound.per_second),
        None => natural(of),
    };
    let rate = if per_second { "/s" } else { "" };
    let value = if per_second { value * 1e9 } else { value };
    if unit == Unit::Percent {
        return format!("{} %", share(value));
    }
    if unit.is_time() && !per_second {
        return time(value);
    }
    if unit.is_bytes() {
        return format!("{}{rate}", bytes(value));
    }
    format!("{}{rate}", number(value))
}

fn natural(value: &Value) -> (Unit, bool) {
    let of = |id: catalog::Id| match id.metric().unit {
        catalog::Unit::Nanoseconds => Unit::Nanoseconds,
        catalog::Unit::Bytes => Unit::Bytes,
        catalog::Unit::One => Unit::One,
        catalog::Unit::Millionths => Unit::Percent,
    };
    match value {
        Value::Call(Function::Coverage) => (Unit::Percent, false),
        Value::Call(Function::Ratio(..) | Function::Count(_)) => (Unit::One, false),
        Value::Call(Function::Rate(id)) => (of(*id), true),
        Value::Call(
            Function::Plain(id) | Function::Mean(id) | Function::Min(id) | Function::Max(id) | Function::Sum(id) | Function::Last(id),
        ) => (of(*id), false),
        Value::Call(Function::Quantile(_, id)) => {
            debug_assert!(id.metric().kind == Kind::Samples, "quantiles are checked to be those of histograms");
            (of(*id), false)
        }
        Value::Negative(inner) => natural(inner),
        Value::Quantity(quantity) => (quantity.unit, quantity.per_second),
        Value::Combined(..) => (Unit::One, false),
    }
}

/// A length of time given in nanoseconds, with four digits.
pub(super) fn time(ns: f64) -> String {
    let size = if ns < 0.0 { -ns } else { ns };
    let (value, unit) = match size {
        s if s >= 1e9 => (ns / 1e9, "s"),
        s if s >= 1e6 => (ns / 1e6, "ms"),
        s if s >= 1e3 => (ns / 1e3, "us"),
        _ => (ns, "ns"),
    };
    format!("{} {unit}", number(value))
}

/// A moment of the run, in seconds.
pub(super) fn moment(at: Time) -> String {
    let millis = at.0 / 1_000_000;
    let text = format!("{}.{:03}", millis / 1000, millis % 1000);
    format!("{}s", text.trim_end_matches('0').trim_end_matches('.'))
}

fn bytes(bytes: f64) -> String {
    let size = if bytes < 0.0 { -bytes } else { bytes };
    let (value, unit) = match size {
        s if s >= 1_073_741_824.0 => (bytes / 1_073_741_824.0, "GiB"),
        s if s >= 1_048_576.0 => (bytes / 1_048_576.0, "MiB"),
        s if s >= 1024.0 => (bytes / 1024.0, "KiB"),
        _ => (bytes, "B"),
    };
    format!("{} {unit}", number(value))
}

/// A share in hundredths. Near 100 % the digits that tell it from 100 % are kept, and it is never rounded up to 100 %.
fn share(value: f64) -> String {
    let text = format!("{:.4}", value * 100.0);
    let text = if value < 1.0 && text == "100.0000" { "99.9999" } else { &text };
    trimmed(text)
}

/// A number with four digits, or all of a whole one.
fn number(value: f64) -> String {
    let size = if value < 0.0 { -value } else { value };
    let digits = match size {
        s if s >= 1e15 => return format!("{value:.3e}"),
        s if s == libm::trunc(s) || s >= 1000.0 => 0,
        s if s >= 100.0 => 1,
        s if s >= 10.0 => 2,
        s if s >= 1.0 => 3,
        s if s >= 0.1 => 4,
        s if s >= 0.001 => 6,
        _ => return format!("{value:.3e}"),
    };
    trimmed(&format!("{value:.digits$}"))
}

fn trimmed(text: &str) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
}
