//! How each view is brought from changed groups to changed rows: its keys, and the SQL. Pure.

use super::program::Program;
use super::script::{self, Step, Verb, without_comments};
use crate::error::Error;
use crate::source::entity::Entity;
use crate::view::catalog::{VIEWS, View};

/// How one of the views is flushed.
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
    /// The query for the groups that are a day older on a new day; None where no row depends on today.
    pub ages: Option<&'static str>,
    /// How many noted groups a refresh for an event takes on at most, where a label can touch any number of them; None where all are
    /// written together. Each row must be right without the others. The table of these has a column `turn`, so that what has changed last
    /// comes first.
    pub most_for_event: Option<u64>,
    /// From the groups in `flush_key` to their rows. The last step is not kept: it goes into the statement that compares.
    script: &'static str,
}

/// The worker pauses for as long as a refresh for an event has taken, and longer: one must not take long at once.
const MOST_SALES_FOR_EVENT: u64 = 10_000;

macro_rules! target {
    ($view:literal, [$($entity:ident),+], $dirty:literal, $group:literal, $nullable:expr, $ages:expr) => {
        FlushTarget {
            view: $view,
            entities: &[$(Entity::$entity),+],
            dirty: $dirty,
            group: $group,
            nullable: &$nullable,
            ages: $ages,
            most_for_event: None,
            script: include_str!(concat!("../../sql/incremental/flush/", $view, ".sql")),
        }
    };
}

/// How much of what waits for a view a flush takes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Portion {
    /// All of it.
    All,
    /// What has changed just now, and so many of the groups that were noted before.
    Changed { noted: u64 },
    /// So many of the groups that are noted: what has changed just now is among these.
    Noted(u64),
}

/// All of them, in their order.
pub static TARGETS: [FlushTarget; 8] = [
    target!(
        "metabase_executive_metrics",
        [Order, StockItem, Platform],
        "dirty_executive",
        "day, slug",
        ["sale_date", "platform_slug"],
        None
    ),
    target!(
        "metabase_product_performance",
        [Order, StockItem, Product, Brand, Category],
        "dirty_product",
        "id",
        [],
        None
    ),
    target!(
        "metabase_brand_analytics",
        [Order, StockItem, Product, Brand],
        "dirty_brand",
        "id",
        [],
        None
    ),
    target!(
        "metabase_platform_performance",
        [Order, StockItem, Platform],
        "dirty_platform",
        "id",
        ["platform_id"],
        None
    ),
    target!(
        "metabase_inventory_status",
        [Order, StockItem, Product, Brand, Category, Supplier, Size],
        "dirty_inventory",
        "item_id",
        [],
        Some(include_str!("../../sql/incremental/aged_stock_items.sql"))
    ),
    target!(
        "metabase_customer_geography",
        [Order, StockItem, Product, Platform],
        "dirty_geography",
        "id",
        ["city"],
        None
    ),
    target!(
        "metabase_supplier_performance",
        [Order, StockItem, Product, Brand, Supplier],
        "dirty_supplier",
        "id",
        [],
        None
    ),
    FlushTarget {
        most_for_event: Some(MOST_SALES_FOR_EVENT),
        ..target!(
            "metabase_sales",
            [
                Order, StockItem, Product, Brand, Category, Platform, Supplier, Size
            ],
            "dirty_sales",
            "order_id",
            [],
            None
        )
    },
];

