-- From all of the sources to facts and rollups.
--
-- Generated for the hand-worked shop: METABASE_VIEWS_GENERATE=1 scripts/test.sh quick writes it anew. What a step keeps (@keep,
-- @read, @take), later ones read by its name: to EXPLAIN these, make a temporary table of each.

-- @run
CREATE TABLE metabase_internal.platform_rollup (
    id          integer GENERATED ALWAYS AS IDENTITY,
    key         text NOT NULL,
    platform_id uuid,
    name        text,
    slug        text,
    slug_key    text NOT NULL GENERATED ALWAYS AS (coalesce('=' || slug, '')) STORED,
    cities      bigint NOT NULL DEFAULT 0,
    countries   bigint NOT NULL DEFAULT 0,
    orders bigint NOT NULL DEFAULT 0,
        gross_sale_sum numeric NOT NULL DEFAULT 0,
        gross_sale_count bigint NOT NULL DEFAULT 0,
        platform_fee_sum numeric NOT NULL DEFAULT 0,
        platform_fee_count bigint NOT NULL DEFAULT 0,
        fee_pct_sum numeric NOT NULL DEFAULT 0,
        fee_pct_count bigint NOT NULL DEFAULT 0,
        shipping_cost_sum numeric NOT NULL DEFAULT 0,
        shipping_cost_count bigint NOT NULL DEFAULT 0,
        net_proceeds_sum numeric NOT NULL DEFAULT 0,
        net_proceeds_count bigint NOT NULL DEFAULT 0,
        net_profit_sum numeric NOT NULL DEFAULT 0,
        net_profit_count bigint NOT NULL DEFAULT 0,
        roi_sum numeric NOT NULL DEFAULT 0,
        roi_count bigint NOT NULL DEFAULT 0,
        margin_sum numeric NOT NULL DEFAULT 0,
        margin_count bigint NOT NULL DEFAULT 0,
        payouts bigint NOT NULL DEFAULT 0,
        payout_seconds_sum numeric NOT NULL DEFAULT 0,
        payout_seconds_count bigint NOT NULL DEFAULT 0,
        months bigint NOT NULL DEFAULT 0,
        first_sale timestamptz,
        last_sale timestamptz,
        min_gross_sale numeric,
        max_gross_sale numeric
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
    orders bigint NOT NULL DEFAULT 0,
        gross_sale_sum numeric NOT NULL DEFAULT 0,
        gross_sale_count bigint NOT NULL DEFAULT 0,
        net_profit_sum numeric NOT NULL DEFAULT 0,
        net_profit_count bigint NOT NULL DEFAULT 0,
        roi_sum numeric NOT NULL DEFAULT 0,
        roi_count bigint NOT NULL DEFAULT 0,
        shipping_cost_sum numeric NOT NULL DEFAULT 0,
        shipping_cost_count bigint NOT NULL DEFAULT 0,
        months bigint NOT NULL DEFAULT 0,
        products bigint NOT NULL DEFAULT 0,
        brands bigint NOT NULL DEFAULT 0,
        first_sale timestamptz,
        last_sale timestamptz
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
    product_id  uuid NOT NULL,
    brand_id    uuid,
    category_id uuid,
    orders bigint NOT NULL DEFAULT 0,
        gross_sale_sum numeric NOT NULL DEFAULT 0,
        gross_sale_count bigint NOT NULL DEFAULT 0,
        gross_sale_squares numeric NOT NULL DEFAULT 0,
        net_profit_sum numeric NOT NULL DEFAULT 0,
        net_profit_count bigint NOT NULL DEFAULT 0,
        roi_sum numeric NOT NULL DEFAULT 0,
        roi_count bigint NOT NULL DEFAULT 0,
        platform_fee_sum numeric NOT NULL DEFAULT 0,
        platform_fee_count bigint NOT NULL DEFAULT 0,
        units bigint NOT NULL DEFAULT 0,
        purchase_price_sum numeric NOT NULL DEFAULT 0,
        purchase_price_count bigint NOT NULL DEFAULT 0,
        priced_units bigint NOT NULL DEFAULT 0,
        suppliers bigint NOT NULL DEFAULT 0,
        min_gross_sale numeric,
        max_gross_sale numeric,
        first_sale timestamptz,
        last_sale timestamptz
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
    supplier_id uuid NOT NULL,
    brand_list  text,
    orders bigint NOT NULL DEFAULT 0,
        gross_sale_sum numeric NOT NULL DEFAULT 0,
        gross_sale_count bigint NOT NULL DEFAULT 0,
        net_profit_sum numeric NOT NULL DEFAULT 0,
        net_profit_count bigint NOT NULL DEFAULT 0,
        roi_sum numeric NOT NULL DEFAULT 0,
        roi_count bigint NOT NULL DEFAULT 0,
        units_sold bigint NOT NULL DEFAULT 0,
        sell_seconds_sum numeric NOT NULL DEFAULT 0,
        sell_seconds_count bigint NOT NULL DEFAULT 0,
        items bigint NOT NULL DEFAULT 0,
        units bigint NOT NULL DEFAULT 0,
        spent_sum numeric NOT NULL DEFAULT 0,
        spent_count bigint NOT NULL DEFAULT 0,
        priced_units bigint NOT NULL DEFAULT 0,
        products bigint NOT NULL DEFAULT 0,
        brands bigint NOT NULL DEFAULT 0,
        first_purchase timestamptz,
        last_purchase timestamptz,
        units_sold_through bigint NOT NULL DEFAULT 0,
        units_in_stock bigint NOT NULL DEFAULT 0,
        stock_value_sum numeric NOT NULL DEFAULT 0,
        stock_value_count bigint NOT NULL DEFAULT 0
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
    brand_id uuid NOT NULL,
    orders bigint NOT NULL DEFAULT 0,
        gross_sale_sum numeric NOT NULL DEFAULT 0,
        gross_sale_count bigint NOT NULL DEFAULT 0,
        gross_sale_squares numeric NOT NULL DEFAULT 0,
        net_profit_sum numeric NOT NULL DEFAULT 0,
        net_profit_count bigint NOT NULL DEFAULT 0,
        roi_sum numeric NOT NULL DEFAULT 0,
        roi_count bigint NOT NULL DEFAULT 0,
        products bigint NOT NULL DEFAULT 0,
        months bigint NOT NULL DEFAULT 0,
        first_sale timestamptz,
        last_sale timestamptz
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
    orders bigint NOT NULL DEFAULT 0,
        gross_sale_sum numeric NOT NULL DEFAULT 0,
        gross_sale_count bigint NOT NULL DEFAULT 0,
        net_proceeds_sum numeric NOT NULL DEFAULT 0,
        net_proceeds_count bigint NOT NULL DEFAULT 0,
        net_profit_sum numeric NOT NULL DEFAULT 0,
        net_profit_count bigint NOT NULL DEFAULT 0,
        platform_fee_sum numeric NOT NULL DEFAULT 0,
        platform_fee_count bigint NOT NULL DEFAULT 0,
        shipping_cost_sum numeric NOT NULL DEFAULT 0,
        shipping_cost_count bigint NOT NULL DEFAULT 0,
        roi_sum numeric NOT NULL DEFAULT 0,
        roi_count bigint NOT NULL DEFAULT 0,
        first_sale timestamptz,
        last_sale timestamptz,
        min_gross_sale numeric,
        max_gross_sale numeric
) USING heap WITH (fillfactor = 70);

