//! From a tree to an expression whose names are known and whose kinds and units agree.

use super::ExprError;
use super::arithmetic::{Shape, Tally};
use super::expr::{Comparison, Expr, Function, Operator, Quantile, Value};
use super::lexer;
use super::parser::{self, LONGEST, Node, Tree};
use super::quantity::Quantity;
use crate::catalog::{Id, Kind, METRICS};

/// Names of the functions, as in scenario files; quantiles apart.
const FUNCTIONS: [&str; 9] = ["mean", "min", "max", "count", "sum", "rate", "last", "ratio", "coverage"];

/// Reads an expression, or tells everything that is wrong with it, in the order of the text.
pub fn parse(text: &str) -> Result<Expr, Vec<ExprError>> {
    if text.len() > LONGEST {
        let message = format!("the expression has {} bytes", text.len());
        return Err(vec![ExprError {
            start: 0,
            end: text.len(),
            message,
            expected: Some(format!("at most {LONGEST} bytes")),
            example: None,
            suggestion: None,
        }]);
    }
    let (tokens, mut errors) = lexer::words(text);
    let tree = parser::tree(&tokens, text.len(), &mut errors);
    let mut checker = Checker { errors };
    let expr = checker.truth(&tree);
    let mut errors = checker.errors;
    errors.sort_by_key(|error| (error.start, error.end));
    errors.dedup();
    match expr {
        Some(expr) if errors.is_empty() => Ok(expr),
        _ => Err(errors),
    }
}

struct Checker {
    errors: Vec<ExprError>,
}

/// A value and what it is of.
struct Typed {
    value: Value,
    shape: Shape,
}

impl Checker {
    fn error<T>(&mut self, tree: &Tree<'_>, message: String, expected: Option<&str>, example: Option<String>) -> Option<T> {
        let expected = expected.map(str::to_owned);
        self.errors.push(ExprError { start: tree.start, end: tree.end, message, expected, example, suggestion: None });
        None
    }

    /// Reads a tree that has to be true or false. None means that at least one error was reported.
    fn truth(&mut self, tree: &Tree<'_>) -> Option<Expr> {
        match &tree.node {
            Node::Or(left, right) => {
                let (left, right) = (self.truth(left), self.truth(right));
                Some(Expr::Or(Box::new(left?), Box::new(right?)))
            }
            Node::And(left, right) => {
                let (left, right) = (self.truth(left), self.truth(right));
                Some(Expr::And(Box::new(left?), Box::new(right?)))
            }
            Node::Not(inner) => Some(Expr::Not(Box::new(self.truth(inner)?))),
            Node::Compare(left, comparison, right) => self.compare(left, *comparison, right),
            Node::Hole => None,
            Node::Name(name) if invariant(name).is_some() => invariant(name).map(kept),
            _ => {
                let value = self.value(tree)?;
                let bound = value.shape.example(None).map(|bound| format!("{} < {bound}", value.value));
                self.error(tree, format!("{} is neither true nor false", value.shape.words()), Some("a comparison"), bound)
            }
        }
    }

    fn compare(&mut self, left: &Tree<'_>, comparison: Comparison, right: &Tree<'_>) -> Option<Expr> {
        let (a, b) = (self.value(left), self.value(right));
        let (a, b) = (a?, b?);
        if !a.shape.fits(b.shape) {
            return self.mismatch(left, &a, right, &b);
        }
        for (value, bound, tree) in [(&a, &b, right), (&b, &a, left)] {
            self.check_share(value, bound, tree);
        }
        Some(Expr::Compare(a.value, comparison, b.value))
    }

    /// A coverage is at most one: whoever compares it with more has forgotten the `%`.
    fn check_share(&mut self, value: &Typed, bound: &Typed, tree: &Tree<'_>) {
        if let (Value::Call(Function::Coverage), Value::Quantity(quantity)) = (&value.value, &bound.value)
            && quantity.value() > 1.0
        {
            let example = if quantity.number <= 100.0 { format!("{}%", quantity.number) } else { "99.99%".to_owned() };
            let _: Option<()> = self.error(
                tree,
                format!("a coverage is never above 1, and this is {quantity}"),
                Some("a share between 0% and 100%"),
                Some(example),
            );
        }
    }

