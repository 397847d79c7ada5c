//! The rollups: additive aggregates per group, as data, and the SQL that comes of it. Pure.
//!
//! One table says what is kept. From it come the columns of the rollups, the statements that fill them from all facts, and
//! those that bring them from one state of the facts to the next. These read a *change*: each fact that has changed, as it was
//! (w = -1) and as it is (w = 1). Sums and counts are added up with these weights. A distinct count changes where a pair of
//! group and value has come or gone, which the facts' indexes tell. A minimum or maximum is read again from the facts where
//! the fact that held it has gone.

use super::script::{self, Step, Verb, without_comments};

/// Facts of a month, looked up by time: no zone is further from UTC than a day, so a day more on both sides has them all.
macro_rules! concat_month {
    ($group:literal) => {
        concat!(
            "WHERE ",
            $group,
            "\n    AND f.sold_at >= (pair.v::timestamp AT TIME ZONE 'UTC') - interval '26 hours'",
            "\n    AND f.sold_at < ((pair.v + interval '1 month')::timestamp AT TIME ZONE 'UTC') + interval '26 hours'",
            "\n    AND date_trunc('month', f.sold_at AT TIME ZONE :zone)::date = pair.v"
        )
    };
}

/// What is kept of a group, under the name of its column or columns.
#[derive(Debug)]
pub enum Measure {
    /// `name`: how many facts fulfil a condition.
    Count {
        name: &'static str,
        filter: &'static str,
    },
    /// `name`: the sum of whole numbers, which are never NULL, of the facts that fulfil a condition.
    Total {
        name: &'static str,
        value: &'static str,
        filter: &'static str,
    },
    /// `name_sum` and `name_count`: sum and number of the values that are not NULL, of the facts that fulfil a condition.
    Sum {
        name: &'static str,
        value: &'static str,
        filter: &'static str,
    },
    /// `name_squares`: the sum of the values' squares.
    Squares { name: &'static str, value: &'static str },
    /// `name`: the lowest or highest value.
    Extreme {
        name: &'static str,
        kind: Extreme,
        sql_type: &'static str,
        value: &'static str,
        recompute: Recompute,
    },
    /// `name`: how many different values there are. The pairs that have come or gone are kept as rows named `pairs`.
    Distinct {
        name: &'static str,
        pairs: &'static str,
        value: &'static str,
        /// What follows `FROM facts AS f` to find those of the group `pair.g` and the value `pair.v` by an index.
        has: &'static str,
    },
}

/// Which end of the values.
#[derive(Clone, Copy, Debug)]
pub enum Extreme {
    Min,
    Max,
}

/// Where an extreme is read again from once the fact that held it has gone.
#[derive(Clone, Copy, Debug)]
pub enum Recompute {
    /// From the facts of the group.
    Facts,
    /// From the facts of the group, which is a day.
    FactsOfDay,
    /// From the days of the group, which is a platform.
    Days(&'static str),
    /// From the products of the group, which is a brand.
    Products(&'static str),
}

/// Which facts a rollup is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    Sale,
    Item,
    /// Stock items with what is left of them, which changes by sales, too.
    Stock,
}

impl Fact {
    fn table(self) -> &'static str {
        match self {
            Fact::Sale => "metabase_internal.sale_fact",
            Fact::Item | Fact::Stock => "metabase_internal.item_fact",
        }
    }

    /// The rows that say what has changed.
    pub fn change(self) -> &'static str {
        match self {
            Fact::Sale => "sale_change",
            Fact::Item => "item_change",
            Fact::Stock => "stock_change",
        }
    }

    /// What has gone and had a number that is not finite.
    fn not_finite(self) -> &'static str {
        match self {
            Fact::Sale => "sale_not_finite",
            Fact::Item => "item_not_finite",
            Fact::Stock => "stock_not_finite",
        }
    }
}

