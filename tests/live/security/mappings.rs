//! A mapping is a name, and speaks for the roles that its table belonged to when it was made: whoever else takes the name is not read.

use postgres::Client;

use super::trap::Trap;
use crate::cluster::{Database, create_all_views, value};
use crate::shop::{column, run};

/// A shop of two tables in a schema where others may create, mapped by a superuser, with an operator.
struct MappedShop {
    database: Database,
    owner: String,
    operator: String,
    superuser: Client,
}

const MAPPED: &str = "SELECT metabase.map_source('order', 'shop.sales');
                      SELECT metabase.map_source('stock_item', 'shop.stock')";

impl MappedShop {
    fn open() -> MappedShop {
        let database = Database::with_extension();
        let (owner, operator) = (database.create_role("shop"), database.create_role("operator"));
        let mut superuser = database.connect();
        run(
            &mut superuser,
            &format!(
                "CREATE SCHEMA shop;
                 GRANT USAGE, CREATE ON SCHEMA shop TO PUBLIC;
                 SET SESSION AUTHORIZATION {owner};
                 CREATE TABLE shop.sales (id integer PRIMARY KEY, sold_at timestamptz, gross_sale numeric, status text);
                 CREATE TABLE shop.stock (id integer PRIMARY KEY, product_id integer);
                 RESET SESSION AUTHORIZATION;
                 {MAPPED};
                 SELECT metabase.grant_operator('{operator}')"
            ),
        );
        MappedShop {
            database,
            owner,
            operator,
            superuser,
        }
    }

    /// Creates all views anew as a role. What keeps it from that, with its SQLSTATE and hint, if anything does.
    fn error_of_creating(&self, role: &str) -> Option<String> {
        error_of_creating(&self.database, role)
    }

    /// Calls whatever looks at the sources, makes the views and refreshes them.
    fn try_everything(&self, role: &str) {
        for call in [
            "SELECT * FROM metabase.sources",
            "SELECT * FROM metabase.create_all_views()",
            "SELECT * FROM metabase.create_all_views(true)",
            "SELECT * FROM metabase.refresh('all')",
            "SELECT * FROM metabase.capture_status()",
            "SELECT * FROM metabase.verify('metabase_executive_metrics')",
        ] {
            // Some of it is refused.
            let _ = self.database.connect_as(role).batch_execute(call);
        }
    }
}

fn error_of_creating(database: &Database, role: &str) -> Option<String> {
    let result = database
        .connect_as(role)
        .batch_execute("SELECT * FROM metabase.create_all_views(true)");
    let error = result.err()?;
    let error = error.as_db_error().expect("the server says what it is");
    Some(format!(
        "{} {}. {}",
        error.code().code(),
        error.message(),
        error.hint().unwrap_or_default()
    ))
}

/// What somebody else does to have its own in the place of `shop.sales`: its name, what the shop does before, and what that role does then.
fn ways(trap: &Trap) -> [(&'static str, &'static str, String); 5] {
    let columns = "id integer PRIMARY KEY, sold_at timestamptz, gross_sale numeric, status text";
    let evil = format!("{}.evil", trap.schema);
    let view = |name: &str| {
        format!(
            "CREATE VIEW {name} AS SELECT CASE WHEN {evil}(1) THEN 1 END AS id, now() AS sold_at, 1::numeric AS gross_sale,
             'completed' AS status; GRANT SELECT ON {name} TO PUBLIC"
        )
    };
    let table = |name: &str| {
        format!(
            "CREATE TABLE {name} ({columns}); CREATE INDEX ON {name} (id) WHERE {evil}(1); GRANT SELECT ON {name} TO PUBLIC"
        )
    };
    [
        ("a view", "DROP TABLE shop.sales CASCADE", view("shop.sales")),
        ("a table", "DROP TABLE shop.sales CASCADE", table("shop.sales")),
        (
            "a view while the views are there",
            "ALTER TABLE shop.sales RENAME TO sales_2023",
            view("shop.sales"),
        ),
        (
            "a table while the views are there",
            "ALTER TABLE shop.sales RENAME TO sales_2023",
            table("shop.sales"),
        ),
        (
            "a materialized view",
            "DROP TABLE shop.sales CASCADE",
            "CREATE MATERIALIZED VIEW shop.sales AS SELECT 1 AS id, now() AS sold_at, 1::numeric AS gross_sale, 'completed' AS status;
             GRANT SELECT ON shop.sales TO PUBLIC"
                .to_owned(),
        ),
    ]
}

