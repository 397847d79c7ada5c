//! Expressions and queries are looked at without running what somebody else has tied to them.
