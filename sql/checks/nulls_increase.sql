-- Completed orders of the last 30 days of sales that lack what far fewer of the 90 days before lack. What a currency without a rate does to
-- amounts is a finding of its own. :'currency' is the shop's currency, :'time_zone' the zone that days are counted in.
WITH newest AS (
    SELECT max(sold_at) AS sold_at
    FROM metabase_internal.orders
    WHERE is_completed
        AND sold_at <= now()
),
-- Most orders lack the same as many others.
pattern AS MATERIALIZED (
    SELECT
        orders.sold_at > newest.sold_at - interval '30 days' AS is_recent,
        orders.stock_item_id IS NULL                         AS no_stock_item,
        orders.platform_id IS NULL                           AS no_platform,
        orders.gross_sale IS NULL                            AS no_gross_sale,
        orders.net_proceeds IS NULL                          AS no_net_proceeds,
        orders.net_profit IS NULL                            AS no_net_profit,
        orders.roi IS NULL                                   AS no_roi,
        orders.platform_fee IS NULL                          AS no_platform_fee,
        orders.shipping_cost IS NULL                         AS no_shipping_cost,
        orders.country IS NULL                               AS no_country,
        orders.city IS NULL                                  AS no_city,
        count(*)                                             AS orders
    FROM metabase_internal.orders AS orders
    CROSS JOIN newest
    LEFT JOIN :rated_from AS rated ON rated.currency = orders.currency
    WHERE orders.is_completed
        AND orders.sold_at <= newest.sold_at
        AND orders.sold_at > newest.sold_at - interval '120 days'
        AND :is_rated
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
),
counted AS (
    SELECT
        known.name,
        sum(orders) FILTER (WHERE is_recent)                                             AS recent,
        sum(orders) FILTER (WHERE NOT is_recent)                                         AS earlier,
        100.0 * coalesce(sum(orders) FILTER (WHERE is_recent AND is_missing), 0)         AS recent_missing,
        100.0 * coalesce(sum(orders) FILTER (WHERE NOT is_recent AND is_missing), 0)     AS earlier_missing
    FROM pattern
    CROSS JOIN LATERAL (
        VALUES
            ('stock_item_id', no_stock_item),
            ('platform_id', no_platform),
            ('gross_sale', no_gross_sale),
            ('net_proceeds', no_net_proceeds),
            ('net_profit', no_net_profit),
            ('roi', no_roi),
            ('platform_fee', no_platform_fee),
            ('shipping_cost', no_shipping_cost),
            ('country', no_country),
            ('city', no_city)
    ) AS known (name, is_missing)
    GROUP BY known.name
),
increase AS MATERIALIZED (
    SELECT
        name,
        round(recent_missing / recent, 1)   AS recent_share,
        round(earlier_missing / earlier, 1) AS earlier_share
    FROM counted
    -- Of a few orders, any share is chance.
    WHERE recent >= 20
        AND earlier >= 20
        AND recent_missing / recent >= earlier_missing / earlier + 20
)
SELECT
    orders.id     AS key,
    increase.name AS value,
    format(
        '%s %% of the orders of the last 30 days of sales, %s %% of those of the 90 days before',
        increase.recent_share,
        increase.earlier_share
    )             AS detail
FROM metabase_internal.orders AS orders
CROSS JOIN newest
CROSS JOIN increase
LEFT JOIN :rated_from AS rated ON rated.currency = orders.currency
WHERE orders.is_completed
    AND orders.sold_at <= newest.sold_at
    AND orders.sold_at > newest.sold_at - interval '30 days'
    AND :is_rated
    AND CASE increase.name
        WHEN 'stock_item_id' THEN orders.stock_item_id IS NULL
        WHEN 'platform_id' THEN orders.platform_id IS NULL
        WHEN 'gross_sale' THEN orders.gross_sale IS NULL
        WHEN 'net_proceeds' THEN orders.net_proceeds IS NULL
        WHEN 'net_profit' THEN orders.net_profit IS NULL
        WHEN 'roi' THEN orders.roi IS NULL
        WHEN 'platform_fee' THEN orders.platform_fee IS NULL
        WHEN 'shipping_cost' THEN orders.shipping_cost IS NULL
        WHEN 'country' THEN orders.country IS NULL
        WHEN 'city' THEN orders.city IS NULL
    END
    -- Where there is none, the orders are not read again.
    AND EXISTS (SELECT FROM increase)
