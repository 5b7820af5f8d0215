//! The keys that concern the daemon as a whole: where it listens, what it keeps, what it logs, how much it may do at once.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::form::ConfigForm;
use crate::base::shape::{Reader, Schemas, Shape};
use crate::base::size::Size;
use crate::base::span::Spanned;
use crate::base::yaml::Node;
use crate::base::{shape, words};
use crate::journey::binding::rules;
use crate::metrics::StepHistograms;

shape! {
    /// Where history is kept, how much of it, and how long.
    pub struct StorageForm {
        /// A directory; default `data`, beside this file.
        path: optional Spanned<String>,
        /// Ceiling of the files together; default 4GiB.
        size: optional Spanned<Size>,
        /// How long runs that passed are kept; default 14d.
        runs: optional Spanned<Duration>,
        /// How long runs that did not pass are kept, with their evidence; default 90d.
        failures: optional Spanned<Duration>,
        /// How long hourly roll-ups are kept; default 90d.
        hourly: optional Spanned<Duration>,
        /// How long daily roll-ups are kept; default 1830d.
        daily: optional Spanned<Duration>,
    }
}

shape! {
    /// How much the daemon does at once.
    pub struct LimitsOfDaemon {
        /// Runs at the same time; default 256.
        runs_in_flight: optional Spanned<u32> as "runs-in-flight",
        /// Runs at the same time against one host, over all journeys; default 4.
        runs_per_host: optional Spanned<u32> as "runs-per-host",
        /// Longest time that a run may take, unless its entry or `defaults` allows another; default 10m.
        run_time: optional Spanned<Duration> as "run-time",
    }
}

shape! {
    /// What `/metrics` shows.
    pub struct MetricsForm {
        /// Histograms of each step: `on`, `off`, or `auto`, which is off above 100,000 series.
        step_histograms: optional Switch as "step-histograms",
        /// Most series of journeys and steps; default 1000000.
        series: optional Spanned<u64>,
    }
}

words! {
    /// On, off, or as it fits.
    pub enum Switch {
        /// As it fits.
        Auto = "auto",
        /// Always.
        On = "on",
        /// Never.
        Off = "off",
    }
}

shape! {
    /// What is logged, to standard error.
    pub struct LogForm {
        /// `error`, `warn`, `info` (default), `debug` or `trace`; per module as in `info,forerunner::net=debug`.
        level: optional Spanned<String>,
        /// `text` (default) or `json`.
        format: default(LogFormat::Text) LogFormat,
    }
}

words! {
    /// How a line of the log is written.
    pub enum LogFormat {
        /// For people.
        Text = "text",
        /// For machines.
        Json = "json",
    }
}

/// An address to listen at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen(pub SocketAddr);

impl Listen {
    /// `127.0.0.1:9797`, `[::1]:9797`, or `:9797` for all addresses.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix(':') {
            Some(port) => port.parse().ok().map(|port| Self(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port))),
            None => text.parse().ok().map(Self),
        }
    }
}

impl Shape for Listen {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let read = node.as_text().and_then(|text| Self::parse(&text.text));
        if read.is_none() {
            reader.wrong_kind(node, "an address with a port, such as `127.0.0.1:9797`, or `:9797` for all addresses");
        }
        read
    }

    fn schema(_: &mut Schemas) -> Json {
        json!({ "type": "string", "description": "Address and port" })
    }
}

/// Every value in force, defaults filled in.
#[derive(Clone, Debug, PartialEq)]
pub struct DaemonSettings {
    pub listen: SocketAddr,
    /// Without a slash at its end.
    pub external_url: Option<String>,
    pub web_config: Option<PathBuf>,
    pub storage: StorageSettings,
    pub runs_in_flight: u32,
    pub runs_per_host: u32,
    pub step_histograms: StepHistograms,
    pub series_max: u64,
    pub log_level: String,
    pub log_format: LogFormat,
    /// How often the files are looked at for changes; none: only when asked.
    pub watch: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageSettings {
    pub path: PathBuf,
    /// Bytes.
    pub size_max: u64,
    pub runs: Duration,
    pub failures: Duration,
    pub hourly: Duration,
    pub daily: Duration,
}

/// Where the daemon listens unless told otherwise: nobody but this machine can ask.
const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9797);
/// Files are compared by their content; more often would read them for nothing.
const WATCH_MIN: Duration = Duration::from_secs(1);

