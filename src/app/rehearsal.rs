//! One test message through a channel, as the message of an incident would go, with everything that relays say.

use std::sync::Arc;

use ulid::Ulid;

use super::daemon::judge::standards::Installation;
use crate::config::channels::Channel;
use crate::model::clock::Clock;
use crate::model::incident::{NoticeKind, Severity};
use crate::model::outbox::{Address, Note, NoteState, Stored};
use crate::net::network::{Machine, Settings};
use crate::notify::channel::{Failure, SendContext};
use crate::notify::email::settings::BadAddress;
use crate::notify::email::transcript::Spoken;
use crate::notify::email::{Email, Transcript};
use crate::notify::render;

/// What was said, and how it ended: with the answer of the relay, or why no relay took the message.
pub struct Rehearsal {
    pub lines: Vec<Spoken>,
    pub result: Result<String, String>,
}

/// Sends a test message to one receiver.
///
/// # Errors
/// The channel cannot be used at all.
pub async fn rehearse(
    installation: &Installation,
    channel: &Channel,
    recipient: &str,
    clock: &dyn Clock,
) -> Result<Rehearsal, BadAddress> {
    let email = Email::new(channel.email.clone(), Settings::default(), &Arc::new(Machine::default()))?;
    let (sender, now) = (installation.sender(channel), clock.now());
    let mut chance = [0; 16];
    // Without chance the time alone tells two tests apart, unless they are of the same millisecond.
    let _ = getrandom::fill(&mut chance);
    let id = Ulid::from_parts(u64::try_from(now.unix_millis()).unwrap_or_default(), u128::from_ne_bytes(chance));
    let note = Note {
        id: 0,
        incident: None,
        seq: 0,
        kind: NoticeKind::Test,
        severity: Severity::Info,
        address: Address { channel: channel.name.clone(), recipient: recipient.to_owned() },
        message_id: format!("test-{}@{}", id.to_string().to_lowercase(), sender.domain),
        rendered: render::test(now, &channel.name, &installation.vantage, installation.pages.as_deref(), &sender),
        thread: None,
        queued_at: now,
        attempts: 0,
        state: NoteState::Pending,
    };
    let Transcript { lines, result } = email.rehearse(&note, &Unkept).await;
    Ok(Rehearsal { lines, result: result.map_err(|error| error.failure().to_string()) })
}

/// A test is sent once and not kept: whoever asked for it sees how it went.
struct Unkept;

impl SendContext for Unkept {
    fn crossing(&self) -> Stored<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn failed(&self, _: &Failure) {}

    fn recovered(&self, _: &str) {}

    fn reached(&self, _: &'static str) {}
}