/// A rollup of one kind of facts. Several of them may share a table, for groups that have several kinds.
#[derive(Debug)]
pub struct Rollup {
    pub table: &'static str,
    pub fact: Fact,
    /// Column of the rollup, and what it is of a fact `f`.
    pub group: &'static [(&'static str, &'static str)],
    pub measures: &'static [Measure],
}

/// The condition that all facts fulfil.
const ALL: &str = "true";

const fn count(name: &'static str) -> Measure {
    Measure::Count { name, filter: ALL }
}

const fn total(name: &'static str, value: &'static str) -> Measure {
    Measure::Total {
        name,
        value,
        filter: ALL,
    }
}

const fn sum(name: &'static str, value: &'static str) -> Measure {
    Measure::Sum {
        name,
        value,
        filter: ALL,
    }
}

const fn min(
    name: &'static str,
    sql_type: &'static str,
    value: &'static str,
    recompute: Recompute,
) -> Measure {
    Measure::Extreme {
        name,
        kind: Extreme::Min,
        sql_type,
        value,
        recompute,
    }
}

const fn max(
    name: &'static str,
    sql_type: &'static str,
    value: &'static str,
    recompute: Recompute,
) -> Measure {
    Measure::Extreme {
        name,
        kind: Extreme::Max,
        sql_type,
        value,
        recompute,
    }
}

const TIME: &str = "timestamptz";
const MONEY: &str = "numeric";

const GROSS: &str = "f.gross_sale";
const UNITS: &str = "f.units";
const SOLD_AT: &str = "f.sold_at";

/// The day of a fact `f`.
pub const DAY: &str = "coalesce((f.sold_at AT TIME ZONE :zone)::date, '-infinity')";
const MONTH: &str = "date_trunc('month', f.sold_at AT TIME ZONE :zone)::date";

/// How many units of a stock item `f` are in stock.
macro_rules! units_in_stock {
    () => {
        "metabase_internal.units_in_stock(f.quantity, f.units_sold + f.units_departed, f.is_in_stock)"
    };
}

