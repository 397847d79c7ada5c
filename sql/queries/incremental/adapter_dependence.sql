-- What an adapter shows besides the row of its source that it is of: a clock, other rows, functions that may read anything.
-- What is captured is the change of that row, so any of these keeps its changes from being seen.
SELECT
    view.relname AS adapter,
    CASE
        WHEN rule.ev_action::text ~ '\{SUBLINK '
            THEN 'it is mapped with a subquery, which reads rows whose changes are not captured'
        WHEN rule.ev_action::text ~ ':varattno -[0-9]'
            THEN 'it is mapped with a system column, such as ctid or xmax, which changes where no row does'
        WHEN rule.ev_action::text ~ '\{(SQLVALUEFUNCTION|NEXTVALUEEXPR) '
            THEN 'it is mapped with an expression that changes by itself, such as the current date'
        WHEN EXISTS (
            SELECT
            -- A type whose input function is immutable has no words for a time, a name or the like: numbers, boolean, uuid, texts.
            FROM pg_catalog.regexp_matches(rule.ev_action::text, ':resulttype ([0-9]+) :resultcollid', 'g') AS converted (oids)
            JOIN pg_catalog.pg_type AS type ON type.oid = converted.oids[1]::oid
            JOIN pg_catalog.pg_proc AS input ON input.oid = type.typinput
            WHERE input.provolatile <> 'i'
                OR type.oid >= 16384
        )
            THEN 'it is mapped with a text that is read as another type, which can stand for the current time'
        ELSE coalesce(uncertain_function.reason, uncertain_type.reason)
    END AS reason
FROM pg_catalog.pg_class AS view
JOIN pg_catalog.pg_rewrite AS rule ON rule.ev_class = view.oid
LEFT JOIN LATERAL (
    SELECT pg_catalog.format(
        'it is mapped with function %s, whose result can change by itself (it is not IMMUTABLE)',
        function.oid::regprocedure
    ) AS reason
    FROM pg_catalog.regexp_matches(
        rule.ev_action::text,
        ':(?:funcid|opfuncid|aggfnoid|winfnoid) ([0-9]+)',
        'g'
    ) AS mentioned (oids)
    JOIN pg_catalog.pg_proc AS function ON function.oid = mentioned.oids[1]::oid
    WHERE function.provolatile <> 'i'
        AND NOT (
            -- What these depend on is pinned (the time zone), or hardly ever changes (the locale, labels of an enum).
            function.oid < 16384
            AND function.proname IN (
                'enum_out', 'date', 'timestamp', 'timestamptz', 'date_part', 'extract', 'date_trunc', 'to_char',
                'to_date', 'to_timestamp', 'to_number', 'concat', 'concat_ws', 'format',
                'timestamptz_pl_interval', 'timestamptz_mi_interval'
            )
        )
    LIMIT 1
) AS uncertain_function ON true
-- What a value is written as can say what something is called, or how many columns a row has. Which functions write the values that they are
-- given, nothing says: so no value of such a type is mapped.
LEFT JOIN LATERAL (
    SELECT pg_catalog.format(
        'it is mapped with a value of type %s, whose text can change by itself',
        type.oid::regtype
    ) AS reason
    FROM pg_catalog.regexp_matches(rule.ev_action::text, ':[a-z_]*type(?:id|Id)? ([0-9]+)', 'g') AS mentioned (oids)
    JOIN pg_catalog.pg_type AS type ON type.oid = mentioned.oids[1]::oid
    LEFT JOIN pg_catalog.pg_type AS element ON element.oid = type.typelem
        AND element.typarray = type.oid
    JOIN pg_catalog.pg_proc AS output ON output.oid = coalesce(element.typoutput, type.typoutput)
    WHERE output.provolatile <> 'i'
        AND NOT (
            -- How times are written is pinned; labels of an enum are looked at.
            output.oid < 16384
            AND output.proname IN ('enum_out', 'date_out', 'timestamp_out', 'timestamptz_out', 'interval_out')
        )
        -- Ranges of the server's own types.
        AND NOT (
            type.oid < 16384
            AND output.proname IN ('range_out', 'multirange_out')
        )
    LIMIT 1
) AS uncertain_type ON true
WHERE view.relnamespace = pg_catalog.to_regnamespace('metabase_internal')
    AND view.relkind = 'v'
    AND view.relname = ANY ($1)
