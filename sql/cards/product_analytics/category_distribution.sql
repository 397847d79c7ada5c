SELECT
    coalesce(category_name, 'No category') AS "Category",
    sum(units_sold)                        AS "Units sold"
FROM analytics.metabase_inventory_status
WHERE times_sold > 0
    [[AND {{date}}]]
    [[AND {{brand}}]]
GROUP BY "Category"
ORDER BY
    "Units sold" DESC,
    "Category"
LIMIT 100
