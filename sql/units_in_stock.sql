-- What is left of a stock item. The definitions ask for it, and so do facts.

CREATE FUNCTION metabase_internal.units_in_stock(quantity integer, units_gone bigint, is_in_stock boolean) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE is_in_stock
        WHEN true THEN GREATEST(quantity - units_gone, 1)
        WHEN false THEN 0
        ELSE GREATEST(quantity - units_gone, 0)
    END;
COMMENT ON FUNCTION metabase_internal.units_in_stock(integer, bigint, boolean) IS
    'How many units of a stock item are in stock: what orders have left of its quantity, unless the shop says that it is there (then one at least) or gone.';
