-- From the keys that were taken from the queues (queued_order, queued_stock_item, …: one column, key) to facts, rollups and the
-- groups that have changed. Each step is one statement; src/incremental/script.rs says how the lines with @ are read.
--
-- A step with @read sees adapters, and runs as the views' owner, over nothing but them and kept rows. All others run as the
-- extension's owner, over nothing but tables of its own and kept rows.

-- Labels, and what they move ------------------------------------------------------------------------------------------------

-- @keep known_product when queued_product
SELECT
    r.id,
    r.product_id,
    r.brand_id
FROM queued_product AS q
JOIN metabase_internal.product_rollup AS r ON r.product_id = q.key;

-- @keep known_platform when queued_platform
SELECT
    r.id,
    r.platform_id,
    r.name,
    r.slug
FROM queued_platform AS q
JOIN metabase_internal.platform_rollup AS r ON r.key = '=' || q.key::text;

-- @read product_read when known_product
SELECT
    p.id AS product_id,
    p.brand_id,
    p.category_id
FROM known_product AS known
JOIN metabase_internal.products AS p ON p.id = known.product_id;

-- @read platform_read when known_platform
SELECT
    p.id AS platform_id,
    p.name,
    p.slug
FROM known_platform AS known
JOIN metabase_internal.platforms AS p ON p.id = known.platform_id;

-- @keep product_seen when known_product
SELECT
    known.id,
    p.brand_id,
    p.category_id,
    known.brand_id IS DISTINCT FROM p.brand_id AS moved
FROM known_product AS known
LEFT JOIN product_read AS p ON p.product_id = known.product_id;

-- @run when product_seen
UPDATE metabase_internal.product_rollup AS r
SET
    brand_id    = seen.brand_id,
    category_id = seen.category_id
FROM product_seen AS seen
WHERE r.id = seen.id
    AND (r.brand_id IS DISTINCT FROM seen.brand_id OR r.category_id IS DISTINCT FROM seen.category_id);

-- @keep relabelled_product when product_seen, queued_brand, queued_category
SELECT id
FROM product_seen
UNION
SELECT r.id
FROM queued_brand AS q
JOIN metabase_internal.product_rollup AS r ON r.brand_id = q.key
UNION
SELECT r.id
FROM queued_category AS q
JOIN metabase_internal.product_rollup AS r ON r.category_id = q.key;

-- @keep platform_seen when known_platform
SELECT
    known.id,
    p.name,
    p.slug,
    known.slug AS old_slug,
    ROW (known.name, known.slug) IS DISTINCT FROM ROW (p.name, p.slug) AS relabelled
FROM known_platform AS known
LEFT JOIN platform_read AS p ON p.platform_id = known.platform_id;

-- @run when platform_seen
UPDATE metabase_internal.platform_rollup AS r
SET
    name = seen.name,
    slug = seen.slug
FROM platform_seen AS seen
WHERE r.id = seen.id;

-- @keep supplier_seen when queued_supplier
SELECT r.id
FROM queued_supplier AS q
JOIN metabase_internal.supplier_rollup AS r ON r.supplier_id = q.key;

-- Stock items: the facts of sales take from them what they have to do with products and suppliers ----------------------------

-- @keep dirty_item when queued_stock_item, product_seen
SELECT key AS item_id
FROM queued_stock_item
UNION
SELECT f.item_id
FROM product_seen AS seen
JOIN metabase_internal.item_fact AS f ON f.product = seen.id
WHERE seen.moved;

-- @read item_read when dirty_item
:read_items;

-- @include number_item_groups

-- @keep item_new when item_read
:number_items;

-- Each stock item as it was applied (w = -1) and as it is now (w = 1), where these differ. at is where the former is; gone is
-- whether there is no latter.
-- @keep item_change when dirty_item
WITH old AS MATERIALIZED (
    SELECT
        f.ctid AS at,
        f.*
    FROM dirty_item AS d
    JOIN metabase_internal.item_fact AS f ON f.item_id = d.item_id
)
SELECT
    -1                  AS w,
    old.at,
    new.item_id IS NULL AS gone,
    :old_item_columns
FROM old
LEFT JOIN item_new AS new ON new.item_id = old.item_id
WHERE new.item_id IS NULL
    OR ROW (:old_item_columns) IS DISTINCT FROM ROW (:new_item_columns)
UNION ALL
SELECT
    1 AS w,
    old.at,
    false AS gone,
    :new_item_columns
FROM item_new AS new
LEFT JOIN old ON old.item_id = new.item_id
WHERE old.item_id IS NULL
    OR ROW (:old_item_columns) IS DISTINCT FROM ROW (:new_item_columns);

