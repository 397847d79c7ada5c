-- Layout E: the shop of layout B in a release that keeps the money of an order in another table, which has the order's key. Loaded after
-- b.sql and b_rows.sql, whose orders it takes apart.

CREATE SCHEMA sales;

CREATE TABLE sales.orders (
    id                uuid PRIMARY KEY,
    inventory_item_id uuid NOT NULL REFERENCES products.inventory,
    order_status      varchar(50) NOT NULL,
    order_date        timestamptz,
    created_at        timestamptz NOT NULL
);

CREATE TABLE sales.transactions (
    id                        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id                  uuid NOT NULL UNIQUE REFERENCES sales.orders ON DELETE CASCADE,
    platform_id               uuid NOT NULL REFERENCES core.platforms,
    sale_price                numeric(10, 2),
    net_proceeds              numeric(10, 2),
    net_profit                numeric(10, 2),
    roi                       numeric(5, 2),
    platform_fee              numeric(10, 2),
    shipping_fee              numeric(10, 2),
    payout_received           boolean,
    payout_date               timestamptz,
    buyer_destination_country varchar(100),
    buyer_destination_city    varchar(200),
    -- The order has one, too, and that is the one that counts.
    order_status              varchar(50) NOT NULL DEFAULT 'booked'
);

INSERT INTO sales.orders (id, inventory_item_id, order_status, order_date, created_at)
SELECT id, inventory_item_id, status, sold_at, created_at
FROM transactions.orders;

INSERT INTO sales.transactions (
    order_id, platform_id, sale_price, net_proceeds, net_profit, roi, platform_fee, shipping_fee, payout_received, payout_date,
    buyer_destination_country, buyer_destination_city
)
SELECT
    id, platform_id, gross_sale, net_proceeds, net_profit, roi, platform_fee, shipping_cost, payout_received, payout_date,
    buyer_destination_country, buyer_destination_city
FROM transactions.orders;

DROP TABLE transactions.orders;
ALTER TABLE core.sizes SET SCHEMA products;
