//! How much a run of the tests tries of what could be tried without end.

use crate::cluster::server_major;

/// So many random cases, or as many as PROPTEST_CASES says. All of them are for the major that CI tests in full: what they look for is
/// ours, and what is another on other majors shows in a tenth.
pub fn cases(usual: u32) -> u32 {
    let asked_for = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    asked_for.unwrap_or_else(|| match server_major() {
        15 => usual,
        _ => usual.div_ceil(10),
    })
}
