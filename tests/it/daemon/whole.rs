//! The whole daemon in this process, on a clock that tests move: what comes of starts, skips, reloads, a drain, and of
//! clocks that jump.

use std::sync::Arc;

use tokio::time::sleep;

use super::inside::{
    Machine, SECOND, ask, balanced, balanced_after, configure, journey, number, of_journey, start, target,
};

#[tokio::test(start_paused = true)]
async fn runs_come_by_their_grid_and_every_one_is_counted_and_kept() {
    let (target, seen) = target().await;
    let directory = tempfile::tempdir().expect("a directory");
    journey(directory.path(), "home", target, "/", "");
    configure(directory.path(), "  - file: home.yaml\n");
    let daemon = start(directory.path(), &Machine::new()).await;
    sleep(605 * SECOND).await;
    let runs = of_journey(&daemon, "runs_total", "home", "").await;
    assert!((60..=62).contains(&runs), "{runs} runs in ten minutes");
    assert_eq!(of_journey(&daemon, "planned_runs_total", "home", "").await, runs);
    assert_eq!(seen.lock().expect("no panic").len() as u64, runs);
    assert!(ask(&daemon, "/").await.contains("passed"));
    let reader = forerunner::history::reader::Reader::new(&directory.path().join("data"));
    daemon.shutdown(SECOND).await;
    let kept = reader.list(&forerunner::history::list::Filter::default()).expect("a history");
    assert_eq!(kept.len() as u64, runs);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_takes_longer_than_its_interval_skips_the_next_and_nothing_is_lost() {
    let (target, _) = target().await;
    let directory = tempfile::tempdir().expect("a directory");
    journey(directory.path(), "slow", target, "/slow", "");
    configure(directory.path(), "  - { file: slow.yaml, every: 2s }\n");
    let daemon = start(directory.path(), &Machine::new()).await;
    sleep(60 * SECOND).await;
    let skipped = of_journey(&daemon, "skipped_runs_total", "slow", ",reason=\"overlap\"").await;
    let runs = of_journey(&daemon, "runs_total", "slow", "").await;
    let planned = of_journey(&daemon, "planned_runs_total", "slow", "").await;
    assert!(skipped > 10 && runs > 10 && planned - runs - skipped <= 1, "{planned} {runs} {skipped}");
    let scheduler = Arc::clone(daemon.scheduler());
    daemon.shutdown(10 * SECOND).await;
    let totals = scheduler.totals();
    assert_eq!(totals.planned, totals.finished_all() + totals.skipped_all());
}

#[tokio::test(start_paused = true)]
async fn a_reload_changes_what_it_changes_and_nothing_else() {
    let (target, _) = target().await;
    let directory = tempfile::tempdir().expect("a directory");
    journey(directory.path(), "stays", target, "/", "");
    journey(directory.path(), "goes", target, "/", "");
    configure(directory.path(), "  - file: stays.yaml\n  - file: goes.yaml\n");
    let daemon = start(directory.path(), &Machine::new()).await;
    sleep(30 * SECOND).await;
    let before = of_journey(&daemon, "runs_total", "stays", "").await;
    journey(directory.path(), "comes", target, "/", "");
    configure(directory.path(), "  - file: stays.yaml\n  - file: comes.yaml\n");
    daemon.reloader().reload().await.expect("sound");
    assert_eq!(of_journey(&daemon, "runs_total", "stays", "").await, before, "what it counted is kept");
    assert_eq!(number(&daemon, "forerunner_journey_runs_total{journey=\"goes\"}").await, None);
    sleep(30 * SECOND).await;
    assert!((2..=4).contains(&of_journey(&daemon, "runs_total", "comes", "").await));
    assert!((2..=4).contains(&(of_journey(&daemon, "runs_total", "stays", "").await - before)));
    // What is broken changes nothing.
    configure(directory.path(), "  - file: nowhere.yaml\n");
    daemon.reloader().reload().await.expect_err("no such file");
    assert_eq!(number(&daemon, "forerunner_config_last_reload_successful").await, Some(0));
    let before = of_journey(&daemon, "runs_total", "stays", "").await;
    sleep(30 * SECOND).await;
    assert!(of_journey(&daemon, "runs_total", "stays", "").await > before);
    balanced(&daemon);
    daemon.shutdown(SECOND).await;
}

#[tokio::test(start_paused = true)]
async fn a_drain_starts_nothing_lets_runs_end_and_cleans_up() {
    for (grace, ended) in [(10 * SECOND, "passed"), (SECOND, "indeterminate")] {
        let (target, seen) = target().await;
        let directory = tempfile::tempdir().expect("a directory");
        journey(directory.path(), "slow", target, "/slow", "cleanup: [{ step: undo, delete: /made }]\n");
        configure(directory.path(), "  - file: slow.yaml\n");
        let daemon = start(directory.path(), &Machine::new()).await;
        while daemon.scheduler().in_flight() == 0 {
            sleep(SECOND / 10).await;
        }
        // In the middle of the first answer.
        while seen.lock().expect("no panic").is_empty() {
            sleep(SECOND / 10).await;
        }
        daemon.shutdown(grace).await;
        assert_eq!(*seen.lock().expect("no panic"), ["GET /slow", "DELETE /made"], "{ended}");
        let reader = forerunner::history::reader::Reader::new(&directory.path().join("data"));
        let kept = reader.list(&forerunner::history::list::Filter::default()).expect("a history");
        assert_eq!(kept.iter().map(|run| run.outcome.word()).collect::<Vec<_>>(), [ended]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_jump_of_the_clock_or_a_suspend_touches_is_nobodys_fault() {
    let jumps: [fn(&Machine); 4] = [
        |machine| machine.set_wall(3600),
        |machine| machine.set_wall(-3600),
        |machine| machine.set_wall(365 * 86_400),
        |machine| machine.suspend(600),
    ];
    for (number_of_jump, jump) in jumps.into_iter().enumerate() {
        let (target, _) = target().await;
        let directory = tempfile::tempdir().expect("a directory");
        journey(directory.path(), "slow", target, "/slow", "");
        configure(directory.path(), "  - file: slow.yaml\n");
        let machine = Machine::new();
        let daemon = start(directory.path(), &machine).await;
        while daemon.scheduler().in_flight() == 0 {
            sleep(SECOND / 10).await;
        }
        jump(&machine);
        sleep(5 * SECOND).await;
        let indeterminate = of_journey(&daemon, "indeterminate_runs_total", "slow", ",cause=\"probe\"").await;
        assert_eq!(indeterminate, 1, "jump {number_of_jump}");
        assert_eq!(of_journey(&daemon, "runs_total", "slow", "").await, 0);
        // What comes later is judged again, by the same grid.
        sleep(60 * SECOND).await;
        let runs = of_journey(&daemon, "runs_total", "slow", "").await;
        assert!((5..=7).contains(&runs), "jump {number_of_jump}: {runs} runs");
        assert_eq!(of_journey(&daemon, "failures_total", "slow", "").await, 0);
        assert_eq!(of_journey(&daemon, "indeterminate_runs_total", "slow", ",cause=\"probe\"").await, 1);
        balanced_after(daemon).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_whose_quota_is_used_up_is_left_alone_until_it_is_renewed() {
    let (target, _) = target().await;
    let directory = tempfile::tempdir().expect("a directory");
    journey(directory.path(), "limited", target, "/limited", "");
    configure(directory.path(), "  - file: limited.yaml\n");
    let daemon = start(directory.path(), &Machine::new()).await;
    sleep(600 * SECOND).await;
    // One run in two minutes instead of twelve.
    assert!((4..=6).contains(&of_journey(&daemon, "runs_total", "limited", "").await));
    assert!(of_journey(&daemon, "skipped_runs_total", "limited", ",reason=\"quota\"").await > 40);
    balanced_after(daemon).await;
}

#[tokio::test(start_paused = true)]
async fn a_dead_resolver_of_our_own_is_nobodys_fault() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = "forerunner: 1\njourney: home\nlimits: { every: 1s }\nneeds: { hosts: { site: \"http://site.example\" } }\nsteps: [{ get: / }]\n";
    std::fs::write(directory.path().join("home.yaml"), text).expect("written");
    // Nobody listens there, which this machine is told at once.
    let closed = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
    configure(directory.path(), &format!("  - {{ file: home.yaml, network: {{ resolver: \"{closed}\" }} }}\n"));
    let daemon = start(directory.path(), &Machine::new()).await;
    sleep(60 * SECOND).await;
    assert!(of_journey(&daemon, "indeterminate_runs_total", "home", ",cause=\"probe\"").await > 2);
    assert_eq!(of_journey(&daemon, "failures_total", "home", "").await, 0);
    balanced_after(daemon).await;
}