-- @run when item_change
DELETE FROM metabase_internal.item_fact AS f
USING item_change AS c
WHERE c.gone
    AND f.ctid = c.at;

-- @run when item_change
UPDATE metabase_internal.item_fact AS f
SET (:item_columns) = ROW (:c_item_columns)
FROM item_change AS c
WHERE c.w > 0
    AND f.ctid = c.at;

-- @run when item_change
INSERT INTO metabase_internal.item_fact (:item_columns)
SELECT :item_columns
FROM item_change
WHERE w > 0
    AND at IS NULL;

-- Sales ---------------------------------------------------------------------------------------------------------------------

-- An order whose stock item has changed is another sale, too. An order that has come to an item, or left it, is queued itself.
-- @keep dirty_order when queued_order, item_change
SELECT key AS order_id
FROM queued_order
UNION
SELECT f.order_id
FROM item_change AS d
JOIN metabase_internal.sale_fact AS f ON f.item_id = d.item_id;

-- @read sale_read when dirty_order
:read_sales;

-- @include number_sale_groups

-- @keep sale_new when sale_read
:number_sales;

-- @keep sale_change when dirty_order
WITH old AS MATERIALIZED (
    SELECT
        f.ctid AS at,
        f.*
    FROM dirty_order AS d
    JOIN metabase_internal.sale_fact AS f ON f.order_id = d.order_id
)
SELECT
    -1                   AS w,
    old.at,
    new.order_id IS NULL AS gone,
    :old_sale_columns
FROM old
LEFT JOIN sale_new AS new ON new.order_id = old.order_id
WHERE new.order_id IS NULL
    OR ROW (:old_sale_columns) IS DISTINCT FROM ROW (:new_sale_columns)
UNION ALL
SELECT
    1 AS w,
    old.at,
    false AS gone,
    :new_sale_columns
FROM sale_new AS new
LEFT JOIN old ON old.order_id = new.order_id
WHERE old.order_id IS NULL
    OR ROW (:old_sale_columns) IS DISTINCT FROM ROW (:new_sale_columns);

-- @run when sale_change
DELETE FROM metabase_internal.sale_fact AS f
USING sale_change AS c
WHERE c.gone
    AND f.ctid = c.at;

-- @run when sale_change
UPDATE metabase_internal.sale_fact AS f
SET (:sale_columns) = ROW (:c_sale_columns)
FROM sale_change AS c
WHERE c.w > 0
    AND f.ctid = c.at;

-- @run when sale_change
INSERT INTO metabase_internal.sale_fact (:sale_columns)
SELECT :sale_columns
FROM sale_change
WHERE w > 0
    AND at IS NULL;

-- Departures: orders that do not count as sales and have taken units out of stock all the same ---------------------------------

-- @read departure_read when queued_order
:read_departures;

-- Each departure that has come (w > 0) or gone. Of a key that is not unique there may be several.
-- @keep departure_change when queued_order
SELECT
    order_id,
    item_id,
    units,
    sum(w) AS w
FROM (
    SELECT
        f.order_id,
        f.item_id,
        f.units,
        -1 AS w
    FROM queued_order AS q
    JOIN metabase_internal.departure_fact AS f ON f.order_id = q.key
    UNION ALL
    SELECT
        order_id,
        item_id,
        units,
        1 AS w
    FROM departure_read
) AS departure
GROUP BY
    order_id,
    item_id,
    units
HAVING sum(w) <> 0;

-- @run when departure_change
DELETE FROM metabase_internal.departure_fact AS f
USING departure_change AS c
WHERE f.order_id = c.order_id;

-- @run when departure_change
INSERT INTO metabase_internal.departure_fact (order_id, item_id, units)
SELECT
    d.order_id,
    d.item_id,
    d.units
FROM departure_read AS d
WHERE d.order_id IN (SELECT c.order_id FROM departure_change AS c);

-- Stock items that more or fewer units have left than before.
-- @keep item_moved when sale_change, departure_change
SELECT
    f.ctid                               AS at,
    f.supplier,
    f.price,
    f.quantity,
    f.is_in_stock,
    f.units_sold,
    f.units_departed,
    f.units_sold + moved.sold            AS units_sold_now,
    f.units_departed + moved.departed    AS units_departed_now
FROM (
    SELECT
        item_id,
        sum(sold)::bigint     AS sold,
        sum(departed)::bigint AS departed
    FROM (
        SELECT
            item_id,
            w * units::bigint AS sold,
            0                 AS departed
        FROM sale_change
        WHERE item_id IS NOT NULL
        UNION ALL
        SELECT
            item_id,
            0         AS sold,
            w * units AS departed
        FROM departure_change
    ) AS movement
    GROUP BY item_id
    HAVING sum(sold) <> 0
        OR sum(departed) <> 0
) AS moved
JOIN metabase_internal.item_fact AS f ON f.item_id = moved.item_id;