#[test]
fn whoever_takes_a_mapped_name_is_not_read() {
    for number in 0..5 {
        let mut shop = MappedShop::open();
        let trap = Trap::lay(&shop.database, "thief");
        let mut operator = shop.database.connect_as(&shop.operator);
        create_all_views(&mut operator);
        run(&mut operator, "SELECT * FROM metabase.refresh('all')");
        drop(operator);
        let (way, before, take) = ways(&trap)[number].clone();
        run(&mut shop.database.connect_as(&shop.owner), before);
        run(&mut shop.database.connect_as(&trap.role), &take);

        for role in [shop.operator.as_str(), "postgres"] {
            shop.try_everything(role);
        }
        let error = shop.error_of_creating(&shop.operator).unwrap_or_default();
        let expected = format!(
            "entity \"order\" is mapped to shop.sales, but that belongs to role \"{}\", and did not when it was mapped",
            trap.role
        );
        assert!(error.contains(&expected), "{way}: {error}");
        assert!(error.contains("map it again"), "{way}: {error}");
        assert!(error.starts_with("42501 "), "{way}: {error}");
        let granted: String = value(
            &mut shop.superuser,
            &format!("SELECT metabase.grant_operator('{}')", shop.operator),
        );
        assert!(
            granted.contains("and read shop.stock; entity"),
            "{way}: {granted}"
        );
        assert!(granted.contains(&expected), "{way}: {granted}");
        trap.assert_nobody_was_caught();

        // The name speaks for nothing else, either: a table that is detected is not the thief's for it.
        run(
            &mut shop.superuser,
            &format!(
                "CREATE SCHEMA core; CREATE TABLE core.brands (id integer, name text); ALTER TABLE core.brands OWNER TO {}",
                trap.role
            ),
        );
        let note: Vec<String> = column(
            &mut shop.superuser,
            "SELECT note FROM metabase.sources WHERE entity = 'brand' AND note IS NOT NULL LIMIT 1",
        );
        assert!(note[0].contains("belongs to role"), "{way}: {note:?}");
        trap.assert_nobody_was_caught();
    }
}

#[test]
fn a_mapping_speaks_for_whom_it_was_made() {
    let mut shop = MappedShop::open();
    // The shop itself may put another table, or a view over its tables, under the name.
    run(
        &mut shop.database.connect_as(&shop.owner),
        &format!(
            "ALTER TABLE shop.sales RENAME TO sales_of_all; GRANT SELECT ON shop.sales_of_all TO {operator};
             CREATE VIEW shop.sales AS SELECT * FROM shop.sales_of_all; GRANT SELECT ON shop.sales TO {operator}",
            operator = shop.operator
        ),
    );
    assert_eq!(shop.error_of_creating(&shop.operator), None);
    // Not what another role owns behind it.
    let other = shop.database.create_role("other");
    run(
        &mut shop.superuser,
        &format!(
            "ALTER TABLE shop.sales_of_all OWNER TO {other}; GRANT SELECT ON shop.sales_of_all TO {}",
            shop.owner
        ),
    );
    let error = shop.error_of_creating(&shop.operator).unwrap_or_default();
    let expected = format!("but what it reads belongs to role \"{other}\", and did not when it was mapped");
    assert!(error.contains(&expected), "{error}");
    // Whoever is behind a mapped view is not its owner.
    run(&mut shop.superuser, MAPPED);
    assert_eq!(shop.error_of_creating(&shop.operator), None);
    run(
        &mut shop.superuser,
        &format!(
            "DROP VIEW shop.sales CASCADE; ALTER TABLE shop.sales_of_all RENAME TO sales; GRANT SELECT ON shop.sales TO {}",
            shop.operator
        ),
    );
    let error = shop.error_of_creating(&shop.operator).unwrap_or_default();
    assert!(
        error.contains(&format!("but that belongs to role \"{other}\"")),
        "{error}"
    );
    run(&mut shop.superuser, MAPPED);
    assert_eq!(shop.error_of_creating(&shop.operator), None);
}

#[test]
fn a_dump_remembers_whose_the_mapped_tables_were() {
    let shop = MappedShop::open();
    let restored = Database::restored(&shop.database.dump());
    let mut superuser = restored.connect();
    assert_eq!(
        column(
            &mut superuser,
            "SELECT format('%s %s', entity, role_name) FROM metabase_internal.source_mapping
             JOIN metabase_internal.known_roles() AS role ON role.id = relation_owner ORDER BY 1"
        ),
        ["order", "stock_item"].map(|entity| format!("{entity} {}", shop.owner))
    );
    create_all_views(&mut restored.connect_as(&shop.operator));
    let thief = restored.create_role("thief");
    run(
        &mut superuser,
        &format!("ALTER TABLE shop.sales OWNER TO {thief}"),
    );
    let error = error_of_creating(&restored, &shop.operator).unwrap_or_default();
    assert!(error.contains("did not when it was mapped"), "{error}");
}

