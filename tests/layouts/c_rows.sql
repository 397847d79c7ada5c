-- The shop of a_rows.sql in layout C.

INSERT INTO platform.marketplace (id, name, slug) VALUES
    (md5('StockX')::uuid, 'StockX', 'stockx'),
    (md5('eBay')::uuid,   'eBay',   'ebay');

INSERT INTO supplier.profile (id, name, display_name, email, phone, country, rating) VALUES
    (md5('Sole')::uuid, 'Sole Supply', 'Sole', 'sales@sole.example', '+49 30 1', 'Germany', 4.5);

INSERT INTO catalog.brand (id, name, slug) VALUES
    (md5('Nike')::uuid,         'Nike',         'nike'),
    (md5('Travis Scott')::uuid, 'Travis Scott', 'travis-scott');

INSERT INTO catalog.category (id, name) VALUES
    (md5('Sneakers')::uuid, 'Sneakers');

INSERT INTO catalog.product (id, sku, name, brand_id, category_id) VALUES
    (md5('AM')::uuid, 'AM', 'Air Max', md5('Nike')::uuid,         md5('Sneakers')::uuid),
    (md5('DK')::uuid, 'DK', 'Dunk',    md5('Travis Scott')::uuid, NULL);

INSERT INTO catalog.sizes (id, value, region) VALUES
    (md5('42')::uuid, '42', 'EU'),
    (md5('43')::uuid, '43', 'EU');

INSERT INTO inventory.stock (
    id, product_id, supplier_id, size_id,
    purchase_price, gross_purchase_price, vat_amount, purchase_date,
    status,
    created_at, updated_at
) VALUES
    (md5('item 1')::uuid, md5('AM')::uuid, md5('Sole')::uuid, md5('42')::uuid,
     100, 119, 19, '2024-01-01 12:00:00+00',
     'sold',
     now(), now()),
    (md5('item 2')::uuid, md5('DK')::uuid, md5('Sole')::uuid, md5('43')::uuid,
     200, 238, 38, '2024-01-02 12:00:00+00',
     'sold',
     now(), now()),
    (md5('item 3')::uuid, md5('DK')::uuid, md5('Sole')::uuid, md5('43')::uuid,
     180, NULL, NULL, '2024-01-03 12:00:00+00',
     'in_stock',
     now(), now());

INSERT INTO sales."order" (
    id, inventory_item_id, platform_id, status, sold_at,
    gross_sale, net_proceeds, net_profit, roi, platform_fee, shipping_cost,
    payout_received, payout_date,
    buyer_destination_country, buyer_destination_city,
    created_at, updated_at
) VALUES
    (md5('order 1')::uuid, md5('item 1')::uuid, md5('StockX')::uuid, 'COMPLETED', '2024-01-10 12:00:00+00',
     150, 130, 30, 25, 15, 5,
     true, '2024-01-13 12:00:00+00',
     'Germany', 'Berlin',
     now(), now()),
    (md5('order 2')::uuid, md5('item 2')::uuid, md5('eBay')::uuid, 'COMPLETED', '2024-02-20 12:00:00+00',
     250, 230, 50, 25, 20, NULL,
     false, NULL,
     'US', NULL,
     now(), now()),
    -- Not completed: in no figure.
    (md5('order 3')::uuid, md5('item 3')::uuid, md5('eBay')::uuid, 'CANCELED', '2024-02-21 12:00:00+00',
     999, 999, 999, 99, 99, 99,
     true, '2024-02-22 12:00:00+00',
     'US', NULL,
     now(), now()),
    (md5('order 4')::uuid, md5('item 3')::uuid, md5('eBay')::uuid, 'PENDING', NULL,
     999, 999, 999, 99, 99, 99,
     false, NULL,
     'US', NULL,
     now(), now());
