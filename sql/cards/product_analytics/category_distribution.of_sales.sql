SELECT
    -- In quotes where a category is really called so.
    coalesce(regexp_replace(category_name, '^No category$', '"\&"'), 'No category') AS "Category",
    sum(units)                                                                      AS "Units sold"
FROM analytics.metabase_sales
WHERE true
    [[AND {{date}}]]
    [[AND {{brand}}]]
GROUP BY category_name
ORDER BY
    "Units sold" DESC,
    "Category"
LIMIT 100
