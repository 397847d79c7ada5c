-- More than one unit an item, and items that have gone without a sale. Loaded after shop.sql, of which it changes no figure: its platform,
-- supplier, product and place are others.

INSERT INTO core.platforms (id, name, slug) VALUES
    ('10000000-0000-0000-0000-000000000005', 'Vinted', 'vinted');

INSERT INTO core.suppliers (id, business_name, contact_email, phone, country, rating) VALUES
    ('20000000-0000-0000-0000-000000000007', 'Bulk Traders', NULL, NULL, 'Poland', NULL);

INSERT INTO products.products (id, sku, name, brand_id, category_id) VALUES
    ('50000000-0000-0000-0000-000000000011', 'CREASE', 'Crease Shields', NULL, '40000000-0000-0000-0000-000000000002');

-- Each item: id, product, supplier / quantity, purchase price net, gross, VAT, purchase date / status / created, updated.
INSERT INTO products.inventory (
    id, product_id, supplier_id,
    quantity, purchase_price, gross_purchase_price, vat_amount, purchase_date,
    status,
    created_at, updated_at
) VALUES
    -- I41: 20 pairs, of which 5 were sold (O31) and 2 are shipped (O32): 13 are left, and age.
    ('60000000-0000-0000-0000-000000000041', '50000000-0000-0000-0000-000000000011', '20000000-0000-0000-0000-000000000007',
     20, 2.00, 2.50, 0.50, ((now() AT TIME ZONE 'Europe/Berlin')::date - 100 + time '12:00') AT TIME ZONE 'Europe/Berlin',
     'in_stock',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I42: gone without a sale. When, nobody knows.
    ('60000000-0000-0000-0000-000000000042', '50000000-0000-0000-0000-000000000011', '20000000-0000-0000-0000-000000000007',
     4, 3.00, NULL, NULL, '2024-11-01 12:00:00+00',
     'Returned_to_Supplier',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I43: 2 pairs, of which 3 were sold (O33): nothing is left, and no more than 2 count as sold through.
    ('60000000-0000-0000-0000-000000000043', '50000000-0000-0000-0000-000000000011', '20000000-0000-0000-0000-000000000007',
     2, 3.00, 3.60, 0.60, '2024-11-01 12:00:00+00',
     'listed',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I44: one pair, on its way to a buyer (O34): not in stock, although nothing was sold.
    ('60000000-0000-0000-0000-000000000044', '50000000-0000-0000-0000-000000000011', '20000000-0000-0000-0000-000000000007',
     1, 3.00, 3.60, 0.60, '2024-12-01 12:00:00+00',
     'listed',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00');

-- Each order: id, item, platform / quantity, status, sold at, country, city / gross sale, fee, shipping, net proceeds, net profit, roi /
-- created, updated. The net profit is the net proceeds less the purchase price of each pair.
INSERT INTO transactions.orders (
    id, inventory_item_id, platform_id,
    quantity, status, sold_at, buyer_destination_country, buyer_destination_city,
    gross_sale, platform_fee, shipping_cost, net_proceeds, net_profit, roi,
    created_at, updated_at
) VALUES
    -- O31: 5 pairs, sold on an unknown date.
    ('70000000-0000-0000-0000-000000000031', '60000000-0000-0000-0000-000000000041', '10000000-0000-0000-0000-000000000005',
     5, 'completed', NULL, 'Poland', 'Gdańsk',
     30.00, 3.00, 4.00, 23.00, 13.00, 130.00,
     '2024-11-20 20:00:00+00', '2025-01-01 00:00:00+00'),
    -- O32: 2 pairs more, not paid yet.
    ('70000000-0000-0000-0000-000000000032', '60000000-0000-0000-0000-000000000041', '10000000-0000-0000-0000-000000000005',
     2, 'Shipped', '2024-11-22 12:00:00+00', 'Poland', 'Gdańsk',
     12.00, 1.00, 4.00, 7.00, 3.00, 75.00,
     '2024-11-22 20:00:00+00', '2025-01-01 00:00:00+00'),
    -- O33: 3 pairs, 20 days after they were bought.
    ('70000000-0000-0000-0000-000000000033', '60000000-0000-0000-0000-000000000043', '10000000-0000-0000-0000-000000000005',
     3, 'completed', '2024-11-21 12:00:00+00', 'Poland', 'Gdańsk',
     24.00, 2.00, 1.00, 21.00, 12.00, 133.33,
     '2024-11-20 20:00:00+00', '2025-01-01 00:00:00+00'),
    -- O34: shipped, the only order of I44.
    ('70000000-0000-0000-0000-000000000034', '60000000-0000-0000-0000-000000000044', '10000000-0000-0000-0000-000000000005',
     1, 'shipped', '2024-12-12 12:00:00+00', 'Poland', 'Gdańsk',
     9.00, 1.00, 1.00, 7.00, 4.00, 133.33,
     '2024-12-12 20:00:00+00', '2025-01-01 00:00:00+00');
