//! before_migration() and after_migration(): the shop's tables are altered, and the views are what they were.

use std::thread::sleep;
use std::time::{Duration, Instant};

use postgres::Client;

use crate::cluster::{Database, error_of, value};
use crate::rows::rows;
use crate::sessions::wait_until;
use crate::shop::{VIEWS, assert_right, column, run};

/// A shop whose tables belong to the application's role, with an operator's views, which were given all that a view can be given.
struct Shop {
    database: Database,
    app: String,
    operator: String,
}

pub const TABLES: &str = "
    CREATE SCHEMA transactions; CREATE SCHEMA products; CREATE SCHEMA core;
    CREATE TABLE core.brands (id int PRIMARY KEY, name text, segment text);
    CREATE TABLE core.sizes (id int PRIMARY KEY, value text);
    CREATE TABLE core.platforms (id int PRIMARY KEY, name text NOT NULL, slug text NOT NULL UNIQUE);
    CREATE TABLE products.categories (id int PRIMARY KEY, name text NOT NULL);
    CREATE TABLE products.products (id int PRIMARY KEY, sku text, name text, brand_id int, category_id int);
    CREATE TABLE products.inventory (
        id int PRIMARY KEY, product_id int, size_id int, purchase_price numeric, purchase_date date, status text
    );
    CREATE TABLE transactions.orders (
        id int PRIMARY KEY, inventory_item_id int, platform_id int, status text, sold_at timestamptz, gross_sale numeric(10,2),
        net_profit numeric, roi numeric, buyer_destination_country text
    );
    INSERT INTO core.brands VALUES (1, 'Acme', 'wide'), (2, 'Zenith', 'high');
    INSERT INTO core.sizes VALUES (1, '42');
    INSERT INTO core.platforms VALUES (1, 'One', 'one'), (2, 'Two', 'two');
    INSERT INTO products.categories VALUES (1, 'Shoes');
    INSERT INTO products.products SELECT i, 'SKU-' || i, 'Shoe ' || i, 1 + i % 2, 1 FROM generate_series(1, 10) AS i;
    INSERT INTO products.inventory SELECT i, i, 1, 50, '2026-01-01', 'in_stock' FROM generate_series(1, 10) AS i;
    INSERT INTO transactions.orders
    SELECT i, i, 1 + i % 2, 'completed', '2026-02-01 12:00Z', 100 + i, i, i, 'Germany' FROM generate_series(1, 9) AS i;";

impl Shop {
    fn new() -> Shop {
        let database = Database::with_extension();
        let app = database.create_role("app");
        let operator = database.create_role("operator");
        let reader = database.create_role("reader");
        let analyst = database.create_role("analyst");
        let mut client = database.connect();
        let name: String = value(&mut client, "SELECT current_database()");
        run(
            &mut client,
            &format!(
                "ALTER DATABASE {name} OWNER TO {app}; SET ROLE {app}; {TABLES} RESET ROLE;
                SELECT metabase.grant_operator('{operator}')"
            ),
        );
        run(
            &mut client,
            &format!(
                r#"SET ROLE {operator};
                SELECT count(*) FROM metabase.create_all_views();
                SELECT metabase.create_custom_view(
                    'by_status',
                    'SELECT status::text AS status, count(*) AS orders FROM transactions.orders GROUP BY 1;',
                    ARRAY['status'], 'hourly', ARRAY['orders DESC']
                );
                SELECT metabase.create_custom_view(
                    'odd "name"; --', 'SELECT max(orders) AS most, 1 AS "key" FROM analytics.by_status', ARRAY['key']
                );
                SELECT metabase.create_custom_view(
                    'brand_names', 'SELECT brand_name FROM analytics.metabase_brand_analytics', ARRAY['brand_name']
                );
                SELECT count(*) FROM metabase.refresh('all');
                SELECT * FROM metabase.set_strategy('metabase_brand_analytics', '*/15 * * * *');
                CREATE INDEX "Mine; --" ON analytics.metabase_brand_analytics (lower(brand_name)) WITH (fillfactor = 70)
                    WHERE brand_name <> '''';
                COMMENT ON INDEX analytics."Mine; --" IS 'an index''s';
                ALTER INDEX analytics."Mine; --" ALTER COLUMN 1 SET STATISTICS 77;
                DROP INDEX analytics.idx_exec_metrics_date;
                COMMENT ON MATERIALIZED VIEW analytics.metabase_brand_analytics IS 'mine; $$ ''quoted''';
                COMMENT ON COLUMN analytics.metabase_brand_analytics.brand_name IS 'the name';
                COMMENT ON COLUMN analytics.metabase_executive_metrics.sale_date IS NULL;
                COMMENT ON MATERIALIZED VIEW analytics.by_status IS 'my own';
                ALTER MATERIALIZED VIEW analytics.metabase_brand_analytics SET (fillfactor = 80, autovacuum_enabled = false,
                    toast.autovacuum_enabled = false);
                ALTER MATERIALIZED VIEW analytics.metabase_brand_analytics ALTER COLUMN brand_name SET STATISTICS 55;
                ALTER MATERIALIZED VIEW analytics.metabase_brand_analytics ALTER COLUMN brand_name SET (n_distinct = -0.5);
                ALTER MATERIALIZED VIEW analytics.metabase_brand_analytics ALTER COLUMN brand_name SET STORAGE EXTERNAL;
                ALTER MATERIALIZED VIEW analytics.metabase_brand_analytics CLUSTER ON uq_metabase_brand_analytics;
                CREATE STATISTICS analytics."of mine" (ndistinct) ON brand_id, brand_name FROM analytics.metabase_brand_analytics;
                GRANT SELECT ON analytics.metabase_brand_analytics TO {analyst} WITH GRANT OPTION;
                GRANT SELECT (sale_date) ON analytics.metabase_executive_metrics TO {analyst};
                GRANT SELECT ON analytics.by_status TO PUBLIC;
                GRANT SELECT ON metabase_internal.orders TO {analyst};
                REVOKE INSERT, DELETE ON analytics.metabase_customer_geography FROM {operator};
                RESET ROLE; GRANT USAGE ON SCHEMA analytics TO {analyst};
                SET ROLE {analyst}; GRANT SELECT ON analytics.metabase_brand_analytics TO {app};
                RESET ROLE; SELECT metabase.grant_reader('{reader}')"#
            ),
        );
        let shop = Shop {
            database,
            app,
            operator,
        };
        shop.become_incremental(&mut client);
        shop
    }

