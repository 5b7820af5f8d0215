//! Colour and width of what people read. Colour is never the only signal: every mark has its word.

use std::fmt;
use std::io;

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

use super::arguments::Color;

/// Widest line that we lay out ourselves, in columns.
pub const WIDTH: usize = 100;

pub const GOOD: Style = AnsiColor::Green.on_default();
pub const WARN: Style = AnsiColor::Yellow.on_default();
pub const BAD: Style = AnsiColor::Red.on_default().bold();
pub const UNSURE: Style = AnsiColor::Magenta.on_default();
pub const HINT: Style = AnsiColor::Cyan.on_default();
pub const FAINT: Style = Style::new().dimmed();
pub const STRONG: Style = Style::new().bold();
pub const PLAIN: Style = Style::new();

/// A text in a style. The text must be printable already.
pub struct Painted<'a>(pub Style, pub &'a str);

impl fmt::Display for Painted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.1.is_empty() { Ok(()) } else { write!(f, "{}{}{:#}", self.0, self.1, self.0) }
    }
}

/// Standard output that keeps or drops the colours of the renderers: by `--color`, else by
/// `NO_COLOR`, `CLICOLOR_FORCE` and whether it is a terminal.
#[must_use]
pub fn stdout(color: Color) -> AutoStream<io::StdoutLock<'static>> {
    AutoStream::new(io::stdout().lock(), choice(color))
}

/// Whether standard output keeps its colours, for who writes to it without [`stdout`].
#[must_use]
pub fn has_colors(color: Color) -> bool {
    AutoStream::new(io::stdout(), choice(color)).current_choice() != ColorChoice::Never
}

/// What a terminal shows at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    pub columns: usize,
    pub lines: usize,
}

/// Of the terminal that standard output is; none if it is none, or does not say.
#[must_use]
pub fn room() -> Option<Room> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    let room = Room { columns: size.ws_col.into(), lines: size.ws_row.into() };
    (room.columns > 0 && room.lines > 0).then_some(room)
}

/// Standard error, with or without colours as standard output.
#[must_use]
pub fn stderr(color: Color) -> AutoStream<io::StderrLock<'static>> {
    AutoStream::new(io::stderr().lock(), choice(color))
}

fn choice(color: Color) -> ColorChoice {
    match color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
}

/// A reader that went away (`| head`) is no failure of ours.
///
/// # Errors
/// Any other error of the stream.
pub fn quietly(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}
