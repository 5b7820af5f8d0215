//! What the daemon exposes: the series of run entries and steps, fed by runs, and those of the daemon itself. An own
//! store, because the one of the `prometheus` crate takes `checkout1`/`0` and `checkout`/`10` for one series.

pub mod alerts;
pub mod budget;
pub mod cap;
pub mod catalogue;
pub mod encoder;
mod exposition;
pub mod histogram;
mod label;
mod number;
pub mod own;
mod process;
pub mod scrape;
pub mod series;
mod set;
mod slot;
mod state;
#[cfg(test)]
mod tests;

use std::io;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::base::time::Timestamp;
use crate::model::run::Run;
use crate::model::skip::SkipReason;
use budget::Budget;
use cap::{CapExceeded, SeriesCount};
use catalogue::Group;
use encoder::{Encoder, Sink};
use exposition::Exposition;
use histogram::Bounds;
use own::{Build, Channels, Own};
use scrape::{ScrapeRequest, Shard};
use series::JourneySeries;
use set::Set;

/// Everything `/metrics` shows. Shared: runs are observed by one task while scrapes read in threads of their own.
pub struct Metrics {
    /// The daemon's own metrics.
    pub own: Own,
    step_histograms: StepHistograms,
    run_bounds: Arc<Bounds>,
    step_bounds: Arc<Bounds>,
    budget: Budget,
    set: RwLock<Arc<Set>>,
    /// Held by a reload from beginning to end.
    reload: Mutex<()>,
}

/// `metrics:` of the configuration, and the bucket bounds.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Most series of journeys and steps.
    pub series_max: u64,
    pub step_histograms: StepHistograms,
    pub run_bounds: Vec<Duration>,
    pub step_bounds: Vec<Duration>,
    /// Channels of messages that can exist.
    pub channels: Channels,
}

/// What the slots of one set have in common.
struct Layout {
    run_bounds: Arc<Bounds>,
    step_bounds: Arc<Bounds>,
    step_histograms: bool,
}

/// Whether each step has a histogram of its durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepHistograms {
    /// Off where the set would make more than [`STEP_HISTOGRAMS_AUTO_SERIES_MAX`] series with them.
    Auto,
    On,
    Off,
}

/// About what one Prometheus takes from one target every 30 s without being noticed: 15 MB of text.
pub const STEP_HISTOGRAMS_AUTO_SERIES_MAX: u64 = 100_000;

/// What is known about a run that the run itself does not carry.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    /// The objectives for which this run, or a step in it, is an event. Those without an event are not in it.
    pub objectives: &'a [ObjectiveEvent<'a>],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectiveEvent<'a> {
    /// Name of the objective.
    pub objective: &'a str,
    pub good: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let millis = |bounds: &[u64]| bounds.iter().copied().map(Duration::from_millis).collect();
        Self {
            series_max: 1_000_000,
            step_histograms: StepHistograms::Auto,
            run_bounds: millis(&[100, 250, 500, 750, 1_000, 1_500, 2_000, 3_000, 5_000, 10_000, 30_000]),
            step_bounds: millis(&[25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000]),
            channels: Channels::default(),
        }
    }
}

impl Metrics {
    /// # Errors
    /// Only if the table of metrics contradicts itself, which the tests exclude.
    pub fn new(settings: Settings, build: Build<'_>, external_url: Option<&str>) -> prometheus::Result<Self> {
        let own = Own::new(build, external_url, settings.series_max, settings.channels)?;
        let budget = Budget::new(settings.series_max, own.series_dropped.clone());
        Ok(Self {
            own,
            step_histograms: settings.step_histograms,
            run_bounds: Arc::new(Bounds::new(settings.run_bounds)),
            step_bounds: Arc::new(Bounds::new(settings.step_bounds)),
            budget,
            set: RwLock::default(),
            reload: Mutex::default(),
        })
    }

    /// Makes `definitions` the set of run entries. Unchanged ones keep everything; changed ones keep what their run
    /// name counted as far as it still means the same; new ones start at 0; removed ones are gone from the next
    /// scrape on.
    ///
    /// # Errors
    /// The set needs more series than allowed; then everything stays as it was.
    pub fn replace(&self, definitions: &[JourneySeries], now: Timestamp) -> Result<(), CapExceeded> {
        let _one_at_a_time = self.reload.lock().unwrap_or_else(PoisonError::into_inner);
        let (layout, count) = self.sized(definitions)?;
        let old = self.set();
        // The long part happens beside the running pipeline; the short one keeps it waiting.
        let mut new = Set::build(definitions, &old, &layout);
        let mut current = self.set.write().unwrap_or_else(PoisonError::into_inner);
        new.inherit(&old, now);
        self.budget.set_used(count.total().saturating_add(new.lazy_series()));
        *current = Arc::new(new);
        Ok(())
    }

