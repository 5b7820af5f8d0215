//! The list of journeys: what fails is on top, and ten thousand are no trouble.

use http::StatusCode;

use super::daemon::entry;
use super::{Daemon, get};
use crate::model::run::{Outcome, Run};
use crate::model::sample;

fn run(name: &str, base: Run, outcome: Outcome) -> Run {
    Run { name: name.to_owned(), outcome, ..base }
}

fn observe(daemon: &Daemon) {
    for run in [
        run("b-passed", sample::passed(), Outcome::Passed),
        run("c-failed", sample::failed(), Outcome::Failed),
        run("d-degraded", sample::degraded(), Outcome::Degraded),
        run("e-ours", sample::indeterminate(), Outcome::Indeterminate),
    ] {
        daemon.site.board.observe(&run);
    }
}

#[tokio::test]
async fn what_fails_is_on_top_with_its_party_and_its_run() {
    let daemon = Daemon::start().await;
    let names = ["a-new", "b-passed", "c-failed", "d-degraded", "e-ours"];
    daemon.site.board.replace(names.iter().map(|name| entry(name, &format!("Title {name}"))).collect());
    observe(&daemon);
    let page = get(daemon.address, "/").await;
    let text = page.text();
    let place = |name: &str| text.find(&format!("<code class=\"name\">{name}</code>")).expect(name);
    let mut order = names;
    order.sort_by_key(|name| place(name));
    assert_eq!(order, ["c-failed", "d-degraded", "e-ours", "a-new", "b-passed"]);
    let failed = &text[place("c-failed")..place("d-degraded")];
    for said in ["failed since <time", "took ", "href=\"/runs/01KAN3P5A0V2X8QJ6Z4T1M9C7D\"", "responsible: <b>"] {
        assert!(failed.contains(said), "{said}: {failed}");
    }
    assert!(text[place("e-ours")..place("a-new")].contains("our own trouble"));
    assert!(text[place("a-new")..place("b-passed")].contains("no run has ended yet"));
    for said in ["1 of 5 journeys fails.", "<meta http-equiv=\"refresh\" content=\"30\">", "<title>1 failed · Journeys"]
    {
        assert!(text.contains(said), "{said}");
    }
    assert!(!text.contains("<script") && !text.contains(" style=") && !text.contains("<style"));
}

#[tokio::test]
async fn ten_thousand_journeys_come_in_pages() {
    let daemon = Daemon::start().await;
    daemon.site.board.replace((0..10_000).map(|number| entry(&format!("j-{number}"), "A task")).collect());
    let page = get(daemon.address, "/?page=100").await;
    assert_eq!(page.text().matches("<li class=\"never-ran\">").count(), 100);
    assert!(page.text().contains("page 100 of 100") && page.text().contains("href=\"/?page=99\""));
    assert!(page.body.len() < 64 * 1024, "{} bytes", page.body.len());
    for (path, said) in [
        ("/?page=101", "There is no page 101: the list has 100 pages."),
        ("/?page=18446744073709551615", "There is no page 18446744073709551615"),
        ("/?state=failed", "No journey is in the state “failed”."),
        ("/?state=never-ran&page=2", "href=\"/?state=never-ran&amp;page=3\""),
    ] {
        let page = get(daemon.address, path).await;
        assert!(page.status == StatusCode::OK && page.text().contains(said), "{path}");
    }
    assert_eq!(get(daemon.address, "/?page=none").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(get(daemon.address, "/?state=none").await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn hostile_titles_and_targets_stay_text() {
    let daemon = Daemon::start().await;
    let text = format!("<script>alert(1)</script>\"'&{}", sample::HOSTILE);
    let hostile = sample::hostile(&text);
    daemon.site.board.replace(vec![entry(&text, &text)]);
    daemon.site.board.observe(&Run { name: text.clone(), id: text.clone(), ..hostile });
    let page = get(daemon.address, "/").await;
    assert!(page.text().contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert!(!page.text().contains("<script") && !page.text().contains('\u{202e}') && !page.text().contains('\u{1b}'));
}
