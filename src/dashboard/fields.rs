//! What Metabase is told of the views' columns: it reads comments on tables, but not those on a materialized view's columns, and
//! guesses the rest from their names.

use serde::Serialize;

use super::catalog::DASHBOARDS;
use super::model::ColumnSettings;
use super::spec::FilterKind;

/// The body of `PUT /api/field/:id`.
#[derive(Serialize)]
pub struct FieldBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// NULL where it is none of those that Metabase guesses from its name, and not there where that is nobody's concern.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semantic_type: Option<Option<&'static str>>,
    /// How its values are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settings: Option<ColumnSettings>,
    /// `list` for the columns that filters offer the values of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_field_values: Option<&'static str>,
}

impl FieldBody {
    /// What there is to say of a column of one of the views.
    pub fn new(view: &str, column: &str, currency: &str, description: Option<String>) -> FieldBody {
        let meaning = Meaning::of(view, column);
        FieldBody {
            description,
            semantic_type: meaning.semantic_type(),
            settings: meaning.settings(currency),
            has_field_values: is_filtered(view, column).then_some("list"),
        }
    }
}

/// Whether a filter of a dashboard offers the values of a column.
fn is_filtered(view: &str, column: &str) -> bool {
    let name = format!("{view}.{column}");
    DASHBOARDS
        .iter()
        .flat_map(|dashboard| dashboard.filters)
        .any(|filter| filter.kind == FilterKind::Value && filter.columns.contains(&name.as_str()))
}

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// Tells the rows of its view apart.
    Key,
    /// An amount in the shop's currency.
    Amount,
    /// A percentage: 12.5 is 12.5 %.
    Percentage,
    /// How many there are of something.
    Quantity,
    /// A number of another kind.
    Number,
    Name,
    Category,
    Country,
    City,
    Email,
    Score,
    Created,
    Updated,
    /// What Metabase needs not be told about: dates, texts, keys of other views.
    Plain,
}

impl Meaning {
    fn of(view: &str, column: &str) -> Meaning {
        use Meaning::*;
        match (view, column) {
            ("metabase_product_performance", "product_id")
            | ("metabase_brand_analytics", "brand_id")
            | ("metabase_platform_performance", "platform_id")
            | ("metabase_inventory_status", "inventory_id")
            | ("metabase_supplier_performance", "supplier_id")
            | ("metabase_sales", "order_id") => Key,
            _ => match column {
                "total_revenue"
                | "total_net_proceeds"
                | "total_profit"
                | "total_fees"
                | "total_shipping"
                | "avg_order_value"
                | "avg_sale_price"
                | "min_sale_price"
                | "max_sale_price"
                | "price_volatility"
                | "total_fees_paid"
                | "avg_purchase_price"
                | "avg_price"
                | "min_order_value"
                | "max_order_value"
                | "avg_fee"
                | "avg_shipping"
                | "total_proceeds"
                | "purchase_price"
                | "gross_purchase_price"
                | "vat_amount"
                | "current_inventory_value"
                | "avg_shipping_cost"
                | "total_spent"
                | "total_revenue_generated"
                | "total_profit_generated"
                | "unsold_value"
                | "gross_sale"
                | "net_proceeds"
                | "net_profit"
                | "platform_fee"
                | "shipping_cost" => Amount,
                "avg_roi" | "roi" | "avg_fee_pct" | "avg_profit_margin" | "market_share_pct"
                | "sales_share_pct" | "sell_through_rate" => Percentage,
                "total_orders" | "active_days" | "units_sold" | "supplier_count" | "total_sales"
                | "product_variety" | "active_months" | "payouts_received" | "countries_served"
                | "cities_served" | "times_sold" | "platforms_used" | "unique_products" | "unique_brands"
                | "total_purchases" | "unsold_units" | "quantity" | "units_in_stock" | "units" => Quantity,
                "price_variance"
                | "sales_duration_days"
                | "avg_payout_days"
                | "days_in_stock"
                | "avg_days_to_sell"
                | "days_to_sell"
                | "payout_days" => Number,
                "product_name" => Name,
                "platform_name" | "platform_slug" | "category_name" | "brand_name" | "brand_segment"
                | "segment" | "price_tier" | "is_collaboration" | "target_demographic"
                | "parent_brand_name" | "price_positioning" | "volume_tier" | "inventory_status"
                | "condition" | "size" | "color" | "stock_category" | "supplier_name" | "is_in_stock"
                | "payout_received" => Category,
                "country" | "country_code" => Country,
                "city" => City,
                "contact_email" => Email,
                "rating" => Score,
                "created_at" => Created,
                "updated_at" => Updated,
                _ => Plain,
            },
        }
    }

    fn semantic_type(self) -> Option<Option<&'static str>> {
        Some(Some(match self {
            Meaning::Key => "type/PK",
            Meaning::Amount => "type/Currency",
            Meaning::Quantity => "type/Quantity",
            Meaning::Name => "type/Name",
            Meaning::Category => "type/Category",
            Meaning::Country => "type/Country",
            Meaning::City => "type/City",
            Meaning::Email => "type/Email",
            Meaning::Score => "type/Score",
            Meaning::Created => "type/CreationTimestamp",
            Meaning::Updated => "type/UpdatedTimestamp",
            // Metabase's own word for percentages is for ratios.
            Meaning::Percentage | Meaning::Number => return Some(None),
            Meaning::Plain => return None,
        }))
    }

    fn settings(self, currency: &str) -> Option<ColumnSettings> {
        match self {
            Meaning::Amount => Some(ColumnSettings {
                number_style: Some("currency".to_owned()),
                currency: Some(currency.to_owned()),
                currency_style: Some("symbol".to_owned()),
                ..ColumnSettings::default()
            }),
            Meaning::Percentage => Some(ColumnSettings {
                number_style: Some("decimal".to_owned()),
                suffix: Some(" %".to_owned()),
                ..ColumnSettings::default()
            }),
            // Or a name like "cost" or "price" would make it an amount.
            Meaning::Quantity | Meaning::Number => Some(ColumnSettings {
                number_style: Some("decimal".to_owned()),
                ..ColumnSettings::default()
            }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::catalog::VIEWS;

    #[test]
    fn only_dates_texts_and_keys_of_other_views_have_no_meaning() {
        let mut plain = Vec::new();
        for view in &VIEWS {
            for column in view.columns() {
                if Meaning::of(view.name, column) == Meaning::Plain {
                    plain.push(column);
                }
            }
        }
        plain.sort_unstable();
        plain.dedup();
        assert_eq!(
            plain,
            [
                "brand_id",
                "brand_list",
                "category_id",
                "first_order",
                "first_purchase",
                "first_sale",
                "first_sale_date",
                "last_order",
                "last_purchase",
                "last_sale",
                "last_sale_date",
                "last_sold_at",
                "payout_date",
                "phone",
                "platform_id",
                "platform_names",
                "product_id",
                "product_sku",
                "purchase_date",
                "sale_date",
                "sale_month",
                "sale_quarter",
                "sale_week",
                "sale_year",
                "sku",
                "sold_at",
                "stock_item_id",
                "supplier_id",
            ]
        );
    }
}
