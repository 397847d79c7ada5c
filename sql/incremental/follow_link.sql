-- From the keys of a second table to those of the rows of an entity that have them now. A row that had one of them and has another one is
-- queued for that: its own table has changed.

-- @read linked_:entity when queued_joined
SELECT s.id AS key
FROM queued_joined AS q
JOIN metabase_internal.:adapter AS s ON s.:link = q.:column;

-- @keep queued_:entity when taken_:entity, linked_:entity
SELECT key
FROM taken_:entity
UNION
SELECT key
FROM linked_:entity;
