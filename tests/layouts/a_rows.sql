-- A small shop in layout A: three items, of which two are sold; four orders, of which two are completed.
-- The same shop is in b_rows.sql and c_rows.sql.

INSERT INTO core.platforms (id, name, slug) VALUES
    (md5('StockX')::uuid, 'StockX', 'stockx'),
    (md5('eBay')::uuid,   'eBay',   'ebay');

INSERT INTO core.suppliers (id, business_name, contact_email, phone, country, rating) VALUES
    (md5('Sole')::uuid, 'Sole Supply', 'sales@sole.example', '+49 30 1', 'Germany', 4.5);

INSERT INTO core.brands (id, name, segment, price_tier, target_demographic, is_collaboration, parent_brand_id) VALUES
    (md5('Nike')::uuid,         'Nike',         'Sportswear', 'Mid',    'Everyone',   false, NULL),
    (md5('Travis Scott')::uuid, 'Travis Scott', 'Streetwear', 'Luxury', 'Collectors', true,  md5('Nike')::uuid);

INSERT INTO products.categories (id, name) VALUES
    (md5('Sneakers')::uuid, 'Sneakers');

INSERT INTO products.products (id, sku, name, brand_id, category_id) VALUES
    (md5('AM')::uuid, 'AM', 'Air Max', md5('Nike')::uuid,         md5('Sneakers')::uuid),
    (md5('DK')::uuid, 'DK', 'Dunk',    md5('Travis Scott')::uuid, NULL);

INSERT INTO products.inventory (
    id, product_id, supplier_id,
    purchase_price, gross_purchase_price, vat_amount, purchase_date,
    status, condition, size, color,
    created_at, updated_at
) VALUES
    (md5('item 1')::uuid, md5('AM')::uuid, md5('Sole')::uuid,
     100, 119, 19, '2024-01-01 12:00:00+00',
     'sold', 'new', '42', 'white',
     now(), now()),
    (md5('item 2')::uuid, md5('DK')::uuid, md5('Sole')::uuid,
     200, 238, 38, '2024-01-02 12:00:00+00',
     'sold', 'used', '43', 'black',
     now(), now()),
    (md5('item 3')::uuid, md5('DK')::uuid, md5('Sole')::uuid,
     180, NULL, NULL, '2024-01-03 12:00:00+00',
     'in_stock', 'new', '43', NULL,
     now(), now());

INSERT INTO transactions.orders (
    id, inventory_item_id, platform_id, status, sold_at,
    gross_sale, net_proceeds, net_profit, roi, platform_fee, shipping_cost,
    payout_received, payout_date,
    buyer_destination_country, buyer_destination_city,
    created_at, updated_at
) VALUES
    (md5('order 1')::uuid, md5('item 1')::uuid, md5('StockX')::uuid, 'completed', '2024-01-10 12:00:00+00',
     150, 130, 30, 25, 15, 5,
     true, '2024-01-13 12:00:00+00',
     'Germany', 'Berlin',
     now(), now()),
    (md5('order 2')::uuid, md5('item 2')::uuid, md5('eBay')::uuid, 'completed', '2024-02-20 12:00:00+00',
     250, 230, 50, 25, 20, NULL,
     false, NULL,
     'US', NULL,
     now(), now()),
    -- Not completed: in no figure.
    (md5('order 3')::uuid, md5('item 3')::uuid, md5('eBay')::uuid, 'cancelled', '2024-02-21 12:00:00+00',
     999, 999, 999, 99, 99, 99,
     true, '2024-02-22 12:00:00+00',
     'US', NULL,
     now(), now()),
    (md5('order 4')::uuid, md5('item 3')::uuid, md5('eBay')::uuid, 'pending', NULL,
     999, 999, 999, 99, 99, 99,
     false, NULL,
     'US', NULL,
     now(), now());
