//! What units promise: exact values, one spelling each that reads back, and an error that says what is wrong.

use super::{
    Amount, Bandwidth, Bytes, Count, DelayRange, Duration, Factor, Ppm, Rate, Seed, Share, ShareRate, TimeRange, Unit, UnitError, grouped,
};
use hypermesh_core::base::Span;
use proptest::prelude::*;

#[test]
fn times_are_whole_nanoseconds() {
    let ns = |text| Duration::parse(text).map(|d: Duration| d.span().0);
    assert_eq!(ns("250ms"), Ok(250_000_000));
    assert_eq!(ns("1.5s"), Ok(1_500_000_000));
    assert_eq!(ns("1.5 s"), Ok(1_500_000_000));
    assert_eq!(ns("0.000_001s"), Ok(1_000));
    assert_eq!(ns("2min"), Ok(120_000_000_000));
    assert_eq!(ns("1d"), Ok(86_400_000_000_000));
    assert_eq!(ns("0s"), Ok(0));
    assert_eq!(ns("1.5ns"), Err(UnitError::TooFine { step: "1ns" }));
    assert!(matches!(ns("120"), Err(UnitError::NoUnit { suggestion }) if suggestion == "120s"));
    assert!(matches!(ns("5m"), Err(UnitError::UnknownUnit { unit, .. }) if unit == "m"));
    assert!(matches!(ns("1000000d"), Err(UnitError::OutOfRange { .. })));
    for text in ["", "s", "-1s", "+1s", "1e3s", "1__0s", "_1s", "1_s", "1.s", ".5s", "1.2.3s", "１s"] {
        assert!(ns(text).is_err(), "{text}");
    }
}

#[test]
fn shares_are_billionths_and_end_at_all() {
    assert_eq!(Share::parse("0.5%").map(Share::ppb), Ok(5_000_000));
    assert_eq!(Share::parse("99.99%").map(Share::unit), Ok(0.9999));
    assert_eq!(Share::parse("100%"), Ok(Share::ALL));
    assert!(matches!(Share::parse("100.1%"), Err(UnitError::OutOfRange { .. })));
    assert_eq!(Share::parse("0.00000001%"), Err(UnitError::TooFine { step: "0.0000001%" }));
    assert_eq!(Share::parse("33.3333333%").map(|s| s.of(3_000_000)), Ok(1_000_000));
    assert_eq!(Share::ALL.of(u64::from(u32::MAX)), u64::from(u32::MAX));
}

#[test]
fn rates_keep_their_unit_of_time() {
    let rate = |text| Rate::parse(text).unwrap_or(Rate::ZERO);
    assert_eq!(rate("2/s").interval(), Some(Span::millis(500)));
    assert_eq!(rate("30/min").interval(), Some(Span::secs(2)));
    assert_eq!(rate("0.5/h").interval(), Some(Span::secs(7_200)));
    assert_eq!(rate("0/s").interval(), None);
    assert_eq!(rate("20_000/s").per_second(), 20_000.0);
    let churn = ShareRate::parse("0.5%/s").unwrap_or(ShareRate::ZERO);
    assert_eq!((churn.per_second(), churn.to_string()), (0.005, "0.5%/s".to_owned()));
    assert!(matches!(ShareRate::parse("0.5%"), Err(UnitError::NoUnit { suggestion }) if suggestion == "0.5%/s"));
    assert!(matches!(Rate::parse("5"), Err(UnitError::NoUnit { suggestion }) if suggestion == "5/s"));
}

#[test]
fn binary_and_decimal_sizes_differ() {
    assert_eq!(Bytes::parse("1KiB"), Ok(Bytes(1_024)));
    assert_eq!(Bytes::parse("1kB"), Ok(Bytes(1_000)));
    assert_eq!(Bytes::parse("1.5MiB"), Ok(Bytes(1_572_864)));
    assert_eq!(Bytes::parse("0.5B"), Err(UnitError::TooFine { step: "1B" }));
    assert_eq!(Bandwidth::parse("50Mbit"), Ok(Bandwidth(50_000_000)));
    assert_eq!(Bandwidth::parse("50Mbit/s"), Ok(Bandwidth(50_000_000)));
    assert!(matches!(Bandwidth::parse("50Mbyte"), Err(UnitError::UnknownUnit { .. })));
}

#[test]
fn counts_are_whole_and_never_octal() {
    assert_eq!(Count::parse("1_000_000"), Ok(Count(1_000_000)));
    assert_eq!(Count::parse("017"), Err(UnitError::Octal { decimal: "17".to_owned() }));
    assert_eq!(Seed::parse("0o17"), Err(UnitError::Octal { decimal: "17".to_owned() }));
    assert_eq!(Count::parse("1.0"), Ok(Count(1)));
    assert!(Count::parse("5 apples").is_err() && Count::parse("0x10").is_err());
    assert_eq!(Seed::parse("18446744073709551615"), Ok(Seed(u64::MAX)));
    assert!(Seed::parse("18446744073709551616").is_err() && Count::parse("4294967296").is_err());
    assert_eq!(
        (grouped(0), grouped(999), grouped(1_000), grouped(1_234_567)),
        ("0".into(), "999".into(), "1_000".into(), "1_234_567".into())
    );
}

