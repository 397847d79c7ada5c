-- Layout A with a currency of orders and of stock items. Loaded after demo/schema.sql.

ALTER TABLE transactions.orders ADD currency text;
ALTER TABLE products.inventory ADD currency text;
