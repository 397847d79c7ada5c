-- The rows in which a view differs from its definition.
WITH definition AS (
    :definition
),
held AS (
    TABLE :view
),
missing AS (
    TABLE definition
    EXCEPT ALL
    TABLE held
),
superfluous AS (
    TABLE held
    EXCEPT ALL
    TABLE definition
)
SELECT
    'missing' AS difference,
    pg_catalog.to_jsonb(missing) AS content
FROM missing
UNION ALL
SELECT
    'superfluous',
    pg_catalog.to_jsonb(superfluous)
FROM superfluous
