//! What the metrics know of the definitions: the source of every label value of a journey or step.

use std::time::Duration;

use crate::model::run::Digest;

/// One run entry of the loaded set.
#[derive(Clone, Debug, PartialEq)]
pub struct JourneySeries {
    /// The run name, unique in the set; of two with one name the first counts.
    pub name: String,
    pub title: String,
    /// File of the definition, as people know it.
    pub source: String,
    pub definition: Digest,
    pub owner: Option<String>,
    /// The operator's labels; they appear as `label_NAME`.
    pub labels: Vec<(String, String)>,
    pub interval: Duration,
    pub timeout: Duration,
    pub objectives: Vec<ObjectiveSeries>,
    /// In order, those of `cleanup` last.
    pub steps: Vec<StepSeries>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ObjectiveSeries {
    /// Its name in the definition, or the slug it got; unique in the journey.
    pub name: String,
    /// Share of good events, 0 to 1.
    pub target: f64,
    /// The step whose executions are judged; none: runs are.
    pub step: Option<String>,
    /// Where the objective is about time: it becomes a bucket bound of the step's or run's histogram.
    pub latency_threshold: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepSeries {
    /// As in the results, unique in the journey: `OUTER/INNER` inside a used one.
    pub id: String,
    /// Declared host; none where the step exchanges nothing.
    pub host: Option<String>,
    /// The responsible party.
    pub party: Option<String>,
    /// Host name of the declared URL, where TLS is spoken.
    pub server_name: Option<String>,
}

impl JourneySeries {
    /// Enough of the digest to tell two definitions apart: 12 hexadecimal digits.
    pub(super) fn short_definition(&self) -> &str {
        let digest = self.definition.0.strip_prefix("sha256:").unwrap_or(&self.definition.0);
        digest.get(..12).unwrap_or(digest)
    }

    /// Bucket bounds that the objectives about `step`, or about runs, add.
    pub(super) fn thresholds(&self, step: Option<&str>) -> Vec<Duration> {
        let about = self.objectives.iter().filter(|objective| objective.step.as_deref() == step);
        about.filter_map(|objective| objective.latency_threshold).collect()
    }
}
