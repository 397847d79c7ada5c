//! What is wrong with a dashboard: by itself, and against the views that there are.

mod questions;
mod wiring;

use super::model::Dashboard;
use crate::error::Error;

/// Something that is wrong, in a sentence.
pub struct Problem {
    /// The key of the card that it is about; None where it is about the dashboard.
    pub card: Option<String>,
    pub problem: String,
}

/// Each is compared with all others: nobody could read more of them, on a dashboard or in a list of problems.
const MOST_PARTS: usize = 500;

/// All that is wrong with a dashboard; nothing where all is well.
pub fn check(dashboard: &Dashboard) -> Result<Vec<Problem>, Error> {
    let mut problems = Problems::default();
    if dashboard.ordered_cards.len() + dashboard.parameters.len() > MOST_PARTS {
        problems.dashboard(format!(
            "it has more than {MOST_PARTS} cards, texts and filters, and was not looked at"
        ));
        return Ok(problems.0);
    }
    wiring::check(dashboard, &mut problems);
    questions::check(dashboard, &mut problems)?;
    Ok(problems.0)
}

/// The problems found so far.
#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn dashboard(&mut self, problem: impl Into<String>) {
        self.0.push(Problem {
            card: None,
            problem: problem.into(),
        });
    }

    fn card(&mut self, card: &str, problem: impl Into<String>) {
        self.0.push(Problem {
            card: Some(card.to_owned()),
            problem: problem.into(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dashboard::catalog::DASHBOARDS;
    use crate::dashboard::shop::Shop;

    #[test]
    fn the_four_are_well_wired() {
        for spec in DASHBOARDS {
            let mut problems = Problems::default();
            wiring::check(&spec.assemble(&Shop::in_berlin()), &mut problems);
            let problems: Vec<String> = problems.0.into_iter().map(|it| it.problem).collect();
            assert_eq!(problems, Vec::<String>::new(), "{}", spec.key);
        }
    }
}
