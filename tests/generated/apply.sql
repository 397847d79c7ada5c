-- From the queues to facts, rollups and the groups that have changed (dirty_…).
--
-- Generated for the hand-worked shop: METABASE_VIEWS_GENERATE=1 scripts/test.sh quick writes it anew. What a step keeps (@keep,
-- @read, @take), later ones read by its name: to EXPLAIN these, make a temporary table of each.

-- @take queued_order
WITH taken AS (
    DELETE FROM metabase_internal.order_queue
    RETURNING key_uuid
)
SELECT DISTINCT CAST(key_uuid AS uuid) AS key
FROM taken;

-- @take queued_stock_item
WITH taken AS (
    DELETE FROM metabase_internal.stock_item_queue
    RETURNING key_uuid
)
SELECT DISTINCT CAST(key_uuid AS uuid) AS key
FROM taken;

-- @take queued_product
WITH taken AS (
    DELETE FROM metabase_internal.product_queue
    RETURNING key_uuid
)
SELECT DISTINCT CAST(key_uuid AS uuid) AS key
FROM taken;

-- @take queued_brand
WITH taken AS (
    DELETE FROM metabase_internal.brand_queue
    RETURNING key_uuid
)
SELECT DISTINCT CAST(key_uuid AS uuid) AS key
FROM taken;

-- @take queued_category
WITH taken AS (
    DELETE FROM metabase_internal.category_queue
    RETURNING key_uuid
)
SELECT DISTINCT CAST(key_uuid AS uuid) AS key
FROM taken;

-- @take queued_platform
WITH taken AS (
    DELETE FROM metabase_internal.platform_queue
    RETURNING key_uuid
)
SELECT DISTINCT CAST(key_uuid AS uuid) AS key
FROM taken;

-- @take queued_supplier
WITH taken AS (
    DELETE FROM metabase_internal.supplier_queue
    RETURNING key_uuid
)
SELECT DISTINCT CAST(key_uuid AS uuid) AS key
FROM taken;

-- @take queued_size
WITH taken AS (
    DELETE FROM metabase_internal.size_queue
    RETURNING key_uuid
)
SELECT DISTINCT CAST(key_uuid AS uuid) AS key
FROM taken;

-- @take queued_joined
WITH taken AS (
    DELETE FROM metabase_internal.joined_queue
    RETURNING key_uuid, key_integer, key_text
)
SELECT DISTINCT key_uuid, key_integer, key_text
FROM taken;

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

-- @keep dirty_item when queued_stock_item, product_seen
SELECT key AS item_id
FROM queued_stock_item
UNION
SELECT f.item_id
FROM product_seen AS seen
JOIN metabase_internal.item_fact AS f ON f.product = seen.id
WHERE seen.moved;

-- @read item_read when dirty_item
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
FROM dirty_item AS d
JOIN metabase_internal.stock_items AS i ON i.id = d.item_id
LEFT JOIN metabase_internal.products AS p ON p.id = i.product_id;

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

-- @keep item_new when item_read
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
    coalesce(
            (SELECT f.units_sold FROM metabase_internal.item_fact AS f WHERE f.item_id = i.item_id),
            (SELECT sum(f.units) FROM metabase_internal.sale_fact AS f WHERE f.item_id = i.item_id),
            0
        )     AS units_sold,
    coalesce(
            (SELECT f.units_departed FROM metabase_internal.item_fact AS f WHERE f.item_id = i.item_id),
            (SELECT sum(f.units) FROM metabase_internal.departure_fact AS f WHERE f.item_id = i.item_id),
            0
        ) AS units_departed
FROM item_read AS i
LEFT JOIN metabase_internal.product_rollup AS product ON product.product_id = i.product_id
LEFT JOIN metabase_internal.supplier_rollup AS supplier ON supplier.supplier_id = i.supplier_id
LEFT JOIN metabase_internal.brand_rollup AS brand ON brand.brand_id = i.brand_id;

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
    old.item_id, old.product, old.supplier, old.brand, old.size_id, old.purchase_date, old.purchase_price, old.price, old.quantity, old.is_in_stock, old.units_sold, old.units_departed
FROM old
LEFT JOIN item_new AS new ON new.item_id = old.item_id
WHERE new.item_id IS NULL
    OR ROW (old.item_id, old.product, old.supplier, old.brand, old.size_id, old.purchase_date, old.purchase_price, old.price, old.quantity, old.is_in_stock, old.units_sold, old.units_departed) IS DISTINCT FROM ROW (new.item_id, new.product, new.supplier, new.brand, new.size_id, new.purchase_date, new.purchase_price, new.price, new.quantity, new.is_in_stock, new.units_sold, new.units_departed)
UNION ALL
SELECT
    1 AS w,
    old.at,
    false AS gone,
    new.item_id, new.product, new.supplier, new.brand, new.size_id, new.purchase_date, new.purchase_price, new.price, new.quantity, new.is_in_stock, new.units_sold, new.units_departed
FROM item_new AS new
LEFT JOIN old ON old.item_id = new.item_id
WHERE old.item_id IS NULL
    OR ROW (old.item_id, old.product, old.supplier, old.brand, old.size_id, old.purchase_date, old.purchase_price, old.price, old.quantity, old.is_in_stock, old.units_sold, old.units_departed) IS DISTINCT FROM ROW (new.item_id, new.product, new.supplier, new.brand, new.size_id, new.purchase_date, new.purchase_price, new.price, new.quantity, new.is_in_stock, new.units_sold, new.units_departed);

-- @run when item_change
DELETE FROM metabase_internal.item_fact AS f
USING item_change AS c
WHERE c.gone
    AND f.ctid = c.at;

-- @run when item_change
UPDATE metabase_internal.item_fact AS f
SET (item_id, product, supplier, brand, size_id, purchase_date, purchase_price, price, quantity, is_in_stock, units_sold, units_departed) = ROW (c.item_id, c.product, c.supplier, c.brand, c.size_id, c.purchase_date, c.purchase_price, c.price, c.quantity, c.is_in_stock, c.units_sold, c.units_departed)
FROM item_change AS c
WHERE c.w > 0
    AND f.ctid = c.at;

-- @run when item_change
INSERT INTO metabase_internal.item_fact (item_id, product, supplier, brand, size_id, purchase_date, purchase_price, price, quantity, is_in_stock, units_sold, units_departed)
SELECT item_id, product, supplier, brand, size_id, purchase_date, purchase_price, price, quantity, is_in_stock, units_sold, units_departed
FROM item_change
WHERE w > 0
    AND at IS NULL;

-- @keep dirty_order when queued_order, item_change
SELECT key AS order_id
FROM queued_order
UNION
SELECT f.order_id
FROM item_change AS d
JOIN metabase_internal.sale_fact AS f ON f.item_id = d.item_id;

-- @read sale_read when dirty_order
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
FROM dirty_order AS d
JOIN metabase_internal.orders AS o ON o.id = d.order_id
WHERE o.is_completed;

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

-- @keep sale_new when sale_read
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
    old.order_id, old.item_id, old.platform, old.place, old.product, old.supplier, old.brand, old.sold_at, old.payout_date, old.purchase_date, old.payout_received, old.gross_sale, old.net_proceeds, old.net_profit, old.roi, old.platform_fee, old.shipping_cost, old.purchase_price, old.units
FROM old
LEFT JOIN sale_new AS new ON new.order_id = old.order_id
WHERE new.order_id IS NULL
    OR ROW (old.order_id, old.item_id, old.platform, old.place, old.product, old.supplier, old.brand, old.sold_at, old.payout_date, old.purchase_date, old.payout_received, old.gross_sale, old.net_proceeds, old.net_profit, old.roi, old.platform_fee, old.shipping_cost, old.purchase_price, old.units) IS DISTINCT FROM ROW (new.order_id, new.item_id, new.platform, new.place, new.product, new.supplier, new.brand, new.sold_at, new.payout_date, new.purchase_date, new.payout_received, new.gross_sale, new.net_proceeds, new.net_profit, new.roi, new.platform_fee, new.shipping_cost, new.purchase_price, new.units)
UNION ALL
SELECT
    1 AS w,
    old.at,
    false AS gone,
    new.order_id, new.item_id, new.platform, new.place, new.product, new.supplier, new.brand, new.sold_at, new.payout_date, new.purchase_date, new.payout_received, new.gross_sale, new.net_proceeds, new.net_profit, new.roi, new.platform_fee, new.shipping_cost, new.purchase_price, new.units
FROM sale_new AS new
LEFT JOIN old ON old.order_id = new.order_id
WHERE old.order_id IS NULL
    OR ROW (old.order_id, old.item_id, old.platform, old.place, old.product, old.supplier, old.brand, old.sold_at, old.payout_date, old.purchase_date, old.payout_received, old.gross_sale, old.net_proceeds, old.net_profit, old.roi, old.platform_fee, old.shipping_cost, old.purchase_price, old.units) IS DISTINCT FROM ROW (new.order_id, new.item_id, new.platform, new.place, new.product, new.supplier, new.brand, new.sold_at, new.payout_date, new.purchase_date, new.payout_received, new.gross_sale, new.net_proceeds, new.net_profit, new.roi, new.platform_fee, new.shipping_cost, new.purchase_price, new.units);

