-- A shop small enough to be checked with a pencil: 21 orders, 24 stock items. The configured time zone is
-- Europe/Berlin; all times here are UTC. Loaded after demo/schema.sql.
--
-- Ids: the first digit is the kind (1 platform, 2 supplier, 3 brand, 4 category, 5 product, 6 stock item, 7 order),
-- the last two are the number. The comments call them P.., S.., B.., C.., A.. (article), I.. and O...

INSERT INTO core.platforms (id, name, slug) VALUES
    -- "StockX, eBay" is the C collation's order; most others put eBay first.
    ('10000000-0000-0000-0000-000000000001', 'StockX', 'stockx'),
    ('10000000-0000-0000-0000-000000000002', 'eBay',   'ebay'),
    -- Only a pending order: no row.
    ('10000000-0000-0000-0000-000000000003', 'Alias',  'alias'),
    -- No order: no row.
    ('10000000-0000-0000-0000-000000000004', 'GOAT',   'goat');

INSERT INTO core.suppliers (id, business_name, contact_email, phone, country, rating) VALUES
    ('20000000-0000-0000-0000-000000000001', 'Sole Supply GmbH', 'sales@sole.example', '+49 30 1234', 'Germany', 4.50),
    -- Little is known; the phone is an empty string, not NULL.
    ('20000000-0000-0000-0000-000000000002', 'Kicks Outlet',     NULL,                 '',            NULL,      NULL),
    -- Never a sale: no revenue, no days to sell, a sell-through rate of 0.
    ('20000000-0000-0000-0000-000000000003', 'Dust & Sons',      'old@dust.example',   NULL,          'UK',      1.00),
    -- Everything sold: nothing left in stock.
    ('20000000-0000-0000-0000-000000000004', 'Last Pair Ltd',    'hi@last.example',    '+44 20 5678', 'UK',      5.00),
    -- No stock item: no row.
    ('20000000-0000-0000-0000-000000000005', 'Nothing Yet AG',   'new@yet.example',    NULL,          'Austria', 3.00),
    -- One item, unbranded and sold twice: a brand list over no brand, and a cost that counts once.
    ('20000000-0000-0000-0000-000000000006', 'Trees & Co',       NULL,                 NULL,          'Austria', 3.75);

INSERT INTO core.brands (id, name, segment, price_tier, target_demographic, is_collaboration, parent_brand_id) VALUES
    ('30000000-0000-0000-0000-000000000001', 'Nike', 'Sportswear', 'Mid', 'Everyone', false, NULL),
    -- A collaboration with a parent.
    ('30000000-0000-0000-0000-000000000002', 'Nike x Off-White', 'Streetwear', 'Luxury', 'Collectors', true,
     '30000000-0000-0000-0000-000000000001'),
    -- In lower case: last in a brand list.
    ('30000000-0000-0000-0000-000000000003', 'adidas', 'Sportswear', 'Mid', 'Everyone', false, NULL),
    -- Average price exactly 200: not yet Premium.
    ('30000000-0000-0000-0000-000000000004', 'New Balance', 'Running', 'Premium', 'Adults', false, NULL),
    -- Average price exactly 100: not yet Mid-Range. No labels.
    ('30000000-0000-0000-0000-000000000005', 'Asics', NULL, NULL, NULL, false, NULL),
    -- In stock, never sold: no row.
    ('30000000-0000-0000-0000-000000000006', 'Puma', 'Sportswear', 'Budget', 'Everyone', false, NULL),
    -- One sale of unknown price: no average, so Entry-Level.
    ('30000000-0000-0000-0000-000000000007', 'Saucony', 'Running', 'Mid', 'Adults', false, NULL);

INSERT INTO products.categories (id, name) VALUES
    ('40000000-0000-0000-0000-000000000001', 'Sneakers'),
    ('40000000-0000-0000-0000-000000000002', 'Accessories');

