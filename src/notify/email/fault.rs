//! Why a relay did not take a message, and what is to be done about it.

use super::phase::Phase;
use super::reply::Reply;
use crate::notify::channel::{Failure, Trouble};

/// How one relay failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub phase: Phase,
    pub kind: Kind,
    /// One line, masked and safe to print.
    pub said: String,
    pub reply: Option<Reply>,
    /// The final dot may have reached it.
    pub maybe_sent: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    TimedOut,
    /// The network, or the other end of the connection.
    Lost,
    /// What came is no answer to what was said.
    Nonsense,
    /// A refusal, in a code.
    Refused,
    /// What the relay would have to offer, and does not.
    Missing,
    /// A certificate, a handshake, or authorities that cannot be read.
    Untrusted,
    /// A password that cannot be read, or must not be sent.
    NoPassword,
    /// A password that was refused less than a minute ago, which was told then.
    Locked,
}

/// What to do with the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Another relay may take it, and so may this one, later.
    OtherRelay,
    /// The same relay may take a shorter one.
    Shorter,
    /// Another relay may take it; if there is none, it is as good as refused.
    OtherRelayOrRefused,
    /// No relay will ever take it for this receiver.
    Refused,
}

impl Fault {
    pub(super) fn new(phase: Phase, kind: Kind, said: impl Into<String>) -> Self {
        Self { phase, kind, said: said.into(), reply: None, maybe_sent: false }
    }

    /// An answer that cannot be one to what was said.
    pub(super) fn nonsense(phase: Phase, what: &str) -> Self {
        Self::new(phase, Kind::Nonsense, format!("{what}, in phase {}", phase.word()))
    }

    /// A refusal.
    pub(super) fn refused(phase: Phase, reply: Reply) -> Self {
        Self { phase, kind: Kind::Refused, said: reply.to_string(), reply: Some(reply), maybe_sent: false }
    }

    pub(super) fn next(&self) -> Next {
        let Some(reply) = self.reply.as_ref().filter(|_| self.kind == Kind::Refused) else { return Next::OtherRelay };
        if reply.is_transient() || is_sequence(reply.code) || self.phase < Phase::Mail {
            return Next::OtherRelay;
        }
        match (self.phase, reply.enhanced()) {
            _ if is_size(reply) => Next::Shorter,
            // Whoever may not send through this relay may be allowed to through the next; no receiver is at fault.
            (Phase::Mail, _) | (_, Some((5, 5, _))) => Next::OtherRelay,
            (_, Some((5, 7, _))) => Next::OtherRelayOrRefused,
            (Phase::Rcpt, _) => Next::Refused,
            _ => Next::OtherRelayOrRefused,
        }
    }

    pub(super) fn trouble(&self) -> Trouble {
        let reply = self.reply.as_ref().filter(|_| self.kind == Kind::Refused);
        let passing = reply.is_some_and(|reply| reply.is_transient() || is_sequence(reply.code));
        match self.kind {
            Kind::NoPassword | Kind::Locked => Trouble::Credentials,
            Kind::Missing if self.phase == Phase::Auth => Trouble::Credentials,
            Kind::Missing | Kind::Untrusted => Trouble::Tls,
            _ if passing => Trouble::Passing,
            // 530: it wants a login, and we have none.
            Kind::Refused if self.phase == Phase::Auth || reply.is_some_and(|reply| reply.code == 530) => {
                Trouble::Credentials
            }
            Kind::Refused if self.phase == Phase::Starttls => Trouble::Tls,
            Kind::Refused => match self.next() {
                Next::Refused | Next::Shorter => Trouble::Recipient,
                Next::OtherRelay if self.phase < Phase::Mail => Trouble::Passing,
                Next::OtherRelay | Next::OtherRelayOrRefused => Trouble::Policy,
            },
            Kind::TimedOut | Kind::Lost | Kind::Nonsense => Trouble::Passing,
        }
    }

    pub(super) fn failure(&self, relay: &str) -> Failure {
        let told = match self.kind {
            Kind::Refused => format!("answers {} in phase {}", self.said, self.phase.word()),
            _ => self.said.clone(),
        };
        Failure {
            reason: self.phase.reason(self.kind == Kind::TimedOut),
            trouble: self.trouble(),
            relay: relay.to_owned(),
            code: self.reply.as_ref().map(|reply| reply.code),
            said: told,
        }
    }
}

/// The relay did not follow, or is in another state than we think: never a word about the receiver.
fn is_sequence(code: u16) -> bool {
    (500..=504).contains(&code)
}

fn is_size(reply: &Reply) -> bool {
    match reply.enhanced() {
        Some((5, 2 | 3, 3 | 4)) => true,
        // 5.2.2 is a full mailbox, which a shorter message may fit into all the same.
        _ => matches!(reply.code, 552 | 523),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(phase: Phase, answer: &str, next: Next, trouble: Trouble) {
        let (code, text) = answer.split_once(' ').expect("a code and a text");
        let reply = Reply { code: code.parse().expect("a code"), lines: vec![text.to_owned()] };
        let fault = Fault::refused(phase, reply);
        assert_eq!((fault.next(), fault.trouble()), (next, trouble), "{answer} in {phase:?}");
    }

    #[test]
    fn a_refusal_is_taken_for_what_it_is() {
        use Trouble::{Credentials, Passing, Policy, Recipient, Tls};
        for phase in [Phase::Banner, Phase::Ehlo, Phase::Mail, Phase::Rcpt, Phase::Data, Phase::Dot] {
            check(phase, "421 closing", Next::OtherRelay, Passing);
            check(phase, "451 greylisted", Next::OtherRelay, Passing);
            check(phase, "503 bad sequence", Next::OtherRelay, Passing);
        }
        check(Phase::Banner, "554 no service", Next::OtherRelay, Passing);
        check(Phase::Starttls, "554 no", Next::OtherRelay, Tls);
        check(Phase::Auth, "535 5.7.8 bad credentials", Next::OtherRelay, Credentials);
        check(Phase::Auth, "454 4.7.0 try later", Next::OtherRelay, Passing);
        check(Phase::Mail, "530 5.7.0 authentication required", Next::OtherRelay, Credentials);
        check(Phase::Mail, "550 5.7.1 sender not allowed", Next::OtherRelay, Policy);
        check(Phase::Mail, "552 5.3.4 too large", Next::Shorter, Recipient);
        check(Phase::Rcpt, "550 5.1.1 no such user", Next::Refused, Recipient);
        check(Phase::Rcpt, "550 no such user", Next::Refused, Recipient);
        check(Phase::Rcpt, "550 5.7.1 relaying denied", Next::OtherRelayOrRefused, Policy);
        check(Phase::Rcpt, "552 5.2.2 mailbox full", Next::Shorter, Recipient);
        check(Phase::Data, "554 no valid recipients", Next::OtherRelayOrRefused, Policy);
        check(Phase::Dot, "552 message too large", Next::Shorter, Recipient);
        check(Phase::Dot, "523 5.2.3 too long", Next::Shorter, Recipient);
        check(Phase::Dot, "554 5.7.1 looks like spam", Next::OtherRelayOrRefused, Policy);
    }
}
