-- The schemas. "metabase" itself is made by CREATE EXTENSION, as the control file says.

COMMENT ON SCHEMA metabase IS 'metabase_views: functions and views to create, refresh, inspect and drop the views in schema analytics.';

CREATE SCHEMA metabase_internal;
COMMENT ON SCHEMA metabase_internal IS 'metabase_views: adapters, settings and logs; not for use by hand.';
