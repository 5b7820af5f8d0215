//! Classic histograms of durations: exact integer bounds and sums, and the run behind each bucket as exemplar.

use std::time::Duration;

use super::number;

/// Upper bounds, ascending, each with its rendered `le` label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bounds(Vec<Bound>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    nanos: u64,
    /// `,le="0.25"`.
    pub le: String,
}

/// Counts per bucket, not cumulative; the last is the rest above all bounds.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Box<[u64]>,
    sum_nanos: u64,
    /// Empty until the first exemplar.
    exemplars: Vec<Option<Box<Exemplar>>>,
}

/// The last run that fell into a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exemplar {
    /// Rendered and escaped, without braces.
    pub labels: Box<str>,
    pub value_nanos: u64,
    /// End of the run.
    pub unix_millis: i64,
}

/// `OpenMetrics` 1.0, "Exemplars": names and values together.
pub const EXEMPLAR_CHARACTERS_MAX: usize = 128;

impl Bounds {
    /// Sorted and without doubles.
    #[must_use]
    pub fn new(bounds: impl IntoIterator<Item = Duration>) -> Self {
        let mut nanos: Vec<u64> = bounds.into_iter().map(nanos).collect();
        nanos.sort_unstable();
        nanos.dedup();
        Self(nanos.into_iter().map(Bound::new).collect())
    }

    /// These bounds and some more.
    #[must_use]
    pub fn with(&self, more: Vec<Duration>) -> Self {
        let own = self.0.iter().map(|bound| Duration::from_nanos(bound.nanos));
        Self::new(own.chain(more))
    }

    /// The label of a bound in seconds: `,le="1.0"`. `OpenMetrics` wants a float here, and Prometheus keeps what it reads,
    /// so both formats spell it so.
    #[must_use]
    pub fn le(seconds: f64) -> String {
        format!(",le=\"{seconds:?}\"")
    }

    /// Buckets, `+Inf` included.
    #[must_use]
    pub fn buckets(&self) -> usize {
        self.0.len() + 1
    }
}

impl Bound {
    fn new(nanos: u64) -> Self {
        let mut text = Vec::new();
        number::seconds(&mut text, nanos);
        let seconds = String::from_utf8_lossy(&text);
        let point = if seconds.contains('.') { "" } else { ".0" };
        Self { nanos, le: format!(",le=\"{seconds}{point}\"") }
    }
}

impl Histogram {
    #[must_use]
    pub fn new(bounds: &Bounds) -> Self {
        Self { counts: vec![0; bounds.buckets()].into(), sum_nanos: 0, exemplars: Vec::new() }
    }

    pub fn observe(&mut self, bounds: &Bounds, duration: Duration, exemplar: Option<Exemplar>) {
        let nanos = nanos(duration);
        let bucket = bounds.0.partition_point(|bound| bound.nanos < nanos);
        self.counts[bucket] += 1;
        self.sum_nanos = self.sum_nanos.saturating_add(nanos);
        if let Some(exemplar) = exemplar {
            self.exemplars.resize(self.counts.len(), None);
            self.exemplars[bucket] = Some(Box::new(exemplar));
        }
    }

    #[must_use]
    pub fn sum_nanos(&self) -> u64 {
        self.sum_nanos
    }

    /// Rendered bound, cumulative count and exemplar of each bucket, ending with `+Inf`.
    pub fn buckets<'a>(&'a self, bounds: &'a Bounds) -> impl Iterator<Item = (&'a str, u64, Option<&'a Exemplar>)> {
        let bounds = bounds.0.iter().map(|bound| bound.le.as_str()).chain(std::iter::once(",le=\"+Inf\""));
        let mut below = 0;
        self.counts.iter().zip(bounds).enumerate().map(move |(bucket, (count, le))| {
            below += count;
            (le, below, self.exemplars.get(bucket).and_then(Option::as_deref))
        })
    }
}

impl Exemplar {
    /// None if the ids are longer than an exemplar may be.
    #[must_use]
    pub fn new(run_id: &str, trace_id: &str, duration: Duration, unix_millis: i64) -> Option<Self> {
        let names = "run_id".len() + "trace_id".len();
        if names + run_id.chars().count() + trace_id.chars().count() > EXEMPLAR_CHARACTERS_MAX {
            return None;
        }
        let mut labels = String::with_capacity(names + run_id.len() + trace_id.len() + 7);
        super::label::push(&mut labels, "run_id", run_id);
        super::label::push(&mut labels, "trace_id", trace_id);
        Some(Self { labels: labels.into(), value_nanos: nanos(duration), unix_millis })
    }
}

/// 584 years fit.
#[must_use]
pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(histogram: &Histogram, bounds: &Bounds) -> Vec<(String, u64)> {
        histogram.buckets(bounds).map(|(le, count, _)| (le.to_owned(), count)).collect()
    }

    #[test]
    fn a_value_on_a_bound_belongs_to_it() {
        let bounds = Bounds::new([1000, 250, 250].map(Duration::from_millis));
        let mut histogram = Histogram::new(&bounds);
        for millis in [250, 251, 1000, 1001] {
            histogram.observe(&bounds, Duration::from_millis(millis), None);
        }
        let expected = [(",le=\"0.25\"", 1), (",le=\"1.0\"", 3), (",le=\"+Inf\"", 4)];
        assert_eq!(counts(&histogram, &bounds), expected.map(|(le, count)| (le.to_owned(), count)));
        assert_eq!(histogram.sum_nanos(), 2_502_000_000);
    }

    #[test]
    fn ids_too_long_for_an_exemplar_give_none() {
        let long = "x".repeat(115);
        assert_eq!(Exemplar::new(&long, "", Duration::ZERO, 0), None);
        assert!(Exemplar::new(&long[1..], "", Duration::ZERO, 0).is_some());
    }
}
