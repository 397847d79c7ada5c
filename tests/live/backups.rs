//! Backups: each command of docs/backup.md as it stands there, and a shop that goes on from what was restored.

use std::process::Command;

use postgres::Client;

use crate::cluster::{Cluster, create_all_views, refresh_all};
use crate::pages::Page;
use crate::rows::rows;
use crate::shop::{SALE, assert_incremental, assert_right, column, refreshed, run, shop_on};

/// What there is to carry: settings, mappings, strategies, privileges, a view of a user's own.
const DECIDED: &str = "
    CREATE ROLE owner LOGIN CREATEDB; CREATE ROLE operator LOGIN; CREATE ROLE reader LOGIN; CREATE ROLE backup LOGIN;
    GRANT pg_read_all_data TO owner, backup;
    ALTER DATABASE shop OWNER TO owner;
    ALTER DATABASE shop SET TimeZone = 'Asia/Tokyo';
    DO $do$ DECLARE relation regclass; schema regnamespace; BEGIN
        FOREACH schema IN ARRAY ARRAY['core', 'products', 'transactions']::regnamespace[] LOOP
            EXECUTE format('ALTER SCHEMA %s OWNER TO owner', schema);
            FOR relation IN SELECT oid FROM pg_class WHERE relnamespace = schema AND relkind = 'r' LOOP
                EXECUTE format('ALTER TABLE %s OWNER TO owner', relation);
            END LOOP;
        END LOOP;
    END $do$;
    SELECT metabase.map_source('order', 'transactions.orders');
    SELECT metabase.set_setting('time_zone', 'Asia/Tokyo'), metabase.set_setting('currency', 'EUR');
    SELECT metabase.set_exchange_rate('USD', '2024-01-01', 0.9);
    SELECT metabase.grant_operator('operator'), metabase.grant_reader('reader')";

/// What of it can be asked for.
const CARRIED: [&str; 4] = [
    "SELECT name, value FROM metabase.settings",
    "SELECT entity, relation, column_name, expression, origin FROM metabase.sources",
    "SELECT currency, valid_from, rate FROM metabase.exchange_rates",
    "SELECT view_name, strategy FROM metabase.view_status()",
];

/// A cluster with the shop in database `shop`: an operator's views, refreshed by what changed.
fn shop_to_back_up(name: &str) -> (Cluster, Vec<Vec<String>>) {
    let cluster = Cluster::make(name, &["fsync=off"]);
    let mut superuser = shop_on(&cluster);
    run(&mut superuser, DECIDED);
    drop(superuser);
    let mut operator = cluster.connect_as("shop", "operator");
    create_all_views(&mut operator);
    run(
        &mut operator,
        "SELECT metabase.set_strategy('metabase_brand_analytics', 'weekly');
         SELECT metabase.create_custom_view('own', 'SELECT 1 AS a', ARRAY['a'], 'manual')",
    );
    refresh_all(&mut operator);
    refresh_all(&mut operator);
    let carried = carried(&mut operator);
    (cluster, carried)
}

fn carried(client: &mut Client) -> Vec<Vec<String>> {
    CARRIED.iter().map(|query| rows(client, query)).collect()
}

/// The commands right under a heading of docs/backup.md.
fn commands(heading: &str) -> String {
    let page = Page::read(env!("CARGO_MANIFEST_DIR").as_ref(), "docs/backup.md");
    let (_, after) = page
        .text
        .split_once(&format!("\n{heading}\n"))
        .unwrap_or_else(|| panic!("the page has no {heading}"));
    let (_, block) = after.split_once("```sh\n").expect("it has commands");
    block.split("```").next().expect("they end").to_owned()
}

