//! The play as a newcomer sees it who has a pipe instead of a terminal.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use super::Desk;

/// Long enough for a machine that does a lot else; nothing waits for it unless something is wrong.
const PATIENCE: Duration = Duration::from_mins(2);

#[tokio::test]
async fn an_outage_opens_an_incident_is_mailed_and_is_over_and_nothing_stays_behind() {
    let desk = Desk::new();
    let mut command = desk.command("demo --listen 127.0.0.1:0 --speed 3 --act outage");
    let mut child = command.env("TMPDIR", desk.path("")).stdout(Stdio::piped()).spawn().expect("started");
    let mut lines = BufReader::new(child.stdout.take().expect("lines")).lines();
    let mut seen = Vec::new();
    let reading = async {
        while let Ok(Some(line)) = lines.next_line().await {
            seen.push(line);
            let all = |words: &str| seen.iter().any(|line| line.contains(words));
            if ["incident opened", "mail sent", "RESOLVED after"].into_iter().all(all) {
                return;
            }
        }
    };
    let come = tokio::time::timeout(PATIENCE, reading).await;
    assert!(come.is_ok(), "{seen:#?}");
    assert!(seen[0].starts_with("pages and mails: http://127.0.0.1:"), "{seen:#?}");
    let id = child.id().expect("it runs").to_string();
    assert!(Command::new("kill").args(["-s", "INT", &id]).status().await.expect("kill").success());
    let ended = tokio::time::timeout(PATIENCE, child.wait()).await.expect("ended in time").expect("waited");
    assert_eq!(ended.code(), Some(0));
    let left: Vec<_> = std::fs::read_dir(desk.path("")).expect("readable").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn what_is_in_the_way_is_told_with_the_flag_that_changes_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    let ran = Desk::new().run(&format!("demo --listen {address}")).await;
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains(&address.to_string()) && ran.err.contains("--listen"), "{ran:?}");
    for (arguments, words) in
        [("demo --speed 9", "from 0.2 to 3"), ("demo --act nonsense", "wrong-total, slow-partner")]
    {
        let ran = Desk::new().run(arguments).await;
        assert!(ran.code == Some(1) && ran.err.contains(words), "{ran:?}");
    }
}