/// All rollups, in the order that they are merged in: days before the platforms that read them, products before brands.
pub static ROLLUPS: [Rollup; 8] = [
    Rollup {
        table: "day_rollup",
        fact: Fact::Sale,
        group: &[("platform", "f.platform"), ("day", DAY)],
        measures: &[
            count("orders"),
            sum("gross_sale", GROSS),
            sum("net_proceeds", "f.net_proceeds"),
            sum("net_profit", "f.net_profit"),
            sum("platform_fee", "f.platform_fee"),
            sum("shipping_cost", "f.shipping_cost"),
            sum("roi", "f.roi"),
            min("first_sale", TIME, SOLD_AT, Recompute::FactsOfDay),
            max("last_sale", TIME, SOLD_AT, Recompute::FactsOfDay),
            min("min_gross_sale", MONEY, GROSS, Recompute::FactsOfDay),
            max("max_gross_sale", MONEY, GROSS, Recompute::FactsOfDay),
        ],
    },
    Rollup {
        table: "product_rollup",
        fact: Fact::Sale,
        group: &[("id", "f.product")],
        measures: &[
            count("orders"),
            sum("gross_sale", GROSS),
            Measure::Squares {
                name: "gross_sale",
                value: GROSS,
            },
            sum("net_profit", "f.net_profit"),
            sum("roi", "f.roi"),
            sum("platform_fee", "f.platform_fee"),
            total("units", UNITS),
            // Each unit has cost that much.
            sum("purchase_price", "f.purchase_price * f.units"),
            Measure::Total {
                name: "priced_units",
                value: UNITS,
                filter: "f.purchase_price IS NOT NULL",
            },
            Measure::Distinct {
                name: "suppliers",
                pairs: "product_suppliers",
                value: "f.supplier",
                has: "WHERE f.product = pair.g\n    AND f.supplier = pair.v",
            },
            min("min_gross_sale", MONEY, GROSS, Recompute::Facts),
            max("max_gross_sale", MONEY, GROSS, Recompute::Facts),
            min("first_sale", TIME, SOLD_AT, Recompute::Facts),
            max("last_sale", TIME, SOLD_AT, Recompute::Facts),
        ],
    },
    Rollup {
        table: "brand_rollup",
        fact: Fact::Sale,
        group: &[("id", "f.brand")],
        measures: &[
            count("orders"),
            sum("gross_sale", GROSS),
            Measure::Squares {
                name: "gross_sale",
                value: GROSS,
            },
            sum("net_profit", "f.net_profit"),
            sum("roi", "f.roi"),
            Measure::Distinct {
                name: "products",
                pairs: "brand_products",
                value: "f.product",
                // The sales of a product are all of one brand.
                has: "WHERE f.product = pair.v\n    AND f.brand = pair.g",
            },
            Measure::Distinct {
                name: "months",
                pairs: "brand_months",
                value: MONTH,
                // The sales of a brand are those of its products, joined so that reading stops at the first ones.
                has: concat!(
                    "JOIN metabase_internal.product_rollup AS p ON p.id = f.product\n",
                    "JOIN metabase_internal.brand_rollup AS b ON b.brand_id = p.brand_id\n",
                    concat_month!("b.id = pair.g")
                ),
            },
            min("first_sale", TIME, SOLD_AT, Recompute::Products("first_sale")),
            max("last_sale", TIME, SOLD_AT, Recompute::Products("last_sale")),
        ],
    },
    Rollup {
        table: "platform_rollup",
        fact: Fact::Sale,
        group: &[("id", "f.platform")],
        measures: &[
            count("orders"),
            sum("gross_sale", GROSS),
            sum("platform_fee", "f.platform_fee"),
            sum(
                "fee_pct",
                "round(f.platform_fee / nullif(f.gross_sale, 0) * 100, 16)",
            ),
            sum("shipping_cost", "f.shipping_cost"),
            sum("net_proceeds", "f.net_proceeds"),
            sum("net_profit", "f.net_profit"),
            sum("roi", "f.roi"),
            sum(
                "margin",
                "round(f.net_profit / nullif(f.gross_sale, 0) * 100, 16)",
            ),
            Measure::Count {
                name: "payouts",
                filter: "f.payout_received",
            },
            sum("payout_seconds", "extract(epoch FROM f.payout_date - f.sold_at)"),
            Measure::Distinct {
                name: "months",
                pairs: "platform_months",
                value: MONTH,
                has: concat_month!("f.platform = pair.g"),
            },
            min("first_sale", TIME, SOLD_AT, Recompute::Facts),
            max("last_sale", TIME, SOLD_AT, Recompute::Facts),
            min("min_gross_sale", MONEY, GROSS, Recompute::Days("min_gross_sale")),
            max("max_gross_sale", MONEY, GROSS, Recompute::Days("max_gross_sale")),
        ],
    },
    Rollup {
        table: "place_rollup",
        fact: Fact::Sale,
        group: &[("id", "f.place")],
        measures: &[
            count("orders"),
            sum("gross_sale", GROSS),
            sum("net_profit", "f.net_profit"),
            sum("roi", "f.roi"),
            sum("shipping_cost", "f.shipping_cost"),
            Measure::Distinct {
                name: "months",
                pairs: "place_months",
                value: MONTH,
                has: concat_month!("f.place = pair.g"),
            },
            Measure::Distinct {
                name: "products",
                pairs: "place_products",
                value: "f.product",
                has: "WHERE f.place = pair.g\n    AND f.product = pair.v",
            },
            Measure::Distinct {
                name: "brands",
                pairs: "place_brands",
                value: "f.brand",
                has: "WHERE f.place = pair.g\n    AND f.brand = pair.v",
            },
            min("first_sale", TIME, SOLD_AT, Recompute::Facts),
            max("last_sale", TIME, SOLD_AT, Recompute::Facts),
        ],
    },
    Rollup {
        table: "supplier_rollup",
        fact: Fact::Sale,
        group: &[("id", "f.supplier")],
        measures: &[
            count("orders"),
            sum("gross_sale", GROSS),
            sum("net_profit", "f.net_profit"),
            sum("roi", "f.roi"),
            total("units_sold", UNITS),
            sum("sell_seconds", "extract(epoch FROM f.sold_at - f.purchase_date)"),
        ],
    },
    Rollup {
        table: "supplier_rollup",
        fact: Fact::Item,
        group: &[("id", "f.supplier")],
        measures: &[
            count("items"),
            total("units", "f.quantity"),
            sum("spent", "f.price * f.quantity"),
            Measure::Total {
                name: "priced_units",
                value: "f.quantity",
                filter: "f.price IS NOT NULL",
            },
            Measure::Distinct {
                name: "products",
                pairs: "supplier_products",
                value: "f.product",
                has: "WHERE f.supplier = pair.g\n    AND f.product = pair.v",
            },
            Measure::Distinct {
                name: "brands",
                pairs: "supplier_brands",
                value: "f.brand",
                has: "WHERE f.supplier = pair.g\n    AND f.brand = pair.v",
            },
            min("first_purchase", TIME, "f.purchase_date", Recompute::Facts),
            max("last_purchase", TIME, "f.purchase_date", Recompute::Facts),
        ],
    },
    Rollup {
        table: "supplier_rollup",
        fact: Fact::Stock,
        group: &[("id", "f.supplier")],
        measures: &[
            total("units_sold_through", "least(f.units_sold, f.quantity)"),
            total("units_in_stock", units_in_stock!()),
            Measure::Sum {
                name: "stock_value",
                value: concat!("f.price * ", units_in_stock!()),
                filter: concat!(units_in_stock!(), " > 0"),
            },
        ],
    },
];

