//! Words to a tree, before kinds and units are looked at. By recursive descent, with the depth bounded, so that no text can exhaust the stack.
//!
//! ```text
//! or      = and { "or" and }
//! and     = not { "and" not }
//! not     = "not" not | compare
//! compare = sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=") sum ]
//! sum     = product { ("+" | "-") product }
//! product = sign { ("*" | "/") sign }
//! sign    = "-" sign | atom
//! atom    = quantity | name [ "(" name { "," name } ")" ] | "(" or ")"
//! ```

use super::ExprError;
use super::expr::{Comparison, Operator};
use super::lexer::{Token, Word};
use super::quantity::Quantity;

/// Most bytes of an expression.
pub const LONGEST: usize = 4096;

/// Most parentheses, signs and `not`s inside one another.
const DEEPEST: u32 = 64;

/// A tree with its place in the text.
#[derive(Clone, Debug)]
pub(super) struct Tree<'a> {
    /// First byte.
    pub(super) start: usize,
    /// Byte after the last one.
    pub(super) end: usize,
    /// What it is.
    pub(super) node: Node<'a>,
}

/// What a tree is.
#[derive(Clone, Debug)]
pub(super) enum Node<'a> {
    Or(Box<Tree<'a>>, Box<Tree<'a>>),
    And(Box<Tree<'a>>, Box<Tree<'a>>),
    Not(Box<Tree<'a>>),
    Compare(Box<Tree<'a>>, Comparison, Box<Tree<'a>>),
    Operate(Box<Tree<'a>>, Operator, Box<Tree<'a>>),
    Negative(Box<Tree<'a>>),
    Quantity(Quantity),
    Name(&'a str),
    Call(&'a str, Vec<Tree<'a>>),
    /// Something that was reported already.
    Hole,
}

/// Reads all of `tokens`; `len` is the length of the text.
pub(super) fn tree<'a>(tokens: &[Token<'a>], len: usize, errors: &mut Vec<ExprError>) -> Tree<'a> {
    let mut parser = Parser { tokens, at: 0, len, depth: 0, errors };
    let mut tree = parser.any_of();
    while let Some(token) = parser.peek().cloned() {
        parser.leftover(&token);
        if matches!(token.word, Word::Close | Word::Comma | Word::Compare(_) | Word::Operate(_)) {
            parser.at += 1;
        }
        // What follows is looked at too, so that its own mistakes are found in the same go.
        if parser.peek().is_some() {
            let right = parser.any_of().into_truth();
            tree = Tree { start: tree.start, end: right.end, node: Node::And(Box::new(tree), Box::new(right)) };
        }
    }
    tree
}

impl Tree<'_> {
    /// This tree where something true or false is wanted. A mere value is compared with a hole, so that only its own mistakes are reported.
    fn into_truth(self) -> Self {
        let (start, end) = (self.start, self.end);
        match self.node {
            Node::Or(..) | Node::And(..) | Node::Not(..) | Node::Compare(..) | Node::Hole => self,
            _ => {
                Self { start, end, node: Node::Compare(Box::new(self), Comparison::Equal, Box::new(Self { start, end, node: Node::Hole })) }
            }
        }
    }
}

struct Parser<'t, 'a, 'e> {
    tokens: &'t [Token<'a>],
    at: usize,
    len: usize,
    depth: u32,
    errors: &'e mut Vec<ExprError>,
}

