-- A view of one's own lives beside the seven.
SELECT metabase.create_custom_view(
    'sales_by_status',
    'SELECT status, count(*) AS orders, sum(gross_sale) AS revenue FROM transactions.orders GROUP BY status',
    key_columns => ARRAY['status'],
    strategy    => 'hourly',
    indexes     => ARRAY['revenue DESC']
);
SELECT * FROM analytics.sales_by_status ORDER BY status COLLATE "C";
DELETE FROM transactions.orders WHERE lower(status) <> 'completed';
SELECT view_name, status, mode, rows_changed FROM metabase.refresh('hourly') WHERE view_name = 'sales_by_status';
SELECT * FROM analytics.sales_by_status ORDER BY status COLLATE "C";
-- Its changes are not captured, and its history says what was asked for.
SELECT status, mode, error_message FROM metabase.refresh_view('sales_by_status', 'incremental');
SELECT status, mode FROM metabase.refresh_view('sales_by_status', 'full');
SELECT status, mode, mode_reason, sqlstate FROM metabase.refresh_history WHERE view_name = 'sales_by_status' ORDER BY id;
SELECT indexes FROM metabase.view_status('sales_by_status');
SELECT metabase.drop_view('sales_by_status');
