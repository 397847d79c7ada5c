-- CREATE EXTENSION runs all of this with pg_catalog, "metabase" and pg_temp as its search_path, whatever the session has. What
-- comes before "metabase" is known to be nobody else's names its operators in full.

-- Country names, statuses and the like are read as UTF-8.
DO $$
BEGIN
    IF pg_catalog.getdatabaseencoding() OPERATOR(pg_catalog.<>) 'UTF8' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'feature_not_supported',
            MESSAGE = pg_catalog.format('metabase_views needs a database in UTF8, and this one is in %s', pg_catalog.getdatabaseencoding()),
            HINT = 'Create a database with ENCODING ''UTF8'' TEMPLATE template0, and restore a dump of this one into it.';
    END IF;
END
$$;

-- Whoever could put a function beside those of the API, or has done so, would have it called in their place.
DO $$
BEGIN
    IF EXISTS (
        SELECT
        FROM pg_catalog.pg_namespace AS namespace
        JOIN pg_catalog.pg_roles AS owner ON owner.oid OPERATOR(pg_catalog.=) namespace.nspowner
        WHERE namespace.nspname OPERATOR(pg_catalog.=) 'metabase'
            AND (
                NOT owner.rolsuper
                OR EXISTS (
                    SELECT
                    FROM pg_catalog.aclexplode(namespace.nspacl) AS acl
                    WHERE acl.privilege_type OPERATOR(pg_catalog.=) 'CREATE'
                        AND acl.grantee OPERATOR(pg_catalog.<>) namespace.nspowner
                )
                OR EXISTS (
                    SELECT
                    -- Of whatever kind. Who owns what is read from the objects themselves: of what the server's own roles own, nothing else
                    -- is noted.
                    FROM (
                        SELECT relnamespace, relowner FROM pg_catalog.pg_class
                        UNION ALL SELECT pronamespace, proowner FROM pg_catalog.pg_proc
                        UNION ALL SELECT typnamespace, typowner FROM pg_catalog.pg_type
                        UNION ALL SELECT oprnamespace, oprowner FROM pg_catalog.pg_operator
                        UNION ALL SELECT opcnamespace, opcowner FROM pg_catalog.pg_opclass
                        UNION ALL SELECT opfnamespace, opfowner FROM pg_catalog.pg_opfamily
                        UNION ALL SELECT collnamespace, collowner FROM pg_catalog.pg_collation
                        UNION ALL SELECT connamespace, conowner FROM pg_catalog.pg_conversion
                        UNION ALL SELECT stxnamespace, stxowner FROM pg_catalog.pg_statistic_ext
                        UNION ALL SELECT dictnamespace, dictowner FROM pg_catalog.pg_ts_dict
                        UNION ALL SELECT cfgnamespace, cfgowner FROM pg_catalog.pg_ts_config
                    ) AS object (schema, owner)
                    JOIN pg_catalog.pg_roles AS maker ON maker.oid OPERATOR(pg_catalog.=) object.owner
                    WHERE object.schema OPERATOR(pg_catalog.=) namespace.oid
                        AND NOT maker.rolsuper
                )
            )
    ) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = 'schema "metabase" exists already, and others than a superuser may create objects in it or have done so',
            HINT = 'Rename it (ALTER SCHEMA metabase RENAME TO ...), then create the extension again.';
    END IF;
END
$$;

-- The schemas. "metabase" itself is made by CREATE EXTENSION, as the control file says.

COMMENT ON SCHEMA metabase IS 'metabase_views: functions to create, refresh, inspect and drop the views in schema analytics.
1. SELECT * FROM metabase.detect_sources();    what is found of the shop; for other tables: metabase.map_source()
2. SELECT * FROM metabase.create_all_views();  creates and fills the views
3. SELECT * FROM metabase.refresh(''all'');      brings them up to date
4. SELECT * FROM metabase.view_status();       how fresh they are, and what is wrong
\df+ metabase.* says what each function does, \dm+ analytics.* what each view shows.';

CREATE SCHEMA metabase_internal;
COMMENT ON SCHEMA metabase_internal IS 'metabase_views: adapters, settings and logs; not for use by hand.';

-- A server that preloads the library goes on with the one that it was started with.
CREATE FUNCTION metabase_internal.library_version() RETURNS text
LANGUAGE c AS 'MODULE_PATHNAME', 'library_version_wrapper';
COMMENT ON FUNCTION metabase_internal.library_version() IS 'The version of the library that this session has loaded.';
REVOKE ALL ON FUNCTION metabase_internal.library_version() FROM PUBLIC;
DO $$
DECLARE
    library_version   pg_catalog.text := metabase_internal.library_version();
    extension_version pg_catalog.text := (
        SELECT extversion
        FROM pg_catalog.pg_extension
        WHERE extname OPERATOR(pg_catalog.=) 'metabase_views'
    );
BEGIN
    IF pg_catalog.string_to_array(library_version, '.')::pg_catalog.int4[]
        OPERATOR(pg_catalog.<) pg_catalog.string_to_array(extension_version, '.')::pg_catalog.int4[]
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = pg_catalog.format(
                'metabase_views %s needs its own library, and the server has loaded the one of version %s',
                extension_version,
                library_version
            ),
            HINT = 'Restart the server, or connect again where it does not preload the library, then try again.';
    END IF;
END
$$;
