//! What is wrong with the shop's data.

use pgrx::prelude::*;

use super::rows::row_type;
use crate::check::check_data as check;

row_type! {
    finding_rows(found) {
        severity: String = found.severity.name().to_owned(),
        entity: String = found.entity.name().to_owned(),
        finding: String = found.name.to_owned(),
        message: String = found.message,
        rows: i64 = found.rows,
        share: AnyNumeric = found.share,
        examples: Vec<String> = found.examples,
        views: Vec<String> = found.views.into_iter().map(str::to_owned).collect(),
        remedy: String = found.remedy,
    }
}

finding_rows! {
    fn check_data() {
        check()
    }
}
