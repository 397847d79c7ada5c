-- Since when views that were not refreshed since show other exchange rates; NULL where there is no such time. A rate may have been committed
-- long after it was set: the facts tell, once they are built with it.
greatest(
    (
        SELECT max(known.changed_at)
        FROM metabase_internal.exchange_currency AS known
        WHERE EXISTS (SELECT FROM metabase_internal.made_from WHERE currency IS NOT NULL)
    ),
    (SELECT incremental.rates_at FROM metabase_internal.incremental)
)
