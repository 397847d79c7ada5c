-- Layout A with a second table whose keys the orders and the products have, and mappings that read it. Loaded after a_loosened.sql.

CREATE TABLE transactions.shipments (
    number   integer PRIMARY KEY,
    order_id uuid UNIQUE,
    cost     numeric,
    country  text
);
ALTER TABLE transactions.orders ADD COLUMN shipment bigint DEFAULT 1;
ALTER TABLE products.products ADD COLUMN shipment smallint DEFAULT 2;
SELECT metabase.map_source(
    'order',
    'transactions.orders',
    '{"shipping_cost": "cost", "country": "coalesce(joined.country, source.buyer_destination_country)"}',
    'source.status IS DISTINCT FROM ''cancelled''',
    '{"relation": "transactions.shipments", "column": "number", "source_column": "shipment"}'
);
SELECT metabase.map_source(
    'product',
    'products.products',
    '{"name": "concat(source.name, joined.country)"}',
    join => '{"relation": "transactions.shipments", "column": "number", "source_column": "shipment"}'
);
