//! What is wrong with a dashboard, in sentences.

/// Something that is wrong, in a sentence.
pub struct Problem {
    /// The key of the card that it is about; None where it is about the dashboard.
    pub card: Option<String>,
    pub problem: String,
}

/// The problems found so far.
#[derive(Default)]
pub struct Problems {
    pub found: Vec<Problem>,
}

impl Problems {
    pub fn dashboard(&mut self, problem: impl Into<String>) {
        self.found.push(Problem {
            card: None,
            problem: problem.into(),
        });
    }

    pub fn card(&mut self, card: &str, problem: impl Into<String>) {
        self.found.push(Problem {
            card: Some(card.to_owned()),
            problem: problem.into(),
        });
    }
}
