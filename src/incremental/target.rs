//! How each of the seven is brought from changed groups to changed rows: its keys, and the SQL. Pure.

use super::program::Program;
use super::script::{self, Step, Verb, without_comments};
use crate::error::Error;
use crate::source::entity::Entity;
use crate::sql;
use crate::view::catalog::{VIEWS, View};

/// How one of the seven is flushed.
pub struct FlushTarget {
    pub view: &'static str,
    /// The entities that it is made of: a change of any other leaves its rows as they are.
    pub entities: &'static [Entity],
    /// What its dirty groups are kept under: `dirty_…` in a workspace, and a table of that name in `metabase_internal`.
    pub dirty: &'static str,
    /// The columns of a dirty group.
    pub group: &'static str,
    /// Which columns of the view's key can be NULL.
    pub nullable: &'static [&'static str],
    /// From the groups in `flush_key` to their rows. The last step is not kept: it goes into the statement that compares.
    script: &'static str,
}

macro_rules! target {
    ($view:literal, [$($entity:ident),+], $dirty:literal, $group:literal, $nullable:expr) => {
        FlushTarget {
            view: $view,
            entities: &[$(Entity::$entity),+],
            dirty: $dirty,
            group: $group,
            nullable: &$nullable,
            script: include_str!(concat!("../../sql/incremental/flush/", $view, ".sql")),
        }
    };
}

/// The seven, in their order.
pub static TARGETS: [FlushTarget; 7] = [
    target!(
        "metabase_executive_metrics",
        [Order, StockItem, Platform],
        "dirty_executive",
        "day, slug",
        ["sale_date", "platform_slug"]
    ),
    target!(
        "metabase_product_performance",
        [Order, StockItem, Product, Brand, Category],
        "dirty_product",
        "id",
        []
    ),
    target!(
        "metabase_brand_analytics",
        [Order, StockItem, Product, Brand],
        "dirty_brand",
        "id",
        []
    ),
    target!(
        "metabase_platform_performance",
        [Order, StockItem, Platform],
        "dirty_platform",
        "id",
        ["platform_id"]
    ),
    target!(
        "metabase_inventory_status",
        [Order, StockItem, Product, Brand, Category, Supplier, Size],
        "dirty_inventory",
        "item_id",
        []
    ),
    target!(
        "metabase_customer_geography",
        [Order, StockItem, Product, Platform],
        "dirty_geography",
        "id",
        ["city"]
    ),
    target!(
        "metabase_supplier_performance",
        [Order, StockItem, Product, Brand, Supplier],
        "dirty_supplier",
        "id",
        []
    ),
];

/// A column of a view's key.
struct KeyColumn {
    /// As the definition calls it.
    name: &'static str,
    /// As the view does, for `v`.
    of_view: String,
    is_nullable: bool,
}

