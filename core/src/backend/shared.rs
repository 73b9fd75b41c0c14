//! The handle by which all workers reach one backend.

use std::sync::{Arc, Mutex, PoisonError};

use super::backend::Backend;

/// A backend that several workers share. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shared(Arc<Mutex<Backend>>);

impl Shared {
    /// Shares a backend.
    pub fn new(backend: Backend) -> Shared {
        Shared(Arc::new(Mutex::new(backend)))
    }

    /// Holds the backend for one decision: no input or output, nothing long. Events are best drained within
    /// the decision that caused them; those left behind are carried by whichever worker drains next.
    ///
    /// A worker that panicked leaves the backend as it was between two changes of plain numbers, so the
    /// others go on.
    pub fn with<R>(&self, decide: impl FnOnce(&mut Backend) -> R) -> R {
        decide(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_may_share_a_backend_across_threads() {
        fn assert_shareable<T: Send + Sync + Clone>() {}
        assert_shareable::<Shared>();
    }
}
