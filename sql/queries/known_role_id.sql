-- The id of the role with oid $1, which is known. A dump can bring a second entry of it, by a name that the role is given here only
-- later: the same one is taken each time.
SELECT known.id
FROM metabase_internal.known_roles() AS known
WHERE known.role_oid = $1::oid
ORDER BY known.id
LIMIT 1