/// Runs them in a folder of this cluster's own, as a user does who may connect as anybody.
fn execute(cluster: &Cluster, commands: &str) -> Result<(), String> {
    let script = format!("PATH=\"$PG_BIN:$PATH\"\nset -e\n{commands}");
    let output = Command::new("sh")
        .args(["-c", &script])
        .env("PGHOST", cluster.socket())
        .env("PGUSER", "postgres")
        .current_dir(cluster.socket())
        .output()
        .expect("a shell can be run");
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// What the shop's people see of a database that was restored is what they saw before, and it is refreshed as ever.
fn goes_on(cluster: &Cluster, database: &str, before: &[Vec<String>], way: &str) {
    let mut operator = cluster.connect_as(database, "operator");
    assert_eq!(carried(&mut operator), before, "{way}");
    // The views are filled, also before the first refresh.
    assert_right(&mut cluster.connect(database));
    refresh_all(&mut operator);
    refresh_all(&mut operator);
    run(&mut cluster.connect_as(database, "owner"), SALE);
    let refreshed = refreshed(&mut operator, "refresh('all')");
    let full: Vec<_> = refreshed.iter().filter(|row| row.mode != "incremental").collect();
    assert_eq!(full.len(), 1, "{way}: {full:?}");
    assert_eq!(full[0].view_name, "own", "{way}");
    assert_right(&mut cluster.connect(database));
    let read = "SELECT count(*) FROM analytics.metabase_sales";
    let mut reader = cluster.connect_as(database, "reader");
    assert_eq!(column(&mut reader, read), column(&mut operator, read), "{way}");
}

#[test]
fn each_way_to_restore_a_dump_brings_a_shop_that_goes_on() {
    let (cluster, before) = shop_to_back_up("backups-dumps");
    execute(&cluster, &commands("## Who can dump")).expect("the shop is dumped");

    for way in [
        "## Restore",
        "### With several processes",
        "### Section by section",
    ] {
        // What several processes do at the same time, they do in another order each time.
        for _ in 0..if way.contains("several") { 3 } else { 1 } {
            execute(&cluster, "rm -rf shop.dir; dropdb --if-exists shop_copy").expect("there is room");
            execute(&cluster, &commands(way)).unwrap_or_else(|error| panic!("{way}: {error}"));
            goes_on(&cluster, "shop_copy", &before, way);
        }
    }

    let way = "### Over the database itself";
    run(
        &mut cluster.connect_as("shop", "operator"),
        "SELECT metabase.set_setting('history_days', '7')",
    );
    execute(&cluster, &commands(way)).unwrap_or_else(|error| panic!("{way}: {error}"));
    goes_on(&cluster, "shop", &before, way);

    let way = "### With its name, owner and settings";
    execute(
        &cluster,
        "psql -Xqc 'ALTER DATABASE shop RENAME TO before' postgres",
    )
    .expect("it has a new name");
    execute(&cluster, &commands(way)).unwrap_or_else(|error| panic!("{way}: {error}"));
    let mut client = cluster.connect("shop");
    let its_own = "SELECT datdba::regrole || current_setting('TimeZone') FROM pg_database WHERE datname = current_database()";
    assert_eq!(column(&mut client, its_own), ["ownerAsia/Tokyo"]);
    drop(client);
    goes_on(&cluster, "shop", &before, way);
}

#[test]
fn whoever_can_dump_does_it_by_the_command_of_the_page() {
    let (cluster, before) = shop_to_back_up("backups-roles");
    for role in ["owner", "backup"] {
        let dump = commands("## Who can dump").replace("pg_dump", &format!("pg_dump -U {role}"));
        execute(&cluster, &dump).unwrap_or_else(|error| panic!("{role}: {error}"));
        execute(&cluster, "dropdb --if-exists shop_copy").expect("there is room");
        execute(&cluster, &commands("## Restore")).unwrap_or_else(|error| panic!("{role}: {error}"));
        goes_on(&cluster, "shop_copy", &before, role);
    }
    // Owning the views is not enough.
    let error = execute(&cluster, "pg_dump -U operator -f none.sql shop").expect_err("it may not read all");
    assert!(error.contains("permission denied"), "{error}");
    // Its own schemas are the shop owner's to dump, and have no more of the extension than the triggers.
    execute(
        &cluster,
        "pg_dump -U owner -n core -n products -n transactions -f schemas.sql shop",
    )
    .expect("they are dumped");
    execute(
        &cluster,
        "! grep metabase schemas.sql | grep -v -e 'EXECUTE FUNCTION metabase_internal.capture_' \
         -e 'DEPENDS ON EXTENSION metabase_views' -e 'ENABLE ALWAYS TRIGGER metabase_views_' -e '^-- Name: '",
    )
    .expect("nothing else of the extension is in it");
}

#[test]
fn without_the_extension_or_a_superuser_the_shop_is_restored_by_itself() {
    let (cluster, _) = shop_to_back_up("backups-without");
    execute(&cluster, &commands("## Who can dump")).expect("the shop is dumped");
    let way = "### Where the extension is not installed, or without a superuser";
    execute(&cluster, &commands(way)).unwrap_or_else(|error| panic!("{way}: {error}"));
    let (mut shop, mut copy) = (cluster.connect("shop"), cluster.connect("shop_copy"));
    run(&mut copy, "SET TimeZone = 'Asia/Tokyo'");
    for table in [
        "core.brands",
        "core.suppliers",
        "products.inventory",
        "products.products",
        "transactions.orders",
    ] {
        let rows = format!("SELECT row FROM {table} AS row ORDER BY id");
        assert_eq!(column(&mut copy, &rows), column(&mut shop, &rows), "{table}");
    }
    let left = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'metabase%' OR nspname = 'analytics'
                UNION ALL SELECT tgname FROM pg_trigger WHERE tgname LIKE 'metabase%'
                UNION ALL SELECT extname FROM pg_extension WHERE extname LIKE 'metabase%'";
    assert_eq!(column(&mut copy, left), [""; 0]);

    // It is as any shop that gets the extension.
    run(
        &mut copy,
        "CREATE EXTENSION metabase_views;
         SELECT metabase.map_source('order', 'transactions.orders');
         SELECT metabase.grant_operator('operator')",
    );
    let mut operator = cluster.connect_as("shop_copy", "operator");
    create_all_views(&mut operator);
    refresh_all(&mut operator);
    run(&mut cluster.connect_as("shop_copy", "owner"), SALE);
    assert_incremental(&refreshed(&mut operator, "refresh('all')"));
    assert_right(&mut copy);

    // Without the list, the shop comes as well, and each error is about what is the extension's.
    let errors = execute(
        &cluster,
        "createdb -O owner whole; pg_restore -U owner -d whole shop.dump 2> errors || true; grep 'error: ' errors \
         | grep -v -e metabase -e 'must be member of role' -e 'errors ignored' || true; test -s errors",
    );
    assert_eq!(errors, Ok(()));
    let orders = "SELECT count(*) FROM transactions.orders";
    assert_eq!(
        column(&mut cluster.connect("whole"), orders),
        column(&mut shop, orders)
    );
}

#[test]
fn from_a_physical_backup_and_after_a_promotion_refreshes_go_on_by_what_changed() {
    let (cluster, before) = shop_to_back_up("backups-physical");
    // What is captured and not applied yet is in it.
    run(&mut cluster.connect_as("shop", "owner"), SALE);
    let copy = cluster.backup("backups-copy");
    let standby = cluster.standby("backups-standby");
    cluster.kill();
    run(&mut standby.connect("shop"), "SELECT pg_promote()");
    for restored in [&copy, &standby] {
        let mut operator = restored.connect_as("shop", "operator");
        assert_eq!(carried(&mut operator), before);
        let pending = "SELECT max(pending_changes) FROM metabase.view_status()";
        assert_eq!(column(&mut operator, pending), ["1"]);
        let of_the_eight = refreshed(&mut operator, "refresh('all')")
            .into_iter()
            .filter(|row| row.view_name != "own");
        assert_incremental(&of_the_eight.collect::<Vec<_>>());
        assert_right(&mut restored.connect("shop"));
        let history = "SELECT count(*) > 20 FROM metabase.refresh_history";
        assert_eq!(column(&mut operator, history), ["t"]);
    }
}

/// pg_restore -j loads tables in any order.
#[test]
fn no_table_that_a_dump_carries_refers_to_another() {
    let database = crate::cluster::Database::with_extension();
    let references = "SELECT conrelid::regclass || ' ' || conname FROM pg_constraint, pg_extension
                      WHERE contype = 'f' AND extname = 'metabase_views' AND conrelid = ANY (extconfig)";
    assert_eq!(column(&mut database.connect(), references), [""; 0]);
}
