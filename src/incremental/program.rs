//! All SQL of incremental refresh, generated for one shop: its key types and its time zone. Pure.
//!
//! `tests/generated/` shows what comes of it.

use std::collections::BTreeMap;

use super::rollup;
use super::script::{self, Part, Step, Verb, without_comments};
use crate::source::adapter;
use crate::source::entity::{ENTITIES, Entity, EntitySpec};
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
    /// The types of the keys of second tables, by the entities whose own tables have them.
    pub links: BTreeMap<String, String>,
}

const SALE_COLUMNS: &str = "order_id, item_id, platform, place, product, supplier, brand, sold_at, payout_date, purchase_date, \
                            payout_received, gross_sale, net_proceeds, net_profit, roi, platform_fee, shipping_cost, \
                            purchase_price, units";
const ITEM_COLUMNS: &str = "item_id, product, supplier, brand, size_id, purchase_date, purchase_price, price, quantity, \
                            is_in_stock, units_sold, units_departed";

/// How many units of a stock item `i` were sold before what is applied now; for one that is new, there may be sales of its key.
const UNITS_SOLD: &str = "coalesce(
        (SELECT f.units_sold FROM metabase_internal.item_fact AS f WHERE f.item_id = i.item_id),
        (SELECT sum(f.units) FROM metabase_internal.sale_fact AS f WHERE f.item_id = i.item_id),
        0
    )";

/// The same of units that have left without a sale that counts.
const UNITS_DEPARTED: &str = "coalesce(
        (SELECT f.units_departed FROM metabase_internal.item_fact AS f WHERE f.item_id = i.item_id),
        (SELECT sum(f.units) FROM metabase_internal.departure_fact AS f WHERE f.item_id = i.item_id),
        0
    )";

/// All stock items with how many units orders have taken of each.
const ALL_ITEMS_MOVED: &str = "(
    SELECT
        item.*,
        coalesce(sold.units, 0)     AS units_sold,
        coalesce(departed.units, 0) AS units_departed
    FROM item_read AS item
    LEFT JOIN (
        SELECT
            item_id,
            sum(units) AS units
        FROM sale_read
        GROUP BY item_id
    ) AS sold ON sold.item_id = item.item_id
    LEFT JOIN (
        SELECT
            item_id,
            sum(units) AS units
        FROM departure_read
        GROUP BY item_id
    ) AS departed ON departed.item_id = item.item_id
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

macro_rules! file {
    ($name:literal) => {
        include_str!(concat!("../../sql/incremental/", $name, ".sql"))
    };
}

