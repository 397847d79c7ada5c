-- Layout C: layout B in the schemas of a later release, one schema a domain and table names in the singular.

CREATE SCHEMA catalog;
CREATE SCHEMA inventory;
CREATE SCHEMA platform;
CREATE SCHEMA sales;
CREATE SCHEMA supplier;

CREATE TABLE platform.marketplace (
    id             uuid PRIMARY KEY,
    name           varchar(100) NOT NULL,
    slug           varchar(100) NOT NULL UNIQUE,
    fee_percentage numeric(5, 2),
    active         boolean NOT NULL DEFAULT true
);

CREATE TABLE supplier.profile (
    id           uuid PRIMARY KEY,
    name         varchar(200) NOT NULL,
    display_name varchar(200),
    email        varchar(200),
    phone        varchar(50),
    country      varchar(100),
    rating       numeric(3, 2)
);

CREATE TABLE catalog.brand (
    id   uuid PRIMARY KEY,
    name varchar(100) NOT NULL,
    slug varchar(100) NOT NULL UNIQUE
);

CREATE TABLE catalog.category (
    id   uuid PRIMARY KEY,
    name varchar(100) NOT NULL
);

CREATE TABLE catalog.sizes (
    id     uuid PRIMARY KEY,
    value  varchar(20) NOT NULL,
    region varchar(10) NOT NULL
);

CREATE TABLE catalog.product (
    id          uuid PRIMARY KEY,
    sku         varchar(100) NOT NULL,
    name        varchar(255) NOT NULL,
    brand_id    uuid REFERENCES catalog.brand,
    category_id uuid REFERENCES catalog.category
);

CREATE TABLE inventory.stock (
    id                   uuid PRIMARY KEY,
    product_id           uuid NOT NULL REFERENCES catalog.product,
    supplier_id          uuid REFERENCES supplier.profile,
    size_id              uuid REFERENCES catalog.sizes,
    purchase_price       numeric(10, 2),
    gross_purchase_price numeric(10, 2),
    vat_amount           numeric(10, 2),
    purchase_date        timestamptz,
    status               varchar(50) NOT NULL,
    created_at           timestamptz NOT NULL,
    updated_at           timestamptz NOT NULL
);

CREATE TABLE sales."order" (
    id                        uuid PRIMARY KEY,
    inventory_item_id         uuid NOT NULL REFERENCES inventory.stock,
    platform_id               uuid NOT NULL REFERENCES platform.marketplace,
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
