//! The real program: started, asked, reloaded, killed, started again.

use std::time::Duration;

use super::program::{Daemon, PATIENCE, configure, program, ran, runs, site};
use crate::support::http1::{Act, always, ok, serve};

#[tokio::test]
async fn a_daemon_runs_reloads_and_ends_in_order() {
    let (target, _) = serve(vec![always(&ok("hi"))]).await;
    let directory = site(target);
    let daemon = Daemon::start(directory.path()).await;
    daemon.until("GET /metrics", ran("one")).await;
    let metrics = daemon.until("GET /metrics", ran("two")).await;
    assert!(metrics.contains("forerunner_journey_success{journey=\"one\"} 1"), "{metrics}");
    assert!(daemon.ask("GET /-/ready").await.starts_with("HTTP/1.1 200"));
    let health = program().args(["healthcheck", "--url", &format!("http://{}", daemon.address)]).status().await;
    assert_eq!(health.expect("run").code(), Some(0));
    assert!(daemon.ask("GET /").await.contains("two"));
    // What is broken changes nothing, and the answer says what.
    std::fs::write(directory.path().join("two.yaml"), "forerunner: 1\njourney: two\nsteps: [{ gett: / }]\n")
        .expect("written");
    let answer = daemon.ask("POST /-/reload").await;
    assert!(answer.starts_with("HTTP/1.1 500") && answer.contains("gett"), "{answer}");
    let metrics = daemon.ask("GET /metrics").await;
    assert!(metrics.contains("forerunner_config_last_reload_successful 0"), "{metrics}");
    assert!(metrics.contains("forerunner_journey_success{journey=\"two\"}"), "{metrics}");
    // What is gone is gone at once.
    configure(directory.path(), "  - file: one.yaml\n");
    daemon.signal("HUP").await;
    let metrics = daemon.until("GET /metrics", |metrics| metrics.contains("last_reload_successful 1")).await;
    assert!(!metrics.contains("journey=\"two\"") && metrics.contains("journey=\"one\""), "{metrics}");
    daemon.signal("TERM").await;
    assert_eq!(daemon.ended().await, Some(0));
    let listed = runs(directory.path()).await;
    assert!(listed.contains("passed") && listed.contains("one"), "{listed}");
}

#[tokio::test]
async fn what_is_in_the_way_of_a_start_is_named_and_nothing_starts() {
    let (target, seen) = serve(vec![always(&ok("hi"))]).await;
    let directory = site(target);
    let first = Daemon::start(directory.path()).await;
    // A second daemon finds the store in use.
    let second =
        program().args(["run", "--config", "c.yaml"]).current_dir(directory.path()).output().await.expect("run");
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains("in use by another forerunner"), "{said}");
    // Or its port.
    let taken = first.address.to_string();
    let third = program()
        .args(["run", "--config", "c.yaml", "--listen", &taken])
        .current_dir(directory.path())
        .output()
        .await
        .expect("run");
    let said = String::from_utf8_lossy(&third.stderr).into_owned();
    assert_eq!(third.status.code(), Some(1), "{said}");
    assert!(said.contains(&taken) && said.contains("--listen"), "{said}");
    drop(first);
    let broken = site(target);
    configure(broken.path(), "  - { file: one.yaml, evry: 5s }\n");
    let before = seen.connections();
    let fourth = program().args(["run", "--config", "c.yaml"]).current_dir(broken.path()).output().await.expect("run");
    let said = String::from_utf8_lossy(&fourth.stderr).into_owned();
    assert_eq!(fourth.status.code(), Some(2), "{said}");
    assert!(said.contains("did you mean `every`?") && said.contains("nothing was started"), "{said}");
    assert!(seen.connections() >= before);
}

#[tokio::test]
async fn a_killed_daemon_loses_no_more_than_its_last_moment() {
    let (target, _) = serve(vec![always(&ok("hi"))]).await;
    let directory = site(target);
    for round in 0..3 {
        let daemon = Daemon::start(directory.path()).await;
        daemon.until("GET /metrics", ran("one")).await;
        // Two runs are known to be over; the group that holds the first of them is long committed.
        let list = async {
            while runs(directory.path()).await.lines().count() <= round {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE, list).await.expect("runs are kept");
        let before = runs(directory.path()).await;
        daemon.signal("KILL").await;
        assert_eq!(daemon.ended().await, None);
        let after = runs(directory.path()).await;
        for line in before.lines() {
            let id = line.split_whitespace().next().expect("an id");
            assert!(after.contains(id), "run {id} was lost");
        }
    }
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    // Nobody ever answers: the run would take until its own limit.
    let (target, seen) = serve(vec![vec![Act::Read, Act::Silent]]).await;
    let directory = site(target);
    let daemon = Daemon::start(directory.path()).await;
    let asked = async {
        while seen.connections() == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asked).await.expect("a run is under way");
    daemon.signal("TERM").await;
    daemon.until("GET /-/ready", |answer| answer.starts_with("HTTP/1.1 503")).await;
    daemon.signal("TERM").await;
    assert_eq!(daemon.ended().await, Some(3));
}
