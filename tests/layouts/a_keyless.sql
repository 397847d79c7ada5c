-- Layout A without primary keys: a key may be NULL, or stand more than once. Loaded after a_loosened.sql.

ALTER TABLE core.platforms       DROP CONSTRAINT platforms_pkey,  ALTER id DROP NOT NULL;
ALTER TABLE core.suppliers       DROP CONSTRAINT suppliers_pkey,  ALTER id DROP NOT NULL;
ALTER TABLE core.brands          DROP CONSTRAINT brands_pkey,     ALTER id DROP NOT NULL;
ALTER TABLE products.categories  DROP CONSTRAINT categories_pkey, ALTER id DROP NOT NULL;
ALTER TABLE products.products    DROP CONSTRAINT products_pkey,   ALTER id DROP NOT NULL;
ALTER TABLE products.inventory   DROP CONSTRAINT inventory_pkey,  ALTER id DROP NOT NULL;
ALTER TABLE transactions.orders  DROP CONSTRAINT orders_pkey,     ALTER id DROP NOT NULL;
