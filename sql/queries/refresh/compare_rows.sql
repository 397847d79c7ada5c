-- The rows in which :view differs from computed, which has all that it is to have: rows that it has and is not to have, by their place,
-- and rows that it lacks. Rows are the same if they are so byte by byte, also where their key holds a NULL.
SELECT
    held.place,
    held.place IS NULL AS present,
    :columns
FROM (
    SELECT
        true     AS present,
        rows.*,
        rows     AS whole
    FROM computed AS rows (:columns)
) AS computed (present, :columns, whole)
FULL JOIN (
    SELECT
        rows.ctid AS place,
        rows      AS whole
    FROM :view AS rows (:columns)
) AS held ON computed.whole OPERATOR(pg_catalog.*=) held.whole
WHERE computed.present IS NULL
    OR held.place IS NULL
