//! The phases of an SMTP dialogue: how long each may take, and how its failures are called in metrics.

use std::time::Duration;

/// Where in the dialogue something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    Resolve,
    Connect,
    Banner,
    Ehlo,
    Starttls,
    Tls,
    Auth,
    Mail,
    Rcpt,
    Data,
    Body,
    Dot,
}

impl Phase {
    /// The most it may take. RFC 5321, section 4.5.3.2, allows several times as much, which is meant for queues that
    /// have days: here somebody is to be woken.
    #[must_use]
    pub fn limit(self) -> Duration {
        Duration::from_secs(match self {
            // An address; a name takes as long as looking it up does.
            Self::Resolve | Self::Connect => 5,
            Self::Ehlo | Self::Starttls | Self::Tls => 15,
            Self::Banner | Self::Auth | Self::Mail => 30,
            // The body: each 64 KiB of it.
            Self::Rcpt | Self::Data | Self::Body => 60,
            Self::Dot => 600,
        })
    }

    /// The reason in metrics, of a failure in this phase.
    #[must_use]
    pub fn reason(self, timed_out: bool) -> &'static str {
        REASONS[self as usize * 2 + usize::from(timed_out)]
    }

    #[must_use]
    pub fn word(self) -> &'static str {
        self.reason(false).trim_start_matches("smtp_")
    }
}

/// Every reason, by phase: it failed, and it took too long.
pub const REASONS: &[&str] = &[
    "smtp_resolve",
    "smtp_resolve_timeout",
    "smtp_connect",
    "smtp_connect_timeout",
    "smtp_banner",
    "smtp_banner_timeout",
    "smtp_ehlo",
    "smtp_ehlo_timeout",
    "smtp_starttls",
    "smtp_starttls_timeout",
    "smtp_tls",
    "smtp_tls_timeout",
    "smtp_auth",
    "smtp_auth_timeout",
    "smtp_mail",
    "smtp_mail_timeout",
    "smtp_rcpt",
    "smtp_rcpt_timeout",
    "smtp_data",
    "smtp_data_timeout",
    "smtp_body",
    "smtp_body_timeout",
    "smtp_dot",
    "smtp_dot_timeout",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_has_its_reasons() {
        for (phase, word) in [
            (Phase::Resolve, "resolve"),
            (Phase::Banner, "banner"),
            (Phase::Starttls, "starttls"),
            (Phase::Rcpt, "rcpt"),
            (Phase::Dot, "dot"),
        ] {
            assert_eq!(phase.word(), word);
            assert_eq!(phase.reason(false), format!("smtp_{word}"));
            assert_eq!(phase.reason(true), format!("smtp_{word}_timeout"));
        }
        assert_eq!(REASONS.len(), (Phase::Dot as usize + 1) * 2);
    }
}
