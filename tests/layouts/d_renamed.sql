-- A shop whose tables have names of their own and whose columns mostly have the usual ones.

CREATE SCHEMA webshop;

CREATE TABLE webshop.channel (
    id   uuid PRIMARY KEY,
    name text NOT NULL,
    slug text NOT NULL
);

CREATE TABLE webshop.vendor (
    id      uuid PRIMARY KEY,
    name    text NOT NULL,
    email   text,
    country text,
    rating  numeric(3, 2)
);

CREATE TABLE webshop.shoe (
    id   uuid PRIMARY KEY,
    sku  text NOT NULL,
    name text NOT NULL
);

CREATE TABLE webshop.pair (
    id             uuid PRIMARY KEY,
    product_id     uuid NOT NULL REFERENCES webshop.shoe,
    supplier_id    uuid REFERENCES webshop.vendor,
    purchase_price numeric(10, 2),
    size           text,
    colour         text
);

CREATE TABLE webshop.purchase (
    id            uuid PRIMARY KEY,
    stock_item_id uuid REFERENCES webshop.pair,
    platform_id   uuid REFERENCES webshop.channel,
    status        text NOT NULL,
    sold_at       timestamptz,
    gross_sale    numeric(10, 2),
    net_profit    numeric(10, 2)
);

INSERT INTO webshop.channel (id, name, slug) VALUES
    ('00000000-0000-0000-0000-000000000001', 'eBay', 'ebay');

INSERT INTO webshop.vendor (id, name, email, country, rating) VALUES
    ('00000000-0000-0000-0000-000000000011', 'Sole Supply', 'sales@sole.example', 'Germany', 4.50);

INSERT INTO webshop.shoe (id, sku, name) VALUES
    ('00000000-0000-0000-0000-000000000021', 'SMB', 'Samba');

INSERT INTO webshop.pair (id, product_id, supplier_id, purchase_price, size, colour) VALUES
    ('00000000-0000-0000-0000-000000000031', '00000000-0000-0000-0000-000000000021',
     '00000000-0000-0000-0000-000000000011', 60.00, '42', 'green'),
    ('00000000-0000-0000-0000-000000000032', '00000000-0000-0000-0000-000000000021',
     '00000000-0000-0000-0000-000000000011', 70.00, '43', 'black');

INSERT INTO webshop.purchase (id, stock_item_id, platform_id, status, sold_at, gross_sale, net_profit) VALUES
    ('00000000-0000-0000-0000-000000000041', '00000000-0000-0000-0000-000000000031',
     '00000000-0000-0000-0000-000000000001', 'completed', '2024-06-01 12:00:00+00', 90.00, 20.00),
    ('00000000-0000-0000-0000-000000000042', '00000000-0000-0000-0000-000000000032',
     '00000000-0000-0000-0000-000000000001', 'delivered', '2024-06-02 12:00:00+00', 95.00, 15.00);