-- @run when sale_change
DELETE FROM metabase_internal.sale_fact AS f
USING sale_change AS c
WHERE c.gone
    AND f.ctid = c.at;

-- @run when sale_change
UPDATE metabase_internal.sale_fact AS f
SET (order_id, item_id, platform, place, product, supplier, brand, sold_at, payout_date, purchase_date, payout_received, gross_sale, net_proceeds, net_profit, roi, platform_fee, shipping_cost, purchase_price, units) = ROW (c.order_id, c.item_id, c.platform, c.place, c.product, c.supplier, c.brand, c.sold_at, c.payout_date, c.purchase_date, c.payout_received, c.gross_sale, c.net_proceeds, c.net_profit, c.roi, c.platform_fee, c.shipping_cost, c.purchase_price, c.units)
FROM sale_change AS c
WHERE c.w > 0
    AND f.ctid = c.at;

-- @run when sale_change
INSERT INTO metabase_internal.sale_fact (order_id, item_id, platform, place, product, supplier, brand, sold_at, payout_date, purchase_date, payout_received, gross_sale, net_proceeds, net_profit, roi, platform_fee, shipping_cost, purchase_price, units)
SELECT order_id, item_id, platform, place, product, supplier, brand, sold_at, payout_date, purchase_date, payout_received, gross_sale, net_proceeds, net_profit, roi, platform_fee, shipping_cost, purchase_price, units
FROM sale_change
WHERE w > 0
    AND at IS NULL;

-- @read departure_read when queued_order
SELECT
    o.id            AS order_id,
    o.stock_item_id AS item_id,
    o.quantity      AS units
FROM queued_order AS d
JOIN metabase_internal.orders AS o ON o.id = d.key
WHERE o.is_gone
    AND o.is_completed IS NOT TRUE
    AND o.stock_item_id IS NOT NULL;

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

-- @run when sale_change
INSERT INTO metabase_internal.day_rollup (platform, day)
SELECT DISTINCT
    c.platform,
    coalesce((c.sold_at AT TIME ZONE 'Europe/Berlin')::date, '-infinity')
FROM sale_change AS c
WHERE NOT EXISTS (
    SELECT
    FROM metabase_internal.day_rollup AS r
    WHERE r.platform = c.platform
        AND r.day = coalesce((c.sold_at AT TIME ZONE 'Europe/Berlin')::date, '-infinity')
);

-- @keep place_platforms when sale_change
SELECT
    pair.g,
    pair.v,
    pair.lost = 0 AS appeared
FROM (
    SELECT
        f.place AS g,
        f.platform AS v,
        count(*) FILTER (WHERE f.w > 0) AS gained,
        count(*) FILTER (WHERE f.w < 0) AS lost
    FROM sale_change AS f
    WHERE f.place IS NOT NULL
        AND f.platform IS NOT NULL
    GROUP BY
        1,
        2
) AS pair
WHERE CASE
    WHEN pair.lost = 0
        THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM metabase_internal.sale_fact AS f
                WHERE f.place = pair.g
                    AND f.platform = pair.v
                LIMIT pair.gained + 1
            ) AS found
        ) = pair.gained
    WHEN pair.gained = 0
        THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM metabase_internal.sale_fact AS f
                WHERE f.place = pair.g
                    AND f.platform = pair.v
                LIMIT 1
            ) AS found
        ) = 0
    ELSE false
END;

-- @run when sale_change
UPDATE metabase_internal.day_rollup AS r
SET
    orders = r.orders + d.orders,
    gross_sale_sum = r.gross_sale_sum + d.gross_sale_sum,
    gross_sale_count = r.gross_sale_count + d.gross_sale_count,
    net_proceeds_sum = r.net_proceeds_sum + d.net_proceeds_sum,
    net_proceeds_count = r.net_proceeds_count + d.net_proceeds_count,
    net_profit_sum = r.net_profit_sum + d.net_profit_sum,
    net_profit_count = r.net_profit_count + d.net_profit_count,
    platform_fee_sum = r.platform_fee_sum + d.platform_fee_sum,
    platform_fee_count = r.platform_fee_count + d.platform_fee_count,
    shipping_cost_sum = r.shipping_cost_sum + d.shipping_cost_sum,
    shipping_cost_count = r.shipping_cost_count + d.shipping_cost_count,
    roi_sum = r.roi_sum + d.roi_sum,
    roi_count = r.roi_count + d.roi_count,
    first_sale = CASE
        WHEN d.first_sale_gone IS NULL
            OR d.first_sale_gone > r.first_sale
            OR d.first_sale_come <= d.first_sale_gone
            THEN least(r.first_sale, d.first_sale_come)
        ELSE CASE
            WHEN r.day = '-infinity'
                THEN (SELECT min(f.sold_at) FROM metabase_internal.sale_fact AS f WHERE f.platform = r.platform AND f.sold_at IS NULL)
            ELSE (
                SELECT min(f.sold_at)
                FROM metabase_internal.sale_fact AS f
                WHERE f.platform = r.platform
                    AND f.sold_at >= (r.day::timestamp AT TIME ZONE 'UTC') - interval '26 hours'
                    AND f.sold_at < (r.day::timestamp AT TIME ZONE 'UTC') + interval '50 hours'
                    AND coalesce((f.sold_at AT TIME ZONE 'Europe/Berlin')::date, '-infinity') = r.day
            )
        END
    END,
    last_sale = CASE
        WHEN d.last_sale_gone IS NULL
            OR d.last_sale_gone < r.last_sale
            OR d.last_sale_come >= d.last_sale_gone
            THEN greatest(r.last_sale, d.last_sale_come)
        ELSE CASE
            WHEN r.day = '-infinity'
                THEN (SELECT max(f.sold_at) FROM metabase_internal.sale_fact AS f WHERE f.platform = r.platform AND f.sold_at IS NULL)
            ELSE (
                SELECT max(f.sold_at)
                FROM metabase_internal.sale_fact AS f
                WHERE f.platform = r.platform
                    AND f.sold_at >= (r.day::timestamp AT TIME ZONE 'UTC') - interval '26 hours'
                    AND f.sold_at < (r.day::timestamp AT TIME ZONE 'UTC') + interval '50 hours'
                    AND coalesce((f.sold_at AT TIME ZONE 'Europe/Berlin')::date, '-infinity') = r.day
            )
        END
    END,
    min_gross_sale = CASE
        WHEN d.min_gross_sale_gone IS NULL
            OR d.min_gross_sale_gone > r.min_gross_sale
            OR d.min_gross_sale_come <= d.min_gross_sale_gone
            THEN least(r.min_gross_sale, d.min_gross_sale_come)
        ELSE CASE
            WHEN r.day = '-infinity'
                THEN (SELECT min(f.gross_sale) FROM metabase_internal.sale_fact AS f WHERE f.platform = r.platform AND f.sold_at IS NULL)
            ELSE (
                SELECT min(f.gross_sale)
                FROM metabase_internal.sale_fact AS f
                WHERE f.platform = r.platform
                    AND f.sold_at >= (r.day::timestamp AT TIME ZONE 'UTC') - interval '26 hours'
                    AND f.sold_at < (r.day::timestamp AT TIME ZONE 'UTC') + interval '50 hours'
                    AND coalesce((f.sold_at AT TIME ZONE 'Europe/Berlin')::date, '-infinity') = r.day
            )
        END
    END,
    max_gross_sale = CASE
        WHEN d.max_gross_sale_gone IS NULL
            OR d.max_gross_sale_gone < r.max_gross_sale
            OR d.max_gross_sale_come >= d.max_gross_sale_gone
            THEN greatest(r.max_gross_sale, d.max_gross_sale_come)
        ELSE CASE
            WHEN r.day = '-infinity'
                THEN (SELECT max(f.gross_sale) FROM metabase_internal.sale_fact AS f WHERE f.platform = r.platform AND f.sold_at IS NULL)
            ELSE (
                SELECT max(f.gross_sale)
                FROM metabase_internal.sale_fact AS f
                WHERE f.platform = r.platform
                    AND f.sold_at >= (r.day::timestamp AT TIME ZONE 'UTC') - interval '26 hours'
                    AND f.sold_at < (r.day::timestamp AT TIME ZONE 'UTC') + interval '50 hours'
                    AND coalesce((f.sold_at AT TIME ZONE 'Europe/Berlin')::date, '-infinity') = r.day
            )
        END
    END
