//! What the daemon costs and how true its figures are: everything on, against a target in a process of its own, beside
//! the least that a client can do for the same.
//!
//! `cargo bench --bench daemon`, or `scripts/bench` for all benchmarks. What counts are the ratios of one run.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement prints its table, and is worth nothing once anything fails"
)]

mod exposition;
mod floor;
mod installation;
mod machine;
mod steady;
mod target;

use std::time::Duration;

use installation::Installation;
use steady::{Figures, steady};
use target::Target;

fn main() {
    if std::env::args().any(|argument| argument == "serve") {
        return target::serve();
    }
    let target = Target::start();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(measure(&target));
}

/// Runs a second at which costs are compared.
const RATE: u32 = 1_000;
const SECONDS: Duration = Duration::from_secs(20);

async fn measure(target: &Target) {
    let second = Duration::from_secs(1);
    println!("| what | figure | beside |\n|---|---:|---|");
    // The largest first, while this process holds nothing of the others.
    let figures = steady(&Installation::new(target, 10_000, 10 * second, false), target, 2 * SECONDS).await;
    lateness("10,000 journeys at 10 s", &figures);
    row("10,000 journeys at 10 s: processor", &format!("{:.2} cores", figures.cores), "goal: one or less");
    for (secure, what, goal) in [(false, "plain", 2.0), (true, "TLS", 1.3)] {
        let before = floor::cost(target, RATE, SECONDS / 2, secure).await;
        let figures = steady(&Installation::new(target, RATE, second, secure), target, SECONDS).await;
        let after = floor::cost(target, RATE, SECONDS / 2, secure).await;
        let floor = f64::midpoint(before, after);
        let ratio = figures.cpu_micros / floor;
        row(
            &format!("CPU of a scheduled run, {what}, everything on"),
            &format!("{:.0} µs", figures.cpu_micros),
            &format!("{ratio:.2}× the bare client ({floor:.0} µs); goal {goal}×"),
        );
        if !secure {
            lateness("1,000 journeys at 1 s", &figures);
            truth(RATE, &figures);
        }
    }
    let figures = steady(&Installation::new(target, 2 * RATE, second, false), target, SECONDS).await;
    lateness("2,000 journeys at 1 s", &figures);
    truth(2 * RATE, &figures);
    for number in [1_000, 10_000] {
        let (start, reload) = installation::times(&Installation::new(target, number, 10 * second, false)).await;
        row(&format!("start with {number} journeys, to the first run"), &seconds(start), "goal at 10,000: below 2 s");
        row(&format!("reload of {number} journeys, one changed"), &seconds(reload), "");
    }
    let (encode, bytes, held) = exposition::times();
    row(
        "`/metrics` of 5,000 journeys × 6 steps",
        &format!("{:.0} ms", encode.as_secs_f64() * 1e3),
        &format!("{:.1} MB of text; goal: below 50 ms", bytes as f64 / 1e6),
    );
    row("the longest a run was held up by it", &format!("{:.0} µs", held.as_secs_f64() * 1e6), "");
}

fn lateness(what: &str, figures: &Figures) {
    row(
        &format!("{what}: starts"),
        &format!("{} runs", figures.runs),
        &format!(
            "{} skipped; {:.2} % within 1 ms, {:.2} % within 5 ms of their plan; goal: 99 % within 5 ms",
            figures.skipped,
            100.0 * figures.within(0.001),
            100.0 * figures.within(0.005)
        ),
    );
    row(
        &format!("{what}: memory"),
        &format!("{} MiB", figures.resident_bytes >> 20),
        &format!("{} descriptors; goal at 10,000: 150 MiB", figures.descriptors),
    );
}

fn truth(rate: u32, figures: &Figures) {
    row(
        &format!("wait phase minus the target's own record, {rate} runs/s"),
        &format!("p50 {:.0} µs", figures.error_micros(0.5)),
        &format!(
            "p99 {:.0} µs over {} runs; goals 100 µs and 400 µs",
            figures.error_micros(0.99),
            figures.errors.len()
        ),
    );
}

fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

fn row(what: &str, figure: &str, beside: &str) {
    println!("| {what} | {figure} | {beside} |");
}
