//! Why a template has no value when it is needed.

/// Why a template has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderError {
    missing: bool,
    message: String,
}

impl RenderError {
    /// A name without a value, or a result that is missing.
    pub(super) fn missing(message: impl Into<String>) -> Self {
        Self { missing: true, message: message.into() }
    }

    /// A value that cannot be used.
    pub(super) fn unusable(message: impl Into<String>) -> Self {
        Self { missing: false, message: message.into() }
    }

    /// Whether a name has no value (or a member is not there), as opposed to a value that cannot be used.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.missing
    }
}

impl std::fmt::Display for RenderError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for RenderError {}