    /// Refreshes until all of the seven are incremental: capture is installed by a process that comes when a transaction has ended.
    fn become_incremental(&self, client: &mut Client) {
        let begin = Instant::now();
        loop {
            let modes = rows(
                client,
                "SELECT view_name, status, mode, error_message FROM metabase.refresh('all')
                 WHERE view_name LIKE 'metabase\\_%' AND (status, mode) IS DISTINCT FROM ('completed', 'incremental')",
            );
            if modes.is_empty() {
                return;
            }
            if begin.elapsed() > Duration::from_secs(30) {
                let status = rows(client, "SELECT * FROM metabase.capture_status()");
                let reasons = rows(
                    client,
                    "SELECT view_name, mode_reason FROM metabase.view_status()",
                );
                panic!("{modes:#?} {status:#?} {reasons:#?}");
            }
            sleep(Duration::from_millis(50));
        }
    }
}

/// All that views and adapters have, that a migration must leave as it is.
fn everything(client: &mut Client) -> Vec<String> {
    let mut all = rows(
        client,
        "SELECT relation.oid::regclass::text, relkind, pg_get_userbyid(relowner), relacl, reloptions, obj_description(relation.oid, 'pg_class'),
             (SELECT reloptions FROM pg_class AS toast WHERE toast.oid = relation.reltoastrelid)
         FROM pg_class AS relation
         WHERE relnamespace IN ('analytics'::regnamespace, 'metabase_internal'::regnamespace) AND relkind IN ('m', 'v')
         UNION ALL
         SELECT attrelid::regclass::text, NULL, attname, attacl, ARRAY(SELECT option FROM unnest(attoptions) AS option WHERE option !~ '^pg_attver'), col_description(attrelid, attnum),
             ARRAY[attstattarget::text, attstorage::text]
         FROM pg_attribute JOIN pg_class AS relation ON relation.oid = attrelid
         WHERE relnamespace = 'analytics'::regnamespace AND relkind = 'm' AND attnum > 0 AND NOT attisdropped
         UNION ALL
         SELECT indexrelid::regclass::text, NULL, pg_get_indexdef(indexrelid), NULL, NULL, obj_description(indexrelid, 'pg_class'),
             ARRAY[indisclustered::text, (SELECT string_agg(attstattarget::text, ' ') FROM pg_attribute WHERE attrelid = indexrelid)]
         FROM pg_index JOIN pg_class AS relation ON relation.oid = indrelid
         WHERE relnamespace = 'analytics'::regnamespace
         UNION ALL
         SELECT stxrelid::regclass::text, NULL, pg_get_statisticsobjdef(oid), NULL, NULL, NULL, NULL FROM pg_statistic_ext
         ORDER BY 1, 2, 3",
    );
    all.extend(rows(
        client,
        "SELECT view_name, exists, strategy FROM metabase.view_status() ORDER BY 1",
    ));
    all.extend(rows(
        client,
        "SELECT view_name, query, key_columns, indexes, created_by FROM metabase_internal.custom_view ORDER BY 1",
    ));
    all.extend(rows(
        client,
        "SELECT count(*) FILTER (WHERE captured), count(reason) FROM metabase.capture_status() WHERE relation IS NOT NULL HAVING count(reason) > 0",
    ));
    all.extend(column(
        client,
        "SELECT tgname || ' of ' || tgenabled::text FROM pg_trigger WHERE tgname LIKE 'metabase\\_views\\_%' AND tgparentid = 0
         AND tgname !~ '_(category)$' ORDER BY 1",
    ));
    all
}