    /// How many series a definition set needs, without using it: what a check of the configuration asks.
    pub fn count(&self, definitions: &[JourneySeries]) -> Result<SeriesCount, CapExceeded> {
        self.sized(definitions).map(|(_, count)| count)
    }

    /// A run of this entry came due, whether it is then started or skipped.
    pub fn planned(&self, run_name: &str) {
        if let Some(slot) = self.current().get(run_name) {
            slot.numbers().planned += 1;
        }
    }

    /// A run that came due was not started.
    pub fn skipped(&self, run_name: &str, reason: SkipReason) {
        if let Some(slot) = self.current().get(run_name) {
            slot.numbers().skipped[reason as usize] += 1;
        }
    }

    /// A run that failed was not confirmed by its re-check. The failure counts all the same.
    pub fn spurious(&self, run_name: &str) {
        if let Some(slot) = self.current().get(run_name) {
            slot.numbers().spurious += 1;
        }
    }

    /// A run has ended. Runs of entries that are no longer in the set leave no trace.
    pub fn observe(&self, run: &Run, facts: &Facts<'_>) {
        if let Some(slot) = self.current().get(&run.name) {
            slot.observe(run, facts, &self.budget);
        }
    }

    /// Writes what `request` asks for, chunk by chunk. Blocks as long as `sink` does, holding no lock meanwhile.
    ///
    /// # Errors
    /// Those of `sink`; the first ends the scrape.
    pub fn write(&self, request: &ScrapeRequest, sink: &mut Sink<'_>) -> io::Result<()> {
        if !request.gzip {
            return self.encode(request, sink);
        }
        // The lowest level halves the time of the default and costs a few percent of size on such text.
        let mut gzip = GzEncoder::new(SinkWriter { sink, failed: false }, Compression::fast());
        self.encode(request, &mut |chunk| gzip.write_all(chunk))?;
        gzip.finish().map(drop)
    }

    fn encode(&self, request: &ScrapeRequest, sink: &mut Sink<'_>) -> io::Result<()> {
        let mut out = Encoder::new(request.format, sink);
        let set = self.set();
        let exposition = Exposition { set: &set, shard: request.shard };
        if request.collect.includes(Group::Journeys) {
            exposition.journeys(&mut out)?;
        }
        if request.collect.includes(Group::Steps) {
            exposition.steps(&mut out)?;
        }
        if request.collect.includes(Group::Own) && request.shard.is_none_or(Shard::is_first) {
            self.own.series.set(i64::try_from(self.budget.used()).unwrap_or(i64::MAX));
            self.own.write(&mut out)?;
            process::write(&mut out);
        }
        out.finish()
    }

    /// How a definition set is laid out, and the number of series it then needs.
    fn sized(&self, definitions: &[JourneySeries]) -> Result<(Layout, SeriesCount), CapExceeded> {
        let count = |histograms| SeriesCount::of(definitions, &self.run_bounds, &self.step_bounds, histograms);
        let with = count(true);
        let step_histograms = match self.step_histograms {
            StepHistograms::On => true,
            StepHistograms::Off => false,
            StepHistograms::Auto => with.total() <= STEP_HISTOGRAMS_AUTO_SERIES_MAX,
        };
        let count = if step_histograms { with } else { count(false) };
        let limit = self.budget.limit();
        if count.total() > limit {
            return Err(CapExceeded { count, limit });
        }
        let (run_bounds, step_bounds) = (Arc::clone(&self.run_bounds), Arc::clone(&self.step_bounds));
        Ok((Layout { run_bounds, step_bounds, step_histograms }, count))
    }

    /// The set in force, kept in force until the guard is gone: a reload waits for whoever is counting.
    fn current(&self) -> RwLockReadGuard<'_, Arc<Set>> {
        self.set.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self) -> Arc<Set> {
        Arc::clone(&self.current())
    }
}

/// The sink as a writer. After an error it is left alone, although the compressor tries to finish when it is dropped.
struct SinkWriter<'a, 'b> {
    sink: &'a mut Sink<'b>,
    failed: bool,
}

impl io::Write for SinkWriter<'_, '_> {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        if self.failed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let taken = (self.sink)(chunk);
        self.failed = taken.is_err();
        taken.map(|()| chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
