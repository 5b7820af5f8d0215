//! The board that is looked at first: is everything all right; if not, what, whose and why.

use serde_json::json;

use super::grafana::{Board, Panel, link, many, mappings, thresholds, variables};
use super::words::{
    CERTIFICATE, NONE_IS_GOOD, OK_FROM_ONE, RATIO, SOME_WAIT, STATES, TO_JOURNEY, TO_JOURNEY_OF_ROW, coloured,
};

pub fn board() -> Board {
    // Where some journeys run rarely, the curves of the others are not made as coarse as theirs.
    let mut variables = variables(
        "query_result(clamp(max(forerunner_journey_interval_seconds\
         {job=~\"$job\",instance=~\"$instance\",journey=~\"$journey\"}), 60, 900) or vector(60))",
    );
    let journeys = r#"label_values(forerunner_journey_info{job=~"$job",instance=~"$instance"}, journey)"#;
    variables.insert(3, many("journey", "Journey", journeys));
    Board {
        uid: "forerunner-overview",
        title: "Forerunner: overview",
        about: "Is everything all right; which journey and step is not, and whose it is; how fast, and why not.",
        from: "now-6h",
        journey: r#"journey=~"$journey""#,
        variables,
        rows: vec![
            ("Is everything all right?", summary()),
            ("Which journey, which step, and whose", culprits()),
            ("How fast", speed()),
            ("Why", causes()),
            ("Incidents and messages", alerts()),
            ("The daemon itself", daemon()),
        ],
    }
}

fn summary() -> Vec<Panel> {
    vec![
        Panel::stat(
            "Journeys passing",
            "Share of journeys whose last run passed or degraded at every vantage point.",
            "avg(min by (journey) (forerunner_journey_success{S}))",
        )
        .unit("percentunit")
        .steps(&[("red", f64::NEG_INFINITY), ("orange", 0.9), ("green", 1.0)]),
        Panel::stat(
            "Failing",
            "Journeys whose last run failed at a vantage point.",
            "count(min by (journey) (forerunner_journey_success{S}) == 0) or vector(0)",
        )
        .steps(NONE_IS_GOOD),
        Panel::stat(
            "Degraded",
            "Journeys whose last run passed and missed a preference, such as the time it may take.",
            "count(max by (journey) (forerunner_journey_degraded{S}) == 1) or vector(0)",
        )
        .steps(SOME_WAIT),
        Panel::stat(
            "Overdue",
            "Journeys that nobody has been able to judge for three of their intervals. What they show may be old.",
            "count(time() - max by (journey) (forerunner_journey_last_run_timestamp_seconds{S}) \
             > 3 * max by (journey) (forerunner_journey_interval_seconds{S})) or vector(0)",
        )
        .steps(SOME_WAIT),
        Panel::stat(
            "Incidents open",
            "Incidents that are confirmed and have not ended, of all journeys, whichever are chosen above.",
            "sum(forerunner_incidents_open{A,state!='suspect'})",
        )
        .steps(NONE_IS_GOOD)
        .link("Incidents", "${forerunner_url}/incidents"),
        Panel::stat(
            "Daemons reached",
            "Share of daemons that Prometheus could scrape. The others say nothing, and nor do their journeys.",
            "avg(up{A})",
        )
        .unit("percentunit")
        .steps(&[("red", f64::NEG_INFINITY), ("green", 1.0)]),
        Panel::stat(
            "Reachability",
            "Share of runs in the chosen time that did not fail. Every run at every vantage point counts.",
            "1 - sum(increase(forerunner_journey_failures_total{S}[$__range])) \
             / sum(increase(forerunner_journey_runs_total{S}[$__range]))",
        )
        .unit("percentunit")
        .default("decimals", json!(2))
        .steps(RATIO),
        Panel::stat(
            "Uptime",
            "Share of the chosen time in which at least one vantage point got through, as the mean over journeys.",
            "avg(avg_over_time((max by (journey) (forerunner_journey_success{S}))[$__range:1m]))",
        )
        .unit("percentunit")
        .default("decimals", json!(2))
        .steps(RATIO),
        Panel::stat(
            "Slowest journey",
            "The longest time that nineteen of twenty runs of a journey kept within, in the chosen time.",
            "max(histogram_quantile(0.95, sum by (journey, le) \
             (increase(forerunner_journey_duration_seconds_bucket{S,outcome='passed'}[$__range]))) >= 0)",
        )
        .unit("s"),
        Panel::stat(
            "Next certificate to expire",
            "Time left to the certificate that ends first, among those that steps saw.",
            "min(forerunner_tls_earliest_cert_expiry_timestamp_seconds{A}) - time()",
        )
        .unit("s")
        .steps(CERTIFICATE)
        .nothing("no certificates"),
        Panel::stat(
            "Oldest message waiting",
            "How long the oldest message has waited to be delivered. Whoever should know, does not know yet.",
            "max(forerunner_outbox_oldest_seconds{A}) or vector(0)",
        )
        .unit("s")
        .steps(&[("green", f64::NEG_INFINITY), ("orange", 60.0), ("red", 600.0)]),
        Panel::stat(
            "Configuration",
            "Whether what is on disk was taken at every daemon. If it was refused, the one before goes on.",
            "min(forerunner_config_last_reload_successful{A})",
        )
        .words(&[(0, "Refused", "red"), (1, "Taken", "green")])
        .steps(OK_FROM_ONE),
    ]
}

