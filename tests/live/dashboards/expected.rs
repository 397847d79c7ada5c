//! What each card has to show, worked out from what its title and description say, over the shop's own rows as shop.sql lays
//! them out. None of this reads the views.

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

/// What a card has to show, in a shop that has a view of its single sales or has none.
pub fn expected(dashboard: &str, card: &str, has_sales: bool) -> &'static Expected {
    let of_sales = OF_SALES.iter().filter(|_| has_sales);
    of_sales
        .chain(&OF_VIEWS)
        .find(|expected| expected.dashboard == dashboard && expected.card == card)
        .unwrap_or_else(|| panic!("nobody knows what {dashboard}/{card} has to show"))
}

/// The units of what was sold, `$sold`, by classes of prices: the narrowest of the classes 1, 2, 5, 10, … wide of which ten reach to the price that one in
/// twenty exceeds; what is dearer than the class of that price is in one more.
macro_rules! price_classes {
    ($sold:literal) => {
        concat!(
            "WITH sold AS (",
            $sold,
            "),
         high AS (
             SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY price) AS high FROM sold
         ),
         step AS (
             SELECT high, min(digit * power(10::numeric, places)) AS width
             FROM unnest(ARRAY[1, 2, 5]) AS digit, generate_series(-6, 6) AS places, high
             WHERE 10 * digit * power(10::numeric, places) >= high
             GROUP BY high
         ),
         class AS (
             SELECT n * width AS lower_end, CASE WHEN n * width <= high THEN (n + 1) * width END AS upper_end
             FROM step, generate_series(0, 11) AS n
             WHERE (n - 1) * width <= high
         )
         SELECT CASE
                 WHEN upper_end IS NULL THEN trim_scale(lower_end) || '+'
                 ELSE trim_scale(lower_end) || '–' || trim_scale(upper_end)
             END,
             (SELECT coalesce(sum(units), 0) FROM sold WHERE price >= lower_end AND (price < upper_end OR upper_end IS NULL))
         FROM class
         WHERE lower_end <= (SELECT max(price) FROM sold) AND (upper_end IS NULL OR upper_end > (SELECT min(price) FROM sold))
         ORDER BY lower_end"
        )
    };
}