/// A migration: what the tables' owner does, and what the operator does after that. `{op}` is the operator.
const MIGRATIONS: [(&str, &str, &str); 19] = [
    (
        "a number becomes wider",
        "ALTER TABLE transactions.orders ALTER COLUMN gross_sale TYPE numeric(14,2)",
        "",
    ),
    (
        "a time loses its zone",
        "ALTER TABLE transactions.orders ALTER COLUMN sold_at TYPE timestamp USING sold_at AT TIME ZONE 'UTC'",
        "",
    ),
    (
        "a time gets a zone",
        "ALTER TABLE transactions.orders ALTER COLUMN sold_at TYPE timestamptz USING sold_at AT TIME ZONE 'UTC'",
        "",
    ),
    ("a column is dropped", "ALTER TABLE transactions.orders DROP COLUMN roi", ""),
    ("a column is added", "ALTER TABLE transactions.orders ADD COLUMN roi numeric", ""),
    (
        "a column is renamed, and mapped",
        "ALTER TABLE transactions.orders RENAME COLUMN gross_sale TO amount",
        r#"SELECT * FROM metabase.map_source('order', 'transactions.orders', '{"gross_sale": "amount"}')"#,
    ),
    (
        "a key becomes wider",
        "ALTER TABLE transactions.orders ALTER COLUMN id TYPE bigint",
        "",
    ),
    (
        "a key and what refers to it become wider",
        "ALTER TABLE products.products ALTER COLUMN id TYPE bigint;
         ALTER TABLE products.inventory ALTER COLUMN product_id TYPE bigint",
        "",
    ),
    (
        "a table is split in two",
        "CREATE TABLE core.brand_details AS SELECT id, segment FROM core.brands; ALTER TABLE core.brands DROP COLUMN segment",
        "",
    ),
    (
        "a table is swapped for another one",
        "CREATE TABLE products.inventory_new (LIKE products.inventory INCLUDING ALL);
         INSERT INTO products.inventory_new TABLE products.inventory;
         ALTER TABLE products.inventory RENAME TO inventory_old;
         ALTER TABLE products.inventory_new RENAME TO inventory;
         GRANT SELECT ON products.inventory TO {op};
         DROP TABLE products.inventory_old",
        "",
    ),
    (
        "a table moves to another schema, and is mapped there",
        "CREATE SCHEMA archive; ALTER TABLE core.sizes SET SCHEMA archive; GRANT USAGE ON SCHEMA archive TO {op};
         GRANT SELECT, TRIGGER ON archive.sizes TO {op}",
        "SELECT * FROM metabase.map_source('size', 'archive.sizes')",
    ),
    (
        "a table is partitioned",
        "ALTER TABLE transactions.orders RENAME TO orders_old;
         CREATE TABLE transactions.orders (LIKE transactions.orders_old, PRIMARY KEY (id)) PARTITION BY HASH (id);
         CREATE TABLE transactions.orders_0 PARTITION OF transactions.orders FOR VALUES WITH (MODULUS 2, REMAINDER 0);
         CREATE TABLE transactions.orders_1 PARTITION OF transactions.orders FOR VALUES WITH (MODULUS 2, REMAINDER 1);
         INSERT INTO transactions.orders TABLE transactions.orders_old;
         GRANT SELECT ON transactions.orders TO {op};
         DROP TABLE transactions.orders_old",
        "",
    ),
    (
        "a table is made anew with keys of another type",
        "CREATE TABLE core.ids AS SELECT id, gen_random_uuid() AS new_id, name FROM core.brands; DROP TABLE core.brands;
         CREATE TABLE core.brands (id uuid PRIMARY KEY, name text); INSERT INTO core.brands SELECT new_id, name FROM core.ids;
         ALTER TABLE products.products ADD COLUMN brand uuid;
         UPDATE products.products SET brand = (SELECT new_id FROM core.ids WHERE ids.id = brand_id);
         ALTER TABLE products.products DROP COLUMN brand_id; ALTER TABLE products.products RENAME COLUMN brand TO brand_id;
         DROP TABLE core.ids; GRANT SELECT ON core.brands TO {op}",
        "",
    ),
    (
        "a table goes",
        "DROP TABLE products.categories",
        "SELECT * FROM metabase.map_source('category', NULL)",
    ),
    (
        "a text becomes an enum",
        "CREATE TYPE transactions.state AS ENUM ('completed', 'cancelled');
         ALTER TABLE transactions.orders ALTER COLUMN status TYPE transactions.state USING status::transactions.state",
        "",
    ),
    (
        "a date becomes a time",
        "ALTER TABLE products.inventory ALTER COLUMN purchase_date TYPE timestamptz",
        "",
    ),
    (
        "a column is replaced",
        "ALTER TABLE products.inventory RENAME COLUMN purchase_price TO old_price;
         ALTER TABLE products.inventory ADD COLUMN purchase_price numeric(12,4);
         UPDATE products.inventory SET purchase_price = old_price; ALTER TABLE products.inventory DROP COLUMN old_price",
        "",
    ),
    (
        "a key's constraint is made anew",
        "ALTER TABLE core.platforms DROP CONSTRAINT platforms_pkey; ALTER TABLE core.platforms ADD PRIMARY KEY (id)",
        "",
    ),
    (
        "a column is generated now",
        "ALTER TABLE transactions.orders DROP COLUMN net_profit;
         ALTER TABLE transactions.orders ADD COLUMN net_profit numeric GENERATED ALWAYS AS (amount - 50) STORED",
        "",
    ),
];

