-- Makes the demo shop one whose data is wrong in most of the ways that metabase.check_data() knows.

BEGIN;

-- What keeps the demo shop from some of them.
ALTER TABLE transactions.orders
    ALTER inventory_item_id DROP NOT NULL,
    ALTER platform_id DROP NOT NULL,
    DROP CONSTRAINT orders_inventory_item_id_fkey,
    DROP CONSTRAINT orders_platform_id_fkey,
    DROP CONSTRAINT orders_pkey,
    ADD amount numeric(10, 2);
ALTER TABLE products.products
    DROP CONSTRAINT products_category_id_fkey;

-- The sales that no refund belongs to, from the first one on.
CREATE TEMPORARY TABLE sale ON COMMIT DROP AS
SELECT
    id,
    inventory_item_id,
    row_number() OVER (ORDER BY sold_at, id) AS no,
    sold_at > max(sold_at) OVER () - interval '25 days' AS is_recent
FROM transactions.orders AS sold
WHERE status = 'completed'
    AND gross_sale > 0
    AND NOT EXISTS (
        SELECT
        FROM transactions.orders AS other
        WHERE other.inventory_item_id = sold.inventory_item_id
            AND other.id <> sold.id
    );

-- Orders that nobody counts, and some that count and lack something.
UPDATE transactions.orders SET status = 'Sale completed' WHERE status = 'cancelled';
UPDATE transactions.orders SET sold_at = NULL WHERE id IN (SELECT id FROM sale WHERE no BETWEEN 1 AND 40);
UPDATE transactions.orders SET amount = gross_sale, gross_sale = NULL WHERE id IN (SELECT id FROM sale WHERE no BETWEEN 401 AND 700);
UPDATE transactions.orders SET inventory_item_id = NULL WHERE id IN (SELECT id FROM sale WHERE no BETWEEN 301 AND 305);
UPDATE transactions.orders SET platform_id = NULL WHERE id IN (SELECT id FROM sale WHERE no BETWEEN 306 AND 312);
UPDATE transactions.orders SET gross_sale = 0 WHERE id IN (SELECT id FROM sale WHERE no BETWEEN 313 AND 316);
UPDATE transactions.orders SET platform_fee = NULL WHERE id IN (SELECT id FROM sale WHERE is_recent);
UPDATE transactions.orders SET shipping_cost = 'NaN' WHERE id IN (SELECT id FROM sale WHERE no = 364);

-- Orders that are there twice, and those that refer to nothing.
INSERT INTO transactions.orders SELECT * FROM transactions.orders WHERE id IN (SELECT id FROM sale WHERE no = 317);
UPDATE transactions.orders SET inventory_item_id = gen_random_uuid() WHERE id IN (SELECT id FROM sale WHERE no BETWEEN 318 AND 320);
UPDATE transactions.orders SET platform_id = gen_random_uuid() WHERE id IN (SELECT id FROM sale WHERE no BETWEEN 321 AND 322);
UPDATE products.products
SET category_id = gen_random_uuid()
WHERE id IN (SELECT id FROM products.products ORDER BY sku DESC, id LIMIT 1);

-- Places that no map has, and that two rows have.
UPDATE transactions.orders
SET buyer_destination_country = 'Atlantis'
WHERE id IN (SELECT id FROM sale WHERE no BETWEEN 323 AND 330);
UPDATE transactions.orders
SET buyer_destination_city = upper(buyer_destination_city) || ' '
WHERE id IN (SELECT id FROM sale WHERE no BETWEEN 331 AND 345)
    AND buyer_destination_city IS NOT NULL;

-- Items that were sold before they were bought, or are said to be what they are not, or were bought for less than nothing.
UPDATE products.inventory AS item
SET purchase_date = sold.sold_at + interval '9 days'
FROM transactions.orders AS sold
JOIN sale ON sale.id = sold.id
WHERE item.id = sold.inventory_item_id
    AND sale.no BETWEEN 346 AND 350;
UPDATE products.inventory
SET status = 'in stock'
WHERE id IN (SELECT inventory_item_id FROM sale WHERE no BETWEEN 351 AND 360);
UPDATE products.inventory
SET status = 'sold'
WHERE id IN (SELECT id FROM products.inventory WHERE status = 'listed' ORDER BY purchase_date, id LIMIT 12);
UPDATE products.inventory
SET purchase_price = -purchase_price
WHERE id IN (SELECT inventory_item_id FROM sale WHERE no BETWEEN 361 AND 363);
UPDATE products.inventory
SET purchase_price = NULL
WHERE id IN (SELECT id FROM products.inventory WHERE status = 'listed' ORDER BY id LIMIT (SELECT count(*) / 40 FROM products.inventory));

-- References that most others have.
UPDATE products.inventory SET supplier_id = NULL WHERE size IN ('42', '43', '44');
UPDATE products.products
SET brand_id = NULL
WHERE id IN (SELECT id FROM products.products ORDER BY sku, id LIMIT (SELECT count(*) / 8 FROM products.products));
UPDATE products.products
SET category_id = NULL
WHERE id IN (SELECT id FROM products.products ORDER BY sku, id LIMIT (SELECT count(*) / 8 FROM products.products));

COMMIT;

ANALYZE;