/// In a shop that has no view of its single sales; in others, of the cards that are not in [`OF_SALES`].
const OF_VIEWS: [Expected; 31] = [
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
        "SELECT avg(roi_or_mean_of_day) FROM sale WHERE pg_temp.in_period(day) HAVING count(roi_or_mean_of_day) > 0",
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
        "WITH all_of_them AS (
             SELECT coalesce(platform, 'No platform') AS name, sum(gross_sale) AS revenue, sum(net_profit) AS profit
             FROM sale
             WHERE pg_temp.in_period(day)
             GROUP BY name
         ),
         best AS (
             SELECT * FROM all_of_them ORDER BY revenue DESC NULLS LAST, name
             LIMIT (SELECT CASE WHEN count(*) <= 12 THEN 12 ELSE 11 END FROM all_of_them)
         )
         SELECT name, revenue, profit
         FROM (
             SELECT 1 AS part, * FROM best
             UNION ALL
             SELECT 2, 'Other platforms', sum(revenue), sum(profit) FROM all_of_them
             WHERE name NOT IN (SELECT name FROM best) HAVING count(*) > 0
         ) AS bar
         ORDER BY part, revenue DESC NULLS LAST, name",
    ),
    exactly(
        "executive",
        "top_products",
        "SELECT product, brand, sum(units), sum(gross_sale) AS revenue, round(avg(gross_sale), 4), sum(net_profit),
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
             WHERE sales > 0 AND pg_temp.in_period(last_day) AND pg_temp.is_chosen('brand', brand)
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
             WHERE sales > 0 AND pg_temp.in_period(last_day) AND pg_temp.is_chosen('brand', brand)
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
         WHERE sales > 0 AND pg_temp.in_period(last_day) AND pg_temp.is_chosen('brand', brand)
         GROUP BY name
         ORDER BY revenue DESC NULLS LAST, name
         LIMIT 10",
    ),
    exactly(
        "product_analytics",
        "category_distribution",
        "SELECT coalesce(category, 'No category') AS name, sum(units) AS units
         FROM item
         WHERE sales > 0 AND pg_temp.in_period(last_day) AND pg_temp.is_chosen('brand', brand)
         GROUP BY name
         ORDER BY units DESC, name",
    ),
    exactly(
        "product_analytics",
        "product_performance",
        "SELECT product, brand, sum(units), sum(gross_sale) AS revenue, sum(net_profit), round(avg(roi), 4), round(avg(gross_sale), 4),
             max(sold_at), min(gross_sale), max(gross_sale), round(stddev_samp(gross_sale), 4),
             round(sum(purchase_price * units) / nullif(sum(units) FILTER (WHERE purchase_price IS NOT NULL), 0), 4),
             sum(platform_fee), count(DISTINCT supplier_id), category, sku
         FROM sale
         WHERE product_id IS NOT NULL AND pg_temp.is_chosen('brand', brand)
         GROUP BY product_id, product, sku, brand, category
         ORDER BY revenue DESC NULLS LAST, product_id
         LIMIT 2000",
    ),
    exactly(
        "product_analytics",
        "price_distribution",
        price_classes!(
            "SELECT revenue / units AS price, units
             FROM item
             WHERE units > 0 AND revenue > 0 AND pg_temp.in_period(last_day) AND pg_temp.is_chosen('brand', brand)"
        ),
    ),
    exactly(
        "product_analytics",
        "sell_through_by_brand",
        "WITH all_of_them AS (
             SELECT coalesce(brand, 'No brand') AS name, sum(quantity) AS bought, sum(least(units, quantity)) AS sold
             FROM item
             WHERE pg_temp.is_chosen('brand', brand)
             GROUP BY name
         ),
         biggest AS (
             SELECT * FROM all_of_them ORDER BY bought DESC, name
             LIMIT (SELECT CASE WHEN count(*) <= 10 THEN 10 ELSE 9 END FROM all_of_them)
         )
         SELECT name, round(100 * sold::numeric / nullif(bought, 0), 2) AS rate
         FROM (
             SELECT 1 AS part, * FROM biggest
             UNION ALL
             SELECT 2, 'Other brands', sum(bought), sum(sold) FROM all_of_them
             WHERE name NOT IN (SELECT name FROM biggest) HAVING count(*) > 0
         ) AS bar
         ORDER BY part, rate DESC NULLS LAST, name",
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
        "SELECT sum(platform_fee) / count(*)
         FROM sale
         WHERE pg_temp.in_period(day) AND pg_temp.is_chosen('platform', platform)
         HAVING count(platform_fee) > 0",
    ),
    about(
        "platform_performance",
        "avg_payout_days",
        "SELECT avg(mean_payout_days)
         FROM sale
         WHERE payout_received AND pg_temp.is_chosen('platform', platform)
         HAVING count(mean_payout_days) > 0",
    ),
    exactly(
        "platform_performance",
        "revenue_by_platform",
        "WITH all_of_them AS (
             SELECT coalesce(platform, 'No platform') AS name, sum(gross_sale) AS revenue
             FROM sale
             WHERE pg_temp.in_period(day) AND pg_temp.is_chosen('platform', platform)
             GROUP BY name
         ),
         best AS (
             SELECT * FROM all_of_them ORDER BY revenue DESC NULLS LAST, name
             LIMIT (SELECT CASE WHEN count(*) <= 12 THEN 12 ELSE 11 END FROM all_of_them)
         )
         SELECT name, revenue
         FROM (
             SELECT 1 AS part, * FROM best
             UNION ALL
             SELECT 2, 'Other platforms', sum(revenue) FROM all_of_them
             WHERE name NOT IN (SELECT name FROM best) HAVING count(*) > 0
         ) AS bar
         ORDER BY part, revenue DESC NULLS LAST, name",
    ),
    exactly(
        "platform_performance",
        "fee_comparison",
        "WITH all_of_them AS (
             SELECT coalesce(platform, 'No platform') AS name, sum(platform_fee) AS fees, sum(gross_sale) AS revenue
             FROM sale
             WHERE pg_temp.in_period(day) AND pg_temp.is_chosen('platform', platform)
             GROUP BY name
         ),
         best AS (
             SELECT * FROM all_of_them ORDER BY revenue DESC NULLS LAST, name
             LIMIT (SELECT CASE WHEN count(*) <= 12 THEN 12 ELSE 11 END FROM all_of_them)
         )
         SELECT name, round(fees / nullif(revenue, 0) * 100, 2) AS percent
         FROM (
             SELECT 1 AS part, * FROM best
             UNION ALL
             SELECT 2, 'Other platforms', sum(fees), sum(revenue) FROM all_of_them
             WHERE name NOT IN (SELECT name FROM best) HAVING count(*) > 0
         ) AS bar
         ORDER BY part, percent DESC NULLS LAST, name",
    ),
    about(
        "platform_performance",
        "platform_profitability",
        "SELECT coalesce(platform, 'No platform') AS name, count(*), sum(gross_sale) AS revenue, sum(net_profit) AS profit,
             round(sum(net_profit) / nullif(sum(gross_sale), 0) * 100, 2), round(avg(roi_or_mean_of_day), 4), sum(platform_fee),
             round(sum(platform_fee) / nullif(sum(gross_sale), 0) * 100, 2), sum(shipping_cost), sum(net_proceeds),
             round(sum(gross_sale) / count(*), 4)
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
        "SELECT coalesce(sum(cost * units_left), 0)
         FROM item
         WHERE units_left > 0 AND pg_temp.is_chosen('stock_category', stock_category)
             AND pg_temp.is_chosen('supplier', supplier)",
    ),
    exactly(
        "inventory_management",
        "dead_stock_count",
        "SELECT coalesce(sum(units_left), 0)
         FROM item
         WHERE days > 180 AND pg_temp.is_chosen('stock_category', stock_category)
             AND pg_temp.is_chosen('supplier', supplier)",
    ),
    exactly(
        "inventory_management",
        "avg_days_in_stock",
        "SELECT sum(days * units_left) / sum(units_left)
         FROM item
         WHERE units_left > 0 AND days IS NOT NULL AND pg_temp.is_chosen('stock_category', stock_category)
             AND pg_temp.is_chosen('supplier', supplier)
         HAVING count(*) > 0",
    ),
    exactly(
        "inventory_management",
        "slow_moving_items",
        "SELECT coalesce(sum(units_left), 0)
         FROM item
         WHERE days BETWEEN 91 AND 180 AND pg_temp.is_chosen('stock_category', stock_category)
             AND pg_temp.is_chosen('supplier', supplier)",
    ),
    exactly(
        "inventory_management",
        "ageing_distribution",
        "SELECT coalesce(label, 'Unknown'), sum(units_left)
         FROM item
         LEFT JOIN (
             VALUES ('0–30', -2147483648, 30), ('31–60', 31, 60), ('61–90', 61, 90), ('91–180', 91, 180),
                 ('181–365', 181, 365), ('over 365', 366, 2147483647)
         ) AS class (label, least, most) ON days BETWEEN least AND most
         WHERE units_left > 0 AND pg_temp.is_chosen('stock_category', stock_category)
             AND pg_temp.is_chosen('supplier', supplier)
         GROUP BY label, least
         ORDER BY least NULLS LAST",
    ),
    exactly(
        "inventory_management",
        "stock_status_by_category",
        "SELECT stock_category, sum(units_left)
         FROM item
         WHERE units_left > 0 AND pg_temp.is_chosen('stock_category', stock_category)
             AND pg_temp.is_chosen('supplier', supplier)
         GROUP BY stock_category
         ORDER BY array_position(ARRAY['Fast Moving', 'Normal', 'Slow Moving', 'Dead Stock', 'Unknown'], stock_category)",
    ),
    exactly(
        "inventory_management",
        "inventory_status",
        "SELECT product, size, days, stock_category, CASE WHEN units_left > 0 THEN cost * units_left ELSE 0 END, supplier, purchase_date,
             status, units_left, cost, brand, category, sku, condition, sales, revenue, profit
         FROM item
         WHERE pg_temp.is_chosen('stock_category', stock_category) AND pg_temp.is_chosen('supplier', supplier)
         ORDER BY CASE WHEN units_left > 0 THEN 1 ELSE 2 END, days DESC NULLS LAST, id
         LIMIT 2000",
    ),
    exactly(
        "inventory_management",
        "supplier_performance",
        "SELECT supplier, sum(profit) AS profit, (SELECT round(avg(roi), 4) FROM sale WHERE sale.supplier_id = item.supplier_id),
             coalesce(sum(cost * units_left) FILTER (WHERE units_left > 0), 0), sum(units_left),
             round(100 * sum(least(units, quantity))::numeric / nullif(sum(quantity), 0), 2), sum(revenue),
             (SELECT round(avg(days_to_sell), 4) FROM sale WHERE sale.supplier_id = item.supplier_id),
             sum(quantity), sum(cost * quantity), sum(units), count(DISTINCT product_id), supplier_rating, supplier_country
         FROM item
         WHERE supplier_id IS NOT NULL AND pg_temp.is_chosen('supplier', supplier)
         GROUP BY supplier_id, supplier, supplier_country, supplier_rating
         ORDER BY profit DESC NULLS LAST, supplier_id
         LIMIT 2000",
    ),
];

