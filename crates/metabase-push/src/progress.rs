//! What is going on, on standard error: a bar where that is a terminal, warnings everywhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::text;

/// One line that says what is being done.
#[derive(Clone)]
pub struct Progress {
    bar: ProgressBar,
    warns: bool,
}

impl Progress {
    /// On standard error. The bar is drawn only where that is a terminal.
    pub fn on_stderr() -> Progress {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr())
            .with_style(ProgressStyle::default_spinner());
        bar.enable_steady_tick(Duration::from_millis(120));
        Progress { bar, warns: true }
    }

    /// Neither bar nor warnings.
    pub fn hidden() -> Progress {
        Progress {
            bar: ProgressBar::hidden(),
            warns: false,
        }
    }

    /// Shows work of unknown length.
    pub fn step(&self, what: &str) {
        self.bar.set_style(ProgressStyle::default_spinner());
        self.bar.set_message(text::one_line(what));
    }

    /// Shows how many things are done, and of how many.
    pub fn count(&self, done: usize, of: usize, what: &str) {
        // The template is a constant; the default style would do as well.
        if let Ok(style) = ProgressStyle::with_template("{bar:24} {pos} of {len} {msg}") {
            self.bar.set_style(style);
        }
        self.bar.set_length(of as u64);
        self.bar.set_position(done as u64);
        self.bar.set_message(text::one_line(what));
    }

    /// Warns of something that is wrong while the work goes on.
    pub fn warn(&self, message: &str) {
        if self.warns {
            self.bar
                .suspend(|| eprintln!("warning: {}", text::one_line(message)));
        }
    }

    /// Tells something that people should know although nothing is wrong.
    pub fn note(&self, message: &str) {
        if self.warns {
            self.bar
                .suspend(|| eprintln!("note: {}", text::one_line(message)));
        }
    }

    /// Makes room for output while `print` prints.
    pub fn pause(&self, print: impl FnOnce()) {
        self.bar.suspend(print);
    }

    /// Removes the bar.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
