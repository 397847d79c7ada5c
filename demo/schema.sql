-- The demo shop's tables: a sneaker reseller's database as the documented layout has it.

CREATE SCHEMA core;
CREATE SCHEMA products;
CREATE SCHEMA transactions;

CREATE TABLE core.platforms (
    id   uuid PRIMARY KEY,
    name varchar(100) NOT NULL,
    slug varchar(100) NOT NULL UNIQUE
);

CREATE TABLE core.suppliers (
    id            uuid PRIMARY KEY,
    business_name varchar(200) NOT NULL,
    contact_email varchar(200),
    phone         varchar(50),
    country       varchar(100),
    rating        numeric(3, 2)
);

CREATE TABLE core.brands (
    id                 uuid PRIMARY KEY,
    name               varchar(100) NOT NULL,
    segment            varchar(50),
    price_tier         varchar(50),
    target_demographic varchar(100),
    is_collaboration   boolean NOT NULL DEFAULT false,
    parent_brand_id    uuid REFERENCES core.brands
);

CREATE TABLE products.categories (
    id   uuid PRIMARY KEY,
    name varchar(100) NOT NULL
);

CREATE TABLE products.products (
    id          uuid PRIMARY KEY,
    sku         varchar(100) NOT NULL,
    name        varchar(255) NOT NULL,
    brand_id    uuid REFERENCES core.brands,
    category_id uuid REFERENCES products.categories
);

CREATE TABLE products.inventory (
    id                   uuid PRIMARY KEY,
    product_id           uuid NOT NULL REFERENCES products.products,
    supplier_id          uuid REFERENCES core.suppliers,
    purchase_price       numeric(10, 2),
    gross_purchase_price numeric(10, 2),
    vat_amount           numeric(10, 2),
    purchase_date        timestamptz,
    status               varchar(50) NOT NULL,
    condition            varchar(50),
    size                 varchar(20),
    color                varchar(50),
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL,
    quantity             integer NOT NULL DEFAULT 1
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
    updated_at                timestamptz NOT NULL,
    quantity                  integer NOT NULL DEFAULT 1
);

CREATE INDEX products_brand_id_idx ON products.products (brand_id);
CREATE INDEX inventory_product_id_idx ON products.inventory (product_id);
CREATE INDEX inventory_supplier_id_idx ON products.inventory (supplier_id);
CREATE INDEX orders_inventory_item_id_idx ON transactions.orders (inventory_item_id);
CREATE INDEX orders_platform_id_idx ON transactions.orders (platform_id);
CREATE INDEX orders_sold_at_idx ON transactions.orders (sold_at);
