//! Flush: the rows of the groups that have changed, written into a view's own heap.

use std::ffi::CString;

use pgrx::datum::DatumWithOid;

use super::apply::{generated, run_steps};
use super::script::Step;
use super::state::{self, StateSnapshot};
use crate::error::Error;
use crate::pg::identity::{as_extension_owner, as_role};
use crate::pg::setting::with_time_zone;
use crate::pg::workspace::Workspace;
use crate::pg::{matview, query, relation};
use crate::source::entity::Entity;
use crate::sql;
use crate::view::catalog;

/// How one of the seven is flushed.
pub struct FlushTarget {
    pub view: &'static str,
    /// The entities that it is made of: a change of any other leaves its rows as they are.
    pub entities: &'static [Entity],
    /// What its dirty groups are kept under: `dirty_…` in a workspace, and a table of that name in `metabase_internal`.
    pub(super) dirty: &'static str,
    /// The columns of a dirty group.
    group: &'static str,
    /// The view's key: positions of its columns, and whether they can be NULL.
    key: &'static [(usize, bool)],
    /// From the groups in `flush_key` to their rows. The last step is not kept: `changes` puts it into the statement that compares.
    pub(super) script: &'static str,
}

macro_rules! target {
    ($view:literal, [$($entity:ident),+], $dirty:literal, $group:literal, $key:expr) => {
        FlushTarget {
            view: $view,
            entities: &[$(Entity::$entity),+],
            dirty: $dirty,
            group: $group,
            key: $key,
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
        &[(0, true), (6, true)]
    ),
    target!(
        "metabase_product_performance",
        [Order, StockItem, Product, Brand, Category],
        "dirty_product",
        "id",
        &[(0, false)]
    ),
    target!(
        "metabase_brand_analytics",
        [Order, StockItem, Product, Brand],
        "dirty_brand",
        "id",
        &[(0, false)]
    ),
    target!(
        "metabase_platform_performance",
        [Order, StockItem, Platform],
        "dirty_platform",
        "id",
        &[(0, true)]
    ),
    target!(
        "metabase_inventory_status",
        [Order, StockItem, Product, Brand, Category, Supplier, Size],
        "dirty_inventory",
        "item_id",
        &[(0, false)]
    ),
    target!(
        "metabase_customer_geography",
        [Order, StockItem, Product, Platform],
        "dirty_geography",
        "id",
        &[(0, false), (1, true)]
    ),
    target!(
        "metabase_supplier_performance",
        [Order, StockItem, Product, Brand, Supplier],
        "dirty_supplier",
        "id",
        &[(0, false)]
    ),
];

/// One of the seven as the catalog has it, and what is known of its rows.
#[derive(Debug, serde::Deserialize)]
pub struct PopulatedView {
    pub oid: u32,
    pub name: String,
    owner: u32,
    columns: Vec<String>,
    relation_now: String,
    relation: Option<String>,
    day: Option<String>,
    has_unique_index: bool,
}

/// The views that are populated, as `rows` reads them.
pub fn populated_views(
    rows: impl FnOnce(&str, &[DatumWithOid]) -> Result<Vec<PopulatedView>, Error>,
) -> Result<Vec<PopulatedView>, Error> {
    // A workspace binds no values.
    let query = sql::fill(
        include_str!("../../sql/queries/incremental/view_columns.sql"),
        &[(":views", &sql::text_array(&catalog::names()))],
    );
    as_extension_owner(|| rows(&query, &[]))
}

impl PopulatedView {
    /// Why its rows cannot be written to; None where they can.
    pub fn obstacle(&self, owner: u32) -> Option<&'static str> {
        if self.owner != owner {
            Some("it belongs to another role than the adapters")
        } else if !self.has_unique_index {
            Some("it has no unique index")
        } else {
            None
        }
    }

    /// What tells it from any other relation, and from what it was before it was altered.
    pub fn identity(&self) -> String {
        format!("{} {}", self.name, self.relation_now)
    }

    /// Why it has to be compared as a whole; None where it holds what was applied, but for the groups that are noted.
    pub fn unsynced(&self) -> Option<&'static str> {
        match &self.relation {
            None => Some("it had not been compared with its definition since the facts were built"),
            Some(relation) if *relation != self.relation_now => {
                Some("somebody else has refreshed it or altered it")
            }
            _ => None,
        }
    }
}

