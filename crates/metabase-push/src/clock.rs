//! The time, so that tests need not wait.

use std::time::{Duration, Instant};

/// Tells the time and lets it pass.
pub trait Clock {
    /// The time now.
    fn now(&self) -> Instant;
    /// Returns after this time.
    fn sleep(&self, duration: Duration);
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}