FROM (
    SELECT
        f.platform AS platform,
        coalesce((f.sold_at AT TIME ZONE 'Europe/Berlin')::date, '-infinity') AS day,
        count(*) FILTER (WHERE f.w > 0)
            - count(*) FILTER (WHERE f.w < 0) AS orders,
        coalesce(sum(f.gross_sale) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.gross_sale) FILTER (WHERE f.w < 0), 0) AS gross_sale_sum,
        coalesce(count(f.gross_sale) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.gross_sale) FILTER (WHERE f.w < 0), 0) AS gross_sale_count,
        coalesce(sum(f.net_proceeds) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.net_proceeds) FILTER (WHERE f.w < 0), 0) AS net_proceeds_sum,
        coalesce(count(f.net_proceeds) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.net_proceeds) FILTER (WHERE f.w < 0), 0) AS net_proceeds_count,
        coalesce(sum(f.net_profit) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.net_profit) FILTER (WHERE f.w < 0), 0) AS net_profit_sum,
        coalesce(count(f.net_profit) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.net_profit) FILTER (WHERE f.w < 0), 0) AS net_profit_count,
        coalesce(sum(f.platform_fee) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.platform_fee) FILTER (WHERE f.w < 0), 0) AS platform_fee_sum,
        coalesce(count(f.platform_fee) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.platform_fee) FILTER (WHERE f.w < 0), 0) AS platform_fee_count,
        coalesce(sum(f.shipping_cost) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.shipping_cost) FILTER (WHERE f.w < 0), 0) AS shipping_cost_sum,
        coalesce(count(f.shipping_cost) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.shipping_cost) FILTER (WHERE f.w < 0), 0) AS shipping_cost_count,
        coalesce(sum(f.roi) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.roi) FILTER (WHERE f.w < 0), 0) AS roi_sum,
        coalesce(count(f.roi) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.roi) FILTER (WHERE f.w < 0), 0) AS roi_count,
        min(f.sold_at) FILTER (WHERE f.w > 0) AS first_sale_come,
        min(f.sold_at) FILTER (WHERE f.w < 0) AS first_sale_gone,
        max(f.sold_at) FILTER (WHERE f.w > 0) AS last_sale_come,
        max(f.sold_at) FILTER (WHERE f.w < 0) AS last_sale_gone,
        min(f.gross_sale) FILTER (WHERE f.w > 0) AS min_gross_sale_come,
        min(f.gross_sale) FILTER (WHERE f.w < 0) AS min_gross_sale_gone,
        max(f.gross_sale) FILTER (WHERE f.w > 0) AS max_gross_sale_come,
        max(f.gross_sale) FILTER (WHERE f.w < 0) AS max_gross_sale_gone
    FROM sale_change AS f
    WHERE f.platform IS NOT NULL
    GROUP BY 1, 2
) AS d
WHERE r.platform = d.platform AND r.day = d.day;

-- @keep product_suppliers when sale_change
SELECT
    pair.g,
    pair.v,
    pair.lost = 0 AS appeared
FROM (
    SELECT
        f.product AS g,
        f.supplier AS v,
        count(*) FILTER (WHERE f.w > 0) AS gained,
        count(*) FILTER (WHERE f.w < 0) AS lost
    FROM sale_change AS f
    WHERE f.product IS NOT NULL
        AND f.supplier IS NOT NULL
    GROUP BY
        1,
        2
) AS pair
WHERE CASE
    WHEN pair.lost = 0
        THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM metabase_internal.sale_fact AS f
                WHERE f.product = pair.g
                    AND f.supplier = pair.v
                LIMIT pair.gained + 1
            ) AS found
        ) = pair.gained
    WHEN pair.gained = 0
        THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM metabase_internal.sale_fact AS f
                WHERE f.product = pair.g
                    AND f.supplier = pair.v
                LIMIT 1
            ) AS found
        ) = 0
    ELSE false
END;

-- @run when sale_change
UPDATE metabase_internal.product_rollup AS r
SET
    orders = r.orders + d.orders,
    gross_sale_sum = r.gross_sale_sum + d.gross_sale_sum,
    gross_sale_count = r.gross_sale_count + d.gross_sale_count,
    gross_sale_squares = r.gross_sale_squares + d.gross_sale_squares,
    net_profit_sum = r.net_profit_sum + d.net_profit_sum,
    net_profit_count = r.net_profit_count + d.net_profit_count,
    roi_sum = r.roi_sum + d.roi_sum,
    roi_count = r.roi_count + d.roi_count,
    platform_fee_sum = r.platform_fee_sum + d.platform_fee_sum,
    platform_fee_count = r.platform_fee_count + d.platform_fee_count,
    units = r.units + d.units,
    purchase_price_sum = r.purchase_price_sum + d.purchase_price_sum,
    purchase_price_count = r.purchase_price_count + d.purchase_price_count,
    priced_units = r.priced_units + d.priced_units,
    suppliers = r.suppliers + coalesce(product_suppliers.more, 0),
    min_gross_sale = CASE
        WHEN d.min_gross_sale_gone IS NULL
            OR d.min_gross_sale_gone > r.min_gross_sale
            OR d.min_gross_sale_come <= d.min_gross_sale_gone
            THEN least(r.min_gross_sale, d.min_gross_sale_come)
        ELSE (SELECT min(f.gross_sale) FROM metabase_internal.sale_fact AS f WHERE f.product = r.id)
    END,
    max_gross_sale = CASE
        WHEN d.max_gross_sale_gone IS NULL
            OR d.max_gross_sale_gone < r.max_gross_sale
            OR d.max_gross_sale_come >= d.max_gross_sale_gone
            THEN greatest(r.max_gross_sale, d.max_gross_sale_come)
        ELSE (SELECT max(f.gross_sale) FROM metabase_internal.sale_fact AS f WHERE f.product = r.id)
    END,
    first_sale = CASE
        WHEN d.first_sale_gone IS NULL
            OR d.first_sale_gone > r.first_sale
            OR d.first_sale_come <= d.first_sale_gone
            THEN least(r.first_sale, d.first_sale_come)
        ELSE (SELECT min(f.sold_at) FROM metabase_internal.sale_fact AS f WHERE f.product = r.id)
    END,
    last_sale = CASE
        WHEN d.last_sale_gone IS NULL
            OR d.last_sale_gone < r.last_sale
            OR d.last_sale_come >= d.last_sale_gone
            THEN greatest(r.last_sale, d.last_sale_come)
        ELSE (SELECT max(f.sold_at) FROM metabase_internal.sale_fact AS f WHERE f.product = r.id)
    END
FROM (
    SELECT
        f.product AS id,
        count(*) FILTER (WHERE f.w > 0)
            - count(*) FILTER (WHERE f.w < 0) AS orders,
        coalesce(sum(f.gross_sale) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.gross_sale) FILTER (WHERE f.w < 0), 0) AS gross_sale_sum,
        coalesce(count(f.gross_sale) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.gross_sale) FILTER (WHERE f.w < 0), 0) AS gross_sale_count,
        coalesce(sum(f.gross_sale * f.gross_sale) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.gross_sale * f.gross_sale) FILTER (WHERE f.w < 0), 0) AS gross_sale_squares,
        coalesce(sum(f.net_profit) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.net_profit) FILTER (WHERE f.w < 0), 0) AS net_profit_sum,
        coalesce(count(f.net_profit) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.net_profit) FILTER (WHERE f.w < 0), 0) AS net_profit_count,
        coalesce(sum(f.roi) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.roi) FILTER (WHERE f.w < 0), 0) AS roi_sum,
        coalesce(count(f.roi) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.roi) FILTER (WHERE f.w < 0), 0) AS roi_count,
        coalesce(sum(f.platform_fee) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.platform_fee) FILTER (WHERE f.w < 0), 0) AS platform_fee_sum,
        coalesce(count(f.platform_fee) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.platform_fee) FILTER (WHERE f.w < 0), 0) AS platform_fee_count,
        coalesce(sum(f.units) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.units) FILTER (WHERE f.w < 0), 0) AS units,
        coalesce(sum(f.purchase_price * f.units) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.purchase_price * f.units) FILTER (WHERE f.w < 0), 0) AS purchase_price_sum,
        coalesce(count(f.purchase_price * f.units) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.purchase_price * f.units) FILTER (WHERE f.w < 0), 0) AS purchase_price_count,
        coalesce(sum(f.units) FILTER (WHERE f.w > 0 AND f.purchase_price IS NOT NULL), 0)
            - coalesce(sum(f.units) FILTER (WHERE f.w < 0 AND f.purchase_price IS NOT NULL), 0) AS priced_units,
        min(f.gross_sale) FILTER (WHERE f.w > 0) AS min_gross_sale_come,
        min(f.gross_sale) FILTER (WHERE f.w < 0) AS min_gross_sale_gone,
        max(f.gross_sale) FILTER (WHERE f.w > 0) AS max_gross_sale_come,
        max(f.gross_sale) FILTER (WHERE f.w < 0) AS max_gross_sale_gone,
        min(f.sold_at) FILTER (WHERE f.w > 0) AS first_sale_come,
        min(f.sold_at) FILTER (WHERE f.w < 0) AS first_sale_gone,
        max(f.sold_at) FILTER (WHERE f.w > 0) AS last_sale_come,
        max(f.sold_at) FILTER (WHERE f.w < 0) AS last_sale_gone
    FROM sale_change AS f
    WHERE f.product IS NOT NULL
    GROUP BY 1
) AS d
LEFT JOIN (
    SELECT
        g,
        count(*) FILTER (WHERE appeared) - count(*) FILTER (WHERE NOT appeared) AS more
    FROM product_suppliers
    GROUP BY g
) AS product_suppliers ON product_suppliers.g = d.id
WHERE r.id = d.id;

-- @keep brand_products when sale_change
SELECT
    pair.g,
    pair.v,
    pair.lost = 0 AS appeared