impl<'a> Parser<'_, 'a, '_> {
    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.at)
    }

    fn word(&self) -> Option<Word<'a>> {
        self.peek().map(|token| token.word)
    }

    /// Passes a word if it is the next one.
    fn accept(&mut self, word: Word<'_>) -> bool {
        let found = self.word() == Some(word);
        self.at += usize::from(found);
        found
    }

    fn error(&mut self, start: usize, end: usize, message: &str, expected: &str, example: Option<&str>) {
        self.errors.push(ExprError {
            start,
            end,
            message: message.to_owned(),
            expected: (!expected.is_empty()).then(|| expected.to_owned()),
            example: example.map(str::to_owned),
            suggestion: None,
        });
    }

    fn leftover(&mut self, token: &Token<'a>) {
        let (start, end) = (token.start, token.end);
        match token.word {
            Word::Close => self.error(start, end, "this parenthesis closes nothing", "", None),
            Word::Comma => self.error(
                start,
                end,
                "a comma stands only between the arguments of a function",
                "",
                Some("ratio(net.dropped.loss, net.sent)"),
            ),
            Word::Quantity(_) | Word::BadNumber => {
                self.error(start, end, "a number follows without an operator", "`and`, `or` or an operator", None)
            }
            _ => self.error(start, end, "the expression should have ended before this", "`and`, `or` or an operator", None),
        }
    }

    fn any_of(&mut self) -> Tree<'a> {
        let mut left = self.all_of();
        while self.accept(Word::Or) {
            let right = self.all_of();
            left = Tree { start: left.start, end: right.end, node: Node::Or(Box::new(left), Box::new(right)) };
        }
        left
    }

    fn all_of(&mut self) -> Tree<'a> {
        let mut left = self.not();
        while self.accept(Word::And) {
            let right = self.not();
            left = Tree { start: left.start, end: right.end, node: Node::And(Box::new(left), Box::new(right)) };
        }
        left
    }

    fn not(&mut self) -> Tree<'a> {
        let start = self.start();
        if !self.accept(Word::Not) {
            return self.compare();
        }
        self.deeper(|parser| {
            let inner = parser.not();
            Tree { start, end: inner.end, node: Node::Not(Box::new(inner)) }
        })
    }

    fn compare(&mut self) -> Tree<'a> {
        let left = self.sum();
        let Some(Word::Compare(comparison)) = self.word() else { return left };
        self.at += 1;
        let right = self.sum();
        let mut tree = Tree { start: left.start, end: right.end, node: Node::Compare(Box::new(left), comparison, Box::new(right)) };
        while let Some(Token { start, end, word: Word::Compare(_) }) = self.peek().cloned() {
            self.error(start, end, "comparisons do not chain", "`and` between two comparisons", Some("1 < node.up and node.up < 3"));
            self.at += 1;
            let more = self.sum().into_truth();
            tree = Tree { start: tree.start, end: more.end, node: Node::And(Box::new(tree), Box::new(more)) };
        }
        tree
    }

    fn sum(&mut self) -> Tree<'a> {
        let mut left = self.product();
        while let Some(Word::Operate(operator @ (Operator::Plus | Operator::Minus))) = self.word() {
            self.at += 1;
            let right = self.product();
            left = Tree { start: left.start, end: right.end, node: Node::Operate(Box::new(left), operator, Box::new(right)) };
        }
        left
    }

    fn product(&mut self) -> Tree<'a> {
        let mut left = self.sign();
        while let Some(Word::Operate(operator @ (Operator::Times | Operator::Over))) = self.word() {
            self.at += 1;
            let right = self.sign();
            left = Tree { start: left.start, end: right.end, node: Node::Operate(Box::new(left), operator, Box::new(right)) };
        }
        left
    }

    fn sign(&mut self) -> Tree<'a> {
        let start = self.start();
        if !self.accept(Word::Operate(Operator::Minus)) {
            return self.atom();
        }
        self.deeper(|parser| {
            let inner = parser.sign();
            Tree { start, end: inner.end, node: Node::Negative(Box::new(inner)) }
        })
    }

    fn atom(&mut self) -> Tree<'a> {
        let Some(token) = self.peek().cloned() else {
            let len = self.len;
            self.error(
                len,
                len,
                "the expression ends too early",
                "a metric, a function or a quantity",
                Some("p99(broadcast.delivery) < 3s"),
            );
            return Tree { start: len, end: len, node: Node::Hole };
        };
        let (start, end) = (token.start, token.end);
        let node = match token.word {
            Word::Quantity(quantity) => Node::Quantity(quantity),
            Word::BadNumber => Node::Hole,
            Word::Name(name) => {
                self.at += 1;
                return self.name(name, start, end);
            }
            Word::Open => {
                self.at += 1;
                return self.deeper(|parser| parser.group(start));
            }
            _ => {
                self.error(
                    start,
                    end,
                    "a value is missing here",
                    "a metric, a function or a quantity",
                    Some("p99(broadcast.delivery) < 3s"),
                );
                // An operator is left to whoever waits for it; anything else is passed, so that reading goes on.
                self.at += usize::from(matches!(token.word, Word::Comma | Word::Not));
                return Tree { start, end, node: Node::Hole };
            }
        };
        self.at += 1;
        Tree { start, end, node }
    }

    /// What stands between parentheses, after the opening one.
    fn group(&mut self, start: usize) -> Tree<'a> {
        let inner = self.any_of();
        let end = self.close(start);
        Tree { start, end, node: inner.node }
    }

    /// The closing parenthesis to the one at `open`; the byte after it.
    fn close(&mut self, open: usize) -> usize {
        let end = self.peek().map_or(self.len, |token| token.end);
        if !self.accept(Word::Close) {
            self.error(open, open + 1, "this parenthesis is not closed", "", None);
        }
        end
    }

    fn name(&mut self, name: &'a str, start: usize, end: usize) -> Tree<'a> {
        if self.word() != Some(Word::Open) {
            return Tree { start, end, node: Node::Name(name) };
        }
        let open = self.start();
        self.at += 1;
        self.deeper(|parser| {
            let mut arguments = Vec::new();
            if parser.word() != Some(Word::Close) {
                arguments.push(parser.any_of());
                while parser.accept(Word::Comma) {
                    arguments.push(parser.any_of());
                }
            }
            let end = parser.close(open);
            Tree { start, end, node: Node::Call(name, arguments) }
        })
    }

    fn start(&self) -> usize {
        self.peek().map_or(self.len, |token| token.start)
    }

    /// One level further in, or a hole and the end of the text where that is too deep.
    fn deeper(&mut self, read: impl FnOnce(&mut Self) -> Tree<'a>) -> Tree<'a> {
        if self.depth == DEEPEST {
            let start = self.start();
            self.error(start, self.len, "the expression is nested too deeply", "at most 64 levels", None);
            self.at = self.tokens.len();
            return Tree { start, end: self.len, node: Node::Hole };
        }
        self.depth += 1;
        let tree = read(self);
        self.depth -= 1;
        tree
    }
}
