-- A shop whose texts have collations of their own: a case-insensitive one for the status, and one on each side of a key.

CREATE SCHEMA shop;

CREATE COLLATION shop.any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

CREATE TABLE shop.markets (
    id   text COLLATE "C" PRIMARY KEY,
    name text COLLATE shop.any_case,
    slug text COLLATE "C"
);

CREATE TABLE shop.sizes (
    id    integer PRIMARY KEY,
    value text COLLATE "und-x-icu"
);

CREATE TABLE shop.items (
    id         text COLLATE "C" PRIMARY KEY,
    product_id text COLLATE "C" NOT NULL,
    size_id    integer REFERENCES shop.sizes,
    size       text COLLATE "C"
);

CREATE TABLE shop.orders (
    id            text COLLATE "C" PRIMARY KEY,
    stock_item_id text COLLATE "und-x-icu",
    platform_id   text COLLATE "und-x-icu",
    status        text COLLATE shop.any_case,
    sold_at       timestamptz,
    gross_sale    numeric,
    country       text COLLATE shop.any_case
);

INSERT INTO shop.markets (id, name, slug) VALUES
    ('m1', 'eBay', 'ebay');

INSERT INTO shop.sizes (id, value) VALUES
    (1, '42');

INSERT INTO shop.items (id, product_id, size_id, size) VALUES
    ('i1', 'p1', 1,    NULL),
    ('i2', 'p1', NULL, '43');

INSERT INTO shop.orders (id, stock_item_id, platform_id, status, sold_at, gross_sale, country) VALUES
    ('o1', 'i1', 'm1', 'Completed', '2024-06-01 12:00:00+00', 90,  'Germany'),
    ('o2', 'i2', 'm1', 'COMPLETED', '2024-06-01 13:00:00+00', 110, 'GERMANY');
