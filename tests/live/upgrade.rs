//! From one version of the extension to the next, in whichever order the library and the objects in the database come.

use crate::cluster::{create_all_views, error_of, refresh_all, value};
use crate::shop::{assert_error, assert_right, run, shop};

/// Versions that no release will have: what the objects in a database could be of.
const OLDER: &str = "0.0.9";
const NEWER: &str = "9.10.0";

#[test]
fn objects_of_another_version_are_captured_for_and_nothing_else() {
    let database = shop();
    let mut client = database.connect();
    create_all_views(&mut client);
    refresh_all(&mut client);
    let library: String = value(&mut client, "SELECT metabase_internal.library_version()");
    let hint_of = |version: &str| {
        match version {
        OLDER => "As a superuser: ALTER EXTENSION metabase_views UPDATE; until then changes are captured and nothing is refreshed.".to_owned(),
        newer => format!(
            "Restart the server, or connect again where it does not preload the library, so that the library of {newer} is loaded. If \
             what is installed is older: install {newer} again. If it is newer: ALTER EXTENSION metabase_views UPDATE; until then \
             changes are captured and nothing is refreshed."
        ),
    }
    };
    for version in [OLDER, NEWER] {
        let message = match version {
            OLDER => format!(
                "extension metabase_views is of version {version} in this database, and the library that the server has loaded of version {library}"
            ),
            _ => format!(
                "the library that this session has loaded is of version {library}, and extension metabase_views of version {version} in this database"
            ),
        };
        run(&mut client, &as_version(version));
        for call in [
            "refresh('all')",
            "view_status()",
            "sync_status()",
            "data_as_of()",
            "capture_status()",
            "verify('metabase_brand_analytics')",
            "create_all_views(true)",
            "drop_view('metabase_brand_analytics')",
            "before_migration()",
            "check_data()",
            "set_setting('time_zone', 'UTC')",
            "setup_refresh_schedule()",
        ] {
            let error = error_of(&mut client, &format!("SELECT * FROM metabase.{call}"));
            assert_error(&error, "55000", &message, Some(&hint_of(version)));
        }
        run(
            &mut client,
            "UPDATE transactions.orders SET gross_sale = gross_sale + 1 WHERE id IN (SELECT id FROM transactions.orders LIMIT 3)",
        );
    }
    run(&mut client, &as_version(&library));
    let waiting: i64 = value(&mut client, "SELECT count(*) FROM metabase_internal.order_queue");
    assert_eq!(waiting, 6);
    refresh_all(&mut client);
    assert_right(&mut client);
}

/// What makes the objects in a database bear a version.
fn as_version(version: &str) -> String {
    format!("UPDATE pg_extension SET extversion = '{version}' WHERE extname = 'metabase_views'")
}