impl FlushTarget {
    pub fn of(view: &str) -> Option<&'static FlushTarget> {
        TARGETS.iter().find(|target| target.view == view)
    }

    pub fn view(&self) -> &'static View {
        let view = VIEWS.iter().find(|view| view.name == self.view);
        view.expect("each target is one of the views: a test goes through all")
    }

    /// The statement that notes the groups that have changed.
    pub fn note_groups(&self) -> String {
        let FlushTarget { dirty, group, .. } = self;
        let again = match self.most_for_event {
            Some(_) => format!("({group}) DO UPDATE SET turn = DEFAULT"),
            None => "DO NOTHING".to_owned(),
        };
        format!(
            "INSERT INTO metabase_internal.{dirty} ({group}) SELECT {group} FROM {dirty} ON CONFLICT {again}"
        )
    }

    /// The steps that keep, as `flush_key`, the groups that are looked at: those that have changed now, those that were noted, and
    /// on a new day those that are older by it.
    pub fn take_groups(&self, is_new_day: bool, portion: Portion) -> [Step; 2] {
        let FlushTarget { dirty, group, .. } = self;
        let some = match portion {
            Portion::All => String::new(),
            Portion::Changed { noted: most } | Portion::Noted(most) => {
                format!(
                    "WHERE ctid = ANY (\n    ARRAY(SELECT ctid FROM metabase_internal.{dirty} ORDER BY turn DESC LIMIT {most})\n)\n"
                )
            }
        };
        let noted = format!("DELETE FROM metabase_internal.{dirty}\n{some}RETURNING {group}");
        let mut keys = match portion {
            Portion::Noted(_) => String::new(),
            _ => format!("SELECT {group}\nFROM {dirty}\nUNION\n"),
        };
        keys += &format!("SELECT {group}\nFROM noted");
        if is_new_day && let Some(aged) = self.ages {
            keys += "\nUNION\n";
            keys += &without_comments(aged);
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
    pub fn changes(&self, program: &Program) -> Result<(Vec<Step>, String), Error> {
        let (steps, rows) = self.rows(program)?;
        let held_rows: Vec<String> = self
            .conditions()
            .iter()
            .map(|condition| {
                format!(
                    "SELECT\n    v.ctid,\n    v.*\nFROM analytics.{} AS v (\n    :columns\n)\nWHERE {condition}",
                    self.view
                )
            })
            .collect();
        let columns = self.columns();
        let held_rows = script::fill(&held_rows.join("\nUNION ALL\n"), &columns);
        let values = [columns, vec![("rows", rows.statement), ("held_rows", held_rows)]].concat();
        let template = include_str!("../../sql/incremental/flush_changes.sql");
        Ok((steps, script::fill(&without_comments(template), &values)))
    }

    /// The query for the rows in which the view differs from its definition.
    pub fn differences(&self, definition: &str) -> String {
        let same_key: Vec<String> = self
            .view()
            .key()
            .iter()
            .map(|name| match self.nullable.contains(name) {
                false => format!("computed.{name} = held.{name}"),
                // Equal texts can be hashed; IS NOT DISTINCT FROM cannot.
                true => {
                    format!(
                        "coalesce('=' || computed.{name}::text, '') = coalesce('=' || held.{name}::text, '')"
                    )
                }
            })
            .collect();
        let definition = definition.trim_end().trim_end_matches(';').to_owned();
        let values = [
            self.columns(),
            vec![
                ("definition", definition),
                ("view", format!("analytics.{}", self.view)),
                ("same_key", same_key.join("\nAND ")),
            ],
        ]
        .concat();
        let template = include_str!("../../sql/incremental/compare_changes.sql");
        script::fill(&without_comments(template), &values)
    }

    /// The conditions under which a row of the view has a computed row's key: one for each way in which parts of it can be
    /// NULL, so that an index serves each.
    fn conditions(&self) -> Vec<String> {
        self.view()
            .key()
            .iter()
            .fold(vec![String::new()], |conditions, name| {
                let equal = format!("v.{name} = computed.{name}");
                let both_null = format!("v.{name} IS NULL\n    AND computed.{name} IS NULL");
                let ways = match self.nullable.contains(name) {
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
            })
    }

    /// What the templates call the columns. They have the definition's names, whatever users have renamed them to in the view.
    fn columns(&self) -> Vec<(&'static str, String)> {
        let names = self.view().columns();
        let of = |row: &str| -> String {
            let columns: Vec<String> = names.iter().map(|name| format!("{row}.{name}")).collect();
            columns.join(",\n")
        };
        vec![
            ("columns", names.join(",\n")),
            ("computed", of("computed")),
            ("held", of("held")),
        ]
    }
}
