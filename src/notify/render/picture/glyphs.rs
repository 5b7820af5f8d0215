//! The letters of pictures: those of ASCII, drawn once from `DejaVu Sans` by `scripts/glyphs`, so that no font has to be
//! there where forerunner runs.

use std::sync::LazyLock;

use tiny_skia::Pixmap;

/// Of the sheet: each letter has a cell of this width.
const CELL: u32 = 40;
/// What is left free at the left of a cell.
const MARGIN: u32 = 2;
pub(super) const HEIGHT: u32 = 42;
const FIRST: char = ' ';
/// From one letter to the next, as `scripts/glyphs` prints them.
const ADVANCES: [u8; 95] = [
    10, 13, 15, 27, 20, 30, 25, 9, 12, 12, 16, 27, 10, 12, 10, 11, 20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 11, 11, 27,
    27, 27, 17, 32, 22, 22, 22, 25, 20, 18, 25, 24, 9, 9, 21, 18, 28, 24, 25, 19, 25, 22, 20, 20, 23, 22, 32, 22, 20,
    22, 12, 11, 12, 27, 16, 16, 20, 20, 18, 20, 20, 11, 20, 20, 9, 9, 19, 9, 31, 20, 20, 20, 20, 13, 17, 13, 20, 19,
    26, 19, 19, 17, 20, 11, 20, 27,
];

/// How dark each point of the sheet is, row by row.
static SHEET: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let pixels = Pixmap::decode_png(include_bytes!("glyphs.png"));
    pixels.map(|pixels| pixels.pixels().iter().map(|pixel| pixel.red()).collect()).unwrap_or_default()
});

#[derive(Clone, Copy)]
pub(super) struct Glyph {
    number: u32,
    pub advance: u32,
}

/// Of another letter than those there are: a question mark.
pub(super) fn of(letter: char) -> Glyph {
    let number = |letter: char| u32::from(letter).checked_sub(u32::from(FIRST));
    let known = |letter| number(letter).and_then(|number| Some((number, *ADVANCES.get(number as usize)?)));
    let (number, advance) = known(letter).or_else(|| known('?')).unwrap_or_default();
    Glyph { number, advance: u32::from(advance) }
}

/// How far a text goes.
pub(super) fn width(text: &str) -> u32 {
    text.chars().map(|letter| of(letter).advance).sum()
}

impl Glyph {
    /// Points that are not white: where, from the upper left corner, and how dark.
    pub(super) fn pixels(self) -> impl Iterator<Item = (u32, u32, u8)> {
        let sheet_width = CELL * u32::try_from(ADVANCES.len()).unwrap_or_default();
        let cell = (0..HEIGHT).flat_map(move |y| (MARGIN..CELL).map(move |x| (x, y)));
        cell.filter_map(move |(x, y)| {
            let shade = *SHEET.get((y * sheet_width + self.number * CELL + x) as usize)?;
            (shade > 0).then_some((x - MARGIN, y, shade))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_of_ascii_can_be_seen_and_any_other_is_asked_for() {
        for letter in '!'..='~' {
            assert!(of(letter).pixels().count() > 5, "{letter}");
        }
        assert_eq!(of(' ').pixels().count(), 0);
        assert_eq!(of('ü').pixels().count(), of('?').pixels().count());
        assert_eq!(width("ii"), 18);
    }
}
