-- A relation among the sources that the current role owns.
SELECT
FROM source
JOIN pg_catalog.pg_class AS relation ON relation.oid = source.relation
WHERE pg_catalog.pg_has_role(relation.relowner, 'USAGE')