-- @run
CREATE UNIQUE INDEX day_rollup_pkey ON metabase_internal.day_rollup (platform, day);

-- @run
ALTER TABLE metabase_internal.day_rollup REPLICA IDENTITY USING INDEX day_rollup_pkey;

-- @run
CREATE TABLE metabase_internal.sale_fact (
    order_id        uuid NOT NULL,
    item_id         uuid,
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
    item_id        uuid NOT NULL,
    product        integer,
    supplier       integer,
    brand          integer,
    size_id        uuid,
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
    order_id uuid,
    item_id  uuid NOT NULL,
    units    integer NOT NULL
);

-- @run
ALTER TABLE metabase_internal.departure_fact REPLICA IDENTITY FULL;

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
CREATE TABLE metabase_internal.dirty_inventory (item_id uuid NOT NULL);

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
    order_id uuid NOT NULL,
    turn     bigint GENERATED ALWAYS AS IDENTITY
);

-- @run
CREATE UNIQUE INDEX dirty_sales_pkey ON metabase_internal.dirty_sales (order_id);

-- @run
ALTER TABLE metabase_internal.dirty_sales REPLICA IDENTITY USING INDEX dirty_sales_pkey;

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

-- @read item_read
SELECT
    i.id                                               AS item_id,
    i.product_id,
    i.supplier_id,
    p.brand_id,
    p.category_id,
    i.size_id,
    i.purchase_date,
    i.purchase_price,
    coalesce(i.gross_purchase_price, i.purchase_price) AS price,
    i.quantity,
    i.is_in_stock
