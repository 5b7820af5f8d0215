//! The outbox by property: whatever is asked of it, in whatever order, with or without room on the disk and over
//! restarts, it says and does what the simplest one would.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::direct::Direct;
use super::model::{Model, Name};
use super::*;

const RECEIVERS: [&str; 3] = ["a@x", "b@x", "c@x"];

#[derive(Clone, Copy, Debug)]
enum Op {
    Change { incident: u128, kind: usize, to: u8 },
    Pass(i64),
    Sending(usize),
    Crossing(usize),
    Accept(usize),
    Defer { nth: usize, seconds: i64, maybe: bool },
    Reject { nth: usize, fallback: u8 },
    Expire(usize),
    Bundle { receiver: usize, most: usize },
    Restart,
    Full,
    Room,
}

fn op() -> impl Strategy<Value = Op> {
    let nth = any::<usize>;
    prop_oneof![
        8 => (1_u128..5, 0_usize..3, 1_u8..8).prop_map(|(incident, kind, to)| Op::Change { incident, kind, to }),
        2 => (1_i64..40).prop_map(Op::Pass),
        4 => nth().prop_map(Op::Sending),
        3 => nth().prop_map(Op::Crossing),
        3 => nth().prop_map(Op::Accept),
        3 => (nth(), 1_i64..60, any::<bool>()).prop_map(|(nth, seconds, maybe)| Op::Defer { nth, seconds, maybe }),
        2 => (nth(), 0_u8..8).prop_map(|(nth, fallback)| Op::Reject { nth, fallback }),
        1 => nth().prop_map(Op::Expire),
        2 => (0_usize..3, 1_usize..5).prop_map(|(receiver, most)| Op::Bundle { receiver, most }),
        1 => Just(Op::Restart),
        1 => Just(Op::Full),
        1 => Just(Op::Room),
    ]
}

/// The ledger and the model side by side.
struct Pair {
    place: Place,
    direct: Option<Direct>,
    model: Model,
    now: i64,
    /// Of incidents: their last notice, whether they are open, and their changes.
    seqs: BTreeMap<u128, (u32, bool, u32)>,
    /// Notes that a worker has seen, with their numbers.
    seen: Vec<(Name, i64)>,
    digests: usize,
}

impl Pair {
    fn new() -> Self {
        let place = Place::new();
        let direct = Some(Direct::open(&place));
        let (model, seqs, seen) = (Model::default(), BTreeMap::new(), Vec::new());
        Self { place, direct, model, now: 0, seqs, seen, digests: 0 }
    }

    fn direct(&mut self) -> &mut Direct {
        self.direct.as_mut().expect("it is open")
    }

    fn nth(&self, nth: usize) -> Option<(usize, i64)> {
        let (name, id) = self.seen.get(nth.checked_rem(self.seen.len())?)?;
        Some((self.model.find(name), *id))
    }

    fn step(&mut self, op: Op) {
        let now = at(self.now);
        match op {
            Op::Change { incident, kind, to } => self.change(incident, kind, &chosen(to)),
            Op::Pass(seconds) => self.now += seconds,
            Op::Sending(nth) => {
                let Some((row, id)) = self.nth(nth) else { return };
                assert_eq!(self.direct().sending(id).is_ok(), self.model.sending(row));
            }
            Op::Crossing(nth) => {
                let Some((row, id)) = self.nth(nth) else { return };
                assert_eq!(self.direct().crossing(id).is_ok(), self.model.crossing(row));
            }
            Op::Accept(nth) => {
                let Some((row, id)) = self.nth(nth) else { return };
                self.direct().settle(id, now, accepted());
                self.model.accept(row);
            }
            Op::Defer { nth, seconds, maybe } => {
                let Some((row, id)) = self.nth(nth) else { return };
                let until = self.now + seconds;
                let settled = Settled::Deferred { until: at(until), said: "451".to_owned(), maybe_sent: maybe };
                self.direct().settle(id, now, settled);
                self.model.defer(row, until, maybe);
            }
            Op::Reject { nth, fallback } => {
                let Some((row, id)) = self.nth(nth) else { return };
                let fallback = chosen(fallback);
                let others = fallback.iter().map(|recipient| (*recipient).to_owned()).collect();
                self.direct().settle(id, now, Settled::Rejected { said: "550".to_owned(), fallback: others });
                self.model.reject(row, &fallback);
            }
            Op::Expire(nth) => {
                let Some((row, id)) = self.nth(nth) else { return };
                self.direct().settle(id, now, Settled::Expired { said: "too old".to_owned() });
                self.model.expire(row);
            }
            Op::Bundle { receiver, most } => self.bundle(RECEIVERS[receiver], most),
            Op::Restart => self.restart(),
            Op::Full => self.direct().room(0),
            Op::Room => self.direct().room(10_000),
        }
    }