FROM (
    SELECT
        f.brand AS g,
        f.product AS v,
        count(*) FILTER (WHERE f.w > 0) AS gained,
        count(*) FILTER (WHERE f.w < 0) AS lost
    FROM sale_change AS f
    WHERE f.brand IS NOT NULL
        AND f.product IS NOT NULL
    GROUP BY
        1,
        2
) AS pair
WHERE CASE
    WHEN pair.lost = 0
        THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM metabase_internal.sale_fact AS f
                WHERE f.product = pair.v
                    AND f.brand = pair.g
                LIMIT pair.gained + 1
            ) AS found
        ) = pair.gained
    WHEN pair.gained = 0
        THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM metabase_internal.sale_fact AS f
                WHERE f.product = pair.v
                    AND f.brand = pair.g
                LIMIT 1
            ) AS found
        ) = 0
    ELSE false
END;

-- @keep brand_months when sale_change
SELECT
    pair.g,
    pair.v,
    pair.lost = 0 AS appeared
FROM (
    SELECT
        f.brand AS g,
        date_trunc('month', f.sold_at AT TIME ZONE 'Europe/Berlin')::date AS v,
        count(*) FILTER (WHERE f.w > 0) AS gained,
        count(*) FILTER (WHERE f.w < 0) AS lost
    FROM sale_change AS f
    WHERE f.brand IS NOT NULL
        AND date_trunc('month', f.sold_at AT TIME ZONE 'Europe/Berlin')::date IS NOT NULL
    GROUP BY
        1,
        2
) AS pair
WHERE CASE
    WHEN pair.lost = 0
        THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM metabase_internal.sale_fact AS f
                JOIN metabase_internal.product_rollup AS p ON p.id = f.product
                JOIN metabase_internal.brand_rollup AS b ON b.brand_id = p.brand_id
                WHERE b.id = pair.g
                    AND f.sold_at >= (pair.v::timestamp AT TIME ZONE 'UTC') - interval '26 hours'
                    AND f.sold_at < ((pair.v + interval '1 month')::timestamp AT TIME ZONE 'UTC') + interval '26 hours'
                    AND date_trunc('month', f.sold_at AT TIME ZONE 'Europe/Berlin')::date = pair.v
                LIMIT pair.gained + 1
            ) AS found
        ) = pair.gained
    WHEN pair.gained = 0
        THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM metabase_internal.sale_fact AS f
                JOIN metabase_internal.product_rollup AS p ON p.id = f.product
                JOIN metabase_internal.brand_rollup AS b ON b.brand_id = p.brand_id
                WHERE b.id = pair.g
                    AND f.sold_at >= (pair.v::timestamp AT TIME ZONE 'UTC') - interval '26 hours'
                    AND f.sold_at < ((pair.v + interval '1 month')::timestamp AT TIME ZONE 'UTC') + interval '26 hours'
                    AND date_trunc('month', f.sold_at AT TIME ZONE 'Europe/Berlin')::date = pair.v
                LIMIT 1
            ) AS found
        ) = 0
    ELSE false
END;

-- @run when sale_change
UPDATE metabase_internal.brand_rollup AS r
SET
    orders = r.orders + d.orders,
    gross_sale_sum = r.gross_sale_sum + d.gross_sale_sum,
    gross_sale_count = r.gross_sale_count + d.gross_sale_count,
    gross_sale_squares = r.gross_sale_squares + d.gross_sale_squares,
    net_profit_sum = r.net_profit_sum + d.net_profit_sum,
    net_profit_count = r.net_profit_count + d.net_profit_count,
    roi_sum = r.roi_sum + d.roi_sum,
    roi_count = r.roi_count + d.roi_count,
    products = r.products + coalesce(brand_products.more, 0),
    months = r.months + coalesce(brand_months.more, 0),
    first_sale = CASE
        WHEN d.first_sale_gone IS NULL
            OR d.first_sale_gone > r.first_sale
            OR d.first_sale_come <= d.first_sale_gone
            THEN least(r.first_sale, d.first_sale_come)
        ELSE (SELECT min(x.first_sale) FROM metabase_internal.product_rollup AS x WHERE x.brand_id = r.brand_id)
    END,
    last_sale = CASE
        WHEN d.last_sale_gone IS NULL
            OR d.last_sale_gone < r.last_sale
            OR d.last_sale_come >= d.last_sale_gone
            THEN greatest(r.last_sale, d.last_sale_come)
        ELSE (SELECT max(x.last_sale) FROM metabase_internal.product_rollup AS x WHERE x.brand_id = r.brand_id)
    END
FROM (
    SELECT
        f.brand AS id,
        count(*) FILTER (WHERE f.w > 0)
            - count(*) FILTER (WHERE f.w < 0) AS orders,
        coalesce(sum(f.gross_sale) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.gross_sale) FILTER (WHERE f.w < 0), 0) AS gross_sale_sum,
        coalesce(count(f.gross_sale) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.gross_sale) FILTER (WHERE f.w < 0), 0) AS gross_sale_count,
        coalesce(sum(f.gross_sale * f.gross_sale) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.gross_sale * f.gross_sale) FILTER (WHERE f.w < 0), 0) AS gross_sale_squares,
        coalesce(sum(f.net_profit) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.net_profit) FILTER (WHERE f.w < 0), 0) AS net_profit_sum,
        coalesce(count(f.net_profit) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.net_profit) FILTER (WHERE f.w < 0), 0) AS net_profit_count,
        coalesce(sum(f.roi) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.roi) FILTER (WHERE f.w < 0), 0) AS roi_sum,
        coalesce(count(f.roi) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.roi) FILTER (WHERE f.w < 0), 0) AS roi_count,
        min(f.sold_at) FILTER (WHERE f.w > 0) AS first_sale_come,
        min(f.sold_at) FILTER (WHERE f.w < 0) AS first_sale_gone,
        max(f.sold_at) FILTER (WHERE f.w > 0) AS last_sale_come,
        max(f.sold_at) FILTER (WHERE f.w < 0) AS last_sale_gone
    FROM sale_change AS f
    WHERE f.brand IS NOT NULL
    GROUP BY 1
) AS d
LEFT JOIN (
    SELECT
        g,
        count(*) FILTER (WHERE appeared) - count(*) FILTER (WHERE NOT appeared) AS more
    FROM brand_products
    GROUP BY g
) AS brand_products ON brand_products.g = d.id
LEFT JOIN (
    SELECT
        g,
        count(*) FILTER (WHERE appeared) - count(*) FILTER (WHERE NOT appeared) AS more
    FROM brand_months
    GROUP BY g
) AS brand_months ON brand_months.g = d.id
WHERE r.id = d.id;

-- @keep platform_months when sale_change
SELECT
    pair.g,
    pair.v,
    pair.lost = 0 AS appeared
FROM (
    SELECT
        f.platform AS g,
        date_trunc('month', f.sold_at AT TIME ZONE 'Europe/Berlin')::date AS v,
        count(*) FILTER (WHERE f.w > 0) AS gained,
        count(*) FILTER (WHERE f.w < 0) AS lost
    FROM sale_change AS f
    WHERE f.platform IS NOT NULL
        AND date_trunc('month', f.sold_at AT TIME ZONE 'Europe/Berlin')::date IS NOT NULL
    GROUP BY
        1,
        2
) AS pair
WHERE CASE
    WHEN pair.lost = 0
        THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM metabase_internal.sale_fact AS f
                WHERE f.platform = pair.g
                    AND f.sold_at >= (pair.v::timestamp AT TIME ZONE 'UTC') - interval '26 hours'
                    AND f.sold_at < ((pair.v + interval '1 month')::timestamp AT TIME ZONE 'UTC') + interval '26 hours'
                    AND date_trunc('month', f.sold_at AT TIME ZONE 'Europe/Berlin')::date = pair.v
                LIMIT pair.gained + 1
            ) AS found
        ) = pair.gained
    WHEN pair.gained = 0
        THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM metabase_internal.sale_fact AS f
                WHERE f.platform = pair.g
                    AND f.sold_at >= (pair.v::timestamp AT TIME ZONE 'UTC') - interval '26 hours'
                    AND f.sold_at < ((pair.v + interval '1 month')::timestamp AT TIME ZONE 'UTC') + interval '26 hours'
                    AND date_trunc('month', f.sold_at AT TIME ZONE 'Europe/Berlin')::date = pair.v
                LIMIT 1
            ) AS found
        ) = 0
    ELSE false
END;

