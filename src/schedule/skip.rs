//! A planned start that did not happen.

use std::sync::Arc;

use super::entry::Entry;
use super::moment::Monotonic;
use crate::model::skip::SkipReason;

/// A start that will not happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    pub entry: Arc<Entry>,
    pub at: Monotonic,
    pub reason: SkipReason,
}
