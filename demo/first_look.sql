-- What one does first with the extension, and a first look at the numbers.

\pset null '-'

\echo
\echo 'Refresh'
SELECT count(*) FILTER (WHERE created) AS created_now FROM metabase.create_all_views() \gset
SELECT
    view_name,
    status,
    mode,
    rows_changed,
    duration_seconds
FROM metabase.refresh('all');

\echo
\echo 'Status'
SELECT
    view_name,
    "exists",
    row_count,
    pg_size_pretty(size_bytes)                  AS size,
    strategy,
    to_char(last_refresh, 'YYYY-MM-DD HH24:MI') AS last_refresh
FROM metabase.view_status();

\echo
\echo 'The last six months (metabase_executive_metrics)'
SELECT
    to_char(sale_month, 'YYYY-MM')                                    AS month,
    sum(total_orders)                                                 AS orders,
    to_char(sum(total_revenue), 'FM999,999,990.00')                   AS revenue,
    to_char(sum(total_profit), 'FM999,999,990.00')                    AS profit,
    to_char(sum(total_revenue) / sum(total_orders), 'FM999,990.00')   AS revenue_per_order
FROM analytics.metabase_executive_metrics
WHERE sale_month > now() - interval '6 months'
GROUP BY sale_month
ORDER BY sale_month;

\echo
\echo 'Platforms (metabase_platform_performance)'
SELECT
    platform_name,
    total_orders,
    total_revenue,
    avg_fee_pct,
    avg_payout_days,
    countries_served
FROM analytics.metabase_platform_performance
ORDER BY total_revenue DESC;

\echo
\echo 'Five brands that sell best (metabase_brand_analytics)'
SELECT
    brand_name,
    parent_brand_name,
    total_sales,
    total_revenue,
    market_share_pct,
    price_positioning
FROM analytics.metabase_brand_analytics
ORDER BY total_revenue DESC NULLS LAST
LIMIT 5;

\echo
\echo 'Stock by age (metabase_inventory_status)'
SELECT
    stock_category,
    sum(units_in_stock)          AS units,
    sum(current_inventory_value) AS value
FROM analytics.metabase_inventory_status
WHERE is_in_stock
GROUP BY stock_category
ORDER BY min(days_in_stock) NULLS LAST;
