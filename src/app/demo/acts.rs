//! The play: what goes wrong, when, and what the audience is told before. Pure, so that it can be read as a table.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What the platform and its partner do at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Calm,
    SlowPartner,
    WrongTotal,
    VanishedField,
    ExpiringCertificate,
    Outage,
    Recovery,
}

impl Act {
    /// In the order of the play.
    pub const ALL: [Self; 7] = [
        Self::Calm,
        Self::WrongTotal,
        Self::SlowPartner,
        Self::VanishedField,
        Self::ExpiringCertificate,
        Self::Outage,
        Self::Recovery,
    ];

    /// By which `--act` asks for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::SlowPartner => "slow-partner",
            Self::WrongTotal => "wrong-total",
            Self::VanishedField => "vanished-field",
            Self::ExpiringCertificate => "expiring-certificate",
            Self::Outage => "outage",
            Self::Recovery => "recovery",
        }
    }

    /// What is about to happen, and what to look at.
    #[must_use]
    pub fn announced(self) -> &'static str {
        match self {
            Self::Calm => "All is well: eight journeys, as customers would make them.",
            Self::SlowPartner => {
                "The mentoring partner becomes slow. It still works, so the journey is degraded and nobody is woken."
            }
            Self::WrongTotal => {
                "The benchmarking tool adds up wrongly. Every status is 200, and the customer gets nonsense."
            }
            Self::VanishedField => {
                "A release drops the field `summary` from the content API. Its health check stays green."
            }
            Self::ExpiringCertificate => "The partner's certificate runs out in five days. Nothing fails yet.",
            Self::Outage => "The partner's API is down. The mail names the partner, not the platform.",
            Self::Recovery => "Everything is mended. Two good runs, and whoever was woken is told that it is over.",
        }
    }

    /// At the usual speed.
    #[must_use]
    pub fn lasts(self) -> Duration {
        Duration::from_secs(match self {
            Self::Calm => 10,
            Self::SlowPartner | Self::VanishedField | Self::ExpiringCertificate => 14,
            Self::WrongTotal => 16,
            Self::Outage => 20,
            Self::Recovery => 25,
        })
    }
}

/// The act that is on, as everybody on the stage sees it.
#[derive(Clone, Debug, Default)]
pub struct Stage(Arc<AtomicUsize>);

impl Stage {
    #[must_use]
    pub fn act(&self) -> Act {
        Act::ALL.get(self.0.load(Ordering::SeqCst)).copied().unwrap_or(Act::Calm)
    }

    pub fn turn(&self, act: Act) {
        let at = Act::ALL.iter().position(|known| *known == act).unwrap_or_default();
        self.0.store(at, Ordering::SeqCst);
    }
}

/// Acts and how long each lasts: the whole play, or one act between calm and recovery, as a presenter wants it.
#[must_use]
pub fn play(only: Option<Act>, speed: f64) -> Vec<(Act, Duration)> {
    let acts = match only {
        None => Act::ALL.to_vec(),
        Some(act @ (Act::Calm | Act::Recovery)) => vec![act],
        Some(act) => vec![Act::Calm, act, Act::Recovery],
    };
    acts.into_iter().map(|act| (act, act.lasts().div_f64(speed))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_play_takes_less_than_two_minutes() {
        let whole: Duration = play(None, 1.0).iter().map(|(_, lasts)| *lasts).sum();
        assert!(whole < Duration::from_mins(2), "{whole:?}");
        let twice: Duration = play(None, 2.0).iter().map(|(_, lasts)| *lasts).sum();
        assert_eq!(twice, whole / 2);
    }

    #[test]
    fn one_act_has_its_calm_before_and_its_end() {
        let acts: Vec<_> = play(Some(Act::Outage), 1.0).iter().map(|(act, _)| *act).collect();
        assert_eq!(acts, [Act::Calm, Act::Outage, Act::Recovery]);
    }

    #[test]
    fn everybody_sees_the_same_act() {
        let (stage, seen) = (Stage::default(), Stage::default());
        assert_eq!(stage.act(), Act::Calm);
        let shared = stage.clone();
        for act in Act::ALL {
            stage.turn(act);
            assert_eq!((shared.act(), seen.act()), (act, Act::Calm));
        }
    }
}