/// Runs all migrations, each begun and ended by `caller`, in one transaction or in as many as there are statements.
fn migrate(caller: impl Fn(&Shop) -> String, in_one_transaction: bool) {
    let shop = Shop::new();
    let (app, operator) = (&shop.app, &shop.operator);
    let caller = caller(&shop);
    let mut client = shop.database.connect();
    for (name, migration, mapping) in MIGRATIONS {
        let before = everything(&mut client);
        let (begin, end) = match in_one_transaction {
            true => ("BEGIN", "COMMIT"),
            false => ("", ""),
        };
        let last_run: i64 = value(&mut client, "SELECT max(id) FROM metabase.refresh_history");
        for statement in [
            begin,
            &format!("SET ROLE {caller}"),
            "SELECT metabase.before_migration()",
            &format!("SET ROLE {app}"),
            &migration.replace("{op}", operator),
            &format!("SET ROLE {operator}"),
            mapping,
            &format!("SET ROLE {caller}"),
            "SELECT * FROM metabase.after_migration()",
            "RESET ROLE",
            end,
        ] {
            client
                .batch_execute(statement)
                .unwrap_or_else(|error| panic!("{name}: {statement}: {error:?}"));
        }
        assert_eq!(
            column(
                &mut client,
                "SELECT view_name FROM metabase.view_status() WHERE NOT exists OR last_refresh IS NULL"
            ),
            [""; 0],
            "{name}"
        );
        assert_right(&mut client);
        run(
            &mut client,
            "INSERT INTO transactions.orders (id, inventory_item_id, platform_id, status, sold_at)
             SELECT max(id) + 1, 1, 1, 'completed', now() FROM transactions.orders",
        );
        run(&mut client, &format!("SET ROLE {operator}"));
        shop.become_incremental(&mut client);
        for view in VIEWS {
            assert_eq!(
                rows(&mut client, &format!("SELECT * FROM metabase.verify('{view}')")),
                [""; 0],
                "{name}"
            );
        }
        run(&mut client, "RESET ROLE");
        assert_right(&mut client);
        let after = everything(&mut client);
        let gone: Vec<&String> = before.iter().filter(|line| !after.contains(line)).collect();
        let come: Vec<&String> = after.iter().filter(|line| !before.contains(line)).collect();
        assert!(
            gone.is_empty() && come.is_empty(),
            "{name}: gone {gone:#?} come {come:#?}"
        );
        let history: i64 = value(
            &mut client,
            &format!("SELECT count(*) FROM metabase.refresh_history WHERE id = {last_run}"),
        );
        assert_eq!(history, 1, "{name}");
    }
}

#[test]
fn the_tables_owner_migrates_in_one_transaction() {
    migrate(|shop| shop.app.clone(), true);
}

#[test]
fn the_tables_owner_migrates_in_many() {
    migrate(|shop| shop.app.clone(), false);
}

