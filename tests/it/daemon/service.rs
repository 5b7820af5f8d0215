//! What the program says to a service manager, and how it follows files that change.

use std::os::unix::net::UnixDatagram;
use std::path::Path;

use super::program::{Daemon, PATIENCE, configure, ran, site};
use crate::support::http1::{always, ok, serve};

/// The next message that holds, others passed over.
async fn message(socket: &tokio::net::UnixDatagram, holds: &str) -> String {
    let waiting = async {
        let mut buffer = [0; 4096];
        loop {
            let length = socket.recv(&mut buffer).await.expect("a message");
            let text = String::from_utf8_lossy(&buffer[..length]).into_owned();
            if text.contains(holds) {
                return text;
            }
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("no {holds}"))
}

fn listen(path: &Path) -> tokio::net::UnixDatagram {
    let socket = UnixDatagram::bind(path).expect("a socket");
    socket.set_nonblocking(true).expect("an open socket");
    tokio::net::UnixDatagram::from_std(socket).expect("a socket")
}

#[tokio::test]
async fn a_service_manager_hears_of_each_state() {
    let (target, _) = serve(vec![always(&ok("hi"))]).await;
    let directory = site(target);
    let path = directory.path().join("notify");
    let socket = listen(&path);
    let path = path.display().to_string();
    let daemon = Daemon::start_with(directory.path(), &[("NOTIFY_SOCKET", &path), ("WATCHDOG_USEC", "200000")]).await;
    let ready = message(&socket, "READY=1").await;
    assert!(ready.contains(&format!("STATUS=listening at {}", daemon.address)), "{ready}");
    message(&socket, "WATCHDOG=1").await;
    daemon.signal("HUP").await;
    let reloading = message(&socket, "RELOADING=1").await;
    let micros = reloading.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC=")).expect("when");
    assert!(micros.parse::<u64>().is_ok_and(|micros| micros > 0), "{reloading}");
    message(&socket, "READY=1").await;
    // It is alive still.
    message(&socket, "WATCHDOG=1").await;
    daemon.signal("TERM").await;
    message(&socket, "STOPPING=1").await;
    assert_eq!(daemon.ended().await, Some(0));
}

#[tokio::test]
async fn files_that_change_are_followed_and_half_a_file_is_not() {
    let (target, _) = serve(vec![always(&ok("hi"))]).await;
    let directory = site(target);
    let path = configure(directory.path(), "  - file: one.yaml\n");
    let text = std::fs::read_to_string(&path).expect("text");
    std::fs::write(&path, format!("watch: 1s\n{text}")).expect("written");
    let daemon = Daemon::start(directory.path()).await;
    daemon.until("GET /metrics", ran("one")).await;
    // Somebody is in the middle of writing.
    std::fs::write(&path, format!("watch: 1s\n{text}  - file: two.y")).expect("written");
    let metrics = daemon.until("GET /metrics", |metrics| metrics.contains("last_reload_successful 0")).await;
    assert!(metrics.contains("runs_total{journey=\"one\"}"), "{metrics}");
    std::fs::write(&path, format!("watch: 1s\n{text}  - file: two.yaml\n")).expect("written");
    daemon.until("GET /metrics", ran("two")).await;
    // A journey that is changed is looked at as well; a file that is gone changes nothing.
    let journey = directory.path().join("two.yaml");
    let changed = std::fs::read_to_string(&journey).expect("text").replace("step: open", "step: look");
    std::fs::write(&journey, changed).expect("written");
    daemon.until("GET /metrics", |metrics| metrics.contains("step=\"look\"")).await;
    std::fs::remove_file(&journey).expect("removed");
    daemon.until("GET /metrics", |metrics| metrics.contains("last_reload_successful 0")).await;
    let metrics = daemon.ask("GET /metrics").await;
    assert!(metrics.contains("step=\"look\""), "{metrics}");
}