-- @run when sale_change
UPDATE metabase_internal.platform_rollup AS r
SET
    orders = r.orders + d.orders,
    gross_sale_sum = r.gross_sale_sum + d.gross_sale_sum,
    gross_sale_count = r.gross_sale_count + d.gross_sale_count,
    platform_fee_sum = r.platform_fee_sum + d.platform_fee_sum,
    platform_fee_count = r.platform_fee_count + d.platform_fee_count,
    fee_pct_sum = r.fee_pct_sum + d.fee_pct_sum,
    fee_pct_count = r.fee_pct_count + d.fee_pct_count,
    shipping_cost_sum = r.shipping_cost_sum + d.shipping_cost_sum,
    shipping_cost_count = r.shipping_cost_count + d.shipping_cost_count,
    net_proceeds_sum = r.net_proceeds_sum + d.net_proceeds_sum,
    net_proceeds_count = r.net_proceeds_count + d.net_proceeds_count,
    net_profit_sum = r.net_profit_sum + d.net_profit_sum,
    net_profit_count = r.net_profit_count + d.net_profit_count,
    roi_sum = r.roi_sum + d.roi_sum,
    roi_count = r.roi_count + d.roi_count,
    margin_sum = r.margin_sum + d.margin_sum,
    margin_count = r.margin_count + d.margin_count,
    payouts = r.payouts + d.payouts,
    payout_seconds_sum = r.payout_seconds_sum + d.payout_seconds_sum,
    payout_seconds_count = r.payout_seconds_count + d.payout_seconds_count,
    months = r.months + coalesce(platform_months.more, 0),
    first_sale = CASE
        WHEN d.first_sale_gone IS NULL
            OR d.first_sale_gone > r.first_sale
            OR d.first_sale_come <= d.first_sale_gone
            THEN least(r.first_sale, d.first_sale_come)
        ELSE (SELECT min(f.sold_at) FROM metabase_internal.sale_fact AS f WHERE f.platform = r.id)
    END,
    last_sale = CASE
        WHEN d.last_sale_gone IS NULL
            OR d.last_sale_gone < r.last_sale
            OR d.last_sale_come >= d.last_sale_gone
            THEN greatest(r.last_sale, d.last_sale_come)
        ELSE (SELECT max(f.sold_at) FROM metabase_internal.sale_fact AS f WHERE f.platform = r.id)
    END,
    min_gross_sale = CASE
        WHEN d.min_gross_sale_gone IS NULL
            OR d.min_gross_sale_gone > r.min_gross_sale
            OR d.min_gross_sale_come <= d.min_gross_sale_gone
            THEN least(r.min_gross_sale, d.min_gross_sale_come)
        ELSE (SELECT min(x.min_gross_sale) FROM metabase_internal.day_rollup AS x WHERE x.platform = r.id)
    END,
    max_gross_sale = CASE
        WHEN d.max_gross_sale_gone IS NULL
            OR d.max_gross_sale_gone < r.max_gross_sale
            OR d.max_gross_sale_come >= d.max_gross_sale_gone
            THEN greatest(r.max_gross_sale, d.max_gross_sale_come)
        ELSE (SELECT max(x.max_gross_sale) FROM metabase_internal.day_rollup AS x WHERE x.platform = r.id)
    END
FROM (
    SELECT
        f.platform AS id,
        count(*) FILTER (WHERE f.w > 0)
            - count(*) FILTER (WHERE f.w < 0) AS orders,
        coalesce(sum(f.gross_sale) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.gross_sale) FILTER (WHERE f.w < 0), 0) AS gross_sale_sum,
        coalesce(count(f.gross_sale) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.gross_sale) FILTER (WHERE f.w < 0), 0) AS gross_sale_count,
        coalesce(sum(f.platform_fee) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.platform_fee) FILTER (WHERE f.w < 0), 0) AS platform_fee_sum,
        coalesce(count(f.platform_fee) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.platform_fee) FILTER (WHERE f.w < 0), 0) AS platform_fee_count,
        coalesce(sum(round(f.platform_fee / nullif(f.gross_sale, 0) * 100, 16)) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(round(f.platform_fee / nullif(f.gross_sale, 0) * 100, 16)) FILTER (WHERE f.w < 0), 0) AS fee_pct_sum,
        coalesce(count(round(f.platform_fee / nullif(f.gross_sale, 0) * 100, 16)) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(round(f.platform_fee / nullif(f.gross_sale, 0) * 100, 16)) FILTER (WHERE f.w < 0), 0) AS fee_pct_count,
        coalesce(sum(f.shipping_cost) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.shipping_cost) FILTER (WHERE f.w < 0), 0) AS shipping_cost_sum,
        coalesce(count(f.shipping_cost) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.shipping_cost) FILTER (WHERE f.w < 0), 0) AS shipping_cost_count,
        coalesce(sum(f.net_proceeds) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.net_proceeds) FILTER (WHERE f.w < 0), 0) AS net_proceeds_sum,
        coalesce(count(f.net_proceeds) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.net_proceeds) FILTER (WHERE f.w < 0), 0) AS net_proceeds_count,
        coalesce(sum(f.net_profit) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.net_profit) FILTER (WHERE f.w < 0), 0) AS net_profit_sum,
        coalesce(count(f.net_profit) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.net_profit) FILTER (WHERE f.w < 0), 0) AS net_profit_count,
        coalesce(sum(f.roi) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.roi) FILTER (WHERE f.w < 0), 0) AS roi_sum,
        coalesce(count(f.roi) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.roi) FILTER (WHERE f.w < 0), 0) AS roi_count,
        coalesce(sum(round(f.net_profit / nullif(f.gross_sale, 0) * 100, 16)) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(round(f.net_profit / nullif(f.gross_sale, 0) * 100, 16)) FILTER (WHERE f.w < 0), 0) AS margin_sum,
        coalesce(count(round(f.net_profit / nullif(f.gross_sale, 0) * 100, 16)) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(round(f.net_profit / nullif(f.gross_sale, 0) * 100, 16)) FILTER (WHERE f.w < 0), 0) AS margin_count,
        count(*) FILTER (WHERE f.w > 0 AND f.payout_received)
            - count(*) FILTER (WHERE f.w < 0 AND f.payout_received) AS payouts,
        coalesce(sum(extract(epoch FROM f.payout_date - f.sold_at)) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(extract(epoch FROM f.payout_date - f.sold_at)) FILTER (WHERE f.w < 0), 0) AS payout_seconds_sum,
        coalesce(count(extract(epoch FROM f.payout_date - f.sold_at)) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(extract(epoch FROM f.payout_date - f.sold_at)) FILTER (WHERE f.w < 0), 0) AS payout_seconds_count,
        min(f.sold_at) FILTER (WHERE f.w > 0) AS first_sale_come,
        min(f.sold_at) FILTER (WHERE f.w < 0) AS first_sale_gone,
        max(f.sold_at) FILTER (WHERE f.w > 0) AS last_sale_come,
        max(f.sold_at) FILTER (WHERE f.w < 0) AS last_sale_gone,
        min(f.gross_sale) FILTER (WHERE f.w > 0) AS min_gross_sale_come,
        min(f.gross_sale) FILTER (WHERE f.w < 0) AS min_gross_sale_gone,
        max(f.gross_sale) FILTER (WHERE f.w > 0) AS max_gross_sale_come,
        max(f.gross_sale) FILTER (WHERE f.w < 0) AS max_gross_sale_gone
    FROM sale_change AS f
    WHERE f.platform IS NOT NULL
    GROUP BY 1
) AS d
LEFT JOIN (
    SELECT
        g,
        count(*) FILTER (WHERE appeared) - count(*) FILTER (WHERE NOT appeared) AS more
    FROM platform_months
    GROUP BY g
) AS platform_months ON platform_months.g = d.id
WHERE r.id = d.id;

-- @keep place_months when sale_change
SELECT
    pair.g,
    pair.v,
    pair.lost = 0 AS appeared
FROM (
    SELECT
        f.place AS g,
        date_trunc('month', f.sold_at AT TIME ZONE 'Europe/Berlin')::date AS v,
        count(*) FILTER (WHERE f.w > 0) AS gained,
        count(*) FILTER (WHERE f.w < 0) AS lost
    FROM sale_change AS f
    WHERE f.place IS NOT NULL
        AND date_trunc('month', f.sold_at AT TIME ZONE 'Europe/Berlin')::date IS NOT NULL
    GROUP BY
        1,
        2
) AS pair
WHERE CASE
    WHEN pair.lost = 0
        THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM metabase_internal.sale_fact AS f
                WHERE f.place = pair.g
                    AND f.sold_at >= (pair.v::timestamp AT TIME ZONE 'UTC') - interval '26 hours'
                    AND f.sold_at < ((pair.v + interval '1 month')::timestamp AT TIME ZONE 'UTC') + interval '26 hours'
                    AND date_trunc('month', f.sold_at AT TIME ZONE 'Europe/Berlin')::date = pair.v
                LIMIT pair.gained + 1
            ) AS found
        ) = pair.gained
    WHEN pair.gained = 0
        THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM metabase_internal.sale_fact AS f
                WHERE f.place = pair.g
                    AND f.sold_at >= (pair.v::timestamp AT TIME ZONE 'UTC') - interval '26 hours'
                    AND f.sold_at < ((pair.v + interval '1 month')::timestamp AT TIME ZONE 'UTC') + interval '26 hours'
                    AND date_trunc('month', f.sold_at AT TIME ZONE 'Europe/Berlin')::date = pair.v
                LIMIT 1
            ) AS found
        ) = 0
    ELSE false
END;

-- @keep place_products when sale_change
SELECT
    pair.g,
    pair.v,
    pair.lost = 0 AS appeared
