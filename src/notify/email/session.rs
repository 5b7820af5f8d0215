//! A connection that is ready for a message: reached, greeted, encrypted, logged in.

use std::time::Duration;

use tokio::time::timeout;

use super::auth::{Door, log_in};
use super::fault::{Fault, Kind};
use super::phase::Phase;
use super::reply::{Extensions, Reply};
use super::settings::{Relay, RelayTls};
use super::transcript::{Recorder, Speaker};
use super::wire::Wire;
use crate::model::failure::{Failure, FailureKind};
use crate::net::dial::Stream;
use crate::net::network::{Machine, Network, Settings};
use crate::net::reach;
use crate::notify::channel::SendContext;
use std::sync::Arc;

/// How long it may take to take leave.
const QUIT_MAX: Duration = Duration::from_secs(2);

/// What connections to relays have in common.
pub(super) struct Ground {
    pub network: Settings,
    pub machine: Arc<Machine>,
    /// What we call ourselves.
    pub hello: String,
}

pub(super) struct Session {
    pub(super) wire: Wire,
    pub(super) offered: Extensions,
}

impl Session {
    /// Does everything that comes before a message.
    pub(super) async fn open(
        relay: &Relay,
        door: &Door,
        ground: &Ground,
        recorder: &Recorder,
        cx: &dyn SendContext,
    ) -> Result<Self, Fault> {
        let label = relay.label();
        let network = network(relay, ground).await?;
        let mut stream = reach_relay(relay, &network, recorder).await?;
        cx.reached("smtp.connected");
        if relay.tls == RelayTls::Implicit {
            stream = encrypt(relay, &network, stream, recorder).await?;
        }
        let mut wire = Wire::new(stream, &label, recorder.clone());
        let banner = wire.answer(Phase::Banner).await?;
        expect(&mut wire, Phase::Banner, banner, 220).await?;
        cx.reached("smtp.greeted");
        let mut offered = ehlo(&mut wire, ground).await?;
        if relay.tls == RelayTls::Starttls {
            if !offered.starttls {
                let why = "it offers no STARTTLS, and nothing is sent without encryption";
                wire.farewell(Phase::Starttls).await;
                return Err(Fault::new(Phase::Starttls, Kind::Missing, why));
            }
            let ready = wire.ask(Phase::Starttls, "STARTTLS", None).await?;
            expect(&mut wire, Phase::Starttls, ready, 220).await?;
            let stream = wire.plain(Phase::Starttls).await?;
            wire = Wire::new(encrypt(relay, &network, stream, recorder).await?, &label, recorder.clone());
            cx.reached("smtp.encrypted");
            // What it offered before could have been said by anybody.
            offered = ehlo(&mut wire, ground).await?;
        }
        if let Some(login) = &relay.login {
            if relay.tls == RelayTls::None {
                let why = "a password is never sent without encryption";
                return Err(Fault::new(Phase::Auth, Kind::NoPassword, why));
            }
            log_in(&mut wire, login, &offered, door).await?;
            cx.reached("smtp.authenticated");
        }
        Ok(Self { wire, offered })
    }

    /// Takes leave, however that goes.
    pub(super) async fn quit(mut self) {
        let leave = async {
            let _ = self.wire.ask(Phase::Dot, "QUIT", None).await;
            self.wire.shut().await;
        };
        let _ = timeout(QUIT_MAX, leave).await;
    }
}

/// Anything but the one expected code is a failure.
pub(super) async fn expect(wire: &mut Wire, phase: Phase, reply: Reply, code: u16) -> Result<Reply, Fault> {
    if reply.code == code {
        return Ok(reply);
    }
    if reply.code != 421 {
        let _ = timeout(QUIT_MAX, wire.farewell(phase)).await;
    }
    Err(if reply.code >= 400 {
        wire.refused(phase, reply)
    } else {
        Fault::nonsense(phase, &format!("it answers {} where {code} belongs", reply.code))
    })
}

async fn ehlo(wire: &mut Wire, ground: &Ground) -> Result<Extensions, Fault> {
    let reply = wire.ask(Phase::Ehlo, &format!("EHLO {}", ground.hello), None).await?;
    Ok(Extensions::of(&expect(wire, Phase::Ehlo, reply, 250).await?))
}

/// The network as this relay is reached: with authorities of its own, if it has some.
async fn network(relay: &Relay, ground: &Ground) -> Result<Network, Fault> {
    let untrusted = |why: String| Fault::new(Phase::Tls, Kind::Untrusted, why);
    let mut settings = ground.network.clone();
    if let Some(path) = &relay.ca {
        let pem = tokio::fs::read(path).await;
        settings.ca =
            Some(pem.map_err(|error| untrusted(format!("`ca` cannot be read from `{}`: {error}", path.display())))?);
    }
    Network::new(settings, &ground.machine).map_err(|error| untrusted(error.message))
}

async fn reach_relay(relay: &Relay, network: &Network, recorder: &Recorder) -> Result<Box<dyn Stream>, Fault> {
    let failed = |phase, failure: Failure| {
        let timed_out = matches!(failure.kind, FailureKind::ResolveTimeout | FailureKind::ConnectTimeout);
        let kind = if timed_out { Kind::TimedOut } else { Kind::Lost };
        Fault::new(phase, kind, failure.detail)
    };
    let addresses = reach::addresses(network, &relay.host, relay.port).await;
    let addresses = addresses.map_err(|failure| failed(Phase::Resolve, failure))?;
    let stream = reach::connect(&addresses, relay.port, Phase::Connect.limit()).await;
    let stream = stream.map_err(|failure| failed(Phase::Connect, failure))?;
    if let Ok(address) = stream.peer_addr() {
        recorder.note(&relay.label(), Speaker::Note, &format!("connected to {address}"));
    }
    Ok(Box::new(stream))
}

async fn encrypt(
    relay: &Relay,
    network: &Network,
    stream: Box<dyn Stream>,
    recorder: &Recorder,
) -> Result<Box<dyn Stream>, Fault> {
    let stream = reach::encrypt(network, &relay.host, stream, Phase::Tls.limit()).await.map_err(|failure| {
        let kind = match failure.kind {
            FailureKind::HandshakeTimeout => Kind::TimedOut,
            FailureKind::ConnectReset => Kind::Lost,
            _ => Kind::Untrusted,
        };
        Fault::new(Phase::Tls, kind, failure.detail)
    })?;
    recorder.note(&relay.label(), Speaker::Note, "encrypted, and the certificate is good");
    Ok(stream)
}
