SELECT
    coalesce(category_name, 'No category') AS "Category",
    sum(units)                             AS "Units sold"
FROM analytics.metabase_sales
WHERE true
    [[AND {{date}}]]
    [[AND {{brand}}]]
GROUP BY "Category"
ORDER BY
    "Units sold" DESC,
    "Category"
LIMIT 100
