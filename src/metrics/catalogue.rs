//! Every metric there is, in one table: what is not in it cannot be written, and the reference page is made from it.

/// What a metric counts or measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Gauge,
    Histogram,
    /// A constant 1 whose labels are the message.
    Info,
}

/// What `collect[]` selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Journeys,
    Steps,
    /// The daemon's own.
    Own,
}

/// One metric as the text format names it.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    pub name: &'static str,
    pub kind: Kind,
    pub group: Group,
    /// In the order written; `label_*` stands for the labels of the operator.
    pub labels: &'static [&'static str],
    /// One sentence, no full stop.
    pub help: &'static str,
}

impl Metric {
    /// The base unit, which is always the end of the name.
    #[must_use]
    pub fn unit(&self) -> Option<&'static str> {
        unit_of(self.name)
    }
}

/// The unit that a metric's name ends in, before `_total`.
#[must_use]
pub fn unit_of(name: &str) -> Option<&'static str> {
    let stem = name.strip_suffix("_total").unwrap_or(name);
    ["seconds", "bytes", "ratio"].into_iter().find(|unit| stem.ends_with(unit))
}

impl Kind {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Info => "info",
        }
    }
}

macro_rules! catalogue {
    ($($group:ident $kind:ident $id:ident = $name:literal [$($label:literal)*] $help:literal;)+) => {
        $(pub static $id: Metric = Metric {
            name: $name, kind: Kind::$kind, group: Group::$group, labels: &[$($label),*], help: $help,
        };)+

        /// All of them, in the order of the exposition.
        pub static ALL: &[&Metric] = &[$(&$id),+];
    };
}

