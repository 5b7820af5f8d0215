//! Turns the events of the YAML parser into nodes with places, and keeps the file to the strict subset.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

use super::scalar::{self, Plain};
use super::{Entry, Node, Text, Tree, rules};
use crate::base::diagnostic::Diagnostic;
use crate::base::span::{Source, Span, Spanned};

/// Larger files are refused before they are parsed.
pub const FILE_BYTES_MAX: usize = 1 << 20;
/// Nodes of a document, aliases counted as what they stand for: bounds alias bombs.
const NODES_MAX: usize = 20_000;
/// The same of a file that the operator wrote: an installation may run tens of thousands of journeys.
const OWN_NODES_MAX: usize = 1_000_000;
/// Levels of a document; keeps every later walk over it from exhausting the stack.
const DEPTH_MAX: usize = 64;

/// The documents of a file, and everything that is wrong with its text form.
#[derive(Debug)]
pub struct Parsed {
    /// Without the empty ones. A document with problems holds what could be read of it.
    pub documents: Vec<Node>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads all documents of a source. Never panics, whatever the text.
#[must_use]
pub fn parse(source: &Arc<Source>) -> Parsed {
    parse_within(source, NODES_MAX)
}

/// The same of a configuration, which no stranger wrote.
#[must_use]
pub fn parse_own(source: &Arc<Source>) -> Parsed {
    parse_within(source, OWN_NODES_MAX)
}

fn parse_within(source: &Arc<Source>, nodes_max: usize) -> Parsed {
    let mut builder = Builder {
        source,
        parsed: Parsed { documents: Vec::new(), diagnostics: Vec::new() },
        frames: Vec::new(),
        anchors: HashMap::new(),
        nodes: 0,
        nodes_max,
        exhausted: false,
    };
    if source.text.len() > FILE_BYTES_MAX {
        builder.report(
            &rules::FILE_SIZE,
            Span::default(),
            "the file is larger than 1 MiB",
            "split it into several files",
        );
        return builder.parsed;
    }
    let mut options = granit_parser::options! {
        disallow_directives: true,
        emit_unresolved_aliases: true,
        // One more than allowed, so that our own message is given, and far below what the stack bears.
        flow_nesting_limit: DEPTH_MAX + 2,
        block_nesting_limit: DEPTH_MAX + 2,
    };
    options.set_emit_comments(false);
    for next in Parser::new_from_str_with_options(&source.text, options) {
        match next {
            Ok((event, span)) => {
                let (start, end) = (span.start.byte_offset().unwrap_or(0), span.end.byte_offset().unwrap_or(0));
                if let Some(tag) = span.tag_span() {
                    let at =
                        Span::new(tag.start.byte_offset().unwrap_or(start), tag.end.byte_offset().unwrap_or(start));
                    let tag = source.slice(at);
                    builder.report(
                        &rules::TAG,
                        at,
                        format!("tag `{tag}` is not read"),
                        "remove it; quote the value if it shall be text",
                    );
                }
                builder.event(event, Span::new(start, end));
            }
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(source.text.len()).min(source.text.len());
                // One character, or nothing at the end of the file.
                let length = source.text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
                let mut problem = Diagnostic::new(&rules::SYNTAX, source, Span::new(at, at + length), error.info());
                problem.help = syntax_help(source, at);
                builder.parsed.diagnostics.push(problem);
                // A half-read document would only bring follow-up problems.
                builder.frames.clear();
                break;
            }
        }
        if builder.exhausted {
            break;
        }
    }
    builder.parsed
}

/// What is most often meant where the parser stumbles.
fn syntax_help(source: &Source, at: usize) -> Option<String> {
    let line = source.position(u32::try_from(at).unwrap_or(u32::MAX)).line;
    let near = |number: usize| source.line(number);
    let text = near(line);
    let text = if text.trim().is_empty() { near(line.saturating_sub(1)) } else { text };
    if text.contains('\t') && text.trim_start_matches(' ').starts_with('\t') {
        return Some("indent with blanks, not with tabs".to_owned());
    }
    if text.contains('{') && text.contains("${") {
        return Some("in flow style (`{ … }`, `[ … ]`) quote what contains `${…}`, `[`, `{` or `,`".to_owned());
    }
    text.contains(": ").then(|| "quote a text that contains `: ` or ` #`, and check the indentation".to_owned())
}

