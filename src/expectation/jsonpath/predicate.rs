//! Reads the test of a filter: comparisons, existence, calls, and how they are combined.

use serde_json::Value as Json;

use super::ast::{Comparison, Operand, Pattern, Segment, Test};
use super::parse::{Parse, Parser, number, singular};
use super::pattern;
use crate::base::diagnostic::nearest;
use crate::base::syntax::SyntaxError;

/// Deepest nesting of parentheses and calls; more cannot be read by people either.
const DEPTH_MAX: usize = 16;
const FUNCTIONS: [&str; 5] = ["length", "count", "match", "search", "value"];

const COMPARISONS: [(&str, Comparison); 6] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

/// One side of a test, before it is known what is made of it.
enum Term {
    Operand(Operand),
    Query {
        start: usize,
        segments: Vec<Segment>,
    },
    /// `match` or `search`, which are true or false by themselves.
    Call(Test),
}

impl Parser<'_> {
    /// `and { "||" and }`.
    pub(super) fn logical(&mut self) -> Parse<Test> {
        let mut tests = vec![self.conjunction()?];
        while self.operator("||") {
            tests.push(self.conjunction()?);
        }
        Ok(if tests.len() == 1 { tests.remove(0) } else { Test::Or(tests) })
    }

    fn conjunction(&mut self) -> Parse<Test> {
        let mut tests = vec![self.basic()?];
        while self.operator("&&") {
            tests.push(self.basic()?);
        }
        Ok(if tests.len() == 1 { tests.remove(0) } else { Test::And(tests) })
    }

    /// Whether the operator comes next; blanks around it are eaten, but only with it.
    fn operator(&mut self, token: &str) -> bool {
        let before = self.at;
        self.blanks();
        if self.eat(token) {
            self.blanks();
            return true;
        }
        self.at = before;
        false
    }

    fn basic(&mut self) -> Parse<Test> {
        let start = self.at;
        let negated = self.peek() == Some('!');
        if negated {
            self.at += 1;
            self.blanks();
        }
        let test = if self.peek() == Some('(') { self.parenthesis()? } else { self.comparison(negated, start)? };
        Ok(if negated { Test::Not(Box::new(test)) } else { test })
    }

    fn parenthesis(&mut self) -> Parse<Test> {
        let start = self.at;
        self.enter()?;
        self.at += 1;
        self.blanks();
        let test = self.logical()?;
        self.blanks();
        if !self.eat(")") {
            return Err(self.unclosed(start));
        }
        self.depth -= 1;
        Ok(test)
    }

    fn enter(&mut self) -> Parse<()> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(self.error(format!("parentheses are at most {DEPTH_MAX} deep")));
        }
        Ok(())
    }

    fn unclosed(&self, start: usize) -> SyntaxError {
        if self.at == self.text.len() {
            return SyntaxError::new(start, 1, "the parenthesis `(` is not closed");
        }
        self.error(format!("expected `)`, found {}", self.found()))
    }

    fn comparison(&mut self, negated: bool, start: usize) -> Parse<Test> {
        let left_start = self.at;
        let left = self.term()?;
        let before = self.at;
        self.blanks();
        let Some((token, comparison)) = COMPARISONS.into_iter().find(|(token, _)| self.rest().starts_with(token))
        else {
            if self.rest().starts_with('=') {
                return Err(self.error("`=` is no comparison").help("equality is written `==`"));
            }
            self.at = before;
            return match left {
                Term::Query { segments, .. } => Ok(Test::Exists(segments)),
                Term::Call(test) => Ok(test),
                Term::Operand(_) => Err(self
                    .error_since(left_start, "this value is not compared with anything")
                    .help("compare it, as in `@.id == 7`, or test that a member exists, as in `@.id`")),
            };
        };
        if negated {
            return Err(SyntaxError::new(start, 1, "`!` stands before a query, a call or parentheses")
                .help("negate a comparison by its operator, or write `!(…)`"));
        }
        let left = self.operand(left, left_start)?;
        self.at += token.len();
        self.blanks();
        let right_start = self.at;
        let right = self.term()?;
        let right = self.operand(right, right_start)?;
        Ok(Test::Compare(left, comparison, right))
    }

    fn operand(&self, term: Term, start: usize) -> Parse<Operand> {
        match term {
            Term::Operand(operand) => Ok(operand),
            Term::Query { start, segments } => singular(self, start, segments).map(Operand::Query),
            Term::Call(_) => Err(self
                .error_since(start, "`match` and `search` are true or false by themselves, they cannot be compared")
                .help("leave the comparison out; negate with `!`")),
        }
    }

    fn term(&mut self) -> Parse<Term> {
        let start = self.at;
        match self.peek() {
            Some('@') => {
                self.at += 1;
                Ok(Term::Query { start, segments: self.segments()? })
            }
            Some('$') if self.rest().starts_with("${") => self.hole().map(Operand::Hole).map(Term::Operand),
            Some('$') => Err(self
                .error("an absolute path `$` inside a filter is refused, because its cost has no bound")
                .help("keep the value first and write its name, as in `${name}`")),
            Some('\'' | '"') => {
                let quoted = self.string()?;
                if quoted.starts_with("${") && quoted.ends_with('}') {
                    return Err(self
                        .error_since(start, "a template in a JSON path is written without quotes")
                        .help(format!("write {quoted}, its value becomes a literal by itself")));
                }
                Ok(Term::Operand(Operand::Literal(Json::String(quoted))))
            }
            Some('0'..='9' | '-') => self.number().map(Operand::Literal).map(Term::Operand),
            Some('a'..='z') => self.word(),
            _ => Err(self
                .error(format!("expected `@`, a literal or a function, found {}", self.found()))
                .help("a filter tests the current node, as in `[?@.id == 7]`")),
        }
    }

    fn number(&mut self) -> Parse<Json> {
        let start = self.at;
        self.eat("-");
        let whole = self.digits();
        let mut good = !whole.is_empty() && (whole == "0" || !whole.starts_with('0'));
        if self.eat(".") {
            good &= !self.digits().is_empty();
        }
        if self.eat("e") || self.eat("E") {
            if !self.eat("+") {
                self.eat("-");
            }
            good &= !self.digits().is_empty();
        }
        let text = &self.text[start..self.at];
        let value = if good { number(text) } else { None };
        value.ok_or_else(|| self.error_since(start, format!("`{text}` is not a JSON number")))
    }

    /// `true`, `false`, `null` or a call.
    fn word(&mut self) -> Parse<Term> {
        let start = self.at;
        let rest = self.rest();
        let end = rest.find(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit() && c != '_').unwrap_or(rest.len());
        let word = &rest[..end];
        self.at += end;
        if self.peek() == Some('(') {
            return self.call(start, word);
        }
        let literal = match word {
            "true" => Json::Bool(true),
            "false" => Json::Bool(false),
            "null" => Json::Null,
            _ => {
                return Err(self
                    .error_since(start, format!("`{word}` is neither a literal nor a call"))
                    .help(format!("text is quoted, as in `'{word}'`; a member of the current node is `@.{word}`")));
            }
        };
        Ok(Term::Operand(Operand::Literal(literal)))
    }

    fn call(&mut self, start: usize, name: &str) -> Parse<Term> {
        if !FUNCTIONS.contains(&name) {
            let error = self.error_since(start, format!("unknown function `{name}`"));
            return Err(error.help(nearest(name, FUNCTIONS).map_or_else(
                || format!("the functions are {}", FUNCTIONS.join(", ")),
                |meant| format!("did you mean `{meant}`?"),
            )));
        }
        self.enter()?;
        self.at += 1;
        self.blanks();
        let call = match name {
            "length" => Term::Operand(Operand::Length(Box::new(self.value_argument()?))),
            "count" => Term::Operand(Operand::Count(self.nodes_argument(name)?)),
            "value" => Term::Operand(Operand::Value(self.nodes_argument(name)?)),
            _ => {
                let text = self.value_argument()?;
                self.blanks();
                if !self.eat(",") {
                    return Err(self.error(format!("`{name}` takes a text and a pattern")));
                }
                self.blanks();
                Term::Call(self.matches(text, name == "match")?)
            }
        };
        self.blanks();
        if !self.eat(")") {
            return Err(self.error(format!("expected `)` at the end of `{name}`, found {}", self.found())));
        }
        self.depth -= 1;
        Ok(call)
    }

    fn value_argument(&mut self) -> Parse<Operand> {
        let start = self.at;
        let term = self.term()?;
        self.operand(term, start)
    }

    fn nodes_argument(&mut self, name: &str) -> Parse<Vec<Segment>> {
        let start = self.at;
        match self.term()? {
            Term::Query { segments, .. } => Ok(segments),
            _ => Err(self.error_since(start, format!("`{name}` takes a query, as in `{name}(@.items[*])`"))),
        }
    }

    fn matches(&mut self, text: Operand, whole: bool) -> Parse<Test> {
        let start = self.at;
        let pattern = match self.value_argument()? {
            Operand::Literal(Json::String(literal)) => {
                let ready = pattern::literal(&literal, whole);
                Pattern::Ready(ready.map_err(|why| self.error_since(start, format!("the regular expression: {why}")))?)
            }
            operand => Pattern::Later(operand),
        };
        Ok(Test::Matches { text, pattern, whole })
    }
}
