//! The entities that the views are about, and the canonical columns that each adapter shows.
//!
//! This table is all that the extension knows of shops: which tables and columns to look for in a shop that has not
//! been mapped (`tables`, `names`, in order of preference), and what the adapters offer to the definitions.

/// What a shop keeps one table of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    Order,
    StockItem,
    Product,
    Brand,
    Category,
    Platform,
    Supplier,
    Size,
}

/// What the values of a canonical column are, which decides the source types that fit and the adapter's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// The entity's own key: uuid, an integer or text, whatever the shop uses.
    Id,
    /// The key of another entity.
    Reference(Entity),
    /// `text`
    Text,
    /// `numeric`
    Number,
    /// `integer`, and never NULL: a number of units.
    Units,
    /// `numeric`, in the shop's currency: where the entity has a currency, what is in another one is turned into it.
    Amount,
    /// `text`: the code of the currency that the entity's amounts are in. `day` is the column of the time that says of which day the rate is.
    Currency { day: &'static str },
    /// `boolean`
    Flag,
    /// `timestamptz`
    Time,
}

/// One canonical column.
#[derive(Debug)]
pub struct EntityColumn {
    pub name: &'static str,
    pub kind: ValueKind,
    /// Without it there is nothing to show; any other column may be missing and is NULL then, or one unit.
    pub required: bool,
    /// The names that it has in the layouts that need no mapping.
    pub names: &'static [&'static str],
    pub comment: &'static str,
}

/// One entity with its columns.
#[derive(Debug)]
pub struct EntitySpec {
    pub entity: Entity,
    /// How users write it.
    pub name: &'static str,
    /// The adapter's name in `metabase_internal`.
    pub adapter: &'static str,
    pub required: bool,
    /// The tables that it has in the layouts that need no mapping.
    pub tables: &'static [(&'static str, &'static str)],
    pub columns: &'static [EntityColumn],
    pub comment: &'static str,
}

/// A second table that some of an entity's columns are in, in the layouts that need no mapping.
#[derive(Debug)]
pub struct SecondTable {
    /// The names that it has.
    pub tables: &'static [(&'static str, &'static str)],
    /// The column of it that has the entity's key, where no foreign key says which.
    pub with_key: &'static str,
    /// The column of the entity's own table that has the key of the second, where no foreign key says which.
    pub with_its_key: &'static str,
    /// That key.
    pub its_key: &'static str,
}

impl Entity {
    pub fn spec(self) -> &'static EntitySpec {
        // The order of ENTITIES is that of the enum; a test holds them together.
        &ENTITIES[self as usize]
    }

    pub fn name(self) -> &'static str {
        self.spec().name
    }

    pub fn from_name(name: &str) -> Option<Entity> {
        ENTITIES
            .iter()
            .find(|spec| spec.name == name)
            .map(|spec| spec.entity)
    }
}

impl EntitySpec {
    pub fn second_table(&self) -> Option<&'static SecondTable> {
        (self.entity == Entity::Order).then_some(&SALES)
    }

    pub fn column(&self, name: &str) -> Option<&'static EntityColumn> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// The names of the adapters, as an argument of a query that is about them.
pub fn adapters() -> Vec<String> {
    ENTITIES.iter().map(|spec| spec.adapter.to_owned()).collect()
}

/// Schema and name of each table that the known layouts have.
pub fn known_names() -> impl Iterator<Item = (&'static str, &'static str)> {
    let second = ENTITIES.iter().filter_map(EntitySpec::second_table);
    let tables = ENTITIES.iter().map(|spec| spec.tables);
    tables
        .chain(second.map(|second| second.tables))
        .flatten()
        .copied()
}

const fn required(column: EntityColumn) -> EntityColumn {
    EntityColumn {
        required: true,
        ..column
    }
}

const fn column(
    name: &'static str,
    kind: ValueKind,
    names: &'static [&'static str],
    comment: &'static str,
) -> EntityColumn {
    EntityColumn {
        name,
        kind,
        required: false,
        names,
        comment,
    }
}

use ValueKind::{Amount, Currency, Flag, Id, Number, Reference, Text, Time, Units};

/// The sales, in the releases that keep them in another table than the orders.
static SALES: SecondTable = SecondTable {
    tables: &[("transactions", "transactions"), ("sales", "transactions")],
    with_key: "order_id",
    with_its_key: "transaction_id",
    its_key: "id",
};