FROM (
    SELECT
        f.place AS g,
        f.product AS v,
        count(*) FILTER (WHERE f.w > 0) AS gained,
        count(*) FILTER (WHERE f.w < 0) AS lost
    FROM sale_change AS f
    WHERE f.place IS NOT NULL
        AND f.product IS NOT NULL
    GROUP BY
        1,
        2
) AS pair
WHERE CASE
    WHEN pair.lost = 0
        THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM metabase_internal.sale_fact AS f
                WHERE f.place = pair.g
                    AND f.product = pair.v
                LIMIT pair.gained + 1
            ) AS found
        ) = pair.gained
    WHEN pair.gained = 0
        THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM metabase_internal.sale_fact AS f
                WHERE f.place = pair.g
                    AND f.product = pair.v
                LIMIT 1
            ) AS found
        ) = 0
    ELSE false
END;

-- @keep place_brands when sale_change
SELECT
    pair.g,
    pair.v,
    pair.lost = 0 AS appeared
FROM (
    SELECT
        f.place AS g,
        f.brand AS v,
        count(*) FILTER (WHERE f.w > 0) AS gained,
        count(*) FILTER (WHERE f.w < 0) AS lost
    FROM sale_change AS f
    WHERE f.place IS NOT NULL
        AND f.brand IS NOT NULL
    GROUP BY
        1,
        2
) AS pair
WHERE CASE
    WHEN pair.lost = 0
        THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM metabase_internal.sale_fact AS f
                WHERE f.place = pair.g
                    AND f.brand = pair.v
                LIMIT pair.gained + 1
            ) AS found
        ) = pair.gained
    WHEN pair.gained = 0
        THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM metabase_internal.sale_fact AS f
                WHERE f.place = pair.g
                    AND f.brand = pair.v
                LIMIT 1
            ) AS found
        ) = 0
    ELSE false
END;

-- @run when sale_change
UPDATE metabase_internal.place_rollup AS r
SET
    orders = r.orders + d.orders,
    gross_sale_sum = r.gross_sale_sum + d.gross_sale_sum,
    gross_sale_count = r.gross_sale_count + d.gross_sale_count,
    net_profit_sum = r.net_profit_sum + d.net_profit_sum,
    net_profit_count = r.net_profit_count + d.net_profit_count,
    roi_sum = r.roi_sum + d.roi_sum,
    roi_count = r.roi_count + d.roi_count,
    shipping_cost_sum = r.shipping_cost_sum + d.shipping_cost_sum,
    shipping_cost_count = r.shipping_cost_count + d.shipping_cost_count,
    months = r.months + coalesce(place_months.more, 0),
    products = r.products + coalesce(place_products.more, 0),
    brands = r.brands + coalesce(place_brands.more, 0),
    first_sale = CASE
        WHEN d.first_sale_gone IS NULL
            OR d.first_sale_gone > r.first_sale
            OR d.first_sale_come <= d.first_sale_gone
            THEN least(r.first_sale, d.first_sale_come)
        ELSE (SELECT min(f.sold_at) FROM metabase_internal.sale_fact AS f WHERE f.place = r.id)
    END,
    last_sale = CASE
        WHEN d.last_sale_gone IS NULL
            OR d.last_sale_gone < r.last_sale
            OR d.last_sale_come >= d.last_sale_gone
            THEN greatest(r.last_sale, d.last_sale_come)
        ELSE (SELECT max(f.sold_at) FROM metabase_internal.sale_fact AS f WHERE f.place = r.id)
    END
FROM (
    SELECT
        f.place AS id,
        count(*) FILTER (WHERE f.w > 0)
            - count(*) FILTER (WHERE f.w < 0) AS orders,
        coalesce(sum(f.gross_sale) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.gross_sale) FILTER (WHERE f.w < 0), 0) AS gross_sale_sum,
        coalesce(count(f.gross_sale) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.gross_sale) FILTER (WHERE f.w < 0), 0) AS gross_sale_count,
        coalesce(sum(f.net_profit) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.net_profit) FILTER (WHERE f.w < 0), 0) AS net_profit_sum,
        coalesce(count(f.net_profit) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.net_profit) FILTER (WHERE f.w < 0), 0) AS net_profit_count,
        coalesce(sum(f.roi) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.roi) FILTER (WHERE f.w < 0), 0) AS roi_sum,
        coalesce(count(f.roi) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.roi) FILTER (WHERE f.w < 0), 0) AS roi_count,
        coalesce(sum(f.shipping_cost) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.shipping_cost) FILTER (WHERE f.w < 0), 0) AS shipping_cost_sum,
        coalesce(count(f.shipping_cost) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.shipping_cost) FILTER (WHERE f.w < 0), 0) AS shipping_cost_count,
        min(f.sold_at) FILTER (WHERE f.w > 0) AS first_sale_come,
        min(f.sold_at) FILTER (WHERE f.w < 0) AS first_sale_gone,
        max(f.sold_at) FILTER (WHERE f.w > 0) AS last_sale_come,
        max(f.sold_at) FILTER (WHERE f.w < 0) AS last_sale_gone
    FROM sale_change AS f
    WHERE f.place IS NOT NULL
    GROUP BY 1
) AS d
LEFT JOIN (
    SELECT
        g,
        count(*) FILTER (WHERE appeared) - count(*) FILTER (WHERE NOT appeared) AS more
    FROM place_months
    GROUP BY g
) AS place_months ON place_months.g = d.id
LEFT JOIN (
    SELECT
        g,
        count(*) FILTER (WHERE appeared) - count(*) FILTER (WHERE NOT appeared) AS more
    FROM place_products
    GROUP BY g
) AS place_products ON place_products.g = d.id
LEFT JOIN (
    SELECT
        g,
        count(*) FILTER (WHERE appeared) - count(*) FILTER (WHERE NOT appeared) AS more
    FROM place_brands
    GROUP BY g
) AS place_brands ON place_brands.g = d.id
WHERE r.id = d.id;

-- @run when sale_change
UPDATE metabase_internal.supplier_rollup AS r
SET
    orders = r.orders + d.orders,
    gross_sale_sum = r.gross_sale_sum + d.gross_sale_sum,
    gross_sale_count = r.gross_sale_count + d.gross_sale_count,
    net_profit_sum = r.net_profit_sum + d.net_profit_sum,
    net_profit_count = r.net_profit_count + d.net_profit_count,
    roi_sum = r.roi_sum + d.roi_sum,
    roi_count = r.roi_count + d.roi_count,
    units_sold = r.units_sold + d.units_sold,
    sell_seconds_sum = r.sell_seconds_sum + d.sell_seconds_sum,
    sell_seconds_count = r.sell_seconds_count + d.sell_seconds_count
FROM (
    SELECT
        f.supplier AS id,
        count(*) FILTER (WHERE f.w > 0)
            - count(*) FILTER (WHERE f.w < 0) AS orders,
        coalesce(sum(f.gross_sale) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.gross_sale) FILTER (WHERE f.w < 0), 0) AS gross_sale_sum,
        coalesce(count(f.gross_sale) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.gross_sale) FILTER (WHERE f.w < 0), 0) AS gross_sale_count,
        coalesce(sum(f.net_profit) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.net_profit) FILTER (WHERE f.w < 0), 0) AS net_profit_sum,
        coalesce(count(f.net_profit) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.net_profit) FILTER (WHERE f.w < 0), 0) AS net_profit_count,
        coalesce(sum(f.roi) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.roi) FILTER (WHERE f.w < 0), 0) AS roi_sum,
        coalesce(count(f.roi) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.roi) FILTER (WHERE f.w < 0), 0) AS roi_count,
        coalesce(sum(f.units) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.units) FILTER (WHERE f.w < 0), 0) AS units_sold,
        coalesce(sum(extract(epoch FROM f.sold_at - f.purchase_date)) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(extract(epoch FROM f.sold_at - f.purchase_date)) FILTER (WHERE f.w < 0), 0) AS sell_seconds_sum,
        coalesce(count(extract(epoch FROM f.sold_at - f.purchase_date)) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(extract(epoch FROM f.sold_at - f.purchase_date)) FILTER (WHERE f.w < 0), 0) AS sell_seconds_count
    FROM sale_change AS f
    WHERE f.supplier IS NOT NULL
    GROUP BY 1
) AS d
WHERE r.id = d.id;

-- @keep supplier_products when item_change
SELECT
    pair.g,
    pair.v,
    pair.lost = 0 AS appeared
FROM (
    SELECT
        f.supplier AS g,
        f.product AS v,
        count(*) FILTER (WHERE f.w > 0) AS gained,
        count(*) FILTER (WHERE f.w < 0) AS lost
    FROM item_change AS f
    WHERE f.supplier IS NOT NULL
        AND f.product IS NOT NULL
    GROUP BY
        1,
        2
) AS pair
WHERE CASE
    WHEN pair.lost = 0
        THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM metabase_internal.item_fact AS f
                WHERE f.supplier = pair.g
                    AND f.product = pair.v
                LIMIT pair.gained + 1
            ) AS found
        ) = pair.gained
    WHEN pair.gained = 0
        THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM metabase_internal.item_fact AS f
                WHERE f.supplier = pair.g
                    AND f.product = pair.v
                LIMIT 1
            ) AS found
        ) = 0
    ELSE false
END;

-- @keep supplier_brands when item_change
SELECT
    pair.g,
    pair.v,
    pair.lost = 0 AS appeared