#[test]
fn the_operator_migrates_in_one_transaction() {
    migrate(|shop| shop.operator.clone(), true);
}

#[test]
fn the_operator_migrates_in_many() {
    migrate(|shop| shop.operator.clone(), false);
}

#[test]
fn a_superuser_migrates_in_one_transaction() {
    migrate(|_| "postgres".into(), true);
}

#[test]
fn a_superuser_migrates_in_many() {
    migrate(|_| "postgres".into(), false);
}

#[test]
fn what_is_asked_meanwhile_says_that_a_migration_is_under_way() {
    let shop = Shop::new();
    let (app, operator) = (&shop.app, &shop.operator);
    let mut client = shop.database.connect();
    run(
        &mut client,
        &format!("SET ROLE {app}; SELECT metabase.before_migration(); SET ROLE {operator}"),
    );
    let says_so = |text: &str| {
        assert!(text.starts_with("a migration is under way since "), "{text}");
        assert!(
            text.contains(&format!(
                ", by role \"{app}\"; metabase.after_migration() ends it"
            )),
            "{text}"
        );
    };
    for error in column(&mut client, "SELECT last_error FROM metabase.view_status()") {
        says_so(&error);
    }
    for error in column(&mut client, "SELECT error_message FROM metabase.refresh('all')") {
        says_so(&error);
    }
    says_so(&value::<String>(
        &mut client,
        "SELECT metabase.sync_status() -> 'migration' ->> 'message'",
    ));
    assert_eq!(
        column(
            &mut client,
            "SELECT view_name FROM metabase.refresh_if_due('by_status')"
        ),
        [""; 0]
    );
    for statement in [
        "SELECT metabase.before_migration()",
        "SELECT * FROM metabase.create_all_views()",
        "SELECT * FROM metabase.create_all_views(drop_existing => true)",
        "SELECT * FROM metabase.create_view('metabase_brand_analytics')",
        "SELECT * FROM metabase.create_view('by_status')",
        "SELECT metabase.drop_view('metabase_brand_analytics')",
        "SELECT metabase.create_custom_view('by_status', 'SELECT 1 AS a', ARRAY['a'])",
        "SELECT * FROM metabase.verify('metabase_brand_analytics')",
        &format!("SELECT metabase.grant_reader('{operator}')"),
    ] {
        let error = error_of(&mut client, statement);
        says_so(&error.message);
        assert_eq!(error.sqlstate.code(), "55000", "{statement}");
        assert_eq!(
            error.hint.as_deref(),
            Some("When the tables are what they are to be: SELECT * FROM metabase.after_migration();")
        );
    }
    // Settings and mappings are still the owner's.
    let other = shop.database.create_operator("other");
    run(&mut client, &format!("RESET ROLE; SET ROLE {other}"));
    for statement in [
        "SELECT metabase.set_setting('currency', 'USD')",
        "SELECT * FROM metabase.map_source('size', NULL)",
        "SELECT * FROM metabase.after_migration()",
        "SELECT * FROM metabase.after_migration(restore => false)",
    ] {
        assert_eq!(
            error_of(&mut client, statement).sqlstate.code(),
            "42501",
            "{statement}"
        );
    }
    // What is not concerned goes on.
    run(
        &mut client,
        "SELECT metabase.create_custom_view('others', 'SELECT 1 AS a', ARRAY['a']); SELECT * FROM metabase.refresh_view('others')",
    );
    run(
        &mut client,
        &format!("SET ROLE {app}; SELECT * FROM metabase.after_migration()"),
    );
    let error = error_of(&mut client, "SELECT * FROM metabase.after_migration()");
    assert_eq!(error.message, "no migration is under way");
    assert_eq!(error.sqlstate.code(), "55000");
    assert_eq!(
        error.hint.as_deref(),
        Some("SELECT metabase.before_migration() begins one.")
    );
}

