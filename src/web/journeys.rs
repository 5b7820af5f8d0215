//! The first page: every journey and how it stands, what fails at the top.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::response::Response;
use http::StatusCode;
use url::form_urlencoded;

use super::answer::{page, plain};
use super::board::{BoardEntry, LastRun};
use super::html::{Line, Refresh, document};
use super::routes::App;
use crate::base::duration::short_duration;
use crate::base::time::Timestamp;
use crate::model::run::Outcome;

/// Rows of a page: what one scrolls through, and 40 KiB.
const ROWS_MAX: usize = 100;

/// How an entry stands, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    Failed,
    Degraded,
    Indeterminate,
    NeverRan,
    Passed,
}

impl Standing {
    const ALL: [Self; 5] = [Self::Failed, Self::Degraded, Self::Indeterminate, Self::NeverRan, Self::Passed];

    fn of(entry: &BoardEntry) -> Self {
        match entry.last.as_ref().map(|last| last.outcome) {
            None => Self::NeverRan,
            Some(Outcome::Passed) => Self::Passed,
            Some(Outcome::Degraded) => Self::Degraded,
            Some(Outcome::Failed) => Self::Failed,
            Some(Outcome::Indeterminate) => Self::Indeterminate,
        }
    }

    /// In the query, and in the style sheet.
    fn slug(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Degraded => "degraded",
            Self::Indeterminate => "indeterminate",
            Self::NeverRan => "never-ran",
            Self::Passed => "passed",
        }
    }

    fn words(self) -> &'static str {
        if self == Self::NeverRan { "never ran" } else { self.slug() }
    }
}

/// What of the list is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct View {
    state: Option<Standing>,
    /// From 1.
    page: usize,
}

impl View {
    fn parse(query: Option<&str>) -> Result<Self, String> {
        let mut view = Self { state: None, page: 1 };
        for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
            match &*key {
                "page" => match value.parse() {
                    Ok(page) if page > 0 => view.page = page,
                    _ => return Err("`page` is a number from 1".to_owned()),
                },
                "state" if value.is_empty() => view.state = None,
                "state" => {
                    let known = Standing::ALL.into_iter().find(|state| state.slug() == value);
                    let words = Standing::ALL.map(Standing::slug).join(", ");
                    view.state = Some(known.ok_or_else(|| format!("`state` is one of {words}"))?);
                }
                _ => {}
            }
        }
        Ok(view)
    }

    fn link(self) -> String {
        let state = self.state.map(|state| format!("state={}", state.slug()));
        let page = (self.page > 1).then(|| format!("page={}", self.page));
        let query: Vec<String> = state.into_iter().chain(page).collect();
        if query.is_empty() { "/".to_owned() } else { format!("/?{}", query.join("&amp;")) }
    }
}

pub(super) async fn answer(State(app): State<Arc<App>>, request: Request) -> Response {
    match View::parse(request.uri().query()) {
        Ok(view) => page(&app, move |app| show(&app.site.board.snapshot(), view, app.site.clock.now())).await,
        Err(why) => plain(StatusCode::BAD_REQUEST, &why),
    }
}