FROM metabase_internal.stock_items AS i
LEFT JOIN metabase_internal.products AS p ON p.id = i.product_id;

-- @read sale_read
SELECT
    o.id            AS order_id,
    o.stock_item_id AS item_id,
    o.platform_id,
    o.country,
    o.city,
    o.sold_at,
    o.payout_date,
    o.payout_received,
    o.gross_sale,
    o.net_proceeds,
    o.net_profit,
    o.roi,
    o.platform_fee,
    o.shipping_cost,
    o.quantity      AS units
FROM metabase_internal.orders AS o
WHERE o.is_completed;

-- @read departure_read
SELECT
    o.id            AS order_id,
    o.stock_item_id AS item_id,
    o.quantity      AS units
FROM metabase_internal.orders AS o
WHERE o.is_gone
    AND o.is_completed IS NOT TRUE
    AND o.stock_item_id IS NOT NULL;

-- @run when item_read
INSERT INTO metabase_internal.product_rollup (product_id, brand_id, category_id)
SELECT
    item.product_id,
    item.brand_id,
    item.category_id
FROM item_read AS item
WHERE item.product_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM metabase_internal.product_rollup AS r WHERE r.product_id = item.product_id)
GROUP BY
    item.product_id,
    item.brand_id,
    item.category_id;

-- @run when item_read
INSERT INTO metabase_internal.supplier_rollup (supplier_id)
SELECT DISTINCT item.supplier_id
FROM item_read AS item
WHERE item.supplier_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM metabase_internal.supplier_rollup AS r WHERE r.supplier_id = item.supplier_id);

-- @run when item_read
INSERT INTO metabase_internal.brand_rollup (brand_id)
SELECT DISTINCT item.brand_id
FROM item_read AS item
WHERE item.brand_id IS NOT NULL
    AND NOT EXISTS (SELECT FROM metabase_internal.brand_rollup AS r WHERE r.brand_id = item.brand_id);

-- @run
INSERT INTO metabase_internal.item_fact (item_id, product, supplier, brand, size_id, purchase_date, purchase_price, price, quantity, is_in_stock, units_sold, units_departed)
SELECT
    i.item_id,
    product.id      AS product,
    supplier.id     AS supplier,
    brand.id        AS brand,
    i.size_id,
    i.purchase_date,
    i.purchase_price,
    i.price,
    i.quantity,
    i.is_in_stock,
    i.units_sold     AS units_sold,
    i.units_departed AS units_departed
