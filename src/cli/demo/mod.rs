//! `forerunner demo`: the play, as a living picture on a terminal and as lines everywhere else.

mod picture;

use std::io::{IsTerminal as _, Write};
use std::time::Duration;

use self::picture::Canvas;
use super::arguments::{Color, Demo as Arguments};
use super::exit::Exit;
use super::paint::{self, WIDTH};
use crate::app::demo::acts::{Act, play};
use crate::app::demo::scene::Scene;
use crate::app::demo::{Demo, Play};

/// Between two pictures.
const EVERY: Duration = Duration::from_millis(250);

/// Plays until an interrupt.
///
/// # Errors
/// The output cannot be written, or signals cannot be listened to.
pub async fn run(arguments: &Arguments, color: Color) -> std::io::Result<Exit> {
    let acts = play(arguments.act, arguments.speed);
    let opened = Demo::open(Play { listen: arguments.listen.0, acts, speed: arguments.speed }).await;
    let demo = match opened {
        Ok(demo) => demo,
        Err(error) => {
            writeln!(paint::stderr(color), "error: {error}")?;
            return Ok(Exit::Usage);
        }
    };
    let url = format!("http://{}/demo", demo.address);
    let mut out = paint::stdout(color);
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let shown = tokio::select! {
        shown = show(&demo, &url, color, &mut out) => shown,
        ended = tokio::signal::ctrl_c() => ended,
        _ = terminate.recv() => Ok(()),
    };
    demo.close().await;
    match shown {
        // Whoever reads has gone, which is an end as good as any.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(Exit::Ok),
        shown => {
            shown?;
            writeln!(out, "\nthe play is over; nothing stays behind")?;
            Ok(Exit::Ok)
        }
    }
}

async fn show(demo: &Demo, url: &str, color: Color, out: &mut dyn Write) -> std::io::Result<()> {
    let mut ticks = tokio::time::interval(EVERY);
    let mut lines = Lines::default();
    let is_terminal = std::io::stdout().is_terminal();
    let mut canvas = Canvas::new(paint::has_colors(color));
    if !is_terminal {
        writeln!(out, "pages and mails: {url}\nCtrl-C ends it")?;
    }
    loop {
        ticks.tick().await;
        let scene = demo.scene().await;
        if is_terminal {
            // Past what drops colours: it would drop the way back up too.
            let mut terminal = std::io::stdout().lock();
            terminal.write_all(canvas.picture(&scene, url, paint::room()).as_bytes())?;
            terminal.flush()?;
        } else {
            lines.say(&scene, out)?;
        }
    }
}

/// What has been said where nothing can be drawn.
#[derive(Default)]
struct Lines {
    act: Option<(Act, usize)>,
    events: usize,
}

impl Lines {
    fn say(&mut self, scene: &Scene, out: &mut dyn Write) -> std::io::Result<()> {
        if self.act != Some((scene.act, scene.number)) {
            self.act = Some((scene.act, scene.number));
            writeln!(out, "act {} of {}: {}", scene.number, scene.of, scene.act.announced())?;
        }
        for event in scene.events.iter().skip(self.events) {
            writeln!(out, "{}", picture::event(event, 2 * WIDTH))?;
        }
        self.events = scene.events.len();
        out.flush()
    }
}