    /// Reports two values that cannot be compared or added, at the one that was written as a quantity if one was.
    fn mismatch<T>(&mut self, left: &Tree<'_>, a: &Typed, right: &Tree<'_>, b: &Typed) -> Option<T> {
        let (wrong, wrong_tree, good) = match (&a.value, &b.value) {
            (Value::Quantity(_), Value::Quantity(_)) | (_, Value::Quantity(_)) => (b, right, a),
            (Value::Quantity(_), _) => (a, left, b),
            _ => (b, right, a),
        };
        let number = match wrong.value {
            Value::Quantity(quantity) if quantity.value() == quantity.number => Some(quantity.number),
            _ => None,
        };
        let example = good.shape.example(number);
        let message = match wrong.value {
            Value::Quantity(quantity) if wrong.shape == Shape::PLAIN => {
                format!("{} is {}, and `{quantity}` has no unit", good.value, good.shape.words())
            }
            _ => format!("{} is {}, and {} is {}", good.value, good.shape.words(), wrong.value, wrong.shape.words()),
        };
        let expected = good.shape.example(None).map(|_| good.shape.words());
        self.error(wrong_tree, message, expected, example)
    }

    fn value(&mut self, tree: &Tree<'_>) -> Option<Typed> {
        match &tree.node {
            Node::Hole => None,
            Node::Quantity(quantity) => {
                if quantity.per_second && (quantity.unit.is_time() || quantity.unit == super::Unit::Percent) {
                    return self.error(tree, format!("`{quantity}` means nothing"), Some("a rate"), Some("5/s".to_owned()));
                }
                Some(Typed { value: Value::Quantity(*quantity), shape: Shape::of_quantity(*quantity) })
            }
            Node::Name(name) => self.plain(tree, name),
            Node::Call(name, arguments) => self.call(tree, name, arguments),
            Node::Negative(inner) => {
                let inner = self.value(inner)?;
                Some(Typed { value: Value::Negative(Box::new(inner.value)), shape: inner.shape })
            }
            Node::Operate(left, operator, right) => {
                let (a, b) = (self.value(left), self.value(right));
                self.operate(left, a?, *operator, right, b?)
            }
            Node::Or(left, right) | Node::And(left, right) | Node::Compare(left, _, right) => {
                // Its parts are looked at all the same, for their own mistakes.
                let compares = matches!(tree.node, Node::Compare(..));
                let _ = if compares {
                    (self.value(left).is_some(), self.value(right).is_some())
                } else {
                    (self.truth(left).is_some(), self.truth(right).is_some())
                };
                self.error(tree, "this is true or false, not a value".to_owned(), Some("a metric, a function or a quantity"), None)
            }
            Node::Not(inner) => {
                let _ = self.truth(inner);
                self.error(tree, "this is true or false, not a value".to_owned(), Some("a metric, a function or a quantity"), None)
            }
        }
    }

    fn operate(&mut self, left: &Tree<'_>, a: Typed, operator: Operator, right: &Tree<'_>, b: Typed) -> Option<Typed> {
        let Some(shape) = a.shape.combine(operator, b.shape) else {
            return self.mismatch(left, &a, right, &b);
        };
        Some(Typed { value: Value::Combined(Box::new(a.value), operator, Box::new(b.value)), shape })
    }

    /// A metric's name alone.
    fn plain(&mut self, tree: &Tree<'_>, name: &str) -> Option<Typed> {
        let id = self.metric(tree, name)?;
        let metric = id.metric();
        if metric.kind == Kind::Samples {
            let example = format!("p99({name})");
            return self.error(
                tree,
                format!("`{name}` is a histogram of many values"),
                Some("a function of it: a quantile, mean, min, max, count or sum"),
                Some(example),
            );
        }
        Some(Typed { value: Value::Call(Function::Plain(id)), shape: Shape::of_metric(metric.unit) })
    }

