-- Takes the keys of one entity's changed rows from its queue. A key stands there as often as its row has changed.
WITH taken AS (
    DELETE FROM metabase_internal.:queue
    RETURNING :column
)
SELECT DISTINCT CAST(:column AS :key_type) AS key
FROM taken
