//! Starts a daemon: everything that can fail is tried before the first run, and nothing stays behind if it does.

use std::collections::HashSet;
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::{Mutex as AsyncMutex, mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::Daemon;
use super::judge::standards::{Installation, Standards};
use super::judge::{self, Before, Bench, Judge, RECHECKS_MAX};
use super::pipeline::Pipeline;
use super::post::{Clerk, Office, REPORTS_MAX};
use super::reload::{ReloadError, Reloader, ceilings};
use super::runner::{ENDED_MAX, Runner, Spawner};
use super::scheduler::Scheduler;
use super::set::RunSet;
use super::stores::{
    Kept, Known, StoreTrouble, last_good, open_history, open_ledger, restorable, seed, standings, watch_store,
};
use super::vigil::{Clocks, Vigil};
use crate::app::{logs, user_agent, vantage};
use crate::base::diagnostic::Diagnostic;
use crate::config;
use crate::config::daemon::DaemonSettings;
use crate::history::open::OpenError;
use crate::history::reader::ReadError;
use crate::metrics::own::{Build, Channels};
use crate::metrics::{Metrics, Settings};
use crate::model::clock::Clock;
use crate::model::outbox::{Moments, Outbox};
use crate::model::run::Outcome;
use crate::notify::channel::Channel as _;
use crate::notify::email::Email;
use crate::web::Site;
use crate::web::access::{Access, NotUsable};
use crate::web::board::Board;
use crate::web::readiness::Readiness;
use crate::web::status::Status;

/// Troubles of our own parts that the judge has not read.
const OWN_MAX: usize = 64;

/// What a daemon is told at its start.
pub struct Options {
    pub config: PathBuf,
    /// Instead of `listen` in the configuration.
    pub listen: Option<SocketAddr>,
    pub clock: Arc<dyn Clock>,
    pub clocks: Arc<dyn Clocks>,
    pub drive: Drive,
    pub log: Log,
    /// Told of every named moment on the way from a run to an accepted message.
    pub moments: Arc<dyn Moments>,
    /// Pages beside those of the daemon, which nobody's password guards.
    pub annex: axum::Router,
}

/// What fires starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drive {
    /// A thread of its own, precise.
    Thread,
    /// The clock of the runtime, which tests can pause.
    Runtime,
}

/// Whose log it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    /// The configuration says; with colours or without.
    Own { colours: bool },
    /// Whoever embeds the daemon has one.
    Foreign,
}

/// Why a daemon did not start.
#[derive(Debug)]
pub enum StartError {
    Configuration(Vec<Diagnostic>),
    Reload(ReloadError),
    Listen {
        address: SocketAddr,
        source: std::io::Error,
    },
    Store(OpenError),
    /// What was open cannot be read; to go on without it would tell everything a second time.
    Incidents(ReadError),
    Access(NotUsable),
    Metrics(String),
    Thread(std::io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Configuration(_) => f.write_str("the configuration has problems"),
            Self::Reload(error) => write!(f, "{error}"),
            Self::Listen { address, source } => {
                write!(f, "`{address}` cannot be listened at: {source}; choose another with `--listen` or `listen`")
            }
            Self::Store(error) => write!(f, "{error}; {}", error.help()),
            Self::Incidents(error) => {
                write!(f, "what was open cannot be read: {error}; move the file away to begin a new one")
            }
            Self::Access(error) => write!(f, "{error}"),
            Self::Metrics(why) => write!(f, "the metrics could not be set up: {why}"),
            Self::Thread(source) => write!(f, "the thread that fires starts could not be started: {source}"),
        }
    }
}

impl std::error::Error for StartError {}

