-- Forgets all noted changes.
DELETE FROM metabase_internal.order_queue;
DELETE FROM metabase_internal.stock_item_queue;
DELETE FROM metabase_internal.product_queue;
DELETE FROM metabase_internal.brand_queue;
DELETE FROM metabase_internal.category_queue;
DELETE FROM metabase_internal.platform_queue;
DELETE FROM metabase_internal.supplier_queue;
DELETE FROM metabase_internal.size_queue;