FROM (
    SELECT
        item.*,
        coalesce(sold.units, 0)     AS units_sold,
        coalesce(departed.units, 0) AS units_departed
    FROM item_read AS item
    LEFT JOIN (
        SELECT
            item_id,
            sum(units) AS units
        FROM sale_read
        GROUP BY item_id
    ) AS sold ON sold.item_id = item.item_id
    LEFT JOIN (
        SELECT
            item_id,
            sum(units) AS units
        FROM departure_read
        GROUP BY item_id
    ) AS departed ON departed.item_id = item.item_id
) AS i
LEFT JOIN metabase_internal.product_rollup AS product ON product.product_id = i.product_id
LEFT JOIN metabase_internal.supplier_rollup AS supplier ON supplier.supplier_id = i.supplier_id
LEFT JOIN metabase_internal.brand_rollup AS brand ON brand.brand_id = i.brand_id;

-- @run
CREATE UNIQUE INDEX item_fact_pkey ON metabase_internal.item_fact (item_id);

-- @run
ALTER TABLE metabase_internal.item_fact REPLICA IDENTITY USING INDEX item_fact_pkey;

-- @keep new_platform when sale_read
SELECT DISTINCT
    encoded.key,
    s.platform_id
FROM sale_read AS s
CROSS JOIN LATERAL (SELECT coalesce('=' || s.platform_id::text, '') AS key) AS encoded
WHERE NOT EXISTS (SELECT FROM metabase_internal.platform_rollup AS r WHERE r.key = encoded.key);

-- @read new_platform_read when new_platform
SELECT
    p.id AS platform_id,
    p.name,
    p.slug
FROM new_platform AS new
JOIN metabase_internal.platforms AS p ON p.id = new.platform_id;

-- @run when new_platform
INSERT INTO metabase_internal.platform_rollup (key, platform_id, name, slug)
SELECT
    new.key,
    new.platform_id,
    p.name,
    p.slug
FROM new_platform AS new
LEFT JOIN new_platform_read AS p ON p.platform_id = new.platform_id;

-- @run when sale_read
INSERT INTO metabase_internal.place_rollup (country_key, city_key, country, city)
SELECT
    encoded.country_key,
    encoded.city_key,
    s.country,
    s.city
FROM sale_read AS s
CROSS JOIN LATERAL (
    SELECT
        coalesce('=' || s.country, '') AS country_key,
        coalesce('=' || s.city, '')    AS city_key
) AS encoded
WHERE NOT EXISTS (
    SELECT
    FROM metabase_internal.place_rollup AS r
    WHERE r.country_key = encoded.country_key
        AND r.city_key = encoded.city_key
)
GROUP BY
    encoded.country_key,
    encoded.city_key,
    s.country,
    s.city;

-- @run
INSERT INTO metabase_internal.sale_fact (order_id, item_id, platform, place, product, supplier, brand, sold_at, payout_date, purchase_date, payout_received, gross_sale, net_proceeds, net_profit, roi, platform_fee, shipping_cost, purchase_price, units)
SELECT
    s.order_id,
    s.item_id,
    platform.id AS platform,
    place.id    AS place,
    i.product,
    i.supplier,
    i.brand,
    s.sold_at,
    s.payout_date,
    i.purchase_date,
    s.payout_received,
    s.gross_sale,
    s.net_proceeds,
    s.net_profit,
    s.roi,
    s.platform_fee,
    s.shipping_cost,
    i.purchase_price,
    s.units
FROM sale_read AS s
JOIN metabase_internal.platform_rollup AS platform ON platform.key = coalesce('=' || s.platform_id::text, '')
JOIN metabase_internal.place_rollup AS place
    ON place.country_key = coalesce('=' || s.country, '')
    AND place.city_key = coalesce('=' || s.city, '')
LEFT JOIN metabase_internal.item_fact AS i ON i.item_id = s.item_id;

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
    coalesce((c.sold_at AT TIME ZONE 'Europe/Berlin')::date, '-infinity')
FROM metabase_internal.sale_fact AS c;

