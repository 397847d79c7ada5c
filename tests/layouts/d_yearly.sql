-- A shop with one table of orders a year behind a partitioned parent, so that a number says which order it is only
-- together with the day. The brand is a word in the products table. The status is an enum.

CREATE SCHEMA shop;

CREATE TYPE shop.order_state AS ENUM ('new', 'Completed', 'cancelled');

CREATE TABLE shop.products (
    id         integer PRIMARY KEY,
    title      text NOT NULL,
    brand_name text
);

CREATE TABLE shop.stock (
    id         integer PRIMARY KEY,
    product_id integer NOT NULL REFERENCES shop.products
);

CREATE TABLE shop.orders (
    id         integer NOT NULL,
    stock_id   integer REFERENCES shop.stock,
    status     shop.order_state NOT NULL,
    sold_at    timestamptz NOT NULL,
    gross_sale numeric(10, 2),
    is_test    boolean NOT NULL DEFAULT false,
    PRIMARY KEY (id, sold_at)
)
PARTITION BY RANGE (sold_at);

CREATE TABLE shop.orders_2023 PARTITION OF shop.orders FOR VALUES FROM ('2023-01-01 00:00+00') TO ('2024-01-01 00:00+00');
CREATE TABLE shop.orders_2024 PARTITION OF shop.orders FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2025-01-01 00:00+00');

INSERT INTO shop.products (id, title, brand_name) VALUES
    (1, 'Air Max', 'Nike'),
    (2, 'Dunk',    'Nike'),
    (3, 'Samba',   'adidas'),
    (4, 'Laces',   NULL);

INSERT INTO shop.stock (id, product_id) VALUES
    (1, 1),
    (2, 2),
    (3, 3),
    (4, 4);

INSERT INTO shop.orders (id, stock_id, status, sold_at, gross_sale, is_test) VALUES
    (1, 1, 'Completed', '2023-12-31 10:00:00+00', 100.00, false),
    (2, 2, 'Completed', '2024-01-01 10:00:00+00', 150.00, false),
    (3, 3, 'Completed', '2024-03-05 10:00:00+00',  90.00, false),
    (4, 4, 'Completed', '2024-03-06 10:00:00+00',   5.00, false),
    -- The number of an order of the year before.
    (1, 3, 'Completed', '2024-05-01 10:00:00+00', 110.00, false),
    (5, 1, 'cancelled', '2024-03-07 10:00:00+00', 999.00, false),
    (6, 2, 'Completed', '2024-03-08 10:00:00+00', 777.00, true);
