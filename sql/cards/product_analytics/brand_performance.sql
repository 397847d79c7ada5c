SELECT
    coalesce(brand_name, 'No brand') AS brand,
    sum(total_revenue)               AS total_revenue
FROM analytics.metabase_inventory_status
WHERE times_sold > 0
    [[AND {{date}}]]
    [[AND {{brand}}]]
GROUP BY brand
ORDER BY
    total_revenue DESC NULLS LAST,
    brand
LIMIT 100
