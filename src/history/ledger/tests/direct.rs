//! The writer without its thread: one question after the other, on a disk whose room the test decides about.

use rusqlite::Connection;

use super::*;
use crate::history::ledger::work::{Fault, Job, Work};
use crate::history::ledger::writer::Writer;
use crate::history::ledger::{digest, mend, notes, settle};

pub(super) struct Direct {
    pub writer: Writer,
    pub shared: Arc<Shared>,
}

impl Direct {
    pub fn open(place: &Place) -> Self {
        // A reserve of holes: the room that the test gives is counted in pages of the database.
        let reserve = std::fs::File::create(place.directory.path().join("forerunner.reserve")).expect("a file");
        reserve.set_len(16 << 20).expect("holes");
        let clock: Arc<dyn Clock> = Arc::new(SetClock::at(1_795_334_400));
        let (mut file, _) = open::open_file(&LEDGER, place.directory.path(), at(0)).expect("a file");
        assert_eq!(mend::mend(&mut file, at(0)).expect("mended"), 0);
        file.pragma_update(None, "synchronous", "OFF").expect("set");
        let shared = Arc::new(Shared {
            status: Mutex::default(),
            domain: Mutex::new("example.org".to_owned()),
            changed: Notify::new(),
            moments: Arc::new(Unwatched),
        });
        let writer =
            Writer::new(place.directory.path().to_owned(), file, place.history.room(), Arc::clone(&shared), clock);
        Self { writer, shared }
    }

    pub fn disk(&self) -> &Connection {
        self.writer.keeper.disk.as_ref().expect("it is open")
    }

    /// From now on the file may grow by so many pages.
    pub fn room(&self, pages: i64) {
        let used: i64 = self.disk().pragma_query_value(None, "page_count", |row| row.get(0)).expect("a count");
        self.disk().pragma_update(None, "max_page_count", used + pages).expect("set");
    }

    pub fn commit(&mut self, entries: Vec<Entry>) -> Result<(), NotStored> {
        let (reply, _) = oneshot::channel();
        self.result(Job::Commit { entries, reply })
    }

    pub fn ask<T: Send + 'static>(
        &mut self,
        work: impl Fn(&Work<'_>) -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, NotStored> {
        let slot = Arc::new(Mutex::new(None));
        let (reply, _) = oneshot::channel();
        let filled = Arc::clone(&slot);
        let work = Box::new(move |cx: &Work<'_>| {
            *filled.lock().expect("not poisoned") = Some(work(cx)?);
            Ok(())
        });
        self.result(Job::Work { work, reply })?;
        let value = slot.lock().expect("not poisoned").take();
        Ok(value.expect("it was asked"))
    }

    fn result(&mut self, job: Job) -> Result<(), NotStored> {
        let mut answers = self.writer.group(vec![job]);
        self.writer.publish();
        answers.pop().expect("one answer a job").1
    }

    pub fn due(&mut self, now: Timestamp) -> Vec<Note> {
        self.ask(move |cx| notes::due(cx, "ops", now, 10_000, &[])).expect("readable")
    }

    pub fn sending(&mut self, id: i64) -> Result<(), NotStored> {
        self.ask(move |cx| notes::sending(cx, id))
    }

    pub fn crossing(&mut self, id: i64) -> Result<(), NotStored> {
        self.ask(move |cx| notes::crossing(cx, id))
    }

    pub fn settle(&mut self, id: i64, now: Timestamp, settled: Settled) {
        self.ask(move |cx| settle::settle(cx, id, now, &settled)).expect("stored");
    }

    pub fn bundle(&mut self, ids: Vec<i64>, now: Timestamp, digest: Rendered) -> Result<i64, NotStored> {
        self.ask(move |cx| digest::bundle(cx, &ids, now, &digest))
    }

    pub fn status(&self) -> LedgerStatus {
        self.shared.status.lock().expect("not poisoned").clone()
    }
}
