//! Ten thousand incidents at once: all are stored, told in order, and what is too much becomes a digest.

use super::*;

const INCIDENTS: u128 = 10_000;

#[tokio::test]
async fn ten_thousand_incidents_at_once_are_all_stored_and_told_in_order() {
    let place = Place::new();
    let ledger = place.open();
    let entries = (1..=INCIDENTS).map(|number| entry(number, NoticeKind::Firing, 1, &["a@x", "b@x"])).collect();
    ledger.commit(entries).await.expect("stored");
    // Where much waits it is not counted after each change.
    while ledger.pending_for(&address("b@x")) < 10_000 {
        tokio::task::yield_now().await;
    }
    let status = ledger.status();
    assert_eq!((status.entered[0], status.in_memory, status.lost), (20_000, 0, 0));
    let mut seen = Vec::new();
    for _ in 0..20 {
        let notes = ledger.due("ops", at(9), 50).await.expect("readable");
        for note in notes {
            seen.push((note.incident.clone(), note.address.recipient.clone()));
            ledger.settle(note.id, at(9), accepted()).await.expect("stored");
        }
    }
    let expected: Vec<_> =
        (1..=500).flat_map(|number| ["a@x", "b@x"].map(|recipient| (Some(id(number)), recipient.to_owned()))).collect();
    assert_eq!(seen, expected);
    // The rest becomes one message a receiver.
    for recipient in ["a@x", "b@x"] {
        let notes = ledger.due("ops", at(9), 20_000).await.expect("readable");
        let ids: Vec<i64> =
            notes.iter().filter(|note| note.address.recipient == recipient).map(|note| note.id).collect();
        ledger.bundle(&ids, at(9), rendered("many", NoticeKind::Digest)).await.expect("bundled");
    }
    assert_eq!(due(&ledger).await, ["-/0 digest a@x", "-/0 digest b@x"]);
    assert_eq!(ledger.restorable(at(0)).expect("readable").len(), 10_000);
}
