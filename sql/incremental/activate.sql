-- While this table is there, the triggers on the sources note what changes. The first build replaces it.
CREATE TABLE metabase_internal.sale_fact ();
COMMENT ON TABLE metabase_internal.sale_fact IS 'Facts that are to be built: changes of the sources are noted from now on.';
