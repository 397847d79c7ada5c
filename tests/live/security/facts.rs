//! The facts, and all that refreshes work on, are the extension's own: what an operator owns cannot come between.