/// Pairs that no rollup counts by itself: what depends on them stands in sql/incremental/apply.sql.
static PAIRS_OF_PLACES_AND_PLATFORMS: Pairs = Pairs {
    name: "place_platforms",
    fact: Fact::Sale,
    group: "f.place",
    value: "f.platform",
    has: "WHERE f.place = pair.g\n    AND f.platform = pair.v",
};

/// Pairs of a group and a value, of which it matters whether there are any facts.
struct Pairs {
    name: &'static str,
    fact: Fact,
    group: &'static str,
    value: &'static str,
    has: &'static str,
}

/// The columns of a table's measures, as CREATE TABLE has them.
pub fn columns(table: &str) -> String {
    let definitions: Vec<String> = ROLLUPS
        .iter()
        .filter(|rollup| rollup.table == table)
        .flat_map(|rollup| rollup.measures)
        .flat_map(|measure| match measure {
            Measure::Count { name, .. } | Measure::Total { name, .. } | Measure::Distinct { name, .. } => {
                vec![format!("{name} bigint NOT NULL DEFAULT 0")]
            }
            Measure::Sum { name, .. } => vec![
                format!("{name}_sum numeric NOT NULL DEFAULT 0"),
                format!("{name}_count bigint NOT NULL DEFAULT 0"),
            ],
            Measure::Squares { name, .. } => vec![format!("{name}_squares numeric NOT NULL DEFAULT 0")],
            Measure::Extreme { name, sql_type, .. } => vec![format!("{name} {sql_type}")],
        })
        .collect();
    definitions.join(",\n    ")
}

/// The statements that fill the rollups, whose groups are there already, from all facts.
pub fn build() -> Vec<Step> {
    ROLLUPS
        .iter()
        .map(|rollup| Step::always(Verb::Run, "", rollup.build()))
        .collect()
}

/// The statements that bring the rollups to where the facts are, once these have been written.
pub fn merge() -> Vec<Step> {
    let mut steps = vec![PAIRS_OF_PLACES_AND_PLATFORMS.step()];
    for rollup in &ROLLUPS {
        steps.extend(rollup.pairs().map(|(_, pairs)| pairs.step()));
        steps.push(Step::run(rollup.fact.change(), rollup.merge()));
    }
    steps
}

