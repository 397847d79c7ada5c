-- What has been set, and what else the settings in force come from. $1 is the collation that knows the letters of all scripts.
SELECT
    coalesce(
        (SELECT jsonb_agg(jsonb_build_object('name', name, 'value', value)) FROM metabase_internal.setting),
        '[]'
    )                                                         AS stored,
    (SELECT time_zone FROM metabase_internal.made_from)       AS views_time_zone,
    (SELECT currency FROM metabase_internal.made_from)        AS views_currency,
    to_regcollation($1) IS NOT NULL                           AS knows_all_letters
