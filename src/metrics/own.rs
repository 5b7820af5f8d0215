//! The daemon's own metrics, in a registry of the `prometheus` crate. Labels are constant per handle: the crate's
//! vectors hash label values without a separator and can take two series for one.

use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus::core::Collector;
use prometheus::proto::{LabelPair, MetricFamily};
use prometheus::{Gauge, Histogram, HistogramOpts, IntCounter, IntGauge, Opts, Registry};

use super::alerts::Alerts;
use super::catalogue::{self as metric, Kind, Metric};
use super::encoder::Encoder;
use super::histogram::Bounds;
use super::label;
use crate::base::time::Timestamp;

/// Handles are cheap to clone and to use from any thread.
pub struct Own {
    registry: Registry,
    pub alerts: Alerts,
    pub runs_in_flight: IntGauge,
    pub runs_in_flight_limit: IntGauge,
    pub store_bytes: IntGauge,
    pub store_dropped_runs: IntCounter,
    pub store_evicted_runs: IntCounter,
    pub store_write_failures: IntCounter,
    scheduler_lag: Histogram,
    journeys: [IntGauge; JourneyState::ALL.len()],
    log_messages: [IntCounter; LogLevel::ALL.len()],
    reload_successful: IntGauge,
    reload_time: Gauge,
    config_hash: IntGauge,
    pub(super) series: IntGauge,
    pub(super) series_dropped: IntCounter,
    queues: Mutex<HashMap<&'static str, IntCounter>>,
    requests: Mutex<HashMap<(&'static str, u16), IntCounter>>,
    request_durations: Mutex<HashMap<&'static str, Histogram>>,
}

/// The channels that can exist, for series that are there before the first message.
#[derive(Clone, Copy, Debug, Default)]
pub struct Channels {
    pub kinds: &'static [&'static str],
    /// Why sending can fail.
    pub reasons: &'static [&'static str],
}

/// What the build knows of itself.
#[derive(Clone, Copy, Debug)]
pub struct Build<'a> {
    pub version: &'a str,
    pub revision: &'a str,
    pub branch: &'a str,
    pub rustversion: &'a str,
    pub target: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JourneyState {
    Active,
    Paused,
    /// Its file, or its binding, has errors.
    Invalid,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl JourneyState {
    pub const ALL: [Self; 3] = [Self::Active, Self::Paused, Self::Invalid];

    fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Invalid => "invalid",
        }
    }
}

impl LogLevel {
    pub const ALL: [Self; 5] = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// Start lateness is promised in milliseconds and goes wrong in seconds.
const LAG_BOUNDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];
const REQUEST_BOUNDS: [f64; 8] = [0.001, 0.005, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0];

impl Own {
    pub(super) fn new(
        build: Build<'_>,
        external_url: Option<&str>,
        series_limit: u64,
        channels: Channels,
    ) -> prometheus::Result<Self> {
        let registry = Registry::new();
        let gauge =
            |metric: &Metric, labels: &[(&str, &str)]| register(&registry, IntGauge::with_opts(opts(metric, labels))?);
        let counter = |metric: &Metric, labels: &[(&str, &str)]| {
            register(&registry, IntCounter::with_opts(opts(metric, labels))?)
        };
        let Build { version, revision, branch, rustversion, target } = build;
        let labels = [
            ("version", version),
            ("revision", revision),
            ("branch", branch),
            ("rustversion", rustversion),
            ("target", target),
        ];
        gauge(&metric::BUILD_INFO, &labels)?.set(1);
        if let Some(url) = external_url {
            gauge(&metric::INSTANCE_INFO, &[("external_url", url)])?.set(1);
        }
        gauge(&metric::METRIC_SERIES_LIMIT, &[])?.set(i64::try_from(series_limit).unwrap_or(i64::MAX));
        let state = |state: JourneyState| gauge(&metric::JOURNEYS, &[("state", state.word())]);
        let level = |level: LogLevel| counter(&metric::LOG_MESSAGES, &[("level", level.word())]);
        let [active, paused, invalid] = JourneyState::ALL.map(state);
        let [error, warn, info, debug, trace] = LogLevel::ALL.map(level);
        let scheduler_lag = register(&registry, histogram(&metric::SCHEDULER_LAG, &[], &LAG_BOUNDS)?)?;
        let reload_time = register(&registry, Gauge::with_opts(opts(&metric::CONFIG_RELOAD_TIME, &[]))?)?;
        Ok(Self {
            runs_in_flight: gauge(&metric::RUNS_IN_FLIGHT, &[])?,
            runs_in_flight_limit: gauge(&metric::RUNS_IN_FLIGHT_LIMIT, &[])?,
            store_bytes: gauge(&metric::STORE_SIZE, &[])?,
            store_dropped_runs: counter(&metric::STORE_DROPPED, &[])?,
            store_evicted_runs: counter(&metric::STORE_EVICTED, &[])?,
            store_write_failures: counter(&metric::STORE_WRITE_FAILURES, &[])?,
            scheduler_lag,
            journeys: [active?, paused?, invalid?],
            log_messages: [error?, warn?, info?, debug?, trace?],
            reload_successful: gauge(&metric::CONFIG_RELOAD_SUCCESSFUL, &[])?,
            reload_time,
            config_hash: gauge(&metric::CONFIG_HASH, &[])?,
            series: gauge(&metric::METRIC_SERIES, &[])?,
            series_dropped: counter(&metric::METRIC_SERIES_DROPPED, &[])?,
            queues: Mutex::default(),
            requests: Mutex::default(),
            request_durations: Mutex::default(),
            alerts: Alerts::new(&registry, channels.kinds, channels.reasons)?,
            registry,
        })
    }