INSERT INTO products.products (id, sku, name, brand_id, category_id) VALUES
    ('50000000-0000-0000-0000-000000000001', 'AF1',   'Air Force 1',
     '30000000-0000-0000-0000-000000000001', '40000000-0000-0000-0000-000000000001'),
    -- Quotes in the name.
    ('50000000-0000-0000-0000-000000000002', 'AM1-P', 'Air Max 1 "Patta"',
     '30000000-0000-0000-0000-000000000001', '40000000-0000-0000-0000-000000000001'),
    ('50000000-0000-0000-0000-000000000003', 'OW-D',  'Off-White Dunk',
     '30000000-0000-0000-0000-000000000002', '40000000-0000-0000-0000-000000000001'),
    ('50000000-0000-0000-0000-000000000004', 'SAMBA', 'Samba OG',
     '30000000-0000-0000-0000-000000000003', '40000000-0000-0000-0000-000000000001'),
    ('50000000-0000-0000-0000-000000000005', 'NB990', '990v6',
     '30000000-0000-0000-0000-000000000004', '40000000-0000-0000-0000-000000000001'),
    -- A brand, but no category.
    ('50000000-0000-0000-0000-000000000006', 'GEL14', 'Gel-Kayano 14',
     '30000000-0000-0000-0000-000000000005', NULL),
    -- No brand; a comma in the name.
    ('50000000-0000-0000-0000-000000000007', 'TREE',  'Shoe Trees, Cedar',
     NULL,                                   '40000000-0000-0000-0000-000000000002'),
    -- In stock, never sold.
    ('50000000-0000-0000-0000-000000000008', 'SUEDE', 'Suede Classic',
     '30000000-0000-0000-0000-000000000006', '40000000-0000-0000-0000-000000000001'),
    ('50000000-0000-0000-0000-000000000009', 'JAZZ',  'Jazz Original',
     '30000000-0000-0000-0000-000000000007', '40000000-0000-0000-0000-000000000001'),
    -- Never in stock: in no view.
    ('50000000-0000-0000-0000-000000000010', 'GZL',   'Gazelle',
     '30000000-0000-0000-0000-000000000003', '40000000-0000-0000-0000-000000000001');

