-- Facts and rollups from all of the sources. The tables are made anew, so that their numbers and pages are, too.
--
-- Their keys are unique indexes and no constraints: pg_dump, which does not lock the tables of extensions, asks for the text of constraints all
-- the same, and would fail if one that it has seen were gone.
--
-- As in apply.sql, @read stands before what runs as the views' owner and sees adapters.

-- @run
CREATE TABLE metabase_internal.platform_rollup (
    id          integer GENERATED ALWAYS AS IDENTITY,
    key         text NOT NULL,
    platform_id :platform_type,
    name        text,
    slug        text,
    slug_key    text NOT NULL GENERATED ALWAYS AS (coalesce('=' || slug, '')) STORED,
    cities      bigint NOT NULL DEFAULT 0,
    countries   bigint NOT NULL DEFAULT 0,
    :platform_measures
) USING heap WITH (fillfactor = 70);

-- @run
CREATE UNIQUE INDEX platform_rollup_pkey ON metabase_internal.platform_rollup (id);

-- @run
ALTER TABLE metabase_internal.platform_rollup REPLICA IDENTITY USING INDEX platform_rollup_pkey;

-- @run
CREATE UNIQUE INDEX platform_rollup_key_key ON metabase_internal.platform_rollup (key);

-- @run
CREATE INDEX ON metabase_internal.platform_rollup (slug_key);

-- @run
CREATE TABLE metabase_internal.place_rollup (
    id             integer GENERATED ALWAYS AS IDENTITY,
    country_key    text NOT NULL,
    city_key       text NOT NULL,
    country        text,
    city           text,
    platforms      bigint NOT NULL DEFAULT 0,
    platform_names text,
    :place_measures
) USING heap WITH (fillfactor = 70);

-- @run
CREATE UNIQUE INDEX place_rollup_pkey ON metabase_internal.place_rollup (id);

-- @run
ALTER TABLE metabase_internal.place_rollup REPLICA IDENTITY USING INDEX place_rollup_pkey;

-- @run
CREATE UNIQUE INDEX place_rollup_country_key_city_key_key ON metabase_internal.place_rollup (country_key, city_key);

-- @run
CREATE INDEX ON metabase_internal.place_rollup (country);

-- @run
CREATE TABLE metabase_internal.product_rollup (
    id          integer GENERATED ALWAYS AS IDENTITY,
    product_id  :product_type NOT NULL,
    brand_id    :brand_type,
    category_id :category_type,
    :product_measures
) USING heap WITH (fillfactor = 70);

-- @run
CREATE UNIQUE INDEX product_rollup_pkey ON metabase_internal.product_rollup (id);

-- @run
ALTER TABLE metabase_internal.product_rollup REPLICA IDENTITY USING INDEX product_rollup_pkey;

-- @run
CREATE UNIQUE INDEX product_rollup_product_id_key ON metabase_internal.product_rollup (product_id);

-- @run
CREATE INDEX ON metabase_internal.product_rollup (brand_id);

-- @run
CREATE INDEX ON metabase_internal.product_rollup (category_id);

-- @run
CREATE TABLE metabase_internal.supplier_rollup (
    id          integer GENERATED ALWAYS AS IDENTITY,
    supplier_id :supplier_type NOT NULL,
    brand_list  text,
    :supplier_measures
) USING heap WITH (fillfactor = 70);

-- @run
CREATE UNIQUE INDEX supplier_rollup_pkey ON metabase_internal.supplier_rollup (id);

-- @run
ALTER TABLE metabase_internal.supplier_rollup REPLICA IDENTITY USING INDEX supplier_rollup_pkey;

-- @run
CREATE UNIQUE INDEX supplier_rollup_supplier_id_key ON metabase_internal.supplier_rollup (supplier_id);

-- @run
CREATE TABLE metabase_internal.brand_rollup (
    id       integer GENERATED ALWAYS AS IDENTITY,
    brand_id :brand_type NOT NULL,
    :brand_measures
) USING heap WITH (fillfactor = 70);

-- @run
CREATE UNIQUE INDEX brand_rollup_pkey ON metabase_internal.brand_rollup (id);

-- @run
ALTER TABLE metabase_internal.brand_rollup REPLICA IDENTITY USING INDEX brand_rollup_pkey;

-- @run
CREATE UNIQUE INDEX brand_rollup_brand_id_key ON metabase_internal.brand_rollup (brand_id);

-- @run
CREATE TABLE metabase_internal.day_rollup (
    platform integer NOT NULL,
    day      date NOT NULL,
    :day_measures
) USING heap WITH (fillfactor = 70);

-- @run
CREATE UNIQUE INDEX day_rollup_pkey ON metabase_internal.day_rollup (platform, day);

-- @run
ALTER TABLE metabase_internal.day_rollup REPLICA IDENTITY USING INDEX day_rollup_pkey;

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
    purchase_price  numeric,
    units           integer NOT NULL
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
    quantity       integer NOT NULL,
    is_in_stock    boolean,
    units_sold     bigint NOT NULL,
    units_departed bigint NOT NULL
) USING heap WITH (fillfactor = 90);

