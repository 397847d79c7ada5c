-- From the groups that have changed to the rows of metabase_brand_analytics that are written.
--
-- Generated for the hand-worked shop: METABASE_VIEWS_GENERATE=1 scripts/test.sh quick writes it anew. What a step keeps (@keep,
-- @read, @take), later ones read by its name: to EXPLAIN these, make a temporary table of each.

-- @take noted
DELETE FROM metabase_internal.dirty_brand
RETURNING id;

-- @keep flush_key
SELECT id
FROM dirty_brand
UNION
SELECT id
FROM noted;

-- @keep flush_group
SELECT r.*
FROM metabase_internal.brand_rollup AS r;

-- @read changes
SELECT
    held.place,
    computed.present,
    computed.brand_id,
    computed.brand_name,
    computed.segment,
    computed.price_tier,
    computed.target_demographic,
    computed.is_collaboration,
    computed.parent_brand_name,
    computed.total_sales,
    computed.total_revenue,
    computed.avg_price,
    computed.price_variance,
    computed.total_profit,
    computed.avg_roi,
    computed.product_variety,
    computed.active_months,
    computed.first_sale,
    computed.last_sale,
    computed.market_share_pct,
    computed.sales_share_pct,
    computed.price_positioning,
    computed.volume_tier
FROM (
    WITH sale AS (
        SELECT
            r.brand_id,
            r.orders                                                    AS total_sales,
            metabase_internal.amount(CASE WHEN r.gross_sale_count > 0 THEN r.gross_sale_sum END) AS total_revenue,
            round(metabase_internal.mean(r.gross_sale_sum, r.gross_sale_count), 4) AS avg_price,
            round(
                metabase_internal.variance(r.gross_sale_count, r.gross_sale_sum, r.gross_sale_squares),
                4
            )                                                           AS price_variance,
            metabase_internal.amount(CASE WHEN r.net_profit_count > 0 THEN r.net_profit_sum END) AS total_profit,
            round(metabase_internal.mean(r.roi_sum, r.roi_count), 4)    AS avg_roi,
            r.products                                                  AS product_variety,
            r.months                                                    AS active_months,
            r.first_sale,
            r.last_sale
        FROM flush_group AS r
    )
    SELECT
        sale.total_sales > 0                                                            AS present,
        sale.brand_id,
        b.name                                                                          AS brand_name,
        b.segment,
        b.price_tier,
        b.target_demographic,
        b.is_collaboration,
        parent.name                                                                     AS parent_brand_name,
        sale.total_sales,
        sale.total_revenue,
        sale.avg_price,
        sale.price_variance,
        sale.total_profit,
        sale.avg_roi,
        sale.product_variety,
        sale.active_months,
        sale.first_sale,
        sale.last_sale,
        round(100 * sale.total_revenue / nullif(sum(sale.total_revenue) OVER (), 0), 2) AS market_share_pct,
        round(100 * sale.total_sales / nullif(sum(sale.total_sales) OVER (), 0), 2)     AS sales_share_pct,
        CASE
            WHEN sale.avg_price > 200 THEN 'Premium'
            WHEN sale.avg_price > 100 THEN 'Mid-Range'
            ELSE 'Entry-Level'
        END                                                                             AS price_positioning,
        CASE
            WHEN sale.total_sales > 100 THEN 'High Volume'
            WHEN sale.total_sales > 50 THEN 'Medium Volume'
            ELSE 'Low Volume'
        END                                                                             AS volume_tier
    FROM sale
    LEFT JOIN metabase_internal.brands AS b ON b.id = sale.brand_id
    LEFT JOIN metabase_internal.brands AS parent ON parent.id = b.parent_brand_id
) AS computed (
    present,
    brand_id,
    brand_name,
    segment,
    price_tier,
    target_demographic,
    is_collaboration,
    parent_brand_name,
    total_sales,
    total_revenue,
    avg_price,
    price_variance,
    total_profit,
    avg_roi,
    product_variety,
    active_months,
    first_sale,
    last_sale,
    market_share_pct,
    sales_share_pct,
    price_positioning,
    volume_tier
)
LEFT JOIN LATERAL (
    SELECT
        v.ctid,
        v.*
    FROM analytics.metabase_brand_analytics AS v (
        brand_id,
        brand_name,
        segment,
        price_tier,
        target_demographic,
        is_collaboration,
        parent_brand_name,
        total_sales,
        total_revenue,
        avg_price,
        price_variance,
        total_profit,
        avg_roi,
        product_variety,
        active_months,
        first_sale,
        last_sale,
        market_share_pct,
        sales_share_pct,
        price_positioning,
        volume_tier
    )
    WHERE v.brand_id = computed.brand_id
) AS held (
    place,
    brand_id,
    brand_name,
    segment,
    price_tier,
    target_demographic,
    is_collaboration,
    parent_brand_name,
    total_sales,
    total_revenue,
    avg_price,
    price_variance,
    total_profit,
    avg_roi,
    product_variety,
    active_months,
    first_sale,
    last_sale,
    market_share_pct,
    sales_share_pct,
    price_positioning,
    volume_tier
) ON true
WHERE CASE
    WHEN computed.present
        THEN held.place IS NULL
            OR ROW(
                computed.brand_id,
                computed.brand_name,
                computed.segment,
                computed.price_tier,
                computed.target_demographic,
                computed.is_collaboration,
                computed.parent_brand_name,
                computed.total_sales,
                computed.total_revenue,
                computed.avg_price,
                computed.price_variance,
                computed.total_profit,
                computed.avg_roi,
                computed.product_variety,
                computed.active_months,
                computed.first_sale,
                computed.last_sale,
                computed.market_share_pct,
                computed.sales_share_pct,
                computed.price_positioning,
                computed.volume_tier
            ) IS DISTINCT FROM ROW(
                held.brand_id,
                held.brand_name,
                held.segment,
                held.price_tier,
                held.target_demographic,
                held.is_collaboration,
                held.parent_brand_name,
                held.total_sales,
                held.total_revenue,
                held.avg_price,
                held.price_variance,
                held.total_profit,
                held.avg_roi,
                held.product_variety,
                held.active_months,
                held.first_sale,
                held.last_sale,
                held.market_share_pct,
                held.sales_share_pct,
                held.price_positioning,
                held.volume_tier
            )
    ELSE held.place IS NOT NULL
END;
