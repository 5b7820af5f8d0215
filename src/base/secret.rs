//! Values that may not go everywhere: which hosts may see them, and how they are kept out of every output.

use std::sync::Arc;

use zeroize::Zeroizing;

/// A text that is wiped from memory when dropped. Deliberately without `Debug`, `Display` and
/// `Serialize`: it leaves only through [`Secret::expose`].
#[derive(Clone)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Arc::new(Zeroizing::new(text.into())))
    }

    /// The text itself, for the request it was declared for.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// A set of declared hosts of one journey, by index. A journey has at most 20 hosts, so bits 20 to
/// 30 are always clear in a set of hosts and the value of all ones can mean "anywhere declared".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Label(u32);

/// Position of a host in the `needs.hosts` of the journey that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostIndex(pub u8);

impl Label {
    /// No secret: may go to any declared host.
    pub const ANYWHERE: Self = Self(u32::MAX);
    /// A secret that may go nowhere, for example two secrets of different hosts combined.
    pub const NOWHERE: Self = Self(0);

    /// A secret for these hosts only.
    pub fn only(hosts: impl IntoIterator<Item = HostIndex>) -> Self {
        Self(hosts.into_iter().fold(0, |set, host| set | 1 << (host.0 & 31)))
    }

    /// Whether the value must be masked in every output.
    #[must_use]
    pub fn is_secret(self) -> bool {
        self != Self::ANYWHERE
    }

    #[must_use]
    pub fn allows(self, host: HostIndex) -> bool {
        self.0 & (1 << (host.0 & 31)) != 0
    }

    /// The label of a value made from two others.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The label of a value that has become known in two ways: what may see it by either may see it.
    #[must_use]
    pub fn either(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// A value and the hosts that may see it.
#[derive(Clone)]
pub struct Labelled<T> {
    pub value: T,
    pub label: Label,
}

impl<T> Labelled<T> {
    pub fn new(value: T, label: Label) -> Self {
        Self { value, label }
    }

    /// A value that is nobody's secret.
    pub fn open(value: T) -> Self {
        Self { value, label: Label::ANYWHERE }
    }

    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Labelled<U> {
        Labelled { value: change(self.value), label: self.label }
    }

    pub fn as_ref(&self) -> Labelled<&T> {
        Labelled { value: &self.value, label: self.label }
    }
}