-- @run
UPDATE metabase_internal.day_rollup AS r
SET
    orders = d.orders,
    gross_sale_sum = d.gross_sale_sum,
    gross_sale_count = d.gross_sale_count,
    net_proceeds_sum = d.net_proceeds_sum,
    net_proceeds_count = d.net_proceeds_count,
    net_profit_sum = d.net_profit_sum,
    net_profit_count = d.net_profit_count,
    platform_fee_sum = d.platform_fee_sum,
    platform_fee_count = d.platform_fee_count,
    shipping_cost_sum = d.shipping_cost_sum,
    shipping_cost_count = d.shipping_cost_count,
    roi_sum = d.roi_sum,
    roi_count = d.roi_count,
    first_sale = d.first_sale,
    last_sale = d.last_sale,
    min_gross_sale = d.min_gross_sale,
    max_gross_sale = d.max_gross_sale
FROM (
    SELECT
        f.platform AS platform,
        coalesce((f.sold_at AT TIME ZONE 'Europe/Berlin')::date, '-infinity') AS day,
        count(*) AS orders,
        coalesce(sum(f.gross_sale), 0) AS gross_sale_sum,
        count(f.gross_sale) AS gross_sale_count,
        coalesce(sum(f.net_proceeds), 0) AS net_proceeds_sum,
        count(f.net_proceeds) AS net_proceeds_count,
        coalesce(sum(f.net_profit), 0) AS net_profit_sum,
        count(f.net_profit) AS net_profit_count,
        coalesce(sum(f.platform_fee), 0) AS platform_fee_sum,
        count(f.platform_fee) AS platform_fee_count,
        coalesce(sum(f.shipping_cost), 0) AS shipping_cost_sum,
        count(f.shipping_cost) AS shipping_cost_count,
        coalesce(sum(f.roi), 0) AS roi_sum,
        count(f.roi) AS roi_count,
        min(f.sold_at) AS first_sale,
        max(f.sold_at) AS last_sale,
        min(f.gross_sale) AS min_gross_sale,
        max(f.gross_sale) AS max_gross_sale
    FROM metabase_internal.sale_fact AS f
    WHERE f.platform IS NOT NULL
    GROUP BY 1, 2
) AS d
WHERE r.platform = d.platform AND r.day = d.day;

-- @run
UPDATE metabase_internal.product_rollup AS r
SET
    orders = d.orders,
    gross_sale_sum = d.gross_sale_sum,
    gross_sale_count = d.gross_sale_count,
    gross_sale_squares = d.gross_sale_squares,
    net_profit_sum = d.net_profit_sum,
    net_profit_count = d.net_profit_count,
    roi_sum = d.roi_sum,
    roi_count = d.roi_count,
    platform_fee_sum = d.platform_fee_sum,
    platform_fee_count = d.platform_fee_count,
    units = d.units,
    purchase_price_sum = d.purchase_price_sum,
    purchase_price_count = d.purchase_price_count,
    priced_units = d.priced_units,
    suppliers = d.suppliers,
    min_gross_sale = d.min_gross_sale,
    max_gross_sale = d.max_gross_sale,
    first_sale = d.first_sale,
    last_sale = d.last_sale
FROM (
    SELECT
        f.product AS id,
        count(*) AS orders,
        coalesce(sum(f.gross_sale), 0) AS gross_sale_sum,
        count(f.gross_sale) AS gross_sale_count,
        coalesce(sum(f.gross_sale * f.gross_sale), 0) AS gross_sale_squares,
        coalesce(sum(f.net_profit), 0) AS net_profit_sum,
        count(f.net_profit) AS net_profit_count,
        coalesce(sum(f.roi), 0) AS roi_sum,
        count(f.roi) AS roi_count,
        coalesce(sum(f.platform_fee), 0) AS platform_fee_sum,
        count(f.platform_fee) AS platform_fee_count,
        coalesce(sum(f.units), 0) AS units,
        coalesce(sum(f.purchase_price * f.units), 0) AS purchase_price_sum,
        count(f.purchase_price * f.units) AS purchase_price_count,
        coalesce(sum(f.units) FILTER (WHERE f.purchase_price IS NOT NULL), 0) AS priced_units,
        count(DISTINCT f.supplier) AS suppliers,
        min(f.gross_sale) AS min_gross_sale,
        max(f.gross_sale) AS max_gross_sale,
        min(f.sold_at) AS first_sale,
        max(f.sold_at) AS last_sale
    FROM metabase_internal.sale_fact AS f
    WHERE f.product IS NOT NULL
    GROUP BY 1
) AS d
WHERE r.id = d.id;