    fn change(&mut self, number: u128, kind: usize, to: &[&'static str]) {
        let (seq, open, changes) = self.seqs.get(&number).copied().unwrap_or_default();
        let kind = match (open, kind) {
            (false, _) => NoticeKind::Firing,
            (true, 0) => NoticeKind::Reminder,
            (true, _) => NoticeKind::Resolved,
        };
        let seq = seq + 1;
        let mut change = entry(number, kind, seq, to);
        // Large enough to need room of its own.
        change.notices[0].rendered.short = vec![b' '; 5_000].into();
        let stored = self.direct().commit(vec![change]);
        assert!(stored.is_ok() || stored.is_err_and(|why| why.to_string().contains("they are kept in memory")));
        self.model.change(number, kind, seq, to);
        self.seqs.insert(number, (seq, kind != NoticeKind::Resolved, changes + 1));
    }

    fn bundle(&mut self, receiver: &str, most: usize) {
        let of_receiver = |(name, _): &&(Name, i64)| name.2 == receiver;
        let some: Vec<(usize, i64)> = self
            .seen
            .iter()
            .rev()
            .filter(of_receiver)
            .take(most)
            .map(|(name, id)| (self.model.find(name), *id))
            .collect();
        let (rows, ids): (Vec<usize>, Vec<i64>) = some.into_iter().unzip();
        let any_waits = rows.iter().any(|row| self.model.rows[*row].state.is_waiting());
        let text = format!("digest {}", self.digests);
        self.digests += 1;
        let now = at(self.now);
        let bundled = self.direct().bundle(ids, now, rendered(&text, NoticeKind::Digest));
        assert_eq!(bundled.is_ok(), any_waits);
        self.model.bundle(&rows, text);
    }

    /// All that is in memory only is gone with the process, so the test waits until it is written.
    fn come_back(&mut self) {
        self.direct().room(10_000);
        self.direct().writer.keeper.come_back();
        assert!(self.direct().writer.keeper.overflow.is_none(), "with room it is written");
    }

    fn restart(&mut self) {
        self.come_back();
        self.direct = None;
        self.direct = Some(Direct::open(&self.place));
        self.model.restart();
    }

    fn compare(&mut self) {
        let now = at(self.now);
        let notes = self.direct().due(now);
        let names: Vec<Name> = notes.iter().map(name).collect();
        assert_eq!(names, self.model.due(self.now), "what is due");
        for (note, name) in notes.iter().zip(names) {
            let row = &self.model.rows[self.model.find(&name)];
            assert_eq!((note.state, note.attempts), (row.state, row.attempts), "{name:?}");
            if !self.seen.contains(&(name.clone(), note.id)) {
                self.seen.push((name, note.id));
            }
        }
    }

    /// Once all is on disk: every note ended as in the model, and no change is missing.
    fn compare_all(&mut self) {
        self.come_back();
        let file = self.direct.as_ref().expect("it is open").disk();
        for (number, (_, open, changes)) in &self.seqs {
            let (state, events): (String, u32) = file
                .query_row(
                    "SELECT state, (SELECT count(*) FROM events WHERE incident = id) FROM incidents WHERE id = ?",
                    [id(*number)],
                    |row| Ok((row.get(0)?, row.get(1)?)),
                )
                .expect("it is there");
            assert_eq!((state == "firing", events), (*open, *changes), "incident {number}");
        }
        let mut select = file
            .prepare("SELECT o.incident, o.seq, recipient, message, state, maybe, attempts FROM outbox AS o JOIN renderings ON key = rendering")
            .expect("a question");
        let mut found: Vec<String> = select
            .query_map([], |row| {
                let (message, incident): (Vec<u8>, Option<String>) = (row.get(3)?, row.get(0)?);
                let (seq, recipient, state): (u32, String, String) = (row.get(1)?, row.get(2)?, row.get(4)?);
                let (maybe, attempts): (bool, u32) = (row.get(5)?, row.get(6)?);
                let message = String::from_utf8_lossy(&message).into_owned();
                Ok(format!("{:?} {seq} {recipient} {message} {state} {maybe} {attempts}", number(incident.as_deref())))
            })
            .expect("rows")
            .collect::<rusqlite::Result<_>>()
            .expect("rows");
        let mut expected: Vec<String> = self
            .model
            .rows
            .iter()
            .map(|row| {
                let (incident, seq, recipient, text) = row.name();
                format!("{incident:?} {seq} {recipient} {text} {} {} {}", row.state.word(), row.maybe, row.attempts)
            })
            .collect();
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
    }
}

fn number(incident: Option<&str>) -> Option<u128> {
    (1..5).find(|number| incident == Some(id(*number).as_str()))
}

fn name(note: &Note) -> Name {
    let recipient = RECEIVERS.into_iter().find(|known| *known == note.address.recipient).expect("one of ours");
    let text = String::from_utf8_lossy(&note.rendered.message).into_owned();
    (number(note.incident.as_deref()), note.seq, recipient, text)
}

/// Receivers by the bits of a number.
fn chosen(bits: u8) -> Vec<&'static str> {
    (0..3).filter(|bit| bits & (1 << bit) != 0).map(|bit| RECEIVERS[bit]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_outbox_does_what_the_simplest_one_would(ops in prop::collection::vec(op(), 1..60)) {
        let mut pair = Pair::new();
        for op in ops {
            pair.step(op);
            pair.compare();
        }
        pair.compare_all();
    }
}
