//! What messages say and what no text in them can do.

use std::time::Duration;

use super::*;
use crate::model::incident::{Aspect, Blame, Incident, Key, RunRef, Severity, State};
use crate::model::notice::{Demand, Party, Sample};
use crate::model::run::Outcome;
use crate::model::sample::{self, at};
use crate::model::timing::Phase;

fn sender() -> Sender {
    Sender {
        from: "forerunner@example.org".to_owned(),
        list_id: Some("ops-mail.example.org".to_owned()),
        domain: "example.org".to_owned(),
    }
}

/// A shop that has been failing for twelve minutes.
fn facts(kind: NoticeKind) -> Notice {
    let minutes = |minutes: u64| at(minutes * 60_000);
    let run = sample::failed();
    let recent = (0..120).map(|minute| Sample {
        at: minutes(minute),
        elapsed: Duration::from_millis(400 + minute * 37 % 90),
        outcome: if minute < 108 { Outcome::Passed } else { Outcome::Failed },
    });
    Notice {
        kind,
        at: minutes(120),
        incident: Incident {
            id: "01KAM5S0M0000000000000SH0P".to_owned(),
            key: Key { name: "find-a-mentor".to_owned(), aspect: Aspect::Run },
            state: State::Firing,
            severity: Severity::Critical,
            title: "Find a mentor: fails at \"Search\" (mentors-partner)".to_owned(),
            blame: Blame {
                step: Some("search".to_owned()),
                step_title: Some("Search".to_owned()),
                owner: Some("mentors-partner".to_owned()),
                host: Some("mentors".to_owned()),
                phase: Some(Phase::Wait),
                cause: Some(crate::model::failure::Cause::Timeout),
                said: "no answer within 10 s".to_owned(),
            },
            suspected_at: minutes(108),
            opened_at: Some(minutes(109)),
            recovering_since: None,
            ended_at: None,
            bad: 2,
            good: 0,
            elsewhere: None,
            reopened: 0,
            seq: 1,
            told_at: Some(minutes(109)),
            reminders: 0,
            next_reminder_at: None,
            last_bad: Some(RunRef { id: run.id.clone(), at: minutes(119) }),
            last_good: Some(RunRef { id: run.id.clone(), at: minutes(107) }),
            not_after: None,
        },
        journey: "find-a-mentor".to_owned(),
        party: Some(Party {
            id: "mentors-partner".to_owned(),
            name: "Mentor Match".to_owned(),
            contact: Some("noc@mentors.example".to_owned()),
            kind: Some("partner".to_owned()),
        }),
        vantage: "london-1".to_owned(),
        run: Some(run.into()),
        recent: recent.collect(),
        runbook: Some("https://wiki.example.org/runbooks/mentors".to_owned()),
        pages: Some("https://forerunner.example.org".to_owned()),
        demand: Some(Demand { per_second: 400.0 / 86_400.0 }),
        labels: vec![("unit".to_owned(), "growth".to_owned())],
        every: Duration::from_mins(1),
    }
}

/// Of the kind, with what has happened until then.
fn of(kind: NoticeKind) -> Notice {
    let mut facts = facts(kind);
    facts.incident.seq = 2;
    match kind {
        NoticeKind::Firing => facts.incident.seq = 1,
        NoticeKind::Resolved | NoticeKind::Ended => {
            facts.incident.state = State::Resolved;
            facts.incident.recovering_since = Some(at(118 * 60_000));
            facts.incident.ended_at = Some(at(120 * 60_000));
            facts.run = Some(sample::passed().into());
        }
        NoticeKind::Withdrawn => facts.incident.state = State::Withdrawn,
        _ => {}
    }
    facts
}

fn certificate() -> Notice {
    let mut facts = facts(NoticeKind::Firing);
    facts.incident.key.aspect = Aspect::Certificate("mentors".to_owned());
    facts.incident.severity = Severity::Warning;
    facts.incident.title = "Find a mentor: the certificate of mentors runs out".to_owned();
    facts.incident.not_after = Some(at(120 * 60_000 + 20 * 86_400_000));
    (facts.incident.blame.step, facts.incident.blame.phase) = (None, None);
    facts.incident.blame.cause = Some(crate::model::failure::Cause::Tls);
    facts.incident.blame.said = "valid until 2026-12-12T10:00:00Z".to_owned();
    facts.run = Some(sample::passed().into());
    facts
}