/// The statements that recompute groups from the facts where a sum cannot be updated (NaN), after all else.
pub fn recompute_groups() -> Vec<Step> {
    ROLLUPS
        .iter()
        .map(|rollup| Step::run(rollup.fact.not_finite(), rollup.recompute_groups()))
        .collect()
}

impl Pairs {
    /// The pairs that have come or gone: they had facts before the change and have none after it, or the reverse.
    ///
    /// A pair that gained facts and lost none is new if it has no more facts than it gained.
    fn step(&self) -> Step {
        let Pairs {
            group, value, has, ..
        } = self;
        let (change, facts) = (self.fact.change(), self.fact.table());
        let values = [
            ("group", (*group).to_owned()),
            ("value", (*value).to_owned()),
            ("has", (*has).to_owned()),
            ("change", change.to_owned()),
            ("facts", facts.to_owned()),
        ];
        let template = include_str!("../../sql/incremental/pairs.sql");
        let statement = script::fill(&without_comments(template), &values);
        Step::keep(self.name, change, statement)
    }
}

impl Rollup {
    /// Each distinct count with its pairs.
    fn pairs(&self) -> impl Iterator<Item = (&'static str, Pairs)> {
        let (fact, group) = (self.fact, self.group[0].1);
        self.measures.iter().filter_map(move |measure| match measure {
            Measure::Distinct {
                name,
                pairs,
                value,
                has,
            } => Some((
                *name,
                Pairs {
                    name: pairs,
                    fact,
                    group,
                    value,
                    has,
                },
            )),
            _ => None,
        })
    }

    /// The group's columns of the facts, for SELECT.
    fn selected_group(&self) -> String {
        let columns: Vec<String> = self
            .group
            .iter()
            .map(|(column, value)| format!("        {value} AS {column}"))
            .collect();
        columns.join(",\n")
    }

    fn group_by(&self) -> String {
        let positions: Vec<String> = (1..=self.group.len())
            .map(|position| position.to_string())
            .collect();
        positions.join(", ")
    }

    /// The condition that a rollup's row `r` is that of the group `d`.
    fn same_group(&self) -> String {
        let columns: Vec<String> = self
            .group
            .iter()
            .map(|(column, _)| format!("r.{column} = d.{column}"))
            .collect();
        columns.join(" AND ")
    }

    fn update(&self, set: &[String], aggregates: &[String], from: &str, joins: &str) -> String {
        let Rollup { table, .. } = self;
        format!(
            "UPDATE metabase_internal.{table} AS r
SET
    {}
FROM (
    SELECT
{},
        {}
    FROM {from} AS f
    WHERE {} IS NOT NULL
    GROUP BY {}
) AS d
{joins}WHERE {}",
            set.join(",\n    "),
            self.selected_group(),
            aggregates.join(",\n        "),
            self.group[0].1,
            self.group_by(),
            self.same_group(),
        )
    }

    /// Each column with its aggregate over facts, and what it is where there are none, unless that is NULL.
    fn aggregates(&self) -> Vec<(String, String, Option<&'static str>)> {
        let column = |column: String, aggregate: String| (column, aggregate, Some("0"));
        self.measures
            .iter()
            .flat_map(|measure| match measure {
                Measure::Count { name, filter } => {
                    vec![column((*name).to_owned(), filtered("count(*)", &[filter]))]
                }
                Measure::Total { name, value, filter } => vec![column(
                    (*name).to_owned(),
                    format!("coalesce({}, 0)", filtered(&format!("sum({value})"), &[filter])),
                )],
                Measure::Sum { name, value, filter } => vec![
                    column(
                        format!("{name}_sum"),
                        format!("coalesce({}, 0)", filtered(&format!("sum({value})"), &[filter])),
                    ),
                    column(
                        format!("{name}_count"),
                        filtered(&format!("count({value})"), &[filter]),
                    ),
                ],
                Measure::Squares { name, value } => vec![column(
                    format!("{name}_squares"),
                    format!("coalesce(sum({value} * {value}), 0)"),
                )],
                Measure::Extreme {
                    name, kind, value, ..
                } => vec![((*name).to_owned(), format!("{}({value})", kind.aggregate()), None)],
                Measure::Distinct { name, value, .. } => {
                    vec![column((*name).to_owned(), format!("count(DISTINCT {value})"))]
                }
            })
            .collect()
    }