FROM (
    SELECT
        f.supplier AS g,
        f.brand AS v,
        count(*) FILTER (WHERE f.w > 0) AS gained,
        count(*) FILTER (WHERE f.w < 0) AS lost
    FROM item_change AS f
    WHERE f.supplier IS NOT NULL
        AND f.brand IS NOT NULL
    GROUP BY
        1,
        2
) AS pair
WHERE CASE
    WHEN pair.lost = 0
        THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM metabase_internal.item_fact AS f
                WHERE f.supplier = pair.g
                    AND f.brand = pair.v
                LIMIT pair.gained + 1
            ) AS found
        ) = pair.gained
    WHEN pair.gained = 0
        THEN (
            SELECT count(*)
            FROM (
                SELECT
                FROM metabase_internal.item_fact AS f
                WHERE f.supplier = pair.g
                    AND f.brand = pair.v
                LIMIT 1
            ) AS found
        ) = 0
    ELSE false
END;

-- @run when item_change
UPDATE metabase_internal.supplier_rollup AS r
SET
    items = r.items + d.items,
    units = r.units + d.units,
    spent_sum = r.spent_sum + d.spent_sum,
    spent_count = r.spent_count + d.spent_count,
    priced_units = r.priced_units + d.priced_units,
    products = r.products + coalesce(supplier_products.more, 0),
    brands = r.brands + coalesce(supplier_brands.more, 0),
    first_purchase = CASE
        WHEN d.first_purchase_gone IS NULL
            OR d.first_purchase_gone > r.first_purchase
            OR d.first_purchase_come <= d.first_purchase_gone
            THEN least(r.first_purchase, d.first_purchase_come)
        ELSE (SELECT min(f.purchase_date) FROM metabase_internal.item_fact AS f WHERE f.supplier = r.id)
    END,
    last_purchase = CASE
        WHEN d.last_purchase_gone IS NULL
            OR d.last_purchase_gone < r.last_purchase
            OR d.last_purchase_come >= d.last_purchase_gone
            THEN greatest(r.last_purchase, d.last_purchase_come)
        ELSE (SELECT max(f.purchase_date) FROM metabase_internal.item_fact AS f WHERE f.supplier = r.id)
    END
FROM (
    SELECT
        f.supplier AS id,
        count(*) FILTER (WHERE f.w > 0)
            - count(*) FILTER (WHERE f.w < 0) AS items,
        coalesce(sum(f.quantity) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.quantity) FILTER (WHERE f.w < 0), 0) AS units,
        coalesce(sum(f.price * f.quantity) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(f.price * f.quantity) FILTER (WHERE f.w < 0), 0) AS spent_sum,
        coalesce(count(f.price * f.quantity) FILTER (WHERE f.w > 0), 0)
            - coalesce(count(f.price * f.quantity) FILTER (WHERE f.w < 0), 0) AS spent_count,
        coalesce(sum(f.quantity) FILTER (WHERE f.w > 0 AND f.price IS NOT NULL), 0)
            - coalesce(sum(f.quantity) FILTER (WHERE f.w < 0 AND f.price IS NOT NULL), 0) AS priced_units,
        min(f.purchase_date) FILTER (WHERE f.w > 0) AS first_purchase_come,
        min(f.purchase_date) FILTER (WHERE f.w < 0) AS first_purchase_gone,
        max(f.purchase_date) FILTER (WHERE f.w > 0) AS last_purchase_come,
        max(f.purchase_date) FILTER (WHERE f.w < 0) AS last_purchase_gone
    FROM item_change AS f
    WHERE f.supplier IS NOT NULL
    GROUP BY 1
) AS d
LEFT JOIN (
    SELECT
        g,
        count(*) FILTER (WHERE appeared) - count(*) FILTER (WHERE NOT appeared) AS more
    FROM supplier_products
    GROUP BY g
) AS supplier_products ON supplier_products.g = d.id
LEFT JOIN (
    SELECT
        g,
        count(*) FILTER (WHERE appeared) - count(*) FILTER (WHERE NOT appeared) AS more
    FROM supplier_brands
    GROUP BY g
) AS supplier_brands ON supplier_brands.g = d.id
WHERE r.id = d.id;

-- @run when stock_change
UPDATE metabase_internal.supplier_rollup AS r
SET
    units_sold_through = r.units_sold_through + d.units_sold_through,
    units_in_stock = r.units_in_stock + d.units_in_stock,
    stock_value_sum = r.stock_value_sum + d.stock_value_sum,
    stock_value_count = r.stock_value_count + d.stock_value_count
FROM (
    SELECT
        f.supplier AS id,
        coalesce(sum(least(f.units_sold, f.quantity)) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(least(f.units_sold, f.quantity)) FILTER (WHERE f.w < 0), 0) AS units_sold_through,
        coalesce(sum(metabase_internal.units_in_stock(f.quantity, f.units_sold + f.units_departed, f.is_in_stock)) FILTER (WHERE f.w > 0), 0)
            - coalesce(sum(metabase_internal.units_in_stock(f.quantity, f.units_sold + f.units_departed, f.is_in_stock)) FILTER (WHERE f.w < 0), 0) AS units_in_stock,
        coalesce(sum(f.price * metabase_internal.units_in_stock(f.quantity, f.units_sold + f.units_departed, f.is_in_stock)) FILTER (WHERE f.w > 0 AND metabase_internal.units_in_stock(f.quantity, f.units_sold + f.units_departed, f.is_in_stock) > 0), 0)
            - coalesce(sum(f.price * metabase_internal.units_in_stock(f.quantity, f.units_sold + f.units_departed, f.is_in_stock)) FILTER (WHERE f.w < 0 AND metabase_internal.units_in_stock(f.quantity, f.units_sold + f.units_departed, f.is_in_stock) > 0), 0) AS stock_value_sum,
        coalesce(count(f.price * metabase_internal.units_in_stock(f.quantity, f.units_sold + f.units_departed, f.is_in_stock)) FILTER (WHERE f.w > 0 AND metabase_internal.units_in_stock(f.quantity, f.units_sold + f.units_departed, f.is_in_stock) > 0), 0)
            - coalesce(count(f.price * metabase_internal.units_in_stock(f.quantity, f.units_sold + f.units_departed, f.is_in_stock)) FILTER (WHERE f.w < 0 AND metabase_internal.units_in_stock(f.quantity, f.units_sold + f.units_departed, f.is_in_stock) > 0), 0) AS stock_value_count
    FROM stock_change AS f
    WHERE f.supplier IS NOT NULL
    GROUP BY 1
) AS d
WHERE r.id = d.id;

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

-- @run when sale_not_finite
UPDATE metabase_internal.day_rollup AS r
SET
    orders = coalesce(d.orders, 0),
    gross_sale_sum = coalesce(d.gross_sale_sum, 0),
    gross_sale_count = coalesce(d.gross_sale_count, 0),
    net_proceeds_sum = coalesce(d.net_proceeds_sum, 0),
    net_proceeds_count = coalesce(d.net_proceeds_count, 0),
    net_profit_sum = coalesce(d.net_profit_sum, 0),
    net_profit_count = coalesce(d.net_profit_count, 0),
    platform_fee_sum = coalesce(d.platform_fee_sum, 0),
    platform_fee_count = coalesce(d.platform_fee_count, 0),
    shipping_cost_sum = coalesce(d.shipping_cost_sum, 0),
    shipping_cost_count = coalesce(d.shipping_cost_count, 0),
    roi_sum = coalesce(d.roi_sum, 0),
    roi_count = coalesce(d.roi_count, 0),
    first_sale = d.first_sale,
    last_sale = d.last_sale,
    min_gross_sale = d.min_gross_sale,
    max_gross_sale = d.max_gross_sale
FROM (
    SELECT DISTINCT
        f.platform AS platform,
        coalesce((f.sold_at AT TIME ZONE 'Europe/Berlin')::date, '-infinity') AS day
    FROM sale_not_finite AS f
    WHERE f.platform IS NOT NULL
) AS lost
LEFT JOIN (
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
    WHERE f.platform IN (SELECT f.platform FROM sale_not_finite AS f)
    GROUP BY 1, 2
) AS d ON d.platform = lost.platform AND d.day = lost.day
WHERE r.platform = lost.platform AND r.day = lost.day;

-- @run when sale_not_finite
UPDATE metabase_internal.product_rollup AS r
SET
    orders = coalesce(d.orders, 0),
    gross_sale_sum = coalesce(d.gross_sale_sum, 0),
    gross_sale_count = coalesce(d.gross_sale_count, 0),
    gross_sale_squares = coalesce(d.gross_sale_squares, 0),
    net_profit_sum = coalesce(d.net_profit_sum, 0),
    net_profit_count = coalesce(d.net_profit_count, 0),
    roi_sum = coalesce(d.roi_sum, 0),
    roi_count = coalesce(d.roi_count, 0),
    platform_fee_sum = coalesce(d.platform_fee_sum, 0),
    platform_fee_count = coalesce(d.platform_fee_count, 0),
    units = coalesce(d.units, 0),
    purchase_price_sum = coalesce(d.purchase_price_sum, 0),
    purchase_price_count = coalesce(d.purchase_price_count, 0),
    priced_units = coalesce(d.priced_units, 0),
    suppliers = coalesce(d.suppliers, 0),
    min_gross_sale = d.min_gross_sale,
    max_gross_sale = d.max_gross_sale,
    first_sale = d.first_sale,
    last_sale = d.last_sale
