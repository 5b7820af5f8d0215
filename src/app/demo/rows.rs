//! The journeys as the scene has them: each with its latest run, whose phases are in history a moment after it has ended.

use std::collections::HashMap;
use std::time::Duration;

use super::scene::Row;
use crate::base::time::Timestamp;
use crate::history::reader::Reader;
use crate::web::board::BoardEntry;

/// So long the run before is shown, whole, while the latest is not written yet.
const WRITTEN_WITHIN: Duration = Duration::from_secs(1);

pub(super) struct Rows {
    runs: Reader,
    /// By run name: the id of the run that is shown, and what is.
    shown: HashMap<String, (String, Row)>,
}

impl Rows {
    pub(super) fn new(runs: Reader) -> Self {
        Self { runs, shown: HashMap::new() }
    }

    pub(super) fn look(&mut self, entry: &BoardEntry, now: Timestamp) -> Row {
        let Some(last) = &entry.last else { return row(entry, Vec::new()) };
        let before = self.shown.get(&entry.name);
        if let Some((_, same)) = before.filter(|(id, _)| *id == last.id) {
            return same.clone();
        }
        let Some(run) = self.runs.show(&last.id).ok().flatten() else {
            let soon = now < last.started_at.plus(last.elapsed).plus(WRITTEN_WITHIN);
            return before.filter(|_| soon).map_or_else(|| row(entry, Vec::new()), |(_, before)| before.clone());
        };
        let row = row(entry, phases(&run));
        self.shown.insert(entry.name.clone(), (last.id.clone(), row.clone()));
        row
    }
}

fn row(entry: &BoardEntry, phases: Vec<(String, f64)>) -> Row {
    let last = entry.last.as_ref();
    Row {
        title: entry.title.clone(),
        outcome: last.map(|last| last.outcome),
        elapsed: last.map(|last| last.elapsed).unwrap_or_default(),
        phases,
        party: last.and_then(|last| last.party.clone()),
        said: last.and_then(|last| last.said.clone()),
    }
}

/// The phases of all steps together, without the rest.
fn phases(run: &serde_json::Value) -> Vec<(String, f64)> {
    let mut sums: Vec<(String, f64)> = Vec::new();
    for step in run.get("steps").and_then(serde_json::Value::as_array).into_iter().flatten() {
        for (name, value) in step.get("timings").and_then(serde_json::Value::as_object).into_iter().flatten() {
            let Some(seconds) = value.as_f64().filter(|_| name != "total" && name != "unaccounted") else { continue };
            match sums.iter_mut().find(|(known, _)| known == name) {
                Some((_, sum)) => *sum += seconds,
                None => sums.push((name.clone(), seconds)),
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::app::clock::SystemClock;
    use crate::history::retention::Retention;
    use crate::history::store::Store;
    use crate::model::clock::Clock as _;
    use crate::model::run::{Outcome, Run};
    use crate::model::sample;
    use crate::web::board::LastRun;

    fn entry(last: Option<&Run>) -> BoardEntry {
        let last = last.map(|run| LastRun::of(run, None));
        BoardEntry { name: "home".to_owned(), title: "Visitors see it".to_owned(), owner: None, last }
    }

    #[test]
    fn a_run_is_shown_when_its_phases_are_known_and_the_one_before_until_then() {
        let directory = tempfile::tempdir().expect("a directory");
        let (store, _) =
            Store::open(directory.path(), Retention::default(), Arc::new(SystemClock)).expect("can be opened");
        let record = |run: &Run| {
            assert!(store.record(Arc::new(run.clone())));
            assert!(store.flush(Duration::from_mins(1)));
        };
        let mut rows = Rows::new(Reader::new(directory.path()));
        let now = SystemClock.now();
        let run = |number, outcome| Run {
            id: ulid::Ulid::from_parts(u64::try_from(now.unix_millis()).expect("after 1970"), number).to_string(),
            outcome,
            started_at: now,
            elapsed: Duration::ZERO,
            ..sample::passed()
        };
        let [first, second] = [run(1, Outcome::Passed), run(2, Outcome::Failed)];
        assert_eq!(rows.look(&entry(None), now).outcome, None);
        assert_eq!(rows.look(&entry(Some(&first)), now).phases, []);
        record(&first);
        let one = rows.look(&entry(Some(&first)), now);
        assert!(one.outcome == Some(Outcome::Passed) && !one.phases.is_empty(), "{one:?}");
        assert_eq!(rows.look(&entry(Some(&second)), now), one);
        // Nothing that failed is hidden for long, whatever history does.
        let late = rows.look(&entry(Some(&second)), now.plus(WRITTEN_WITHIN));
        assert_eq!((late.outcome, late.phases.len()), (Some(Outcome::Failed), 0));
        record(&second);
        let two = rows.look(&entry(Some(&second)), now);
        assert!(two.outcome == Some(Outcome::Failed) && !two.phases.is_empty(), "{two:?}");
    }
}
