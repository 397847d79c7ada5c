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
SELECT indexes FROM metabase.view_status('sales_by_status');
SELECT metabase.drop_view('sales_by_status');
