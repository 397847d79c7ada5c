-- Remembers the role with oid $1, which is known, as a reader.
INSERT INTO metabase_internal.reader (role)
SELECT known.id
FROM metabase_internal.known_roles() AS known
WHERE known.role_oid = $1::oid
ORDER BY known.id
LIMIT 1
ON CONFLICT DO NOTHING
