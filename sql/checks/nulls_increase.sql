-- Completed orders of the last 30 days of sales that lack what far fewer of the 90 days before lack.
WITH newest AS (
    SELECT max(sold_at) AS sold_at
    FROM metabase_internal.orders
    WHERE is_completed
        AND sold_at <= now()
),
cell AS (
    SELECT
        orders.id,
        orders.sold_at > newest.sold_at - interval '30 days' AS is_recent,
        known.name,
        known.is_missing
    FROM metabase_internal.orders AS orders
    CROSS JOIN newest
    CROSS JOIN LATERAL (
        VALUES
            ('stock_item_id', stock_item_id IS NULL),
            ('platform_id', platform_id IS NULL),
            ('gross_sale', gross_sale IS NULL),
            ('net_proceeds', net_proceeds IS NULL),
            ('net_profit', net_profit IS NULL),
            ('roi', roi IS NULL),
            ('platform_fee', platform_fee IS NULL),
            ('shipping_cost', shipping_cost IS NULL),
            ('country', country IS NULL),
            ('city', city IS NULL)
    ) AS known (name, is_missing)
    WHERE orders.is_completed
        AND orders.sold_at <= newest.sold_at
        AND orders.sold_at > newest.sold_at - interval '120 days'
),
counted AS (
    SELECT
        name,
        count(*) FILTER (WHERE is_recent)                                AS recent,
        count(*) FILTER (WHERE NOT is_recent)                            AS earlier,
        100.0 * count(*) FILTER (WHERE is_recent AND is_missing)         AS recent_missing,
        100.0 * count(*) FILTER (WHERE NOT is_recent AND is_missing)     AS earlier_missing
    FROM cell
    GROUP BY name
),
increase AS (
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
    cell.id   AS key,
    cell.name AS value,
    format(
        '%s %% of the orders of the last 30 days of sales, %s %% of those of the 90 days before',
        increase.recent_share,
        increase.earlier_share
    )         AS detail
FROM cell
JOIN increase ON increase.name = cell.name
WHERE cell.is_recent
    AND cell.is_missing
