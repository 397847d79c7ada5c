-- The orders of layout A in partitions. Loaded after a_loosened.sql.

CREATE TABLE transactions.orders_by_key (LIKE transactions.orders INCLUDING ALL) PARTITION BY HASH (id);
DROP TABLE transactions.orders;
ALTER TABLE transactions.orders_by_key RENAME TO orders;

CREATE TABLE transactions.orders_0 PARTITION OF transactions.orders FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE transactions.orders_1 PARTITION OF transactions.orders FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE transactions.orders_2 PARTITION OF transactions.orders FOR VALUES WITH (MODULUS 3, REMAINDER 2);