fn culprits() -> Vec<Panel> {
    const STATE: &str = "min by (journey) (forerunner_journey_success{S} * (2 - forerunner_journey_degraded{S}))";
    vec![
        Panel::states("State by journey", "The worst at any vantage point. A click leads to the journey.")
            .query(
                "min by (journey) (min_over_time(forerunner_journey_success{S}[$__interval]) \
                 * (2 - max_over_time(forerunner_journey_degraded{S}[$__interval])))",
                "{{journey}}",
            )
            .words(STATES)
            .steps(OK_FROM_ONE)
            .link("Open ${__field.labels.journey}", TO_JOURNEY)
            .size(24, 9),
        Panel::table("Journeys", "Each with its state now, and with what it did in the chosen time.")
            .now("max by (journey, title, label_owner) (forerunner_journey_info{S})", "")
            .now(STATE, "")
            .now(
                "1 - sum by (journey) (increase(forerunner_journey_failures_total{S}[$__range])) \
                 / sum by (journey) (increase(forerunner_journey_runs_total{S}[$__range]))",
                "",
            )
            .now(
                "histogram_quantile(0.95, sum by (journey, le) \
                 (increase(forerunner_journey_duration_seconds_bucket{S,outcome='passed'}[$__range])))",
                "",
            )
            .now("time() - max by (journey) (forerunner_journey_last_run_timestamp_seconds{S})", "")
            .columns(&[
                ("journey", "Journey"),
                ("title", "Title"),
                ("label_owner", "Owner"),
                ("Value #B", "State"),
                ("Value #C", "Reachability"),
                ("Value #D", "p95"),
                ("Value #E", "Last run"),
            ])
            .column("Journey", &[("links", json!([link("Open the journey", TO_JOURNEY_OF_ROW)]))])
            .column("State", &coloured(&[("mappings", mappings(STATES))]))
            .column(
                "Reachability",
                &coloured(&[("unit", json!("percentunit")), ("decimals", json!(2)), ("thresholds", thresholds(RATIO))]),
            )
            .column("p95", &[("unit", json!("s"))])
            .column("Last run", &[("unit", json!("s"))])
            .size(14, 10),
        Panel::table(
            "Steps that fail now",
            "Steps that failed in the last run of their journey, at any vantage point; the host that they talk to, and \
             the party that answers for it.",
        )
        .now(
            "max by (journey, step, party, host) (forerunner_step_info{S} \
             and on (job, instance, journey, step) forerunner_step_success{S} == 0)",
            "",
        )
        .columns(&[("journey", "Journey"), ("step", "Step"), ("party", "Whose"), ("host", "Host")])
        .column("Journey", &[("links", json!([link("Open the journey", TO_JOURNEY_OF_ROW)]))])
        .nothing("no step fails")
        .size(10, 10),
        Panel::curves("Failed runs", "Share of runs that failed, by journey.")
            .query(
                "sum by (journey) (rate(forerunner_journey_failures_total{S}[$__rate_interval])) \
                 / sum by (journey) (rate(forerunner_journey_runs_total{S}[$__rate_interval]))",
                "{{journey}}",
            )
            .unit("percentunit")
            .default("max", json!(1))
            .link("Open ${__field.labels.journey}", TO_JOURNEY),
        Panel::curves(
            "Failed steps by party",
            "Share of the steps at a party's hosts that failed, over all journeys that they are part of.",
        )
        .query(
            "label_replace(sum by (party) (rate(forerunner_step_failures_total{S}[$__rate_interval]) \
             * on (job, instance, journey, step) group_left (party) forerunner_step_info{S}) \
             / sum by (party) (rate(forerunner_step_runs_total{S}[$__rate_interval]) \
             * on (job, instance, journey, step) group_left (party) forerunner_step_info{S}) \
             or sum by (party) (forerunner_step_info{S}) * 0, 'party', 'no party named', 'party', '')",
            "{{party}}",
        )
        .unit("percentunit")
        .default("max", json!(1)),
    ]
}

