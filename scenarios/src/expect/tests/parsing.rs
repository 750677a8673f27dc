//! What can be written, and what is said where it is wrong.

use super::super::{ExprError, parse};

fn errors(text: &str) -> Vec<ExprError> {
    parse(text).expect_err("the test's expression is wrong")
}

/// The only error of a text: what it is about, and everything it says.
fn error(text: &str) -> (String, String) {
    let errors = errors(text);
    assert_eq!(errors.len(), 1, "{text}: {errors:#?}");
    (text[errors[0].start..errors[0].end].to_owned(), errors[0].to_string())
}

#[test]
fn what_the_scenarios_ask_for_can_be_written() {
    for text in [
        "p99(broadcast.delivery) < 3s",
        "coverage(broadcast) > 99.99%",
        "mean(broadcast.redundancy) < 2",
        "ratio(net.dropped.loss, net.sent) < 2%",
        "p99.9(net.latency) < 10ms and not node.up < 1_000_000",
        "broken.views_bounded == 0",
        "rate(net.sent) >= 5/s or rate(net.bytes) < 1MiB/s",
        "(net.sent - net.delivered) / net.sent < 0.5 and (node.up > 3)",
        "max(hyparview.view) <= 7",
        "net.bytes / net.sent < 1KiB",
        "net.bytes < 64KiB * 3",
        "last(hyparview.isolated) < 0.1% * 1000",
        "p50(broadcast.delivery) + 10ms < p99(broadcast.delivery) / 2",
        "-3 < net.sent",
        "p100(broadcast.hops) < 12",
    ] {
        let expr = parse(text).unwrap_or_else(|errors| panic!("{text}: {errors:#?}"));
        assert_eq!(parse(&expr.to_string()).as_ref(), Ok(&expr), "{text} prints as {expr}");
    }
}

#[test]
fn a_time_without_its_unit_is_told_what_to_write() {
    let (at, says) = error("p99(broadcast.delivery) < 250");
    assert_eq!(at, "250");
    assert_eq!(says, "p99(broadcast.delivery) is a time, and `250` has no unit; expected a time (for example `250ms`)");
}

#[test]
fn a_unit_of_the_wrong_kind_is_told_the_right_one() {
    assert_eq!(
        error("net.bytes < 3s").1,
        "net.bytes is a number of bytes, and 3s is a time; expected a number of bytes (for example `64KiB`)"
    );
    assert_eq!(
        error("rate(net.sent) < 5").1,
        "rate(net.sent) is a number per second, and `5` has no unit; expected a number per second (for example `5/s`)"
    );
    assert_eq!(error("node.up > 50%").1, "node.up is a number, and 50% is a share; expected a number (for example `3`)");
    assert_eq!(error("net.bytes + net.sent > 3KiB").0, "net.sent");
}

#[test]
fn a_coverage_in_plain_hundredths_is_caught() {
    assert_eq!(
        error("coverage(broadcast) > 99.99"),
        (
            "99.99".to_owned(),
            "a coverage is never above 1, and this is 99.99; expected a share between 0% and 100% (for example `99.99%`)".to_owned()
        )
    );
}

#[test]
fn a_name_that_is_nearly_right_brings_the_right_one() {
    for (text, at, meant) in [
        ("p99(broadcast.delivry) < 3s", "broadcast.delivry", "broadcast.delivery"),
        ("net.sended > 3", "net.sended", "net.sent"),
        ("maen(broadcast.hops) < 3", "maen", "mean"),
        ("average(broadcast.hops) < 3", "average", "mean"),
        ("swim.false_positives == 0", "swim.false_positives", "swim.false_positive"),
        ("p99(net.latency) < 3sec", "sec", "s"),
        ("net.bytes < 3kib", "kib", "KiB"),
    ] {
        let found = errors(text);
        assert_eq!((&text[found[0].start..found[0].end], found[0].suggestion.as_deref()), (at, Some(meant)), "{found:#?}");
    }
}

#[test]
fn everything_wrong_is_told_at_once_in_the_order_of_the_text() {
    let text = "p101(net.latency) < 3s and nodes.up > 3 and net.latency < 3s and ratio(net.sent) < 1% or mean(net.sent) = 3";
    let found: Vec<_> = errors(text).iter().map(|error| text[error.start..error.end].to_owned()).collect();
    assert_eq!(found, ["p101(net.latency)", "nodes.up", "net.latency", "ratio(net.sent)", "net.sent", "="]);
}

#[test]
fn grammar_errors_point_at_their_place() {
    for (text, at, says) in [
        ("1 < node.up < 3", "<", "comparisons do not chain"),
        ("node.up > 3 node.up > 2", "node.up", "the expression should have ended before this"),
        ("(node.up > 3", "(", "this parenthesis is not closed"),
        ("node.up > 3)", ")", "this parenthesis closes nothing"),
        ("node.up >", "", "the expression ends too early"),
        ("", "", "the expression ends too early"),
        ("node.up > > 3", ">", "a value is missing here"),
        ("node.up", "node.up", "a number is neither true nor false"),
        ("p99(net.latency)", "p99(net.latency)", "a time is neither true nor false"),
        ("(node.up > 3) + 1 > 2", "(node.up > 3)", "this is true or false, not a value"),
        ("node.up > 3 && net.sent > 1", "&&", "`&&` is not part of the language"),
        ("node.up > 1.2.3", "1.2.3", "`1.2.3` is not a number"),
        ("p99 < 3s", "p99", "`p99` is a function, and its argument is missing"),
        ("p99(3s) < 3s", "3s", "a function reads a metric"),
        ("coverage(net.sent) > 1%", "coverage(net.sent)", "`coverage` is that of broadcasts"),
        ("ratio(net.bytes, net.sent) < 2", "ratio(net.bytes, net.sent)", "the two counters count different things: bytes and a number"),
        ("node.up > 3\u{a0}\u{2265} 2", "\u{2265}", "`\\u{2265}` is not part of the language"),
    ] {
        let found = errors(text);
        let all: Vec<_> = found.iter().map(|error| (&text[error.start..error.end], error.message.as_str())).collect();
        assert!(all.contains(&(at, says)), "{text}: {all:?}");
    }
}

#[test]
fn deep_and_long_texts_are_refused_without_harm() {
    assert!(
        errors(&"(".repeat(4000))[0].message.contains("not closed")
            || errors(&"(".repeat(4000)).iter().any(|e| e.message.contains("nested too deeply"))
    );
    assert!(errors(&"not ".repeat(1000)).iter().any(|error| error.message.contains("nested too deeply")));
    assert!(errors(&"-".repeat(4000)).iter().any(|error| error.message.contains("nested too deeply")));
    assert!(errors(&"1".repeat(5000))[0].message.contains("5000 bytes"));
}

#[test]
fn an_invariant_alone_means_that_it_was_never_broken() {
    for text in ["views_bounded", "broken.views_bounded"] {
        assert_eq!(parse(text).expect("it is an invariant").to_string(), "broken.views_bounded == 0");
    }
    assert_eq!(
        parse("not deliver_once or net.sent > 3").expect("it is an invariant").to_string(),
        "not broken.deliver_once == 0 or net.sent > 3"
    );
}
