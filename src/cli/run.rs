//! `forerunner run`: the daemon in the foreground, until it is asked to stop.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use super::arguments::{Color, Run};
use super::diagnostics::{self, Checked, DiagnosticFormat};
use super::exit::Exit;
use super::paint;
use crate::app::clock::SystemClock;
use crate::app::daemon::start::{Drive, Log, Options, StartError};
use crate::app::daemon::vigil::MachineClocks;
use crate::app::daemon::{Daemon, GRACE};
use crate::app::systemd::ServiceManager;
use crate::model::outbox::Unwatched;

/// Runs until SIGTERM or an interrupt, then ends in order; a second one ends at once. SIGHUP reloads.
///
/// # Errors
/// Signals cannot be listened to, or the output cannot be written.
pub async fn run(arguments: &Run, color: Color) -> std::io::Result<Exit> {
    let mut signals = Signals::new()?;
    let clock = Arc::new(SystemClock);
    let colours = match color {
        Color::Auto => std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none(),
        Color::Always => true,
        Color::Never => false,
    };
    let options = Options {
        config: arguments.config.clone(),
        listen: arguments.listen.map(|listen| listen.0),
        clock: clock.clone(),
        clocks: Arc::new(MachineClocks(clock)),
        drive: Drive::Thread,
        log: Log::Own { colours },
        moments: Arc::new(Unwatched),
        annex: axum::Router::new(),
    };
    let daemon = match Daemon::start(options).await {
        Ok(daemon) => daemon,
        Err(StartError::Configuration(problems)) => {
            let mut err = paint::stderr(color);
            diagnostics::write(DiagnosticFormat::Human, &problems, Checked { files: 1, journeys: 0 }, &mut err)?;
            writeln!(err, "nothing was started")?;
            return Ok(Exit::Invalid);
        }
        Err(error) => {
            writeln!(paint::stderr(color), "error: {error}")?;
            return Ok(Exit::Usage);
        }
    };
    let manager = ServiceManager::from_environment();
    manager.ready(&format!("listening at {}", daemon.address()));
    attend(&daemon, &mut signals, &manager).await;
    manager.stopping();
    tokio::select! {
        () = daemon.shutdown(GRACE) => Ok(Exit::Ok),
        () = signals.stop() => super::leave_at_once(),
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn stop(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Reloads when asked, gives signs of life, and returns when asked to stop.
async fn attend(daemon: &Daemon, signals: &mut Signals, manager: &ServiceManager) {
    let mut alive = manager.watchdog_every().map(|every| {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks
    });
    loop {
        tokio::select! {
            _ = signals.terminate.recv() => return,
            _ = signals.interrupt.recv() => return,
            _ = signals.hang_up.recv() => {
                manager.reloading();
                // What came of it is in the log and in the metrics.
                let _ = daemon.reloader().reload().await;
                manager.ready(&format!("listening at {}", daemon.address()));
            }
            // The scheduler is asked too: a lock that is never given back must not pass for life.
            () = tick(&mut alive) => {
                let _ = daemon.scheduler().in_flight();
                manager.alive();
            }
        }
    }
}

async fn tick(alive: &mut Option<tokio::time::Interval>) {
    match alive {
        Some(ticks) => {
            ticks.tick().await;
        }
        None => std::future::pending().await,
    }
}
