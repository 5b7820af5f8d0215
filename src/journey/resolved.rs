//! A journey bound to an installation and checked: everything a run needs, nothing left to look up.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::Value as Json;

use super::definition::auth::Auth;
use super::definition::http::{HeaderField, HttpAction};
use crate::base::secret::{HostIndex, Label};
use crate::base::span::Spanned;
use crate::expectation::condition::Condition;
use crate::expectation::judge::Judge;
use crate::expectation::schema::Schema;
use crate::expectation::selector::Selector;
use crate::model::authority::Authority;
use crate::model::run::{Digest, Place, Section};
use crate::net::network::Network;
use crate::template::Data;

/// One scheduled run's worth of journey.
pub struct Journey {
    pub id: String,
    /// The run name: identity in metrics and history.
    pub name: String,
    pub title: String,
    pub owner: Option<String>,
    pub digest: Digest,
    pub authority: Authority,
    /// How each host is reached, in the order of the authority's hosts.
    pub networks: Arc<[Arc<Network>]>,
    /// Of the binding, laid over the defaults of the main part.
    pub inputs: Vec<(String, Json)>,
    pub secrets: Vec<SecretSlot>,
    pub limits: Limits,
    pub main: Arc<Part>,
    /// What every report of a run says first, such as that certificates are not verified.
    pub notices: Vec<String>,
}

/// Effective limits: what the definition asks for, below the ceilings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub time: Duration,
    pub cleanup: Duration,
    pub requests: u32,
    /// Bytes, decoded.
    pub body: u64,
    pub steps: u32,
    pub loop_max: u32,
    pub every: Duration,
    pub parallel: u32,
}

/// A secret of the run and where it comes from.
#[derive(Clone, Debug)]
pub struct SecretSlot {
    pub name: String,
    pub label: Label,
    /// None: a step keeps it.
    pub source: Option<SecretSource>,
}

/// Where the operator holds a secret; read at the start of each run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    Environment(String),
    File(PathBuf),
}

impl std::fmt::Display for SecretSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Environment(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

/// The steps of one definition: of the journey itself, or of one it uses.
pub struct Part {
    /// Defaults by name: the binding, or the `use` step of another journey, may give others.
    pub inputs: Vec<(String, Json)>,
    /// Secrets by name with the hosts this part may send them to.
    pub secrets: Vec<(String, Label)>,
    /// In an order in which each can be evaluated.
    pub vars: Vec<Var>,
    pub steps: Vec<Step>,
    pub cleanup: Vec<Step>,
    pub outputs: Vec<String>,
    /// Files of the package that bodies send, by the path as written.
    pub files: BTreeMap<String, Bytes>,
}

pub struct Var {
    pub name: String,
    pub data: Data,
    /// Evaluated at each use, because a one-time password expires.
    pub at_each_use: bool,
}

pub struct Step {
    pub id: String,
    pub title: Option<String>,
    /// In the words of the definition: `get /v1/services`.
    pub action_text: String,
    pub owner: Option<String>,
    pub place: Place,
    pub when: Vec<Check>,
    pub for_each: Option<ForEach>,
    pub action: Action,
    pub keep: Vec<Keep>,
    pub expect: Vec<Check>,
    pub prefer: Vec<Check>,
    pub retry: Option<Retry>,
    pub timeout: Duration,
    pub optional: bool,
    /// Names it refers to outside `when` that some step keeps.
    pub kept_names: Vec<String>,
}

pub enum Action {
    Http(Box<Http>),
    Wait(Duration),
    Use { part: Arc<Part>, inputs: Vec<(String, Data)> },
}

/// An HTTP action with its host known.
pub struct Http {
    pub host: HostIndex,
    pub action: HttpAction,
    /// Those of the host and of the step, the step's winning.
    pub headers: Vec<HeaderField>,
    /// Effective: the step's, else the host's, none if switched off.
    pub auth: Option<Auth>,
    /// Further hosts a redirect chain may enter.
    pub follow_to: Vec<HostIndex>,
    /// Whether a URL made of a template came, at least in part, from a target.
    pub target_is_kept: bool,
}

pub struct ForEach {
    pub name: String,
    pub list: Data,
    pub max: u32,
}

pub struct Retry {
    pub every: Duration,
    pub for_time: Option<Duration>,
    pub times: Option<u32>,
    pub unless: Vec<Check>,
}

pub struct Keep {
    pub name: String,
    pub from: Selector,
    pub place: Place,
    /// Hosts that may see it; none: no secret. A `secret: true` has the label of the answering host.
    pub secrecy: Secrecy,
    pub default: Option<Data>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrecy {
    Open,
    /// `secret: true`: for the host it came from.
    Sender,
    /// Declared in `needs.secrets` with `kept: true`.
    Declared(Label),
}

/// A selector and its condition, ready to be judged.
pub struct Check {
    pub selector: Selector,
    /// The key as written.
    pub text: String,
    /// Unique within the step; for metrics.
    pub slug: String,
    pub section: Section,
    pub place: Place,
    pub condition: CheckCondition,
}

pub enum CheckCondition {
    /// No templates: compiled once, at load.
    Ready(Judge),
    /// Compiled anew with the values of each run.
    Late(Condition<Spanned<Data>, Arc<Schema>>),
}
