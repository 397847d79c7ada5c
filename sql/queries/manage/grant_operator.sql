-- What an operator needs of this extension; :"role" stands for it.
GRANT USAGE ON SCHEMA metabase TO :"role";
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA metabase TO :"role";
REVOKE EXECUTE ON FUNCTION metabase.grant_operator(text) FROM :"role";
GRANT SELECT ON ALL TABLES IN SCHEMA metabase TO :"role";
-- The adapters that the views read are here, and belong to who makes the views; CREATE is granted for the moment in which they are made.
GRANT USAGE ON SCHEMA metabase_internal TO :"role";
REVOKE CREATE ON SCHEMA metabase_internal FROM :"role";
GRANT USAGE, CREATE ON SCHEMA analytics TO :"role";
