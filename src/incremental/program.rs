//! All SQL of incremental refresh, generated for one shop: its key types and its time zone. Pure.

use super::rollup;
use super::script::{self, Step};
use crate::sql;

/// What the SQL depends on.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
pub struct Program {
    /// The zone that days and months are cut in.
    pub zone: String,
    pub order: String,
    pub stock_item: String,
    pub product: String,
    pub brand: String,
    pub category: String,
    pub platform: String,
    pub supplier: String,
    pub size: String,
}

const SALE_COLUMNS: &str = "order_id, item_id, platform, place, product, supplier, brand, sold_at, payout_date, purchase_date, \
                            payout_received, gross_sale, net_proceeds, net_profit, roi, platform_fee, shipping_cost, \
                            purchase_price";
const ITEM_COLUMNS: &str =
    "item_id, product, supplier, brand, size_id, purchase_date, purchase_price, price, times_sold";

/// How often a stock item `i` was sold before what is applied now; for one that is new, there may be sales of its key.
const TIMES_SOLD: &str = "coalesce(
        (SELECT f.times_sold FROM metabase_internal.item_fact AS f WHERE f.item_id = i.item_id),
        (SELECT count(*)::integer FROM metabase_internal.sale_fact AS f WHERE f.item_id = i.item_id)
    )";

/// All stock items with how often each was sold.
const ALL_ITEMS_SOLD: &str = "(
    SELECT
        item.*,
        coalesce(sold.times_sold, 0) AS times_sold
    FROM item_read AS item
    LEFT JOIN (
        SELECT
            item_id,
            count(*)::integer AS times_sold
        FROM sale_read
        GROUP BY item_id
    ) AS sold ON sold.item_id = item.item_id
)";

/// The names of all platforms that a place `r` has sales on.
const PLATFORM_NAMES: &str = "(
    SELECT string_agg(DISTINCT p.name COLLATE \"C\", ', ' ORDER BY p.name COLLATE \"C\")
    FROM metabase_internal.platform_rollup AS p
    CROSS JOIN LATERAL (
        SELECT
        FROM metabase_internal.sale_fact AS f
        WHERE f.place = r.id
            AND f.platform = p.id
        LIMIT 1
    ) AS sold
)";

/// The sample variance of the gross sales of a rollup's row `r`, as PostgreSQL computes it: never below zero.
const VARIANCE: &str = "CASE
        WHEN r.gross_sale_count > 1
            THEN CASE
                WHEN r.gross_sale_count * r.gross_sale_squares - r.gross_sale_sum * r.gross_sale_sum <= 0
                    THEN 0
                ELSE (r.gross_sale_count * r.gross_sale_squares - r.gross_sale_sum * r.gross_sale_sum)
                    / (r.gross_sale_count::numeric * (r.gross_sale_count - 1))
            END
    END";

macro_rules! file {
    ($name:literal) => {
        include_str!(concat!("../../sql/incremental/", $name, ".sql"))
    };
}

/// The tables of the state, each with its name in `metabase_internal`.
pub const TABLES: [&str; 15] = [
    "sale_fact",
    "item_fact",
    "day_rollup",
    "product_rollup",
    "brand_rollup",
    "platform_rollup",
    "place_rollup",
    "supplier_rollup",
    "dirty_executive",
    "dirty_product",
    "dirty_brand",
    "dirty_platform",
    "dirty_inventory",
    "dirty_geography",
    "dirty_supplier",
];

impl Program {
    /// The texts that the placeholders of all scripts stand for.
    fn values(&self) -> Vec<(&'static str, String)> {
        let zone = sql::literal(&self.zone);
        let zoned = |text: &str| script::fill(text, &[("zone", zone.clone())]);
        let of = |alias: &str, columns: &str| {
            let columns: Vec<String> = columns
                .split(", ")
                .map(|column| format!("{alias}.{column}"))
                .collect();
            columns.join(", ")
        };
        vec![
            ("zone", zone.clone()),
            ("day_of_c", zoned(&rollup::DAY.replace("f.sold_at", "c.sold_at"))),
            ("sale_columns", SALE_COLUMNS.into()),
            ("old_sale_columns", of("old", SALE_COLUMNS)),
            ("new_sale_columns", of("new", SALE_COLUMNS)),
            ("c_sale_columns", of("c", SALE_COLUMNS)),
            ("item_columns", ITEM_COLUMNS.into()),
            ("old_item_columns", of("old", ITEM_COLUMNS)),
            ("new_item_columns", of("new", ITEM_COLUMNS)),
            ("c_item_columns", of("c", ITEM_COLUMNS)),
            ("platform_names", PLATFORM_NAMES.into()),
            ("variance", VARIANCE.into()),
            ("order_type", self.order.clone()),
            ("item_type", self.stock_item.clone()),
            ("product_type", self.product.clone()),
            ("brand_type", self.brand.clone()),
            ("category_type", self.category.clone()),
            ("platform_type", self.platform.clone()),
            ("supplier_type", self.supplier.clone()),
            ("size_type", self.size.clone()),
            ("day_measures", rollup::columns("day_rollup")),
            ("product_measures", rollup::columns("product_rollup")),
            ("brand_measures", rollup::columns("brand_rollup")),
            ("platform_measures", rollup::columns("platform_rollup")),
            ("place_measures", rollup::columns("place_rollup")),
            ("supplier_measures", rollup::columns("supplier_rollup")),
        ]
    }