fn show(entries: &[Arc<BoardEntry>], view: View, now: Timestamp) -> (StatusCode, String) {
    let mut rows: Vec<_> = entries.iter().map(|entry| (Standing::of(entry), entry)).collect();
    let count = |state: Standing| rows.iter().filter(|row| row.0 == state).count();
    let counts = Standing::ALL.map(|state| (state, count(state)));
    rows.retain(|row| view.state.is_none_or(|state| state == row.0));
    rows.sort_by(|one, other| (one.0, &one.1.title, &one.1.name).cmp(&(other.0, &other.1.title, &other.1.name)));
    let pages = rows.len().div_ceil(ROWS_MAX).max(1);
    let mut body = format!("<h1>Journeys</h1>\n<p class=\"lede\">{}</p>\n", sentence(&counts));
    filters(&mut body, &counts, view);
    let shown: Vec<_> = rows.iter().skip((view.page - 1).saturating_mul(ROWS_MAX)).take(ROWS_MAX).collect();
    match (shown.is_empty(), view.page > pages, view.state) {
        (false, ..) => {
            body.push_str("<ul class=\"journeys\">\n");
            for (standing, entry) in shown {
                row(&mut body, *standing, entry, now);
            }
            body.push_str("</ul>\n");
        }
        (true, true, _) => {
            let _ = writeln!(body, "<p>There is no page {}: the list has {}.</p>", view.page, number(pages, "page"));
        }
        (true, false, Some(state)) => {
            let _ = writeln!(body, "<p>No journey is in the state “{}”.</p>", state.words());
        }
        (true, false, None) => body.push_str("<p>The configuration schedules no journey.</p>\n"),
    }
    paging(&mut body, view, pages);
    let _ =
        writeln!(body, "<p class=\"fine\">As of {} UTC. The page loads itself anew every 30 seconds.</p>", clock(now));
    let failed = counts[0].1;
    let title = if failed > 0 { format!("{failed} failed · Journeys") } else { "Journeys".to_owned() };
    (StatusCode::OK, document(&title, Refresh::HalfMinute, &body))
}

/// How things stand as a whole, the worst first.
fn sentence(counts: &[(Standing, usize); 5]) -> String {
    let all: usize = counts.iter().map(|(_, count)| count).sum();
    let of = |wanted: Standing| counts.iter().find(|(state, _)| *state == wanted).map_or(0, |(_, count)| *count);
    match (all, of(Standing::Failed), of(Standing::Passed)) {
        (0, ..) => "There are no journeys yet.".to_owned(),
        (1, 0, 1) => "The only journey works.".to_owned(),
        (all, 0, passed) if passed == all => format!("All {} journeys work.", grouped(all)),
        (all, 0, _) => format!("None of {} fails, but not all pass.", number(all, "journey")),
        (all, 1, _) => format!("1 of {} fails.", number(all, "journey")),
        (all, failed, _) => format!("{} of {} fail.", grouped(failed), number(all, "journey")),
    }
}

fn filters(body: &mut String, counts: &[(Standing, usize); 5], view: View) {
    let all = counts.iter().map(|(_, count)| count).sum();
    body.push_str("<nav class=\"filters\" aria-label=\"States\">\n");
    let mut link = |state: Option<Standing>, words: &str, count: usize| {
        let current = if view.state == state { " aria-current=\"page\"" } else { "" };
        let slug = state.map_or("all", Standing::slug);
        let href = View { state, page: 1 }.link();
        let count = grouped(count);
        let _ = writeln!(body, "<a class=\"chip {slug}\" href=\"{href}\"{current}>{words} <b>{count}</b></a>");
    };
    link(None, "all", all);
    for (state, count) in counts.iter().filter(|(state, count)| *count > 0 || view.state == Some(*state)) {
        link(Some(*state), state.words(), *count);
    }
    body.push_str("</nav>\n");
}

fn row(body: &mut String, standing: Standing, entry: &BoardEntry, now: Timestamp) {
    let _ = write!(
        body,
        "<li class=\"{slug}\"><div class=\"head\"><span class=\"state {slug}\">{words}</span> \
         <span class=\"title\">{title}</span> <code class=\"name\">{name}</code></div>",
        slug = standing.slug(),
        words = standing.words(),
        title = Line(&entry.title),
        name = Line(&entry.name),
    );
    match &entry.last {
        None => body.push_str("<div class=\"facts\">no run has ended yet</div>"),
        Some(last) => facts(body, entry, last, now),
    }
    body.push_str("</li>\n");
}