#[test]
fn strangers_take_nothing_away_and_wait_for_nothing() {
    let shop = Shop::new();
    let stranger = shop.database.create_role("stranger");
    let other = shop.database.create_operator("other");
    let mut client = shop.database.connect();
    let before = everything(&mut client);
    // A table of a name that could be a source's makes nobody the owner of a source.
    run(
        &mut client,
        &format!(
            "CREATE SCHEMA theirs AUTHORIZATION {stranger}; SET ROLE {stranger}; CREATE TABLE theirs.orders (id int); RESET ROLE"
        ),
    );
    let mut holder = shop.database.connect();
    run(
        &mut holder,
        "BEGIN; LOCK TABLE metabase_internal.view_definition, metabase_internal.incremental",
    );
    for role in [&stranger, &other] {
        run(&mut client, &format!("SET ROLE {role}; SET lock_timeout = '5s'"));
        let error = error_of(&mut client, "SELECT metabase.before_migration()");
        assert_eq!(error.sqlstate.code(), "42501");
        if *role == stranger {
            // It may not even ask.
            assert_eq!(error.message, "permission denied for schema metabase");
            run(&mut client, "RESET ROLE");
            continue;
        }
        assert_eq!(
            error.message,
            format!(
                "role \"{role}\" neither owns a table that the views read nor may act as their owner, \"{}\"",
                shop.operator
            )
        );
        assert_eq!(
            error.hint,
            Some(format!(
                "Do this as the role that owns the table, as the views' owner (SET ROLE \"{}\"), or as a superuser.",
                shop.operator
            ))
        );
        run(&mut client, "RESET ROLE");
    }
    run(&mut holder, "ROLLBACK");
    assert_eq!(everything(&mut client), before);
}

#[test]
fn rolled_back_it_has_not_been() {
    let shop = Shop::new();
    let mut client = shop.database.connect();
    let before = everything(&mut client);
    run(
        &mut client,
        &format!(
            "BEGIN; SET LOCAL ROLE {}; SELECT metabase.before_migration();
             ALTER TABLE transactions.orders DROP COLUMN roi; ROLLBACK",
            shop.app
        ),
    );
    assert_eq!(everything(&mut client), before);
    run(
        &mut client,
        &format!(
            "BEGIN; SAVEPOINT one; SET LOCAL ROLE {}; SELECT metabase.before_migration();
             SELECT * FROM metabase.after_migration(); ROLLBACK TO one; COMMIT",
            shop.app
        ),
    );
    assert_eq!(everything(&mut client), before);
    shop.become_incremental(&mut client);
}

#[test]
fn what_cannot_be_made_stays_remembered() {
    let shop = Shop::new();
    let (app, operator) = (&shop.app, &shop.operator);
    let mut client = shop.database.connect();
    let before = everything(&mut client);
    run(
        &mut client,
        &format!(
            "SET ROLE {app}; SELECT metabase.before_migration();
             ALTER TABLE transactions.orders RENAME COLUMN gross_sale TO amount"
        ),
    );
    for _ in 0..2 {
        let error = error_of(&mut client, "SELECT * FROM metabase.after_migration()");
        assert_eq!(error.sqlstate.code(), "42703");
        assert!(
            error.message.starts_with("it could not be made again, and stays remembered: entity \"order\" needs column \"gross_sale\""),
            "{error:?}"
        );
        let hint = error.hint.expect("a hint");
        assert!(
            hint.starts_with("Say where it is: SELECT metabase.map_source('order'"),
            "{hint}"
        );
        assert!(
            hint.ends_with("Then: SELECT * FROM metabase.after_migration();"),
            "{hint}"
        );
    }
    run(
        &mut client,
        &format!(
            r#"SET ROLE {operator};
            SELECT * FROM metabase.map_source('order', 'transactions.orders', '{{"gross_sale": "amount"}}');
            SET ROLE {app}; SELECT * FROM metabase.after_migration(); RESET ROLE"#
        ),
    );
    shop.become_incremental(&mut client);
    assert_eq!(everything(&mut client), before);

    // An entity that was there is not given up in silence.
    run(
        &mut client,
        &format!(
            "SET ROLE {app}; SELECT metabase.before_migration(); ALTER TABLE core.brands RENAME TO makers"
        ),
    );
    let error = error_of(&mut client, "SELECT * FROM metabase.after_migration()");
    assert_eq!(
        error.message,
        "it could not be made again, and stays remembered: entity \"brand\" had a table before the migration, and none is found now"
    );
    assert_eq!(error.sqlstate.code(), "42P01");
    assert!(
        error
            .hint
            .expect("a hint")
            .contains("metabase.map_source('brand', NULL)")
    );
    run(
        &mut client,
        &format!(
            "SET ROLE {operator}; SELECT * FROM metabase.map_source('brand', 'core.makers');
             SET ROLE {app}; SELECT * FROM metabase.after_migration(); RESET ROLE"
        ),
    );
    assert_right(&mut client);
}

