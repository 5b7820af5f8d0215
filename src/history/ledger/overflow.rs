//! What could not be written for lack of space, kept in memory in the same form, so that its messages leave all the same.

use rusqlite::{Connection, params};

use super::writer::Work;
use super::{apply, in_memory};
use crate::model::outbox::Entry;

/// Changes kept; with full messages about a hundred megabytes.
const KEPT_MAX: usize = 2_000;

#[derive(Default)]
pub(super) struct Overflow {
    entries: Vec<Entry>,
    file: Option<Connection>,
}

impl Overflow {
    pub(super) fn connection(&self) -> Option<&Connection> {
        self.file.as_ref()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there was room.
    pub(super) fn keep(&mut self, entries: Vec<Entry>, domain: &str) -> bool {
        if self.entries.len() + entries.len() > KEPT_MAX {
            return false;
        }
        if self.file.is_none() {
            self.file = in_memory().ok();
        }
        let Some(file) = &self.file else { return false };
        if apply::entries(&Work::beside(file, domain), &entries).is_err() {
            return false;
        }
        self.entries.extend(entries);
        true
    }

    /// Writes what was kept, now that there is room, and what became of its messages meanwhile.
    pub(super) fn drain_into(&mut self, disk: &mut Connection, domain: &str) {
        let Some(kept) = &self.file else { return };
        let moved = (|| {
            let transaction = disk.transaction()?;
            apply::entries(&Work::beside(&transaction, domain), &self.entries)?;
            let mut settled =
                kept.prepare("SELECT state, said, settled, attempts, message_id FROM outbox WHERE state != 'pending'")?;
            let mut rows = settled.query([])?;
            while let Some(row) = rows.next()? {
                let values: (String, String, Option<i64>, u32, String) =
                    (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
                let (state, said, settled, attempts, message_id) = values;
                transaction.execute(
                    "UPDATE outbox SET state = ?, said = ?, settled = ?, attempts = ? WHERE message_id = ?",
                    params![state, said, settled, attempts, message_id],
                )?;
            }
            transaction.commit()
        })();
        if moved.is_ok() {
            self.entries.clear();
        }
        if self.entries.is_empty() {
            self.file = None;
        }
    }
}
