-- A shop in which something is missing or odd in most rows. Loaded after demo/schema.sql and a_loosened.sql.

INSERT INTO core.platforms (id, name, slug) VALUES
    (md5('StockX')::uuid,        'StockX',        'stockx'),
    (md5('eBay')::uuid,          'eBay',          'ebay'),
    -- A quote and a comma in the name.
    (md5('O''Neill, Sons')::uuid, 'O''Neill, Sons', 'oneill');

INSERT INTO core.suppliers (id, business_name, country, rating) VALUES
    (md5('Sole')::uuid,  'Sole',        'Germany', 4.5),
    -- Another supplier of the same name.
    (md5('Sole 2')::uuid, 'Sole',       'Austria', NULL),
    -- Nothing that it has sold to the shop was ever sold.
    (md5('Dust')::uuid,  'Dust & Sons', NULL,      1);

INSERT INTO core.brands (id, name) VALUES
    (md5('Nike')::uuid,   'Nike'),
    (md5('adidas')::uuid, 'adidas'),
    (md5('Puma')::uuid,   'Puma');

INSERT INTO products.categories (id, name) VALUES (md5('Sneakers')::uuid, 'Sneakers');

INSERT INTO products.products (id, sku, name, brand_id, category_id) VALUES
    -- Two products of one name.
    (md5('Dunk')::uuid,    'D-1',     'Dunk',  md5('Nike')::uuid,   md5('Sneakers')::uuid),
    (md5('Dunk 2')::uuid,  'D-2',     'Dunk',  md5('Nike')::uuid,   md5('Sneakers')::uuid),
    (md5('Samba')::uuid,   'S-1',     'Samba', md5('adidas')::uuid, NULL),
    (md5('Trees')::uuid,   'T-1',     'Trees', NULL,                NULL),
    (md5('No name')::uuid, 'N-1',     NULL,    md5('adidas')::uuid, md5('Sneakers')::uuid),
    (md5('Nothing')::uuid, NULL,      NULL,    NULL,                NULL),
    (md5('Suede')::uuid,   'P-1',     'Suede', md5('Puma')::uuid,   md5('Sneakers')::uuid);

INSERT INTO products.inventory (id, product_id, supplier_id, purchase_price, gross_purchase_price, purchase_date, status) VALUES
    -- Sold, most of them once; "twice" twice, a "refunded" one is sold and given back.
    (md5('item 1')::uuid,     md5('Dunk')::uuid,    md5('Sole')::uuid,   80,   95.2, '2024-01-01 12:00+00', 'sold'),
    (md5('item 2')::uuid,     md5('Dunk')::uuid,    md5('Sole 2')::uuid, 80,   NULL, '2024-01-01 12:00+00', 'sold'),
    (md5('item 3')::uuid,     md5('Dunk 2')::uuid,  md5('Sole')::uuid,   100,  119,  '2024-01-31 23:30+00', 'sold'),
    (md5('twice')::uuid,      md5('Samba')::uuid,   md5('Sole')::uuid,   60,   71.4, '2023-12-01 12:00+00', 'sold'),
    (md5('refunded')::uuid,   md5('Samba')::uuid,   md5('Sole 2')::uuid, 60,   71.4, '2023-12-01 12:00+00', 'returned'),
    (md5('given away')::uuid, md5('Trees')::uuid,   NULL,                NULL, NULL, '2024-01-01 12:00+00', 'sold'),
    (md5('free')::uuid,       md5('Trees')::uuid,   NULL,                0,    0,    NULL,                  'sold'),
    (md5('no name')::uuid,    md5('No name')::uuid, md5('Sole')::uuid,   50,   59.5, NULL,                  'sold'),
    (md5('nothing')::uuid,    md5('Nothing')::uuid, NULL,                NULL, NULL, NULL,                  NULL),
    (md5('when')::uuid,       md5('Dunk')::uuid,    md5('Sole')::uuid,   80,   95.2, '2024-01-01 12:00+00', 'sold'),
    -- Unsold, on both sides of each limit of age.
    (md5('0 days')::uuid,     md5('Suede')::uuid,   md5('Dust')::uuid,   10,   11.9, now(),                       'new'),
    (md5('30 days')::uuid,    md5('Suede')::uuid,   md5('Dust')::uuid,   20,   NULL, now() - interval '30 days',  'new'),
    (md5('31 days')::uuid,    md5('Suede')::uuid,   md5('Dust')::uuid,   NULL, NULL, now() - interval '31 days',  'new'),
    (md5('60 days')::uuid,    md5('Suede')::uuid,   md5('Sole')::uuid,   10,   11.9, now() - interval '60 days',  'new'),
    (md5('61 days')::uuid,    md5('Dunk')::uuid,    md5('Sole 2')::uuid, 10,   11.9, now() - interval '61 days',  'new'),
    (md5('90 days')::uuid,    md5('Dunk')::uuid,    NULL,                10,   11.9, now() - interval '90 days',  'new'),
    (md5('91 days')::uuid,    md5('Dunk')::uuid,    md5('Sole')::uuid,   10,   11.9, now() - interval '91 days',  'new'),
    (md5('180 days')::uuid,   md5('Trees')::uuid,   md5('Sole')::uuid,   0,    0,    now() - interval '180 days', 'new'),
    (md5('181 days')::uuid,   md5('Samba')::uuid,   md5('Dust')::uuid,   10,   11.9, now() - interval '181 days', 'new'),
    (md5('365 days')::uuid,   md5('Samba')::uuid,   md5('Sole')::uuid,   10,   11.9, now() - interval '365 days', 'new'),
    (md5('366 days')::uuid,   md5('Samba')::uuid,   NULL,                10,   11.9, now() - interval '366 days', 'new'),
    -- Bought tomorrow, or nobody knows when.
    (md5('tomorrow')::uuid,   md5('Nothing')::uuid, md5('Sole')::uuid,   10,   11.9, now() + interval '1 day',    'new'),
    (md5('unknown')::uuid,    md5('Suede')::uuid,   md5('Sole')::uuid,   10,   11.9, NULL,                        'new');

