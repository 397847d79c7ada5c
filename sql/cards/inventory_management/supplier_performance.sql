SELECT
    supplier_name           AS "Supplier",
    total_profit_generated  AS "Profit",
    avg_roi                 AS "ROI",
    unsold_value            AS "Unsold value",
    unsold_units            AS "Unsold",
    sell_through_rate       AS "Sell-through",
    total_revenue_generated AS "Revenue",
    avg_days_to_sell        AS "Days to sell",
    total_purchases         AS "Bought",
    total_spent             AS "Spent",
    units_sold              AS "Units sold",
    unique_products         AS "Products",
    rating                  AS "Rating",
    country                 AS "Country"
FROM analytics.metabase_supplier_performance
WHERE true
    [[AND {{supplier}}]]
ORDER BY
    total_profit_generated DESC NULLS LAST,
    supplier_id
LIMIT 2000
