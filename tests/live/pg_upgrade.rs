//! A shop whose server is of another major from one day to the next. Unlike a dump, pg_upgrade brings all tables as they are: facts,
//! queues and what is remembered of both.

use postgres::Client;

use crate::available::has_icu;
use crate::cluster::{Cluster, PRELOADED, create_all_views, older_majors, run_file, value};
use crate::integrity::assert_sound;
use crate::rows::rows;
use crate::sessions::wait_until;
use crate::shop::{
    Refreshed, SALE, VIEWS, assert_incremental, assert_right, column, differences, refreshed, run,
};

/// What must be there as it was before.
const KEPT: [(&str, &str); 9] = [
    ("settings", "SELECT setting FROM metabase.settings AS setting"),
    ("sources", "SELECT source FROM metabase.sources AS source"),
    (
        "strategies",
        "SELECT view_name, strategy FROM metabase.view_status() ORDER BY view_name",
    ),
    (
        "what is pending",
        "SELECT queued FROM metabase_internal.queue AS queued ORDER BY queued",
    ),
    (
        "history",
        "SELECT run FROM metabase.refresh_history AS run ORDER BY id",
    ),
    (
        "privileges",
        // From 17 on whoever has all privileges has that to maintain, too.
        "SELECT oid::regclass, relowner::regrole, replace(relacl::text, '=arwdDxtm/', '=arwdDxt/') FROM pg_class
         WHERE relnamespace::regnamespace::text IN ('analytics', 'metabase', 'metabase_internal') ORDER BY oid::regclass::text",
    ),
    (
        "members",
        "SELECT pg_describe_object(classid, objid, objsubid) FROM pg_depend
         WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
             AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'metabase_views')
         ORDER BY 1",
    ),
    (
        "triggers",
        "SELECT tgrelid::regclass, tgname, tgfoid::regproc, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1, 2",
    ),
    (
        "the custom view",
        "SELECT view FROM metabase_internal.custom_view AS view",
    ),
];

#[test]
fn a_shop_goes_on_after_pg_upgrade_from_each_older_major() {
    let majors = older_majors();
    if majors.is_empty() {
        eprintln!("no older major is here: nothing was upgraded");
    }
    for major in majors {
        goes_on_after_upgrade_from(&major);
    }
}

fn goes_on_after_upgrade_from(major: &str) {
    // Nobody refreshes by himself there, so that changes stay pending.
    let old = Cluster::make_older("upgrade-from", major, &["fsync=off"]);
    let mut before = shop_with_pending_changes(&old);
    let kept = KEPT.map(|(what, query)| (what, query, rows(&mut before, query)));
    assert_ne!(kept[3].2, [""; 0], "nothing is pending");
    clear_attver(&mut before);
    drop(before);

    let mut new = Cluster::upgrade(&old, "upgraded", PRELOADED);
    // Without the worker first, to see what waits for it.
    new.start_with(&["shared_preload_libraries="]);
    let mut client = new.connect("shop");
    for (what, query, was) in kept {
        assert_eq!(rows(&mut client, query), was, "{what}, from {major}");
    }

    // What is written now is captured beside what was pending.
    run(&mut client, "UPDATE core.platforms SET name = name || ' AG'");
    let mut operator = new.connect_as("shop", "operator");
    assert_completed(&refreshed(&mut operator, "refresh('all')"));
    assert_right(&mut client);
    assert_eq!(differences(&mut client, "mine"), 0);
    for view in VIEWS {
        let wrong = format!("SELECT differing::text FROM metabase.verify('{view}') AS differing");
        assert_eq!(column(&mut operator, &wrong), [""; 0], "{view}, from {major}");
    }
    let iceland = "SELECT country FROM analytics.metabase_customer_geography WHERE country = 'Iceland'";
    assert_eq!(column(&mut client, iceland), ["Iceland"]);

    // The first refresh has made the adapters anew, in the words of this major, and the next one builds the facts. Then it is as before.
    assert_completed(&refreshed(&mut operator, "refresh('all')"));
    run(
        &mut client,
        "UPDATE core.brands SET name = upper(name);
         DELETE FROM transactions.orders WHERE buyer_destination_country = 'Iceland'",
    );
    let again = refreshed(&mut operator, "refresh('all')");
    let (ours, custom): (Vec<Refreshed>, Vec<Refreshed>) =
        again.into_iter().partition(|row| row.view_name != "mine");
    assert_incremental(&ours);
    assert_completed(&custom);
    assert_right(&mut client);
    assert_eq!(column(&mut client, iceland), [""; 0]);
    assert_sound(&mut client);

    // Views that were never anywhere else hold the same.
    let held = all_rows(&mut client);
    let made = "SELECT count(*) FROM metabase.create_all_views(drop_existing => true) WHERE created";
    assert_eq!(column(&mut operator, made), ["8"]);
    assert_eq!(all_rows(&mut client), held, "from {major}");
    let readable = "SELECT count(*) FROM analytics.metabase_brand_analytics";
    assert!(value::<i64>(&mut new.connect_as("shop", "reader"), readable) > 0);

    // And the worker keeps its times.
    drop((client, operator));
    new.stop();
    new.start();
    new.configure("event_delay", "0");
    let mut client = new.connect("shop");
    run(&mut client, SALE);
    wait_until(&mut client, &format!("SELECT EXISTS ({iceland})"));
}

