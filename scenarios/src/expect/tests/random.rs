//! Properties of the language over random texts and trees.

use super::super::{Comparison, Expr, Function, Operator, Quantile, Quantity, Unit, Value, parse};
use crate::catalog::{Id, Kind};
use proptest::prelude::*;

fn metric(kind: Kind) -> impl Strategy<Value = Id> {
    let ids: Vec<Id> = Id::ALL.iter().copied().filter(|id| id.metric().kind == kind).collect();
    proptest::sample::select(ids)
}

/// Functions whose value is a time.
fn time_function() -> impl Strategy<Value = Function> {
    let latency = Just(Id::NetLatency);
    prop_oneof![
        (0u32..=1_000_000, latency).prop_map(|(q, id)| Function::Quantile(Quantile(q), id)),
        Just(Function::Mean(Id::BroadcastDelivery)),
        Just(Function::Max(Id::Detection)),
        Just(Function::Sum(Id::RoundTrip)),
    ]
}

/// Functions whose value is a number of things.
fn thing_function() -> impl Strategy<Value = Function> {
    let counter = metric(Kind::Counter).prop_filter("a number of things", |id| id.metric().unit == crate::catalog::Unit::One);
    prop_oneof![
        counter.prop_map(Function::Plain),
        metric(Kind::Gauge).prop_map(Function::Last),
        metric(Kind::Gauge).prop_map(Function::Mean),
        metric(Kind::Samples).prop_map(Function::Count),
        Just(Function::Max(Id::BroadcastHops)),
    ]
}

fn quantity(units: &'static [Unit]) -> impl Strategy<Value = Value> {
    let number = prop_oneof![(0u32..100_000).prop_map(f64::from), 0.0f64..1e6];
    (number, proptest::sample::select(units)).prop_map(|(number, unit)| Value::Quantity(Quantity { number, unit, per_second: false }))
}

/// Sums of one kind, with plain factors.
fn sums(leaf: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Value> {
    leaf.boxed()
        .prop_recursive(4, 12, 2, |inner| {
            prop_oneof![
                (inner.clone(), prop_oneof![Just(Operator::Plus), Just(Operator::Minus)], inner.clone())
                    .prop_map(|(left, operator, right)| Value::Combined(Box::new(left), operator, Box::new(right))),
                (inner.clone(), prop_oneof![Just(Operator::Times), Just(Operator::Over)], quantity(&[Unit::One]))
                    .prop_map(|(left, operator, right)| Value::Combined(Box::new(left), operator, Box::new(right))),
                inner.prop_map(|value| Value::Negative(Box::new(value))),
            ]
        })
        .boxed()
}

fn comparison() -> impl Strategy<Value = Expr> {
    let times = || {
        sums(prop_oneof![
            time_function().prop_map(Value::Call),
            quantity(&[Unit::Nanoseconds, Unit::Milliseconds, Unit::Seconds, Unit::Hours])
        ])
    };
    let things = || sums(prop_oneof![thing_function().prop_map(Value::Call), quantity(&[Unit::One])]);
    let share = || prop_oneof![Just(Value::Call(Function::Coverage)), Just(Value::Call(Function::Ratio(Id::NetLost, Id::NetSent)))];
    let pairs = prop_oneof![(times(), times()), (things(), things()), (share(), (0.0f64..100.0).prop_map(percent))];
    (pairs, proptest::sample::select(&Comparison::ALL[..])).prop_map(|((left, right), comparison)| Expr::Compare(left, comparison, right))
}

fn percent(number: f64) -> Value {
    Value::Quantity(Quantity { number, unit: Unit::Percent, per_second: false })
}

fn expression() -> impl Strategy<Value = Expr> {
    comparison().prop_recursive(4, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(left, right)| Expr::And(Box::new(left), Box::new(right))),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| Expr::Or(Box::new(left), Box::new(right))),
            inner.prop_map(|inner| Expr::Not(Box::new(inner))),
        ]
    })
}

/// Texts made of the language's own words, right or wrong.
fn word_salad() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "(",
        ")",
        ",",
        "<",
        "<=",
        "==",
        "!=",
        "=",
        "+",
        "-",
        "*",
        "/",
        "not",
        "and",
        "or",
        "p99",
        "ratio",
        "coverage",
        "mean",
        "net.sent",
        "node.up",
        "net.latency",
        "broadcast",
        "3",
        "250ms",
        "1KiB",
        "99%",
        "5/s",
        "5/s(",
        "7x",
        "1.2.3",
        ".",
        "\u{e9}",
        "\0",
        "p99.",
        "p",
        "%",
    ];
    proptest::collection::vec(proptest::sample::select(WORDS).prop_map(str::to_owned), 0..40).prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn an_expression_prints_as_text_that_parses_to_itself(expr in expression()) {
        let text = expr.to_string();
        prop_assume!(text.len() <= super::super::LONGEST);
        prop_assert_eq!(parse(&text), Ok(expr), "{}", text);
    }

    #[test]
    fn no_text_can_hurt(text in any::<String>()) {
        check_places(&text)?;
    }

    #[test]
    fn no_order_of_words_can_hurt(text in word_salad()) {
        check_places(&text)?;
    }
}

/// Every error lies inside the text, between characters, and at least one is told where there is no expression.
fn check_places(text: &str) -> Result<(), TestCaseError> {
    if let Err(errors) = parse(text) {
        prop_assert!(!errors.is_empty(), "{text:?} is refused without a reason");
        for error in errors {
            prop_assert!(error.start <= error.end && text.get(error.start..error.end).is_some(), "{error:?}");
        }
    }
    Ok(())
}
