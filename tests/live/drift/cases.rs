//! What people do to a shop's tables, case by case.