/// A shop of an operator's, whose refreshes are incremental, with a view of his own, a schedule, a reader, and changes that nobody has
/// applied yet.
fn shop_with_pending_changes(cluster: &Cluster) -> Client {
    let mut client = cluster.create_database("shop");
    if !has_icu() {
        // What the new server does not know, nothing of the old one's may need: pg_upgrade says so, whatever needs it.
        run(&mut client, "DROP COLLATION IF EXISTS \"und-x-icu\"");
    }
    run(&mut client, "CREATE EXTENSION metabase_views");
    run_file(&mut client, "demo/schema.sql");
    run_file(&mut client, "tests/hand_worked/shop.sql");
    run(
        &mut client,
        "CREATE ROLE operator LOGIN;
         CREATE ROLE reader LOGIN;
         SELECT metabase.set_setting('time_zone', 'Asia/Tokyo');
         SELECT metabase.map_source('supplier', 'core.suppliers', '{\"name\": \"upper(business_name)\", \"rating\": null}');
         SELECT metabase.grant_operator('operator');
         SELECT metabase.grant_reader('reader')",
    );
    let mut operator = cluster.connect_as("shop", "operator");
    create_all_views(&mut operator);
    run(
        &mut operator,
        "SELECT metabase.create_custom_view(
             'mine', 'SELECT status, count(*) AS orders FROM transactions.orders GROUP BY 1', ARRAY['status'], 'weekly'
         );
         SELECT metabase.set_strategy('metabase_brand_analytics', '30 4 * * *')",
    );
    assert_completed(&refreshed(&mut operator, "refresh('all')"));
    run(
        &mut client,
        "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
    );
    let rows = refreshed(&mut operator, "refresh('all')");
    assert!(rows.iter().any(|row| row.mode == "incremental"), "{rows:?}");
    run(
        &mut client,
        &format!("{SALE}; UPDATE core.brands SET name = lower(name)"),
    );
    client
}

/// As docs/upgrading.md says: Debian's 15.20 gives each column an option that pg_upgrade would hand on to a server that does not know it.
fn clear_attver(client: &mut Client) {
    run(
        client,
        "UPDATE pg_attribute
         SET attoptions = nullif(ARRAY(SELECT option FROM unnest(attoptions) AS option WHERE option NOT LIKE 'pg\\_attver=%'), '{}')
         WHERE attoptions::text LIKE '%pg\\_attver=%'",
    );
}

#[track_caller]
fn assert_completed(rows: &[Refreshed]) {
    assert!(rows.iter().all(|row| row.status == "completed"), "{rows:?}");
}

/// All rows of the views, by view.
fn all_rows(client: &mut Client) -> Vec<Vec<String>> {
    VIEWS
        .map(|view| {
            column(
                client,
                &format!("SELECT held::text FROM analytics.{view} AS held ORDER BY 1"),
            )
        })
        .to_vec()
}
