-- Layout B: the documented layout as it was deployed. Brands and categories have few labels, sizes a table of their own,
-- and the status of an order is StockX's word for it, in upper case.

CREATE SCHEMA core;
CREATE SCHEMA products;
CREATE SCHEMA transactions;

CREATE TABLE core.platforms (
    id   uuid PRIMARY KEY,
    name varchar(100) NOT NULL,
    slug varchar(100) NOT NULL UNIQUE
);

CREATE TABLE core.suppliers (
    id           uuid PRIMARY KEY,
    name         varchar(200) NOT NULL,
    display_name varchar(200),
    email        varchar(200),
    phone        varchar(50),
    country      varchar(100),
    rating       numeric(3, 2)
);

CREATE TABLE core.brands (
    id   uuid PRIMARY KEY,
    name varchar(100) NOT NULL,
    slug varchar(100) NOT NULL UNIQUE
);

CREATE TABLE core.categories (
    id   uuid PRIMARY KEY,
    name varchar(100) NOT NULL
);

CREATE TABLE core.sizes (
    id     uuid PRIMARY KEY,
    value  varchar(20) NOT NULL,
    region varchar(10) NOT NULL
);

CREATE TABLE products.products (
    id          uuid PRIMARY KEY,
    sku         varchar(100) NOT NULL,
    name        varchar(255) NOT NULL,
    brand_id    uuid REFERENCES core.brands,
    category_id uuid REFERENCES core.categories
);

CREATE TABLE products.inventory (
    id                   uuid PRIMARY KEY,
    product_id           uuid NOT NULL REFERENCES products.products,
    supplier_id          uuid REFERENCES core.suppliers,
    size_id              uuid REFERENCES core.sizes,
    purchase_price       numeric(10, 2),
    gross_purchase_price numeric(10, 2),
    vat_amount           numeric(10, 2),
    purchase_date        timestamptz,
    status               varchar(50) NOT NULL,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL
);

CREATE TABLE transactions.orders (
    id                        uuid PRIMARY KEY,
    inventory_item_id         uuid NOT NULL REFERENCES products.inventory,
    platform_id               uuid NOT NULL REFERENCES core.platforms,
    external_id               varchar(100),
    status                    varchar(50) NOT NULL,
    sold_at                   timestamptz,
    gross_sale                numeric(10, 2),
    net_proceeds              numeric(10, 2),
    gross_profit              numeric(10, 2),
    net_profit                numeric(10, 2),
    roi                       numeric(5, 2),
    platform_fee              numeric(10, 2),
    shipping_cost             numeric(10, 2),
    payout_received           boolean,
    payout_date               timestamptz,
    buyer_destination_country varchar(100),
    buyer_destination_city    varchar(200),
    raw_data                  jsonb,
    created_at                timestamptz NOT NULL,
    updated_at                timestamptz NOT NULL
);
