//! Saying who we are. A relay that refuses a password is left alone for a minute, before it locks the account.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::sync::{Mutex as Turn, MutexGuard};
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::fault::{Fault, Kind};
use super::phase::Phase;
use super::reply::Extensions;
use super::settings::Login;
use super::wire::Wire;

/// Between two attempts at a relay that refused the password.
const LOCKED_FOR: Duration = Duration::from_mins(1);

/// Keeps attempts at one relay apart until one of them was let in: four messages must not be four refusals.
#[derive(Default)]
pub(super) struct Door {
    known: Mutex<Known>,
    turn: Turn<()>,
}

#[derive(Clone, Copy, Default)]
enum Known {
    #[default]
    Nothing,
    LetIn,
    RefusedUntil(Instant),
}

impl Door {
    /// For how long nothing is tried here; none if it may be.
    pub(super) fn locked_for(&self) -> Option<Duration> {
        match self.known() {
            Known::RefusedUntil(until) => {
                Some(until.saturating_duration_since(Instant::now())).filter(|left| !left.is_zero())
            }
            Known::Nothing | Known::LetIn => None,
        }
    }

    fn known(&self) -> Known {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, known: Known) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = known;
    }

    /// Waits while somebody else tries, unless the password is known to be good.
    async fn enter(&self) -> Result<Option<MutexGuard<'_, ()>>, Fault> {
        if matches!(self.known(), Known::LetIn) {
            return Ok(None);
        }
        let turn = self.turn.lock().await;
        match self.locked_for() {
            Some(_) => Err(Fault::new(Phase::Auth, Kind::Locked, "the password was refused less than a minute ago")),
            None => Ok(Some(turn)),
        }
    }
}

/// Logs in, by the first way that the relay offers of PLAIN and LOGIN.
pub(super) async fn log_in(wire: &mut Wire, login: &Login, offered: &Extensions, door: &Door) -> Result<(), Fault> {
    let password = login.password.read().await.map_err(|why| Fault::new(Phase::Auth, Kind::NoPassword, why))?;
    wire.mask(password.expose());
    let _turn = door.enter().await?;
    let reply = if offered.plain {
        let said = Zeroizing::new(format!("\0{}\0{}", login.user, password.expose()));
        let line = Zeroizing::new(format!("AUTH PLAIN {}", STANDARD.encode(said.as_bytes())));
        wire.ask(Phase::Auth, &line, Some("AUTH PLAIN (user and password)")).await?
    } else if offered.login {
        let mut reply = wire.ask(Phase::Auth, "AUTH LOGIN", None).await?;
        for (value, shown) in [(login.user.as_str(), "(user)"), (password.expose(), "(password)")] {
            if reply.code != 334 {
                break;
            }
            let line = Zeroizing::new(STANDARD.encode(value));
            reply = wire.ask(Phase::Auth, &line, Some(shown)).await?;
        }
        reply
    } else {
        return Err(Fault::new(Phase::Auth, Kind::Missing, "it offers neither AUTH PLAIN nor AUTH LOGIN"));
    };
    match reply.code {
        235 => {
            door.learn(Known::LetIn);
            Ok(())
        }
        400..=599 => {
            // Trouble that passes, and words that it does not know, say nothing about the password.
            if matches!(reply.code, 505..=599) {
                door.learn(Known::RefusedUntil(Instant::now() + LOCKED_FOR));
            }
            Err(wire.refused(Phase::Auth, reply))
        }
        _ => Err(Fault::nonsense(Phase::Auth, &format!("it answers a login with {}", reply.code))),
    }
}