#[test]
fn amounts_never_exceed_the_whole() {
    let of = |text, whole| Amount::parse(text).map(|amount: Amount| amount.of(whole));
    assert_eq!((of("5%", 1_000), of("50_000", 1_000), of("100%", u32::MAX)), (Ok(50), Ok(1_000), Ok(u32::MAX)));
}

#[test]
fn ranges_have_an_order() {
    let range = TimeRange::parse("30s..1min").map(|r: TimeRange| (r.from.span(), r.until.span()));
    assert_eq!(range, Ok((Span::secs(30), Span::secs(60))));
    assert_eq!(TimeRange::parse("1s .. 2s").map(|r| r.to_string()), Ok("1s..2s".to_owned()));
    assert_eq!((TimeRange::parse("5s..5s"), TimeRange::parse("6s..5s")), (Err(UnitError::Backwards), Err(UnitError::Backwards)));
    assert!(TimeRange::parse("5s").is_err() && TimeRange::parse("1s..2s..3s").is_err() && TimeRange::parse("..5s").is_err());
    assert_eq!(DelayRange::parse("5ms").map(|r| r.to_string()), Ok("5ms".to_owned()));
    assert_eq!(DelayRange::parse("5ms..1ms"), Err(UnitError::Backwards));
}

/// A value is written so that it reads back as itself, and its text is one that the JSON Schema allows.
fn survives<T: Unit + core::fmt::Debug>(value: &T) -> Result<(), TestCaseError> {
    let text = value.to_string();
    prop_assert_eq!(T::parse(&text), Ok(value.clone()), "{}", &text);
    prop_assert!(schema_allows(T::PATTERN, &text), "{} is not matched by {}", text, T::PATTERN);
    Ok(())
}

/// Whether a validator of JSON Schema takes a text for right.
fn schema_allows(pattern: &str, text: &str) -> bool {
    jsonschema::is_valid(&serde_json::json!({ "pattern": pattern }), &text.into())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_is_read_is_written_so_that_it_reads_back(
        ns in any::<u64>(), bytes in any::<u64>(), bits in any::<u64>(), n in any::<u32>(), seed in any::<u64>(),
        share in 0u32..=1_000_000_000, ppm in 0u32..=500_000, millionths in 0u64..1_000_000_000_000,
    ) {
        let duration = Duration(Span(ns));
        survives(&duration)?;
        survives(&Bytes(bytes))?;
        survives(&Bandwidth(bits))?;
        survives(&Count(n))?;
        survives(&Seed(seed))?;
        survives(&Ppm(ppm))?;
        let decimal = |value: u64, digits: u32| format!("{}.{:0width$}", value / 10u64.pow(digits), value % 10u64.pow(digits), width = digits as usize);
        let percent = format!("{}%", decimal(u64::from(share), 7));
        for text in [percent.clone(), n.to_string()] {
            survives(&Amount::parse(&text).map_err(|e| TestCaseError::fail(format!("{text}: {e:?}")))?)?;
        }
        survives(&Share::parse(&percent).map_err(|e| TestCaseError::fail(format!("{e:?}")))?)?;
        survives(&Factor::parse(&format!("{}x", decimal(millionths, 6))).map_err(|e| TestCaseError::fail(format!("{e:?}")))?)?;
        for per in ["s", "min", "h"] {
            survives(&Rate::parse(&format!("{}/{per}", decimal(millionths, 6))).map_err(|e| TestCaseError::fail(format!("{e:?}")))?)?;
            survives(&ShareRate::parse(&format!("{percent}/{per}")).map_err(|e| TestCaseError::fail(format!("{e:?}")))?)?;
        }
        let later = Duration(Span(ns.saturating_add(1 + u64::from(n))));
        if duration < later {
            survives(&TimeRange { from: duration, until: later })?;
            survives(&DelayRange { min: duration, max: later })?;
        }
        survives(&DelayRange { min: duration, max: duration })?;
    }

    #[test]
    fn no_text_can_hurt(text in "\\PC*") {
        never_panics(&text);
    }

    #[test]
    fn nothing_that_looks_like_a_number_can_hurt(text in "[0-9_.]{0,40}( ?[a-zA-Z%/]{0,5}){0,2}(\\.\\.[0-9]{1,3}[a-z]{0,3})?") {
        never_panics(&text);
    }
}

fn never_panics(text: &str) {
    let _ =
        (Duration::parse(text), Share::parse(text), Rate::parse(text), ShareRate::parse(text), Bytes::parse(text), Bandwidth::parse(text));
    let _ = (Count::parse(text), Seed::parse(text), Amount::parse(text), Factor::parse(text), Ppm::parse(text));
    let _ = (TimeRange::parse(text), DelayRange::parse(text));
}