-- @run
UPDATE metabase_internal.brand_rollup AS r
SET
    orders = d.orders,
    gross_sale_sum = d.gross_sale_sum,
    gross_sale_count = d.gross_sale_count,
    gross_sale_squares = d.gross_sale_squares,
    net_profit_sum = d.net_profit_sum,
    net_profit_count = d.net_profit_count,
    roi_sum = d.roi_sum,
    roi_count = d.roi_count,
    products = d.products,
    months = d.months,
    first_sale = d.first_sale,
    last_sale = d.last_sale
FROM (
    SELECT
        f.brand AS id,
        count(*) AS orders,
        coalesce(sum(f.gross_sale), 0) AS gross_sale_sum,
        count(f.gross_sale) AS gross_sale_count,
        coalesce(sum(f.gross_sale * f.gross_sale), 0) AS gross_sale_squares,
        coalesce(sum(f.net_profit), 0) AS net_profit_sum,
        count(f.net_profit) AS net_profit_count,
        coalesce(sum(f.roi), 0) AS roi_sum,
        count(f.roi) AS roi_count,
        count(DISTINCT f.product) AS products,
        count(DISTINCT date_trunc('month', f.sold_at AT TIME ZONE 'Europe/Berlin')::date) AS months,
        min(f.sold_at) AS first_sale,
        max(f.sold_at) AS last_sale
    FROM metabase_internal.sale_fact AS f
    WHERE f.brand IS NOT NULL
    GROUP BY 1
) AS d
WHERE r.id = d.id;

-- @run
UPDATE metabase_internal.platform_rollup AS r
SET
    orders = d.orders,
    gross_sale_sum = d.gross_sale_sum,
    gross_sale_count = d.gross_sale_count,
    platform_fee_sum = d.platform_fee_sum,
    platform_fee_count = d.platform_fee_count,
    fee_pct_sum = d.fee_pct_sum,
    fee_pct_count = d.fee_pct_count,
    shipping_cost_sum = d.shipping_cost_sum,
    shipping_cost_count = d.shipping_cost_count,
    net_proceeds_sum = d.net_proceeds_sum,
    net_proceeds_count = d.net_proceeds_count,
    net_profit_sum = d.net_profit_sum,
    net_profit_count = d.net_profit_count,
    roi_sum = d.roi_sum,
    roi_count = d.roi_count,
    margin_sum = d.margin_sum,
    margin_count = d.margin_count,
    payouts = d.payouts,
    payout_seconds_sum = d.payout_seconds_sum,
    payout_seconds_count = d.payout_seconds_count,
    months = d.months,
    first_sale = d.first_sale,
    last_sale = d.last_sale,
    min_gross_sale = d.min_gross_sale,
    max_gross_sale = d.max_gross_sale
