-- Takes the keys of changed rows of second tables from their queue, whatever types they have.
WITH taken AS (
    DELETE FROM metabase_internal.joined_queue
    RETURNING key_uuid, key_integer, key_text
)
SELECT DISTINCT key_uuid, key_integer, key_text
FROM taken
