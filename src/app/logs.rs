//! Logs: what happened, on standard error, as text or JSON, counted by level.

use std::sync::{Arc, OnceLock};

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::daemon::LogFormat;
use crate::metrics::Metrics;
use crate::metrics::own::LogLevel;

/// Counts messages once there are metrics to count in.
#[derive(Clone, Default)]
pub struct LogCounter(Arc<OnceLock<Arc<Metrics>>>);

impl LogCounter {
    /// From now on messages are counted here.
    pub fn count_in(&self, metrics: &Arc<Metrics>) {
        // A second daemon in one process counts in the first one's metrics: there is one log.
        let _ = self.0.set(Arc::clone(metrics));
    }
}

impl<S: Subscriber> Layer<S> for LogCounter {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let Some(metrics) = self.0.get() else { return };
        metrics.own.log_message(match *event.metadata().level() {
            Level::ERROR => LogLevel::Error,
            Level::WARN => LogLevel::Warn,
            Level::INFO => LogLevel::Info,
            Level::DEBUG => LogLevel::Debug,
            Level::TRACE => LogLevel::Trace,
        });
    }
}

/// Installs the log of the process. A second call changes nothing. `level` is `info`, or with modules
/// `info,forerunner::net=debug`; one that cannot be read counts as `info`.
pub fn install(level: &str, format: LogFormat, colours: bool) -> LogCounter {
    let counter = LogCounter::default();
    let targets: Targets = level.parse().unwrap_or_else(|_| Targets::new().with_default(Level::INFO));
    let lines = match format {
        LogFormat::Text => fmt::layer().with_writer(std::io::stderr).with_ansi(colours).with_target(false).boxed(),
        LogFormat::Json => fmt::layer().json().with_writer(std::io::stderr).flatten_event(true).boxed(),
    };
    // Somebody who embeds the daemon may have installed a log of their own: theirs stays.
    let _ = registry().with(lines.with_filter(targets.clone())).with(counter.clone().with_filter(targets)).try_init();
    counter
}