    fn call(&mut self, tree: &Tree<'_>, name: &str, arguments: &[Tree<'_>]) -> Option<Typed> {
        if name == "coverage" {
            return self.coverage(tree, arguments);
        }
        let quantile = quantile(name);
        let wanted = if name == "ratio" { 2 } else { 1 };
        if quantile.is_none() && !FUNCTIONS.contains(&name) {
            for argument in arguments {
                self.argument(argument);
            }
            return self.unknown_function(tree, name);
        }
        if let Some(Err(why)) = quantile {
            return self.error(
                tree,
                why,
                Some("p0 to p100, with at most four digits after the point"),
                Some("p99.9(broadcast.delivery)".to_owned()),
            );
        }
        let ids: Vec<Option<Id>> = arguments.iter().map(|argument| self.argument(argument)).collect();
        if ids.len() != wanted {
            let example = if wanted == 2 { "ratio(net.dropped.loss, net.sent)".to_owned() } else { format!("{name}(broadcast.delivery)") };
            let words = if wanted == 2 { "two counters" } else { "one metric" };
            return self.error(tree, format!("`{name}` takes {words}, {} given", ids.len()), None, Some(example));
        }
        let ids: Vec<Id> = ids.into_iter().collect::<Option<_>>()?;
        self.apply(tree, name, quantile.and_then(Result::ok), &ids, arguments)
    }

    fn apply(&mut self, tree: &Tree<'_>, name: &str, quantile: Option<Quantile>, ids: &[Id], arguments: &[Tree<'_>]) -> Option<Typed> {
        let id = ids[0];
        let shape = Shape::of_metric(id.metric().unit);
        let (function, kinds, shape): (_, &[Kind], _) = match name {
            _ if quantile.is_some() => (Function::Quantile(quantile?, id), &[Kind::Samples], shape),
            "mean" => (Function::Mean(id), &[Kind::Samples, Kind::Gauge], shape),
            "min" => (Function::Min(id), &[Kind::Samples, Kind::Gauge], shape),
            "max" => (Function::Max(id), &[Kind::Samples, Kind::Gauge], shape),
            "count" => (Function::Count(id), &[Kind::Samples], Shape::THINGS),
            "sum" => (Function::Sum(id), &[Kind::Samples], shape),
            "rate" => (Function::Rate(id), &[Kind::Counter], shape.per_time()),
            "last" => (Function::Last(id), &[Kind::Gauge], shape),
            _ => (Function::Ratio(id, ids[1]), &[Kind::Counter], Shape::SHARE),
        };
        let mut good = true;
        for (id, argument) in ids.iter().zip(arguments) {
            good &= self.kind(name, *id, kinds, argument);
        }
        if let Function::Ratio(over, under) = function
            && good
            && !Shape::of_metric(over.metric().unit).fits(Shape::of_metric(under.metric().unit))
        {
            return self.error(
                tree,
                "the two counters count different things: bytes and a number".to_owned(),
                Some("two counters of the same unit"),
                None,
            );
        }
        good.then_some(Typed { value: Value::Call(function), shape })
    }

    /// Whether the metric is of one of the kinds that the function reads.
    fn kind(&mut self, function: &str, id: Id, kinds: &[Kind], argument: &Tree<'_>) -> bool {
        let metric = id.metric();
        if kinds.contains(&metric.kind) {
            return true;
        }
        let expected: Vec<&str> = kinds.iter().map(|kind| kind_words(*kind)).collect();
        let example = match metric.kind {
            Kind::Counter => format!("rate({})", metric.name),
            Kind::Gauge => format!("max({})", metric.name),
            Kind::Samples => format!("p99({})", metric.name),
        };
        let message = format!("`{function}` does not read `{}`, which is {}", metric.name, kind_words(metric.kind));
        let _: Option<()> = self.error(argument, message, Some(&expected.join(" or ")), Some(example));
        false
    }

    /// `coverage(broadcast)`: its argument is a kind of work, not a metric.
    fn coverage(&mut self, tree: &Tree<'_>, arguments: &[Tree<'_>]) -> Option<Typed> {
        match arguments {
            [Tree { node: Node::Name("broadcast"), .. }] => {
                Some(Typed { value: Value::Call(Function::Coverage), shape: Shape { tally: Tally::Share, ..Shape::PLAIN } })
            }
            _ => self.error(
                tree,
                "`coverage` is that of broadcasts".to_owned(),
                Some("the word `broadcast`"),
                Some("coverage(broadcast)".to_owned()),
            ),
        }
    }

    /// The metric that an argument names.
    fn argument(&mut self, tree: &Tree<'_>) -> Option<Id> {
        match &tree.node {
            Node::Hole => None,
            Node::Name(name) => self.metric(tree, name),
            _ => self.error(
                tree,
                "a function reads a metric".to_owned(),
                Some("the name of a metric"),
                Some("p99(broadcast.delivery)".to_owned()),
            ),
        }
    }

    fn metric(&mut self, tree: &Tree<'_>, name: &str) -> Option<Id> {
        if let Some(id) = Id::named(name) {
            return Some(id);
        }
        let is_function = FUNCTIONS.contains(&name) || matches!(quantile(name), Some(Ok(_)));
        let message = if is_function {
            format!("`{name}` is a function, and its argument is missing")
        } else {
            format!("there is no metric `{name}`")
        };
        let example = is_function.then(|| format!("{name}({})", if name == "coverage" { "broadcast" } else { "broadcast.delivery" }));
        let suggestion = if is_function { None } else { nearest(name, METRICS.iter().map(|metric| metric.name)).map(str::to_owned) };
        self.errors.push(ExprError { start: tree.start, end: tree.end, message, expected: None, example, suggestion });
        None
    }

    fn unknown_function(&mut self, tree: &Tree<'_>, name: &str) -> Option<Typed> {
        let suggestion = match name {
            "avg" | "average" => Some("mean"),
            "median" => Some("p50"),
            _ => nearest(name, FUNCTIONS.into_iter()),
        };
        self.errors.push(ExprError {
            start: tree.start,
            end: tree.start + name.len(),
            message: format!("there is no function `{name}`"),
            expected: Some(format!("a quantile such as p99, or one of {}", FUNCTIONS.join(", "))),
            example: None,
            suggestion: suggestion.map(str::to_owned),
        });
        None
    }
}