fn speed() -> Vec<Panel> {
    vec![
        Panel::curves(
            "p95 of whole runs",
            "The time that nineteen of twenty runs that passed kept within. Each point is a run; it leads to its page.",
        )
        .exemplars(
            "histogram_quantile(0.95, sum by (journey, le) \
             (rate(forerunner_journey_duration_seconds_bucket{S,outcome='passed'}[$__rate_interval])))",
            "{{journey}}",
        )
        .unit("s")
        .link("Open ${__field.labels.journey}", TO_JOURNEY),
        Panel::stack(
            "Time by phase",
            "What the last executions of all steps took together, phase by phase; `processing` is the server's own time.",
        )
        .query("sum by (phase) (forerunner_step_phase_duration_seconds{S})", "{{phase}}")
        .unit("s"),
        Panel::bars(
            "Slowest steps",
            "The ten steps with the highest p95 in the chosen time. Only steps that succeeded count.",
        )
        .now(
            "sort_desc(topk(10, histogram_quantile(0.95, sum by (journey, step, le) \
             (increase(forerunner_step_duration_seconds_bucket{S}[$__range]))) >= 0))",
            "{{journey}} · {{step}}",
        )
        .unit("s")
        .steps(&[("blue", f64::NEG_INFINITY)])
        .link("Open ${__field.labels.journey}", TO_JOURNEY)
        .size(12, 9),
        Panel::bars(
            "Certificates",
            "Time left to the earliest expiry among the certificates that each server showed. An incident opens three \
             weeks before, and turns critical one week before.",
        )
        .now(
            "sort(min by (server_name) (forerunner_tls_earliest_cert_expiry_timestamp_seconds{A}) - time())",
            "{{server_name}}",
        )
        .unit("s")
        .steps(CERTIFICATE)
        .default("max", json!(90 * 24 * 60 * 60))
        .nothing("no step uses TLS")
        .size(12, 9),
    ]
}

