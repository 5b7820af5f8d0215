//! Why a step did not pass: a closed vocabulary, with the phase in which it broke and whose side it was.

use serde::{Deserialize, Serialize};

use super::timing::Phase;

/// The cause of a step or run, as the journey format names it. The order is the order of
/// precedence: if several apply to one step, the first is its cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    Dns,
    Connect,
    Tls,
    Timeout,
    Http,
    Expectation,
    Contract,
    Input,
    Policy,
    Probe,
}

impl Cause {
    pub const ALL: [Self; 10] = [
        Self::Dns,
        Self::Connect,
        Self::Tls,
        Self::Timeout,
        Self::Http,
        Self::Expectation,
        Self::Contract,
        Self::Input,
        Self::Policy,
        Self::Probe,
    ];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Http => "http",
            Self::Expectation => "expectation",
            Self::Contract => "contract",
            Self::Input => "input",
            Self::Policy => "policy",
            Self::Probe => "probe",
        }
    }

    /// Whether the trouble is our own: then nobody is blamed and the run is indeterminate.
    #[must_use]
    pub fn is_ours(self) -> bool {
        matches!(self, Self::Input | Self::Policy | Self::Probe)
    }
}

/// Where the trouble sits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// The party that answers, or fails to.
    Target,
    /// Between us and the target.
    Network,
    /// This machine, or what the operator put around it.
    Vantage,
    /// The journey or its binding asks for something that cannot be.
    Definition,
}

