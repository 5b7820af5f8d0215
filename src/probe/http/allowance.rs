//! Takes requests out of the allowance of a run, one by one.

use std::sync::atomic::{AtomicU32, Ordering};

/// Takes one; false if none is left.
pub(super) fn take(requests: &AtomicU32) -> bool {
    requests.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}
