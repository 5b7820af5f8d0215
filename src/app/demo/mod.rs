//! A play in which forerunner catches an outage: a platform, its partner and a mail server on loopback, and the daemon
//! with the journeys that are shipped. Nothing else is needed, and nothing stays behind.

pub mod acts;
mod chronicle;
mod files;
mod mailbox;
mod page;
mod partner;
mod platform;
mod rows;
pub mod scene;
mod theatre;

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use self::acts::{Act, Stage};
use self::chronicle::Chronicle;
use self::files::Addresses;
use self::mailbox::Mailbox;
use self::rows::Rows;
use self::scene::Scene;
use self::theatre::{Theatre, Wardrobe};
use super::catcher::Catcher;
use super::clock::SystemClock;
use super::daemon::Daemon;
use super::daemon::start::{Drive, Log, Options, StartError};
use super::daemon::vigil::MachineClocks;
use crate::history::reader::Reader;
use crate::model::clock::Clock as _;
use crate::model::outbox::Unwatched;
use crate::web::board::Board;

/// Time for runs under way to end when the play does.
const GRACE: Duration = Duration::from_millis(100);
/// Of the whole end; whoever asked for it waits.
const END_MAX: Duration = Duration::from_millis(900);

/// Why the play cannot begin.
#[derive(Debug)]
pub enum DemoError {
    Directory { path: PathBuf, source: std::io::Error },
    Listen(std::io::Error),
    Certificates(String),
    Daemon(StartError),
}