#[test]
fn a_view_of_a_users_own_that_cannot_be_made_harms_no_other() {
    let shop = Shop::new();
    let (app, operator) = (&shop.app, &shop.operator);
    let mut client = shop.database.connect();
    run(
        &mut client,
        &format!(
            "SET ROLE {app}; SELECT metabase.before_migration();
             ALTER TABLE transactions.orders RENAME COLUMN status TO state; RESET ROLE; SET ROLE {operator};
             SELECT * FROM metabase.map_source('order', 'transactions.orders', '{{\"status\": \"state\"}}'); SET ROLE {app}"
        ),
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT view_name, split_part(error_message, ' (', 1) FROM metabase.after_migration() WHERE NOT restored ORDER BY 1"
        ),
        [
            "by_status | it could not be made again, and stays remembered: column \"status\" does not exist",
            "odd \"name\"; -- | it could not be made again, and stays remembered: relation \"analytics.by_status\" does not exist",
        ]
    );
    run(&mut client, &format!("RESET ROLE; SET ROLE {operator}"));
    shop.become_incremental(&mut client);
    // Another migration is possible, and keeps what it could not make.
    run(
        &mut client,
        &format!(
            "SET ROLE {app}; SELECT metabase.before_migration(); SELECT * FROM metabase.after_migration(); SET ROLE {operator}"
        ),
    );
    shop.become_incremental(&mut client);
    // Its owner mends it, or gives it up.
    run(
        &mut client,
        &format!(
            "SET ROLE {app}; ALTER TABLE transactions.orders ADD COLUMN status text; SELECT * FROM metabase.after_migration()"
        ),
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT relname::text FROM pg_class WHERE relkind = 'm' AND relname !~ '^metabase' ORDER BY 1"
        ),
        ["brand_names", "by_status", "odd \"name\"; --"]
    );
    assert_eq!(
        error_of(&mut client, "SELECT * FROM metabase.after_migration()").message,
        "no migration is under way"
    );
    run(
        &mut client,
        &format!(
            "SELECT metabase.before_migration(); ALTER TABLE transactions.orders DROP COLUMN status;
             SELECT * FROM metabase.after_migration(); SET ROLE {operator}; SELECT metabase.drop_view('odd \"name\"; --');
             SELECT metabase.drop_view('by_status'); RESET ROLE"
        ),
    );
    let left: i64 = value(
        &mut client,
        "SELECT (SELECT count(*) FROM metabase_internal.migrated_relation) + (SELECT count(*) FROM metabase_internal.migration)",
    );
    assert_eq!(left, 0);
}

#[test]
fn what_depends_on_the_views_is_named() {
    let shop = Shop::new();
    let mut client = shop.database.connect();
    run(
        &mut client,
        "CREATE SCHEMA reports; CREATE VIEW reports.brands AS SELECT brand_name FROM analytics.metabase_brand_analytics",
    );
    let before = everything(&mut client);
    run(&mut client, &format!("SET ROLE {}", shop.app));
    let error = error_of(&mut client, "SELECT metabase.before_migration()");
    assert_eq!(error.sqlstate.code(), "2BP01");
    assert_eq!(
        error.message,
        "the views and adapters cannot be taken away because other objects depend on them"
    );
    assert!(error.detail.expect("a detail").contains("view reports.brands"));
    assert!(
        error
            .hint
            .expect("a hint")
            .starts_with("Drop what the DETAIL names")
    );
    run(&mut client, "RESET ROLE");
    assert_eq!(everything(&mut client), before);
}

#[test]
fn the_query_of_another_role_is_not_made_a_view_of_the_owners() {
    let shop = Shop::new();
    let other = shop.database.create_operator("other");
    let mut client = shop.database.connect();
    run(
        &mut client,
        &format!(
            "GRANT CREATE ON SCHEMA analytics TO {other}; ALTER MATERIALIZED VIEW analytics.brand_names OWNER TO {other};
             SET ROLE {}",
            shop.app
        ),
    );
    let error = error_of(&mut client, "SELECT metabase.before_migration()");
    assert_eq!(error.sqlstate.code(), "42501");
    assert_eq!(
        error.message,
        format!(
            "view \"brand_names\" belongs to role \"{other}\", and its query was written by \"{}\", so that it cannot be made again",
            shop.operator
        )
    );
    assert!(
        error
            .hint
            .expect("a hint")
            .starts_with("Give it back (ALTER MATERIALIZED VIEW")
    );
}

