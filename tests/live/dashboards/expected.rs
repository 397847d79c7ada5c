//! What each card has to show, worked out from what its title and description say, over the shop's own rows as shop.sql lays
//! them out. None of this reads the seven views.

/// A card and what it has to show.
pub struct Expected {
    pub dashboard: &'static str,
    pub card: &'static str,
    pub sql: &'static str,
    /// How far a number may be off: a mean of means that were rounded to 4 decimals, each with the weight of its orders or
    /// payouts, is off by as much as these were, and by as much again where it is rounded itself.
    pub tolerance: f64,
}

const fn exactly(dashboard: &'static str, card: &'static str, sql: &'static str) -> Expected {
    Expected {
        dashboard,
        card,
        sql,
        tolerance: 0.0,
    }
}

const fn about(dashboard: &'static str, card: &'static str, sql: &'static str) -> Expected {
    Expected {
        dashboard,
        card,
        sql,
        tolerance: 0.000_101,
    }
}

pub const EXPECTED: [Expected; 31] = [
    exactly(
        "executive",
        "total_revenue",
        "WITH months AS (
             SELECT (max(month) - ago * interval '1 month')::date AS month
             FROM sale, generate_series(0, 1) AS ago
             WHERE pg_temp.in_period(day)
             GROUP BY ago
         )
         SELECT month, coalesce(sum(gross_sale), 0)
         FROM months LEFT JOIN sale USING (month)
         WHERE month IS NOT NULL
         GROUP BY month
         ORDER BY month",
    ),
    exactly(
        "executive",
        "total_profit",
        "WITH months AS (
             SELECT (max(month) - ago * interval '1 month')::date AS month
             FROM sale, generate_series(0, 1) AS ago
             WHERE pg_temp.in_period(day)
             GROUP BY ago
         )
         SELECT month, coalesce(sum(net_profit), 0)
         FROM months LEFT JOIN sale USING (month)
         WHERE month IS NOT NULL
         GROUP BY month
         ORDER BY month",
    ),
    about(
        "executive",
        "avg_roi",
        "SELECT avg(roi_or_mean_of_day) FROM sale WHERE pg_temp.in_period(day)",
    ),
    exactly(
        "executive",
        "active_orders",
        "SELECT count(*) FROM sale WHERE pg_temp.in_period(day)",
    ),
    exactly(
        "executive",
        "revenue_trend",
        "WITH months AS (
             SELECT (max(month) - ago * interval '1 month')::date AS month
             FROM sale, generate_series(0, 11) AS ago
             WHERE pg_temp.in_period(day)
             GROUP BY ago
         )
         SELECT month, coalesce(sum(gross_sale), 0), coalesce(sum(net_profit), 0)
         FROM months LEFT JOIN sale USING (month)
         WHERE month IS NOT NULL
         GROUP BY month
         ORDER BY month",
    ),
    exactly(
        "executive",
        "platform_performance",
        "SELECT coalesce(platform, 'No platform') AS name, sum(gross_sale) AS revenue, sum(net_profit)
         FROM sale
         WHERE pg_temp.in_period(day)
         GROUP BY name
         ORDER BY revenue DESC NULLS LAST, name",
    ),
    exactly(
        "executive",
        "top_products",
        "SELECT product, brand, count(*), sum(gross_sale) AS revenue, round(avg(gross_sale), 4), sum(net_profit),
             round(avg(roi), 4)
         FROM sale
         WHERE product_id IS NOT NULL
         GROUP BY product_id, product, brand
         ORDER BY revenue DESC NULLS LAST, product_id
         LIMIT 10",
    ),
    exactly(
        "executive",
        "sales_by_country",
        "SELECT country_code, sum(gross_sale) AS revenue, count(*)
         FROM sale
         WHERE country_code IS NOT NULL
         GROUP BY country_code
         ORDER BY revenue DESC NULLS LAST, country_code",
    ),
    exactly(
        "product_analytics",
        "top_products_by_revenue",
        "WITH best AS (
             SELECT coalesce(product, sku, 'Unnamed product') AS name, sku, product_id, sum(revenue) AS revenue
             FROM item
             WHERE units > 0 AND pg_temp.in_period(last_day) AND pg_temp.is_chosen('brand', brand)
             GROUP BY product, sku, product_id
             ORDER BY revenue DESC NULLS LAST, name, product_id
             LIMIT 10
         )
         SELECT CASE WHEN count(*) OVER (PARTITION BY name) = 1 THEN name ELSE name || ' · ' || sku END AS bar, revenue
         FROM best
         ORDER BY revenue DESC NULLS LAST, bar",
    ),
    exactly(
        "product_analytics",
        "top_products_by_units",
        "WITH best AS (
             SELECT coalesce(product, sku, 'Unnamed product') AS name, sku, product_id, sum(units) AS units
             FROM item
             WHERE units > 0 AND pg_temp.in_period(last_day) AND pg_temp.is_chosen('brand', brand)
             GROUP BY product, sku, product_id
             ORDER BY units DESC, name, product_id
             LIMIT 10
         )
         SELECT CASE WHEN count(*) OVER (PARTITION BY name) = 1 THEN name ELSE name || ' · ' || sku END AS bar, units
         FROM best
         ORDER BY units DESC, bar",
    ),
    exactly(
        "product_analytics",
        "brand_performance",
        "SELECT coalesce(brand, 'No brand') AS name, sum(revenue) AS revenue
         FROM item
         WHERE units > 0 AND pg_temp.in_period(last_day) AND pg_temp.is_chosen('brand', brand)
         GROUP BY name
         ORDER BY revenue DESC NULLS LAST, name",
    ),
    exactly(
        "product_analytics",
        "category_distribution",
        "SELECT coalesce(category, 'No category') AS name, sum(units) AS units
         FROM item
         WHERE units > 0 AND pg_temp.in_period(last_day) AND pg_temp.is_chosen('brand', brand)
         GROUP BY name
         ORDER BY units DESC, name",
    ),
    exactly(
        "product_analytics",
        "product_performance",
        "SELECT product, sku, brand, category, count(*), sum(gross_sale) AS revenue, round(avg(gross_sale), 4),
             min(gross_sale), max(gross_sale), round(stddev_samp(gross_sale), 4), sum(net_profit), round(avg(roi), 4),
             sum(platform_fee), round(avg(purchase_price), 4), count(DISTINCT supplier_id), max(sold_at)
         FROM sale
         WHERE product_id IS NOT NULL AND pg_temp.is_chosen('brand', brand)
         GROUP BY product_id, product, sku, brand, category
         ORDER BY revenue DESC NULLS LAST, product_id
         LIMIT 2000",
    ),
    // The narrowest of the classes 1, 2, 5, 10, … wide of which fifteen reach to the price that one item in twenty exceeds; the
    // thirty-first has all that is dearer, too.
    exactly(
        "product_analytics",
        "price_distribution",
        "WITH sold AS (
             SELECT revenue / units AS price, units
             FROM item
             WHERE units > 0 AND revenue > 0 AND pg_temp.in_period(last_day) AND pg_temp.is_chosen('brand', brand)
         ),
         class AS (
             SELECT min(digit * power(10::numeric, places)) AS width
             FROM unnest(ARRAY[1, 2, 5]) AS digit, generate_series(-6, 6) AS places,
                 (SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY price) AS high FROM sold) AS price
             WHERE 15 * digit * power(10::numeric, places) >= high
         )
         SELECT least(floor(price / width), 30) * width AS lower_end, sum(units)
         FROM sold, class
         GROUP BY lower_end
         ORDER BY lower_end",
    ),
    exactly(
        "product_analytics",
        "sell_through_by_brand",
        "WITH biggest AS (
             SELECT coalesce(brand, 'No brand') AS name, count(*) AS items, count(*) FILTER (WHERE units > 0) AS sold
             FROM item
             WHERE pg_temp.is_chosen('brand', brand)
             GROUP BY name
             ORDER BY items DESC, name
             LIMIT 20
         )
         SELECT name, round(100 * sold::numeric / items, 2) AS rate FROM biggest ORDER BY rate DESC, name",
    ),
    exactly(
        "platform_performance",
        "total_orders",
        "SELECT count(*) FROM sale WHERE pg_temp.in_period(day) AND pg_temp.is_chosen('platform', platform)",
    ),
    exactly(
        "platform_performance",
        "total_revenue",
        "SELECT coalesce(sum(gross_sale), 0)
         FROM sale
         WHERE pg_temp.in_period(day) AND pg_temp.is_chosen('platform', platform)",
    ),
    exactly(
        "platform_performance",
        "avg_fee",
        "SELECT sum(platform_fee) / nullif(count(*), 0)
         FROM sale
         WHERE pg_temp.in_period(day) AND pg_temp.is_chosen('platform', platform)",
    ),
    about(
        "platform_performance",
        "avg_payout_days",
        "SELECT avg(mean_payout_days) FROM sale WHERE payout_received AND pg_temp.is_chosen('platform', platform)",
    ),
    exactly(
        "platform_performance",
        "revenue_by_platform",
        "SELECT coalesce(platform, 'No platform') AS name, sum(gross_sale) AS revenue
         FROM sale
         WHERE pg_temp.in_period(day) AND pg_temp.is_chosen('platform', platform)
         GROUP BY name
         ORDER BY revenue DESC NULLS LAST, name",
    ),
    exactly(
        "platform_performance",
        "fee_comparison",
        "SELECT coalesce(platform, 'No platform') AS name,
             round(sum(platform_fee) / nullif(sum(gross_sale), 0) * 100, 2) AS percent
         FROM sale
         WHERE pg_temp.in_period(day) AND pg_temp.is_chosen('platform', platform)
         GROUP BY name
         ORDER BY percent DESC NULLS LAST, name",
    ),
    about(
        "platform_performance",
        "platform_profitability",
        "SELECT coalesce(platform, 'No platform') AS name, count(*), sum(gross_sale) AS revenue,
             round(sum(gross_sale) / count(*), 4), sum(platform_fee),
             round(sum(platform_fee) / nullif(sum(gross_sale), 0) * 100, 2), sum(shipping_cost), sum(net_proceeds),
             sum(net_profit) AS profit, round(sum(net_profit) / nullif(sum(gross_sale), 0) * 100, 2),
             round(avg(roi_or_mean_of_day), 4)
         FROM sale
         WHERE pg_temp.in_period(day) AND pg_temp.is_chosen('platform', platform)
         GROUP BY name
         ORDER BY profit DESC NULLS LAST, name",
    ),
    exactly(
        "platform_performance",
        "countries_served",
        "SELECT country_code, count(DISTINCT platform) AS platforms
         FROM sale
         WHERE country_code IS NOT NULL AND platform IS NOT NULL AND pg_temp.is_chosen('platform', platform)
         GROUP BY country_code
         ORDER BY platforms DESC, country_code",
    ),
    exactly(
        "inventory_management",
        "current_stock_value",
        "SELECT coalesce(sum(cost), 0)
         FROM item
         WHERE units = 0 AND pg_temp.is_chosen('stock_category', stock_category)
             AND pg_temp.is_chosen('supplier', supplier)",
    ),
    exactly(
        "inventory_management",
        "dead_stock_count",
        "SELECT count(*)
         FROM item
         WHERE units = 0 AND days > 180 AND pg_temp.is_chosen('stock_category', stock_category)
             AND pg_temp.is_chosen('supplier', supplier)",
    ),
    exactly(
        "inventory_management",
        "avg_days_in_stock",
        "SELECT avg(days)
         FROM item
         WHERE units = 0 AND pg_temp.is_chosen('stock_category', stock_category)
             AND pg_temp.is_chosen('supplier', supplier)",
    ),
    exactly(
        "inventory_management",
        "slow_moving_items",
        "SELECT count(*)
         FROM item
         WHERE units = 0 AND days BETWEEN 91 AND 180 AND pg_temp.is_chosen('stock_category', stock_category)
             AND pg_temp.is_chosen('supplier', supplier)",
    ),
    exactly(
        "inventory_management",
        "ageing_distribution",
        "SELECT coalesce(label, 'Unknown'), count(*)
         FROM item
         LEFT JOIN (
             VALUES ('0 to 30', -2147483648, 30), ('31 to 60', 31, 60), ('61 to 90', 61, 90), ('91 to 180', 91, 180),
                 ('181 to 365', 181, 365), ('over 365', 366, 2147483647)
         ) AS class (label, least, most) ON days BETWEEN least AND most
         WHERE units = 0 AND pg_temp.is_chosen('stock_category', stock_category)
             AND pg_temp.is_chosen('supplier', supplier)
         GROUP BY label, least
         ORDER BY least NULLS LAST",
    ),
    exactly(
        "inventory_management",
        "stock_status_by_category",
        "SELECT stock_category, count(*)
         FROM item
         WHERE units = 0 AND pg_temp.is_chosen('stock_category', stock_category)
             AND pg_temp.is_chosen('supplier', supplier)
         GROUP BY stock_category
         ORDER BY array_position(ARRAY['Fast Moving', 'Normal', 'Slow Moving', 'Dead Stock', 'Unknown'], stock_category)",
    ),
    exactly(
        "inventory_management",
        "inventory_status",
        "SELECT product, sku, brand, category, size, condition, status, supplier, purchase_date, cost, days, stock_category,
             CASE WHEN units = 0 THEN cost ELSE 0 END, units, revenue, profit
         FROM item
         WHERE pg_temp.is_chosen('stock_category', stock_category) AND pg_temp.is_chosen('supplier', supplier)
         ORDER BY CASE WHEN units = 0 THEN 1 ELSE 2 END, days DESC NULLS LAST, id
         LIMIT 2000",
    ),
    exactly(
        "inventory_management",
        "supplier_performance",
        "SELECT supplier, supplier_country, supplier_rating, count(*), sum(cost), count(DISTINCT product_id), sum(units),
             round(100 * count(*) FILTER (WHERE units > 0)::numeric / count(*), 2), sum(revenue), sum(profit) AS profit,
             (SELECT round(avg(roi), 4) FROM sale WHERE sale.supplier_id = item.supplier_id),
             (SELECT round(avg(days_to_sell), 4) FROM sale WHERE sale.supplier_id = item.supplier_id),
             count(*) FILTER (WHERE units = 0), coalesce(sum(cost) FILTER (WHERE units = 0), 0)
         FROM item
         WHERE supplier_id IS NOT NULL AND pg_temp.is_chosen('supplier', supplier)
         GROUP BY supplier_id, supplier, supplier_country, supplier_rating
         ORDER BY profit DESC NULLS LAST, supplier_id
         LIMIT 2000",
    ),
];
