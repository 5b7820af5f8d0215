//! What a message says, in the order in which people need it, for every form that it is written in.

use std::time::Duration;

use super::words::{between, length, moment, people, state};
use crate::base::duration::short_duration;
use crate::base::printable::{is_hostile, printable_within};
use crate::base::time::Timestamp;
use crate::curl;
use crate::model::failure::Cause;
use crate::model::incident::{Aspect, Blame, NoticeKind, Severity};
use crate::model::notice::{Notice, Party};
use crate::model::outbox::Line;
use crate::model::run::{Run, StepResult};

/// Characters of one fact: it is no place for a page of HTML.
const FACT_CHARS_MAX: usize = 300;
/// Characters of what was expected, what came and the command that repeats it.
const BLOCK_CHARS_MAX: usize = 2_000;
/// Conditions that did not hold and are shown; the page of the run has all.
const MISSES_MAX: usize = 5;
const LABELS_MAX: usize = 10;

/// A message before it has a form. All texts are of one line, but those of blocks.
pub(super) struct Letter {
    pub tone: Tone,
    /// `FIRING since 10:02:11 UTC (12 min)`.
    pub state: String,
    pub title: String,
    /// What happened, in one line.
    pub said: Option<String>,
    pub rows: Vec<Row>,
    pub blocks: Vec<Block>,
    /// Words and addresses.
    pub links: Vec<(&'static str, String)>,
    /// Why this was sent.
    pub foot: String,
    /// For the line of a digest: who is responsible, and the page of the incident.
    pub party: Option<String>,
    pub page: Option<String>,
}

/// How a message looks at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Bad,
    Warning,
    Good,
    Quiet,
}

pub(super) struct Row {
    pub label: &'static str,
    pub value: String,
}

/// Text that is shown as it is.
pub(super) struct Block {
    pub label: &'static str,
    pub text: String,
}

impl Letter {
    pub(super) fn line(&self, kind: NoticeKind, at: Timestamp) -> Line {
        Line {
            kind,
            at,
            state: self.state.clone(),
            title: self.title.clone(),
            party: self.party.clone(),
            link: self.page.clone(),
        }
    }
}

pub(super) fn letter(notice: &Notice) -> Letter {
    let incident = &notice.incident;
    let blame = &incident.blame;
    let is_over = notice.kind.is_terminal();
    let said = match notice.kind {
        NoticeKind::Withdrawn => None,
        NoticeKind::Resolved | NoticeKind::Ended if blame.said.is_empty() => None,
        NoticeKind::Resolved | NoticeKind::Ended => Some(format!("It was: {}", blame.said)),
        _ => Some(blame.said.clone()),
    };
    Letter {
        tone: tone(notice),
        state: state(notice.kind, incident, notice.at),
        title: one_line(&incident.title),
        said: said.filter(|said| !said.is_empty()).map(|said| one_line(&said)),
        rows: rows(notice),
        blocks: if is_over { Vec::new() } else { blocks(notice) },
        links: links(notice),
        foot: foot(notice),
        party: notice.party.as_ref().map(|party| one_line(&party.name)),
        page: page(notice),
    }
}

/// The message that tries a channel.
pub(super) fn test(now: Timestamp, channel: &str, vantage: &str, pages: Option<&str>) -> Letter {
    let row = |label, value: &str| Row { label, value: one_line(value) };
    Letter {
        tone: Tone::Quiet,
        state: "TEST: nothing is wrong".to_owned(),
        title: format!("Messages of the channel {channel} arrive here"),
        said: Some("Somebody tried whether people would be told. There is nothing to do.".to_owned()),
        rows: vec![row("channel", channel), row("sent from", vantage), row("at", &now.rfc3339_seconds())],
        blocks: Vec::new(),
        links: pages.map(|pages| ("The pages of forerunner", format!("{pages}/"))).into_iter().collect(),
        foot: "Sent by `forerunner alert test`.".to_owned(),
        party: None,
        page: None,
    }
}

