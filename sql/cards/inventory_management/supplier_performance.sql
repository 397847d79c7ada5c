SELECT
    supplier_name,
    country,
    rating,
    total_purchases,
    total_spent,
    unique_products,
    units_sold,
    sell_through_rate,
    total_revenue_generated,
    total_profit_generated,
    avg_roi,
    avg_days_to_sell,
    unsold_units,
    unsold_value
FROM analytics.metabase_supplier_performance
WHERE true
    [[AND {{supplier}}]]
ORDER BY
    total_profit_generated DESC NULLS LAST,
    supplier_id
LIMIT 2000