fn causes() -> Vec<Panel> {
    vec![
        Panel::stack("Failed steps by reason", "Steps that failed, in an hour.")
            .query(
                "3600 * sum by (reason) (rate(forerunner_step_failures_total{S}[$__rate_interval])) \
                 or on () label_replace(vector(0), 'reason', 'none', '', '')",
                "{{reason}}",
            )
            .size(8, 9),
        Panel::table(
            "Expectations that did not hold",
            "The ten that failed most often in the chosen time, by the id that they have in the journey.",
        )
        .now(
            "topk(10, sum by (journey, step, expectation) \
             (increase(forerunner_step_expectation_failures_total{S}[$__range])) > 0)",
            "",
        )
        .columns(&[("journey", "Journey"), ("step", "Step"), ("expectation", "Expectation"), ("Value", "Times")])
        .column("Journey", &[("links", json!([link("Open the journey", TO_JOURNEY_OF_ROW)]))])
        .column("Times", &[("decimals", json!(0))])
        .nothing("all held")
        .size(8, 9),
        Panel::stack(
            "Runs that say nothing",
            "Runs that our own trouble kept from saying anything, and runs that came due and were not started, in an \
             hour. They count for no objective.",
        )
        .query(
            "3600 * sum by (cause) (rate(forerunner_journey_indeterminate_runs_total{S}[$__rate_interval])) \
             or on () label_replace(vector(0), 'cause', 'none', '', '')",
            "indeterminate: {{cause}}",
        )
        .query(
            "3600 * sum by (reason) (rate(forerunner_journey_skipped_runs_total{S}[$__rate_interval])) \
             or on () label_replace(vector(0), 'reason', 'none', '', '')",
            "skipped: {{reason}}",
        )
        .size(8, 9),
    ]
}

fn alerts() -> Vec<Panel> {
    vec![
        Panel::stack("Incidents", "Incidents that have not ended. Of suspect ones nobody was told.")
            .query("sum by (severity, state) (forerunner_incidents_open{A})", "{{severity}}, {{state}}")
            .size(8, 8),
        Panel::stack("Second looks", "Re-checks after a failed run, in an hour, by what they said.")
            .query("3600 * sum by (result) (rate(forerunner_confirm_total{A}[$__rate_interval]))", "{{result}}")
            .size(8, 8),
        Panel::stat(
            "Spurious failures",
            "Share of failed runs that their re-check did not confirm, since the daemon started. Much of it points to \
             a flaky target, or to a vantage point with trouble of its own.",
            "max(forerunner_spurious_ratio{A})",
        )
        .unit("percentunit")
        .steps(&[("green", f64::NEG_INFINITY), ("orange", 0.2), ("red", 0.5)])
        .size(4, 8),
        Panel::stat(
            "Time to disk",
            "How long the disk took to make the last group of incidents and notices durable. Nothing is told before.",
            "max(forerunner_store_fsync_seconds{A})",
        )
        .unit("s")
        .steps(&[("green", f64::NEG_INFINITY), ("orange", 0.5), ("red", 2.0)])
        .size(4, 8),
        Panel::stack("Messages", "Messages accepted, and attempts that failed, in an hour, by kind of channel.")
            .query(
                "3600 * sum by (channel) (rate(forerunner_notifications_total{A}[$__rate_interval])) \
                 or on () label_replace(vector(0), 'channel', 'no channel', '', '')",
                "accepted: {{channel}}",
            )
            .query(
                "3600 * sum by (channel, reason) (rate(forerunner_notifications_failed_total{A}[$__rate_interval])) > 0 \
                 or on () label_replace(vector(0), 'reason', 'none', '', '')",
                "failed: {{channel}} {{reason}}",
            )
            .size(8, 8),
        Panel::curves("Messages that wait", "Messages that wait to be delivered, by kind of channel and by state.")
            .query(
                "sum by (channel, state) (forerunner_outbox_pending{A}) \
                 or on () label_replace(vector(0), 'channel', 'no channel', '', '')",
                "{{channel}} {{state}}",
            )
            .size(8, 8),
        Panel::curves(
            "From change to message",
            "p95 of the time from the change of an incident until the message about it was accepted, and of a single \
             attempt, over the chosen time; 0 where nothing was sent.",
        )
        .query(
            "histogram_quantile(0.95, sum by (le) (increase(forerunner_notification_latency_seconds_bucket{A}[$__range]))) \
             >= 0 or vector(0)",
            "whole way",
        )
        .query(
            "histogram_quantile(0.95, sum by (le) (increase(forerunner_notification_duration_seconds_bucket{A}[$__range]))) \
             >= 0 or vector(0)",
            "one attempt",
        )
        .unit("s")
        .size(8, 8),
    ]
}

