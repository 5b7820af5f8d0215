//! A disk without room.

use super::*;
use crate::history::ledger::writer::Writer;

/// A ledger on a file that can hardly grow.
fn cramped(place: &Place) -> Ledger {
    let clock: Arc<dyn Clock> = Arc::new(SetClock::at(1_795_334_400));
    let (file, _) = open::open_file(&LEDGER, place.directory.path(), at(0)).expect("a file");
    let pages: i64 = file.pragma_query_value(None, "page_count", |row| row.get(0)).expect("a count");
    file.pragma_update(None, "max_page_count", pages + 2).expect("set");
    let shared = Arc::new(Shared {
        status: Mutex::default(),
        domain: Mutex::new("example.org".to_owned()),
        changed: Notify::new(),
        moments: Arc::new(Unwatched),
    });
    let (jobs, queue) = mpsc::channel(QUEUE_MAX);
    let writer = Writer::new(place.directory.path().to_owned(), file, Arc::clone(&shared), clock);
    let directory = place.directory.path().to_owned();
    let thread = std::thread::spawn(move || writer.run(queue));
    Ledger { jobs: Some(jobs), shared, directory, writer: Some(thread) }
}

fn large(number: u128) -> Entry {
    let mut entry = entry(number, NoticeKind::Firing, 1, &["a@x"]);
    entry.notices[0].rendered.message = vec![b'x'; 200_000].into();
    entry
}

#[tokio::test]
async fn messages_leave_from_memory_while_there_is_no_room_and_are_written_when_there_is() {
    let place = Place::new();
    let ledger = cramped(&place);
    let refused = ledger.commit(vec![large(1)]).await.expect_err("no room").to_string();
    assert!(refused.contains("kept in memory"), "{refused}");
    let status = ledger.status();
    assert_eq!(status.in_memory, 1);
    assert!(status.trouble.as_deref().is_some_and(|why| why.contains("full")), "{status:?}");
    assert_eq!(ledger.pending_for(&address("a@x")), 1);
    let note = first(&ledger).await;
    assert!(note.id < 0 && note.rendered.message.len() == 200_000);
    // It is sent and accepted; then there is room again.
    ledger.sending(note.id, at(1)).await.expect("noted");
    ledger.crossing(note.id, at(1)).await.expect("noted");
    ledger.settle(note.id, at(2), accepted()).await.expect("noted");
    assert!(due(&ledger).await.is_empty());
    ledger
        .ask(|cx| cx.file.pragma_update(None, "max_page_count", 100_000))
        .await
        .expect("a question that writes nothing works");
    ledger.commit(vec![entry(2, NoticeKind::Firing, 1, &["a@x"])]).await.expect("there is room");
    let status = ledger.status();
    assert_eq!((status.in_memory, status.trouble), (0, None));
    assert_eq!(states(&ledger, 1), ["1 firing accepted"], "what became of it meanwhile is known");
    assert_eq!(due(&ledger).await, ["2/1 firing a@x"]);
}

#[tokio::test]
async fn memory_is_bounded_and_says_when_it_is_used_up() {
    let place = Place::new();
    let ledger = cramped(&place);
    let many = |from: u128| (from..from + 1500).map(large_but_small).collect::<Vec<_>>();
    ledger.commit(vec![large(1)]).await.expect_err("no room");
    ledger.commit(many(10)).await.expect_err("no room");
    let lost = ledger.commit(many(5000)).await.expect_err("no room at all").to_string();
    assert!(lost.contains("they are lost"), "{lost}");
    assert_eq!(ledger.status().in_memory, 1501);
}

fn large_but_small(number: u128) -> Entry {
    let mut entry = entry(number, NoticeKind::Firing, 1, &["a@x"]);
    entry.notices[0].rendered.message = vec![b'x'; 2_000].into();
    entry
}