    /// The steps from queued keys to the groups that have changed.
    pub fn apply(&self) -> Vec<Step> {
        let dirty_orders = "dirty_order AS d\nJOIN metabase_internal.orders AS o ON o.id = d.order_id";
        let dirty_items = "dirty_item AS d\nJOIN metabase_internal.stock_items AS i ON i.id = d.item_id";
        let mut values = self.values();
        values.extend([
            ("read_sales", reading(file!("read_sales"), "orders", dirty_orders)),
            ("read_items", reading(file!("read_items"), "items", dirty_items)),
            ("number_sales", without_comments(file!("number_sales"))),
            (
                "number_items",
                reading(file!("number_items"), "items", "item_read"),
            ),
            ("times_sold", TIMES_SOLD.into()),
        ]);
        let merge = rollup::merge().into_iter().map(Step::from).collect();
        let again = rollup::recompute_groups().into_iter().map(Step::from).collect();
        self.complete(file!("apply"), merge, again, &values)
    }

    /// The steps that make and fill all tables; the tables of an earlier build are gone.
    pub fn build(&self) -> Vec<Step> {
        let mut values = self.values();
        values.extend([
            (
                "read_sales",
                reading(file!("read_sales"), "orders", "metabase_internal.orders AS o"),
            ),
            (
                "read_items",
                reading(file!("read_items"), "items", "metabase_internal.stock_items AS i"),
            ),
            ("number_sales", without_comments(file!("number_sales"))),
            (
                "number_items",
                reading(file!("number_items"), "items", ALL_ITEMS_SOLD),
            ),
            ("times_sold", "i.times_sold".into()),
        ]);
        let merge = rollup::build()
            .into_iter()
            .map(|statement| Step::Run {
                when: Vec::new(),
                statement,
            })
            .collect();
        self.complete(file!("build"), merge, Vec::new(), &values)
    }

    /// A script with all that it includes, and its placeholders filled.
    fn complete(
        &self,
        script: &str,
        merge: Vec<Step>,
        again: Vec<Step>,
        values: &[(&str, String)],
    ) -> Vec<Step> {
        // Twice, because some of the texts that are put in have placeholders of their own.
        let twice = |step: Step| step.populated_views(values).populated_views(values);
        script::parse(script)
            .into_iter()
            .flat_map(|step| match step {
                Step::Mark(mark) => match mark.as_str() {
                    "merge" => merge.clone(),
                    "again" => again.clone(),
                    "include number_item_groups" => script::parse(file!("number_item_groups")),
                    "include number_sale_groups" => script::parse(file!("number_sale_groups")),
                    "include list_brands" => script::parse(file!("list_brands")),
                    _ => vec![Step::Mark(mark)],
                },
                step => vec![step],
            })
            .map(twice)
            .collect()
    }

    /// How the rows of a view of the seven come from the groups in `flush_key`: what is kept of these, and the query over it.
    pub fn flush(&self, script: &str) -> Vec<Step> {
        let values = self.values();
        script::parse(script)
            .into_iter()
            .map(|step| step.populated_views(&values))
            .collect()
    }
}

impl From<rollup::Step> for Step {
    fn from(step: rollup::Step) -> Step {
        let when = vec![step.when.to_owned()];
        match step.keep {
            Some(name) => Step::Keep {
                name,
                when,
                statement: step.statement,
                reads_shop: false,
            },
            None => Step::Run {
                when,
                statement: step.statement,
            },
        }
    }
}

/// A query of a file, with where it reads from.
fn reading(file: &str, word: &'static str, from: &str) -> String {
    script::fill(&without_comments(file), &[(word, from.into())])
}