INSERT INTO transactions.orders (
    id, inventory_item_id, platform_id, status, sold_at,
    gross_sale, net_proceeds, net_profit, roi, platform_fee, shipping_cost,
    payout_received, payout_date,
    buyer_destination_country, buyer_destination_city
)
SELECT
    md5('order ' || no)::uuid, md5(item)::uuid, md5(platform)::uuid, status, sold_at::timestamptz,
    gross, gross - fee, profit, roi, fee, shipping,
    payout IS NOT NULL, payout::timestamptz,
    country, city
FROM (
    VALUES
    -- The last minutes of January and the first of February, in Berlin.
    (1,  'item 1',     'StockX',         'completed', '2024-01-31 22:59+00', 150,  30,   25.5, 15,   5,    '2024-02-03 12:00+00', 'Germany',        'Berlin'),
    (2,  'item 2',     'StockX',         'COMPLETED', '2024-01-31 23:00+00', 170,  40,   33.3, 17,   5,    '2024-02-05 12:00+00', 'DE',             NULL),
    -- Three on one day on one platform, one of them without ROI, fee and shipping.
    (3,  'item 3',     'eBay',           'completed', '2024-02-29 12:00+00', 200,  60,   40,   20,   4,    NULL,                  'UK',             'London'),
    (4,  'twice',      'eBay',           'completed', '2024-02-29 13:00+00', 90,   10,   NULL, NULL, NULL, '2024-03-10 00:00+00', 'United Kingdom', 'Leeds'),
    (5,  'refunded',   'eBay',           'completed', '2024-02-29 14:00+00', 100,  20,   10,   10,   4,    NULL,                  'Atlantis',       NULL),
    -- No platform; no item; neither.
    (6,  'twice',      NULL,             'completed', '2024-04-30 21:59+00', 110,  25,   20,   0,    3,    NULL,                  'France',         'Paris'),
    (7,  NULL,         'StockX',         'completed', '2024-03-15 12:00+00', 80,   NULL, NULL, 8,    NULL, NULL,                  'France',         'Lyon'),
    (8,  NULL,         NULL,             'completed', '2024-03-15 12:00+00', 70,   5,    7,    NULL, 1,    NULL,                  NULL,             NULL),
    -- The one that was given back.
    (9,  'refunded',   'eBay',           'completed', '2024-03-02 12:00+00', -100, -20,  NULL, -10,  4,    NULL,                  'Atlantis',       NULL),
    -- For nothing; at an unknown price.
    (10, 'free',       'O''Neill, Sons', 'completed', '2024-03-31 12:00+00', 0,    -5,   NULL, 0,    5,    '2024-03-31 12:00+00', 'Austria',        'Wien'),
    (11, 'given away', 'O''Neill, Sons', 'completed', '2024-03-31 23:59+00', NULL, NULL, NULL, NULL, NULL, NULL,                  'Austria',        'Wien'),
    -- Of what has no name.
    (12, 'no name',    'O''Neill, Sons', 'completed', '2024-05-01 12:00+00', 60,   10,   20,   6,    5,    NULL,                  '',               ''),
    (13, 'nothing',    'eBay',           'completed', '2024-05-31 21:59+00', 55,   55,   NULL, 5,    5,    NULL,                  'us',             'Paris'),
    -- Nobody knows when.
    (14, 'when',       'StockX',         'completed', NULL,                  130,  20,   15,   13,   5,    '2024-05-01 12:00+00', 'Germany',        'Berlin'),
    -- Of no interest: never completed.
    (15, 'unknown',    'StockX',         'pending',   '2024-05-31 12:00+00', 999,  99,   99,   99,   99,   '2024-06-01 12:00+00', 'Japan',          'Tokyo'),
    (16, '61 days',    'eBay',           NULL,        '2024-05-31 12:00+00', 999,  99,   99,   99,   99,   '2024-06-01 12:00+00', 'Japan',          'Tokyo'),
    -- Not paid yet, and on its way.
    (17, '90 days',    'eBay',           'Shipped',   NULL,                  999,  99,   99,   99,   99,   NULL,                  'Japan',          'Tokyo')
) AS made (no, item, platform, status, sold_at, gross, profit, roi, fee, shipping, payout, country, city);

-- Several pieces in one row, of which some or none are sold; and none at all.
UPDATE products.inventory SET quantity = 5, status = 'new' WHERE id IN (md5('item 1')::uuid, md5('60 days')::uuid);
UPDATE products.inventory SET quantity = 0 WHERE id = md5('free')::uuid;
UPDATE transactions.orders SET quantity = 2 WHERE id IN (md5('order 1')::uuid, md5('order 3')::uuid);
-- Gone, and there, whatever the orders say.
UPDATE products.inventory SET status = 'Lost' WHERE id = md5('366 days')::uuid;
UPDATE products.inventory SET is_in_stock = false WHERE id = md5('30 days')::uuid;
UPDATE products.inventory SET is_in_stock = true WHERE id IN (md5('item 2')::uuid, md5('0 days')::uuid);