struct Builder<'s> {
    source: &'s Arc<Source>,
    parsed: Parsed,
    frames: Vec<Frame>,
    /// Finished anchored nodes with the number of nodes and levels they stand for.
    anchors: HashMap<usize, (Node, usize, usize)>,
    nodes: usize,
    nodes_max: usize,
    exhausted: bool,
}

struct Frame {
    start: usize,
    anchor: usize,
    flow: bool,
    /// Nodes counted before this one, so that what it stands for is known at its end.
    nodes_before: usize,
    inside: Inside,
}

enum Inside {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Key },
}

enum Key {
    Wanted,
    Read(Spanned<String>),
    /// Reported; the value behind it is dropped.
    Refused,
}

impl Builder<'_> {
    fn report(
        &mut self,
        rule: &'static crate::base::diagnostic::Rule,
        span: Span,
        message: impl Into<String>,
        help: &str,
    ) {
        self.parsed.diagnostics.push(Diagnostic::new(rule, self.source, span, message).help(help));
    }

    fn event(&mut self, event: Event<'_>, span: Span) {
        match event {
            Event::DocumentStart(..) => {
                self.anchors.clear();
                self.nodes = 0;
            }
            Event::Scalar(text, style, anchor, _) if self.count(1, 0, span) => {
                let node = self.scalar(text.into_owned(), style, span);
                self.remember(anchor, &node, 1, 1);
                self.place(node);
            }
            Event::SequenceStart(style, anchor, _) => self.open(Inside::List(Vec::new()), style, anchor, span),
            Event::MappingStart(style, anchor, _) => {
                self.open(Inside::Map { entries: Vec::new(), key: Key::Wanted }, style, anchor, span);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(id) => match self.anchors.get(&id).cloned() {
                Some((node, size, depth)) => {
                    if self.count(size, depth, span) {
                        self.place(node);
                    }
                }
                None => self.bad_alias(span),
            },
            Event::UnresolvedAlias(_) => self.bad_alias(span),
            _ => {}
        }
    }

    fn bad_alias(&mut self, span: Span) {
        let alias = self.source.slice(span).to_owned();
        self.report(
            &rules::ALIAS,
            span,
            format!("alias `{alias}` stands for nothing"),
            "an anchor (`&name`) must be finished before its alias",
        );
        self.place(Node { span, tree: Tree::Null });
    }

    /// Books nodes and levels; false once the document is beyond its bounds.
    fn count(&mut self, nodes: usize, depth: usize, span: Span) -> bool {
        self.nodes += nodes;
        if self.exhausted {
            return false;
        }
        if self.nodes > self.nodes_max || self.frames.len() + depth > DEPTH_MAX {
            self.exhausted = true;
            let message = if self.nodes > self.nodes_max {
                format!("the document has more than {} nodes", self.nodes_max)
            } else {
                format!("the document is more than {DEPTH_MAX} levels deep")
            };
            self.report(&rules::NODES, span, message, "split the document; an alias counts as what it stands for");
            self.frames.clear();
        }
        !self.exhausted
    }

    fn open(&mut self, inside: Inside, style: StructureStyle, anchor: usize, span: Span) {
        let nodes_before = self.nodes;
        if self.count(1, 1, span) {
            let flow = style == StructureStyle::Flow;
            self.frames.push(Frame { start: span.start as usize, anchor, flow, nodes_before, inside });
        }
    }

    fn close(&mut self, span: Span) {
        let Some(frame) = self.frames.pop() else { return };
        let (tree, last) = match frame.inside {
            Inside::List(nodes) => {
                let last = nodes.last().map(|node| node.span.end);
                (Tree::List(nodes), last)
            }
            Inside::Map { entries, .. } => {
                let last = entries.last().map(|entry| entry.value.span.end.max(entry.key.span.end));
                (Tree::Map(entries), last)
            }
        };
        // The end of a block collection is only noticed at the next token; it ends with its last part.
        let end = if frame.flow { span.end as usize } else { last.map_or(frame.start, |end| end as usize) };
        let node = Node { span: Span::new(frame.start, end), tree };
        self.remember(frame.anchor, &node, self.nodes - frame.nodes_before, depth(&node));
        self.place(node);
    }

    fn remember(&mut self, anchor: usize, node: &Node, size: usize, depth: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), size, depth));
        }
    }

    /// Puts a finished node where it belongs.
    fn place(&mut self, node: Node) {
        let Some(frame) = self.frames.last_mut() else {
            if !self.exhausted && node.tree != Tree::Null {
                self.parsed.documents.push(node);
            }
            return;
        };
        match &mut frame.inside {
            Inside::List(nodes) => nodes.push(node),
            Inside::Map { entries, key } => match std::mem::replace(key, Key::Wanted) {
                Key::Wanted => {
                    let earlier = match &node.tree {
                        Tree::Text(text) => {
                            entries.iter().find(|entry| entry.key.value == text.text).map(|entry| entry.key.span)
                        }
                        _ => None,
                    };
                    let read = self.key(node, earlier);
                    if let Some(Frame { inside: Inside::Map { key, .. }, .. }) = self.frames.last_mut() {
                        *key = read;
                    }
                }
                Key::Read(name) => {
                    let mut value = node;
                    if value.tree == Tree::Null && value.span.start == value.span.end {
                        // An empty value stands nowhere; its key is what people can look at.
                        value.span = name.span;
                    }
                    entries.push(Entry { key: name, value });
                }
                Key::Refused => {}
            },
        }
    }

    fn key(&mut self, node: Node, earlier: Option<Span>) -> Key {
        let span = node.span;
        let Tree::Text(text) = node.tree else {
            let message = format!("a key is text, not {}", node.describe());
            self.report(&rules::KEY, span, message, "quote it if it is meant as text");
            return Key::Refused;
        };
        if text.plain && text.text == "<<" {
            self.report(&rules::MERGE_KEY, span, "merge key `<<` is not read", "write the keys out");
            return Key::Refused;
        }
        if let Some(first) = earlier {
            let problem = Diagnostic::new(
                &rules::DUPLICATE_KEY,
                self.source,
                span,
                format!("key `{}` is written twice", text.text),
            );
            self.parsed.diagnostics.push(problem.related(first, "first written here").help("remove one of the two"));
            return Key::Refused;
        }
        Key::Read(Spanned::new(span, text.text))
    }

    fn scalar(&mut self, text: String, style: ScalarStyle, span: Span) -> Node {
        let plain = style == ScalarStyle::Plain;
        if plain {
            match scalar::read(&text) {
                Plain::Null => return Node { span, tree: Tree::Null },
                Plain::Bool(value) => return Node { span, tree: Tree::Bool(value) },
                Plain::Number(number) => return Node { span, tree: Tree::Number(number) },
                Plain::Ambiguous(what) if !self.at_key() => {
                    let help = format!("write \"{text}\" to keep it text everywhere");
                    self.report(
                        &rules::AMBIGUOUS,
                        span,
                        format!("`{text}` is text here, and {what} to other YAML readers"),
                        &help,
                    );
                }
                Plain::Text | Plain::Ambiguous(_) => {}
                Plain::NotANumber(why) => {
                    let help = format!("write \"{text}\" if it is text");
                    self.report(&rules::NUMBER, span, format!("`{text}` is not a number: {why}"), &help);
                }
            }
        }
        let (start, end) = (span.start as usize, span.end as usize);
        let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted) && end >= start + 2;
        let inner = if quoted { Span::new(start + 1, end - 1) } else { span };
        let verbatim = (self.source.slice(inner) == text).then_some(inner);
        Node { span, tree: Tree::Text(Text { text, plain, verbatim }) }
    }

    fn at_key(&self) -> bool {
        matches!(self.frames.last(), Some(Frame { inside: Inside::Map { key: Key::Wanted, .. }, .. }))
    }
}

/// Levels of a node, 1 for a scalar. Bounded, since no document is deeper than [`DEPTH_MAX`].
fn depth(node: &Node) -> usize {
    let below = match &node.tree {
        Tree::List(nodes) => nodes.iter().map(depth).max(),
        Tree::Map(entries) => entries.iter().map(|entry| depth(&entry.value)).max(),
        _ => None,
    };
    1 + below.unwrap_or(0)
}