/// A statement that can stand inside another one.
fn without_comments(statement: &str) -> String {
    let lines: Vec<&str> = statement
        .lines()
        .filter(|line| !line.trim_start().starts_with("--"))
        .collect();
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::incremental::flush::TARGETS;
    use crate::source::entity::{ENTITIES, Entity};

    fn shop() -> Program {
        let uuid = || "uuid".to_owned();
        Program {
            zone: "Europe/Berlin".into(),
            order: uuid(),
            stock_item: uuid(),
            product: uuid(),
            brand: uuid(),
            category: uuid(),
            platform: uuid(),
            supplier: uuid(),
            size: uuid(),
        }
    }

    fn statements(steps: &[Step]) -> Vec<&str> {
        steps
            .iter()
            .map(|step| match step {
                Step::Keep { statement, .. } | Step::Run { statement, .. } => statement.as_str(),
                Step::Mark(mark) => panic!("{mark} was not replaced"),
            })
            .collect()
    }

    /// Whether a statement still has a placeholder.
    fn is_unfilled(statement: &str) -> bool {
        let without_casts = statement.replace("::", "");
        without_casts
            .split(':')
            .skip(1)
            .any(|after| after.starts_with(|first: char| first.is_ascii_lowercase()))
    }

    #[test]
    fn nothing_is_left_to_be_filled_in() {
        let (apply, build) = (shop().apply(), shop().build());
        let flushes: Vec<Step> = flushes().into_iter().flatten().collect();
        for steps in [apply, build, flushes] {
            for statement in statements(&steps) {
                assert!(!is_unfilled(statement), "{statement}");
            }
        }
    }

    #[test]
    fn a_step_depends_on_rows_that_an_earlier_one_has_kept() {
        let queued = ENTITIES
            .iter()
            .map(|spec| format!("queued_{}", spec.name))
            .collect();
        for (mut kept, steps) in [(queued, shop().apply()), (Vec::new(), shop().build())] {
            for step in steps {
                let (Step::Keep { when, .. } | Step::Run { when, .. }) = &step else {
                    continue;
                };
                for name in when {
                    assert!(kept.contains(name), "{name} is not kept before {step:?}");
                }
                if let Step::Keep { name, .. } = step {
                    kept.push(name);
                }
            }
        }
    }

    fn flushes() -> Vec<Vec<Step>> {
        TARGETS.iter().map(|target| shop().flush(target.script)).collect()
    }

    /// What stands in `metabase_internal` and is named in a statement.
    fn relations(statement: &str) -> Vec<&str> {
        statement
            .split("metabase_internal.")
            .skip(1)
            .map(|after| {
                let end = after
                    .find(|next: char| next != '_' && !next.is_ascii_lowercase())
                    .unwrap_or(after.len());
                &after[..end]
            })
            .filter(|name| *name != "country_code")
            .collect()
    }

    #[test]
    fn what_reads_the_shop_reads_no_table_of_ours_and_all_else_nothing_but_these() {
        let adapters: Vec<&str> = ENTITIES.iter().map(|spec| spec.adapter).collect();
        let scripts = [vec![shop().apply(), shop().build()], flushes()].concat();
        for step in scripts.concat() {
            let statement = statements(std::slice::from_ref(&step))[0];
            for name in relations(statement) {
                match step.reads_shop() {
                    true => assert!(adapters.contains(&name), "{name} in {statement}"),
                    false => assert!(TABLES.contains(&name), "{name} in {statement}"),
                }
            }
        }
    }

    #[test]
    fn a_flush_keeps_groups_and_then_reads_rows() {
        for steps in flushes() {
            assert!(
                matches!(
                    &steps[..],
                    [Step::Keep { name, reads_shop: false, .. }, Step::Keep { reads_shop: true, .. }] if name == "flush_group"
                ),
                "{steps:?}"
            );
        }
    }

    #[test]
    fn each_table_is_made_by_the_build_and_has_a_comment() {
        let build = shop().build();
        for table in TABLES {
            let (create, comment) = (
                format!("CREATE TABLE metabase_internal.{table} ("),
                format!("COMMENT ON TABLE metabase_internal.{table} IS"),
            );
            for expected in [create, comment] {
                assert!(
                    statements(&build)
                        .iter()
                        .any(|statement| statement.starts_with(&expected)),
                    "{expected}"
                );
            }
        }
    }

    /// What may be kept, by the script, when keys of an entity are queued.
    fn reached(entity: Entity) -> BTreeSet<String> {
        let mut reached = BTreeSet::from([format!("queued_{}", entity.name())]);
        for step in shop().apply() {
            if let Step::Keep { name, when, .. } = step
                && when.iter().any(|name| reached.contains(name))
            {
                reached.insert(name);
            }
        }
        reached
    }

    #[test]
    fn a_view_is_made_of_the_entities_whose_keys_make_its_groups_dirty() {
        for spec in &ENTITIES {
            let reached = reached(spec.entity);
            for target in &TARGETS {
                // The sales of a product that gets another brand are other facts, but neither a day nor a platform shows brands.
                let is_in_vain = spec.entity == Entity::Product
                    && ["dirty_executive", "dirty_platform"].contains(&target.dirty);
                assert_eq!(
                    target.entities.contains(&spec.entity),
                    reached.contains(target.dirty) && !is_in_vain,
                    "{} in {}",
                    spec.name,
                    target.view
                );
            }
        }
    }
}
