//! Why a planned start did not happen: a closed vocabulary, which is also the label of the metric.

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SkipReason {
    /// The run before is still active.
    Overlap,
    /// Another run holds the lock.
    Lock,
    /// A host had no place in time, by the daemon's ceiling or by the journey's `parallel`.
    HostLimit,
    /// The daemon had no place in time, or was itself too late.
    Capacity,
    /// The operator's allowance is used up.
    Quota,
    /// A maintenance window.
    Maintenance,
    /// The daemon is being stopped, or the entry was removed while it waited.
    Shutdown,
}

impl SkipReason {
    pub const ALL: [Self; 7] =
        [Self::Overlap, Self::Lock, Self::HostLimit, Self::Capacity, Self::Quota, Self::Maintenance, Self::Shutdown];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Overlap => "overlap",
            Self::Lock => "lock",
            Self::HostLimit => "host-limit",
            Self::Capacity => "capacity",
            Self::Quota => "quota",
            Self::Maintenance => "maintenance",
            Self::Shutdown => "shutdown",
        }
    }
}