fn facts(body: &mut String, entry: &BoardEntry, last: &LastRun, now: Timestamp) {
    let troubled = last.outcome != Outcome::Passed;
    if troubled && let Some(said) = &last.said {
        let step = last.step.as_ref().map(|step| format!("<b>{}</b>: ", Line(step))).unwrap_or_default();
        let _ = write!(body, "<div class=\"said\">{step}{}</div>", Line(said));
    }
    let _ = write!(body, "<div class=\"facts\"><span>{} since {}</span>", last.outcome.word(), moment(last.since, now));
    let _ = write!(
        body,
        "<span>last run <a href=\"/runs/{}\">{}</a>, took {}</span>",
        Line(&last.id),
        moment(last.started_at, now),
        short_duration(last.elapsed)
    );
    match (&last.party, &entry.owner) {
        (Some(party), _) => {
            let _ = write!(body, "<span>responsible: <b>{}</b></span>", Line(party));
        }
        (None, _) if last.outcome == Outcome::Indeterminate => {
            body.push_str("<span>our own trouble: says nothing about the target</span>");
        }
        (None, Some(owner)) => {
            let _ = write!(body, "<span>owner: {}</span>", Line(owner));
        }
        (None, None) => {}
    }
    body.push_str("</div>");
}

fn paging(body: &mut String, view: View, pages: usize) {
    if pages == 1 {
        return;
    }
    let to = |page: usize, words: &str, rel: &str| {
        if (1..=pages).contains(&page) {
            format!("<a rel=\"{rel}\" href=\"{}\">{words}</a>", View { page, ..view }.link())
        } else {
            format!("<span class=\"off\">{words}</span>")
        }
    };
    let (before, after) = (view.page.saturating_sub(1), view.page.saturating_add(1));
    let _ = writeln!(
        body,
        "<nav class=\"paging\" aria-label=\"Pages\">{} <span>page {} of {pages}</span> {}</nav>",
        to(before, "← before", "prev"),
        view.page,
        to(after, "next →", "next")
    );
}

fn number(count: usize, noun: &str) -> String {
    format!("{} {noun}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// With thin gaps between thousands.
fn grouped(count: usize) -> String {
    let digits = count.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join("\u{202f}")
}

/// A moment with its distance: `14:03:20 (2 min ago)`, with the date unless it is today's.
pub(super) fn moment(at: Timestamp, now: Timestamp) -> String {
    let shown = clock(at);
    let today = clock(now).get(..11).and_then(|today| shown.strip_prefix(today)).map(str::to_owned);
    let shown = today.unwrap_or(shown);
    format!("<time datetime=\"{}\">{shown}</time> ({})", at.rfc3339_seconds(), since(at, now))
}

/// How long ago something was.
pub(super) fn since(at: Timestamp, now: Timestamp) -> String {
    match u64::try_from((now.unix_nanos() - at.unix_nanos()) / 1_000_000_000) {
        Ok(seconds) => format!("{} ago", distance(Duration::from_secs(seconds))),
        Err(_) => "in the future, by this clock".to_owned(),
    }
}

/// The two largest units: `3 d 4 h`, `12 min`.
pub(super) fn distance(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// `2026-11-22 08:00:00`, UTC.
pub(super) fn clock(at: Timestamp) -> String {
    at.rfc3339_seconds().replace('T', " ").trim_end_matches('Z').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_says_which_part_of_the_list_is_shown() {
        let view = |state, page| Ok(View { state, page });
        for (query, expected) in [
            (None, view(None, 1)),
            (Some("page=3"), view(None, 3)),
            (Some("state=never-ran&page=2&x=y"), view(Some(Standing::NeverRan), 2)),
            (Some("state="), view(None, 1)),
            (Some("page=0"), Err("`page` is a number from 1".to_owned())),
            (Some("page=-1"), Err("`page` is a number from 1".to_owned())),
            (Some("state=<b>"), Err("`state` is one of failed, degraded, indeterminate, never-ran, passed".to_owned())),
        ] {
            assert_eq!(View::parse(query), expected, "{query:?}");
        }
    }

    #[test]
    fn distances_have_two_units_and_numbers_have_gaps() {
        for (seconds, text) in [(0, "0 s"), (59, "59 s"), (61, "1 min"), (7_322, "2 h 2 min"), (90_000, "1 d 1 h")] {
            assert_eq!(distance(Duration::from_secs(seconds)), text);
        }
        for (count, text) in [(7, "7"), (999, "999"), (10_000, "10\u{202f}000"), (1_234_567, "1\u{202f}234\u{202f}567")]
        {
            assert_eq!(grouped(count), text);
        }
    }
}
