//! How long a conversation with a CA may take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The time that all requests with these options may take together: fetching the root, redirects
/// and every page of a list.
///
/// Only the time of requests counts, not the time between them, in which a person may be asked
/// for something. Clones share what is left.
#[derive(Clone, Debug)]
pub struct Budget {
    allowed: Duration,
    /// In nanoseconds.
    spent: Arc<AtomicU64>,
}

impl Budget {
    /// Allows this much time from now on.
    #[must_use]
    pub fn new(allowed: Duration) -> Self {
        Self { allowed, spent: Arc::default() }
    }

    pub(crate) fn allowed(&self) -> Duration {
        self.allowed
    }

    pub(crate) fn left(&self) -> Duration {
        self.allowed.saturating_sub(Duration::from_nanos(self.spent.load(Ordering::Relaxed)))
    }

    pub(crate) fn spend(&self, time: Duration) {
        let nanoseconds = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        let add = |spent: u64| Some(spent.saturating_add(nanoseconds));
        // The closure always returns a value, so this always succeeds.
        let _ = self.spent.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_what_is_left() {
        let budget = Budget::new(Duration::from_secs(2));
        budget.clone().spend(Duration::from_millis(1_500));
        assert_eq!(budget.left(), Duration::from_millis(500));
        budget.spend(Duration::MAX);
        budget.spend(Duration::MAX);
        assert_eq!(budget.left(), Duration::ZERO);
    }
}
