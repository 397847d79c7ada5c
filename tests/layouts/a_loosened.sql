-- Layout A for tests that do to a shop whatever SQL can do: no foreign keys, no NOT NULL, names that are not unique, and
-- numbers of any size, NaN and infinity among them, also for quantities. Stock items say whether they are there, too. Loaded after
-- demo/schema.sql; the primary keys stay.

ALTER TABLE products.inventory
    ALTER quantity TYPE numeric,
    ADD COLUMN is_in_stock boolean;
ALTER TABLE transactions.orders
    ALTER quantity TYPE numeric;

DO $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
        FROM pg_constraint
        WHERE conrelid::regclass::text ~ '^(core|products|transactions)\.'
            AND contype IN ('f', 'u')
        UNION ALL
        SELECT format('ALTER TABLE %s ALTER %I DROP NOT NULL', attrelid::regclass, attname)
        FROM pg_attribute
        WHERE attrelid::regclass::text ~ '^(core|products|transactions)\.\w+$'
            AND attnum > 0
            AND attnotnull
            AND attname <> 'id'
            AND attrelid IN (SELECT oid FROM pg_class WHERE relkind = 'r')
        UNION ALL
        SELECT format('ALTER TABLE %s ALTER %I TYPE numeric', attrelid::regclass, attname)
        FROM pg_attribute
        WHERE attrelid::regclass::text ~ '^(core|products|transactions)\.\w+$'
            AND atttypid = 'numeric'::regtype
            AND attrelid IN (SELECT oid FROM pg_class WHERE relkind = 'r')
    LOOP
        EXECUTE statement;
    END LOOP;
END
$$;