catalogue! {
    Journeys Info JOURNEY_INFO = "forerunner_journey_info" ["journey" "title" "source" "definition" "label_*"]
        "What a run name stands for: title, source file, short digest of the definition, and the labels of the operator";
    Journeys Gauge JOURNEY_DEFINITION_CHANGED = "forerunner_journey_definition_changed_timestamp_seconds" ["journey"]
        "When a reload last brought another definition of this journey; absent until one did";
    Journeys Gauge JOURNEY_INTERVAL = "forerunner_journey_interval_seconds" ["journey"]
        "Time between two planned starts";
    Journeys Gauge JOURNEY_TIMEOUT = "forerunner_journey_timeout_seconds" ["journey"]
        "Time allowed for one run";
    Journeys Counter JOURNEY_PLANNED = "forerunner_journey_planned_runs_total" ["journey"]
        "Runs that came due: those completed, those that were indeterminate and those skipped";
    Journeys Counter JOURNEY_RUNS = "forerunner_journey_runs_total" ["journey"]
        "Scheduled runs that passed, degraded or failed; the denominator of availability";
    Journeys Counter JOURNEY_FAILURES = "forerunner_journey_failures_total" ["journey"]
        "Scheduled runs that failed; the numerator of unavailability";
    Journeys Counter JOURNEY_SPURIOUS = "forerunner_journey_spurious_failures_total" ["journey"]
        "Scheduled runs that failed and whose re-check passed; they count as failures all the same";
    Journeys Counter JOURNEY_INDETERMINATE = "forerunner_journey_indeterminate_runs_total" ["journey" "cause"]
        "Runs that say nothing about the target, because the trouble was our own";
    Journeys Counter JOURNEY_SKIPPED = "forerunner_journey_skipped_runs_total" ["journey" "reason"]
        "Runs that came due and were not started";
    Journeys Counter JOURNEY_CLEANUP_FAILURES = "forerunner_journey_cleanup_failures_total" ["journey"]
        "Runs whose clean-up failed and may have left something behind";
    Journeys Gauge JOURNEY_SUCCESS = "forerunner_journey_success" ["journey"]
        "Whether the last run that could be judged passed or degraded";
    Journeys Gauge JOURNEY_DEGRADED = "forerunner_journey_degraded" ["journey"]
        "Whether the last run that could be judged passed with a preference missed";
    Journeys Gauge JOURNEY_LAST_RUN = "forerunner_journey_last_run_timestamp_seconds" ["journey"]
        "End of the last run that could be judged";
    Journeys Gauge JOURNEY_LAST_SUCCESS = "forerunner_journey_last_success_timestamp_seconds" ["journey"]
        "End of the last run that passed or degraded";
    Journeys Histogram JOURNEY_DURATION = "forerunner_journey_duration_seconds" ["journey" "outcome"]
        "Time of whole runs; degraded ones count as passed, failed ones have series from the first failure on";
    Journeys Gauge SLO_OBJECTIVE = "forerunner_journey_slo_objective_ratio" ["journey" "slo"]
        "Share of events that the objective wants to be good";
    Journeys Gauge SLO_THRESHOLD = "forerunner_journey_slo_latency_threshold_seconds" ["journey" "slo"]
        "Time within which an event is good; always a bucket bound of the histogram it is measured by";
    Journeys Counter SLO_EVENTS = "forerunner_slo_events_total" ["journey" "slo"]
        "Events that the objective judged";
    Journeys Counter SLO_BAD_EVENTS = "forerunner_slo_bad_events_total" ["journey" "slo"]
        "Events that the objective found bad";

    Steps Info STEP_INFO = "forerunner_step_info" ["journey" "step" "host" "party"]
        "Which declared host a step talks to, and which party answers for it";
    Steps Gauge STEP_SUCCESS = "forerunner_step_success" ["journey" "step"]
        "Whether the step succeeded in the last run that could be judged; absent if it was not reached there";
    Steps Counter STEP_RUNS = "forerunner_step_runs_total" ["journey" "step"]
        "Executions of the step in runs that could be judged";
    Steps Histogram STEP_DURATION = "forerunner_step_duration_seconds" ["journey" "step"]
        "Time of the action of successful steps, redirects included, earlier attempts not";
    Steps Gauge STEP_PHASE_DURATION = "forerunner_step_phase_duration_seconds" ["journey" "step" "phase"]
        "Time of each phase of the step's last execution; a phase that did not happen is absent";
    Steps Gauge STEP_HTTP_STATUS = "forerunner_step_http_status_code" ["journey" "step"]
        "Status of the last answer; 0 if there was none";
    Steps Gauge STEP_RESPONSE_SIZE = "forerunner_step_response_size_bytes" ["journey" "step"]
        "Decoded size of the last answer's body";
    Steps Counter STEP_FAILURES = "forerunner_step_failures_total" ["journey" "step" "reason"]
        "Executions of the step that failed, by reason; the series appear with the first failure";
    Steps Counter STEP_EXPECTATION_FAILURES = "forerunner_step_expectation_failures_total" ["journey" "step" "expectation"]
        "Conditions that did not hold, by the condition's id; the series appear with the first failure";
    Steps Gauge CERT_EXPIRY = "forerunner_tls_earliest_cert_expiry_timestamp_seconds" ["server_name"]
        "Earliest expiry among the certificates that steps last saw from this server";

    Own Info BUILD_INFO = "forerunner_build_info" ["branch" "revision" "rustversion" "target" "version"]
        "The build of this daemon";
    Own Info INSTANCE_INFO = "forerunner_instance_info" ["external_url"]
        "Where people reach this daemon's pages";
    Own Gauge CONFIG_RELOAD_SUCCESSFUL = "forerunner_config_last_reload_successful" []
        "Whether the last attempt to load the configuration succeeded";
    Own Gauge CONFIG_RELOAD_TIME = "forerunner_config_last_reload_success_timestamp_seconds" []
        "When the configuration was last loaded successfully";
    Own Gauge CONFIG_HASH = "forerunner_config_hash" []
        "A number that differs when the loaded configuration differs";
    Own Gauge JOURNEYS = "forerunner_journeys" ["state"]
        "Run entries by state";
    Own Gauge RUNS_IN_FLIGHT = "forerunner_runs_in_flight" []
        "Runs being executed";
    Own Gauge RUNS_IN_FLIGHT_LIMIT = "forerunner_runs_in_flight_limit" []
        "Runs that may be executed at once";
    Own Histogram SCHEDULER_LAG = "forerunner_scheduler_lag_seconds" []
        "How late runs started, against the moment they were planned for";
    Own Counter QUEUE_FULL = "forerunner_queue_full_total" ["queue"]
        "Items that found a bounded queue of the daemon full";
    Own Gauge METRIC_SERIES = "forerunner_metric_series" []
        "Series of journeys and steps counted against the limit";
    Own Gauge METRIC_SERIES_LIMIT = "forerunner_metric_series_limit" []
        "Series of journeys and steps that may exist";
    Own Counter METRIC_SERIES_DROPPED = "forerunner_metric_series_dropped_total" []
        "Updates of series that were not created because of the limit";
    Own Gauge STORE_SIZE = "forerunner_store_bytes" []
        "Size of the history store on disk";
    Own Counter STORE_DROPPED = "forerunner_store_dropped_runs_total" []
        "Runs that never reached the history store";
    Own Counter STORE_EVICTED = "forerunner_store_evicted_runs_total" []
        "Stored runs removed before their time to keep the store below its ceiling";
    Own Counter STORE_WRITE_FAILURES = "forerunner_store_write_failures_total" []
        "Writes to the history store that failed";
    Own Gauge STORE_FSYNC = "forerunner_store_fsync_seconds" []
        "How long the disk took to make the last group of incidents and notices durable";
    Own Gauge INCIDENTS_OPEN = "forerunner_incidents_open" ["severity" "state"]
        "Incidents that have not ended; suspect ones are not confirmed yet and nobody was told of them";
    Own Counter CONFIRM = "forerunner_confirm_total" ["result"]
        "Re-checks after a failed run, by what they said";
    Own Gauge SPURIOUS_RATIO = "forerunner_spurious_ratio" []
        "Share of failed runs that their re-check did not confirm, since the start";
    Own Counter NOTIFICATIONS = "forerunner_notifications_total" ["channel"]
        "Messages that a channel of this kind accepted responsibility for";
    Own Counter NOTIFICATIONS_FAILED = "forerunner_notifications_failed_total" ["channel" "reason"]
        "Attempts to send a message that failed; the message is tried again or goes to the fallback";
    Own Histogram NOTIFICATION_DURATION = "forerunner_notification_duration_seconds" []
        "Time of one attempt to send a message, however it ended";
    Own Histogram NOTIFICATION_LATENCY = "forerunner_notification_latency_seconds" []
        "From the change of an incident to the message about it being accepted";
    Own Gauge OUTBOX_PENDING = "forerunner_outbox_pending" ["channel" "state"]
        "Messages that wait to be delivered";
    Own Gauge OUTBOX_OLDEST = "forerunner_outbox_oldest_seconds" ["channel"]
        "Age of the oldest message that waits to be delivered; 0 if none does";
    Own Counter HTTP_REQUESTS = "forerunner_http_requests_total" ["code" "handler"]
        "Requests answered by the daemon's own web server";
    Own Histogram HTTP_REQUEST_DURATION = "forerunner_http_request_duration_seconds" ["handler"]
        "Time the daemon's own web server took to answer";
    Own Counter LOG_MESSAGES = "forerunner_log_messages_total" ["level"]
        "Messages logged by the daemon";
    Own Counter PROCESS_CPU = "process_cpu_seconds_total" []
        "Processor time used by the daemon, user and system";
    Own Gauge PROCESS_OPEN_FDS = "process_open_fds" []
        "Open file descriptors";
    Own Gauge PROCESS_MAX_FDS = "process_max_fds" []
        "File descriptors that may be open";
    Own Gauge PROCESS_VIRTUAL_MEMORY = "process_virtual_memory_bytes" []
        "Size of virtual memory";
    Own Gauge PROCESS_RESIDENT_MEMORY = "process_resident_memory_bytes" []
        "Size of resident memory";
    Own Gauge PROCESS_START_TIME = "process_start_time_seconds" []
        "When the daemon started";
    Own Gauge PROCESS_THREADS = "process_threads" []
        "Threads of the daemon";
}

