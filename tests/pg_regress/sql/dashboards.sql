-- The dashboards, as one looks at them in psql.
SELECT * FROM metabase.create_all_views();
SELECT name, title, cards, filters FROM metabase.dashboards();
SELECT * FROM metabase.check_dashboard('executive');

-- The cards of one, with their places on the grid.
SELECT
    place ->> 'row'              AS row,
    place ->> 'col'              AS col,
    place -> 'card' ->> 'name'   AS card,
    place -> 'card' ->> 'display' AS display
FROM jsonb_array_elements(metabase.dashboard_json('executive') -> 'ordered_cards') AS place
WHERE place ? 'card';

-- What a card asks, with its filter in double braces.
SELECT place #>> '{card,dataset_query,native,query}' AS sql
FROM jsonb_array_elements(metabase.dashboard_json('executive') -> 'ordered_cards') AS place
WHERE place #>> '{card,key}' = 'active_orders';

-- A donut is a pie in Metabase; a card that was made one would be blank.
SELECT *
FROM metabase.check_dashboard(
    replace(metabase.dashboard_json('product_analytics')::text, '"display": "pie"', '"display": "donut"')::jsonb
);

-- Without a view, the dashboard is still there, and what is missing is told.
SELECT metabase.drop_view('metabase_executive_metrics');
SELECT metabase.dashboard_json('executive') ->> 'name' AS name;
SELECT * FROM metabase.check_dashboard('executive');

SELECT metabase.dashboard_json('sales');
SELECT metabase.dashboard_json('executive', '{"id": 3, "tables": []}');