/// The tables of the state, each with its name in `metabase_internal`.
pub const TABLES: [&str; 17] = [
    "sale_fact",
    "item_fact",
    "departure_fact",
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
    "dirty_sales",
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
        let queued_orders = "queued_order AS d\nJOIN metabase_internal.orders AS o ON o.id = d.key";
        let dirty_items = "dirty_item AS d\nJOIN metabase_internal.stock_items AS i ON i.id = d.item_id";
        let mut values = self.values();
        values.extend([
            (
                "read_sales",
                reading(file!("read_sales"), &[("orders", dirty_orders)]),
            ),
            (
                "read_departures",
                reading(file!("read_departures"), &[("orders", queued_orders)]),
            ),
            (
                "read_items",
                reading(file!("read_items"), &[("items", dirty_items)]),
            ),
            ("number_sales", without_comments(file!("number_sales"))),
            (
                "number_items",
                reading(
                    file!("number_items"),
                    &[
                        ("items", "item_read"),
                        ("units_sold", UNITS_SOLD),
                        ("units_departed", UNITS_DEPARTED),
                    ],
                ),
            ),
        ]);
        let apply = complete(
            file!("apply"),
            &rollup::merge(),
            &rollup::recompute_groups(),
            &values,
        );
        self.follow_links().into_iter().chain(apply).collect()
    }

    /// The steps that make and fill all tables; the tables of an earlier build are gone.
    pub fn build(&self) -> Vec<Step> {
        let all_orders = "metabase_internal.orders AS o";
        let mut values = self.values();
        values.extend([
            (
                "read_sales",
                reading(file!("read_sales"), &[("orders", all_orders)]),
            ),
            (
                "read_departures",
                reading(file!("read_departures"), &[("orders", all_orders)]),
            ),
            (
                "read_items",
                reading(
                    file!("read_items"),
                    &[("items", "metabase_internal.stock_items AS i")],
                ),
            ),
            ("number_sales", without_comments(file!("number_sales"))),
            (
                "number_items",
                reading(
                    file!("number_items"),
                    &[
                        ("items", ALL_ITEMS_MOVED),
                        ("units_sold", "i.units_sold"),
                        ("units_departed", "i.units_departed"),
                    ],
                ),
            ),
        ]);
        complete(file!("build"), &rollup::build(), &[], &values)
    }

    /// How the rows of a view come from the groups in `flush_key`: what is kept of these, and the query over it.
    pub fn flush(&self, script: &str) -> Vec<Step> {
        complete(script, &[], &[], &self.values())
    }

    /// The steps that take the keys from the queues, and keep them as `queued_order` and so on; as `taken_order`, where those of a second
    /// table are to come to them, which are kept as `queued_joined`.
    pub fn take(&self) -> Vec<Step> {
        let take = |spec: &EntitySpec| {
            let key_type = self.key_type(spec.entity);
            let values = [
                ("queue", queue(spec.name)),
                ("column", queue_column(key_type).to_owned()),
                ("key_type", key_type.to_owned()),
            ];
            let statement = script::fill(&without_comments(file!("take")), &values);
            let kept = match self.links.contains_key(spec.name) {
                true => "taken",
                false => "queued",
            };
            Step::always(Verb::Take, &format!("{kept}_{}", spec.name), statement)
        };
        let joined = Step::always(
            Verb::Take,
            "queued_joined",
            without_comments(file!("take_joined")),
        );
        ENTITIES.iter().map(take).chain([joined]).collect()
    }

    /// The steps from the queued keys of second tables to those of the entities that they complete.
    fn follow_links(&self) -> Vec<Step> {
        let linked = ENTITIES
            .iter()
            .filter_map(|spec| Some((spec, self.links.get(spec.name)?)));
        let follow = |(spec, link_type): (&EntitySpec, &String)| {
            let values = [
                ("entity", spec.name.to_owned()),
                ("adapter", spec.adapter.to_owned()),
                ("column", queue_column(link_type).to_owned()),
                ("link", adapter::LINK.to_owned()),
            ];
            complete(&script::fill(file!("follow_link"), &values), &[], &[], &[])
        };
        linked.flat_map(follow).collect()
    }

    /// The type of an entity's key.
    fn key_type(&self, entity: Entity) -> &str {
        match entity {
            Entity::Order => &self.order,
            Entity::StockItem => &self.stock_item,
            Entity::Product => &self.product,
            Entity::Brand => &self.brand,
            Entity::Category => &self.category,
            Entity::Platform => &self.platform,
            Entity::Supplier => &self.supplier,
            Entity::Size => &self.size,
        }
    }
}

/// What the queue is called after that the keys of second tables are noted in, of all entities.
pub const JOINED: &str = "joined";

/// The table in `metabase_internal` that keys of an entity are noted in.
pub fn queue(entity: &str) -> String {
    format!("{entity}_queue")
}

/// All queues.
pub fn queues() -> impl Iterator<Item = String> {
    let entities = ENTITIES.iter().map(|spec| spec.name);
    entities.chain([JOINED]).map(queue)
}

/// The column of a queue that keys of a type stand in.
fn queue_column(key_type: &str) -> &'static str {
    match key_type {
        "uuid" => "key_uuid",
        "smallint" | "integer" | "bigint" => "key_integer",
        _ => "key_text",
    }
}

/// The statement that forgets all keys that are noted in a queue.
pub fn empty_queue_statement(queue: &str) -> String {
    format!("DELETE FROM metabase_internal.{queue}")
}

/// A script with all that it includes, and its placeholders filled.
fn complete(script: &str, merge: &[Step], recompute_groups: &[Step], values: &[(&str, String)]) -> Vec<Step> {
    script::parse(script)
        .into_iter()
        .flat_map(|part| match part {
            Part::Step(step) => vec![step],
            Part::Place(place) => match place.as_str() {
                "merge" => merge.to_vec(),
                "recompute_groups" => recompute_groups.to_vec(),
                place => complete(included(place), &[], &[], &[]),
            },
        })
        .map(|step| step.filled(values))
        .collect()
}

/// The script that a place includes.
fn included(place: &str) -> &'static str {
    match place {
        "include number_item_groups" => file!("number_item_groups"),
        "include number_sale_groups" => file!("number_sale_groups"),
        "include list_brands" => file!("list_brands"),
        _ => panic!("no script has a place that is called {place}: a test goes through all"),
    }
}

/// A query of a file, with where it reads from.
fn reading(file: &str, values: &[(&str, &str)]) -> String {
    let values: Vec<(&str, String)> = values
        .iter()
        .map(|(word, text)| (*word, (*text).to_owned()))
        .collect();
    script::fill(&without_comments(file), &values)
}