pub static ENTITIES: [EntitySpec; 8] = [
    EntitySpec {
        entity: Entity::Order,
        name: "order",
        adapter: "orders",
        required: true,
        tables: &[
            ("transactions", "orders"),
            ("sales", "order"),
            ("sales", "orders"),
        ],
        comment: "The shop's orders, completed or not, one row an order.",
        columns: &[
            required(column("id", Id, &["id"], "Key of the order.")),
            column(
                "stock_item_id",
                Reference(Entity::StockItem),
                &["inventory_item_id", "stock_item_id", "stock_id"],
                "Key of the stock item that was sold.",
            ),
            column(
                "platform_id",
                Reference(Entity::Platform),
                &["platform_id", "marketplace_id"],
                "Key of the platform it was sold on.",
            ),
            column(
                "status",
                Text,
                &["status", "order_status"],
                "The shop's word for the state of the order.",
            ),
            column(
                "is_completed",
                Flag,
                &[],
                "Whether the sale counts: its status is one of the completed statuses, unless mapped otherwise.",
            ),
            required(column(
                "sold_at",
                Time,
                &["sold_at", "order_date"],
                "When it was sold.",
            )),
            required(column(
                "gross_sale",
                Amount,
                &["gross_sale", "sale_price"],
                "What the buyer paid, in the shop's currency.",
            )),
            column(
                "net_proceeds",
                Amount,
                &["net_proceeds"],
                "What the platform pays out, in the shop's currency.",
            ),
            column(
                "net_profit",
                Amount,
                &["net_profit"],
                "What is left after all costs, in the shop's currency.",
            ),
            column("roi", Number, &["roi"], "Return on investment, in percent."),
            column(
                "platform_fee",
                Amount,
                &["platform_fee"],
                "The platform's fee, in the shop's currency.",
            ),
            column(
                "shipping_cost",
                Amount,
                &["shipping_cost", "shipping_fee"],
                "Cost of shipping, in the shop's currency.",
            ),
            column(
                "payout_received",
                Flag,
                &["payout_received"],
                "Whether the platform has paid out.",
            ),
            column(
                "payout_date",
                Time,
                &["payout_date"],
                "When the platform paid out.",
            ),
            column(
                "country",
                Text,
                &["buyer_destination_country"],
                "Country that it was sent to, as the shop writes it.",
            ),
            column(
                "city",
                Text,
                &["buyer_destination_city"],
                "City that it was sent to, as the shop writes it.",
            ),
            column(
                "quantity",
                Units,
                &["quantity", "units", "qty"],
                "How many units were sold; 1 unless the shop says otherwise.",
            ),
            column(
                "is_gone",
                Flag,
                &[],
                "Whether its units have left the stock, also where the sale does not count: its status is one of the gone \
                 statuses, unless mapped otherwise.",
            ),
            column(
                "currency",
                Currency { day: "sold_at" },
                &["currency", "currency_code"],
                "Code of the currency that the shop has its amounts in.",
            ),
        ],
    },
    EntitySpec {
        entity: Entity::StockItem,
        name: "stock_item",
        adapter: "stock_items",
        required: true,
        tables: &[("products", "inventory"), ("inventory", "stock")],
        comment: "The shop's stock items, sold or not, one row an item.",
        columns: &[
            required(column("id", Id, &["id"], "Key of the stock item.")),
            required(column(
                "product_id",
                Reference(Entity::Product),
                &["product_id"],
                "Key of the product that it is a piece of.",
            )),
            column(
                "supplier_id",
                Reference(Entity::Supplier),
                &["supplier_id"],
                "Key of the supplier it was bought from.",
            ),
            column(
                "size_id",
                Reference(Entity::Size),
                &["size_id"],
                "Key of its size, in shops that keep a table of sizes.",
            ),
            column(
                "purchase_price",
                Amount,
                &["purchase_price"],
                "Net price that it was bought for, in the shop's currency.",
            ),
            column(
                "gross_purchase_price",
                Amount,
                &["gross_purchase_price"],
                "Gross price that it was bought for, in the shop's currency.",
            ),
            column(
                "vat_amount",
                Amount,
                &["vat_amount"],
                "VAT in the gross price, in the shop's currency.",
            ),
            column("purchase_date", Time, &["purchase_date"], "When it was bought."),
            column(
                "status",
                Text,
                &["status"],
                "The shop's word for the state of the item.",
            ),
            column(
                "condition",
                Text,
                &["condition"],
                "Condition, as the shop writes it.",
            ),
            column(
                "size",
                Text,
                &["size"],
                "Size, in shops that write it with the item.",
            ),
            column(
                "color",
                Text,
                &["color", "colour"],
                "Colour, as the shop writes it.",
            ),
            column(
                "created_at",
                Time,
                &["created_at"],
                "When the shop's row was made.",
            ),
            column(
                "updated_at",
                Time,
                &["updated_at"],
                "When the shop's row was last changed.",
            ),
            column(
                "quantity",
                Units,
                &["quantity", "units", "qty", "stock_quantity"],
                "How many units were bought; 1 unless the shop says otherwise.",
            ),
            column(
                "is_in_stock",
                Flag,
                &["is_in_stock", "in_stock"],
                "Whether any of it is there, where the shop says so; where it does not, false if its status is one of the gone \
                 statuses, else NULL: the orders tell.",
            ),
            column(
                "currency",
                Currency { day: "purchase_date" },
                &["currency", "currency_code"],
                "Code of the currency that the shop has its amounts in.",
            ),
        ],
    },
    EntitySpec {
        entity: Entity::Product,
        name: "product",
        adapter: "products",
        required: false,
        tables: &[("products", "products"), ("catalog", "product")],
        comment: "The shop's products.",
        columns: &[
            required(column("id", Id, &["id"], "Key of the product.")),
            column("sku", Text, &["sku"], "Stock keeping unit."),
            column("name", Text, &["name"], "Name of the product."),
            column(
                "brand_id",
                Reference(Entity::Brand),
                &["brand_id"],
                "Key of its brand.",
            ),
            column(
                "category_id",
                Reference(Entity::Category),
                &["category_id"],
                "Key of its category.",
            ),
        ],
    },
    EntitySpec {
        entity: Entity::Brand,
        name: "brand",
        adapter: "brands",
        required: false,
        tables: &[("core", "brands"), ("catalog", "brand")],
        comment: "The shop's brands.",
        columns: &[
            required(column("id", Id, &["id"], "Key of the brand.")),
            column("name", Text, &["name"], "Name of the brand."),
            column("segment", Text, &["segment"], "Market segment."),
            column("price_tier", Text, &["price_tier"], "Price tier."),
            column(
                "target_demographic",
                Text,
                &["target_demographic"],
                "Whom the brand is made for.",
            ),
            column(
                "is_collaboration",
                Flag,
                &["is_collaboration"],
                "Whether it is a collaboration.",
            ),
            column(
                "parent_brand_id",
                Reference(Entity::Brand),
                &["parent_brand_id"],
                "Key of the brand that a collaboration belongs to.",
            ),
        ],
    },
    EntitySpec {
        entity: Entity::Category,
        name: "category",
        adapter: "categories",
        required: false,
        tables: &[
            ("products", "categories"),
            ("core", "categories"),
            ("catalog", "category"),
        ],
        comment: "The shop's product categories.",
        columns: &[
            required(column("id", Id, &["id"], "Key of the category.")),
            column("name", Text, &["name"], "Name of the category."),
        ],
    },
    EntitySpec {
        entity: Entity::Platform,
        name: "platform",
        adapter: "platforms",
        required: false,
        tables: &[("core", "platforms"), ("platform", "marketplace")],
        comment: "The platforms that the shop sells on.",
        columns: &[
            required(column("id", Id, &["id"], "Key of the platform.")),
            column("name", Text, &["name"], "Name of the platform."),
            column(
                "slug",
                Text,
                &["slug"],
                "Short name of the platform, as in addresses.",
            ),
        ],
    },
    EntitySpec {
        entity: Entity::Supplier,
        name: "supplier",
        adapter: "suppliers",
        required: false,
        tables: &[("core", "suppliers"), ("supplier", "profile")],
        comment: "The shop's suppliers.",
        columns: &[
            required(column("id", Id, &["id"], "Key of the supplier.")),
            column(
                "name",
                Text,
                &["business_name", "name", "display_name"],
                "Name of the supplier.",
            ),
            column(
                "contact_email",
                Text,
                &["contact_email", "email"],
                "E-mail address of the supplier.",
            ),
            column("phone", Text, &["phone"], "Telephone number of the supplier."),
            column(
                "country",
                Text,
                &["country"],
                "Country of the supplier, as the shop writes it.",
            ),
            column(
                "rating",
                Number,
                &["rating"],
                "The shop's rating of the supplier.",
            ),
        ],
    },
    EntitySpec {
        entity: Entity::Size,
        name: "size",
        adapter: "sizes",
        required: false,
        tables: &[("core", "sizes"), ("catalog", "sizes"), ("products", "sizes")],
        comment: "The sizes of stock items, in shops that keep a table of them.",
        columns: &[
            required(column("id", Id, &["id"], "Key of the size.")),
            column(
                "value",
                Text,
                &["value"],
                "The size, as it is printed on the box.",
            ),
        ],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_entity_finds_its_own_spec() {
        for spec in &ENTITIES {
            assert_eq!(spec.entity.spec().name, spec.name);
            assert_eq!(Entity::from_name(spec.name), Some(spec.entity));
        }
        assert_eq!(Entity::from_name("customer"), None);
    }

    #[test]
    fn amounts_are_turned_into_the_shops_currency_by_the_day_of_a_time() {
        for spec in &ENTITIES {
            for column in spec.columns {
                if let Currency { day } = column.kind {
                    assert_eq!(spec.column(day).map(|column| column.kind), Some(Time));
                }
            }
            let has_amounts = spec.columns.iter().any(|column| column.kind == Amount);
            let currencies = spec
                .columns
                .iter()
                .filter(|column| matches!(column.kind, Currency { .. }));
            assert_eq!(currencies.count(), usize::from(has_amounts), "{}", spec.name);
        }
    }

    #[test]
    fn each_entity_has_a_required_key() {
        for spec in &ENTITIES {
            let id = spec.column("id").expect("every entity has an id");
            assert!(id.required && id.kind == ValueKind::Id);
        }
    }
}
