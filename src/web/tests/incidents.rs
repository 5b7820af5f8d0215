//! The pages of incidents: what is wrong at a glance, and nothing that a target wrote as markup.

use http::StatusCode;

use super::{Answer, Daemon, get};
use crate::history::ledger::reader::{IncidentStory, NoteLine};
use crate::model::incident::{Aspect, Blame, Event, Incident, Key, NoticeKind, RunRef, Severity, State, Transition};
use crate::model::sample::at;

const ID: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
const RUN: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAW";

fn incident(state: State) -> Incident {
    Incident {
        id: ID.to_owned(),
        key: Key { name: "book".to_owned(), aspect: Aspect::Run },
        state,
        severity: Severity::Critical,
        title: "A business owner books a mentor: fails at \"book\" (mentors)".to_owned(),
        blame: Blame {
            step: Some("book".to_owned()),
            owner: Some("mentors".to_owned()),
            said: "status: expected 201, got 503 <script>alert(1)</script>".to_owned(),
            ..Blame::default()
        },
        suspected_at: at(0),
        opened_at: Some(at(5_000)),
        recovering_since: None,
        ended_at: state.is_ended().then(|| at(605_000)),
        bad: 2,
        good: 0,
        elsewhere: None,
        reopened: 1,
        seq: 1,
        told_at: None,
        reminders: 0,
        next_reminder_at: None,
        last_bad: Some(RunRef { id: RUN.to_owned(), at: at(4_000) }),
        last_good: None,
        not_after: None,
    }
}

fn story(state: State, notes: Vec<NoteLine>) -> IncidentStory {
    let change = |event, notice| Transition {
        at: at(5_000),
        event,
        incident: incident(State::Firing),
        notice,
        run: Some(RUN.to_owned()),
    };
    let events = vec![change(Event::Suspected, None), change(Event::Opened, Some(NoticeKind::Firing))];
    IncidentStory { incident: incident(state), events, notes }
}

async fn page(known: Result<Vec<IncidentStory>, String>, path: &str) -> Answer {
    let daemon = Daemon::start().await;
    *daemon.incidents.0.lock().expect("unpoisoned") = known;
    get(daemon.address, path).await
}

fn shows(page: &Answer, all: &[&str]) {
    assert_eq!(page.status, StatusCode::OK);
    for said in all {
        assert!(page.text().contains(said), "{said}: {}", page.text());
    }
    assert!(!page.text().contains("<script"), "{}", page.text());
}

#[tokio::test]
async fn the_list_says_what_is_wrong_and_whose_it_is() {
    let open = page(Ok(vec![story(State::Firing, Vec::new())]), "/incidents").await;
    shows(
        &open,
        &["One incident is open.", "firing", "books a mentor", "mentors", &format!("/incidents/{ID}"), "since"],
    );
    let over = page(Ok(vec![story(State::Resolved, Vec::new())]), "/incidents").await;
    shows(&over, &["Nothing is wrong that we know of.", "resolved", "over after 10 min"]);
}

#[tokio::test]
async fn one_incident_has_its_facts_its_timeline_and_who_was_told() {
    let note = NoteLine {
        seq: 1,
        kind: "firing".to_owned(),
        channel: "ops".to_owned(),
        recipient: "oncall@example.org".to_owned(),
        state: "accepted".to_owned(),
        attempts: 1,
        queued_at: at(5_000),
        settled_at: Some(at(6_000)),
        said: "250 <ok>".to_owned(),
        message_id: "inc@example.org".to_owned(),
    };
    let page = page(Ok(vec![story(State::Firing, vec![note])]), &format!("/incidents/{ID}")).await;
    let run = format!("<a href=\"/runs/{RUN}\">");
    shows(
        &page,
        &[
            "suspected",
            "opened",
            "told as firing 1",
            &run,
            "got 503 &lt;script&gt;",
            "oncall@example.org",
            "250 &lt;ok&gt;",
            "1 times",
        ],
    );
}

#[tokio::test]
async fn what_is_not_there_or_cannot_be_read_is_said() {
    let missing = page(Ok(Vec::new()), &format!("/incidents/{ID}")).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(missing.text().contains("No such incident"));
    assert_eq!(page(Ok(Vec::new()), "/incidents/no-id").await.status, StatusCode::NOT_FOUND);
    for path in ["/incidents".to_owned(), format!("/incidents/{ID}")] {
        let unreadable = page(Err("the disk is gone".to_owned()), &path).await;
        assert_eq!(unreadable.status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(unreadable.text().contains("the disk is gone"));
    }
}