fn tone(notice: &Notice) -> Tone {
    match notice.kind {
        NoticeKind::Resolved | NoticeKind::Ended => Tone::Good,
        NoticeKind::Withdrawn => Tone::Quiet,
        _ if notice.incident.severity == Severity::Critical => Tone::Bad,
        _ => Tone::Warning,
    }
}

fn rows(notice: &Notice) -> Vec<Row> {
    let incident = &notice.incident;
    let blame = &incident.blame;
    let at = notice.at;
    let is_own = incident.key.aspect == Aspect::Own;
    let is_outage = incident.key.aspect == Aspect::Run;
    let is_over = matches!(notice.kind, NoticeKind::Resolved | NoticeKind::Ended);
    let end = incident.recovering_since.or(incident.ended_at).unwrap_or(at);
    let lasted = between(incident.suspected_at, end);
    let run = notice.run.as_deref();
    let task = run.map(|run| run.title.clone());
    let since = format!("{} ({} ago)", moment(incident.suspected_at, at), length(between(incident.suspected_at, at)));
    let facts = [
        ("responsible", Some(responsible(notice.party.as_ref(), is_own))),
        ("customers cannot", task.filter(|_| is_outage && !is_over)),
        ("step", step(blame)),
        ("where", place(blame)),
        (if is_outage { "first failed" } else { "seen since" }, Some(since)),
        ("good again", is_over.then(|| moment(end, at))),
        ("lasted", is_over.then(|| length(lasted))),
        ("customers touched", touched(notice, lasted, is_over).filter(|_| is_outage)),
        (
            "last good run",
            incident.last_good.as_ref().filter(|_| is_outage && !is_over).map(|good| moment(good.at, at)),
        ),
        ("also breaks at", incident.elsewhere.as_ref().and_then(step)),
        ("certificate", incident.not_after.map(|end| certificate(end, at))),
        ("seen from", (!is_own).then(|| seen_from(notice))),
        ("time of the step", run.and_then(Run::deciding_step).map(times).filter(|_| !is_over)),
        ("severity", Some(incident.severity.word().to_owned())),
        ("opened again", (incident.reopened > 0).then(|| format!("{} times within half an hour", incident.reopened))),
        ("runbook", notice.runbook.clone().filter(|runbook| !is_link(runbook))),
        ("labels", labels(&notice.labels)),
    ];
    let row = |(label, value): (&'static str, Option<String>)| Some(Row { label, value: one_line(&value?) });
    facts.into_iter().filter_map(row).filter(|row| !row.value.is_empty()).collect()
}

fn responsible(party: Option<&Party>, is_own: bool) -> String {
    let Some(party) = party else {
        let ours = "whoever runs forerunner: this is its own trouble";
        return if is_own { ours } else { "nobody is named: the journey has no owner" }.to_owned();
    };
    let kind = party.kind.as_deref().map(|kind| format!(" ({kind})")).unwrap_or_default();
    let contact = party.contact.as_deref().map(|contact| format!(", {contact}")).unwrap_or_default();
    format!("{}{kind}{contact}", party.name)
}

fn step(blame: &Blame) -> Option<String> {
    let id = blame.step.as_ref()?;
    Some(
        blame
            .step_title
            .as_ref()
            .filter(|title| *title != id)
            .map_or_else(|| id.clone(), |title| format!("{title} ({id})")),
    )
}

fn place(blame: &Blame) -> Option<String> {
    let parts = [
        blame.host.as_ref().map(|host| format!("host {host}")),
        blame.phase.map(|phase| format!("phase {}", phase.word())),
        blame.cause.map(|cause| format!("cause {}", Cause::word(cause))),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Nobody needs to read that nobody was touched yet.
fn touched(notice: &Notice, lasted: Duration, is_over: bool) -> Option<String> {
    let number = notice.demand?.touched(lasted);
    (is_over || number >= 1.0).then(|| {
        let so_far = if is_over { "" } else { " so far" };
        format!("{}{so_far}, by the usual demand", people(number))
    })
}

fn certificate(end: Timestamp, at: Timestamp) -> String {
    let date = end.rfc3339_seconds();
    let date = date.split('T').next().unwrap_or_default().to_owned();
    if end <= at {
        return format!("ran out on {date}");
    }
    let days = between(at, end).as_secs() / 86_400;
    format!("valid until {date}, {days} {} left", if days == 1 { "day" } else { "days" })
}

fn seen_from(notice: &Notice) -> String {
    let every = if notice.every.is_zero() { String::new() } else { format!(", every {}", length(notice.every)) };
    format!("{}{every}", notice.vantage)
}

/// `connect 18 ms, tls 42 ms, wait 281 ms, in all 411 ms`.
fn times(step: &StepResult) -> String {
    let mut parts: Vec<_> =
        step.timings.iter().map(|(phase, time)| format!("{} {}", phase.word(), short_duration(time))).collect();
    if parts.is_empty() {
        return String::new();
    }
    parts.push(format!("in all {}", short_duration(step.timings.total)));
    parts.join(", ")
}

fn labels(labels: &[(String, String)]) -> Option<String> {
    let shown: Vec<_> = labels.iter().take(LABELS_MAX).map(|(name, value)| format!("{name}={value}")).collect();
    (!shown.is_empty()).then(|| shown.join(", "))
}

fn blocks(notice: &Notice) -> Vec<Block> {
    let Some(step) = notice.run.as_deref().and_then(Run::deciding_step) else { return Vec::new() };
    let mut blocks = Vec::new();
    let misses: Vec<_> = step
        .misses
        .iter()
        .take(MISSES_MAX)
        .map(|miss| format!("{} {}\nexpected  {}\ngot       {}", miss.selector, miss.matcher, miss.expected, miss.got))
        .collect();
    if !misses.is_empty() {
        blocks.push(Block { label: "expected and got", text: cut(&misses.join("\n\n")) });
    } else if let Some(failure) = &step.failure {
        blocks.push(Block { label: "what happened", text: cut(&failure.detail) });
    }
    if let Some(exchange) = step.evidence.last() {
        let command = curl::command(exchange);
        // Half a command would do something else.
        if command.chars().count() <= BLOCK_CHARS_MAX {
            blocks.push(Block { label: "repeat it", text: cut(&command) });
        }
    }
    blocks
}

/// What is to be done comes first.
fn links(notice: &Notice) -> Vec<(&'static str, String)> {
    let runbook = notice.runbook.clone().filter(|runbook| is_link(runbook)).map(|link| ("Runbook", link));
    let page = page(notice).map(|link| ("What became of it", link));
    let run = notice.run.as_ref().zip(notice.pages.as_ref());
    let run = run.map(|(run, pages)| ("The run that shows it", format!("{pages}/runs/{}", run.id)));
    [runbook, page, run].into_iter().flatten().collect()
}

/// Instructions may also be a sentence.
fn is_link(text: &str) -> bool {
    let is_plain = text.chars().all(|letter| letter.is_ascii_graphic() && !matches!(letter, '<' | '>' | '"'));
    is_plain && (text.starts_with("https://") || text.starts_with("http://")) && text.len() <= FACT_CHARS_MAX
}

fn page(notice: &Notice) -> Option<String> {
    Some(format!("{}/incidents/{}", notice.pages.as_ref()?, notice.incident.id))
}

fn foot(notice: &Notice) -> String {
    format!(
        "forerunner at {}, notice {} of incident {}",
        one_line(&notice.vantage),
        notice.incident.seq,
        notice.incident.id
    )
}

/// Without what would end a line or turn it round.
fn one_line(text: &str) -> String {
    printable_within(text, FACT_CHARS_MAX)
}

/// Several lines, each of them harmless, and not too many.
fn cut(text: &str) -> String {
    let harmless = |letter: char| letter == '\n' || !is_hostile(letter);
    let clean: String = text.replace("\r\n", "\n").chars().filter(|letter| harmless(*letter)).collect();
    if clean.chars().count() <= BLOCK_CHARS_MAX {
        return clean;
    }
    let head: String = clean.chars().take(BLOCK_CHARS_MAX).collect();
    format!("{head}\n… ({} characters more)", clean.chars().count() - BLOCK_CHARS_MAX)
}