fn own() -> Notice {
    let mut facts = facts(NoticeKind::Firing);
    facts.incident.key = Key { name: "channel/ops-mail".to_owned(), aspect: Aspect::Own };
    facts.incident.title = "forerunner itself: channel/ops-mail".to_owned();
    facts.incident.blame =
        Blame { said: "relay smtp.example.org:587 takes no mail: 535 5.7.8 no".to_owned(), ..Blame::default() };
    (facts.run, facts.party, facts.demand, facts.runbook) = (None, None, None, None);
    (facts.recent, facts.labels, facts.every) = (Vec::new(), Vec::new(), Duration::ZERO);
    facts
}

fn plain_text(facts: &Notice) -> String {
    text::write(&facts::letter(facts))
}

fn whole_text(rendered: &Rendered) -> String {
    String::from_utf8(rendered.message.to_vec()).expect("seven bits")
}

#[test]
fn every_kind_says_what_people_need_in_their_order() {
    for kind in [
        NoticeKind::Firing,
        NoticeKind::Worsened,
        NoticeKind::Reminder,
        NoticeKind::Resolved,
        NoticeKind::Withdrawn,
        NoticeKind::Ended,
    ] {
        insta::assert_snapshot!(format!("text-{}", kind.word()), plain_text(&of(kind)));
    }
    insta::assert_snapshot!("text-certificate", plain_text(&certificate()));
    insta::assert_snapshot!("text-own", plain_text(&own()));
    let test = facts::test(at(0), "ops-mail", "london-1", None);
    insta::assert_snapshot!("text-test", text::write(&test));
    insta::assert_snapshot!("html-firing", html::write(&facts::letter(&of(NoticeKind::Firing)), None));
}

#[test]
fn the_head_is_what_programs_and_people_sort_by() {
    let firing = whole_text(&notice(&of(NoticeKind::Firing), &sender(), Extent::Short));
    let head = firing.split("\r\n\r\n").next().expect("a head");
    insta::assert_snapshot!("head", head.replace('\r', ""));
    let subject = |kind| {
        let message = whole_text(&notice(&of(kind), &sender(), Extent::Short));
        message.split("\r\n").find(|line| line.starts_with("Subject: ")).map(str::to_owned)
    };
    assert_eq!(subject(NoticeKind::Firing), subject(NoticeKind::Resolved), "a thread has one subject");
    for name in ["To", "Message-ID", "In-Reply-To", "References"] {
        assert!(!head.contains(&format!("{name}:")), "{name} is the receiver's");
    }
}

/// Lines end as RFC 5322 wants it, are not too long, and hold nothing but seven bits.
fn check_shape(rendered: &Rendered, most: usize) {
    for message in [&rendered.message, &rendered.short] {
        assert!(message.len() <= most, "{} bytes", message.len());
        let text = std::str::from_utf8(message).expect("text");
        assert!(text.is_ascii() && !text.contains('\0'));
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "every line ends in CR LF");
        assert!(text.split("\r\n").all(|line| line.len() <= 998));
        let head = text.split("\r\n\r\n").next().expect("a head");
        let fields = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
        let names: Vec<_> = fields.map(|line| line.split(':').next().unwrap_or_default()).collect();
        let known = |name: &&str| name.starts_with("X-Forerunner-") || KNOWN.contains(name);
        assert!(names.iter().all(known), "{names:?}");
    }
}

const KNOWN: [&str; 10] = [
    "From",
    "Date",
    "Subject",
    "MIME-Version",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "List-Id",
    "Importance",
    "Content-Type",
    "Content-Transfer-Encoding",
];

#[test]
fn whatever_a_partner_writes_or_a_target_sends_a_message_stays_one() {
    let nasty = [
        "a\r\nBcc: everybody@example.org\r\n\r\nhello",
        "<script>alert(1)</script><img src=x onerror=y>\"'&",
        "\u{202e}desrever\u{2066}",
        "größer 大きい 🦀",
        "\r\n.\r\nMAIL FROM:<a@b>",
        "\0\u{1b}[31m",
    ];
    let long = "x".repeat(100_000);
    for text in nasty.into_iter().chain([long.as_str(), ""]) {
        let mut facts = of(NoticeKind::Firing);
        let mut run = sample::failed();
        for step in &mut run.steps {
            step.title = Some(text.to_owned());
            for miss in &mut step.misses {
                (miss.expected, miss.got) = (text.to_owned(), text.to_owned());
            }
            if let Some(failure) = &mut step.failure {
                failure.detail = text.to_owned();
            }
            for exchange in &mut step.evidence {
                exchange.url = text.to_owned();
            }
        }
        run.title = text.to_owned();
        facts.run = Some(run.into());
        facts.incident.title = text.to_owned();
        facts.incident.blame.said = text.to_owned();
        facts.incident.blame.owner = Some(text.to_owned());
        facts.journey = text.to_owned();
        facts.runbook = Some(text.to_owned());
        facts.party =
            Some(Party { id: text.to_owned(), name: text.to_owned(), contact: Some(text.to_owned()), kind: None });
        facts.labels = vec![(text.to_owned(), text.to_owned()); 1000];
        let rendered = notice(&facts, &sender(), Extent::Full);
        check_shape(&rendered, MESSAGE_BYTES_MAX);
        check_shape(&ended(&facts, &sender()), MESSAGE_BYTES_MAX);
        let html = html::write(&facts::letter(&facts), None);
        assert!(!html.contains("<script") && !html.contains("<img src=x"), "{html}");
        check_shape(&digest(&vec![rendered.line; 60], at(0), &sender()), 1 << 20);
    }
}

