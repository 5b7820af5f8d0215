//! How every run entry stands: what the list of journeys shows. Fed by the one consumer of runs, read by pages.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::base::time::Timestamp;
use crate::model::run::{Outcome, Run};

/// One run entry.
#[derive(Clone, Debug, PartialEq)]
pub struct BoardEntry {
    /// The run name: identity in metrics and history.
    pub name: String,
    /// The customer's task in plain words.
    pub title: String,
    /// The party responsible for the journey as a whole.
    pub owner: Option<String>,
    /// None until the entry has run, or if history holds nothing of it.
    pub last: Option<LastRun>,
}

/// The latest run of an entry, and since when its outcome is what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct LastRun {
    pub id: String,
    pub outcome: Outcome,
    /// Start of the first of the runs in a row with this outcome.
    pub since: Timestamp,
    pub started_at: Timestamp,
    pub elapsed: Duration,
    /// Who answers for what went wrong: the party of the deciding step, else of the journey. None if nothing did, or if
    /// the trouble is our own.
    pub party: Option<String>,
    /// The step that decided, and what happened there, in words.
    pub step: Option<String>,
    pub said: Option<String>,
}

/// Longest text of [`LastRun::said`] in characters: one line of a list.
const SAID_MAX: usize = 300;

#[derive(Default)]
pub struct Board(RwLock<Entries>);

#[derive(Default)]
struct Entries {
    /// As the configuration has them.
    rows: Vec<Arc<BoardEntry>>,
    by_name: HashMap<String, usize>,
}

impl Board {
    /// Makes `entries` the set of run entries. One that says nothing of its last run keeps what was known under its name.
    pub fn replace(&self, entries: Vec<BoardEntry>) {
        let mut entries = Entries {
            by_name: entries.iter().enumerate().map(|(index, entry)| (entry.name.clone(), index)).collect(),
            rows: entries.into_iter().map(Arc::new).collect(),
        };
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for row in &mut entries.rows {
            let known = current.by_name.get(&row.name).and_then(|index| current.rows.get(*index));
            if let Some(last) = known.and_then(|known| known.last.as_ref()).filter(|_| row.last.is_none()) {
                Arc::make_mut(row).last = Some(last.clone());
            }
        }
        *current = entries;
    }

    /// What is known from before, of entries that have not run since.
    pub fn seed(&self, known: impl IntoIterator<Item = (String, LastRun)>) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (name, last) in known {
            let Some(index) = current.by_name.get(&name).copied() else { continue };
            if let Some(row) = current.rows.get_mut(index).filter(|row| row.last.is_none()) {
                Arc::make_mut(row).last = Some(last);
            }
        }
    }

    /// A run has ended. Runs of entries that are no longer in the set leave no trace.
    pub fn observe(&self, run: &Run) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let Some(index) = current.by_name.get(&run.name).copied() else { return };
        let Some(row) = current.rows.get_mut(index) else { return };
        let row = Arc::make_mut(row);
        let last = LastRun::of(run, row.last.as_ref());
        row.last = Some(last);
    }

    /// All entries, in the order of the configuration.
    #[must_use]
    pub fn snapshot(&self) -> Vec<Arc<BoardEntry>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).rows.clone()
    }
}

impl LastRun {
    /// `before` is what was known of the run before.
    #[must_use]
    pub fn of(run: &Run, before: Option<&Self>) -> Self {
        let since = before.filter(|before| before.outcome == run.outcome).map_or(run.started_at, |before| before.since);
        let step = run.deciding_step();
        let ours = run.outcome == Outcome::Indeterminate || run.outcome == Outcome::Passed;
        let owner = step.and_then(|step| step.owner.as_ref()).or(run.owner.as_ref());
        let failure = step.and_then(|step| step.failure.as_ref()).or(run.failure.as_ref());
        let said = failure.map(|failure| failure.detail.clone()).or_else(|| Some(step?.misses.first()?.summary()));
        Self {
            id: run.id.clone(),
            outcome: run.outcome,
            since,
            started_at: run.started_at,
            elapsed: run.elapsed,
            party: owner.filter(|_| !ours).cloned(),
            step: step.map(|step| step.title.clone().unwrap_or_else(|| step.id.clone())),
            said: said.map(|said| said.chars().take(SAID_MAX).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::sample;

    fn entry(name: &str) -> BoardEntry {
        BoardEntry { name: name.to_owned(), title: format!("Title of {name}"), owner: None, last: None }
    }

    fn run(name: &str, outcome: Outcome, at: u64) -> Run {
        let mut run = sample::failed();
        (run.name, run.outcome, run.started_at) = (name.to_owned(), outcome, sample::at(at));
        run
    }

    #[test]
    fn an_outcome_counts_from_the_first_run_in_a_row_that_had_it() {
        let board = Board::default();
        board.replace(vec![entry("home")]);
        for (outcome, at, since) in [
            (Outcome::Passed, 1, 1),
            (Outcome::Passed, 2, 1),
            (Outcome::Failed, 3, 3),
            (Outcome::Failed, 4, 3),
            (Outcome::Passed, 5, 5),
        ] {
            board.observe(&run("home", outcome, at));
            let last = board.snapshot()[0].last.clone().expect("a run");
            assert_eq!((last.outcome, last.since, last.started_at), (outcome, sample::at(since), sample::at(at)));
        }
    }

    #[test]
    fn a_failed_run_names_the_party_and_one_of_our_own_nobody() {
        let party = |outcome| LastRun::of(&run("home", outcome, 1), None).party;
        assert!(party(Outcome::Failed).is_some());
        assert_eq!(party(Outcome::Indeterminate), None);
    }

    #[test]
    fn what_is_known_from_before_gives_way_to_what_is_seen() {
        let board = Board::default();
        board.replace(vec![entry("home"), entry("new")]);
        board.observe(&run("home", Outcome::Failed, 5));
        let before = LastRun::of(&run("home", Outcome::Passed, 1), None);
        board.seed(["home", "new", "gone"].map(|name| (name.to_owned(), before.clone())));
        let outcomes: Vec<_> =
            board.snapshot().iter().map(|entry| entry.last.as_ref().map(|last| last.outcome)).collect();
        assert_eq!(outcomes, [Some(Outcome::Failed), Some(Outcome::Passed)]);
    }

    #[test]
    fn a_reload_keeps_what_is_known_and_drops_what_is_gone() {
        let board = Board::default();
        board.replace(vec![entry("home"), entry("old")]);
        board.observe(&run("home", Outcome::Failed, 1));
        board.observe(&run("stranger", Outcome::Failed, 1));
        board.replace(vec![entry("new"), entry("home")]);
        let shown = board.snapshot();
        let shown: Vec<_> = shown.iter().map(|entry| (entry.name.as_str(), entry.last.is_some())).collect();
        assert_eq!(shown, [("new", false), ("home", true)]);
    }
}
