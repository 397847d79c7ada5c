//! What is going on, on standard error: a bar where that is a terminal, warnings everywhere.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::text;

/// How work of unknown length is shown. What does not fit into the line is cut: a line that wraps is not removed as a whole.
const STEP: &str = "{spinner} {wide_msg}";
/// How it is shown where its length is known.
const COUNT: &str = "{bar:24} {pos} of {len} {wide_msg}";

/// One line that says what is being done.
#[derive(Clone)]
pub struct Progress {
    bar: ProgressBar,
    warns: bool,
}

impl Progress {
    /// On standard error. The bar is drawn only where that is a terminal.
    pub fn on_stderr() -> Progress {
        let progress = Progress::on(ProgressDrawTarget::stderr());
        progress.bar.enable_steady_tick(Duration::from_millis(120));
        progress
    }

    fn on(target: ProgressDrawTarget) -> Progress {
        let bar = ProgressBar::with_draw_target(None, target);
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
        self.draw_as(STEP);
        self.bar.set_message(text::one_line(what));
    }

    /// Shows how many things are done, and of how many.
    pub fn count(&self, done: usize, of: usize, what: &str) {
        self.draw_as(COUNT);
        self.bar.set_length(of as u64);
        self.bar.set_position(done as u64);
        self.bar.set_message(text::one_line(what));
    }

    fn draw_as(&self, template: &str) {
        // The templates are constants; the style that is there would do as well.
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
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

#[cfg(test)]
mod tests {
    use indicatif::InMemoryTerm;

    use super::*;

    #[test]
    fn a_long_name_takes_one_line_of_any_terminal() {
        let long = "inventory_management/".repeat(40) + "größe → \u{1b}[2J";
        for width in [40, 80, 200] {
            let terminal = InMemoryTerm::new(10, width);
            let progress = Progress::on(ProgressDrawTarget::term_like(Box::new(terminal.clone())));
            progress.step(&long);
            progress.bar.tick();
            let step = terminal.contents();
            progress.count(7, 81, &long);
            progress.bar.tick();
            let count = terminal.contents();
            for shown in [&step, &count] {
                assert_eq!(shown.lines().count(), 1, "{shown}");
                assert!(shown.contains("invent"), "{shown}");
            }
            assert!(count.contains("7 of 81 "), "{count}");
            progress.clear();
            assert_eq!(terminal.contents(), "");
        }
    }
}
