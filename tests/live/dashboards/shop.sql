-- The shop's rows, worked out without the views; the table `today` has the day on which it is looked at.

-- What is chosen in the filters: nothing where there is no row.
CREATE TEMPORARY TABLE period (first_day date, last_day date);
CREATE TEMPORARY TABLE chosen (filter text, value text);

CREATE FUNCTION pg_temp.in_period(day date) RETURNS boolean LANGUAGE sql AS $$
    SELECT NOT EXISTS (SELECT FROM pg_temp.period)
        OR EXISTS (SELECT FROM pg_temp.period WHERE $1 BETWEEN first_day AND last_day)
$$;

CREATE FUNCTION pg_temp.is_chosen(filter text, value text) RETURNS boolean LANGUAGE sql AS $$
    SELECT NOT EXISTS (SELECT FROM pg_temp.chosen AS c WHERE c.filter = $1)
        OR EXISTS (SELECT FROM pg_temp.chosen AS c WHERE c.filter = $1 AND c.value = $2)
$$;

-- Countries as the shops write them.
CREATE TEMPORARY TABLE country AS
SELECT
    written,
    code
FROM (
    VALUES
        ('DE', 'Germany'), ('GB', 'United Kingdom'), ('FR', 'France'), ('NL', 'Netherlands'), ('US', 'United States'),
        ('IT', 'Italy'), ('AT', 'Austria'), ('ES', 'Spain'), ('PL', 'Poland'), ('CH', 'Switzerland'), ('BE', 'Belgium'),
        ('SE', 'Sweden'), ('DK', 'Denmark'), ('CZ', 'Czechia'), ('JP', 'Japan'), ('IE', 'Ireland'), ('PT', 'Portugal'),
        ('NO', 'Norway'), ('FI', 'Finland'), ('CA', 'Canada'), ('AU', 'Australia'), ('HU', 'Hungary'), ('GR', 'Greece'),
        ('RO', 'Romania'), ('HK', 'Hong Kong'), ('SG', 'Singapore'), ('AE', 'United Arab Emirates'),
        ('KR', 'South Korea'), ('LU', 'Luxembourg'), ('HR', 'Croatia'), ('GB', 'UK'), ('US', 'us')
) AS country (code, name), unnest(ARRAY[code, name]) AS written
GROUP BY
    written,
    code;

-- A completed order with all that is known of it.
CREATE TEMPORARY TABLE sale AS
SELECT
    o.id,
    (o.sold_at AT TIME ZONE 'Europe/Berlin')::date                                   AS day,
    date_trunc('month', o.sold_at AT TIME ZONE 'Europe/Berlin')::date                AS month,
    o.sold_at,
    o.quantity                                                                       AS units,
    o.gross_sale,
    o.net_proceeds,
    o.net_profit,
    o.platform_fee,
    o.shipping_cost,
    o.roi,
    -- Where the mean of a platform's day stands for each of its orders, it stands for those without ROI, too.
    coalesce(o.roi, avg(o.roi) OVER (PARTITION BY (o.sold_at AT TIME ZONE 'Europe/Berlin')::date, o.platform_id))
                                                                                     AS roi_or_mean_of_day,
    o.payout_received,
    o.payout_date,
    -- And where that of a platform stands for each of its payouts, for those of sales on an unknown day, too.
    avg(extract(epoch FROM o.payout_date - o.sold_at) / 86400) OVER (PARTITION BY o.platform_id)
                                                                                     AS mean_payout_days,
    extract(epoch FROM o.sold_at - i.purchase_date) / 86400                          AS days_to_sell,
    platform.name                                                                    AS platform,
    (SELECT code FROM country WHERE written = o.buyer_destination_country)           AS country_code,
    i.id                                                                             AS item_id,
    i.purchase_price,
    i.supplier_id,
    i.size,
    product.id                                                                       AS product_id,
    product.name                                                                     AS product,
    product.sku,
    brand.name                                                                       AS brand,
    category.name                                                                    AS category
FROM transactions.orders AS o
LEFT JOIN core.platforms AS platform ON platform.id = o.platform_id
LEFT JOIN products.inventory AS i ON i.id = o.inventory_item_id
LEFT JOIN products.products AS product ON product.id = i.product_id
LEFT JOIN core.brands AS brand ON brand.id = product.brand_id
LEFT JOIN products.categories AS category ON category.id = product.category_id
WHERE lower(o.status) = 'completed';

-- A stock item, with its age in days, the sum of its completed orders and what is left of it.
CREATE TEMPORARY TABLE item AS
WITH moved AS (
    SELECT
        inventory_item_id                                                                            AS id,
        count(*) FILTER (WHERE lower(status) = 'completed')                                          AS sales,
        sum(quantity) FILTER (WHERE lower(status) = 'completed')                                     AS units,
        sum(gross_sale) FILTER (WHERE lower(status) = 'completed')                                   AS revenue,
        sum(net_profit) FILTER (WHERE lower(status) = 'completed')                                   AS profit,
        max((sold_at AT TIME ZONE 'Europe/Berlin')::date) FILTER (WHERE lower(status) = 'completed') AS last_day,
        sum(quantity)                                                                                AS units_taken
    FROM transactions.orders
    WHERE lower(status) IN ('completed', 'shipped')
    GROUP BY inventory_item_id
),
stock AS (
    SELECT
        i.*,
        coalesce(moved.sales, 0) AS sales,
        coalesce(moved.units, 0) AS units,
        moved.revenue,
        moved.profit,
        moved.last_day,
        CASE
            WHEN says.is_there THEN greatest(i.quantity - coalesce(moved.units_taken, 0), 1)
            WHEN NOT says.is_there OR lower(i.status) IN ('sold', 'lost') THEN 0
            ELSE greatest(i.quantity - coalesce(moved.units_taken, 0), 0)
        END                      AS units_left
    FROM products.inventory AS i
    -- Not every shop says it.
    CROSS JOIN LATERAL (SELECT (to_jsonb(i) ->> 'is_in_stock')::boolean AS is_there) AS says
    LEFT JOIN moved ON moved.id = i.id
)
SELECT
    aged.*,
    CASE
        WHEN days <= 30 THEN 'Fast Moving'
        WHEN days BETWEEN 31 AND 90 THEN 'Normal'
        WHEN days BETWEEN 91 AND 180 THEN 'Slow Moving'
        WHEN days >= 181 THEN 'Dead Stock'
        ELSE 'Unknown'
    END AS stock_category
FROM (
    SELECT
        i.id,
        i.product_id,
        i.supplier_id,
        i.status,
        i.condition,
        i.size,
        i.purchase_date,
        coalesce(i.gross_purchase_price, i.purchase_price) AS cost,
        product.name                                       AS product,
        product.sku,
        brand.name                                         AS brand,
        category.name                                      AS category,
        supplier.business_name                             AS supplier,
        supplier.country                                   AS supplier_country,
        supplier.rating                                    AS supplier_rating,
        i.quantity,
        i.sales,
        i.units,
        i.units_left,
        i.revenue,
        i.profit,
        i.last_day,
        CASE WHEN i.units_left > 0 THEN today.day ELSE i.last_day END
            - (i.purchase_date AT TIME ZONE 'Europe/Berlin')::date AS days
    FROM stock AS i
    CROSS JOIN today
    LEFT JOIN products.products AS product ON product.id = i.product_id
    LEFT JOIN core.brands AS brand ON brand.id = product.brand_id
    LEFT JOIN products.categories AS category ON category.id = product.category_id
    LEFT JOIN core.suppliers AS supplier ON supplier.id = i.supplier_id
) AS aged;

ANALYZE sale, item;
