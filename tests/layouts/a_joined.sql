-- Layout A with a second table that has the orders' keys, and mappings that read both. Loaded after a_loosened.sql.

CREATE TABLE transactions.shipments (
    number   integer PRIMARY KEY,
    order_id uuid UNIQUE,
    cost     numeric,
    country  text
);
SELECT metabase.map_source(
    'order',
    'transactions.orders',
    '{"shipping_cost": "cost", "country": "coalesce(joined.country, source.buyer_destination_country)"}',
    'joined.cost IS DISTINCT FROM 0',
    '{"relation": "transactions.shipments", "column": "order_id"}'
);
