//! The language as a tree. Only trees whose kinds and units agree come out of [`super::parse`]; each prints as text that parses to itself.

use super::quantity::Quantity;
use crate::catalog::Id;
use std::fmt::{Display, Formatter, Result};

/// A parsed expression: true or false of what a run recorded.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// At least one of the two holds.
    Or(Box<Expr>, Box<Expr>),
    /// Both hold.
    And(Box<Expr>, Box<Expr>),
    /// It does not hold.
    Not(Box<Expr>),
    /// Two values compare so.
    Compare(Value, Comparison, Value),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `==`
    Equal,
    /// `!=`
    Unequal,
}

impl Comparison {
    /// Every comparison.
    pub const ALL: [Self; 6] = [Self::Less, Self::AtMost, Self::More, Self::AtLeast, Self::Equal, Self::Unequal];

    /// Its sign.
    pub const fn sign(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::AtMost => "<=",
            Self::More => ">",
            Self::AtLeast => ">=",
            Self::Equal => "==",
            Self::Unequal => "!=",
        }
    }

    /// Whether it holds.
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::More => left > right,
            Self::AtLeast => left >= right,
            Self::Equal => left == right,
            Self::Unequal => left != right,
        }
    }
}

/// A number, once a range of time is given.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A quantity that was written.
    Quantity(Quantity),
    /// A function of one or two metrics.
    Call(Function),
    /// The value below zero.
    Negative(Box<Value>),
    /// Two values combined.
    Combined(Box<Value>, Operator, Box<Value>),
}

/// How two values are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
    /// `/`
    Over,
}

impl Operator {
    /// Every operator.
    pub const ALL: [Self; 4] = [Self::Plus, Self::Minus, Self::Times, Self::Over];

    /// Its sign.
    pub const fn sign(self) -> char {
        match self {
            Self::Plus => '+',
            Self::Minus => '-',
            Self::Times => '*',
            Self::Over => '/',
        }
    }

    const fn strength(self) -> u8 {
        match self {
            Self::Plus | Self::Minus => 1,
            Self::Times | Self::Over => 2,
        }
    }
}

/// A share of a histogram's values, in millionths: 990,000 for `p99`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quantile(pub u32);

impl Display for Quantile {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let (whole, rest) = (self.0 / 10_000, self.0 % 10_000);
        if rest == 0 {
            return write!(f, "p{whole}");
        }
        let digits = format!("{rest:04}");
        write!(f, "p{whole}.{}", digits.trim_end_matches('0'))
    }
}

/// What is read of the metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// The metric's name alone: a counter's total, or the highest level of a gauge.
    Plain(Id),
    /// A quantile of all values in the range, from the merged histograms of its bins.
    Quantile(Quantile, Id),
    /// Mean of a histogram's values, or of a gauge over time.
    Mean(Id),
    /// The least of a histogram's values or of a gauge's levels.
    Min(Id),
    /// The largest of a histogram's values or of a gauge's levels.
    Max(Id),
    /// How many values a histogram has.
    Count(Id),
    /// Sum of a histogram's values.
    Sum(Id),
    /// A counter's total per second of the range.
    Rate(Id),
    /// A gauge's level at the end of the range.
    Last(Id),
    /// One counter's total over another's. Unknown where the second is zero.
    Ratio(Id, Id),
    /// The mean of `broadcast.coverage` over the broadcasts meant to start in the range: for each, the nodes that stayed up from its start to the end of
    /// the run and that it reached, over those that stayed up. So 99.99 % means that one delivery in ten thousand was missing, in whichever broadcasts.
    /// The worst broadcast is `min(broadcast.coverage)`.
    Coverage,
}

impl Function {
    /// The metrics it reads.
    pub fn metrics(self) -> impl Iterator<Item = Id> {
        let (first, second) = match self {
            Self::Plain(id)
            | Self::Quantile(_, id)
            | Self::Mean(id)
            | Self::Min(id)
            | Self::Max(id)
            | Self::Count(id)
            | Self::Sum(id)
            | Self::Rate(id)
            | Self::Last(id) => (id, None),
            Self::Ratio(over, under) => (over, Some(under)),
            Self::Coverage => (Id::BroadcastCoverage, None),
        };
        std::iter::once(first).chain(second)
    }
}

