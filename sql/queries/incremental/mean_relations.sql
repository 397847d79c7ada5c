-- Whether the names $1, written with their schemas, mean the relations with the oids $2, in this order.
SELECT coalesce(bool_and(coalesce(pg_catalog.to_regclass(wanted.name) = wanted.oid::oid, false)), true)
FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::bigint[])) AS wanted (name, oid)
