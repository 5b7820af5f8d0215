//! Loads the configuration and puts it in force whole, or leaves everything as it was and says why. The start is a
//! reload from nothing.

use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{Hash as _, Hasher as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as AsyncMutex, watch};

use super::judge::standards::{Installation, Standards};
use super::runner::Spawner;
use super::scheduler::Scheduler;
use super::set::RunSet;
use crate::base::diagnostic::Diagnostic;
use crate::config::daemon::DaemonSettings;
use crate::config::{self, Configuration, ScheduledRun};
use crate::history::retention::Retention;
use crate::history::store::Store;
use crate::metrics::Metrics;
use crate::metrics::cap::CapExceeded;
use crate::metrics::own::JourneyState;
use crate::model::clock::Clock;
use crate::model::commands::{Commands, Reply};
use crate::schedule::admission::Ceilings;
use crate::web::board::{Board, BoardEntry};
use crate::web::readiness::Readiness;
use crate::web::status::Reload;

/// Why a configuration was not put in force.
#[derive(Debug)]
pub enum ReloadError {
    /// The problems of its files.
    Invalid(Vec<Diagnostic>),
    /// It makes more series than allowed.
    Series(CapExceeded),
    /// The thread that read it broke off.
    Reading,
}

impl fmt::Display for ReloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(problems) => {
                let errors: Vec<_> = problems.iter().filter(|problem| problem.is_error()).collect();
                write!(f, "{} problems", errors.len())?;
                for problem in errors {
                    write!(f, "\n{}:{}: {}", problem.source.name, problem.position(), problem.message)?;
                    if let Some(help) = &problem.help {
                        write!(f, " ({help})")?;
                    }
                }
                Ok(())
            }
            Self::Series(cap) => write!(f, "{cap}"),
            Self::Reading => f.write_str("reading the configuration was broken off"),
        }
    }
}

impl std::error::Error for ReloadError {}

/// What a reload changes.
pub struct Reloader {
    pub(super) path: PathBuf,
    pub(super) scheduler: Arc<Scheduler>,
    pub(super) spawner: Spawner,
    pub(super) metrics: Arc<Metrics>,
    pub(super) board: Arc<Board>,
    pub(super) history: Arc<Store>,
    pub(super) readiness: Arc<Readiness>,
    pub(super) clock: Arc<dyn Clock>,
    /// Told of what the judge must know.
    pub(super) standards: watch::Sender<Arc<Standards>>,
    /// Reloads one after the other.
    pub(super) one_at_a_time: AsyncMutex<()>,
    /// Of the configuration in force.
    pub(super) settings: Mutex<Option<DaemonSettings>>,
    pub(super) content: Mutex<u64>,
    /// What came of the last load.
    pub(super) last: Mutex<Option<Reload>>,
}

impl Reloader {
    #[must_use]
    pub fn readiness(&self) -> &Arc<Readiness> {
        &self.readiness
    }