impl Expr {
    /// Every function of it, from left to right.
    pub fn functions(&self) -> Vec<Function> {
        let mut all = Vec::new();
        self.collect(&mut all);
        all
    }

    /// Every metric that it reads, each once, in the catalogue's order.
    pub fn metrics(&self) -> Vec<Id> {
        let mut all: Vec<Id> = self.functions().into_iter().flat_map(Function::metrics).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn collect(&self, all: &mut Vec<Function>) {
        match self {
            Self::Or(left, right) | Self::And(left, right) => {
                left.collect(all);
                right.collect(all);
            }
            Self::Not(inner) => inner.collect(all),
            Self::Compare(left, _, right) => {
                left.collect(all);
                right.collect(all);
            }
        }
    }

    const fn strength(&self) -> u8 {
        match self {
            Self::Or(..) => 1,
            Self::And(..) => 2,
            Self::Not(..) => 3,
            Self::Compare(..) => 4,
        }
    }

    /// Writes it, in parentheses where it is weaker than its neighbours ask for.
    fn write(&self, f: &mut Formatter<'_>, least: u8) -> Result {
        if self.strength() < least {
            return write!(f, "({self})");
        }
        write!(f, "{self}")
    }
}

impl Value {
    fn collect(&self, all: &mut Vec<Function>) {
        match self {
            Self::Quantity(_) => {}
            Self::Call(function) => all.push(*function),
            Self::Negative(inner) => inner.collect(all),
            Self::Combined(left, _, right) => {
                left.collect(all);
                right.collect(all);
            }
        }
    }

    const fn strength(&self) -> u8 {
        match self {
            Self::Combined(_, operator, _) => operator.strength(),
            Self::Negative(_) => 3,
            Self::Quantity(_) | Self::Call(_) => 4,
        }
    }

    fn write(&self, f: &mut Formatter<'_>, least: u8) -> Result {
        if self.strength() < least {
            return write!(f, "({self})");
        }
        write!(f, "{self}")
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            // Both operators group to the left, so a right operand of the same strength keeps its parentheses.
            Self::Or(left, right) => {
                left.write(f, 1)?;
                f.write_str(" or ")?;
                right.write(f, 2)
            }
            Self::And(left, right) => {
                left.write(f, 2)?;
                f.write_str(" and ")?;
                right.write(f, 3)
            }
            Self::Not(inner) => {
                f.write_str("not ")?;
                inner.write(f, 3)
            }
            Self::Compare(left, comparison, right) => write!(f, "{left} {} {right}", comparison.sign()),
        }
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Quantity(quantity) => write!(f, "{quantity}"),
            Self::Call(function) => write!(f, "{function}"),
            Self::Negative(inner) => {
                f.write_str("-")?;
                inner.write(f, 3)
            }
            Self::Combined(left, operator, right) => {
                left.write(f, operator.strength())?;
                write!(f, " {} ", operator.sign())?;
                right.write(f, operator.strength() + 1)
            }
        }
    }
}

impl Display for Function {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let name = |id: Id| id.metric().name;
        match *self {
            Self::Plain(id) => f.write_str(name(id)),
            Self::Quantile(quantile, id) => write!(f, "{quantile}({})", name(id)),
            Self::Mean(id) => write!(f, "mean({})", name(id)),
            Self::Min(id) => write!(f, "min({})", name(id)),
            Self::Max(id) => write!(f, "max({})", name(id)),
            Self::Count(id) => write!(f, "count({})", name(id)),
            Self::Sum(id) => write!(f, "sum({})", name(id)),
            Self::Rate(id) => write!(f, "rate({})", name(id)),
            Self::Last(id) => write!(f, "last({})", name(id)),
            Self::Ratio(over, under) => write!(f, "ratio({}, {})", name(over), name(under)),
            Self::Coverage => f.write_str("coverage(broadcast)"),
        }
    }
}
