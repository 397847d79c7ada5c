-- From the groups that have changed to the rows of metabase_product_performance that are written.
--
-- Generated for the hand-worked shop: METABASE_VIEWS_GENERATE=1 scripts/test.sh quick writes it anew. What a step keeps (@keep,
-- @read, @take), later ones read by its name: to EXPLAIN these, make a temporary table of each.

-- @take noted
DELETE FROM metabase_internal.dirty_product
RETURNING id;

-- @keep flush_key
SELECT id
FROM dirty_product
UNION
SELECT id
FROM noted;

-- @keep flush_group
SELECT r.*
FROM flush_key AS k
JOIN metabase_internal.product_rollup AS r ON r.id = k.id;

-- @read changes
SELECT
    held.place,
    computed.present,
    computed.product_id,
    computed.product_name,
    computed.product_sku,
    computed.category_id,
    computed.category_name,
    computed.brand_id,
    computed.brand_name,
    computed.brand_segment,
    computed.price_tier,
    computed.is_collaboration,
    computed.units_sold,
    computed.total_revenue,
    computed.avg_sale_price,
    computed.min_sale_price,
    computed.max_sale_price,
    computed.price_volatility,
    computed.total_profit,
    computed.avg_roi,
    computed.total_fees_paid,
    computed.avg_purchase_price,
    computed.supplier_count,
    computed.first_sale_date,
    computed.last_sale_date,
    computed.sales_duration_days
FROM (
    SELECT
        r.orders > 0                                                      AS present,
        r.product_id,
        p.name                                                            AS product_name,
        p.sku                                                             AS product_sku,
        p.category_id,
        c.name                                                            AS category_name,
        p.brand_id,
        b.name                                                            AS brand_name,
        b.segment                                                         AS brand_segment,
        b.price_tier,
        b.is_collaboration,
        r.units                                                           AS units_sold,
        metabase_internal.amount(CASE WHEN r.gross_sale_count > 0 THEN r.gross_sale_sum END) AS total_revenue,
        round(metabase_internal.mean(r.gross_sale_sum, r.gross_sale_count), 4) AS avg_sale_price,
        metabase_internal.amount(r.min_gross_sale)                        AS min_sale_price,
        metabase_internal.amount(r.max_gross_sale)                        AS max_sale_price,
        round(
            sqrt(metabase_internal.variance(r.gross_sale_count, r.gross_sale_sum, r.gross_sale_squares)),
            4
        )                                                                 AS price_volatility,
        metabase_internal.amount(CASE WHEN r.net_profit_count > 0 THEN r.net_profit_sum END) AS total_profit,
        round(metabase_internal.mean(r.roi_sum, r.roi_count), 4)          AS avg_roi,
        metabase_internal.amount(CASE WHEN r.platform_fee_count > 0 THEN r.platform_fee_sum END) AS total_fees_paid,
        round(metabase_internal.mean(r.purchase_price_sum, r.priced_units), 4) AS avg_purchase_price,
        r.suppliers                                                       AS supplier_count,
        r.first_sale                                                      AS first_sale_date,
        r.last_sale                                                       AS last_sale_date,
        round(extract(epoch FROM r.last_sale - r.first_sale) / 86400, 2)  AS sales_duration_days
    FROM flush_group AS r
    LEFT JOIN metabase_internal.products AS p ON p.id = r.product_id
    LEFT JOIN metabase_internal.categories AS c ON c.id = p.category_id
    LEFT JOIN metabase_internal.brands AS b ON b.id = p.brand_id
) AS computed (
    present,
    product_id,
    product_name,
    product_sku,
    category_id,
    category_name,
    brand_id,
    brand_name,
    brand_segment,
    price_tier,
    is_collaboration,
    units_sold,
    total_revenue,
    avg_sale_price,
    min_sale_price,
    max_sale_price,
    price_volatility,
    total_profit,
    avg_roi,
    total_fees_paid,
    avg_purchase_price,
    supplier_count,
    first_sale_date,
    last_sale_date,
    sales_duration_days
)
LEFT JOIN LATERAL (
    SELECT
        v.ctid,
        v.*
    FROM analytics.metabase_product_performance AS v (
        product_id,
        product_name,
        product_sku,
        category_id,
        category_name,
        brand_id,
        brand_name,
        brand_segment,
        price_tier,
        is_collaboration,
        units_sold,
        total_revenue,
        avg_sale_price,
        min_sale_price,
        max_sale_price,
        price_volatility,
        total_profit,
        avg_roi,
        total_fees_paid,
        avg_purchase_price,
        supplier_count,
        first_sale_date,
        last_sale_date,
        sales_duration_days
    )
    WHERE v.product_id = computed.product_id
) AS held (
    place,
    product_id,
    product_name,
    product_sku,
    category_id,
    category_name,
    brand_id,
    brand_name,
    brand_segment,
    price_tier,
    is_collaboration,
    units_sold,
    total_revenue,
    avg_sale_price,
    min_sale_price,
    max_sale_price,
    price_volatility,
    total_profit,
    avg_roi,
    total_fees_paid,
    avg_purchase_price,
    supplier_count,
    first_sale_date,
    last_sale_date,
    sales_duration_days
) ON true
WHERE CASE
    WHEN computed.present
        THEN held.place IS NULL
            OR ROW(
                computed.product_id,
                computed.product_name,
                computed.product_sku,
                computed.category_id,
                computed.category_name,
                computed.brand_id,
                computed.brand_name,
                computed.brand_segment,
                computed.price_tier,
                computed.is_collaboration,
                computed.units_sold,
                computed.total_revenue,
                computed.avg_sale_price,
                computed.min_sale_price,
                computed.max_sale_price,
                computed.price_volatility,
                computed.total_profit,
                computed.avg_roi,
                computed.total_fees_paid,
                computed.avg_purchase_price,
                computed.supplier_count,
                computed.first_sale_date,
                computed.last_sale_date,
                computed.sales_duration_days
            ) IS DISTINCT FROM ROW(
                held.product_id,
                held.product_name,
                held.product_sku,
                held.category_id,
                held.category_name,
                held.brand_id,
                held.brand_name,
                held.brand_segment,
                held.price_tier,
                held.is_collaboration,
                held.units_sold,
                held.total_revenue,
                held.avg_sale_price,
                held.min_sale_price,
                held.max_sale_price,
                held.price_volatility,
                held.total_profit,
                held.avg_roi,
                held.total_fees_paid,
                held.avg_purchase_price,
                held.supplier_count,
                held.first_sale_date,
                held.last_sale_date,
                held.sales_duration_days
            )
    ELSE held.place IS NOT NULL
END;
