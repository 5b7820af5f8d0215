//! Whether relays can be talked to is asked before there is something to say: a mistake in the configuration shows when
//! it is made, and not in the night.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::model::outbox::Stored;
use crate::notify::channel::{Channel, Failure, SendContext};
use crate::notify::delivery::{Event, Report};

/// Between two looks.
pub(super) const EVERY: Duration = Duration::from_mins(10);

/// Looks now and then, and tells how it went. Nothing is sent.
pub(super) async fn knock<C: Channel>(
    channel: Arc<C>,
    name: String,
    reports: mpsc::Sender<Report>,
    stop: CancellationToken,
) {
    let name: Arc<str> = name.into();
    let rounds = async {
        loop {
            let event = match channel.ready(&Nobody).await {
                Ok(()) => Event::Up,
                Err(error) => Event::Down { said: error.failure().to_string() },
            };
            // One that finds no room is repeated by the next look.
            let _ = reports.try_send(Report { channel: Arc::clone(&name), event });
            tokio::time::sleep(EVERY).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = rounds => {}
    }
}

/// No message is on its way, so nothing of it is to be kept.
struct Nobody;

impl SendContext for Nobody {
    fn crossing(&self) -> Stored<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn failed(&self, _: &Failure) {}

    fn recovered(&self, _: &str) {}

    fn reached(&self, _: &'static str) {}
}
