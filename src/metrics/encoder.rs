//! Writes families of samples as text 0.0.4 or `OpenMetrics` 1.0.0, in chunks. It knows the formats and no metric.

use std::io;

use super::catalogue::{Kind, Metric, unit_of};
use super::histogram::{Bounds, Exemplar, Histogram};
use super::number;
use super::scrape::Format;

/// Bytes handed on at once: large enough to make the calls cheap, small enough to keep a scrape's memory flat.
pub const CHUNK_BYTES: usize = 64 * 1024;

/// Takes finished chunks; its first error ends the scrape.
pub type Sink<'a> = dyn FnMut(&[u8]) -> io::Result<()> + 'a;

pub struct Encoder<'a> {
    format: Format,
    sink: &'a mut Sink<'a>,
    buffer: Vec<u8>,
    name: String,
    /// Lines of HELP, TYPE and UNIT, until the first sample of the family is written.
    header: Vec<u8>,
}

impl<'a> Encoder<'a> {
    pub fn new(format: Format, sink: &'a mut Sink<'a>) -> Self {
        // A family of one run entry may overshoot the chunk by some kilobytes.
        let buffer = Vec::with_capacity(CHUNK_BYTES + CHUNK_BYTES / 4);
        Self { format, sink, buffer, name: String::new(), header: Vec::new() }
    }

    /// The samples that follow belong to this metric.
    pub fn metric(&mut self, metric: &Metric) {
        self.family(metric.name, metric.kind, metric.help);
    }

    /// The samples that follow belong to this family; one without samples leaves no trace.
    pub fn family(&mut self, name: &str, kind: Kind, help: &str) {
        name.clone_into(&mut self.name);
        let (family, word) = match (self.format, kind) {
            (Format::Text, Kind::Info) => (name, Kind::Gauge.word()),
            (Format::OpenMetrics, Kind::Counter) => (name.strip_suffix("_total").unwrap_or(name), kind.word()),
            (Format::OpenMetrics, Kind::Info) => (name.strip_suffix("_info").unwrap_or(name), kind.word()),
            _ => (name, kind.word()),
        };
        let mut escaped = help.replace('\\', "\\\\").replace('\n', "\\n");
        let mut unit = String::new();
        if self.format == Format::OpenMetrics {
            escaped = escaped.replace('"', "\\\"");
            unit = unit_of(name).map(|unit| format!("# UNIT {family} {unit}\n")).unwrap_or_default();
        }
        self.header = format!("# HELP {family} {escaped}\n# TYPE {family} {word}\n{unit}").into_bytes();
    }

    /// `labels` and `more` are rendered; `more` begins with a comma.
    pub fn integer(&mut self, labels: &str, more: &str, value: u64) {
        self.start("", &[labels, more]);
        number::integer(&mut self.buffer, value);
        self.buffer.push(b'\n');
    }

    pub fn float(&mut self, labels: &str, more: &str, value: f64) {
        self.start("", &[labels, more]);
        number::float(&mut self.buffer, value);
        self.buffer.push(b'\n');
    }

    pub fn seconds(&mut self, labels: &str, more: &str, nanos: u64) {
        self.start("", &[labels, more]);
        number::seconds(&mut self.buffer, nanos);
        self.buffer.push(b'\n');
    }

    pub fn timestamp(&mut self, labels: &str, more: &str, unix_millis: i64) {
        self.start("", &[labels, more]);
        number::timestamp(&mut self.buffer, unix_millis);
        self.buffer.push(b'\n');
    }

    pub fn histogram(&mut self, labels: &str, more: &str, bounds: &Bounds, histogram: &Histogram) {
        let mut count = 0;
        for (le, cumulative, exemplar) in histogram.buckets(bounds) {
            self.bucket(labels, more, le, cumulative, exemplar);
            count = cumulative;
        }
        self.start("_sum", &[labels, more]);
        number::seconds(&mut self.buffer, histogram.sum_nanos());
        self.buffer.push(b'\n');
        self.count(labels, more, count);
    }

    /// One bucket of a histogram; `le` is rendered and begins with a comma.
    pub fn bucket(&mut self, labels: &str, more: &str, le: &str, cumulative: u64, exemplar: Option<&Exemplar>) {
        self.start("_bucket", &[labels, more, le]);
        number::integer(&mut self.buffer, cumulative);
        if let (Format::OpenMetrics, Some(exemplar)) = (self.format, exemplar) {
            self.buffer.extend_from_slice(b" # {");
            self.buffer.extend_from_slice(exemplar.labels.as_bytes());
            self.buffer.extend_from_slice(b"} ");
            number::seconds(&mut self.buffer, exemplar.value_nanos);
            self.buffer.push(b' ');
            number::timestamp(&mut self.buffer, exemplar.unix_millis);
        }
        self.buffer.push(b'\n');
    }

    pub fn sum(&mut self, labels: &str, sum: f64) {
        self.start("_sum", &[labels]);
        number::float(&mut self.buffer, sum);
        self.buffer.push(b'\n');
    }

    pub fn count(&mut self, labels: &str, more: &str, count: u64) {
        self.start("_count", &[labels, more]);
        number::integer(&mut self.buffer, count);
        self.buffer.push(b'\n');
    }

    /// Hands a full chunk on. Called where no lock is held, because the sink may wait for the network.
    pub fn flush_if_full(&mut self) -> io::Result<()> {
        if self.buffer.len() >= CHUNK_BYTES { self.flush() } else { Ok(()) }
    }

    /// Ends the exposition and hands the rest on.
    pub fn finish(mut self) -> io::Result<()> {
        if self.format == Format::OpenMetrics {
            self.buffer.extend_from_slice(b"# EOF\n");
        }
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = if self.buffer.is_empty() { Ok(()) } else { (self.sink)(&self.buffer) };
        self.buffer.clear();
        flushed
    }

    /// Name, labels and the space before the value.
    fn start(&mut self, suffix: &str, labels: &[&str]) {
        self.buffer.append(&mut self.header);
        self.buffer.extend_from_slice(self.name.as_bytes());
        self.buffer.extend_from_slice(suffix.as_bytes());
        let mut open = false;
        for part in labels.iter().filter(|part| !part.is_empty()) {
            let part = if open { part } else { part.strip_prefix(',').unwrap_or(part) };
            if !open {
                self.buffer.push(b'{');
                open = true;
            }
            self.buffer.extend_from_slice(part.as_bytes());
        }
        self.buffer.extend_from_slice(if open { b"} " } else { b" " });
    }
}
