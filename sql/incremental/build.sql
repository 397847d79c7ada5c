-- Facts and rollups from all of the sources. The tables are made anew, so that their numbers and pages are, too.
--
-- As in apply.sql, @read stands before what runs as the views' owner and sees adapters.

-- @run
CREATE TABLE metabase_internal.platform_rollup (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key         text NOT NULL UNIQUE,
    platform_id :platform_type,
    name        text,
    slug        text,
    slug_key    text NOT NULL GENERATED ALWAYS AS (coalesce('=' || slug, '')) STORED,
    cities      bigint NOT NULL DEFAULT 0,
    countries   bigint NOT NULL DEFAULT 0,
    :platform_measures
) USING heap WITH (fillfactor = 70);

-- @run
CREATE INDEX ON metabase_internal.platform_rollup (slug_key);

-- @run
CREATE TABLE metabase_internal.place_rollup (
    id             integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    country_key    text NOT NULL,
    city_key       text NOT NULL,
    country        text,
    city           text,
    platforms      bigint NOT NULL DEFAULT 0,
    platform_names text,
    :place_measures,
    UNIQUE (country_key, city_key)
) USING heap WITH (fillfactor = 70);

-- @run
CREATE INDEX ON metabase_internal.place_rollup (country);

-- @run
CREATE TABLE metabase_internal.product_rollup (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id  :product_type NOT NULL UNIQUE,
    brand_id    :brand_type,
    category_id :category_type,
    :product_measures
) USING heap WITH (fillfactor = 70);

-- @run
CREATE INDEX ON metabase_internal.product_rollup (brand_id);

-- @run
CREATE INDEX ON metabase_internal.product_rollup (category_id);

-- @run
CREATE TABLE metabase_internal.supplier_rollup (
    id          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    supplier_id :supplier_type NOT NULL UNIQUE,
    brand_list  text,
    :supplier_measures
) USING heap WITH (fillfactor = 70);

-- @run
CREATE TABLE metabase_internal.brand_rollup (
    id       integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    brand_id :brand_type NOT NULL UNIQUE,
    :brand_measures
) USING heap WITH (fillfactor = 70);

-- @run
CREATE TABLE metabase_internal.day_rollup (
    platform integer NOT NULL,
    day      date NOT NULL,
    :day_measures,
    PRIMARY KEY (platform, day)
) USING heap WITH (fillfactor = 70);

-- @run
CREATE TABLE metabase_internal.sale_fact (
    order_id        :order_type NOT NULL,
    item_id         :item_type,
    platform        integer NOT NULL,
    place           integer NOT NULL,
    product         integer,
    supplier        integer,
    brand           integer,
    sold_at         timestamptz,
    payout_date     timestamptz,
    purchase_date   timestamptz,
    payout_received boolean,
    gross_sale      numeric,
    net_proceeds    numeric,
    net_profit      numeric,
    roi             numeric,
    platform_fee    numeric,
    shipping_cost   numeric,
    purchase_price  numeric
) USING heap WITH (fillfactor = 90);

-- @run
CREATE TABLE metabase_internal.item_fact (
    item_id        :item_type NOT NULL,
    product        integer,
    supplier       integer,
    brand          integer,
    size_id        :size_type,
    purchase_date  timestamptz,
    purchase_price numeric,
    price          numeric,
    times_sold     integer NOT NULL
) USING heap WITH (fillfactor = 90);

-- Groups that are applied and not flushed yet, a table a view.

-- @run
CREATE TABLE metabase_internal.dirty_executive (
    day  date NOT NULL,
    slug text,
    UNIQUE NULLS NOT DISTINCT (day, slug)
);

-- @run
ALTER TABLE metabase_internal.dirty_executive REPLICA IDENTITY FULL;

-- @run
CREATE TABLE metabase_internal.dirty_product (id integer PRIMARY KEY);

-- @run
CREATE TABLE metabase_internal.dirty_brand (id integer PRIMARY KEY);

-- @run
CREATE TABLE metabase_internal.dirty_platform (id integer PRIMARY KEY);

-- @run
CREATE TABLE metabase_internal.dirty_inventory (item_id :item_type PRIMARY KEY);

-- @run
CREATE TABLE metabase_internal.dirty_geography (id integer PRIMARY KEY);

-- @run
CREATE TABLE metabase_internal.dirty_supplier (id integer PRIMARY KEY);

-- What they are, for whoever finds them.

-- @run
COMMENT ON TABLE metabase_internal.platform_rollup IS 'Aggregates of the sales of each platform, with its labels as they were last applied.';

-- @run
COMMENT ON TABLE metabase_internal.place_rollup IS 'Aggregates of the sales to each place, a country and a city.';

-- @run
COMMENT ON TABLE metabase_internal.product_rollup IS 'Aggregates of the sales of each product.';

-- @run
COMMENT ON TABLE metabase_internal.supplier_rollup IS 'Aggregates of the stock items of each supplier and of their sales.';

-- @run
COMMENT ON TABLE metabase_internal.brand_rollup IS 'Aggregates of the sales of each brand.';

-- @run
COMMENT ON TABLE metabase_internal.day_rollup IS 'Aggregates of the sales of each day on each platform; -infinity stands for sales without a date.';

-- @run
COMMENT ON TABLE metabase_internal.sale_fact IS 'Completed orders as they were last applied, with the numbers of the groups that they are in.';

