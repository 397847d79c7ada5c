//! Who may do what: each cell of the table in docs/security.md, tried as the role of its column.

use postgres::{Client, SimpleQueryMessage};

use crate::cluster::{Database, create_all_views, refresh_all};
use crate::pages::{Page, quoted};
use crate::rows::cells_of;
use crate::shop::{run, shop};

/// A shop in which each column of the table has a role of its own, in their order.
fn shop_with_roles() -> (Database, Vec<String>) {
    let database = shop();
    let mut superuser = database.connect();
    let roles = ["outsider", "reader", "operator", "other", "tables", "database"]
        .map(|role| database.create_role(role));
    let [_, reader, operator, other, tables, owner] = &roles;
    run(
        &mut superuser,
        &format!(
            "ALTER DATABASE {name} OWNER TO {owner};
             DO $do$ DECLARE relation regclass; schema regnamespace; BEGIN
                 FOREACH schema IN ARRAY ARRAY['core', 'products', 'transactions']::regnamespace[] LOOP
                     EXECUTE format('ALTER SCHEMA %s OWNER TO {tables}', schema);
                     FOR relation IN SELECT oid FROM pg_class WHERE relnamespace = schema AND relkind = 'r' LOOP
                         EXECUTE format('ALTER TABLE %s OWNER TO {tables}', relation);
                     END LOOP;
                 END LOOP;
             END $do$;
             SELECT metabase.map_source('order', 'transactions.orders');
             SELECT metabase.grant_operator('{operator}'), metabase.grant_operator('{other}'), metabase.grant_reader('{reader}')",
            name = database.name(),
        ),
    );
    let mut client = database.connect_as(operator);
    create_all_views(&mut client);
    refresh_all(&mut client);
    let roles = roles.into_iter().chain(["postgres".to_owned()]);
    (database, roles.collect())
}

/// What the page would say of a statement: yes, no, or the error that is about something else.
fn answer(client: &mut Client, statement: &str) -> String {
    let answer = client.simple_query(&format!("BEGIN; {statement}"));
    run(client, "ROLLBACK");
    match answer {
        Ok(messages) if is_refused_in_a_row(&messages) => "no".into(),
        Ok(_) => "yes".into(),
        Err(error) => match error.as_db_error() {
            Some(error) if error.code().code() == "42501" => "no".into(),
            _ => format!("{error:?}"),
        },
    }
}

fn is_refused_in_a_row(messages: &[SimpleQueryMessage]) -> bool {
    let cells = cells_of(messages);
    cells
        .iter()
        .flatten()
        .flatten()
        .any(|cell| cell.contains("(SQLSTATE 42501)"))
}

#[test]
fn each_cell_of_the_table_is_what_postgresql_says() {
    let (database, roles) = shop_with_roles();
    let newcomer = database.create_role("newcomer");
    let page = Page::read(env!("CARGO_MANIFEST_DIR").as_ref(), "docs/security.md");
    let rows = page.rows("## Who may do what");
    assert!(rows.len() > 30, "{rows:?}");
    let mut clients: Vec<Client> = roles.iter().map(|role| database.connect_as(role)).collect();
    for row in &rows {
        let statement = quoted(&row[0])[0].replace("newcomer", &newcomer);
        let answers: Vec<String> = clients
            .iter_mut()
            .map(|client| answer(client, &statement))
            .collect();
        assert_eq!(answers, row[1..], "{}", row[0]);
    }
}
