//! The pages of documentation: their tables, their blocks of code, and what they quote within a line.

use std::fs::{read_dir, read_to_string};
use std::path::Path;

/// One page.
pub struct Page {
    /// Its path from the project's folder.
    pub path: String,
    pub text: String,
}

/// A block of code between two fences.
pub struct Block {
    /// What stands behind the first fence: the language, and what else is said of it.
    pub info: String,
    pub code: String,
}

impl Page {
    pub fn read(root: &Path, path: &str) -> Page {
        let text = read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        Page {
            path: path.to_owned(),
            text,
        }
    }

    /// README.md and the pages of docs/, by name.
    pub fn all(root: &Path) -> Vec<Page> {
        let mut paths: Vec<String> = read_dir(root.join("docs"))
            .expect("a folder of pages")
            .map(|entry| entry.expect("an entry").file_name())
            .map(|name| format!("docs/{}", name.to_string_lossy()))
            .filter(|path| path.ends_with(".md"))
            .chain(["README.md".to_owned()])
            .collect();
        paths.sort();
        paths.iter().map(|path| Page::read(root, path)).collect()
    }

    /// The rows of the tables under a heading (a whole line, such as "## Columns"), cell by cell, without the tables' heads.
    pub fn rows(&self, heading: &str) -> Vec<Vec<String>> {
        let level = heading.split(' ').next().unwrap_or_default().len();
        let mut is_code = false;
        let lines: Vec<&str> = self
            .text
            .lines()
            // In a block of code, "#" begins a comment.
            .filter(|line| {
                let is_fence = line.trim_start().starts_with("```");
                is_code ^= is_fence;
                !is_code && !is_fence
            })
            .skip_while(|line| *line != heading)
            .skip(1)
            .take_while(|line| !(1..=level).any(|level| line.starts_with(&format!("{} ", "#".repeat(level)))))
            .collect();
        let is_rule = |line: &str| line.starts_with("|---");
        let rows: Vec<Vec<String>> = (0..lines.len())
            .filter(|&at| lines[at].starts_with('|') && !is_rule(lines[at]))
            .filter(|&at| !lines.get(at + 1).is_some_and(|next| is_rule(next)))
            .map(|at| {
                let cells = lines[at].trim_start_matches('|').trim_end_matches('|');
                cells.split('|').map(|cell| cell.trim().to_owned()).collect()
            })
            .collect();
        assert!(!rows.is_empty(), "{} has no table under {heading}", self.path);
        rows
    }

    /// Its blocks of code, in order.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut is_open = false;
        for line in self.text.lines() {
            match (line.trim_start().strip_prefix("```"), is_open) {
                (Some(_), true) => is_open = false,
                (Some(info), false) => {
                    is_open = true;
                    blocks.push(Block {
                        info: info.trim().to_owned(),
                        code: String::new(),
                    });
                }
                (None, true) => {
                    let block = blocks.last_mut().expect("an open block");
                    block.code.push_str(line);
                    block.code.push('\n');
                }
                (None, false) => {}
            }
        }
        blocks
    }
}

/// What stands between backticks in a text without blocks.
pub fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}