macro_rules! failure_kinds {
    ($($(#[doc = $about:literal])+ $kind:ident = $cause:ident, $origin:ident;)+) => {
        /// What exactly went wrong. Closed: every library error is mapped to one of these in one place.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum FailureKind { $($(#[doc = $about])+ $kind,)+ }

        impl FailureKind {
            pub const ALL: &[Self] = &[$(Self::$kind,)+];

            #[must_use]
            pub fn cause(self) -> Cause {
                match self { $(Self::$kind => Cause::$cause,)+ }
            }

            /// Where such trouble sits unless what was seen says otherwise.
            #[must_use]
            pub fn usual_origin(self) -> Origin {
                match self { $(Self::$kind => Origin::$origin,)+ }
            }

            /// One sentence for the reference page.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self { $(Self::$kind => concat!($($about,)+),)+ }
            }
        }
    };
}

failure_kinds! {
    /// The name does not exist, or has no address.
    NameNotFound = Dns, Target;
    /// The name servers of the target answer with a failure.
    NameServerFailure = Dns, Target;
    /// The name resolves only to addresses that the egress guard refuses.
    AddressesRefused = Dns, Target;
    /// No answer to the name look-up in time.
    ResolveTimeout = Dns, Network;
    /// Nothing listens at the address.
    ConnectionRefused = Connect, Target;
    /// No route to the address.
    Unreachable = Connect, Network;
    /// The connection was not made in time.
    ConnectTimeout = Connect, Network;
    /// The connection was reset while it was being made.
    ConnectReset = Connect, Target;
    /// The certificate has expired.
    CertificateExpired = Tls, Target;
    /// The certificate is not valid yet.
    CertificateNotYetValid = Tls, Target;
    /// The certificate is for other names.
    CertificateWrongName = Tls, Target;
    /// The certificate was issued by nobody this machine trusts; self-signed ones included.
    CertificateUntrusted = Tls, Target;
    /// The certificate is revoked.
    CertificateRevoked = Tls, Target;
    /// The certificate breaks another rule.
    CertificateInvalid = Tls, Target;
    /// The certificate is valid, but not the one that the binding pins.
    CertificateNotPinned = Tls, Target;
    /// The target wants a client certificate, or refuses the one it got.
    ClientCertificateRefused = Tls, Target;
    /// The handshake broke off or the two sides found no common ground.
    HandshakeFailed = Tls, Target;
    /// The handshake was not finished in time.
    HandshakeTimeout = Tls, Target;
    /// The target did not take the request in time.
    SendTimeout = Timeout, Target;
    /// No first byte of the answer in time.
    WaitTimeout = Timeout, Target;
    /// The answer did not end in time.
    ReceiveTimeout = Timeout, Target;
    /// The time allowed for the whole run was used up.
    RunTimeout = Timeout, Target;
    /// The status is not the expected one.
    UnexpectedStatus = Http, Target;
    /// The answer is not valid HTTP.
    MalformedAnswer = Http, Target;
    /// The connection ended before the answer did.
    AnswerCutShort = Http, Target;
    /// The header section is larger than allowed.
    HeadersTooLarge = Http, Target;
    /// The body, decoded, is larger than allowed.
    BodyTooLarge = Http, Target;
    /// The body does not decode by its content coding.
    BodyUndecodable = Http, Target;
    /// The target speaks another HTTP version than the step demands.
    VersionUnavailable = Http, Target;
    /// The redirect chain is longer than allowed.
    TooManyRedirects = Http, Target;
    /// A redirect, or a URL that the target gave, leads somewhere undeclared; nothing was sent there.
    RedirectElsewhere = Http, Target;
    /// A condition does not hold.
    ExpectationMissed = Expectation, Target;
    /// A value to keep is not in the answer.
    CaptureMissing = Expectation, Target;
    /// The answer breaks its contract.
    ContractBroken = Contract, Target;
    /// A value that the step needs does not exist.
    ValueMissing = Input, Definition;
    /// A value cannot be used where it stands.
    ValueUnusable = Input, Definition;
    /// The source of a secret cannot be read.
    SecretUnreadable = Input, Vantage;
    /// Nothing of the journey was executed.
    NothingExecuted = Input, Definition;
    /// The request would leave the declared origins.
    OriginRefused = Policy, Definition;
    /// A value would go to a host that may not see it.
    LabelRefused = Policy, Definition;
    /// The step writes, and the binding does not allow writes.
    WriteRefused = Policy, Definition;
    /// The egress guard refuses the address written in the definition.
    AddressRefused = Policy, Definition;
    /// The allowance of requests or steps is used up.
    AllowanceUsedUp = Policy, Definition;
    /// The definition exceeds a bound.
    BoundExceeded = Policy, Definition;
    /// This machine ran out of descriptors, ports or memory.
    NoLocalResources = Probe, Vantage;
    /// This machine has no network.
    NoNetwork = Probe, Vantage;
    /// The resolver of this machine cannot be reached.
    ResolverUnreachable = Probe, Vantage;
    /// The configured proxy cannot be reached or refuses.
    ProxyFailed = Probe, Vantage;
    /// The configured certificate, key or certificate authority cannot be used.
    LocalCertificateUnusable = Probe, Vantage;
    /// The run was asked to stop.
    Stopped = Probe, Vantage;
    /// forerunner itself is at fault.
    Internal = Probe, Vantage;
}

impl FailureKind {
    /// The stable word of reports and pages, such as `connection-refused`.
    #[must_use]
    pub fn word(self) -> String {
        serde_json::to_value(self).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// The finer word that step metrics use as `reason`.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match (self, self.cause()) {
            (Self::UnexpectedStatus, _) => "http_status",
            (_, Cause::Http) => "protocol",
            (Self::CaptureMissing, _) => "capture",
            (_, Cause::Input | Cause::Probe) => "internal",
            (_, cause) => cause.word(),
        }
    }
}

/// One failure. `detail` may quote what the target sent and is raw until the run is redacted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// The phase in which it broke; none where no exchange took place.
    pub phase: Option<Phase>,
    pub kind: FailureKind,
    pub origin: Origin,
    /// What happened, where, and what to do, in one line.
    pub detail: String,
}

impl Failure {
    pub fn new(kind: FailureKind, detail: impl Into<String>) -> Self {
        Self { phase: None, kind, origin: kind.usual_origin(), detail: detail.into() }
    }

    #[must_use]
    pub fn in_phase(mut self, phase: Phase) -> Self {
        self.phase = Some(phase);
        self
    }

    #[must_use]
    pub fn from(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    #[must_use]
    pub fn cause(&self) -> Cause {
        self.kind.cause()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_of_our_own_never_points_at_the_target() {
        for kind in FailureKind::ALL {
            let ours = kind.cause().is_ours();
            let blames = matches!(kind.usual_origin(), Origin::Target | Origin::Network);
            assert_ne!(ours, blames, "{kind:?}");
        }
    }

    #[test]
    fn words_are_kebab_case() {
        assert_eq!(FailureKind::ConnectionRefused.word(), "connection-refused");
        assert_eq!(FailureKind::UnexpectedStatus.reason(), "http_status");
    }
}