fn daemon() -> Vec<Panel> {
    vec![
        Panel::table("Builds", "What runs where, and since when.")
            .now("max by (instance, version, revision) (forerunner_build_info{A})", "")
            .now("1000 * max by (instance) (process_start_time_seconds{A})", "")
            .now("sum by (instance) (forerunner_journeys{A,state='active'})", "")
            .now("sum by (instance) (forerunner_journeys{A,state='invalid'})", "")
            .columns(&[
                ("instance", "Vantage point"),
                ("version", "Version"),
                ("revision", "Revision"),
                ("Value #B", "Started"),
                ("Value #C", "Journeys"),
                ("Value #D", "Invalid"),
            ])
            .column("Started", &[("unit", json!("dateTimeFromNow"))])
            .column("Invalid", &coloured(&[("thresholds", thresholds(NONE_IS_GOOD))]))
            .size(12, 7),
        Panel::curves("Lateness of starts", "How late runs started against their plan. More than a second is too much.")
            .query(
                "histogram_quantile(0.5, sum by (le) (rate(forerunner_scheduler_lag_seconds_bucket{A}[$__rate_interval])))",
                "p50",
            )
            .query(
                "histogram_quantile(0.99, sum by (le) (rate(forerunner_scheduler_lag_seconds_bucket{A}[$__rate_interval])))",
                "p99",
            )
            .unit("s")
            .size(6, 7),
        Panel::curves("Runs at the same time", "Runs being executed, and how many may be.")
            .query("sum by (instance) (forerunner_runs_in_flight{A})", "{{instance}}")
            .query("max(forerunner_runs_in_flight_limit{A})", "limit")
            .size(6, 7),
        Panel::curves("History on disk", "Size of the store of runs.")
            .query("sum by (instance) (forerunner_store_bytes{A})", "{{instance}}")
            .unit("bytes")
            .size(6, 7),
        Panel::curves(
            "Lost or refused",
            "In an hour: runs that did not reach the history or left it before their time, writes that failed, items \
             that found a queue full, series over the limit. All of it should be 0.",
        )
        .query("3600 * sum(rate(forerunner_store_dropped_runs_total{A}[$__rate_interval]))", "runs not stored")
        .query("3600 * sum(rate(forerunner_store_evicted_runs_total{A}[$__rate_interval]))", "runs evicted")
        .query("3600 * sum(rate(forerunner_store_write_failures_total{A}[$__rate_interval]))", "failed writes")
        .query("3600 * sum(rate(forerunner_queue_full_total{A}[$__rate_interval])) or vector(0)", "queue full")
        .query("3600 * sum(rate(forerunner_metric_series_dropped_total{A}[$__rate_interval]))", "series")
        .size(6, 7),
        Panel::curves("Log", "Warnings and errors logged, in an hour.")
            .query(
                "3600 * sum by (level) (rate(forerunner_log_messages_total{A,level=~'warn|error'}[$__rate_interval]))",
                "{{level}}",
            )
            .size(6, 7),
        Panel::curves("Series", "Share of the series of journeys and steps that may exist.")
            .query("forerunner_metric_series{A} / forerunner_metric_series_limit{A}", "{{instance}}")
            .unit("percentunit")
            .size(6, 7),
        Panel::curves("Memory", "Resident memory of the daemon.")
            .query("process_resident_memory_bytes{A}", "{{instance}}")
            .unit("bytes")
            .size(6, 7),
        Panel::curves("Processor", "Cores that the daemon keeps busy.")
            .query("rate(process_cpu_seconds_total{A}[$__rate_interval])", "{{instance}}")
            .size(6, 7),
        Panel::curves("File descriptors", "Share of the descriptors that may be open.")
            .query("process_open_fds{A} / process_max_fds{A}", "{{instance}}")
            .unit("percentunit")
            .size(6, 7),
        Panel::curves("Scrapes", "How long a scrape of the metrics takes.")
            .query("scrape_duration_seconds{A}", "{{instance}}")
            .unit("s")
            .size(6, 7),
    ]
}