-- @run when item_moved
UPDATE metabase_internal.item_fact AS f
SET
    units_sold     = c.units_sold_now,
    units_departed = c.units_departed_now
FROM item_moved AS c
WHERE f.ctid = c.at;

-- What a supplier has in stock changes by its items, and by what leaves them: each as it was (w = -1) and as it is now (w = 1).
-- @keep stock_change when item_change, item_moved
SELECT
    w,
    supplier,
    price,
    quantity,
    is_in_stock,
    units_sold,
    units_departed
FROM item_change
UNION ALL
SELECT
    -1 AS w,
    supplier,
    price,
    quantity,
    is_in_stock,
    units_sold,
    units_departed
FROM item_moved
UNION ALL
SELECT
    1 AS w,
    supplier,
    price,
    quantity,
    is_in_stock,
    units_sold_now,
    units_departed_now
FROM item_moved;

-- Rollups -------------------------------------------------------------------------------------------------------------------

-- @run when sale_change
INSERT INTO metabase_internal.day_rollup (platform, day)
SELECT DISTINCT
    c.platform,
    :day_of_c
FROM sale_change AS c
WHERE NOT EXISTS (
    SELECT
    FROM metabase_internal.day_rollup AS r
    WHERE r.platform = c.platform
        AND r.day = :day_of_c
);

-- @merge

-- NaN and infinity cannot be taken out of a sum: the groups that have lost one are read again. x - x is NaN if x is neither.
-- @keep sale_not_finite when sale_change
SELECT *
FROM sale_change
WHERE w < 0
    AND 'NaN'::numeric IN (
        gross_sale - gross_sale,
        net_proceeds - net_proceeds,
        net_profit - net_profit,
        roi - roi,
        platform_fee - platform_fee,
        shipping_cost - shipping_cost,
        purchase_price - purchase_price
    );

-- @keep item_not_finite when item_change
SELECT supplier
FROM item_change
WHERE w < 0
    AND price - price = 'NaN';

-- @keep stock_not_finite when stock_change
SELECT supplier
FROM stock_change
WHERE w < 0
    AND price - price = 'NaN';

-- @recompute_groups

-- Platforms and places are counted in pairs, both ways: place_platforms has the pairs that have come or gone.
-- @run when place_platforms
UPDATE metabase_internal.place_rollup AS r
SET platforms = r.platforms + d.platforms
FROM (
    SELECT
        pair.g,
        count(*) FILTER (WHERE pair.appeared) - count(*) FILTER (WHERE NOT pair.appeared) AS platforms
    FROM place_platforms AS pair
    JOIN metabase_internal.platform_rollup AS platform ON platform.id = pair.v
    WHERE platform.platform_id IS NOT NULL
    GROUP BY pair.g
) AS d
WHERE r.id = d.g;

-- @run when place_platforms
UPDATE metabase_internal.platform_rollup AS r
SET
    cities    = r.cities + coalesce(d.cities, 0),
    countries = r.countries + coalesce(d.countries, 0)
FROM (
    SELECT
        platform,
        sum(cities)                                                                   AS cities,
        sum((places_now > 0)::integer - (places_now - places_more > 0)::integer)
            FILTER (WHERE country IS NOT NULL)                                        AS countries
    FROM (
        SELECT
            changed.platform,
            changed.country,
            changed.cities,
            changed.places_more,
            (
                SELECT count(*)
                FROM metabase_internal.place_rollup AS p
                CROSS JOIN LATERAL (
                    SELECT
                    FROM metabase_internal.sale_fact AS f
                    WHERE f.place = p.id
                        AND f.platform = changed.platform
                    LIMIT 1
                ) AS sold
                WHERE p.country = changed.country
            ) AS places_now
        FROM (
            SELECT
                pair.v                                                                     AS platform,
                place.country,
                sum(CASE WHEN pair.appeared THEN 1 ELSE -1 END) FILTER (WHERE place.city IS NOT NULL) AS cities,
                sum(CASE WHEN pair.appeared THEN 1 ELSE -1 END)                            AS places_more
            FROM place_platforms AS pair
            JOIN metabase_internal.place_rollup AS place ON place.id = pair.g
            GROUP BY
                pair.v,
                place.country
        ) AS changed
    ) AS counted
    GROUP BY platform
) AS d
WHERE r.id = d.platform;

-- Lists of names are made anew where they have changed.
-- @keep relisted_place when place_platforms, platform_seen
SELECT g AS id
FROM place_platforms
UNION
SELECT p.id
FROM platform_seen AS seen
CROSS JOIN metabase_internal.place_rollup AS p
CROSS JOIN LATERAL (
    SELECT
    FROM metabase_internal.sale_fact AS f
    WHERE f.place = p.id
        AND f.platform = seen.id
    LIMIT 1
) AS sold;

