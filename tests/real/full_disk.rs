//! A disk that is full: runs go on and are counted, the trouble is told once, and it ends by itself.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{Daemon, PATIENCE, ran, runs, site};

/// A file system of its own, small and in memory.
pub struct Small(PathBuf);

impl Small {
    pub fn mount(path: &Path) -> Self {
        std::fs::create_dir(path).expect("made");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64m", "none"]).arg(path).status();
        assert!(
            mounted.is_ok_and(|status| status.success()),
            "a small file system cannot be mounted: this test needs root, as `sudo scripts/test` has it"
        );
        Self(path.to_owned())
    }
}

/// Something that takes whatever is left.
pub struct Ballast(std::fs::File);

impl Ballast {
    pub fn fill(path: &Path) -> Self {
        let ballast = Self(std::fs::File::create(path).expect("a file"));
        ballast.grow();
        ballast
    }

    /// Takes what was given back meanwhile, to the last block.
    pub fn grow(&self) {
        while (&self.0).write_all(&[1; 4096]).is_ok() {}
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Lazily: the daemon may have files open yet.
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Answers whoever asks with much that does not compress, so that each run, which fails, leaves much evidence.
fn babbler() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            // Whoever does not ask gets no answer.
            if stream.read(&mut request).is_ok_and(|read| read > 0) {
                let noise: String = std::iter::successors(Some(7_u32), |last| {
                    Some(last.wrapping_mul(1_664_525).wrapping_add(1_013_904_223))
                })
                .take(6_000)
                .fold(String::new(), |text, number| text + &format!("{number:08x}"));
                let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", noise.len());
                let _ = stream.write_all((head + &noise).as_bytes());
            }
        }
    });
    address
}

/// A number of the daemon's own.
fn number(metrics: &str, name: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|value| value.trim().parse().ok()).unwrap_or_else(|| panic!("no {name}"))
}

#[tokio::test]
async fn a_full_disk_costs_history_and_nothing_else() {
    let directory = site(babbler());
    let _small = Small::mount(&directory.path().join("data"));
    let daemon = Daemon::start(directory.path()).await;
    daemon.until("GET /metrics", ran("one")).await;
    // Something is in history before there is no room for more.
    let first = async {
        while !runs(directory.path()).await.contains("one") {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, first).await.expect("a run is kept");
    let ballast = directory.path().join("data/ballast");
    let file = Ballast::fill(&ballast);
    // A disk that is full stays full, whatever the daemon gives back of its own.
    let failing = |metrics: &str| {
        file.grow();
        number(metrics, "forerunner_store_write_failures_total") > 0.0
    };
    let full = daemon.until("GET /metrics", failing).await;
    let before = number(&full, "forerunner_journey_runs_total{journey=\"one\"}");
    // Runs go on.
    let more = |metrics: &str| number(metrics, "forerunner_journey_runs_total{journey=\"one\"}") > before + 3.0;
    daemon.until("GET /metrics", more).await;
    assert!(daemon.ask("GET /").await.contains("one"));
    assert!(daemon.ask("GET /-/healthy").await.starts_with("HTTP/1.1 200"));
    drop(file);
    let kept = runs(directory.path()).await;
    let last = kept.split_whitespace().next().expect("runs of before can be read").to_owned();
    std::fs::remove_file(&ballast).expect("removed");
    daemon.until("GET /status", |page| !page.contains("trouble")).await;
    let later = async {
        loop {
            let now = runs(directory.path()).await;
            if now.split_whitespace().next().is_some_and(|newest| newest > last.as_str()) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    let kept_again = tokio::time::timeout(PATIENCE, later).await;
    assert!(kept_again.is_ok(), "runs are not kept again: {}", daemon.log());
    daemon.until("GET /metrics", |_| daemon.log().contains("the history is written again")).await;
    let told = daemon.log().matches("runs cannot be written to the history").count();
    // When it begins, not for every run; what little room is left may come and go meanwhile.
    assert!((1..=5).contains(&told), "{}", daemon.log());
    daemon.signal("TERM").await;
    assert_eq!(daemon.ended().await, Some(0));
}