impl DaemonSettings {
    /// What the file says; relative paths start at `directory`. What cannot be used is reported.
    pub(super) fn of(form: &ConfigForm, directory: &Path, reader: &mut Reader) -> Self {
        let day = |days: u64| Duration::from_secs(days * 86_400);
        let storage = form.storage.as_ref();
        let kept = |pick: fn(&StorageForm) -> &Option<Spanned<Duration>>, usual: Duration| {
            storage.and_then(|storage| pick(storage).as_ref()).map_or(usual, |time| time.value)
        };
        let path = storage.and_then(|storage| storage.path.as_ref()).map_or("data", |path| path.value.as_str());
        let limits = form.limits.as_ref();
        let metrics = form.metrics.as_ref();
        let settings = Self {
            listen: form.listen.as_ref().map_or(LISTEN, |listen| listen.value.0),
            external_url: form.external_url.as_ref().map(|url| url.value.trim_end_matches('/').to_owned()),
            web_config: form.web_config.as_ref().map(|path| directory.join(&path.value)),
            storage: StorageSettings {
                path: directory.join(path),
                size_max: storage.and_then(|storage| storage.size.as_ref()).map_or(4 << 30, |size| size.value.0),
                runs: kept(|storage| &storage.runs, day(14)),
                failures: kept(|storage| &storage.failures, day(90)),
                hourly: kept(|storage| &storage.hourly, day(90)),
                daily: kept(|storage| &storage.daily, day(1830)),
            },
            runs_in_flight: limits.and_then(|limits| limits.runs_in_flight).map_or(256, |runs| runs.value),
            runs_per_host: limits.and_then(|limits| limits.runs_per_host).map_or(4, |runs| runs.value),
            step_histograms: match metrics.and_then(|metrics| metrics.step_histograms) {
                None | Some(Switch::Auto) => StepHistograms::Auto,
                Some(Switch::On) => StepHistograms::On,
                Some(Switch::Off) => StepHistograms::Off,
            },
            series_max: metrics.and_then(|metrics| metrics.series).map_or(1_000_000, |series| series.value),
            log_level: form
                .log
                .as_ref()
                .and_then(|log| log.level.as_ref())
                .map_or_else(|| "info".to_owned(), |level| level.value.clone()),
            log_format: form.log.as_ref().map_or(LogFormat::Text, |log| log.format),
            watch: form.watch.as_ref().map(|watch| watch.value),
        };
        report(form, reader);
        settings
    }
}

/// What stands in the file and cannot be used.
fn report(form: &ConfigForm, reader: &mut Reader) {
    if let Some(url) = &form.external_url
        && !url::Url::parse(&url.value)
            .is_ok_and(|parsed| matches!(parsed.scheme(), "http" | "https") && parsed.has_host())
    {
        let message = format!("`{}` is not the URL of a page", url.value);
        reader.report(&rules::BINDING, url.span, message).help =
            Some("write how people reach it, for example `https://forerunner.example.org`".to_owned());
    }
    if let Some(watch) = &form.watch
        && watch.value < WATCH_MIN
    {
        reader.report(&rules::BINDING, watch.span, "files are looked at once a second at the most").help =
            Some("write for example `watch: 30s`".to_owned());
    }
    let limits = form.limits.as_ref();
    for (key, limit) in [
        ("runs-in-flight", limits.and_then(|limits| limits.runs_in_flight)),
        ("runs-per-host", limits.and_then(|limits| limits.runs_per_host)),
    ] {
        if let Some(limit) = limit
            && limit.value == 0
        {
            reader.report(&rules::BINDING, limit.span, format!("with `{key}: 0` nothing could run"));
        }
    }
    if let Some(level) = form.log.as_ref().and_then(|log| log.level.as_ref())
        && level.value.parse::<tracing_subscriber::filter::Targets>().is_err()
    {
        let message = format!("`{}` is not a log level", level.value);
        reader.report(&rules::BINDING, level.span, message).help =
            Some("one of error, warn, info, debug, trace; per module as in `info,forerunner::net=debug`".to_owned());
    }
    if let Some(size) = form.storage.as_ref().and_then(|storage| storage.size.as_ref())
        && size.value.0 < 16 << 20
    {
        reader.report(&rules::BINDING, size.span, "history needs at least 16MiB");
    }
}