impl Daemon {
    /// Reads everything, opens everything, then starts.
    ///
    /// # Errors
    /// The first thing that is in the way; nothing was started then.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let path = options.config.clone();
        let configuration = tokio::task::spawn_blocking(move || config::load(&path)).await;
        let mut configuration = configuration.map_err(|_| StartError::Reload(ReloadError::Reading))?;
        let settings = match configuration.settings.clone() {
            Some(settings) if !configuration.diagnostics.iter().any(Diagnostic::is_error) => settings,
            _ => return Err(StartError::Configuration(std::mem::take(&mut configuration.diagnostics))),
        };
        let log_counter = match options.log {
            Log::Own { colours } => Some(logs::install(&settings.log_level, settings.log_format, colours)),
            Log::Foreign => None,
        };
        let address = options.listen.unwrap_or(settings.listen);
        let listener = TcpListener::bind(address).await.map_err(|source| StartError::Listen { address, source })?;
        let bound = listener.local_addr().map_err(|source| StartError::Listen { address, source })?;
        let access = settings.web_config.as_deref().map(Access::load).transpose().map_err(StartError::Access)?;
        if !bound.ip().is_loopback() && access.is_none() {
            tracing::warn!(%bound, "pages and metrics are open to whoever reaches this address; `web-config` adds a password");
        }
        let metrics = metrics(&settings).map_err(|error| StartError::Metrics(error.to_string()))?;
        if let Some(counter) = log_counter {
            counter.count_in(&metrics);
        }
        let history = open_history(&settings, &options.clock).await?;
        let (ledger, set_aside) = open_ledger(&settings, &history, &options.clock, &options.moments).await?;
        let stop = CancellationToken::new();
        let stop_runs = CancellationToken::new();
        let (ended_in, ended_out) = mpsc::channel(ENDED_MAX);
        let scheduler = Arc::new(Scheduler::new(ceilings(&settings), Arc::clone(&options.clock)));
        let vigil = Arc::new(Vigil::default());
        let board = Arc::new(Board::default());
        let readiness = Arc::new(Readiness::default());
        let spawner = Spawner(Arc::new(Runner {
            scheduler: Arc::clone(&scheduler),
            clock: Arc::clone(&options.clock),
            metrics: Arc::clone(&metrics),
            vigil: Arc::clone(&vigil),
            vantage: configuration.vantage.clone().unwrap_or_else(vantage),
            user_agent: user_agent(configuration.contact.as_deref()),
            stop: stop_runs.clone(),
            ended: ended_in,
            handle: Handle::current(),
        }));
        let reloader = Arc::new(Reloader {
            path: options.config.clone(),
            scheduler: Arc::clone(&scheduler),
            spawner: spawner.clone(),
            metrics: Arc::clone(&metrics),
            board: Arc::clone(&board),
            history: Arc::clone(&history),
            readiness: Arc::clone(&readiness),
            clock: Arc::clone(&options.clock),
            standards: watch::Sender::new(Arc::new(Standards::new(&RunSet::default(), Installation::default()))),
            one_at_a_time: AsyncMutex::new(()),
            settings: Mutex::new(None),
            content: Mutex::new(0),
            last: Mutex::new(None),
        });
        let watch = settings.watch;
        reloader.apply(configuration).map_err(StartError::Reload)?;
        let standings = standings(&history).await;
        let standards = reloader.standards.subscribe();
        let (rechecks, wishes) = mpsc::channel(RECHECKS_MAX);
        let (reports, reported) = mpsc::channel(REPORTS_MAX);
        let judge = {
            let bench = Bench {
                ledger: Arc::clone(&ledger),
                history: Arc::clone(&history),
                metrics: Arc::clone(&metrics),
                clock: Arc::clone(&options.clock),
                moments: Arc::clone(&options.moments),
                rechecks,
            };
            let current = Arc::clone(&standards.borrow());
            let before = Before { open: restorable(&ledger, &options.clock).await?, last_good: last_good(&standings) };
            Judge::resume(current, before, bench).await
        };
        let own_troubles: HashSet<String> = judge.own_troubles().map(str::to_owned).collect();
        let troubled: HashSet<String> = judge.troubled().map(str::to_owned).collect();
        scheduler.hasten(|name| troubled.contains(name));
        seed(&board, standings);
        // From here on nothing fails but a thread.
        let (starts, mut background) = match options.drive {
            Drive::Thread => {
                let thread = scheduler.thread(Arc::new(spawner.clone())).map_err(StartError::Thread)?;
                (Some(thread), Vec::new())
            }
            Drive::Runtime => {
                let (scheduler, spawner) = (Arc::clone(&scheduler), spawner.clone());
                (None, vec![tokio::spawn(async move { scheduler.drive(&spawner).await })])
            }
        };
        let pipeline = Pipeline {
            metrics: Arc::clone(&metrics),
            board: Arc::clone(&board),
            history: Arc::clone(&history),
            judge,
            clock: Arc::clone(&options.clock),
        };
        let (own_in, own_out) = mpsc::channel(OWN_MAX);
        let office = Office {
            outbox: Arc::clone(&ledger) as Arc<dyn Outbox>,
            clock: Arc::clone(&options.clock),
            moments: Arc::clone(&options.moments),
            reports,
        };
        let clerk =
            Clerk::new(Arc::clone(&metrics), Arc::clone(&options.clock), own_in.clone(), own_troubles.iter().cloned());
        background.push(tokio::spawn(office.keep(reloader.standards.subscribe(), stop.clone())));
        background.push(tokio::spawn(clerk.read(reported, reloader.standards.subscribe(), stop.clone())));
        let pipeline = tokio::spawn(pipeline.consume(ended_out, own_out, standards));
        background.push(tokio::spawn({
            let (scheduler, spawner, clock) = (Arc::clone(&scheduler), spawner.clone(), Arc::clone(&options.clock));
            let stop = stop.clone();
            async move {
                let look = |name: &str| scheduler.recheck(name, &spawner);
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = judge::look_again(wishes, clock, look) => {}
                }
            }
        }));
        background.push(tokio::spawn(keep_vigil(vigil, options.clocks, stop.clone())));
        background.push(tokio::spawn(watch_store(
            Arc::clone(&history),
            Arc::clone(&ledger),
            Arc::clone(&metrics),
            Arc::clone(&options.clock),
            StoreTrouble::new(own_in, &own_troubles, set_aside),
            stop.clone(),
        )));
        if let Some(every) = watch {
            background.push(tokio::spawn(watch_files(Arc::clone(&reloader), every, stop.clone())));
        }
        let site = Arc::new(Site {
            metrics,
            board,
            runs: Arc::new(Kept(Arc::clone(&history))),
            incidents: Arc::new(Known(ledger.reader())),
            commands: Arc::clone(&reloader) as Arc<dyn crate::model::commands::Commands>,
            readiness,
            status: status_of(&reloader, &options.clock, &spawner.0.vantage),
            clock: Arc::clone(&options.clock),
            annex: options.annex,
        });
        background.push(tokio::spawn(crate::web::serve(listener, site, access, stop.clone())));
        tracing::info!(address = %bound, "listening");
        Ok(Self {
            address: bound,
            reloader,
            scheduler,
            spawner,
            history,
            ledger,
            stop_runs,
            stop,
            starts,
            pipeline,
            background,
        })
    }
}

