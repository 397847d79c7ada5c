-- Layout F: the shop of layout B in a release whose orders have the key of a transaction, which has platform, fee, shipping and country.
-- Loaded after b.sql and b_rows.sql, whose orders it takes apart.

CREATE TABLE transactions.transactions (
    id                        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    platform_id               uuid NOT NULL REFERENCES core.platforms,
    platform_fee              numeric(10, 2),
    shipping_cost             numeric(10, 2),
    buyer_destination_country varchar(100),
    buyer_destination_city    varchar(200),
    external_id               varchar(100) NOT NULL UNIQUE
);

INSERT INTO transactions.transactions (
    platform_id, platform_fee, shipping_cost, buyer_destination_country, buyer_destination_city, external_id
)
SELECT platform_id, platform_fee, shipping_cost, buyer_destination_country, buyer_destination_city, id
FROM transactions.orders;

ALTER TABLE transactions.orders
    ADD COLUMN transaction_id bigint UNIQUE REFERENCES transactions.transactions,
    DROP COLUMN platform_id,
    DROP COLUMN platform_fee,
    DROP COLUMN shipping_cost,
    DROP COLUMN buyer_destination_country,
    DROP COLUMN buyer_destination_city;

UPDATE transactions.orders AS o
SET transaction_id = t.id
FROM transactions.transactions AS t
WHERE t.external_id = o.id::text;