-- @run
COMMENT ON TABLE metabase_internal.item_fact IS 'Stock items as they were last applied, with the numbers of the groups that they are in.';

-- @run
COMMENT ON TABLE metabase_internal.dirty_executive IS 'Days and platforms that metabase_executive_metrics does not show as they were last applied.';

-- @run
COMMENT ON TABLE metabase_internal.dirty_product IS 'Products that metabase_product_performance does not show as they were last applied.';

-- @run
COMMENT ON TABLE metabase_internal.dirty_brand IS 'Brands that metabase_brand_analytics does not show as they were last applied; 0 stands for any.';

-- @run
COMMENT ON TABLE metabase_internal.dirty_platform IS 'Platforms that metabase_platform_performance does not show as they were last applied.';

-- @run
COMMENT ON TABLE metabase_internal.dirty_inventory IS 'Stock items that metabase_inventory_status does not show as they were last applied.';

-- @run
COMMENT ON TABLE metabase_internal.dirty_geography IS 'Places that metabase_customer_geography does not show as they were last applied.';

-- @run
COMMENT ON TABLE metabase_internal.dirty_supplier IS 'Suppliers that metabase_supplier_performance does not show as they were last applied.';

-- The sources are read one after the other, in one snapshot, and into rows of our own.

-- @read item_read
:read_items;

-- @read sale_read
:read_sales;

-- @include number_item_groups

-- @run
INSERT INTO metabase_internal.item_fact (:item_columns)
:number_items;

-- @run
ALTER TABLE metabase_internal.item_fact ADD CONSTRAINT item_fact_pkey PRIMARY KEY (item_id);

-- @include number_sale_groups

-- @run
INSERT INTO metabase_internal.sale_fact (:sale_columns)
:number_sales;

-- @run
ALTER TABLE metabase_internal.sale_fact ADD CONSTRAINT sale_fact_pkey PRIMARY KEY (order_id);

-- @run
CREATE INDEX sale_fact_item_idx ON metabase_internal.sale_fact (item_id);

-- Indexes: what has to be found by group, and whether a group has a value at all.

-- @run
CREATE INDEX sale_fact_product_sold_at_idx ON metabase_internal.sale_fact (product, sold_at);

-- @run
CREATE INDEX sale_fact_product_supplier_idx ON metabase_internal.sale_fact (product, supplier);

-- @run
CREATE INDEX sale_fact_platform_sold_at_idx ON metabase_internal.sale_fact (platform, sold_at);

-- @run
CREATE INDEX sale_fact_place_sold_at_idx ON metabase_internal.sale_fact (place, sold_at);

-- @run
CREATE INDEX sale_fact_place_platform_idx ON metabase_internal.sale_fact (place, platform);

-- @run
CREATE INDEX sale_fact_place_product_idx ON metabase_internal.sale_fact (place, product);

-- @run
CREATE INDEX sale_fact_place_brand_idx ON metabase_internal.sale_fact (place, brand);

-- @run
CREATE INDEX item_fact_product_idx ON metabase_internal.item_fact (product);

-- @run
CREATE INDEX item_fact_supplier_product_idx ON metabase_internal.item_fact (supplier, product);

-- @run
CREATE INDEX item_fact_supplier_brand_idx ON metabase_internal.item_fact (supplier, brand);

-- @run
CREATE INDEX item_fact_supplier_purchase_date_idx ON metabase_internal.item_fact (supplier, purchase_date);

-- @run
INSERT INTO metabase_internal.day_rollup (platform, day)
SELECT DISTINCT
    c.platform,
    :day_of_c
FROM metabase_internal.sale_fact AS c;

-- @merge

-- @run
UPDATE metabase_internal.place_rollup AS r
SET
    platforms      = d.platforms,
    platform_names = d.platform_names
FROM (
    SELECT
        pair.place,
        count(platform.platform_id)                                                              AS platforms,
        string_agg(DISTINCT platform.name COLLATE "C", ', ' ORDER BY platform.name COLLATE "C")  AS platform_names
    FROM (SELECT DISTINCT place, platform FROM metabase_internal.sale_fact) AS pair
    JOIN metabase_internal.platform_rollup AS platform ON platform.id = pair.platform
    GROUP BY pair.place
) AS d
WHERE r.id = d.place;

-- @run
UPDATE metabase_internal.platform_rollup AS r
SET
    cities    = d.cities,
    countries = d.countries
FROM (
    SELECT
        pair.platform,
        count(place.city)             AS cities,
        count(DISTINCT place.country) AS countries
    FROM (SELECT DISTINCT place, platform FROM metabase_internal.sale_fact) AS pair
    JOIN metabase_internal.place_rollup AS place ON place.id = pair.place
    GROUP BY pair.platform
) AS d
WHERE r.id = d.platform;

-- @keep relisted_supplier
SELECT id
FROM metabase_internal.supplier_rollup;

-- @include list_brands

-- The planner has to know them before the first changes are applied.

-- @run
ANALYZE metabase_internal.sale_fact;

-- @run
ANALYZE metabase_internal.item_fact;

-- @run
ANALYZE metabase_internal.place_rollup;

-- @run
ANALYZE metabase_internal.product_rollup;

-- @run
ANALYZE metabase_internal.supplier_rollup;

-- @run
ANALYZE metabase_internal.brand_rollup;

-- @run
ANALYZE metabase_internal.platform_rollup;

-- @run
ANALYZE metabase_internal.day_rollup;
