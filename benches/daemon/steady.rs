//! The daemon in its stride: what a run costs, how late runs start, and how true their times are.

use std::time::Duration;

use forerunner::history::list::Filter;
use forerunner::history::reader::Reader;
use forerunner::model::run::Outcome;

use crate::installation::{Installation, metrics};
use crate::machine;
use crate::target::Target;

pub struct Figures {
    pub runs: u64,
    pub skipped: u64,
    /// Of this process, for each run.
    pub cpu_micros: f64,
    pub cores: f64,
    /// Upper bounds of lateness in seconds, and the share of starts within.
    lateness: Vec<(f64, f64)>,
    pub resident_bytes: u64,
    pub descriptors: usize,
    /// Measured wait minus the target's record, in microseconds, sorted.
    pub errors: Vec<f64>,
}

impl Figures {
    pub fn within(&self, bound: f64) -> f64 {
        let known = self.lateness.iter().find(|(at, _)| (at - bound).abs() < 1e-9);
        known.expect("a bound of the histogram").1
    }

    pub fn error_micros(&self, share: f64) -> f64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length")]
        let index = (self.errors.len() as f64 * share) as usize;
        self.errors.get(index.min(self.errors.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
    }
}

/// Runs whose wait is compared.
const COMPARED_MAX: usize = 5_000;

pub async fn steady(installation: &Installation, target: &Target, time: Duration) -> Figures {
    let daemon = installation.start().await;
    // Until everything has run once, and the first moments are over.
    tokio::time::sleep(installation.every + Duration::from_secs(2)).await;
    let _ = target.records().await;
    let (before, lag_before) = (daemon.scheduler().totals(), lateness(&metrics(&daemon).await));
    let cpu_before = machine::cpu();
    tokio::time::sleep(time).await;
    let cpu = machine::cpu_since(cpu_before);
    let (after, lag_after) = (daemon.scheduler().totals(), lateness(&metrics(&daemon).await));
    let (resident_bytes, descriptors) = (machine::resident(), machine::descriptors());
    daemon.shutdown(Duration::from_secs(10)).await;
    let runs = after.finished_all() - before.finished_all();
    assert_eq!(after.finished(Outcome::Failed) + after.finished(Outcome::Indeterminate), 0, "every run passes");
    let starts = lag_after.last().unwrap().1 - lag_before.last().unwrap().1;
    let share = |(after, before): (&(f64, f64), &(f64, f64))| (after.0, (after.1 - before.1) / starts);
    let mut errors = errors(installation, target).await;
    errors.sort_by(f64::total_cmp);
    Figures {
        runs,
        skipped: after.skipped_all() - before.skipped_all(),
        cpu_micros: cpu.as_secs_f64() * 1e6 / runs as f64,
        cores: cpu.as_secs_f64() / time.as_secs_f64(),
        lateness: lag_after.iter().zip(&lag_before).map(share).collect(),
        resident_bytes,
        descriptors,
        errors,
    }
}

/// Bounds and counts of the histogram of lateness; the last is that of all.
fn lateness(metrics: &str) -> Vec<(f64, f64)> {
    let buckets = metrics.lines().filter_map(|line| line.strip_prefix("forerunner_scheduler_lag_seconds_bucket{le=\""));
    let bucket = |line: &str| {
        let (bound, count) = line.split_once("\"} ").expect("a bucket");
        (bound.parse().unwrap_or(f64::INFINITY), count.parse().expect("a count"))
    };
    buckets.map(bucket).collect()
}

/// Of the latest runs in history, each against what the target wrote down of it.
async fn errors(installation: &Installation, target: &Target) -> Vec<f64> {
    let records = target.records().await;
    let reader = Reader::new(&installation.storage());
    let mut errors = Vec::new();
    let mut before = None;
    while errors.len() < COMPARED_MAX {
        let page = reader.list(&Filter { before: before.clone(), ..Filter::default() }).expect("a history");
        let Some(last) = page.last() else { break };
        before = Some(last.id.clone());
        for line in &page {
            let run = reader.show(&line.id).expect("a history").expect("a run");
            let record = records.get(&line.id);
            let wait = run["steps"][0]["timings"]["wait"].as_f64();
            if let (Some(record), Some(wait)) = (record, wait) {
                errors.push((wait - record.as_secs_f64()) * 1e6);
            }
        }
    }
    errors
}
