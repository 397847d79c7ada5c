-- Stock items that are a day older on a new day: those that are in stock, where it is known since when.
SELECT f.item_id
FROM metabase_internal.item_fact AS f
WHERE metabase_internal.units_in_stock(f.quantity, f.units_sold + f.units_departed, f.is_in_stock) > 0
    AND f.purchase_date IS NOT NULL
