-- What was there to sell in the period: what was sold then, and what was in stock at the last sale of the period, which is what is left of it and
-- what was sold since. Where there are more than ten brands, all but the nine of which most was there are one bar.
WITH period AS (
    SELECT max(sold_at) AS last_sale
    FROM analytics.metabase_sales
    WHERE true
        [[AND {{date}}]]
    HAVING count(sold_at) > 0
),
unit AS (
    SELECT
        brand_name,
        sum(units) AS sold,
        sum(units) AS there
    FROM analytics.metabase_sales
    WHERE stock_item_id IS NOT NULL
        [[AND {{date}}]]
    GROUP BY brand_name
    UNION ALL
    SELECT
        brand_name,
        0,
        sum(units)
    FROM analytics.metabase_sales
    CROSS JOIN period
    WHERE stock_item_id IS NOT NULL
        AND sold_at > last_sale
        AND (purchase_date <= last_sale OR purchase_date IS NULL)
    GROUP BY brand_name
    UNION ALL
    SELECT
        brand_name,
        0,
        sum(units_in_stock)
    FROM analytics.metabase_inventory_status
    CROSS JOIN period
    WHERE is_in_stock
        AND (purchase_date <= last_sale OR purchase_date IS NULL)
    GROUP BY brand_name
),
brand AS (
    SELECT
        -- In quotes where a brand is really called so.
        coalesce(regexp_replace(brand_name, '^(No|Other) brands?$', '"\&"'), 'No brand') AS name,
        brand_name,
        sum(sold)                                                                        AS sold,
        sum(there)                                                                       AS there
    FROM unit
    WHERE there > 0
        [[AND brand_name IN (SELECT brand_name FROM analytics.metabase_inventory_status WHERE {{brand}})]]
    GROUP BY brand_name
),
ranked AS (
    SELECT
        brand.*,
        count(*) OVER () > 10
            AND row_number() OVER (ORDER BY there DESC, name) > 9 AS is_other
    FROM brand
)
SELECT
    CASE WHEN is_other THEN 'Other brands' ELSE name END AS "Brand",
    round(100 * sum(sold) / sum(there), 2)              AS "Sell-through",
    max(brand_name) FILTER (WHERE NOT is_other)         AS "Brand filter"
FROM ranked
GROUP BY "Brand"
ORDER BY
    bool_or(is_other),
    "Sell-through" DESC NULLS LAST,
    "Brand"
LIMIT 10