/// In a shop that has a view of its single sales.
const OF_SALES: [Expected; 14] = [
    exactly(
        "executive",
        "top_products",
        "SELECT product, brand, sum(units), sum(gross_sale) AS revenue, round(avg(gross_sale), 4), sum(net_profit),
             round(avg(roi), 4)
         FROM sale
         WHERE product_id IS NOT NULL AND pg_temp.in_period(day)
         GROUP BY product_id, product, brand
         ORDER BY revenue DESC NULLS LAST, product_id
         LIMIT 10",
    ),
    exactly(
        "executive",
        "sales_by_country",
        "SELECT country_code, sum(gross_sale) AS revenue, count(*)
         FROM sale
         WHERE country_code IS NOT NULL AND pg_temp.in_period(day)
         GROUP BY country_code
         ORDER BY revenue DESC NULLS LAST, country_code",
    ),
    exactly(
        "product_analytics",
        "top_products_by_revenue",
        "WITH best AS (
             SELECT coalesce(product, sku, 'Unnamed product') AS name, sku, product_id, sum(gross_sale) AS revenue
             FROM sale
             WHERE product_id IS NOT NULL AND pg_temp.in_period(day) AND pg_temp.is_chosen('brand', brand)
             GROUP BY product, sku, product_id
             ORDER BY revenue DESC NULLS LAST, product_id
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
             FROM sale
             WHERE product_id IS NOT NULL AND pg_temp.in_period(day) AND pg_temp.is_chosen('brand', brand)
             GROUP BY product, sku, product_id
             ORDER BY units DESC, product_id
             LIMIT 10
         )
         SELECT CASE WHEN count(*) OVER (PARTITION BY name) = 1 THEN name ELSE name || ' · ' || sku END AS bar, units
         FROM best
         ORDER BY units DESC, bar",
    ),
    exactly(
        "product_analytics",
        "brand_performance",
        "SELECT coalesce(brand, 'No brand') AS name, sum(gross_sale) AS revenue
         FROM sale
         WHERE pg_temp.in_period(day) AND pg_temp.is_chosen('brand', brand)
         GROUP BY name
         ORDER BY revenue DESC NULLS LAST, name
         LIMIT 10",
    ),
    exactly(
        "product_analytics",
        "category_distribution",
        "SELECT coalesce(category, 'No category') AS name, sum(units) AS units
         FROM sale
         WHERE pg_temp.in_period(day) AND pg_temp.is_chosen('brand', brand)
         GROUP BY name
         ORDER BY units DESC, name",
    ),
    exactly(
        "product_analytics",
        "product_performance",
        "SELECT product, brand, sum(units), sum(gross_sale) AS revenue, sum(net_profit), round(avg(roi), 4), round(avg(gross_sale), 4),
             max(sold_at), min(gross_sale), max(gross_sale), round(stddev_samp(gross_sale), 4),
             round(sum(purchase_price * units) / nullif(sum(units) FILTER (WHERE purchase_price IS NOT NULL), 0), 4),
             sum(platform_fee), count(DISTINCT supplier_id), category, sku
         FROM sale
         WHERE product_id IS NOT NULL AND pg_temp.in_period(day) AND pg_temp.is_chosen('brand', brand)
         GROUP BY product_id, product, sku, brand, category
         ORDER BY revenue DESC NULLS LAST, product_id
         LIMIT 2000",
    ),
    // Of prices of sales, and not of items.
    exactly(
        "product_analytics",
        "price_distribution",
        price_classes!(
            "SELECT gross_sale / units AS price, units
             FROM sale
             WHERE units > 0 AND gross_sale > 0 AND pg_temp.in_period(day) AND pg_temp.is_chosen('brand', brand)"
        ),
    ),
    // Item by item: what was sold of it then, what since, and what is left; the last two lay there at the end, unless they were bought later.
    exactly(
        "product_analytics",
        "sell_through_by_brand",
        "WITH end_of_period AS (
             SELECT max(sold_at) AS last_sale FROM sale WHERE pg_temp.in_period(day)
         ),
         moved AS (
             SELECT item_id, sum(units) FILTER (WHERE pg_temp.in_period(day)) AS at_the_time, sum(units) FILTER (WHERE sold_at > last_sale) AS later
             FROM sale, end_of_period
             GROUP BY item_id
         ),
         all_of_them AS (
             SELECT coalesce(brand, 'No brand') AS name, sum(coalesce(at_the_time, 0)) AS sold,
                 sum(coalesce(at_the_time, 0) + CASE WHEN last_sale >= coalesce(purchase_date, last_sale) THEN coalesce(later, 0) + units_left ELSE 0 END)
                     AS there
             FROM item CROSS JOIN end_of_period LEFT JOIN moved ON item_id = id
             WHERE pg_temp.is_chosen('brand', brand)
             GROUP BY name
         ),
         biggest AS (
             SELECT * FROM all_of_them WHERE there > 0 ORDER BY there DESC, name
             LIMIT (SELECT CASE WHEN count(*) <= 10 THEN 10 ELSE 9 END FROM all_of_them WHERE there > 0)
         )
         SELECT name, round(100 * sold::numeric / there, 2) AS rate
         FROM (
             SELECT 1 AS part, * FROM biggest
             UNION ALL
             SELECT 2, 'Other brands', sum(sold), sum(there) FROM all_of_them
             WHERE there > 0 AND name NOT IN (SELECT name FROM biggest) HAVING count(*) > 0
         ) AS bar
         ORDER BY part, rate DESC NULLS LAST, name",
    ),
    exactly(
        "product_analytics",
        "brand_by_month",
        "WITH months AS (
             SELECT (max(month) - ago * interval '1 month')::date AS month
             FROM sale, generate_series(0, 11) AS ago
             WHERE pg_temp.in_period(day) AND pg_temp.is_chosen('brand', brand)
             GROUP BY ago
         ),
         sold AS (
             SELECT month, coalesce(brand, 'No brand') AS name, gross_sale
             FROM sale
             WHERE month IN (SELECT month FROM months) AND pg_temp.is_chosen('brand', brand)
         ),
         best AS (
             SELECT name, sum(gross_sale) AS revenue FROM sold GROUP BY name ORDER BY revenue DESC NULLS LAST, name LIMIT 6
         )
         SELECT month, name, coalesce(sum(gross_sale), 0)
         FROM months CROSS JOIN best LEFT JOIN sold USING (month, name)
         GROUP BY month, name, revenue
         ORDER BY month, revenue DESC NULLS LAST, name",
    ),
    exactly(
        "product_analytics",
        "size_distribution",
        "SELECT name, units
         FROM (
             SELECT coalesce(size, 'No size') AS name, sum(units) AS units
             FROM sale
             WHERE pg_temp.in_period(day) AND pg_temp.is_chosen('brand', brand)
             GROUP BY name
             ORDER BY units DESC, name
             LIMIT 30
         ) AS best
         ORDER BY CASE WHEN name ~ '[0-9]' THEN regexp_replace(name, '^[^0-9]*([0-9]+(\\.[0-9]+)?).*$', '\\1')::numeric END NULLS LAST, name",
    ),
    exactly(
        "platform_performance",
        "unpaid_payouts",
        "SELECT coalesce(platform, 'No platform') AS name, sum(net_proceeds) AS unpaid, count(*),
             sum(CASE WHEN today.day - sale.day < 8 THEN net_proceeds END),
             sum(CASE WHEN today.day - sale.day >= 8 AND today.day - sale.day < 31 THEN net_proceeds END),
             sum(CASE WHEN today.day - sale.day >= 31 AND today.day - sale.day < 91 THEN net_proceeds END),
             sum(CASE WHEN today.day - sale.day >= 91 THEN net_proceeds END), sum(CASE WHEN sale.day IS NULL THEN net_proceeds END), min(sale.day)
         FROM sale, today
         WHERE payout_received = false AND pg_temp.is_chosen('platform', platform)
         GROUP BY name
         ORDER BY unpaid DESC NULLS LAST, name
         LIMIT 50",
    ),
    about(
        "platform_performance",
        "avg_payout_days",
        "SELECT avg(extract(epoch FROM payout_date - sold_at) / 86400)
         FROM sale
         WHERE coalesce(payout_received, true) AND pg_temp.in_period(day) AND pg_temp.is_chosen('platform', platform)
         HAVING count(payout_date - sold_at) > 0",
    ),
    exactly(
        "platform_performance",
        "countries_served",
        "SELECT country_code, count(DISTINCT platform) AS platforms
         FROM sale
         WHERE country_code IS NOT NULL AND platform IS NOT NULL AND pg_temp.in_period(day) AND pg_temp.is_chosen('platform', platform)
         GROUP BY country_code
         ORDER BY platforms DESC, country_code",
    ),
];