-- Each item: id, product, supplier / purchase price net, gross, VAT, purchase date / status, condition, size, color /
-- created, updated. What counts as sold is a completed order; the status says only what has gone.
INSERT INTO products.inventory (
    id, product_id, supplier_id,
    purchase_price, gross_purchase_price, vat_amount, purchase_date,
    status, condition, size, color,
    created_at, updated_at
) VALUES
    -- I01: 31 days to O01, whose day is the next one in Berlin (30 days in UTC, and another stock category).
    ('60000000-0000-0000-0000-000000000001', '50000000-0000-0000-0000-000000000001', '20000000-0000-0000-0000-000000000001',
     80.00, 95.20, 15.20, '2023-12-01 11:00:00+00',
     'sold', 'new', '42', 'white',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I02: two completed orders, a sale and its refund: still sold, aged to the later one.
    ('60000000-0000-0000-0000-000000000002', '50000000-0000-0000-0000-000000000001', '20000000-0000-0000-0000-000000000001',
     80.00, 95.20, 15.20, '2023-12-20 10:00:00+00',
     'returned', 'new', '43', 'white',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I03: two completed orders, both sales.
    ('60000000-0000-0000-0000-000000000003', '50000000-0000-0000-0000-000000000002', '20000000-0000-0000-0000-000000000002',
     100.00, 119.00, 19.00, '2024-02-19 22:30:00+00',
     'sold', 'used', '44', 'blue',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I04: bought 23:30, sold 24 hours later at 00:30 of the day after the next: 2 calendar days.
    ('60000000-0000-0000-0000-000000000004', '50000000-0000-0000-0000-000000000002', '20000000-0000-0000-0000-000000000001',
     100.00, 119.00, 19.00, '2024-03-30 22:30:00+00',
     'sold', 'new', '44.5', 'blue',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I05: sold, but bought on an unknown date from an unknown supplier.
    ('60000000-0000-0000-0000-000000000005', '50000000-0000-0000-0000-000000000006', NULL,
     50.00, 59.50, 9.50, NULL,
     'sold', 'new', '41', 'grey',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I06: sold three days before its purchase date.
    ('60000000-0000-0000-0000-000000000006', '50000000-0000-0000-0000-000000000001', '20000000-0000-0000-0000-000000000002',
     75.00, 89.25, 14.25, '2024-06-10 12:00:00+00',
     'sold', 'new', '45', 'black',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I07: 30 days to O09 (29 in UTC): the last fast day.
    ('60000000-0000-0000-0000-000000000007', '50000000-0000-0000-0000-000000000005', '20000000-0000-0000-0000-000000000004',
     120.00, 142.80, 22.80, '2024-06-01 10:00:00+00',
     'sold', 'new', '42', 'grey',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I08: two completed orders, one of them on an unknown date: aged to the known one.
    ('60000000-0000-0000-0000-000000000008', '50000000-0000-0000-0000-000000000007', '20000000-0000-0000-0000-000000000006',
     4.00, 4.76, 0.76, '2024-07-01 00:00:00+00',
     'in_stock', NULL, NULL, NULL,
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I09: 181 days until it was sold: dead stock for ever.
    ('60000000-0000-0000-0000-000000000009', '50000000-0000-0000-0000-000000000003', '20000000-0000-0000-0000-000000000002',
     200.00, 238.00, 38.00, '2024-04-29 21:30:00+00',
     'sold', 'new', '42', 'green',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I10: bought one hour later than I09, on the next day in Berlin: 180 days.
    ('60000000-0000-0000-0000-000000000010', '50000000-0000-0000-0000-000000000003', '20000000-0000-0000-0000-000000000002',
     200.00, 238.00, 38.00, '2024-04-29 22:30:00+00',
     'sold', 'new', '43', 'green',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I11: 90 days. No VAT and no gross price.
    ('60000000-0000-0000-0000-000000000011', '50000000-0000-0000-0000-000000000004', '20000000-0000-0000-0000-000000000002',
     60.00, NULL, NULL, '2024-07-29 12:00:00+00',
     'sold', 'used', '40', 'white',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I12: 91 days, sold 3 hours after I11.
    ('60000000-0000-0000-0000-000000000012', '50000000-0000-0000-0000-000000000004', '20000000-0000-0000-0000-000000000002',
     60.00, NULL, NULL, '2024-07-29 12:00:00+00',
     'sold', 'used', '40', 'white',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I13: 31 days, a daylight-saving change among them.
    ('60000000-0000-0000-0000-000000000013', '50000000-0000-0000-0000-000000000005', '20000000-0000-0000-0000-000000000004',
     120.00, 142.80, 22.80, '2024-10-15 12:00:00+00',
     'sold', 'new', '42', 'grey',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I14: sold within a minute, but midnight lies in it: 1 day. The net price is unknown.
    ('60000000-0000-0000-0000-000000000014', '50000000-0000-0000-0000-000000000009', NULL,
     NULL, 83.30, NULL, '2024-12-29 22:59:00+00',
     'sold', 'new', '39', 'red',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I15: sold on an unknown date: no days in stock.
    ('60000000-0000-0000-0000-000000000015', '50000000-0000-0000-0000-000000000001', '20000000-0000-0000-0000-000000000001',
     90.00, 107.10, 17.10, '2024-01-05 12:00:00+00',
     'sold', 'new', '46', 'black',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),

    -- Unsold from here on. These age with the calendar, so their purchase dates move along with it.
    -- I21: 30 days, still fast.
    ('60000000-0000-0000-0000-000000000021', '50000000-0000-0000-0000-000000000001', '20000000-0000-0000-0000-000000000001',
     80.00, 95.20, 15.20, ((now() AT TIME ZONE 'Europe/Berlin')::date - 30 + time '12:00') AT TIME ZONE 'Europe/Berlin',
     'in_stock', 'new', '42', 'white',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I22: 31 days, normal.
    ('60000000-0000-0000-0000-000000000022', '50000000-0000-0000-0000-000000000002', '20000000-0000-0000-0000-000000000001',
     100.00, 119.00, 19.00, ((now() AT TIME ZONE 'Europe/Berlin')::date - 31 + time '12:00') AT TIME ZONE 'Europe/Berlin',
     'in_stock', 'new', '44', 'blue',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I23: 90 days, still normal. No gross price: the value is the net one.
    ('60000000-0000-0000-0000-000000000023', '50000000-0000-0000-0000-000000000004', '20000000-0000-0000-0000-000000000002',
     60.00, NULL, NULL, ((now() AT TIME ZONE 'Europe/Berlin')::date - 90 + time '12:00') AT TIME ZONE 'Europe/Berlin',
     'in_stock', 'used', '40', 'white',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I24: bought 91 days ago. Its status claims a sale that no order knows of: it has gone, nobody knows when.
    ('60000000-0000-0000-0000-000000000024', '50000000-0000-0000-0000-000000000004', '20000000-0000-0000-0000-000000000002',
     60.00, NULL, NULL, ((now() AT TIME ZONE 'Europe/Berlin')::date - 91 + time '12:00') AT TIME ZONE 'Europe/Berlin',
     'sold', 'used', '40', 'white',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I25: 180 days, still slow.
    ('60000000-0000-0000-0000-000000000025', '50000000-0000-0000-0000-000000000008', '20000000-0000-0000-0000-000000000003',
     40.00, 47.60, 7.60, ((now() AT TIME ZONE 'Europe/Berlin')::date - 180 + time '12:00') AT TIME ZONE 'Europe/Berlin',
     'in_stock', 'new', '42', 'red',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I26: 181 days, dead.
    ('60000000-0000-0000-0000-000000000026', '50000000-0000-0000-0000-000000000008', '20000000-0000-0000-0000-000000000003',
     40.00, 47.60, 7.60, ((now() AT TIME ZONE 'Europe/Berlin')::date - 181 + time '12:00') AT TIME ZONE 'Europe/Berlin',
     'in_stock', 'new', '43', 'red',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I27: neither a purchase date nor a price: age and value unknown.
    ('60000000-0000-0000-0000-000000000027', '50000000-0000-0000-0000-000000000007', '20000000-0000-0000-0000-000000000003',
     NULL, NULL, NULL, NULL,
     'in_stock', NULL, NULL, NULL,
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I28: bought today, ordered (O19) but not yet sold.
    ('60000000-0000-0000-0000-000000000028', '50000000-0000-0000-0000-000000000001', '20000000-0000-0000-0000-000000000001',
     85.00, 101.15, 16.15, ((now() AT TIME ZONE 'Europe/Berlin')::date - 0 + time '12:00') AT TIME ZONE 'Europe/Berlin',
     'reserved', 'new', '47', 'white',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00'),
    -- I29: dead, its only order (O20) cancelled.
    ('60000000-0000-0000-0000-000000000029', '50000000-0000-0000-0000-000000000006', '20000000-0000-0000-0000-000000000002',
     50.00, 59.50, 9.50, ((now() AT TIME ZONE 'Europe/Berlin')::date - 200 + time '12:00') AT TIME ZONE 'Europe/Berlin',
     'in_stock', 'new', '41', 'grey',
     '2023-11-01 09:00:00+00', '2024-12-31 09:00:00+00');

-- Each order: id, item, platform / number, status, sold at, country, city / gross sale, fee, shipping, net proceeds,
-- gross profit, net profit, roi / payout received, payout date, created, updated.
-- Where nothing else is said: net proceeds = gross sale - fee - shipping, net profit = net proceeds - purchase price.
INSERT INTO transactions.orders (
    id, inventory_item_id, platform_id,
    external_id, status, sold_at, buyer_destination_country, buyer_destination_city,
    gross_sale, platform_fee, shipping_cost, net_proceeds, gross_profit, net_profit, roi,
    payout_received, payout_date, created_at, updated_at
) VALUES
    -- O01: 00:30 on Monday 1 January 2024 in Berlin: another day, week, month, quarter and year than in UTC.
    ('70000000-0000-0000-0000-000000000001', '60000000-0000-0000-0000-000000000001', '10000000-0000-0000-0000-000000000001',
     'O01', 'COMPLETED', '2023-12-31 23:30:00+00', 'Germany', 'Berlin',
     120.00, 12.00, 5.00, 103.00, 40.00, 23.00, 28.75,
     true, '2024-01-03 23:30:00+00', '2023-12-31 20:00:00+00', '2025-01-01 00:00:00+00'),
    -- O02: sold, refunded by O03.
    ('70000000-0000-0000-0000-000000000002', '60000000-0000-0000-0000-000000000002', '10000000-0000-0000-0000-000000000001',
     'O02', 'completed', '2024-01-10 10:00:00+00', 'Germany', 'Berlin',
     110.00, 11.00, 5.00, 94.00, 30.00, 14.00, 17.50,
     true, '2024-01-12 22:00:00+00', '2024-01-09 20:00:00+00', '2025-01-01 00:00:00+00'),
    -- O03: the refund. The item came back (+80), the return cost 5 of shipping.
    ('70000000-0000-0000-0000-000000000003', '60000000-0000-0000-0000-000000000002', '10000000-0000-0000-0000-000000000001',
     'O03', 'completed', '2024-01-20 10:00:00+00', 'Germany', 'Berlin',
     -110.00, -11.00, 5.00, -104.00, -30.00, -24.00, -30.00,
     false, NULL, '2024-01-19 20:00:00+00', '2025-01-01 00:00:00+00'),
    -- O04: 23:30 on the leap day in Berlin. "DE" is not the group "Germany", but the same country code. Fee unknown.
    ('70000000-0000-0000-0000-000000000004', '60000000-0000-0000-0000-000000000003', '10000000-0000-0000-0000-000000000002',
     'O04', 'Completed', '2024-02-29 22:30:00+00', 'DE', 'Berlin',
     150.01, NULL, 7.00, 143.01, 50.01, 43.01, 43.01,
     true, '2024-03-01 06:30:00+00', '2024-02-28 20:00:00+00', '2025-01-01 00:00:00+00'),
    -- O05: the same item again, half an hour after the clocks went from 02:00 to 03:00.
    ('70000000-0000-0000-0000-000000000005', '60000000-0000-0000-0000-000000000003', '10000000-0000-0000-0000-000000000002',
     'O05', 'completed', '2024-03-31 01:30:00+00', 'France', 'Paris',
     140.00, 14.00, 7.00, 119.00, 40.00, 19.00, 19.00,
     false, NULL, '2024-03-30 20:00:00+00', '2025-01-01 00:00:00+00'),
    -- O06: 00:30 on 1 April in Berlin, by the new summer time; winter time would leave it in March.
    -- Paris in the United States. Shipping unknown.
    ('70000000-0000-0000-0000-000000000006', '60000000-0000-0000-0000-000000000004', '10000000-0000-0000-0000-000000000001',
     'O06', 'COMPLETED', '2024-03-31 22:30:00+00', 'United States', 'Paris',
     160.00, 16.00, NULL, 144.00, 60.00, 44.00, 44.00,
     true, '2024-04-05 10:30:00+00', '2024-03-31 20:00:00+00', '2025-01-01 00:00:00+00'),
    -- O07: the only sale of its brand, at exactly 100. Paris in France, on the other platform than O05.
    ('70000000-0000-0000-0000-000000000007', '60000000-0000-0000-0000-000000000005', '10000000-0000-0000-0000-000000000001',
     'O07', 'completed', '2024-05-05 12:00:00+00', 'France', 'Paris',
     100.00, 10.00, 6.50, 83.50, 50.00, 33.50, 67.00,
     NULL, NULL, '2024-05-04 20:00:00+00', '2025-01-01 00:00:00+00'),
    -- O08: sold before it was bought.
    ('70000000-0000-0000-0000-000000000008', '60000000-0000-0000-0000-000000000006', '10000000-0000-0000-0000-000000000002',
     'O08', 'completed', '2024-06-07 12:00:00+00', 'UK', 'London',
     90.00, 9.00, 8.00, 73.00, 15.00, -2.00, -2.67,
     NULL, NULL, '2024-06-06 20:00:00+00', '2025-01-01 00:00:00+00'),
    -- O09: 00:15 on 1 July in Berlin: the next quarter. Neither country nor city.
    ('70000000-0000-0000-0000-000000000009', '60000000-0000-0000-0000-000000000007', '10000000-0000-0000-0000-000000000001',
     'O09', 'completed', '2024-06-30 22:15:00+00', NULL, NULL,
     150.00, 15.00, 5.00, 130.00, 30.00, 10.00, 8.33,
     NULL, NULL, '2024-06-30 20:00:00+00', '2025-01-01 00:00:00+00'),
    -- O10: a fee on a gross sale of zero. A country that no list knows.
    ('70000000-0000-0000-0000-000000000010', '60000000-0000-0000-0000-000000000008', '10000000-0000-0000-0000-000000000002',
     'O10', 'completed', '2024-08-01 00:00:00+00', 'Atlantis', 'Poseidonis',
     0.00, 0.35, 3.00, -3.35, -4.00, -7.35, -183.75,
     NULL, NULL, '2024-07-31 20:00:00+00', '2025-01-01 00:00:00+00'),
    -- O11: 02:30 in Berlin, the first time. Paid out 24 hours later.
    ('70000000-0000-0000-0000-000000000011', '60000000-0000-0000-0000-000000000009', '10000000-0000-0000-0000-000000000002',
     'O11', 'completed', '2024-10-27 00:30:00+00', 'UK', 'London',
     300.00, 36.03, 12.90, 251.07, 100.00, 51.07, 25.54,
     true, '2024-10-28 00:30:00+00', '2024-10-26 20:00:00+00', '2025-01-01 00:00:00+00'),
    -- O12: 02:30 in Berlin once more, an hour after O11. A country without a city.
    ('70000000-0000-0000-0000-000000000012', '60000000-0000-0000-0000-000000000010', '10000000-0000-0000-0000-000000000002',
     'O12', 'completed', '2024-10-27 01:30:00+00', 'Germany', NULL,
     400.00, 50.00, 12.90, 337.10, 200.00, 137.10, 68.55,
     NULL, NULL, '2024-10-26 20:00:00+00', '2025-01-01 00:00:00+00'),
    -- O13: 23:30 on the same day, winter time again; summer time would move it to the 28th.
    -- Paid out on an unknown date.
    ('70000000-0000-0000-0000-000000000013', '60000000-0000-0000-0000-000000000011', '10000000-0000-0000-0000-000000000001',
     'O13', 'completed', '2024-10-27 22:30:00+00', 'Germany', NULL,
     89.99, 9.00, 0.00, 80.99, 29.99, 20.99, 34.98,
     true, NULL, '2024-10-27 20:00:00+00', '2025-01-01 00:00:00+00'),
    -- O14: 3 hours after O13 and a cent dearer. A payout date, but not known to be received.
    ('70000000-0000-0000-0000-000000000014', '60000000-0000-0000-0000-000000000012', '10000000-0000-0000-0000-000000000001',
     'O14', 'completed', '2024-10-28 01:30:00+00', 'Germany', 'München',
     90.00, 9.00, 4.99, 76.01, 30.00, 16.01, 26.68,
     NULL, '2024-10-29 01:30:00+00', '2024-10-27 20:00:00+00', '2025-01-01 00:00:00+00'),
    -- O15: with O09 an average of exactly 200. A city without a country.
    ('70000000-0000-0000-0000-000000000015', '60000000-0000-0000-0000-000000000013', '10000000-0000-0000-0000-000000000002',
     'O15', 'completed', '2024-11-15 12:00:00+00', NULL, 'Vienna',
     250.00, 25.05, NULL, 224.95, 130.00, 104.95, 87.46,
     NULL, NULL, '2024-11-14 20:00:00+00', '2025-01-01 00:00:00+00'),
    -- O16: midnight sharp in Berlin, Monday 30 December: a week of 2025, a day of 2024.
    -- Gross sale, proceeds, profit and roi unknown.
    ('70000000-0000-0000-0000-000000000016', '60000000-0000-0000-0000-000000000014', '10000000-0000-0000-0000-000000000002',
     'O16', 'completed', '2024-12-29 23:00:00+00', 'Austria', 'Vienna',
     NULL, 7.00, 5.00, NULL, NULL, NULL, NULL,
     NULL, NULL, '2024-12-29 20:00:00+00', '2025-01-01 00:00:00+00'),
    -- O17: completed on an unknown date; the only order of its (country, no city). A payout date all the same.
    ('70000000-0000-0000-0000-000000000017', '60000000-0000-0000-0000-000000000015', '10000000-0000-0000-0000-000000000001',
     'O17', 'completed', NULL, 'Austria', NULL,
     100.00, 12.50, NULL, 87.50, 10.00, -2.50, -2.78,
     true, '2024-02-01 12:00:00+00', '2024-01-31 20:00:00+00', '2025-01-01 00:00:00+00'),
    -- O18: completed on an unknown date; the second order of I08. No roi.
    ('70000000-0000-0000-0000-000000000018', '60000000-0000-0000-0000-000000000008', '10000000-0000-0000-0000-000000000002',
     'O18', 'completed', NULL, 'Germany', 'Berlin',
     20.00, 2.30, NULL, 17.70, 16.00, 13.70, NULL,
     NULL, NULL, '2024-08-20 20:00:00+00', '2025-01-01 00:00:00+00'),

    -- Not completed: in no figure.
    -- O19: pending, the only order of its platform.
    ('70000000-0000-0000-0000-000000000019', '60000000-0000-0000-0000-000000000028', '10000000-0000-0000-0000-000000000003',
     'O19', 'pending', NULL, 'Spain', 'Madrid',
     130.00, 13.00, 5.00, 112.00, 45.00, 27.00, 31.76,
     NULL, NULL, '2025-01-01 00:00:00+00', '2025-01-01 00:00:00+00'),
    -- O20: cancelled, the only order of I29.
    ('70000000-0000-0000-0000-000000000020', '60000000-0000-0000-0000-000000000029', '10000000-0000-0000-0000-000000000001',
     'O20', 'CANCELLED', '2024-09-01 12:00:00+00', 'Italy', 'Rome',
     999.99, 99.99, 5.00, 895.00, 949.99, 845.00, 999.99,
     true, '2024-09-03 12:00:00+00', '2024-08-31 20:00:00+00', '2025-01-01 00:00:00+00'),
    -- O21: cancelled, on an item that O07 sold: it must not move the average of exactly 100.
    ('70000000-0000-0000-0000-000000000021', '60000000-0000-0000-0000-000000000005', '10000000-0000-0000-0000-000000000002',
     'O21', 'Cancelled', '2024-05-03 12:00:00+00', 'Italy', NULL,
     500.00, 50.00, 5.00, 445.00, 450.00, 395.00, 790.00,
     NULL, NULL, '2024-05-02 20:00:00+00', '2025-01-01 00:00:00+00');
