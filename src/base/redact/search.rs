//! Looks for many byte strings at once, in time linear in the text and memory linear in their number and lengths.

use std::collections::HashMap;
use std::ops::Range;

use aho_corasick::automaton::Automaton as _;
use aho_corasick::nfa::contiguous::NFA;
use aho_corasick::{Anchored, MatchKind};

/// So many bytes of each needle are in an automaton, which takes a hundred times their size. What is longer is looked for
/// by itself, and only in a text in which its beginning was found.
const TOGETHER_BYTES_MAX: usize = 64;

/// A shorter beginning at the end of a cut text gives nothing away.
const BEGINNING_BYTES_MIN: usize = 4;

/// What is looked for.
pub(super) struct Needle {
    bytes: Vec<u8>,
    /// Knuth, Morris and Pratt's table: for each length, the longest beginning that is also the end. Empty for short ones.
    borders: Vec<u32>,
}

impl Needle {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        let borders = if bytes.len() > TOGETHER_BYTES_MAX { borders(&bytes) } else { Vec::new() };
        Self { bytes, borders }
    }

    fn beginning(&self) -> &[u8] {
        &self.bytes[..self.bytes.len().min(TOGETHER_BYTES_MAX)]
    }

    fn is_long(&self) -> bool {
        self.bytes.len() > TOGETHER_BYTES_MAX
    }

    /// How much of the needle has been read when `byte` follows `read` bytes of it.
    fn next(&self, mut read: usize, byte: u8) -> usize {
        loop {
            if read < self.bytes.len() && self.bytes[read] == byte {
                return read + 1;
            }
            if read == 0 {
                return 0;
            }
            read = self.borders[read - 1] as usize;
        }
    }
}

fn borders(bytes: &[u8]) -> Vec<u32> {
    let mut borders = vec![0_u32; bytes.len()];
    let mut length = 0;
    for at in 1..bytes.len() {
        while length > 0 && bytes[at] != bytes[length] {
            length = borders[length - 1] as usize;
        }
        if bytes[at] == bytes[length] {
            length += 1;
        }
        borders[at] = u32::try_from(length).unwrap_or_default();
    }
    borders
}

/// The automata of all needles. There are few of them, each at least twice as large as the next, so that learning one
/// needle after the other stays cheap.
#[derive(Default)]
pub(super) struct Search {
    needles: Vec<Needle>,
    segments: Vec<Segment>,
    /// An automaton could not be built: nothing can be said of any text.
    is_broken: bool,
}

struct Segment {
    needles: Range<usize>,
    matcher: NFA,
    /// By the automaton's patterns: the needles with this beginning.
    groups: Vec<Vec<usize>>,
}

/// A needle found in a text, or the beginning of one at its end.
pub(super) struct Found {
    pub(super) place: Range<usize>,
    pub(super) needle: usize,
}

/// How much is to be found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// Of all needles that end at one place, the longest: all that masking needs.
    Longest,
    /// Every needle.
    All,
    /// As [`Wanted::Longest`], and the beginning of a needle at the end of the text.
    Beginnings,
}

impl Search {
    pub(super) fn add(&mut self, needle: Needle) {
        self.needles.push(needle);
    }

    /// Brings the automata up to date. False if that is not possible.
    pub(super) fn build(&mut self) -> bool {
        let mut first = self.segments.last().map_or(0, |segment| segment.needles.end);
        if first == self.needles.len() || self.is_broken {
            return !self.is_broken;
        }
        while let Some(last) = self.segments.pop_if(|last| last.needles.len() < 2 * (self.needles.len() - first)) {
            first = last.needles.start;
        }
        match Segment::of(&self.needles, first..self.needles.len()) {
            Some(segment) => self.segments.push(segment),
            None => self.is_broken = true,
        }
        !self.is_broken
    }

    /// Tells what stands in the bytes, in no order.
    pub(super) fn find(&self, bytes: &[u8], wanted: Wanted, tell: &mut dyn FnMut(Found)) {
        for segment in &self.segments {
            for needle in segment.find(bytes, wanted, &self.needles, tell) {
                self.find_long(bytes, needle, wanted, tell);
            }
        }
        if wanted == Wanted::Beginnings {
            self.find_beginnings(bytes, tell);
        }
    }

    fn find_long(&self, bytes: &[u8], index: usize, wanted: Wanted, tell: &mut dyn FnMut(Found)) {
        let needle = &self.needles[index];
        let mut read = 0;
        for (at, byte) in bytes.iter().enumerate() {
            read = needle.next(read, *byte);
            if read == needle.bytes.len() {
                tell(Found { place: at + 1 - read..at + 1, needle: index });
            }
        }
        if wanted == Wanted::Beginnings && read >= BEGINNING_BYTES_MIN {
            tell(Found { place: bytes.len() - read..bytes.len(), needle: index });
        }
    }

    fn find_beginnings(&self, bytes: &[u8], tell: &mut dyn FnMut(Found)) {
        for (index, needle) in self.needles.iter().enumerate() {
            let most = needle.beginning().len().min(bytes.len());
            let begun = (BEGINNING_BYTES_MIN..=most).rev().find(|length| bytes.ends_with(&needle.bytes[..*length]));
            if let Some(length) = begun {
                tell(Found { place: bytes.len() - length..bytes.len(), needle: index });
            }
        }
    }
}

impl Segment {
    fn of(needles: &[Needle], range: Range<usize>) -> Option<Self> {
        let mut patterns: Vec<&[u8]> = Vec::new();
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut known: HashMap<&[u8], usize> = HashMap::new();
        for index in range.clone() {
            let beginning = needles[index].beginning();
            let group = *known.entry(beginning).or_insert_with(|| {
                patterns.push(beginning);
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[group].push(index);
        }
        let matcher = NFA::builder().match_kind(MatchKind::Standard).build(patterns).ok()?;
        Some(Self { needles: range, matcher, groups })
    }

    /// Tells the short needles that stand in the bytes; gives back the long ones whose beginning does.
    fn find(
        &self,
        bytes: &[u8],
        wanted: Wanted,
        needles: &[Needle],
        tell: &mut dyn FnMut(Found),
    ) -> impl Iterator<Item = usize> + use<> {
        let mut begun = Vec::new();
        if let Ok(start) = self.matcher.start_state(Anchored::No) {
            let mut is_begun = vec![false; self.needles.len()];
            let mut state = start;
            for (at, byte) in bytes.iter().enumerate() {
                state = self.matcher.next_state(Anchored::No, state, *byte);
                if !self.matcher.is_match(state) {
                    continue;
                }
                // The longest comes first.
                let count = if wanted == Wanted::All { self.matcher.match_len(state) } else { 1 };
                for index in (0..count).map(|number| self.matcher.match_pattern(state, number)) {
                    for needle in &self.groups[index.as_usize()] {
                        let length = needles[*needle].bytes.len();
                        if !needles[*needle].is_long() {
                            tell(Found { place: at + 1 - length..at + 1, needle: *needle });
                        } else if !std::mem::replace(&mut is_begun[*needle - self.needles.start], true) {
                            begun.push(*needle);
                        }
                    }
                }
            }
        }
        begun.into_iter()
    }
}