#[test]
fn views_of_several_roles_are_refused_and_a_lost_owner_is_told() {
    let shop = Shop::new();
    let other = shop.database.create_operator("other");
    let mut client = shop.database.connect();
    run(
        &mut client,
        &format!(
            "ALTER MATERIALIZED VIEW analytics.metabase_customer_geography OWNER TO {other}; SET ROLE {}",
            shop.app
        ),
    );
    let error = error_of(&mut client, "SELECT metabase.before_migration()");
    assert_eq!(error.sqlstate.code(), "55000");
    assert_eq!(
        error.message,
        format!(
            "the views and their adapters belong to several roles: {}, {other}",
            shop.operator
        )
        .replace(&format!("{}, {other}", shop.operator), &{
            let mut both = [shop.operator.clone(), other.clone()];
            both.sort();
            both.join(", ")
        })
    );
    assert!(error.hint.expect("a hint").contains("OWNER TO"));
    run(
        &mut client,
        &format!(
            "RESET ROLE; ALTER MATERIALIZED VIEW analytics.metabase_customer_geography OWNER TO {};
             SET ROLE {}; SELECT metabase.before_migration(); RESET ROLE; DROP OWNED BY {op}; DROP ROLE {op}; SET ROLE {}",
            shop.operator,
            shop.app,
            shop.app,
            op = shop.operator
        ),
    );
    let error = error_of(&mut client, "SELECT * FROM metabase.after_migration()");
    assert_eq!(error.sqlstate.code(), "42704");
    assert_eq!(
        error.message,
        format!(
            "it could not be made again, and stays remembered: the views belonged to role \"{}\", which is gone",
            shop.operator
        )
    );
    assert!(
        error
            .hint
            .expect("a hint")
            .contains("after_migration(restore => false)")
    );
    assert_eq!(
        error_of(
            &mut client,
            "SELECT * FROM metabase.after_migration(restore => false)"
        )
        .sqlstate
        .code(),
        "42501"
    );
    run(
        &mut client,
        &format!(
            "RESET ROLE; SELECT * FROM metabase.after_migration(restore => false); SET ROLE {other};
             SELECT * FROM metabase.create_all_views(); RESET ROLE"
        ),
    );
    let error = error_of(
        &mut shop.database.connect_as(&shop.app),
        "SELECT * FROM metabase.after_migration(restore => false)",
    );
    assert_eq!(error.message, "no migration is under way");
}

#[test]
fn a_dump_carries_a_migration_that_is_under_way() {
    let shop = Shop::new();
    let mut client = shop.database.connect();
    let before = everything(&mut client);
    run(
        &mut client,
        &format!("SET ROLE {}; SELECT metabase.before_migration()", shop.app),
    );
    // A process takes the triggers off. pg_dump has no words for one that goes while it looks.
    wait_until(
        &mut client,
        "SELECT NOT EXISTS (SELECT FROM pg_trigger WHERE tgname LIKE 'metabase\\_views\\_%')",
    );
    let restored = Database::restored(&shop.database.dump());
    let mut other = restored.connect();
    let name: String = value(&mut other, "SELECT current_database()");
    run(
        &mut other,
        &format!(
            "ALTER DATABASE {name} OWNER TO {}; SELECT * FROM metabase.after_migration()",
            shop.app
        ),
    );
    shop.become_incremental(&mut other);
    assert_eq!(everything(&mut other), before);
}

#[test]
fn the_adapters_say_how_their_tables_are_altered() {
    let shop = Shop::new();
    let mut client = shop.database.connect();
    run(&mut client, &format!("SET ROLE {}", shop.app));
    let error = error_of(
        &mut client,
        "ALTER TABLE transactions.orders ALTER COLUMN sold_at TYPE timestamp",
    );
    assert!(
        error
            .detail
            .expect("a detail")
            .contains("metabase_internal.orders")
    );
    let comment: String = value(
        &mut client,
        "SELECT obj_description(oid, 'pg_class') FROM pg_class
         WHERE relname = 'orders' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = 'metabase_internal')",
    );
    assert!(
        comment.ends_with(
            "To alter the table that it reads: SELECT metabase.before_migration(); before and SELECT * FROM \
             metabase.after_migration(); after that."
        ),
        "{comment}"
    );
}

#[test]
fn an_operator_is_told_how_to_get_a_superusers_views() {
    let shop = Shop::new();
    let mut client = shop.database.connect();
    run(
        &mut client,
        "SELECT metabase.drop_view(view_name) FROM metabase.view_status() WHERE exists AND view_name LIKE 'metabase\\_%';
         SELECT * FROM metabase.map_source('order', 'transactions.orders');
         SELECT * FROM metabase.create_all_views()",
    );
    run(&mut client, &format!("SET ROLE {}", shop.operator));
    let error: String = value(
        &mut client,
        "SELECT error_message FROM metabase.refresh_view('metabase_executive_metrics')",
    );
    assert!(
        error.contains("belongs to role \"postgres\", a superuser"),
        "{error}"
    );
    assert!(error.contains("SELECT metabase.grant_operator('…')"), "{error}");
    run(
        &mut client,
        &format!(
            "RESET ROLE; SELECT metabase.grant_operator('{0}'); SET ROLE {0}",
            shop.operator
        ),
    );
    shop.become_incremental(&mut client);
}
