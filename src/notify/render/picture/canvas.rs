//! A sheet to draw on: rectangles, lines, dots and letters.

use tiny_skia::{FillRule, Paint, PathBuilder, Pixmap, PremultipliedColorU8, Rect, Stroke, StrokeDash, Transform};

use super::glyphs;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Colour(pub u8, pub u8, pub u8);

pub(super) struct Canvas(Pixmap);

impl Canvas {
    /// None if it has no size.
    pub(super) fn new(width: u32, height: u32, paper: Colour) -> Option<Self> {
        let mut pixels = Pixmap::new(width, height)?;
        pixels.fill(tiny_skia::Color::from_rgba8(paper.0, paper.1, paper.2, 255));
        Some(Self(pixels))
    }

    /// As small as it gets: of so few colours that each point is a number in a list of them, if there are few enough.
    pub(super) fn png(&self) -> Option<Vec<u8>> {
        let mut colours: Vec<[u8; 3]> = Vec::new();
        let mut points = Vec::with_capacity(self.0.pixels().len());
        // Neighbours are mostly alike.
        let mut last = 0;
        for pixel in self.0.pixels() {
            // Shades that no eye tells apart are one.
            let colour = [pixel.red(), pixel.green(), pixel.blue()].map(|part| part & 0xf8 | part >> 5);
            if colours.get(last) != Some(&colour) {
                last = colours.iter().position(|known| *known == colour).unwrap_or(colours.len());
                if last == colours.len() {
                    colours.push(colour);
                }
            }
            points.push(u8::try_from(last).ok()?);
        }
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.0.width(), self.0.height());
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_palette(colours.concat());
        encoder.set_compression(png::Compression::High);
        encoder.set_filter(png::Filter::NoFilter);
        encoder.write_header().ok()?.write_image_data(&points).ok()?;
        Some(file)
    }

    pub(super) fn rectangle(&mut self, x: f32, y: f32, width: f32, height: f32, colour: Colour) {
        if let Some(rect) = Rect::from_xywh(x, y, width, height) {
            self.0.fill_rect(rect, &paint(colour), Transform::identity(), None);
        }
    }

    /// Stripes from the lower left to the upper right: what is told by its colour is told without it too.
    pub(super) fn stripes(&mut self, x: f32, y: f32, width: f32, height: f32, gap: f32, colour: Colour) {
        let mut at = x - height;
        while at < x + width {
            let (left, right) = (at.max(x), (at + height).min(x + width));
            if left < right {
                self.line((left, y + height - (left - at)), (right, y + height - (right - at)), 2.0, colour, false);
            }
            at += gap;
        }
    }

    pub(super) fn line(&mut self, from: (f32, f32), to: (f32, f32), width: f32, colour: Colour, dashed: bool) {
        let mut path = PathBuilder::new();
        path.move_to(from.0, from.1);
        path.line_to(to.0, to.1);
        let dash = if dashed { StrokeDash::new(vec![8.0, 8.0], 0.0) } else { None };
        let stroke = Stroke { width, dash, ..Stroke::default() };
        if let Some(path) = path.finish() {
            self.0.stroke_path(&path, &paint(colour), &stroke, Transform::identity(), None);
        }
    }

    pub(super) fn dot(&mut self, x: f32, y: f32, radius: f32, colour: Colour) {
        if let Some(path) = PathBuilder::from_circle(x, y, radius) {
            self.0.fill_path(&path, &paint(colour), FillRule::Winding, Transform::identity(), None);
        }
    }

    pub(super) fn cross(&mut self, x: f32, y: f32, radius: f32, colour: Colour) {
        self.line((x - radius, y - radius), (x + radius, y + radius), 4.0, colour, false);
        self.line((x - radius, y + radius), (x + radius, y - radius), 4.0, colour, false);
    }

    /// Letters with their upper left corner there. Where they end.
    pub(super) fn text(&mut self, x: u32, y: u32, text: &str, colour: Colour) -> u32 {
        let mut at = x;
        for letter in text.chars() {
            let glyph = glyphs::of(letter);
            let left = at;
            at += glyph.advance;
            for (dx, dy, shade) in glyph.pixels() {
                self.shade(left + dx, y + dy, colour, shade);
            }
        }
        at
    }

    /// One point, as dark as `shade` says.
    fn shade(&mut self, x: u32, y: u32, colour: Colour, shade: u8) {
        let (width, height) = (self.0.width(), self.0.height());
        if x >= width || y >= height {
            return;
        }
        let Some(pixel) = self.0.pixels_mut().get_mut((y * width + x) as usize) else { return };
        let mix = |paper: u8, ink: u8| {
            let (paper, ink, shade) = (u32::from(paper), u32::from(ink), u32::from(shade));
            u8::try_from((paper * (255 - shade) + ink * shade) / 255).unwrap_or(u8::MAX)
        };
        let mixed = PremultipliedColorU8::from_rgba(
            mix(pixel.red(), colour.0),
            mix(pixel.green(), colour.1),
            mix(pixel.blue(), colour.2),
            255,
        );
        *pixel = mixed.unwrap_or(*pixel);
    }
}

fn paint(colour: Colour) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(colour.0, colour.1, colour.2, 255);
    paint.anti_alias = true;
    paint
}