    fn build(&self) -> String {
        let columns = self.aggregates();
        let set: Vec<String> = columns
            .iter()
            .map(|(column, ..)| format!("{column} = d.{column}"))
            .collect();
        let aggregates: Vec<String> = columns
            .iter()
            .map(|(column, aggregate, _)| format!("{aggregate} AS {column}"))
            .collect();
        self.update(&set, &aggregates, self.fact.table(), "")
    }

    /// Reads the groups again that have lost a number that is not finite: it cannot be taken out of a sum.
    fn recompute_groups(&self) -> String {
        let Rollup {
            table, fact, group, ..
        } = self;
        let columns = self.aggregates();
        let set: Vec<String> = columns
            .iter()
            .map(|(column, _, none)| match none {
                Some(none) => format!("{column} = coalesce(d.{column}, {none})"),
                None => format!("{column} = d.{column}"),
            })
            .collect();
        let aggregates: Vec<String> = columns
            .iter()
            .map(|(column, aggregate, _)| format!("{aggregate} AS {column}"))
            .collect();
        let same: Vec<String> = group
            .iter()
            .map(|(column, _)| format!("d.{column} = lost.{column}"))
            .collect();
        let first = group[0].1;
        format!(
            "UPDATE metabase_internal.{table} AS r
SET
    {}
FROM (
    SELECT DISTINCT
{}
    FROM {} AS f
    WHERE {first} IS NOT NULL
) AS lost
LEFT JOIN (
    SELECT
{},
        {}
    FROM {} AS f
    WHERE {first} IN (SELECT {first} FROM {} AS f)
    GROUP BY {}
) AS d ON {}
WHERE {}",
            set.join(",\n    "),
            self.selected_group(),
            fact.not_finite(),
            self.selected_group(),
            aggregates.join(",\n        "),
            fact.table(),
            fact.not_finite(),
            self.group_by(),
            same.join(" AND "),
            self.same_group().replace("d.", "lost."),
        )
    }

