//! Asks a daemon from outside whether it does its work, as a container runtime or a script wants to know.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout};
use url::Url;

use super::user_agent;
use crate::base::printable::printable_within;
use crate::model::authority::{PrivateAddresses, WebOrigin};
use crate::model::failure::Failure;
use crate::net::deadline::{Deadline, Limit};
use crate::net::dial::{Alpn, dial};
use crate::net::network::{Machine, Network, Settings};
use crate::net::proxy::authorization;
use crate::net::stopwatch::Stopwatch;

/// From the first packet to the last word of the answer.
pub const PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of an answer that is read: ours is a sentence.
const ANSWER_MAX: usize = 1024;
/// Columns of it that are shown.
const SHOWN_MAX: usize = 100;

/// Where a daemon is, and how it is known.
pub struct Address {
    /// What stands in its path is put before the paths of the daemon; user and password are sent along.
    pub url: Url,
    /// SHA-256 of the public key that it must have; none: its certificate must be good for its name.
    pub public_key: Option<[u8; 32]>,
}

/// Why a daemon does not count as healthy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It is there and says itself that it is not ready.
    NotReady(String),
    /// It is there and wants a user before it says anything.
    WantsUser,
    /// It cannot be reached, or it breaks off.
    Unreached(String),
    /// Nothing was said within [`PATIENCE`].
    Mute,
    /// What answers is no daemon of ours.
    Stranger(String),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReady(why) => write!(f, "not ready: {why}"),
            Self::WantsUser => f.write_str("it asks for a user and a password"),
            Self::Unreached(why) => f.write_str(why),
            Self::Mute => write!(f, "no answer within {} s", PATIENCE.as_secs()),
            Self::Stranger(what) => write!(f, "what answers is not forerunner: {what}"),
        }
    }
}

/// Asks once.
///
/// # Errors
/// It is not ready, or that cannot be known.
pub async fn ask(address: &Address) -> Result<(), Trouble> {
    timeout(PATIENCE, answer(address)).await.unwrap_or(Err(Trouble::Mute))
}

async fn answer(address: &Address) -> Result<(), Trouble> {
    let (status, ours, text) = exchange(address).await?;
    match (status, text.as_str()) {
        (StatusCode::OK, "ready") => Ok(()),
        (StatusCode::SERVICE_UNAVAILABLE, why) if is_reason(why) => Err(Trouble::NotReady(why.to_owned())),
        (StatusCode::UNAUTHORIZED, _) if ours => Err(Trouble::WantsUser),
        (StatusCode::TOO_MANY_REQUESTS, why) if why.contains("`rate_limit`") => Err(Trouble::NotReady(why.to_owned())),
        (status, "") => Err(Trouble::Stranger(format!("{} without a word", status.as_u16()))),
        (status, text) => {
            Err(Trouble::Stranger(format!("{} `{}`", status.as_u16(), printable_within(text, SHOWN_MAX))))
        }
    }
}

/// The sentences of a daemon that starts or stops.
fn is_reason(text: &str) -> bool {
    text.starts_with("starting: ") || text.starts_with("stopping: ")
}

/// The status, whether a password is asked for in our name, and the text.
async fn exchange(address: &Address) -> Result<(StatusCode, bool, String), Trouble> {
    let broken = |error: &hyper::Error| {
        if error.is_parse() {
            Trouble::Stranger("it does not speak HTTP; perhaps another port, or `https`".to_owned())
        } else {
            Trouble::Unreached(format!("the connection broke: {error}"))
        }
    };
    let request = request(&address.url)?;
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(connect(address).await?)).await.map_err(|e| broken(&e))?;
    // Ends with the sender or with the runtime.
    tokio::spawn(connection);
    let answer = sender.send_request(request).await.map_err(|error| broken(&error))?;
    let challenge = answer.headers().get(header::WWW_AUTHENTICATE).map(http::HeaderValue::as_bytes);
    let ours = challenge.is_some_and(|challenge| challenge.starts_with(b"Basic realm=\"forerunner\""));
    let status = answer.status();
    let body = Limited::new(answer.into_body(), ANSWER_MAX).collect().await;
    let body = body.map_err(|_| Trouble::Stranger(format!("{} and more than a sentence, or less", status.as_u16())))?;
    let text = String::from_utf8_lossy(&body.to_bytes()).trim().to_owned();
    Ok((status, ours, text))
}

fn request(url: &Url) -> Result<Request<Empty<Bytes>>, Trouble> {
    let unusable = |_| Trouble::Unreached("the URL cannot be asked for".to_owned());
    let host = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let mut request = Request::get(format!("{}/-/ready", url.path().trim_end_matches('/')))
        .header(header::HOST, host)
        .header(header::USER_AGENT, user_agent(None))
        .header(header::CONNECTION, "close");
    if let Ok(Some(credentials)) = authorization(url) {
        request = request.header(header::AUTHORIZATION, credentials);
    }
    request.body(Empty::new()).map_err(unusable)
}

async fn connect(address: &Address) -> Result<Box<dyn crate::net::dial::Stream>, Trouble> {
    let settings = Settings {
        pin: address.public_key.into_iter().collect(),
        // The key says more than a name would: it is the one in the daemon's own files.
        insecure: address.public_key.is_some(),
        ..Settings::default()
    };
    let unreached = |failure: Failure| Trouble::Unreached(failure.detail);
    let network = Network::new(settings, &Arc::new(Machine::default()));
    let network = network.map_err(|error| Trouble::Unreached(error.message))?;
    let origin = WebOrigin::of(&address.url).ok_or_else(|| Trouble::Unreached("the URL has no host".to_owned()))?;
    let deadline = Deadline { at: Instant::now() + PATIENCE, limit: Limit::Step };
    let private = PrivateAddresses::Allowed;
    let dialled = dial(&network, &origin, &private, Alpn::Http1, deadline, &mut Stopwatch::start()).await;
    dialled.stream.map_err(unreached)
}
