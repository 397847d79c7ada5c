-- The rows in which a view differs from its definition, with their place in the view.
SELECT
    held.place,
    computed.present IS NOT NULL AS present,
    :computed
FROM (
    SELECT
        true,
        definition.*
    FROM (
        :definition
    ) AS definition
) AS computed (
    present,
    :columns
)
FULL JOIN (
    SELECT
        v.ctid,
        v.*
    FROM :view AS v
) AS held (
    place,
    :columns
)
    ON :same_key
WHERE computed.present IS NULL
    OR held.place IS NULL
    OR ROW(
        :computed
    ) IS DISTINCT FROM ROW(
        :held
    )