/// The invariant of that name, with or without `broken.` before it.
fn invariant(name: &str) -> Option<Id> {
    let name = name.strip_prefix("broken.").unwrap_or(name);
    Id::named(&format!("broken.{name}"))
}

/// That an invariant was never broken.
fn kept(id: Id) -> Expr {
    let zero = Quantity { number: 0.0, unit: super::Unit::One, per_second: false };
    Expr::Compare(Value::Call(Function::Plain(id)), Comparison::Equal, Value::Quantity(zero))
}

const fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "a counter",
        Kind::Gauge => "a gauge",
        Kind::Samples => "a histogram",
    }
}

/// The quantile that a function's name asks for; none if it is not of that form.
fn quantile(name: &str) -> Option<Result<Quantile, String>> {
    let digits = name.strip_prefix('p')?;
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, "0"));
    let read = || {
        let whole: u32 = whole.parse().ok().filter(|whole| *whole <= 100)?;
        let tail = rest.trim_end_matches('0');
        if rest.is_empty() || tail.len() > 4 || !rest.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let rest: u32 = format!("{tail:0<4}").parse().ok()?;
        Some(Quantile(whole * 10_000 + rest)).filter(|quantile| quantile.0 <= 1_000_000)
    };
    Some(read().ok_or_else(|| format!("there is no quantile `{name}`")))
}

/// The candidate that was probably meant: the last part of a dotted name may be right where the first is not.
fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let last = |text: &str| text.rsplit('.').next().unwrap_or_default().to_owned();
    let score = |candidate: &str| {
        let whole = strsim::jaro_winkler(name, candidate);
        let part = strsim::jaro_winkler(&last(name), &last(candidate)) * 0.9;
        whole.max(part)
    };
    // The first of equals wins, so that a suggestion never depends on anything but the table.
    let mut best: Option<(f64, &str)> = None;
    for candidate in candidates {
        let score = score(candidate);
        if score > 0.8 && best.is_none_or(|(least, _)| score > least) {
            best = Some((score, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}
