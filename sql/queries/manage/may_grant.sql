-- Whether role $1 has the privilege $4 on relation $2, or on its column $3 where that is not NULL.
SELECT CASE
    WHEN $3::text IS NULL THEN pg_catalog.has_table_privilege($1::oid, $2::regclass, $4)
    ELSE pg_catalog.has_column_privilege($1::oid, $2::regclass, $3, $4)
END
