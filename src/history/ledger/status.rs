//! How the ledger does: what waits for whom, and what is in its way.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::notes::WAITING;
use super::time;
use crate::history::connection::LEDGER;
use crate::history::open::SetAside;
use crate::model::outbox::{Address, Backlog, NoteState};

#[derive(Clone, Debug, Default, PartialEq)]
pub struct LedgerStatus {
    /// Of the files on disk.
    pub bytes: u64,
    /// Why nothing can be written; none if it can.
    pub trouble: Option<String>,
    /// The file turned out damaged while it was in use, and another was begun.
    pub set_aside: Option<SetAside>,
    /// Times that notes came to each state since the start, in the order of [`NoteState::ALL`].
    pub entered: [u64; NoteState::ALL.len()],
    /// What waits, by channel.
    pub backlog: BTreeMap<String, Backlog>,
    /// Messages that wait, by receiver.
    pub waiting_for: HashMap<Address, u64>,
    /// Changes kept in memory for lack of space.
    pub in_memory: usize,
    /// Changes for which there was room nowhere.
    pub lost: u64,
    /// How long the disk took for the last group.
    pub last_sync: Duration,
}

pub(super) fn count(file: &Connection) -> rusqlite::Result<LedgerStatus> {
    let mut status = LedgerStatus::default();
    let mut select = file.prepare_cached(&format!(
        "SELECT channel, recipient, state, count(*), min(queued) FROM outbox WHERE state IN {WAITING} GROUP BY 1, 2, 3"
    ))?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()? {
        let (channel, recipient, word): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let (count, oldest): (i64, i64) = (row.get(3)?, row.get(4)?);
        let count = count.unsigned_abs();
        let backlog = status.backlog.entry(channel.clone()).or_default();
        if let Some(at) = NoteState::ALL.iter().position(|state| state.word() == word) {
            backlog.waiting[at] += count;
        }
        let oldest = time(oldest);
        backlog.oldest = Some(backlog.oldest.map_or(oldest, |known| known.min(oldest)));
        *status.waiting_for.entry(Address { channel, recipient }).or_default() += count;
    }
    Ok(status)
}

/// Of the database and its log.
pub(super) fn bytes(directory: &Path) -> u64 {
    let path = LEDGER.path(directory).display().to_string();
    ["", "-wal"].iter().filter_map(|suffix| Some(std::fs::metadata(format!("{path}{suffix}")).ok()?.len())).sum()
}
