//! The sources change under a shop: tables are swapped, moved, split, columns come and go, roles lose what they had. Views then show what
//! the names mean now, or each refresh says what is in the way.

mod alterations;
mod cases;
mod lent_names;