fn metrics(settings: &DaemonSettings) -> prometheus::Result<Arc<Metrics>> {
    let target = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    let build = Build {
        version: env!("CARGO_PKG_VERSION"),
        revision: option_env!("FORERUNNER_REVISION").unwrap_or("unknown"),
        branch: option_env!("FORERUNNER_BRANCH").unwrap_or("unknown"),
        rustversion: env!("CARGO_PKG_RUST_VERSION"),
        target: &target,
    };
    let wanted = Settings {
        series_max: settings.series_max,
        step_histograms: settings.step_histograms,
        channels: Channels { kinds: &[Email::KIND], reasons: Email::REASONS },
        ..Settings::default()
    };
    Metrics::new(wanted, build, settings.external_url.as_deref()).map(Arc::new)
}

async fn keep_vigil(vigil: Arc<Vigil>, clocks: Arc<dyn Clocks>, stop: CancellationToken) {
    let tell = |disturbance| tracing::warn!(%disturbance, "this machine was not fit to measure: runs of that time are indeterminate");
    vigil.watch(&*clocks, &tell, &stop).await;
}

async fn watch_files(reloader: Arc<Reloader>, every: Duration, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(every) => {}
        }
        if reloader.changed().await {
            // The answer is in the log and in the metrics.
            let _ = reloader.reload().await;
        }
    }
}

fn status_of(reloader: &Arc<Reloader>, clock: &Arc<dyn Clock>, vantage: &str) -> Arc<dyn Fn() -> Status + Send + Sync> {
    let (reloader, vantage) = (Arc::clone(reloader), vantage.to_owned());
    let (clock, started_at) = (Arc::clone(clock), clock.now());
    Arc::new(move || {
        let totals = reloader.scheduler.totals();
        let history = reloader.history.status();
        let up = clock.now().unix_nanos() - started_at.unix_nanos();
        let in_flight = u64::try_from(reloader.scheduler.in_flight()).unwrap_or(u64::MAX);
        let mut store = vec![
            ("size", format!("{:.1} MiB", history.bytes as f64 / f64::from(1 << 20))),
            ("runs written", history.written.to_string()),
            ("runs lost", history.dropped.to_string()),
            ("runs waiting", history.queued.to_string()),
        ];
        store.extend(history.oldest.map(|oldest| ("oldest run", oldest.rfc3339_seconds())));
        store.extend(history.trouble.map(|trouble| ("trouble", trouble)));
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            vantage: vantage.clone(),
            uptime: Duration::from_nanos(u64::try_from(up).unwrap_or_default()),
            config_file: reloader.path.display().to_string(),
            last_reload: reloader.last(),
            counts: vec![
                ("runs planned", totals.planned),
                ("runs in progress", in_flight),
                ("passed", totals.finished(Outcome::Passed)),
                ("degraded", totals.finished(Outcome::Degraded)),
                ("failed", totals.finished(Outcome::Failed)),
                ("indeterminate", totals.finished(Outcome::Indeterminate)),
                ("skipped", totals.skipped_all()),
            ],
            store,
        }
    })
}