-- @run when relisted_place
UPDATE metabase_internal.place_rollup AS r
SET platform_names = :platform_names
FROM relisted_place AS d
WHERE r.id = d.id;

-- @keep relisted_supplier when supplier_brands, queued_brand
SELECT g AS id
FROM supplier_brands
UNION
SELECT f.supplier
FROM queued_brand AS q
JOIN metabase_internal.product_rollup AS p ON p.brand_id = q.key
JOIN metabase_internal.item_fact AS f ON f.product = p.id
WHERE f.supplier IS NOT NULL;

-- @include list_brands

-- The groups whose rows may have changed, view by view ----------------------------------------------------------------------

-- @keep dirty_executive when sale_change, platform_seen
SELECT
    c.day,
    p.slug
FROM (
    SELECT DISTINCT
        c.platform,
        :day_of_c AS day
    FROM sale_change AS c
) AS c
JOIN metabase_internal.platform_rollup AS p ON p.id = c.platform
UNION
SELECT
    r.day,
    label.slug
FROM platform_seen AS seen
JOIN metabase_internal.day_rollup AS r ON r.platform = seen.id
CROSS JOIN LATERAL (VALUES (seen.old_slug), (seen.slug)) AS label (slug);

-- @keep dirty_product when sale_change, relabelled_product
SELECT product AS id
FROM sale_change
WHERE product IS NOT NULL
UNION
SELECT id
FROM relabelled_product;

-- Each brand's share is one of all brands: when one changes, all are looked at. A parent that sells nothing has no number.
-- @keep dirty_brand when sale_change, queued_brand
SELECT brand AS id
FROM sale_change
WHERE brand IS NOT NULL
UNION
SELECT 0
FROM queued_brand;

-- @keep dirty_platform when sale_change, platform_seen
SELECT platform AS id
FROM sale_change
UNION
SELECT id
FROM platform_seen;

-- @keep dirty_inventory when dirty_item, sale_change, departure_change, relabelled_product, supplier_seen, queued_size
SELECT item_id
FROM dirty_item
UNION
SELECT item_id
FROM sale_change
WHERE item_id IS NOT NULL
UNION
SELECT item_id
FROM departure_change
UNION
SELECT f.item_id
FROM relabelled_product AS d
JOIN metabase_internal.item_fact AS f ON f.product = d.id
UNION
SELECT f.item_id
FROM supplier_seen AS d
JOIN metabase_internal.item_fact AS f ON f.supplier = d.id
UNION
SELECT f.item_id
FROM queued_size AS q
JOIN metabase_internal.item_fact AS f ON f.size_id = q.key;

-- @keep dirty_geography when sale_change, relisted_place
SELECT place AS id
FROM sale_change
UNION
SELECT id
FROM relisted_place;

-- @keep dirty_supplier when sale_change, stock_change, supplier_seen, relisted_supplier
SELECT supplier AS id
FROM sale_change
WHERE supplier IS NOT NULL
UNION
SELECT supplier
FROM stock_change
WHERE supplier IS NOT NULL
UNION
SELECT id
FROM supplier_seen
UNION
SELECT id
FROM relisted_supplier;

-- Sales whose labels may have changed. A step of its own: where none have, the planner does not reckon with all sales of a platform.
-- @keep relabelled_sale when relabelled_product, platform_seen, supplier_seen, queued_size
SELECT f.order_id
FROM relabelled_product AS d
JOIN metabase_internal.sale_fact AS f ON f.product = d.id
UNION ALL
SELECT f.order_id
FROM platform_seen AS seen
JOIN metabase_internal.sale_fact AS f ON f.platform = seen.id
WHERE seen.relabelled
UNION ALL
SELECT f.order_id
FROM supplier_seen AS d
JOIN metabase_internal.item_fact AS i ON i.supplier = d.id
JOIN metabase_internal.sale_fact AS f ON f.item_id = i.item_id
UNION ALL
SELECT f.order_id
FROM queued_size AS q
JOIN metabase_internal.item_fact AS i ON i.size_id = q.key
JOIN metabase_internal.sale_fact AS f ON f.item_id = i.item_id;

-- A stock item can change in what no fact has of it.
-- @keep dirty_sales when sale_change, dirty_item, relabelled_sale
SELECT order_id
FROM sale_change
UNION
SELECT f.order_id
FROM dirty_item AS d
JOIN metabase_internal.sale_fact AS f ON f.item_id = d.item_id
UNION
SELECT order_id
FROM relabelled_sale;