/// The metrics section of the reference, as Markdown.
#[must_use]
pub fn reference_page() -> String {
    let mut page = String::from(
        "# Metrics\n\nEvery series that `/metrics` can show. Values of labels come from closed lists or from \
         definitions, never from what a target sends.\n",
    );
    for (group, title, word) in [
        (Group::Journeys, "Journeys", "journeys"),
        (Group::Steps, "Steps", "steps"),
        (Group::Own, "The daemon itself", "self"),
    ] {
        page.extend(["\n## ", title, "\n\nAlone with `?collect[]=", word, "`.\n\n"]);
        page += "| name | type | unit | labels | meaning |\n|---|---|---|---|---|\n";
        for metric in ALL.iter().filter(|metric| metric.group == group) {
            let labels = metric.labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(" ");
            let (kind, unit) = (metric.kind.word(), metric.unit().unwrap_or_default());
            let row = ["| `", metric.name, "` | ", kind, " | ", unit, " | ", &labels, " | ", metric.help, " |\n"];
            page.extend(row);
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_reference_page_says_what_the_table_holds() {
        insta::assert_snapshot!(reference_page());
    }

    #[test]
    fn names_keep_the_rules() {
        let mut names = BTreeSet::new();
        for metric in ALL {
            let name = metric.name;
            assert!(names.insert(name), "{name} twice");
            assert!(name.starts_with("forerunner_") || name.starts_with("process_"), "{name}");
            assert_eq!(name.ends_with("_total"), metric.kind == Kind::Counter, "{name}");
            assert_eq!(name.ends_with("_info"), metric.kind == Kind::Info, "{name}");
            assert!(!metric.help.ends_with('.') && metric.help.len() > 10, "{name}");
            for label in metric.labels {
                // These clash with the labels that scrape configurations set on targets.
                let reserved = [
                    "type",
                    "service",
                    "region",
                    "zone",
                    "cluster",
                    "env",
                    "environment",
                    "owner",
                    "customer",
                    "stage",
                ];
                assert!(!reserved.contains(label), "{name}{{{label}}}");
            }
        }
    }
}