impl fmt::Display for DemoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory { path, source } => {
                write!(f, "`{}` cannot be written to: {source}; name another place in TMPDIR", path.display())
            }
            Self::Listen(source) => write!(f, "no port on loopback can be listened at: {source}"),
            Self::Certificates(why) => write!(f, "certificates cannot be made: {why}"),
            Self::Daemon(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for DemoError {}

/// How it is played.
pub struct Play {
    pub listen: SocketAddr,
    /// Acts, and how long each lasts; over and over.
    pub acts: Vec<(Act, Duration)>,
    pub speed: f64,
}

/// The play while it is on.
pub struct Demo {
    /// Where the pages are.
    pub address: SocketAddr,
    daemon: Daemon,
    spectacle: Arc<Spectacle>,
    workplace: Workplace,
    _theatres: [Theatre; 2],
    _catcher: Catcher,
    _acting: JoinSet<()>,
}

/// What there is to see, for the terminal and the page.
pub(super) struct Spectacle {
    stage: Stage,
    turn: Mutex<Turn>,
    board: Arc<Board>,
    rows: Mutex<Rows>,
    chronicle: Mutex<Chronicle>,
    mailbox: Mailbox,
}

/// Where in the play we are.
#[derive(Clone, Copy)]
struct Turn {
    number: usize,
    of: usize,
    ends_at: Instant,
}

impl Demo {
    /// Opens everything, and begins with the first act.
    ///
    /// # Errors
    /// Something is in the way, such as a port in use.
    pub async fn open(play: Play) -> Result<Self, DemoError> {
        let stage = Stage::default();
        let workplace = Workplace::make()?;
        let wardrobe = Wardrobe::new(stage.clone(), SystemClock.now())?;
        let platform = Theatre::open(platform::router(stage.clone()), None).await.map_err(DemoError::Listen)?;
        let partner =
            Theatre::open(partner::router(stage.clone()), Some(&wardrobe)).await.map_err(DemoError::Listen)?;
        let (catcher, mails) = Catcher::open((Ipv4Addr::LOCALHOST, 0).into()).await.map_err(DemoError::Listen)?;
        let mailbox = Mailbox::default();
        let addresses = Addresses {
            platform: platform.address.port(),
            partner: partner.address.port(),
            mail: catcher.address.port(),
            pages: format!("http://{}", play.listen),
        };
        let directory = workplace.0.clone();
        files::write(&directory, &addresses, &wardrobe.authority, play.speed)
            .map_err(|source| DemoError::Directory { path: directory.clone(), source })?;
        let seat = page::Seat::default();
        let clock = Arc::new(SystemClock);
        let options = Options {
            config: directory.join("forerunner.yaml"),
            listen: Some(play.listen),
            clock: clock.clone(),
            clocks: Arc::new(MachineClocks(clock)),
            drive: Drive::Thread,
            log: Log::Foreign,
            moments: Arc::new(Unwatched),
            annex: page::router(seat.clone()),
        };
        let daemon = Daemon::start(options).await.map_err(DemoError::Daemon)?;
        let data = directory.join("data");
        let spectacle = Arc::new(Spectacle {
            stage: stage.clone(),
            turn: Mutex::new(Turn { number: 1, of: play.acts.len(), ends_at: Instant::now() }),
            board: Arc::clone(daemon.board()),
            rows: Mutex::new(Rows::new(Reader::new(&data))),
            chronicle: Mutex::new(Chronicle::new(&data)),
            mailbox: mailbox.clone(),
        });
        seat.take(&spectacle);
        let mut acting = JoinSet::new();
        acting.spawn(mailbox.fill(mails));
        acting.spawn(act(play.acts, stage, Arc::clone(&spectacle)));
        let address = daemon.address();
        Ok(Self {
            address,
            daemon,
            spectacle,
            workplace,
            _theatres: [platform, partner],
            _catcher: catcher,
            _acting: acting,
        })
    }

    /// What there is to see now. Asks the disk, so it may take a moment.
    pub async fn scene(&self) -> Scene {
        self.spectacle.look().await
    }

    /// Ends the daemon, then everything else, within a second.
    pub async fn close(self) {
        let _ = tokio::time::timeout(END_MAX, self.daemon.shutdown(GRACE)).await;
        drop(self.workplace);
    }
}

/// Turns from act to act, over and over.
async fn act(acts: Vec<(Act, Duration)>, stage: Stage, spectacle: Arc<Spectacle>) {
    loop {
        for (at, (act, lasts)) in acts.iter().enumerate() {
            stage.turn(*act);
            let turn = Turn { number: at + 1, of: acts.len(), ends_at: Instant::now() + *lasts };
            *spectacle.turn.lock().unwrap_or_else(PoisonError::into_inner) = turn;
            tokio::time::sleep(*lasts).await;
        }
    }
}

impl Spectacle {
    pub(super) async fn look(self: &Arc<Self>) -> Scene {
        let own = Arc::clone(self);
        let looked = tokio::task::spawn_blocking(move || own.look_now()).await;
        looked.unwrap_or_default()
    }

    fn look_now(&self) -> Scene {
        let turn = *self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mails = self.mailbox.mails();
        let mut chronicle = self.chronicle.lock().unwrap_or_else(PoisonError::into_inner);
        let now = SystemClock.now();
        chronicle.look(&mails, now);
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        Scene {
            act: self.stage.act(),
            number: turn.number,
            of: turn.of,
            left: turn.ends_at.saturating_duration_since(Instant::now()),
            rows: self.board.snapshot().iter().map(|entry| rows.look(entry, now)).collect(),
            events: chronicle.events(),
            mails: mails.len(),
        }
    }
}

/// A directory that is gone when the play is over.
struct Workplace(PathBuf);

impl Workplace {
    fn make() -> Result<Self, DemoError> {
        let mut chance = [0; 8];
        // Without chance the name is only likely to be free.
        let _ = getrandom::fill(&mut chance);
        let path = std::env::temp_dir().join(format!("forerunner-demo-{:016x}", u64::from_ne_bytes(chance)));
        std::fs::create_dir(&path).map_err(|source| DemoError::Directory { path: path.clone(), source })?;
        Ok(Self(path))
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        // What cannot be removed is left to the system, which cleans up such places.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