    /// Reads the files and puts them in force.
    ///
    /// # Errors
    /// Something in them is wrong; everything stays as it was.
    pub async fn reload(&self) -> Result<String, ReloadError> {
        let _turn = self.one_at_a_time.lock().await;
        let path = self.path.clone();
        let read = tokio::task::spawn_blocking(move || (fingerprint(&path), config::load(&path))).await;
        let result = match read {
            Ok((content, configuration)) => {
                *self.content.lock().unwrap_or_else(PoisonError::into_inner) = content;
                self.apply(configuration)
            }
            Err(_) => Err(ReloadError::Reading),
        };
        let told = result.as_ref().map(Clone::clone).map_err(ToString::to_string);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Reload { at: self.clock.now(), result: told });
        match &result {
            Ok(summary) => tracing::info!(summary, "configuration loaded"),
            Err(error) => {
                self.metrics.own.config_refused();
                tracing::error!(%error, "configuration refused, the one before stays in force");
            }
        }
        result
    }

    /// What came of the last load.
    #[must_use]
    pub fn last(&self) -> Option<Reload> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the files have changed since they were last read.
    pub async fn changed(&self) -> bool {
        let path = self.path.clone();
        let now = tokio::task::spawn_blocking(move || fingerprint(&path)).await;
        now.is_ok_and(|now| now != *self.content.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn apply(&self, configuration: Configuration) -> Result<String, ReloadError> {
        let settings = match &configuration.settings {
            Some(settings) if !configuration.diagnostics.iter().any(Diagnostic::is_error) => settings.clone(),
            _ => return Err(ReloadError::Invalid(configuration.diagnostics)),
        };
        for problem in &configuration.diagnostics {
            tracing::warn!(file = problem.source.name, at = %problem.position(), rule = problem.rule.id, "{}", problem.message);
        }
        self.warn_of_what_needs_a_restart(&settings);
        let installation = Installation::of(&configuration, self.spawner.0.vantage.clone());
        let set = Arc::new(RunSet::new(configuration.runs));
        self.metrics.replace(&set.series(), self.clock.now()).map_err(ReloadError::Series)?;
        self.board.replace(set.iter().map(|run| board_entry(run)).collect());
        let ceilings = ceilings(&settings);
        self.metrics.own.runs_in_flight_limit.set(i64::from(settings.runs_in_flight));
        self.metrics.own.set_journeys(JourneyState::Active, set.len());
        self.standards.send_replace(Arc::new(Standards::new(&set, installation)));
        self.scheduler.replace(Arc::clone(&set), ceilings, &self.spawner);
        self.history.retain(retention(&settings));
        self.metrics.own.config_loaded(hash(&set), self.clock.now());
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = Some(settings);
        self.readiness.ready();
        Ok(format!("{} runs of {} journeys in {} files", set.len(), configuration.documents, configuration.files))
    }

    fn warn_of_what_needs_a_restart(&self, new: &DaemonSettings) {
        let settings = self.settings.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(old) = settings.as_ref() else { return };
        let changed = [
            ("listen", old.listen != new.listen),
            ("web-config", old.web_config != new.web_config),
            ("storage.path", old.storage.path != new.storage.path),
            ("metrics", old.series_max != new.series_max || old.step_histograms != new.step_histograms),
            ("log", old.log_level != new.log_level || old.log_format != new.log_format),
            ("external-url", old.external_url != new.external_url),
            ("watch", old.watch != new.watch),
        ];
        for (key, _) in changed.into_iter().filter(|(_, changed)| *changed) {
            tracing::warn!(key, "this key has changed; it takes effect at the next start");
        }
    }
}

impl Commands for Reloader {
    fn reload(&self) -> Reply<'_> {
        Box::pin(async move { Reloader::reload(self).await.map_err(|error| error.to_string()) })
    }
}

pub(super) fn ceilings(settings: &DaemonSettings) -> Ceilings {
    Ceilings { runs_in_flight: settings.runs_in_flight, runs_per_host: settings.runs_per_host }
}

pub(super) fn retention(settings: &DaemonSettings) -> Retention {
    let storage = &settings.storage;
    Retention {
        size: storage.size_max,
        runs: storage.runs,
        failures: storage.failures,
        hourly: storage.hourly,
        daily: storage.daily,
    }
}

fn board_entry(run: &ScheduledRun) -> BoardEntry {
    let journey = &run.journey;
    BoardEntry { name: journey.name.clone(), title: journey.title.clone(), owner: journey.owner.clone(), last: None }
}

/// Tells sets apart: what runs, how often, in which definition.
fn hash(set: &RunSet) -> u64 {
    let mut parts: Vec<_> = set
        .iter()
        .map(|run| {
            (run.journey.name.clone(), run.journey.digest.0.clone(), run.interval, format!("{:?}", run.journey.inputs))
        })
        .collect();
    parts.sort();
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

/// Of the bytes of all files that the configuration is made of; a file that cannot be read counts as empty.
fn fingerprint(path: &std::path::Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    for file in config::files(path) {
        file.hash(&mut hasher);
        std::fs::read(&file).unwrap_or_default().hash(&mut hasher);
    }
    hasher.finish()
}
