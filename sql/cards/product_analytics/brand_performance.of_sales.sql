SELECT
    -- In quotes where a brand is really called so.
    coalesce(regexp_replace(brand_name, '^(No|Other) brands?$', '"\&"'), 'No brand') AS "Brand",
    sum(gross_sale)                                                                  AS "Revenue",
    brand_name                                                                       AS "Brand filter"
FROM analytics.metabase_sales
WHERE true
    [[AND {{date}}]]
    [[AND {{brand}}]]
GROUP BY brand_name
ORDER BY
    "Revenue" DESC NULLS LAST,
    "Brand"
LIMIT 10