-- @run
CREATE TABLE metabase_internal.departure_fact (
    order_id :order_type,
    item_id  :item_type NOT NULL,
    units    integer NOT NULL
);

-- @run
ALTER TABLE metabase_internal.departure_fact REPLICA IDENTITY FULL;

-- Groups that are applied and not flushed yet, a table a view.

-- @run
CREATE TABLE metabase_internal.dirty_executive (
    day  date NOT NULL,
    slug text
);

-- @run
CREATE UNIQUE INDEX dirty_executive_day_slug_key ON metabase_internal.dirty_executive (day, slug) NULLS NOT DISTINCT;

-- @run
ALTER TABLE metabase_internal.dirty_executive REPLICA IDENTITY FULL;

-- @run
CREATE TABLE metabase_internal.dirty_product (id integer NOT NULL);

-- @run
CREATE UNIQUE INDEX dirty_product_pkey ON metabase_internal.dirty_product (id);

-- @run
ALTER TABLE metabase_internal.dirty_product REPLICA IDENTITY USING INDEX dirty_product_pkey;

-- @run
CREATE TABLE metabase_internal.dirty_brand (id integer NOT NULL);

-- @run
CREATE UNIQUE INDEX dirty_brand_pkey ON metabase_internal.dirty_brand (id);

-- @run
ALTER TABLE metabase_internal.dirty_brand REPLICA IDENTITY USING INDEX dirty_brand_pkey;

-- @run
CREATE TABLE metabase_internal.dirty_platform (id integer NOT NULL);

-- @run
CREATE UNIQUE INDEX dirty_platform_pkey ON metabase_internal.dirty_platform (id);

-- @run
ALTER TABLE metabase_internal.dirty_platform REPLICA IDENTITY USING INDEX dirty_platform_pkey;

-- @run
CREATE TABLE metabase_internal.dirty_inventory (item_id :item_type NOT NULL);

-- @run
CREATE UNIQUE INDEX dirty_inventory_pkey ON metabase_internal.dirty_inventory (item_id);

-- @run
ALTER TABLE metabase_internal.dirty_inventory REPLICA IDENTITY USING INDEX dirty_inventory_pkey;

-- @run
CREATE TABLE metabase_internal.dirty_geography (id integer NOT NULL);

-- @run
CREATE UNIQUE INDEX dirty_geography_pkey ON metabase_internal.dirty_geography (id);

-- @run
ALTER TABLE metabase_internal.dirty_geography REPLICA IDENTITY USING INDEX dirty_geography_pkey;

-- @run
CREATE TABLE metabase_internal.dirty_supplier (id integer NOT NULL);

-- @run
CREATE UNIQUE INDEX dirty_supplier_pkey ON metabase_internal.dirty_supplier (id);

-- @run
ALTER TABLE metabase_internal.dirty_supplier REPLICA IDENTITY USING INDEX dirty_supplier_pkey;

-- @run
CREATE TABLE metabase_internal.dirty_sales (
    order_id :order_type NOT NULL,
    -- The highest is that of the order that was noted last.
    turn     bigint GENERATED ALWAYS AS IDENTITY
);

-- @run
CREATE UNIQUE INDEX dirty_sales_pkey ON metabase_internal.dirty_sales (order_id);

-- @run
ALTER TABLE metabase_internal.dirty_sales REPLICA IDENTITY USING INDEX dirty_sales_pkey;

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
COMMENT ON TABLE metabase_internal.departure_fact IS 'Orders that are not completed and have taken units out of stock, as they were last applied.';

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

-- @run
COMMENT ON TABLE metabase_internal.dirty_sales IS 'Orders that metabase_sales does not show as they were last applied.';

-- The sources are read one after the other, in one snapshot, and into rows of our own.

-- @read item_read
:read_items;

-- @read sale_read
:read_sales;

-- @read departure_read
:read_departures;

-- @include number_item_groups

-- @run
INSERT INTO metabase_internal.item_fact (:item_columns)
:number_items;

-- @run
CREATE UNIQUE INDEX item_fact_pkey ON metabase_internal.item_fact (item_id);

-- @run
ALTER TABLE metabase_internal.item_fact REPLICA IDENTITY USING INDEX item_fact_pkey;

-- @include number_sale_groups

-- @run
INSERT INTO metabase_internal.sale_fact (:sale_columns)
:number_sales;

-- @run
CREATE UNIQUE INDEX sale_fact_pkey ON metabase_internal.sale_fact (order_id);

-- @run
ALTER TABLE metabase_internal.sale_fact REPLICA IDENTITY USING INDEX sale_fact_pkey;

-- @run
CREATE INDEX sale_fact_item_idx ON metabase_internal.sale_fact (item_id);

-- @run
INSERT INTO metabase_internal.departure_fact (order_id, item_id, units)
SELECT
    order_id,
    item_id,
    units
FROM departure_read;

-- @run
CREATE INDEX departure_fact_order_idx ON metabase_internal.departure_fact (order_id);

-- @run
CREATE INDEX departure_fact_item_idx ON metabase_internal.departure_fact (item_id);

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
ANALYZE metabase_internal.departure_fact;

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