impl FlushTarget {
    pub fn of(view: &str) -> Option<&'static FlushTarget> {
        TARGETS.iter().find(|target| target.view == view)
    }

    /// The steps that keep, as `flush_key`, the groups that are looked at: those that have changed now, those that were noted, and
    /// of a new day what is unsold.
    pub fn take_groups(&self, is_new_day: bool) -> [Step; 2] {
        let FlushTarget { dirty, group, .. } = self;
        let noted = format!("DELETE FROM metabase_internal.{dirty}\nRETURNING {group}");
        let mut keys = format!("SELECT {group}\nFROM {dirty}\nUNION\nSELECT {group}\nFROM noted");
        if is_new_day {
            // What is unsold is a day older.
            keys += "\nUNION\nSELECT item_id\nFROM metabase_internal.item_fact\nWHERE times_sold = 0\n    AND purchase_date IS NOT NULL";
        }
        [
            Step::always(Verb::Take, "noted", noted),
            Step::always(Verb::Keep, "flush_key", keys),
        ]
    }

    /// The steps of the flush, and the query for the rows that comes last in it.
    pub fn rows(&self, program: &Program) -> Result<(Vec<Step>, Step), Error> {
        let mut steps = program.flush(self.script);
        match steps.pop().filter(Step::reads_shop) {
            Some(rows) => Ok((steps, rows)),
            None => Err(Error::Internal(format!("{} has no rows", self.view))),
        }
    }

    /// The steps from these groups to what decides their rows, and the query for the rows in which the view differs from them.
    /// `columns` are the view's as they are called now.
    pub fn changes(&self, program: &Program, columns: &[String]) -> Result<(Vec<Step>, String), Error> {
        let (steps, rows) = self.rows(program)?;
        let columns = Columns::of(self, columns);
        let held_rows: Vec<String> = columns
            .conditions()
            .iter()
            .map(|condition| {
                format!(
                    "SELECT\n    v.ctid,\n    {}\nFROM {} AS v\nWHERE {condition}",
                    columns.of_view.join(",\n    "),
                    sql::qualified("analytics", self.view)
                )
            })
            .collect();
        let mut values = columns.values();
        values.extend([
            ("rows", rows.statement),
            ("held_rows", held_rows.join("\nUNION ALL\n")),
        ]);
        let template = include_str!("../../sql/incremental/flush_changes.sql");
        Ok((steps, script::fill(&without_comments(template), &values)))
    }

    /// The query for the rows in which the view differs from its definition.
    pub fn differences(&self, definition: &str, columns: &[String]) -> String {
        let columns = Columns::of(self, columns);
        let same_key: Vec<String> = columns
            .key
            .iter()
            .map(
                |KeyColumn {
                     name, is_nullable, ..
                 }| match is_nullable {
                    false => format!("computed.{name} = held.{name}"),
                    // Equal texts can be hashed; IS NOT DISTINCT FROM cannot.
                    true => format!(
                        "coalesce('=' || computed.{name}::text, '') = coalesce('=' || held.{name}::text, '')"
                    ),
                },
            )
            .collect();
        let mut values = columns.values();
        values.extend([
            (
                "definition",
                definition.trim_end().trim_end_matches(';').to_owned(),
            ),
            ("view_columns", columns.of_view.join(",\n")),
            ("view", sql::qualified("analytics", self.view)),
            ("same_key", same_key.join("\nAND ")),
        ]);
        let template = include_str!("../../sql/incremental/compare_changes.sql");
        script::fill(&without_comments(template), &values)
    }
}

/// A view's columns: as its definition calls them, and as they are called now, because users may rename them.
struct Columns {
    /// As the definition has them.
    names: Vec<&'static str>,
    /// As `v`, the view, has them.
    of_view: Vec<String>,
    key: Vec<KeyColumn>,
}

impl Columns {
    fn of(target: &FlushTarget, columns: &[String]) -> Columns {
        let view = VIEWS.iter().find(|view| view.name == target.view);
        let names = view.map(View::columns).unwrap_or_default();
        let of_view: Vec<String> = columns
            .iter()
            .map(|column| format!("v.{}", sql::ident(column)))
            .collect();
        let key = view.map(View::key).unwrap_or_default();
        let key = names
            .iter()
            .zip(&of_view)
            .filter(|(name, _)| key.contains(name))
            .map(|(name, of_view)| KeyColumn {
                name,
                of_view: of_view.clone(),
                is_nullable: target.nullable.contains(name),
            })
            .collect();
        Columns { names, of_view, key }
    }

    /// The conditions under which a row of the view has a computed row's key: one for each way in which parts of it can be
    /// NULL, so that an index serves each.
    fn conditions(&self) -> Vec<String> {
        self.key.iter().fold(
            vec![String::new()],
            |conditions,
             KeyColumn {
                 name,
                 of_view,
                 is_nullable,
             }| {
                let equal = format!("{of_view} = computed.{name}");
                let both_null = format!("{of_view} IS NULL\n    AND computed.{name} IS NULL");
                let ways = match is_nullable {
                    true => vec![equal, both_null],
                    false => vec![equal],
                };
                conditions
                    .iter()
                    .flat_map(|condition| {
                        ways.iter().map(move |way| match condition.is_empty() {
                            true => way.clone(),
                            false => format!("{condition}\n    AND {way}"),
                        })
                    })
                    .collect()
            },
        )
    }

    /// What the templates call them.
    fn values(&self) -> Vec<(&'static str, String)> {
        let of = |row: &str| -> String {
            let columns: Vec<String> = self.names.iter().map(|name| format!("{row}.{name}")).collect();
            columns.join(",\n")
        };
        vec![
            ("columns", self.names.join(",\n")),
            ("computed", of("computed")),
            ("held", of("held")),
        ]
    }
}
