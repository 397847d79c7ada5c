-- Lists of the brands that the suppliers in relisted_supplier have delivered.

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
