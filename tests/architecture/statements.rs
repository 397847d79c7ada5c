//! Where the extension runs SQL of its own.

use crate::sources::sources;

#[test]
fn sql_is_run_in_three_places_and_never_by_a_hook() {
    // Only these begin SPI, and the tests inside the server: the first two pin the search_path, the third is called where it is pinned.
    let may_run_sql = [
        "src/pg/query.rs",
        "src/pg/analysis.rs",
        "src/pg/workspace.rs",
        "src/pg/tests.rs",
    ];
    let run_inside_others_commands = [
        "src/pg/hooks.rs",
        "src/pg/capture.rs",
        "src/pg/database.rs",
        "src/pg/shared.rs",
        "src/schedule/launcher.rs",
    ];
    let begins = ["Spi::", "SPI_connect", "SPI_execute", "SPI_prepare", "SPI_cursor"];
    let sources = sources();
    for known in may_run_sql.iter().chain(&run_inside_others_commands) {
        assert!(sources.iter().any(|(path, _)| path == known), "{known}");
    }
    for (path, code) in &sources {
        let found = |words: &[&str]| {
            code.iter()
                .filter(|line| words.iter().any(|word| line.contains(word)))
                .collect::<Vec<_>>()
        };
        if !may_run_sql.contains(&path.as_str()) {
            assert_eq!(found(&begins), [""; 0], "{path}");
        }
        if run_inside_others_commands.contains(&path.as_str()) {
            assert_eq!(found(&["query::", "Workspace"]), [""; 0], "{path}");
        }
    }
}