    /// Start minus planned start.
    pub fn scheduler_lag(&self, lag: Duration) {
        self.scheduler_lag.observe(lag.as_secs_f64());
    }

    pub fn set_journeys(&self, state: JourneyState, count: usize) {
        self.journeys[state as usize].set(i64::try_from(count).unwrap_or(i64::MAX));
    }

    pub fn log_message(&self, level: LogLevel) {
        self.log_messages[level as usize].inc();
    }

    /// The configuration was loaded and is in force. `hash` tells configurations apart; only 48 bits of it are shown,
    /// which a floating-point number holds exactly.
    pub fn config_loaded(&self, hash: u64, now: Timestamp) {
        self.reload_successful.set(1);
        self.reload_time.set(now.unix_millis() as f64 / 1e3);
        self.config_hash.set(i64::try_from(hash >> 16).unwrap_or_default());
    }

    /// The configuration on disk could not be loaded; the one before stays.
    pub fn config_refused(&self) {
        self.reload_successful.set(0);
    }

    /// The counter of items that found this queue full; asking for it at start makes it begin at 0.
    pub fn queue_full(&self, queue: &'static str) -> IntCounter {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || self.counter(&metric::QUEUE_FULL, &[("queue", queue)]);
        queues.entry(queue).or_insert_with(new).clone()
    }

    /// A request was answered. `handler` is a route as written in the program, never a path that was asked for.
    pub fn http_request(&self, handler: &'static str, code: u16, elapsed: Duration) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || self.counter(&metric::HTTP_REQUESTS, &[("handler", handler), ("code", &code.to_string())]);
        requests.entry((handler, code)).or_insert_with(new).inc();
        drop(requests);
        let mut durations = self.request_durations.lock().unwrap_or_else(PoisonError::into_inner);
        if !durations.contains_key(handler) {
            let new = histogram(&metric::HTTP_REQUEST_DURATION, &[("handler", handler)], &REQUEST_BOUNDS)
                .and_then(|histogram| register(&self.registry, histogram));
            if let Ok(histogram) = new {
                durations.insert(handler, histogram);
            }
        }
        if let Some(histogram) = durations.get(handler) {
            histogram.observe(elapsed.as_secs_f64());
        }
    }

    /// Everything registered, in the order of the catalogue.
    pub(super) fn write(&self, out: &mut Encoder<'_>) -> io::Result<()> {
        let families = self.registry.gather();
        for metric in metric::ALL {
            if let Some(family) = families.iter().find(|family| family.name() == metric.name) {
                out.metric(metric);
                write_family(out, metric.kind, family);
                out.flush_if_full()?;
            }
        }
        Ok(())
    }

    /// A counter of a closed list, made when it is first needed. Should the registry refuse it, what it
    /// counts shows as dropped updates.
    fn counter(&self, metric: &Metric, labels: &[(&str, &str)]) -> IntCounter {
        let counter = IntCounter::with_opts(opts(metric, labels));
        let registered = counter.and_then(|counter| register(&self.registry, counter));
        registered.unwrap_or_else(|_| self.series_dropped.clone())
    }
}

/// The samples of a gathered family.
pub(super) fn write_family(out: &mut Encoder<'_>, kind: Kind, family: &MetricFamily) {
    for sample in family.get_metric() {
        let labels = rendered(sample.get_label());
        match kind {
            Kind::Counter => out.float(&labels, "", sample.get_counter().get_value()),
            Kind::Gauge | Kind::Info => out.float(&labels, "", sample.get_gauge().get_value()),
            Kind::Histogram => {
                let histogram = sample.get_histogram();
                for bucket in histogram.get_bucket().iter().filter(|bucket| bucket.upper_bound().is_finite()) {
                    let le = Bounds::le(bucket.upper_bound());
                    out.bucket(&labels, "", &le, bucket.cumulative_count(), None);
                }
                let count = histogram.get_sample_count();
                out.bucket(&labels, "", ",le=\"+Inf\"", count, None);
                out.sum(&labels, histogram.get_sample_sum());
                out.count(&labels, "", count);
            }
        }
    }
}

fn rendered(pairs: &[LabelPair]) -> String {
    let mut labels = String::new();
    for pair in pairs {
        label::push(&mut labels, pair.name(), pair.value());
    }
    labels
}

pub(super) fn opts(metric: &Metric, labels: &[(&str, &str)]) -> Opts {
    labels.iter().fold(Opts::new(metric.name, metric.help), |opts, (name, value)| opts.const_label(*name, *value))
}

pub(super) fn histogram(metric: &Metric, labels: &[(&str, &str)], bounds: &[f64]) -> prometheus::Result<Histogram> {
    Histogram::with_opts(HistogramOpts::from(opts(metric, labels)).buckets(bounds.to_vec()))
}

pub(super) fn register<M: Collector + Clone + 'static>(registry: &Registry, metric: M) -> prometheus::Result<M> {
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}