FROM (
    SELECT DISTINCT
        f.product AS id
    FROM sale_not_finite AS f
    WHERE f.product IS NOT NULL
) AS lost
LEFT JOIN (
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
    WHERE f.product IN (SELECT f.product FROM sale_not_finite AS f)
    GROUP BY 1
) AS d ON d.id = lost.id
WHERE r.id = lost.id;

-- @run when sale_not_finite
UPDATE metabase_internal.brand_rollup AS r
SET
    orders = coalesce(d.orders, 0),
    gross_sale_sum = coalesce(d.gross_sale_sum, 0),
    gross_sale_count = coalesce(d.gross_sale_count, 0),
    gross_sale_squares = coalesce(d.gross_sale_squares, 0),
    net_profit_sum = coalesce(d.net_profit_sum, 0),
    net_profit_count = coalesce(d.net_profit_count, 0),
    roi_sum = coalesce(d.roi_sum, 0),
    roi_count = coalesce(d.roi_count, 0),
    products = coalesce(d.products, 0),
    months = coalesce(d.months, 0),
    first_sale = d.first_sale,
    last_sale = d.last_sale
FROM (
    SELECT DISTINCT
        f.brand AS id
    FROM sale_not_finite AS f
    WHERE f.brand IS NOT NULL
) AS lost
LEFT JOIN (
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
    WHERE f.brand IN (SELECT f.brand FROM sale_not_finite AS f)
    GROUP BY 1
) AS d ON d.id = lost.id
WHERE r.id = lost.id;

-- @run when sale_not_finite
UPDATE metabase_internal.platform_rollup AS r
SET
    orders = coalesce(d.orders, 0),
    gross_sale_sum = coalesce(d.gross_sale_sum, 0),
    gross_sale_count = coalesce(d.gross_sale_count, 0),
    platform_fee_sum = coalesce(d.platform_fee_sum, 0),
    platform_fee_count = coalesce(d.platform_fee_count, 0),
    fee_pct_sum = coalesce(d.fee_pct_sum, 0),
    fee_pct_count = coalesce(d.fee_pct_count, 0),
    shipping_cost_sum = coalesce(d.shipping_cost_sum, 0),
    shipping_cost_count = coalesce(d.shipping_cost_count, 0),
    net_proceeds_sum = coalesce(d.net_proceeds_sum, 0),
    net_proceeds_count = coalesce(d.net_proceeds_count, 0),
    net_profit_sum = coalesce(d.net_profit_sum, 0),
    net_profit_count = coalesce(d.net_profit_count, 0),
    roi_sum = coalesce(d.roi_sum, 0),
    roi_count = coalesce(d.roi_count, 0),
    margin_sum = coalesce(d.margin_sum, 0),
    margin_count = coalesce(d.margin_count, 0),
    payouts = coalesce(d.payouts, 0),
    payout_seconds_sum = coalesce(d.payout_seconds_sum, 0),
    payout_seconds_count = coalesce(d.payout_seconds_count, 0),
    months = coalesce(d.months, 0),
    first_sale = d.first_sale,
    last_sale = d.last_sale,
    min_gross_sale = d.min_gross_sale,
    max_gross_sale = d.max_gross_sale
FROM (
    SELECT DISTINCT
        f.platform AS id
    FROM sale_not_finite AS f
    WHERE f.platform IS NOT NULL
) AS lost
LEFT JOIN (
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
    WHERE f.platform IN (SELECT f.platform FROM sale_not_finite AS f)
    GROUP BY 1
) AS d ON d.id = lost.id
WHERE r.id = lost.id;

-- @run when sale_not_finite
UPDATE metabase_internal.place_rollup AS r
SET
    orders = coalesce(d.orders, 0),
    gross_sale_sum = coalesce(d.gross_sale_sum, 0),
    gross_sale_count = coalesce(d.gross_sale_count, 0),
    net_profit_sum = coalesce(d.net_profit_sum, 0),
    net_profit_count = coalesce(d.net_profit_count, 0),
    roi_sum = coalesce(d.roi_sum, 0),
    roi_count = coalesce(d.roi_count, 0),
    shipping_cost_sum = coalesce(d.shipping_cost_sum, 0),
    shipping_cost_count = coalesce(d.shipping_cost_count, 0),
    months = coalesce(d.months, 0),
    products = coalesce(d.products, 0),
    brands = coalesce(d.brands, 0),
    first_sale = d.first_sale,
    last_sale = d.last_sale
FROM (
    SELECT DISTINCT
        f.place AS id
    FROM sale_not_finite AS f
    WHERE f.place IS NOT NULL
) AS lost
LEFT JOIN (
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
    WHERE f.place IN (SELECT f.place FROM sale_not_finite AS f)
    GROUP BY 1
) AS d ON d.id = lost.id
WHERE r.id = lost.id;

-- @run when sale_not_finite
UPDATE metabase_internal.supplier_rollup AS r
SET
    orders = coalesce(d.orders, 0),
    gross_sale_sum = coalesce(d.gross_sale_sum, 0),
    gross_sale_count = coalesce(d.gross_sale_count, 0),
    net_profit_sum = coalesce(d.net_profit_sum, 0),
    net_profit_count = coalesce(d.net_profit_count, 0),
    roi_sum = coalesce(d.roi_sum, 0),
    roi_count = coalesce(d.roi_count, 0),
    units_sold = coalesce(d.units_sold, 0),
    sell_seconds_sum = coalesce(d.sell_seconds_sum, 0),
    sell_seconds_count = coalesce(d.sell_seconds_count, 0)
FROM (
    SELECT DISTINCT
        f.supplier AS id
    FROM sale_not_finite AS f
    WHERE f.supplier IS NOT NULL
) AS lost
LEFT JOIN (
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
    WHERE f.supplier IN (SELECT f.supplier FROM sale_not_finite AS f)
    GROUP BY 1
) AS d ON d.id = lost.id
WHERE r.id = lost.id;

-- @run when item_not_finite
UPDATE metabase_internal.supplier_rollup AS r
SET
    items = coalesce(d.items, 0),
    units = coalesce(d.units, 0),
    spent_sum = coalesce(d.spent_sum, 0),
    spent_count = coalesce(d.spent_count, 0),
    priced_units = coalesce(d.priced_units, 0),
    products = coalesce(d.products, 0),
    brands = coalesce(d.brands, 0),
    first_purchase = d.first_purchase,
    last_purchase = d.last_purchase
FROM (
    SELECT DISTINCT
        f.supplier AS id
    FROM item_not_finite AS f
    WHERE f.supplier IS NOT NULL
) AS lost
LEFT JOIN (
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
    WHERE f.supplier IN (SELECT f.supplier FROM item_not_finite AS f)
    GROUP BY 1
) AS d ON d.id = lost.id
WHERE r.id = lost.id;

-- @run when stock_not_finite
UPDATE metabase_internal.supplier_rollup AS r
SET
    units_sold_through = coalesce(d.units_sold_through, 0),
    units_in_stock = coalesce(d.units_in_stock, 0),
    stock_value_sum = coalesce(d.stock_value_sum, 0),
    stock_value_count = coalesce(d.stock_value_count, 0)
FROM (
    SELECT DISTINCT
        f.supplier AS id
    FROM stock_not_finite AS f
    WHERE f.supplier IS NOT NULL
) AS lost
LEFT JOIN (
    SELECT
        f.supplier AS id,
        coalesce(sum(least(f.units_sold, f.quantity)), 0) AS units_sold_through,
        coalesce(sum(metabase_internal.units_in_stock(f.quantity, f.units_sold + f.units_departed, f.is_in_stock)), 0) AS units_in_stock,
        coalesce(sum(f.price * metabase_internal.units_in_stock(f.quantity, f.units_sold + f.units_departed, f.is_in_stock)) FILTER (WHERE metabase_internal.units_in_stock(f.quantity, f.units_sold + f.units_departed, f.is_in_stock) > 0), 0) AS stock_value_sum,
        count(f.price * metabase_internal.units_in_stock(f.quantity, f.units_sold + f.units_departed, f.is_in_stock)) FILTER (WHERE metabase_internal.units_in_stock(f.quantity, f.units_sold + f.units_departed, f.is_in_stock) > 0) AS stock_value_count
    FROM metabase_internal.item_fact AS f
    WHERE f.supplier IN (SELECT f.supplier FROM stock_not_finite AS f)
    GROUP BY 1
) AS d ON d.id = lost.id
WHERE r.id = lost.id;

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
SET platform_names = (
    SELECT string_agg(DISTINCT p.name COLLATE "C", ', ' ORDER BY p.name COLLATE "C")
    FROM metabase_internal.platform_rollup AS p
    CROSS JOIN LATERAL (
        SELECT
        FROM metabase_internal.sale_fact AS f
        WHERE f.place = r.id
            AND f.platform = p.id
        LIMIT 1
    ) AS sold
)
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

-- @keep dirty_executive when sale_change, platform_seen
SELECT
    c.day,
    p.slug
FROM (
    SELECT DISTINCT
        c.platform,
        coalesce((c.sold_at AT TIME ZONE 'Europe/Berlin')::date, '-infinity') AS day
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
