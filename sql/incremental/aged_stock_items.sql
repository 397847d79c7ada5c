-- Stock items that are a day older on a new day: those that are unsold, where it is known since when they are there.
SELECT item_id
FROM metabase_internal.item_fact
WHERE times_sold = 0
    AND purchase_date IS NOT NULL
