//! The board of one journey: its steps, where their time goes, why they fail, what is left of its objectives.

use serde_json::json;

use super::grafana::{Board, Panel, many, mappings, one, variables};
use super::words::{OK_FROM_ONE, RATIO, STATES, coloured};

pub fn board() -> Board {
    let mut variables = variables(
        "query_result(clamp_min(max(forerunner_journey_interval_seconds\
         {job=~\"$job\",instance=~\"$instance\",journey=\"$journey\"}), 60) or vector(60))",
    );
    let journeys = r#"label_values(forerunner_journey_info{job=~"$job",instance=~"$instance"}, journey)"#;
    let steps = r#"label_values(forerunner_step_info{job=~"$job",instance=~"$instance",journey="$journey"}, step)"#;
    variables.insert(3, one("journey", "Journey", journeys));
    variables.insert(4, many("step", "Step", steps));
    Board {
        uid: "forerunner-journey",
        title: "Forerunner: journey",
        about: "One journey: its steps, where their time goes, why they fail, and what is left of its objectives.",
        from: "now-6h",
        journey: r#"journey="$journey""#,
        variables,
        rows: vec![
            ("Now", now()),
            ("From where, and which step", where_()),
            ("How fast", speed()),
            ("Why", causes()),
            ("Objectives", objectives()),
        ],
    }
}

fn now() -> Vec<Panel> {
    vec![
        Panel::stat(
            "State",
            "The worst of all vantage points.",
            "min(forerunner_journey_success{S} * (2 - forerunner_journey_degraded{S}))",
        )
        .words(STATES)
        .steps(OK_FROM_ONE),
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
            "Runs",
            "Runs in the chosen time that could be judged.",
            "sum(increase(forerunner_journey_runs_total{S}[$__range]))",
        )
        .default("decimals", json!(0)),
        Panel::stat(
            "Last run",
            "When a run that could be judged ended last.",
            "1000 * max(forerunner_journey_last_run_timestamp_seconds{S})",
        )
        .unit("dateTimeFromNow"),
        Panel::stat(
            "Last success",
            "When a run that passed or degraded ended last.",
            "1000 * max(forerunner_journey_last_success_timestamp_seconds{S})",
        )
        .unit("dateTimeFromNow")
        .nothing("never"),
        Panel::stat(
            "p95",
            "The time that nineteen of twenty runs that passed kept within, in the chosen time.",
            "histogram_quantile(0.95, sum by (le) \
             (increase(forerunner_journey_duration_seconds_bucket{S,outcome='passed'}[$__range]))) >= 0",
        )
        .unit("s")
        .nothing("none passed"),
    ]
}

fn where_() -> Vec<Panel> {
    vec![
        Panel::states("State by vantage point", "Where it fails from one place alone, the way there may be at fault.")
            .query(
                "min_over_time(forerunner_journey_success{S}[$__interval]) \
                 * (2 - max_over_time(forerunner_journey_degraded{S}[$__interval]))",
                "{{instance}}",
            )
            .words(STATES)
            .steps(OK_FROM_ONE)
            .size(12, 8),
        Panel::table("Steps", "What each step talks to, whose it is, and how it went in the last run that reached it.")
            .now("max by (step, party, host) (forerunner_step_info{S})", "")
            .now("min by (step) (forerunner_step_success{S})", "")
            .now("max by (step) (forerunner_step_http_status_code{S})", "")
            .now("max by (step) (forerunner_step_response_size_bytes{S})", "")
            .now("sum by (step) (increase(forerunner_step_runs_total{S}[$__range]))", "")
            .columns(&[
                ("step", "Step"),
                ("party", "Whose"),
                ("host", "Host"),
                ("Value #B", "Last"),
                ("Value #C", "Status"),
                ("Value #D", "Size"),
                ("Value #E", "Executions"),
            ])
            .column("Last", &coloured(&[("mappings", mappings(&[(0, "Failed", "red"), (1, "Passed", "green")]))]))
            .column("Size", &[("unit", json!("bytes"))])
            .column("Executions", &[("decimals", json!(0))])
            .size(12, 8),
        Panel::fields("Steps over time", "The worst of all vantage points. Empty where a run did not come that far.")
            .query("min by (step) (min_over_time(forerunner_step_success{S,step=~'$step'}[$__interval]))", "{{step}}")
            .words(&[(0, "Failed", "red"), (1, "Passed", "green")])
            .steps(OK_FROM_ONE)
            .size(12, 8),
        Panel::fields(
            "Status over time",
            "The highest status of the answers to each step; 0 if there was none at all.",
        )
        .query(
            "max by (step) (max_over_time(forerunner_step_http_status_code{S,step=~'$step'}[$__interval]))",
            "{{step}}",
        )
        .steps(&[("red", f64::NEG_INFINITY), ("green", 100.0), ("blue", 300.0), ("orange", 400.0), ("red", 500.0)])
        .size(12, 8),
    ]
}

