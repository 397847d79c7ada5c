-- Whether relation $1 has the name $2, and nobody but a trusted role could give it to another one while it is locked: whoever owns the
-- schema gives that another name, and no lock keeps it.
SELECT EXISTS (
    SELECT
    FROM pg_catalog.pg_class AS relation
    JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = relation.relnamespace
    JOIN pg_catalog.pg_database AS database ON database.datname = pg_catalog.current_database()
    JOIN pg_catalog.pg_roles AS named ON named.oid = namespace.nspowner
    -- Schema public belongs to a role that stands for the database's owner.
    JOIN pg_catalog.pg_roles AS owner
        ON owner.oid = CASE WHEN named.rolname = 'pg_database_owner' THEN database.datdba ELSE named.oid END
    JOIN pg_catalog.pg_roles AS reader ON reader.rolname = current_user
    WHERE relation.oid = $1::oid
        AND pg_catalog.format('%I.%I', namespace.nspname, relation.relname) = $2
        AND (
            owner.rolsuper
            OR owner.oid = reader.oid
            OR owner.oid = relation.relowner
            OR (owner.oid = database.datdba AND NOT reader.rolsuper)
        )
) AS is_held