    fn merge(&self) -> String {
        let mut set = Vec::new();
        let mut aggregates = Vec::new();
        let mut joins = String::new();
        for measure in self.measures {
            match measure {
                Measure::Count { name, filter } => {
                    set.push(format!("{name} = r.{name} + d.{name}"));
                    aggregates.push(format!(
                        "{}\n            - {} AS {name}",
                        filtered("count(*)", &["f.w > 0", filter]),
                        filtered("count(*)", &["f.w < 0", filter])
                    ));
                }
                Measure::Total { name, value, filter } => {
                    set.push(format!("{name} = r.{name} + d.{name}"));
                    aggregates.push(format!("{} AS {name}", weighted("sum", value, filter)));
                }
                Measure::Sum { name, value, filter } => {
                    set.push(format!("{name}_sum = r.{name}_sum + d.{name}_sum"));
                    set.push(format!("{name}_count = r.{name}_count + d.{name}_count"));
                    aggregates.push(format!("{} AS {name}_sum", weighted("sum", value, filter)));
                    aggregates.push(format!("{} AS {name}_count", weighted("count", value, filter)));
                }
                Measure::Squares { name, value } => {
                    set.push(format!("{name}_squares = r.{name}_squares + d.{name}_squares"));
                    aggregates.push(format!(
                        "{} AS {name}_squares",
                        weighted("sum", &format!("{value} * {value}"), ALL)
                    ));
                }
                Measure::Extreme {
                    name,
                    kind,
                    value,
                    recompute,
                    ..
                } => {
                    let aggregate = kind.aggregate();
                    aggregates.push(format!(
                        "{aggregate}({value}) FILTER (WHERE f.w > 0) AS {name}_come"
                    ));
                    aggregates.push(format!(
                        "{aggregate}({value}) FILTER (WHERE f.w < 0) AS {name}_gone"
                    ));
                    set.push(self.extreme(name, *kind, value, *recompute));
                }
                Measure::Distinct { name, pairs, .. } => {
                    joins += &format!(
                        "LEFT JOIN (
    SELECT
        g,
        count(*) FILTER (WHERE appeared) - count(*) FILTER (WHERE NOT appeared) AS more
    FROM {pairs}
    GROUP BY g
) AS {pairs} ON {pairs}.g = d.{}
",
                        self.group[0].0
                    );
                    set.push(format!("{name} = r.{name} + coalesce({pairs}.more, 0)"));
                }
            }
        }
        self.update(&set, &aggregates, self.fact.change(), &joins)
    }

    /// An extreme stays, or gives way to a fact that has come, unless the fact that held it has gone and none that is as far
    /// out has come.
    fn extreme(&self, name: &str, kind: Extreme, value: &str, recompute: Recompute) -> String {
        let (further, further_or_same, nearer) = match kind {
            Extreme::Min => ("least", "<=", ">"),
            Extreme::Max => ("greatest", ">=", "<"),
        };
        format!(
            "{name} = CASE
        WHEN d.{name}_gone IS NULL
            OR d.{name}_gone {nearer} r.{name}
            OR d.{name}_come {further_or_same} d.{name}_gone
            THEN {further}(r.{name}, d.{name}_come)
        ELSE {}
    END",
            self.recompute(kind, value, recompute)
        )
    }

    fn recompute(&self, kind: Extreme, value: &str, recompute: Recompute) -> String {
        let (aggregate, facts) = (kind.aggregate(), self.fact.table());
        match recompute {
            Recompute::Facts => format!(
                "(SELECT {aggregate}({value}) FROM {facts} AS f WHERE {} = r.id)",
                self.group[0].1
            ),
            Recompute::FactsOfDay => format!(
                "CASE
            WHEN r.day = '-infinity'
                THEN (SELECT {aggregate}({value}) FROM {facts} AS f WHERE f.platform = r.platform AND f.sold_at IS NULL)
            ELSE (
                SELECT {aggregate}({value})
                FROM {facts} AS f
                WHERE f.platform = r.platform
                    AND f.sold_at >= (r.day::timestamp AT TIME ZONE 'UTC') - interval '26 hours'
                    AND f.sold_at < (r.day::timestamp AT TIME ZONE 'UTC') + interval '50 hours'
                    AND {DAY} = r.day
            )
        END"
            ),
            Recompute::Products(column) => format!(
                "(SELECT {aggregate}(x.{column}) FROM metabase_internal.product_rollup AS x WHERE x.brand_id = r.brand_id)"
            ),
            Recompute::Days(column) => format!(
                "(SELECT {aggregate}(x.{column}) FROM metabase_internal.day_rollup AS x WHERE x.platform = r.id)"
            ),
        }
    }
}

impl Extreme {
    fn aggregate(self) -> &'static str {
        match self {
            Extreme::Min => "min",
            Extreme::Max => "max",
        }
    }
}

/// The change of an aggregate: over the facts with weight 1, minus over those with weight -1.
fn weighted(aggregate: &str, value: &str, filter: &str) -> String {
    let call = format!("{aggregate}({value})");
    format!(
        "coalesce({}, 0)\n            - coalesce({}, 0)",
        filtered(&call, &["f.w > 0", filter]),
        filtered(&call, &["f.w < 0", filter])
    )
}

/// An aggregate over the facts that fulfil all conditions.
fn filtered(aggregate: &str, conditions: &[&str]) -> String {
    let conditions: Vec<&str> = conditions
        .iter()
        .filter(|condition| **condition != ALL)
        .copied()
        .collect();
    match conditions.is_empty() {
        true => aggregate.to_owned(),
        false => format!("{aggregate} FILTER (WHERE {})", conditions.join(" AND ")),
    }
}
