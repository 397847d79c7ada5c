-- Where more than ten brands have sold, all but the first nine are one bar.
WITH brand AS (
    SELECT
        coalesce(brand_name, 'No brand') AS name,
        max(brand_name)                  AS brand_name,
        sum(gross_sale)                  AS revenue
    FROM analytics.metabase_sales
    WHERE true
        [[AND {{date}}]]
        [[AND {{brand}}]]
    GROUP BY name
),
ranked AS (
    SELECT
        brand.*,
        count(*) OVER () > 10
            AND row_number() OVER (ORDER BY revenue DESC NULLS LAST, name) > 9 AS is_other
    FROM brand
)
SELECT
    CASE WHEN is_other THEN 'Other brands' ELSE name END AS "Brand",
    sum(revenue)                                         AS "Revenue",
    max(brand_name) FILTER (WHERE NOT is_other)          AS "Brand filter"
FROM ranked
GROUP BY "Brand"
ORDER BY
    bool_or(is_other),
    "Revenue" DESC NULLS LAST,
    "Brand"
LIMIT 10
