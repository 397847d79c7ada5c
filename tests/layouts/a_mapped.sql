-- Layout A read in another way than its names suggest: computed columns, rows that are left out, two entities in one table,
-- one of them with keys that stand more than once. Loaded after a_loosened.sql.

SELECT metabase.map_source(
    'order',
    'transactions.orders',
    '{"gross_sale": "gross_sale / 3", "is_completed": "sold_at IS NOT NULL"}',
    'payout_received IS NOT FALSE'
);
SELECT metabase.map_source(
    'stock_item',
    'products.inventory',
    '{"size": null, "size_id": "supplier_id"}',
    'color IS DISTINCT FROM ''nike'''
);
SELECT metabase.map_source('size', 'core.suppliers', '{"value": "phone"}');
SELECT metabase.map_source('brand', 'products.products', '{"id": "brand_id", "name": "sku"}');
SELECT metabase.map_source('platform', 'core.platforms', '{"name": "upper(name)"}', 'slug IS NOT NULL');