FROM (
    SELECT
        f.platform AS id,
        count(*) AS orders,
        coalesce(sum(f.gross_sale), 0) AS gross_sale_sum,
        count(f.gross_sale) AS gross_sale_count,
        coalesce(sum(f.platform_fee), 0) AS platform_fee_sum,
        count(f.platform_fee) AS platform_fee_count,
        coalesce(sum(round(f.platform_fee / nullif(f.gross_sale, 0) * 100, 16)), 0) AS fee_pct_sum,
        count(round(f.platform_fee / nullif(f.gross_sale, 0) * 100, 16)) AS fee_pct_count,
        coalesce(sum(f.shipping_cost), 0) AS shipping_cost_sum,
        count(f.shipping_cost) AS shipping_cost_count,
        coalesce(sum(f.net_proceeds), 0) AS net_proceeds_sum,
        count(f.net_proceeds) AS net_proceeds_count,
        coalesce(sum(f.net_profit), 0) AS net_profit_sum,
        count(f.net_profit) AS net_profit_count,
        coalesce(sum(f.roi), 0) AS roi_sum,
        count(f.roi) AS roi_count,
        coalesce(sum(round(f.net_profit / nullif(f.gross_sale, 0) * 100, 16)), 0) AS margin_sum,
        count(round(f.net_profit / nullif(f.gross_sale, 0) * 100, 16)) AS margin_count,
        count(*) FILTER (WHERE f.payout_received) AS payouts,
        coalesce(sum(extract(epoch FROM f.payout_date - f.sold_at)), 0) AS payout_seconds_sum,
        count(extract(epoch FROM f.payout_date - f.sold_at)) AS payout_seconds_count,
        count(DISTINCT date_trunc('month', f.sold_at AT TIME ZONE 'Europe/Berlin')::date) AS months,
        min(f.sold_at) AS first_sale,
        max(f.sold_at) AS last_sale,
        min(f.gross_sale) AS min_gross_sale,
        max(f.gross_sale) AS max_gross_sale
    FROM metabase_internal.sale_fact AS f
    WHERE f.platform IS NOT NULL
    GROUP BY 1
) AS d
WHERE r.id = d.id;

-- @run
UPDATE metabase_internal.place_rollup AS r
SET
    orders = d.orders,
    gross_sale_sum = d.gross_sale_sum,
    gross_sale_count = d.gross_sale_count,
    net_profit_sum = d.net_profit_sum,
    net_profit_count = d.net_profit_count,
    roi_sum = d.roi_sum,
    roi_count = d.roi_count,
    shipping_cost_sum = d.shipping_cost_sum,
    shipping_cost_count = d.shipping_cost_count,
    months = d.months,
    products = d.products,
    brands = d.brands,
    first_sale = d.first_sale,
    last_sale = d.last_sale
FROM (
    SELECT
        f.place AS id,
        count(*) AS orders,
        coalesce(sum(f.gross_sale), 0) AS gross_sale_sum,
        count(f.gross_sale) AS gross_sale_count,
        coalesce(sum(f.net_profit), 0) AS net_profit_sum,
        count(f.net_profit) AS net_profit_count,
        coalesce(sum(f.roi), 0) AS roi_sum,
        count(f.roi) AS roi_count,
        coalesce(sum(f.shipping_cost), 0) AS shipping_cost_sum,
        count(f.shipping_cost) AS shipping_cost_count,
        count(DISTINCT date_trunc('month', f.sold_at AT TIME ZONE 'Europe/Berlin')::date) AS months,
        count(DISTINCT f.product) AS products,
        count(DISTINCT f.brand) AS brands,
        min(f.sold_at) AS first_sale,
        max(f.sold_at) AS last_sale
    FROM metabase_internal.sale_fact AS f
    WHERE f.place IS NOT NULL
    GROUP BY 1
) AS d
WHERE r.id = d.id;

-- @run
UPDATE metabase_internal.supplier_rollup AS r
SET
    orders = d.orders,
    gross_sale_sum = d.gross_sale_sum,
    gross_sale_count = d.gross_sale_count,
    net_profit_sum = d.net_profit_sum,
    net_profit_count = d.net_profit_count,
    roi_sum = d.roi_sum,
    roi_count = d.roi_count,
    units_sold = d.units_sold,
    sell_seconds_sum = d.sell_seconds_sum,
    sell_seconds_count = d.sell_seconds_count
FROM (
    SELECT
        f.supplier AS id,
        count(*) AS orders,
        coalesce(sum(f.gross_sale), 0) AS gross_sale_sum,
        count(f.gross_sale) AS gross_sale_count,
        coalesce(sum(f.net_profit), 0) AS net_profit_sum,
        count(f.net_profit) AS net_profit_count,
        coalesce(sum(f.roi), 0) AS roi_sum,
        count(f.roi) AS roi_count,
        coalesce(sum(f.units), 0) AS units_sold,
        coalesce(sum(extract(epoch FROM f.sold_at - f.purchase_date)), 0) AS sell_seconds_sum,
        count(extract(epoch FROM f.sold_at - f.purchase_date)) AS sell_seconds_count
    FROM metabase_internal.sale_fact AS f
    WHERE f.supplier IS NOT NULL
    GROUP BY 1
) AS d
WHERE r.id = d.id;