impl FlushTarget {
    pub fn of(view: &str) -> Option<&'static FlushTarget> {
        TARGETS.iter().find(|target| target.view == view)
    }

    /// Notes the groups that the workspace keeps as dirty for a later flush.
    pub fn note(&self, workspace: &mut Workspace, snapshot: &StateSnapshot) -> Result<(), Error> {
        let FlushTarget { dirty, group, .. } = self;
        if workspace.kept(dirty) == 0 {
            return Ok(());
        }
        as_extension_owner(|| {
            workspace.run(&format!(
                "INSERT INTO metabase_internal.{dirty} ({group}) SELECT {group} FROM {dirty} ON CONFLICT DO NOTHING"
            ))?;
            query::run(
                include_str!("../../sql/queries/incremental/note_dirty.sql"),
                &[self.view.to_owned().into(), snapshot.oldest.clone().into()],
            )
        })
    }

    /// How many groups are noted; none where somebody is just writing them anew. It keeps no lock: whoever asks for a status must
    /// not be in the way of a rebuild.
    pub fn noted(&self) -> Result<i64, Error> {
        let dirty = CString::new(self.dirty)?;
        Ok(relation::count_table_rows(c"metabase_internal", &dirty).unwrap_or(0))
    }

    /// Writes the rows that differ. Returns how many.
    ///
    /// The caller holds an EXCLUSIVE lock on the view.
    pub fn flush(
        &self,
        workspace: &mut Workspace,
        snapshot: &StateSnapshot,
        populated: &PopulatedView,
        owner: u32,
    ) -> Result<i64, Error> {
        let generated = generated(snapshot)?;
        let is_new_day = self.view == "metabase_inventory_status" && populated.day != snapshot.day;
        if as_extension_owner(|| self.keep_keys(workspace, is_new_day))? == 0 {
            return Ok(0);
        }
        let mut steps = generated.shop.flush(self.script);
        let Some(Step::Keep { statement: rows, .. }) = steps.pop() else {
            return Err(Error::Internal(format!("{} has no rows", self.view)));
        };
        run_steps(workspace, &steps, owner, |_, _| ())?;
        let written = write(workspace, populated, owner, &self.changes(&rows, populated))?;
        if is_new_day || workspace.kept("noted") > 0 {
            as_extension_owner(|| {
                query::run(
                    include_str!("../../sql/queries/incremental/note_flushed.sql"),
                    &[self.view.to_owned().into(), snapshot.day.clone().into()],
                )
            })?;
        }
        Ok(written)
    }

    /// Keeps the groups that are looked at: those that have changed now, those that were noted, and of a new day what is unsold.
    /// Returns how many there are.
    fn keep_keys(&self, workspace: &mut Workspace, is_new_day: bool) -> Result<u64, Error> {
        let FlushTarget { dirty, group, .. } = self;
        workspace.keep_written(
            "noted",
            &format!("DELETE FROM metabase_internal.{dirty} RETURNING {group}"),
        )?;
        let mut keys = format!("SELECT {group} FROM {dirty}\nUNION\nSELECT {group} FROM noted");
        if is_new_day {
            // What is unsold is a day older.
            keys += "\nUNION\nSELECT item_id FROM metabase_internal.item_fact WHERE times_sold = 0 AND purchase_date IS NOT NULL";
        }
        workspace.keep("flush_key", &keys)
    }

    /// Writes the rows in which the view differs from its definition, in the snapshot that the facts are of. Returns how many.
    ///
    /// REFRESH would take a newer snapshot. It could show a row in a group that the row has left again by the next apply, which
    /// would not know then that this group is to be mended.
    pub fn compare(
        &self,
        workspace: &mut Workspace,
        snapshot: &StateSnapshot,
        populated: &PopulatedView,
        owner: u32,
    ) -> Result<i64, Error> {
        #[derive(serde::Deserialize)]
        struct Definition {
            definition: String,
            is_own: bool,
        }
        let Definition { definition, is_own } = with_time_zone("UTC", || {
            as_extension_owner(|| {
                query::row(
                    include_str!("../../sql/queries/incremental/own_view_definition.sql"),
                    &[i64::from(populated.oid).into()],
                )
            })
        })?;
        if !is_own {
            return Err(Error::ViewUnwritable {
                reason: "its definition is not the one that it was created with",
            });
        }
        workspace.once(|workspace| {
            as_extension_owner(|| workspace.run(&format!("DELETE FROM metabase_internal.{}", self.dirty)))?;
            let written = write(
                workspace,
                populated,
                owner,
                &self.all_changes(&definition, populated),
            )?;
            let day = snapshot.day.as_deref().unwrap_or_default();
            state::store_view_sync(self.view, day)?;
            Ok(written)
        })
    }

    /// The rows in which the view differs from its definition, with their place in the view.
    fn all_changes(&self, definition: &str, populated: &PopulatedView) -> String {
        let names = Names::of(populated);
        let same_key: Vec<String> = self
            .key
            .iter()
            .map(|(position, nullable)| {
                let (computed, held) = (&names.computed[*position], &names.held[*position]);
                match nullable {
                    false => format!("computed.{computed} = held.{held}"),
                    // Equal texts can be hashed; IS NOT DISTINCT FROM cannot.
                    true => format!(
                        "coalesce('=' || computed.{computed}::text, '') = coalesce('=' || held.{held}::text, '')"
                    ),
                }
            })
            .collect();
        format!(
            "SELECT
    held.place,
    computed.present IS NOT NULL AS present,
    {}
FROM (
    SELECT
        true,
        definition.*
    FROM (
{}
    ) AS definition
) AS computed (present, {})
FULL JOIN (
    SELECT v.ctid, {}
    FROM {} AS v
) AS held (place, {}) ON {}
WHERE computed.present IS NULL
    OR held.place IS NULL
    OR ROW({}) IS DISTINCT FROM ROW({})",
            names.all_computed(),
            definition.trim_end().trim_end_matches(';'),
            names.computed.join(", "),
            names.columns.join(", "),
            sql::qualified("analytics", self.view),
            names.held.join(", "),
            same_key.join(" AND "),
            names.all_computed(),
            names.all_held(),
        )
    }

    /// The rows in which the view differs from `rows`, what the rollups say, with their place in the view.
    fn changes(&self, rows: &str, populated: &PopulatedView) -> String {
        let names = Names::of(populated);
        let branches: Vec<String> = self
            .conditions(&populated.columns)
            .iter()
            .map(|condition| {
                format!(
                    "    SELECT v.ctid, {}\n    FROM {} AS v\n    WHERE {condition}",
                    names.columns.join(", "),
                    sql::qualified("analytics", self.view)
                )
            })
            .collect();
        format!(
            "SELECT
    held.place,
    computed.present,
    {}
FROM (
{}
) AS computed (present, {})
LEFT JOIN LATERAL (
{}
) AS held (place, {}) ON true
WHERE CASE
    WHEN computed.present
        THEN held.place IS NULL OR ROW({}) IS DISTINCT FROM ROW({})
    ELSE held.place IS NOT NULL
END",
            names.all_computed(),
            rows,
            names.computed.join(", "),
            branches.join("\n    UNION ALL\n"),
            names.held.join(", "),
            names.all_computed(),
            names.all_held(),
        )
    }

    /// The conditions under which a row of the view has a computed row's key: one for each way in which parts of it can be
    /// NULL, so that an index serves each.
    fn conditions(&self, columns: &[String]) -> Vec<String> {
        self.key
            .iter()
            .fold(vec![String::new()], |conditions, (position, nullable)| {
                let (column, value) = (
                    sql::ident(&columns[*position]),
                    format!("computed.c{}", position + 1),
                );
                let equal = format!("v.{column} = {value}");
                let both_null = format!("v.{column} IS NULL AND {value} IS NULL");
                let ways = if *nullable {
                    vec![equal, both_null]
                } else {
                    vec![equal]
                };
                conditions
                    .iter()
                    .flat_map(|condition| {
                        ways.iter().map(move |way| match condition.is_empty() {
                            true => way.clone(),
                            false => format!("{condition} AND {way}"),
                        })
                    })
                    .collect()
            })
    }
}

/// Writes what a query says has changed, as the view's owner. Returns how many rows that were.
fn write(workspace: &mut Workspace, view: &PopulatedView, owner: u32, changes: &str) -> Result<i64, Error> {
    as_role(owner, || {
        let changes = workspace.raw_rows(changes)?;
        match changes.len() {
            0 => Ok(0),
            _ => matview::write(view.oid, &changes),
        }
    })
}

/// Names for a view's columns by position: users may rename them.
struct Names {
    /// As `v` has them.
    columns: Vec<String>,
    computed: Vec<String>,
    held: Vec<String>,
}

impl Names {
    fn of(populated: &PopulatedView) -> Names {
        let numbered = |letter: char| -> Vec<String> {
            (1..=populated.columns.len())
                .map(|column| format!("{letter}{column}"))
                .collect()
        };
        Names {
            columns: populated
                .columns
                .iter()
                .map(|column| format!("v.{}", sql::ident(column)))
                .collect(),
            computed: numbered('c'),
            held: numbered('h'),
        }
    }

    fn all_computed(&self) -> String {
        format!("computed.{}", self.computed.join(", computed."))
    }

    fn all_held(&self) -> String {
        format!("held.{}", self.held.join(", held."))
    }
}
