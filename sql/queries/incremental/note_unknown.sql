-- Notes that anything may have changed.
INSERT INTO metabase_internal.order_queue (captured_at) VALUES (clock_timestamp());
INSERT INTO metabase_internal.stock_item_queue (captured_at) VALUES (clock_timestamp())
