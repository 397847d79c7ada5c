-- The rows in which a view differs from "definition", which has all that it is to have, in the columns that the view had when it was
-- made; they may have other names now.
WITH held AS (
    TABLE :view
),
defined (:columns) AS (
    TABLE definition
),
missing AS (
    TABLE defined
    EXCEPT ALL
    TABLE held
),
superfluous AS (
    TABLE held
    EXCEPT ALL
    TABLE defined
)
SELECT
    'missing'                    AS difference,
    pg_catalog.to_jsonb(content) AS content
FROM missing AS differing
CROSS JOIN LATERAL (
    SELECT
        :shown
) AS content
UNION ALL
SELECT
    'superfluous',
    pg_catalog.to_jsonb(content)
FROM superfluous AS differing
CROSS JOIN LATERAL (
    SELECT
        :shown
) AS content