#[test]
fn a_grant_to_capture_is_for_the_table_that_it_was_given_for() {
    let mut shop = MappedShop::open();
    let mut operator = shop.database.connect_as(&shop.operator);
    create_all_views(&mut operator);
    run(&mut operator, "SELECT * FROM metabase.refresh('all')");
    let captured = "SELECT captured::text || coalesce(' ' || reason, '') FROM metabase.capture_status() WHERE entity = 'order'";
    assert_eq!(column(&mut operator, captured), ["true"]);
    let heir = shop.database.create_role("heir");
    run(
        &mut shop.superuser,
        &format!(
            "ALTER TABLE shop.sales OWNER TO {heir}; GRANT SELECT ON shop.sales TO {}",
            shop.operator
        ),
    );
    let status = column(&mut operator, captured);
    assert!(
        status[0].contains("may not put triggers on shop.sales"),
        "{status:?}"
    );
    run(
        &mut shop.superuser,
        &format!("{MAPPED}; SELECT metabase.grant_operator('{}')", shop.operator),
    );
    assert_eq!(column(&mut operator, captured), ["true"]);
}

/// What an expression reads or calls by name: how the shop makes it, the expression, and how the owner of the schema puts its own there.
const EXPRESSIONS: [(&str, &str, &str); 5] = [
    (
        "CREATE FUNCTION shop.price(numeric) RETURNS numeric IMMUTABLE LANGUAGE sql RETURN $1",
        "shop.price(1)",
        "DROP FUNCTION shop.price; CREATE FUNCTION shop.price(numeric) RETURNS numeric IMMUTABLE LANGUAGE plpgsql
         AS 'BEGIN IF EVIL(1) THEN RETURN 1; END IF; RETURN 2; END'",
    ),
    (
        "CREATE FUNCTION shop.plus(numeric, numeric) RETURNS numeric IMMUTABLE LANGUAGE sql RETURN $1 + $2;
         CREATE OPERATOR shop.|+| (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = shop.plus)",
        "1.0 OPERATOR(shop.|+|) 1.0",
        "DROP FUNCTION shop.plus CASCADE;
         CREATE FUNCTION shop.plus(numeric, numeric) RETURNS numeric IMMUTABLE LANGUAGE plpgsql
         AS 'BEGIN IF EVIL(1) THEN RETURN 1; END IF; RETURN 2; END';
         CREATE OPERATOR shop.|+| (LEFTARG = numeric, RIGHTARG = numeric, FUNCTION = shop.plus)",
    ),
    (
        "CREATE TABLE shop.rates (rate numeric); GRANT SELECT ON shop.rates TO PUBLIC",
        "(SELECT max(rates.rate) FROM shop.rates AS rates)",
        "DROP TABLE shop.rates; CREATE VIEW shop.rates AS SELECT CASE WHEN EVIL(1) THEN 1.0 END AS rate; GRANT SELECT ON shop.rates TO PUBLIC",
    ),
    (
        "CREATE DOMAIN shop.amount AS numeric",
        "source.id::shop.amount",
        "DROP DOMAIN shop.amount; CREATE DOMAIN shop.amount AS numeric CHECK (EVIL(VALUE::integer))",
    ),
    (
        "CREATE DOMAIN shop.number AS numeric",
        "('{1}'::shop.number[])[1]::numeric",
        "DROP DOMAIN shop.number; CREATE DOMAIN shop.number AS numeric",
    ),
];

#[test]
fn what_an_expression_calls_is_the_one_that_was_mapped() {
    for (make, expression, replace) in EXPRESSIONS {
        let database = Database::with_extension();
        let (owner, operator) = (database.create_role("shop"), database.create_role("operator"));
        let trap = Trap::lay(&database, "landlord");
        let mut superuser = database.connect();
        run(
            &mut superuser,
            &format!(
                "CREATE SCHEMA shop AUTHORIZATION {landlord};
                 GRANT USAGE, CREATE ON SCHEMA shop TO PUBLIC;
                 SET SESSION AUTHORIZATION {owner};
                 CREATE TABLE shop.sales (id integer PRIMARY KEY, sold_at timestamptz, gross_sale numeric, status text);
                 CREATE TABLE shop.stock (id integer PRIMARY KEY, product_id integer);
                 INSERT INTO shop.sales VALUES (1, now(), 1, 'completed');
                 {make};
                 RESET SESSION AUTHORIZATION;
                 SELECT metabase.map_source('order', 'shop.sales', $${{\"net_profit\": \"{expression}\"}}$$);
                 SELECT metabase.map_source('stock_item', 'shop.stock');
                 SELECT metabase.grant_operator('{operator}')",
                landlord = trap.role
            ),
        );
        assert_eq!(error_of_creating(&database, &operator), None, "{expression}");
        run(
            &mut superuser,
            "SELECT metabase.drop_view(view_name) FROM metabase.view_status()",
        );
        // Whoever owns the schema may drop all that is in it.
        let replace = replace.replace("EVIL", &format!("{}.evil", trap.schema));
        run(
            &mut superuser,
            &format!("SET SESSION AUTHORIZATION {}; {replace}", trap.role),
        );
        for role in [operator.as_str(), "postgres"] {
            let error = error_of_creating(&database, role).unwrap_or_default();
            let expected = format!(
                "but what its mapping calls or reads belongs to role \"{}\", and did not when it was mapped",
                trap.role
            );
            assert!(error.contains(&expected), "{expression} as {role}: {error}");
        }
        trap.assert_nobody_was_caught();
    }
}