#[test]
fn a_picture_belongs_to_the_message_and_is_small() {
    let facts = of(NoticeKind::Firing);
    let drawn = picture::draw(&facts).expect("there is something to see");
    assert!(drawn.png.starts_with(b"\x89PNG") && drawn.png.len() <= 40_000, "{} bytes", drawn.png.len());
    assert!(
        drawn.words.starts_with("Time of the step: ") && drawn.words.contains("12 of them failed"),
        "{}",
        drawn.words
    );
    let rendered = notice(&facts, &sender(), Extent::Full);
    check_shape(&rendered, MESSAGE_BYTES_MAX);
    let message = whole_text(&rendered);
    assert!(message.contains(&format!("Content-ID: <{}>", drawn.id)), "{message}");
    let short = whole_text(&notice(&facts, &sender(), Extent::Short));
    assert!(!short.contains("image/png"));
    assert!(picture::draw(&own()).is_none());
    // A run every half minute, each of another length.
    let mut busy = facts.clone();
    let sample = |number: u64| Sample {
        at: at(number * 10_000),
        elapsed: Duration::from_millis(300 + number * 7919 % 2000),
        outcome: if number.is_multiple_of(3) { Outcome::Failed } else { Outcome::Passed },
    };
    busy.recent = (0..720).map(sample).collect();
    assert!(picture::draw(&busy).is_some());
    // Few runs and no phases are no picture.
    let mut bare = facts;
    bare.recent.truncate(2);
    bare.run = None;
    assert!(picture::draw(&bare).is_none());
}

#[test]
fn the_same_facts_make_the_same_bytes() {
    let once = notice(&of(NoticeKind::Firing), &sender(), Extent::Full);
    assert_eq!(once, notice(&of(NoticeKind::Firing), &sender(), Extent::Full));
    assert_ne!(once.message, notice(&of(NoticeKind::Resolved), &sender(), Extent::Full).message);
}

#[test]
fn there_are_links_only_where_there_are_pages() {
    let mut facts = of(NoticeKind::Firing);
    assert!(plain_text(&facts).contains("https://forerunner.example.org/incidents/01KAM5S0M0000000000000SH0P"));
    facts.pages = None;
    assert!(!plain_text(&facts).contains("/incidents/"));
    facts.runbook = Some("call the duty manager <b>now</b>".to_owned());
    let html = html::write(&facts::letter(&facts), None);
    assert!(html.contains("call the duty manager &lt;b&gt;now") && !html.contains("<a "), "{html}");
}

#[test]
fn a_digest_shows_what_fires_first_and_has_all_in_a_file() {
    let lines: Vec<_> = (0..80)
        .map(|number| Line {
            kind: if number % 4 == 0 { NoticeKind::Resolved } else { NoticeKind::Firing },
            at: at(number * 1000),
            state: if number % 4 == 0 { "RESOLVED after 5 min" } else { "FIRING since 08:00:00 UTC (1 min)" }
                .to_owned(),
            title: format!("task {number} fails"),
            party: Some(if number % 2 == 0 { "Mentor Match" } else { "The platform team" }.to_owned()),
            link: Some(format!("https://forerunner.example.org/incidents/{number}")),
        })
        .collect();
    let rendered = digest(&lines, at(90_000), &sender());
    check_shape(&rendered, MESSAGE_BYTES_MAX);
    let message = whole_text(&rendered);
    assert!(message.contains("Subject: [forerunner] 80 notices") && message.contains("notices.txt"));
    let few = whole_text(&digest(&lines[..7], at(90_000), &sender()));
    assert!(!few.contains("notices.txt"));
    insta::assert_snapshot!(
        "text-digest",
        few.split("text/plain").nth(1).and_then(|part| part.split("--a.").next()).expect("a part").replace('\r', "")
    );
}