fn speed() -> Vec<Panel> {
    vec![
        Panel::heat(
            "Durations",
            "Whole runs, however they ended. Each point is a run; it leads to its page with all steps and the evidence.",
        )
        .exemplars(
            "sum by (le) (increase(forerunner_journey_duration_seconds_bucket{S}[$__rate_interval]))",
            "{{le}}",
        )
        .unit("s")
        .size(12, 9),
        Panel::curves("Quantiles", "Of whole runs that passed.")
            .query(
                "histogram_quantile(0.5, sum by (le) \
                 (rate(forerunner_journey_duration_seconds_bucket{S,outcome='passed'}[$__rate_interval]))) >= 0",
                "p50",
            )
            .exemplars(
                "histogram_quantile(0.95, sum by (le) \
                 (rate(forerunner_journey_duration_seconds_bucket{S,outcome='passed'}[$__rate_interval]))) >= 0",
                "p95",
            )
            .query(
                "histogram_quantile(0.99, sum by (le) \
                 (rate(forerunner_journey_duration_seconds_bucket{S,outcome='passed'}[$__rate_interval]))) >= 0",
                "p99",
            )
            .unit("s")
            .nothing("none passed")
            .size(12, 9),
        Panel::stack("Mean time of each step", "Of the executions that succeeded, redirects included.")
            .query(
                "sum by (step) (rate(forerunner_step_duration_seconds_sum{S,step=~'$step'}[$__rate_interval])) \
                 / sum by (step) (rate(forerunner_step_duration_seconds_count{S,step=~'$step'}[$__rate_interval])) >= 0",
                "{{step}}",
            )
            .unit("s"),
        Panel::curves("p95 of each step", "The time that nineteen of twenty executions that succeeded kept within.")
            .query(
                "histogram_quantile(0.95, sum by (step, le) \
                 (rate(forerunner_step_duration_seconds_bucket{S,step=~'$step'}[$__rate_interval]))) >= 0",
                "{{step}}",
            )
            .unit("s"),
        Panel::stack(
            "Time by phase",
            "What the last executions of the chosen steps took together, as the mean over vantage points; \
             `processing` is the server's own time.",
        )
        .query("sum by (phase) (avg by (step, phase) (forerunner_step_phase_duration_seconds{S,step=~'$step'}))", "{{phase}}")
        .unit("s"),
        Panel::bars("Phases of each step", "Of the last execution, as the mean over vantage points.")
            .now(
                "sort_desc(topk(12, avg by (step, phase) (forerunner_step_phase_duration_seconds{S,step=~'$step'})))",
                "{{step}} · {{phase}}",
            )
            .unit("s")
            .steps(&[("blue", f64::NEG_INFINITY)]),
    ]
}

fn causes() -> Vec<Panel> {
    vec![
        Panel::stack("Failures by step and reason", "Executions of steps that failed, in an hour.").query(
            "3600 * sum by (step, reason) (rate(forerunner_step_failures_total{S}[$__rate_interval])) \
                 or on () label_replace(vector(0), 'reason', 'none', '', '')",
            "{{step}} {{reason}}",
        ),
        Panel::table(
            "Expectations that did not hold",
            "The ten that failed most often in the chosen time, by the id that they have in the journey.",
        )
        .now(
            "topk(10, sum by (step, expectation) \
             (increase(forerunner_step_expectation_failures_total{S}[$__range])) > 0)",
            "",
        )
        .columns(&[("step", "Step"), ("expectation", "Expectation"), ("Value", "Times")])
        .column("Times", &[("decimals", json!(0))])
        .nothing("all held"),
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
        ),
        Panel::curves(
            "Not quite failed",
            "In an hour: failed runs whose re-check passed, which count as failures all the same, and clean-ups that \
             may have left something behind.",
        )
        .query("3600 * sum(rate(forerunner_journey_spurious_failures_total{S}[$__rate_interval]))", "not confirmed")
        .query("3600 * sum(rate(forerunner_journey_cleanup_failures_total{S}[$__rate_interval]))", "failed clean-ups"),
    ]
}

fn objectives() -> Vec<Panel> {
    vec![
        Panel::table(
            "Objectives",
            "Share of good events in the chosen time, against what is wanted; and how much of the bad events that the \
             objective allows for that time is left. Choose the period of the objective to read it as its budget.",
        )
        .now("max by (slo) (forerunner_journey_slo_objective_ratio{S})", "")
        .now(
            "1 - sum by (slo) (increase(forerunner_slo_bad_events_total{S}[$__range])) \
             / sum by (slo) (increase(forerunner_slo_events_total{S}[$__range]))",
            "",
        )
        .now(
            "1 - (sum by (slo) (increase(forerunner_slo_bad_events_total{S}[$__range])) \
             / sum by (slo) (increase(forerunner_slo_events_total{S}[$__range]))) \
             / (1 - max by (slo) (forerunner_journey_slo_objective_ratio{S}))",
            "",
        )
        .columns(&[("slo", "Objective"), ("Value #A", "Wanted"), ("Value #B", "Reached"), ("Value #C", "Budget left")])
        .column(
            "Budget left",
            &coloured(&[(
                "thresholds",
                super::grafana::thresholds(&[("red", f64::NEG_INFINITY), ("orange", 0.0), ("green", 0.25)]),
            )]),
        )
        .unit("percentunit")
        .default("decimals", json!(2))
        .nothing("it has no objectives"),
        Panel::curves(
            "Burn rate",
            "How many times faster than allowed the budget is used up: at 1 it lasts exactly for its period.",
        )
        .query(
            "sum by (slo) (rate(forerunner_slo_bad_events_total{S}[$__rate_interval])) \
             / sum by (slo) (rate(forerunner_slo_events_total{S}[$__rate_interval])) \
             / (1 - max by (slo) (forerunner_journey_slo_objective_ratio{S}))",
            "{{slo}}",
        )
        .steps(&[("green", f64::NEG_INFINITY), ("orange", 1.0), ("red", 14.4)])
        .nothing("it has no objectives"),
    ]
}
