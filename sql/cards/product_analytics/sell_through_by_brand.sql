-- Where there are more than ten brands, all but the nine of which most units were bought are one bar.
WITH brand AS (
    SELECT
        -- In quotes where a brand is really called so.
        coalesce(regexp_replace(brand_name, '^(No|Other) brands?$', '"\&"'), 'No brand') AS name,
        brand_name,
        sum(least(units_sold, quantity))                                                 AS sold,
        sum(quantity)                                                                    AS bought
    FROM analytics.metabase_inventory_status
    WHERE true
        [[AND {{brand}}]]
    GROUP BY brand_name
),
ranked AS (
    SELECT
        brand.*,
        count(*) OVER () > 10
            AND row_number() OVER (ORDER BY bought DESC, name) > 9 AS is_other
    FROM brand
)
SELECT
    CASE WHEN is_other THEN 'Other brands' ELSE name END AS "Brand",
    round(100 * sum(sold) / nullif(sum(bought), 0), 2)  AS "Sell-through",
    max(brand_name) FILTER (WHERE NOT is_other)          AS "Brand filter"
FROM ranked
GROUP BY "Brand"
ORDER BY
    bool_or(is_other),
    "Sell-through" DESC NULLS LAST,
    "Brand"
LIMIT 10