-- @run
UPDATE metabase_internal.supplier_rollup AS r
SET
    items = d.items,
    units = d.units,
    spent_sum = d.spent_sum,
    spent_count = d.spent_count,
    priced_units = d.priced_units,
    products = d.products,
    brands = d.brands,
    first_purchase = d.first_purchase,
    last_purchase = d.last_purchase
FROM (
    SELECT
        f.supplier AS id,
        count(*) AS items,
        coalesce(sum(f.quantity), 0) AS units,
        coalesce(sum(f.price * f.quantity), 0) AS spent_sum,
        count(f.price * f.quantity) AS spent_count,
        coalesce(sum(f.quantity) FILTER (WHERE f.price IS NOT NULL), 0) AS priced_units,
        count(DISTINCT f.product) AS products,
        count(DISTINCT f.brand) AS brands,
        min(f.purchase_date) AS first_purchase,
        max(f.purchase_date) AS last_purchase
    FROM metabase_internal.item_fact AS f
    WHERE f.supplier IS NOT NULL
    GROUP BY 1
) AS d
WHERE r.id = d.id;

-- @run
UPDATE metabase_internal.supplier_rollup AS r
SET
    units_sold_through = d.units_sold_through,
    units_in_stock = d.units_in_stock,
    stock_value_sum = d.stock_value_sum,
    stock_value_count = d.stock_value_count
FROM (
    SELECT
        f.supplier AS id,
        coalesce(sum(least(f.units_sold, f.quantity)), 0) AS units_sold_through,
        coalesce(sum(metabase_internal.units_in_stock(f.quantity, f.units_sold + f.units_departed, f.is_in_stock)), 0) AS units_in_stock,
        coalesce(sum(f.price * metabase_internal.units_in_stock(f.quantity, f.units_sold + f.units_departed, f.is_in_stock)) FILTER (WHERE metabase_internal.units_in_stock(f.quantity, f.units_sold + f.units_departed, f.is_in_stock) > 0), 0) AS stock_value_sum,
        count(f.price * metabase_internal.units_in_stock(f.quantity, f.units_sold + f.units_departed, f.is_in_stock)) FILTER (WHERE metabase_internal.units_in_stock(f.quantity, f.units_sold + f.units_departed, f.is_in_stock) > 0) AS stock_value_count
    FROM metabase_internal.item_fact AS f
    WHERE f.supplier IS NOT NULL
    GROUP BY 1
) AS d
WHERE r.id = d.id;

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

-- @keep supplied_brand when relisted_supplier
SELECT DISTINCT
    f.supplier,
    brand.brand_id
FROM relisted_supplier AS d
JOIN metabase_internal.item_fact AS f ON f.supplier = d.id
JOIN metabase_internal.brand_rollup AS brand ON brand.id = f.brand;

-- @read brand_read when supplied_brand
SELECT
    b.id AS brand_id,
    b.name
FROM (SELECT DISTINCT brand_id FROM supplied_brand) AS supplied
JOIN metabase_internal.brands AS b ON b.id = supplied.brand_id;

-- @run when relisted_supplier
UPDATE metabase_internal.supplier_rollup AS r
SET brand_list = d.brand_list
FROM (
    SELECT
        relisted.id,
        string_agg(DISTINCT b.name COLLATE "C", ', ' ORDER BY b.name COLLATE "C") AS brand_list
    FROM relisted_supplier AS relisted
    LEFT JOIN supplied_brand AS supplied ON supplied.supplier = relisted.id
    LEFT JOIN brand_read AS b ON b.brand_id = supplied.brand_id
    GROUP BY relisted.id
) AS d
WHERE r.id = d.id;

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
