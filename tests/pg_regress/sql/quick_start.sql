-- The README's first steps, over the hand-worked shop.
SELECT metabase.set_setting('time_zone', 'Europe/Berlin');
SELECT * FROM metabase.create_all_views();
SELECT view_name, status, mode, error_message FROM metabase.refresh('all');
SELECT view_name, "exists", row_count, strategy, mode, mode_reason, last_error FROM metabase.view_status();

-- A strategy's views only.
SELECT view_name FROM metabase.refresh('hourly');

-- Creating again changes nothing and says so.
SELECT view_name, created, error_message FROM metabase.create_view('metabase_brand_analytics');

-- The numbers.
SELECT platform_name, total_orders, total_revenue, avg_fee_pct, cities_served
FROM analytics.metabase_platform_performance
ORDER BY platform_name;

-- The responses that services knew from the REST API.
SELECT row_to_json(status)->'indexes' AS indexes
FROM metabase.view_status('metabase_executive_metrics') AS status;
SELECT metabase.drop_view('metabase_executive_metrics');

-- What is not there.
SELECT * FROM metabase.view_status('metabase_executive_metric');
SELECT * FROM metabase.refresh('sometimes');
SELECT view_name, status, error_message FROM metabase.refresh_view('metabase_executive_metrics');
SELECT view_name, status, mode_reason, sqlstate FROM metabase.refresh_history ORDER BY id DESC LIMIT 3;
