//! What is wrong with one channel, as far as its worker has told: pure, so that each rule can be tested by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::time::Timestamp;
use crate::notify::delivery::Event;

/// A relay that is away for less is being restarted.
const DOWN_AFTER: Duration = Duration::from_mins(1);
/// A refusal of a receiver that was not repeated for this long is no news any more.
const REFUSED_FOR: Duration = Duration::from_hours(24);

#[derive(Default)]
pub(super) struct Troubles {
    /// Since when no relay could be talked to, and why.
    down: Option<(Timestamp, String)>,
    /// Relays that need somebody to change something, and what they said.
    relays: BTreeMap<String, String>,
    /// Receivers who were refused for good, and when and why.
    refused: BTreeMap<String, (Timestamp, String)>,
}

impl Troubles {
    pub(super) fn note(&mut self, event: &Event, now: Timestamp) {
        match event {
            Event::Down { said } => {
                self.down.get_or_insert_with(|| (now, said.clone()));
            }
            Event::Up | Event::Delivered { .. } => self.down = None,
            Event::Failed(failure) if failure.trouble.is_lasting() && failure.trouble.is_of_relay() => {
                self.relays.insert(failure.relay.clone(), failure.said.clone());
            }
            Event::Recovered { relay } => {
                self.relays.remove(relay);
            }
            Event::RecipientRefused { recipient, failure, .. } => {
                self.refused.insert(recipient.clone(), (now, failure.said.clone()));
            }
            _ => {}
        }
    }

    /// In one line, if there is something to say now.
    pub(super) fn said(&mut self, now: Timestamp) -> Option<String> {
        self.refused.retain(|_, (at, _)| now < at.plus(REFUSED_FOR));
        if let Some((since, said)) = self.down.as_ref().filter(|(since, _)| now >= since.plus(DOWN_AFTER)) {
            return Some(format!("no relay can be talked to since {}: {said}", since.rfc3339_seconds()));
        }
        if let Some((relay, said)) = self.relays.iter().next() {
            return Some(format!("relay {relay} takes no mail: {said}"));
        }
        let (recipient, (_, said)) = self.refused.iter().next()?;
        Some(format!("mail to {recipient} is refused: {said}"))
    }

    /// Whether nothing is wrong, not even for a short time.
    pub(super) fn is_clear(&self) -> bool {
        self.down.is_none() && self.relays.is_empty() && self.refused.is_empty()
    }

    /// When [`Troubles::said`] may answer otherwise without anything having happened.
    pub(super) fn changes_at(&self, now: Timestamp) -> Option<Timestamp> {
        let down = self.down.as_ref().map(|(since, _)| since.plus(DOWN_AFTER));
        let refused = self.refused.values().map(|(at, _)| at.plus(REFUSED_FOR));
        down.into_iter().chain(refused).filter(|at| *at > now).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::channel::{Failure, Trouble};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix_seconds(1_795_334_400 + second).expect("in range")
    }

    fn failure(trouble: Trouble) -> Failure {
        Failure {
            reason: "smtp_auth",
            trouble,
            relay: "smtp.test:587".to_owned(),
            code: None,
            said: "535 no".to_owned(),
        }
    }

    #[test]
    fn a_relay_that_is_away_is_trouble_after_a_minute_and_until_it_is_back() {
        let mut troubles = Troubles::default();
        troubles.note(&Event::Down { said: "refused".to_owned() }, at(0));
        troubles.note(&Event::Down { said: "again".to_owned() }, at(50));
        assert_eq!((troubles.said(at(59)), troubles.changes_at(at(59))), (None, Some(at(60))));
        assert!(troubles.said(at(60)).is_some_and(|said| said.ends_with("since 2026-11-22T08:00:00Z: refused")));
        assert_eq!((troubles.changes_at(at(60)), troubles.is_clear()), (None, false));
        troubles.note(&Event::Up, at(61));
        assert_eq!((troubles.said(at(200)), troubles.is_clear()), (None, true));
    }

    #[test]
    fn what_somebody_must_change_is_trouble_at_once() {
        let mut troubles = Troubles::default();
        troubles.note(&Event::Failed(failure(Trouble::Passing)), at(0));
        assert_eq!(troubles.said(at(0)), None);
        troubles.note(&Event::Failed(failure(Trouble::Credentials)), at(0));
        assert_eq!(troubles.said(at(0)).as_deref(), Some("relay smtp.test:587 takes no mail: 535 no"));
        troubles.note(&Event::Recovered { relay: "smtp.test:587".to_owned() }, at(1));
        let refused = |recipient: &str| Event::RecipientRefused {
            recipient: recipient.to_owned(),
            failure: failure(Trouble::Recipient),
            fallback: Vec::new(),
        };
        troubles.note(&refused("a@x.test"), at(1));
        assert_eq!(troubles.said(at(1)).as_deref(), Some("mail to a@x.test is refused: 535 no"));
        assert_eq!((troubles.changes_at(at(1)), troubles.said(at(86_401))), (Some(at(86_401)), None));
    }
}
