-- A shop of one channel: keys are bigint, amounts are in cents, the buyer's address is JSON, and an order has no status:
-- it counts when it is paid and not refunded. There are no suppliers, brands, categories or platforms.

CREATE SCHEMA shop;

CREATE TABLE shop.articles (
    article_no bigint PRIMARY KEY,
    title      text NOT NULL
);

CREATE TABLE shop.pieces (
    piece_no   bigint PRIMARY KEY,
    article_no bigint NOT NULL REFERENCES shop.articles,
    cost_cents bigint,
    bought_at  timestamptz
);

CREATE TABLE shop.sales (
    sale_no      bigint PRIMARY KEY,
    piece_no     bigint REFERENCES shop.pieces,
    amount_cents bigint NOT NULL,
    paid_at      timestamptz,
    refunded_at  timestamptz,
    ship_to      jsonb
);

INSERT INTO shop.articles (article_no, title) VALUES
    (1, 'Dunk Low'),
    (2, 'Gel-Lyte');

INSERT INTO shop.pieces (piece_no, article_no, cost_cents, bought_at) VALUES
    (10, 1, 5000, '2024-01-01 12:00:00+00'),
    (11, 1, 6050, '2024-01-01 12:00:00+00'),
    (12, 2, 4000, NULL);

INSERT INTO shop.sales (sale_no, piece_no, amount_cents, paid_at, refunded_at, ship_to) VALUES
    (100, 10,   12999, '2024-01-31 12:00:00+00', NULL,                     '{"country": "DE", "city": "Berlin"}'),
    (101, 11,   15001, '2024-02-15 12:00:00+00', NULL,                     '{"country": "FR"}'),
    -- Refunded, and never paid: they do not count.
    (102, 12,    9900, '2024-02-16 12:00:00+00', '2024-02-20 12:00:00+00', '{"country": "DE"}'),
    (103, 12,    9900, NULL,                     NULL,                     NULL),
    -- A gift card: no piece, no address.
    (104, NULL,  2000, '2024-02-15 18:00:00+00', NULL,                     NULL);
