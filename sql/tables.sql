-- What the extension remembers. Only its owner may touch these; everybody else goes through the functions in "metabase".

CREATE TABLE metabase_internal.setting (
    name       text PRIMARY KEY,
    value      text NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE metabase_internal.setting IS 'What users have set: the settings of the view metabase.settings, and with schedule. in front of their names who keeps the schedule and whether events count.';
COMMENT ON COLUMN metabase_internal.setting.name IS 'Name of the setting.';
COMMENT ON COLUMN metabase_internal.setting.value IS 'Its value, in the form that set_setting() has brought it to.';
COMMENT ON COLUMN metabase_internal.setting.changed_by IS 'Role that set it.';
COMMENT ON COLUMN metabase_internal.setting.changed_at IS 'When it was set.';

CREATE TABLE metabase_internal.installation (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    id      uuid NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO metabase_internal.installation DEFAULT VALUES;
COMMENT ON TABLE metabase_internal.installation IS 'Which installation of the extension this is. No dump carries it, so that what was dumped elsewhere can be told.';
COMMENT ON COLUMN metabase_internal.installation.one_row IS 'There is one row.';
COMMENT ON COLUMN metabase_internal.installation.id IS 'Another one for each CREATE EXTENSION.';

-- A role is known by its oid: renamed, it is still itself, and a new role that takes a name over is another one. A dump carries oids
-- that mean nothing where it is restored. There the name counts, until the role of that name is found: from then on its oid does.
-- No row ever goes, and no foreign key leads here: pg_restore loads tables at the same time, in any order (-j).
CREATE TABLE metabase_internal.known_role (
    id           uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    role_name    text NOT NULL,
    role_oid     oid,
    installation uuid NOT NULL
);
COMMENT ON TABLE metabase_internal.known_role IS 'Roles that something is remembered of.';
COMMENT ON COLUMN metabase_internal.known_role.id IS 'What other tables call it by.';
COMMENT ON COLUMN metabase_internal.known_role.role_name IS 'Its name, as it was last seen.';
COMMENT ON COLUMN metabase_internal.known_role.role_oid IS 'Its oid; NULL where the role is gone for good.';
COMMENT ON COLUMN metabase_internal.known_role.installation IS 'The installation that the oid was noted in; where that is another one, the name counts.';

CREATE FUNCTION metabase_internal.known_roles() RETURNS TABLE (id uuid, role_name text, role_oid oid)
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT
        known.id,
        coalesce(role.rolname::text, known.role_name),
        role.oid
    FROM metabase_internal.known_role AS known
    LEFT JOIN pg_catalog.pg_roles AS role ON CASE
        -- Not joined: the planner would expect many installations, and have each query that asks for a role compiled.
        WHEN known.installation = (SELECT here.id FROM metabase_internal.installation AS here)
            THEN role.oid = known.role_oid
        ELSE known.role_oid IS NOT NULL AND role.rolname = known.role_name
    END;
END;
COMMENT ON FUNCTION metabase_internal.known_roles() IS 'The known roles as the cluster has them now: name and oid, which is NULL where there is no such role.';
REVOKE ALL ON FUNCTION metabase_internal.known_roles() FROM PUBLIC;

CREATE TABLE metabase_internal.source_mapping (
    entity          text PRIMARY KEY,
    relation_schema text,
    relation_name   text,
    columns         jsonb NOT NULL,
    filter          text,
    joined          jsonb,
    mapped_by       uuid NOT NULL,
    mapped_at       timestamptz NOT NULL DEFAULT now(),
    relation_owner  uuid,
    owners_behind   uuid[] NOT NULL DEFAULT '{}',
    CHECK ((relation_schema IS NULL) = (relation_name IS NULL)),
    CHECK ((relation_owner IS NULL) = (relation_name IS NULL)),
    CHECK (joined IS NULL OR relation_name IS NOT NULL)
);
COMMENT ON TABLE metabase_internal.source_mapping IS 'Where the shop keeps an entity, where map_source() was told so; all else is detected.';
COMMENT ON COLUMN metabase_internal.source_mapping.entity IS 'The entity.';
COMMENT ON COLUMN metabase_internal.source_mapping.relation_schema IS 'Schema of the table; NULL where the shop has no such entity.';
COMMENT ON COLUMN metabase_internal.source_mapping.relation_name IS 'Name of the table; NULL where the shop has no such entity.';
COMMENT ON COLUMN metabase_internal.source_mapping.columns IS 'Source column or expression for each canonical column that differs from what is detected; null where there is none.';
COMMENT ON COLUMN metabase_internal.source_mapping.filter IS 'Condition that the rows of the entity fulfil; NULL for all rows.';
COMMENT ON COLUMN metabase_internal.source_mapping.joined IS 'The second table that is joined: its schema and name, its column, and the column of the table that has the same value, NULL for the key; NULL where none was named.';
COMMENT ON COLUMN metabase_internal.source_mapping.mapped_by IS 'The known role that mapped it, whose expressions these are.';
COMMENT ON COLUMN metabase_internal.source_mapping.mapped_at IS 'When it was mapped.';
COMMENT ON COLUMN metabase_internal.source_mapping.relation_owner IS 'The known role that the table belonged to then: the mapping speaks for no other role that takes the name.';
COMMENT ON COLUMN metabase_internal.source_mapping.owners_behind IS 'The known roles to whom belonged then the second table, and what both tables and the expressions read and call.';

CREATE TABLE metabase_internal.made_from (
    one_row      boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    time_zone    text NOT NULL,
    currency     text,
    server_major integer NOT NULL,
    adapters     jsonb NOT NULL
);
COMMENT ON TABLE metabase_internal.made_from IS 'What the adapters were made from: views of different making would not agree.';
COMMENT ON COLUMN metabase_internal.made_from.one_row IS 'There is one row at most.';
COMMENT ON COLUMN metabase_internal.made_from.time_zone IS 'The zone that the views were created for.';
COMMENT ON COLUMN metabase_internal.made_from.currency IS 'The currency that the adapters turn amounts into; NULL where no entity has a currency.';
COMMENT ON COLUMN metabase_internal.made_from.server_major IS 'The major version of the server that made them: each one tells a definition in words of its own.';
COMMENT ON COLUMN metabase_internal.made_from.adapters IS 'Of each adapter: the statement that made it, its source, what its columns show, and how PostgreSQL told it then.';

CREATE TABLE metabase_internal.source_names (
    one_row     boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    meanings    jsonb NOT NULL,
    notes       text[] NOT NULL,
    followed    text,
    followed_at timestamptz,
    version     text
);
COMMENT ON TABLE metabase_internal.source_names IS 'What the names of sources meant when the adapters were last compared with them. No dump carries it.';
COMMENT ON COLUMN metabase_internal.source_names.one_row IS 'There is one row at most.';
COMMENT ON COLUMN metabase_internal.source_names.meanings IS 'For each name that a source has or could have: the oid and the shape of what bears it; null where nothing does.';
COMMENT ON COLUMN metabase_internal.source_names.followed IS 'What the adapters have followed last; NULL where nothing has changed since the views were created.';
COMMENT ON COLUMN metabase_internal.source_names.followed_at IS 'When that was: a view that was not refreshed since shows what the sources were before.';
COMMENT ON COLUMN metabase_internal.source_names.notes IS 'What has lost its name or cannot be used under it, while the adapters go on with what they read.';
COMMENT ON COLUMN metabase_internal.source_names.version IS 'The version of metabase_views that compared them: another one may make adapters otherwise. NULL before 0.2.0.';

CREATE TABLE metabase_internal.custom_view (
    view_name   text PRIMARY KEY,
    query       text NOT NULL,
    key_columns text[] NOT NULL,
    strategy    text NOT NULL,
    indexes     text[] NOT NULL,
    created_by  uuid NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE metabase_internal.custom_view IS 'Views of the user''s own, under the same refresh, schedule and status as this extension''s.';
COMMENT ON COLUMN metabase_internal.custom_view.view_name IS 'Name of the materialized view in schema analytics.';
COMMENT ON COLUMN metabase_internal.custom_view.query IS 'The SELECT that it shows.';
COMMENT ON COLUMN metabase_internal.custom_view.key_columns IS 'Columns that tell its rows apart.';
COMMENT ON COLUMN metabase_internal.custom_view.strategy IS 'How often it is refreshed.';
COMMENT ON COLUMN metabase_internal.custom_view.indexes IS 'Its further indexes, each a list of columns or expressions.';
COMMENT ON COLUMN metabase_internal.custom_view.created_by IS 'The known role that made it, whose query this is.';
COMMENT ON COLUMN metabase_internal.custom_view.created_at IS 'When it was made.';

CREATE TABLE metabase_internal.held_name (
    view_name text PRIMARY KEY
);
COMMENT ON TABLE metabase_internal.held_name IS 'Names of views of the user''s own, each for a moment: whoever creates or drops one keeps others from its name until the transaction ends. It is always empty.';
COMMENT ON COLUMN metabase_internal.held_name.view_name IS 'The name.';

CREATE TABLE metabase_internal.reader (
    role       uuid,
    granted_by uuid,
    PRIMARY KEY (role, granted_by)
);
COMMENT ON TABLE metabase_internal.reader IS 'Roles that grant_reader() was called for: they are given each of this extension''s views that is created later, too, if who called may act as its owner.';
COMMENT ON COLUMN metabase_internal.reader.role IS 'The known role.';
COMMENT ON COLUMN metabase_internal.reader.granted_by IS 'The known role that called.';

CREATE TABLE metabase_internal.schedule (
    view_name  text PRIMARY KEY,
    strategy   text NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE metabase_internal.schedule IS 'Views whose strategy set_strategy() was told; all others have the one that they come with.';
COMMENT ON COLUMN metabase_internal.schedule.view_name IS 'The view.';
COMMENT ON COLUMN metabase_internal.schedule.strategy IS 'The strategy: realtime, hourly, daily, weekly, manual, or a cron expression of five fields.';
COMMENT ON COLUMN metabase_internal.schedule.changed_by IS 'Role that set it.';
COMMENT ON COLUMN metabase_internal.schedule.changed_at IS 'When it was set.';

CREATE TABLE metabase_internal.schedule_state (
    view_name text PRIMARY KEY,
    timetable text,
    next_due  timestamptz,
    failures  integer NOT NULL DEFAULT 0,
    retry_at  timestamptz
);
COMMENT ON TABLE metabase_internal.schedule_state IS 'When views are due, as whoever runs the schedule has computed it.';
COMMENT ON COLUMN metabase_internal.schedule_state.view_name IS 'The view.';
COMMENT ON COLUMN metabase_internal.schedule_state.timetable IS 'Strategy and time zone that next_due was computed for; if they are others now, it is computed anew.';
COMMENT ON COLUMN metabase_internal.schedule_state.next_due IS 'When it is due next. A time that has passed is made up, once.';
COMMENT ON COLUMN metabase_internal.schedule_state.failures IS 'Runs that have failed since the last one that completed.';
COMMENT ON COLUMN metabase_internal.schedule_state.retry_at IS 'When it is tried again; NULL where the last run completed.';

CREATE TABLE metabase_internal.refresh_log (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    view_name     text NOT NULL,
    status        text NOT NULL CHECK (status IN ('running', 'completed', 'failed')),
    started_at    timestamptz NOT NULL,
    completed_at  timestamptz,
    mode          text,
    mode_reason   text,
    rows_changed  bigint,
    seen_until    timestamptz,
    sqlstate      text,
    error_message text,
    requested_by  text NOT NULL,
    cause         text NOT NULL DEFAULT 'call',
    clock_offset  integer NOT NULL,
    view_oid      oid
);
CREATE INDEX refresh_log_view_name_id_idx ON metabase_internal.refresh_log (view_name, id);
CREATE INDEX refresh_log_running_idx ON metabase_internal.refresh_log (id) WHERE status = 'running';
COMMENT ON TABLE metabase_internal.refresh_log IS 'What was refreshed when, how, and with which result.';
COMMENT ON COLUMN metabase_internal.refresh_log.id IS 'Number of the run.';
COMMENT ON COLUMN metabase_internal.refresh_log.view_name IS 'The view.';
COMMENT ON COLUMN metabase_internal.refresh_log.status IS 'running, completed or failed.';
COMMENT ON COLUMN metabase_internal.refresh_log.started_at IS 'When the run began.';
COMMENT ON COLUMN metabase_internal.refresh_log.completed_at IS 'When the run ended, either way; NULL where it has not.';
COMMENT ON COLUMN metabase_internal.refresh_log.mode IS 'full: computed anew from the definition; incremental: what has changed.';
COMMENT ON COLUMN metabase_internal.refresh_log.mode_reason IS 'Why this mode was taken.';
COMMENT ON COLUMN metabase_internal.refresh_log.rows_changed IS 'Rows written or rows removed, whichever are more, so that a replaced row counts once; NULL where it failed or the server does not count (track_counts off).';
COMMENT ON COLUMN metabase_internal.refresh_log.seen_until IS 'Up to when the run saw what was committed, at least, and the view shows it; NULL where it has not completed, or has left rows to later runs.';
COMMENT ON COLUMN metabase_internal.refresh_log.view_oid IS 'The view that it refreshed: another one of the same name is not that; NULL where it has not completed.';
COMMENT ON COLUMN metabase_internal.refresh_log.sqlstate IS 'SQLSTATE of the error; NULL where it completed.';
COMMENT ON COLUMN metabase_internal.refresh_log.error_message IS 'The error with its hint; NULL where it completed.';
COMMENT ON COLUMN metabase_internal.refresh_log.requested_by IS 'Role that asked for it; the view''s owner where nobody did.';
COMMENT ON COLUMN metabase_internal.refresh_log.cause IS 'call: a function was called; schedule, retry or event: the background worker, or pg_cron.';
COMMENT ON COLUMN metabase_internal.refresh_log.clock_offset IS 'How many seconds the schedule''s clock was ahead then (metabase_views.clock_offset).';

-- What has changed in the shop and is not applied yet: a queue an entity. src/pg/capture.rs writes these rows straight into the
-- heap, so the columns are those that it knows, in that order, and there is no index, trigger or default. Where this database
-- publishes all tables, rows can be deleted only if the whole row identifies them.

CREATE TABLE metabase_internal.order_queue (
    captured_at timestamptz,
    key_uuid    uuid,
    key_integer bigint,
    key_text    text
) USING heap;
ALTER TABLE metabase_internal.order_queue REPLICA IDENTITY FULL;
COMMENT ON TABLE metabase_internal.order_queue IS 'Keys of changed rows of entity order, not applied yet; a row without any key says that everything may have changed.';
COMMENT ON COLUMN metabase_internal.order_queue.captured_at IS 'When the statement began that changed the row.';
COMMENT ON COLUMN metabase_internal.order_queue.key_uuid IS 'The key, where it is a uuid.';
COMMENT ON COLUMN metabase_internal.order_queue.key_integer IS 'The key, where it is an integer.';
COMMENT ON COLUMN metabase_internal.order_queue.key_text IS 'The key, where it is a text.';

CREATE TABLE metabase_internal.stock_item_queue (
    captured_at timestamptz,
    key_uuid    uuid,
    key_integer bigint,
    key_text    text
) USING heap;
ALTER TABLE metabase_internal.stock_item_queue REPLICA IDENTITY FULL;
COMMENT ON TABLE metabase_internal.stock_item_queue IS 'Keys of changed rows of entity stock_item, not applied yet; a row without any key says that everything may have changed.';
COMMENT ON COLUMN metabase_internal.stock_item_queue.captured_at IS 'When the statement began that changed the row.';
COMMENT ON COLUMN metabase_internal.stock_item_queue.key_uuid IS 'The key, where it is a uuid.';
COMMENT ON COLUMN metabase_internal.stock_item_queue.key_integer IS 'The key, where it is an integer.';
COMMENT ON COLUMN metabase_internal.stock_item_queue.key_text IS 'The key, where it is a text.';

CREATE TABLE metabase_internal.product_queue (
    captured_at timestamptz,
    key_uuid    uuid,
    key_integer bigint,
    key_text    text
) USING heap;
ALTER TABLE metabase_internal.product_queue REPLICA IDENTITY FULL;
COMMENT ON TABLE metabase_internal.product_queue IS 'Keys of changed rows of entity product, not applied yet; a row without any key says that everything may have changed.';
COMMENT ON COLUMN metabase_internal.product_queue.captured_at IS 'When the statement began that changed the row.';
COMMENT ON COLUMN metabase_internal.product_queue.key_uuid IS 'The key, where it is a uuid.';
COMMENT ON COLUMN metabase_internal.product_queue.key_integer IS 'The key, where it is an integer.';
COMMENT ON COLUMN metabase_internal.product_queue.key_text IS 'The key, where it is a text.';

CREATE TABLE metabase_internal.brand_queue (
    captured_at timestamptz,
    key_uuid    uuid,
    key_integer bigint,
    key_text    text
) USING heap;
ALTER TABLE metabase_internal.brand_queue REPLICA IDENTITY FULL;
COMMENT ON TABLE metabase_internal.brand_queue IS 'Keys of changed rows of entity brand, not applied yet; a row without any key says that everything may have changed.';
COMMENT ON COLUMN metabase_internal.brand_queue.captured_at IS 'When the statement began that changed the row.';
COMMENT ON COLUMN metabase_internal.brand_queue.key_uuid IS 'The key, where it is a uuid.';
COMMENT ON COLUMN metabase_internal.brand_queue.key_integer IS 'The key, where it is an integer.';
COMMENT ON COLUMN metabase_internal.brand_queue.key_text IS 'The key, where it is a text.';

CREATE TABLE metabase_internal.category_queue (
    captured_at timestamptz,
    key_uuid    uuid,
    key_integer bigint,
    key_text    text
) USING heap;
ALTER TABLE metabase_internal.category_queue REPLICA IDENTITY FULL;
COMMENT ON TABLE metabase_internal.category_queue IS 'Keys of changed rows of entity category, not applied yet; a row without any key says that everything may have changed.';
COMMENT ON COLUMN metabase_internal.category_queue.captured_at IS 'When the statement began that changed the row.';
COMMENT ON COLUMN metabase_internal.category_queue.key_uuid IS 'The key, where it is a uuid.';
COMMENT ON COLUMN metabase_internal.category_queue.key_integer IS 'The key, where it is an integer.';
COMMENT ON COLUMN metabase_internal.category_queue.key_text IS 'The key, where it is a text.';

CREATE TABLE metabase_internal.platform_queue (
    captured_at timestamptz,
    key_uuid    uuid,
    key_integer bigint,
    key_text    text
) USING heap;
ALTER TABLE metabase_internal.platform_queue REPLICA IDENTITY FULL;
COMMENT ON TABLE metabase_internal.platform_queue IS 'Keys of changed rows of entity platform, not applied yet; a row without any key says that everything may have changed.';
COMMENT ON COLUMN metabase_internal.platform_queue.captured_at IS 'When the statement began that changed the row.';
COMMENT ON COLUMN metabase_internal.platform_queue.key_uuid IS 'The key, where it is a uuid.';
COMMENT ON COLUMN metabase_internal.platform_queue.key_integer IS 'The key, where it is an integer.';
COMMENT ON COLUMN metabase_internal.platform_queue.key_text IS 'The key, where it is a text.';

CREATE TABLE metabase_internal.supplier_queue (
    captured_at timestamptz,
    key_uuid    uuid,
    key_integer bigint,
    key_text    text
) USING heap;
ALTER TABLE metabase_internal.supplier_queue REPLICA IDENTITY FULL;
COMMENT ON TABLE metabase_internal.supplier_queue IS 'Keys of changed rows of entity supplier, not applied yet; a row without any key says that everything may have changed.';
COMMENT ON COLUMN metabase_internal.supplier_queue.captured_at IS 'When the statement began that changed the row.';
COMMENT ON COLUMN metabase_internal.supplier_queue.key_uuid IS 'The key, where it is a uuid.';
COMMENT ON COLUMN metabase_internal.supplier_queue.key_integer IS 'The key, where it is an integer.';
COMMENT ON COLUMN metabase_internal.supplier_queue.key_text IS 'The key, where it is a text.';

CREATE TABLE metabase_internal.size_queue (
    captured_at timestamptz,
    key_uuid    uuid,
    key_integer bigint,
    key_text    text
) USING heap;
ALTER TABLE metabase_internal.size_queue REPLICA IDENTITY FULL;
COMMENT ON TABLE metabase_internal.size_queue IS 'Keys of changed rows of entity size, not applied yet; a row without any key says that everything may have changed.';
COMMENT ON COLUMN metabase_internal.size_queue.captured_at IS 'When the statement began that changed the row.';
COMMENT ON COLUMN metabase_internal.size_queue.key_uuid IS 'The key, where it is a uuid.';
COMMENT ON COLUMN metabase_internal.size_queue.key_integer IS 'The key, where it is an integer.';
COMMENT ON COLUMN metabase_internal.size_queue.key_text IS 'The key, where it is a text.';

CREATE TABLE metabase_internal.joined_queue (
    captured_at timestamptz,
    key_uuid    uuid,
    key_integer bigint,
    key_text    text
) USING heap;
ALTER TABLE metabase_internal.joined_queue REPLICA IDENTITY FULL;
COMMENT ON TABLE metabase_internal.joined_queue IS 'Keys of changed rows of second tables whose keys the tables of entities have, not applied yet; a row without any key says that everything may have changed.';
COMMENT ON COLUMN metabase_internal.joined_queue.captured_at IS 'When the statement began that changed the row.';
COMMENT ON COLUMN metabase_internal.joined_queue.key_uuid IS 'The key, where it is a uuid.';
COMMENT ON COLUMN metabase_internal.joined_queue.key_integer IS 'The key, where it is an integer.';
COMMENT ON COLUMN metabase_internal.joined_queue.key_text IS 'The key, where it is a text.';

CREATE VIEW metabase_internal.queue AS
SELECT 'order' AS entity, captured_at, key_uuid IS NULL AND key_integer IS NULL AND key_text IS NULL AS is_unknown
FROM metabase_internal.order_queue
UNION ALL
SELECT 'stock_item', captured_at, key_uuid IS NULL AND key_integer IS NULL AND key_text IS NULL
FROM metabase_internal.stock_item_queue
UNION ALL
SELECT 'product', captured_at, key_uuid IS NULL AND key_integer IS NULL AND key_text IS NULL
FROM metabase_internal.product_queue
UNION ALL
SELECT 'brand', captured_at, key_uuid IS NULL AND key_integer IS NULL AND key_text IS NULL
FROM metabase_internal.brand_queue
UNION ALL
SELECT 'category', captured_at, key_uuid IS NULL AND key_integer IS NULL AND key_text IS NULL
FROM metabase_internal.category_queue
UNION ALL
SELECT 'platform', captured_at, key_uuid IS NULL AND key_integer IS NULL AND key_text IS NULL
FROM metabase_internal.platform_queue
UNION ALL
SELECT 'supplier', captured_at, key_uuid IS NULL AND key_integer IS NULL AND key_text IS NULL
FROM metabase_internal.supplier_queue
UNION ALL
SELECT 'size', captured_at, key_uuid IS NULL AND key_integer IS NULL AND key_text IS NULL
FROM metabase_internal.size_queue
UNION ALL
SELECT 'joined', captured_at, key_uuid IS NULL AND key_integer IS NULL AND key_text IS NULL
FROM metabase_internal.joined_queue;
COMMENT ON VIEW metabase_internal.queue IS 'All queues: what is captured and not applied yet.';
COMMENT ON COLUMN metabase_internal.queue.entity IS 'The entity; joined for the rows of second tables, of whatever entity they complete.';
COMMENT ON COLUMN metabase_internal.queue.captured_at IS 'When the statement began that changed the row.';
COMMENT ON COLUMN metabase_internal.queue.is_unknown IS 'Whether it says that everything may have changed.';

CREATE TABLE metabase_internal.capture_grant (
    operator        uuid NOT NULL,
    relation_schema text NOT NULL,
    relation_name   text NOT NULL,
    relation_owner  uuid NOT NULL,
    PRIMARY KEY (operator, relation_schema, relation_name)
);
COMMENT ON TABLE metabase_internal.capture_grant IS 'Sources that a superuser has let an operator capture the changes of, by grant_operator().';
COMMENT ON COLUMN metabase_internal.capture_grant.operator IS 'The known role that may.';
COMMENT ON COLUMN metabase_internal.capture_grant.relation_schema IS 'Schema of the source.';
COMMENT ON COLUMN metabase_internal.capture_grant.relation_name IS 'Name of the source.';
COMMENT ON COLUMN metabase_internal.capture_grant.relation_owner IS 'The known role that it belonged to then. What has the name and belongs to another role was not granted.';

-- What before_migration() has taken away, for after_migration() to make it again. Roles are known ones, also in "kept".
CREATE TABLE metabase_internal.migration (
    one_row  boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    begun_by uuid NOT NULL,
    owner    uuid NOT NULL,
    found    text[] NOT NULL
);
COMMENT ON TABLE metabase_internal.migration IS 'The migration of the shop''s tables that is under way: metabase.before_migration() begins it, metabase.after_migration() ends it.';
COMMENT ON COLUMN metabase_internal.migration.one_row IS 'There is one row at most.';
COMMENT ON COLUMN metabase_internal.migration.began_at IS 'When it began.';
COMMENT ON COLUMN metabase_internal.migration.begun_by IS 'The known role that began it.';
COMMENT ON COLUMN metabase_internal.migration.owner IS 'The known role that the adapters and this extension''s views belonged to.';
COMMENT ON COLUMN metabase_internal.migration.found IS 'The entities that had a table then, and their columns that had a source, as entity.column.';

CREATE TABLE metabase_internal.migrated_relation (
    schema_name   text,
    relation_name text,
    owner         uuid NOT NULL,
    kept          jsonb NOT NULL,
    PRIMARY KEY (schema_name, relation_name)
);
COMMENT ON TABLE metabase_internal.migrated_relation IS 'The views and adapters that are gone for the time of a migration.';
COMMENT ON COLUMN metabase_internal.migrated_relation.schema_name IS 'Schema of the view or adapter.';
COMMENT ON COLUMN metabase_internal.migrated_relation.relation_name IS 'Its name.';
COMMENT ON COLUMN metabase_internal.migrated_relation.owner IS 'The known role that it belonged to.';
COMMENT ON COLUMN metabase_internal.migrated_relation.kept IS 'Its indexes, privileges, comments, options and statistics.';

CREATE TABLE metabase_internal.incremental (
    one_row            boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    is_wanted          boolean NOT NULL DEFAULT true,
    reason             text,
    sources            text,
    rates              text,
    rates_at           timestamptz,
    own_tables         text,
    installed_by       xid8,
    generation         uuid,
    built_at           timestamptz,
    build_seconds      double precision,
    build_rows         bigint,
    applied_at         timestamptz,
    apply_seconds      double precision,
    apply_changes      bigint,
    seconds_per_change double precision,
    retry_at           timestamptz,
    problem            text,
    version            text
);
INSERT INTO metabase_internal.incremental DEFAULT VALUES;
COMMENT ON TABLE metabase_internal.incremental IS 'How incremental refresh is doing. Whoever refreshes locks this table first: one at a time.';
COMMENT ON COLUMN metabase_internal.incremental.one_row IS 'There is one row.';
COMMENT ON COLUMN metabase_internal.incremental.is_wanted IS 'Whether changes are to be captured; disable_capture() says that they are not.';
COMMENT ON COLUMN metabase_internal.incremental.reason IS 'Why refreshes cannot be incremental; NULL where they can.';
COMMENT ON COLUMN metabase_internal.incremental.sources IS 'What the captured tables looked like when the facts were read; if they look different, they may have changed unseen.';
COMMENT ON COLUMN metabase_internal.incremental.rates IS 'The versions of the exchange rates that the facts were built with; NULL where they need none.';
COMMENT ON COLUMN metabase_internal.incremental.rates_at IS 'When they were first built with these, after others: a view that was not refreshed since shows the others.';
COMMENT ON COLUMN metabase_internal.incremental.own_tables IS 'What queues, facts and rollups looked like when these were built; if they look different, somebody has altered or emptied one.';
COMMENT ON COLUMN metabase_internal.incremental.installed_by IS 'The transaction that began to capture changes: what was committed before it did, its own snapshot may not show.';
COMMENT ON COLUMN metabase_internal.incremental.generation IS 'Changes with each build of the facts; NULL where there are none.';
COMMENT ON COLUMN metabase_internal.incremental.built_at IS 'When the facts were last built from all of the sources.';
COMMENT ON COLUMN metabase_internal.incremental.build_seconds IS 'How long that took, with the full refresh that came with it where that is known.';
COMMENT ON COLUMN metabase_internal.incremental.build_rows IS 'Orders and stock items that were read for it.';
COMMENT ON COLUMN metabase_internal.incremental.applied_at IS 'When changes were last applied.';
COMMENT ON COLUMN metabase_internal.incremental.apply_seconds IS 'How long that took.';
COMMENT ON COLUMN metabase_internal.incremental.apply_changes IS 'How many queued keys that was.';
COMMENT ON COLUMN metabase_internal.incremental.retry_at IS 'When building the facts may be tried again that has failed: after ten times as long as it took to fail. NULL where it has worked since.';
COMMENT ON COLUMN metabase_internal.incremental.problem IS 'Why refreshes are full until somebody does something about it; NULL where nothing is known to be in the way.';
COMMENT ON COLUMN metabase_internal.incremental.version IS 'The version of metabase_views that built the facts: another one may build them otherwise. NULL before 0.2.0.';
COMMENT ON COLUMN metabase_internal.incremental.seconds_per_change IS 'What a change costs in a large batch, as last measured.';

-- No index: there are a dozen rows, which a trigger looks through once in a session.
CREATE TABLE metabase_internal.captured_relation (relation oid NOT NULL);
ALTER TABLE metabase_internal.captured_relation REPLICA IDENTITY FULL;
COMMENT ON TABLE metabase_internal.captured_relation IS 'The sources whose triggers note changes; on any other table, and its partitions, they do nothing.';
COMMENT ON COLUMN metabase_internal.captured_relation.relation IS 'The table, which was locked against writers when it came in here.';

CREATE TABLE metabase_internal.view_definition (
    view_name    text PRIMARY KEY,
    definition   text NOT NULL,
    server_major integer NOT NULL,
    version      text,
    is_outdated  boolean NOT NULL DEFAULT false
);
COMMENT ON TABLE metabase_internal.view_definition IS 'The definitions that this extension''s views were created with: a view of another one is not refreshed by what changed.';
COMMENT ON COLUMN metabase_internal.view_definition.view_name IS 'The view.';
COMMENT ON COLUMN metabase_internal.view_definition.definition IS 'Its definition, as PostgreSQL told it then.';
COMMENT ON COLUMN metabase_internal.view_definition.server_major IS 'The major version of the server that told it.';
COMMENT ON COLUMN metabase_internal.view_definition.version IS 'The version of metabase_views that has compared it with its own definition of the view; NULL before 0.2.0.';
COMMENT ON COLUMN metabase_internal.view_definition.is_outdated IS 'Whether that version has another definition for it.';

CREATE TABLE metabase_internal.view_sync (
    view_name   text PRIMARY KEY,
    relation    text NOT NULL,
    day         date NOT NULL,
    dirty_since timestamptz
);
COMMENT ON TABLE metabase_internal.view_sync IS 'Views that hold what the rollups say, but for the groups that are noted as dirty. A view that is not here is next refreshed in full.';
COMMENT ON COLUMN metabase_internal.view_sync.view_name IS 'The view.';
COMMENT ON COLUMN metabase_internal.view_sync.relation IS 'What its entry in the catalog looked like; if it looks different, somebody else has refreshed it or altered it.';
COMMENT ON COLUMN metabase_internal.view_sync.day IS 'The day, in the configured time zone, that items in stock were last aged to.';
COMMENT ON COLUMN metabase_internal.view_sync.dirty_since IS 'When the oldest change was captured that is applied but not in the view yet; NULL where there is none.';

CREATE TABLE metabase_internal.data_check (
    one_row    boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    checked_at timestamptz,
    findings   jsonb,
    begun_at   timestamptz
);
COMMENT ON TABLE metabase_internal.data_check IS 'The last check of the shop''s data, by metabase.check_data() or the background worker.';
COMMENT ON COLUMN metabase_internal.data_check.one_row IS 'There is one row at most.';
COMMENT ON COLUMN metabase_internal.data_check.checked_at IS 'When it was done; NULL where none has ended yet.';
COMMENT ON COLUMN metabase_internal.data_check.findings IS 'How many findings there were of each severity, by its name.';
COMMENT ON COLUMN metabase_internal.data_check.begun_at IS 'When the background worker has begun a check that has not ended: one that its process was ended in is not begun again at once.';

-- A dump may be restored over an extension in which something was decided already. Then what the dump says counts: COPY would fail with
-- all of a table for the sake of one row that is there already.
CREATE FUNCTION metabase_internal.make_room() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
    EXECUTE pg_catalog.format(
        'DELETE FROM metabase_internal.%I AS held WHERE (held.%s) = ($1.%s)',
        TG_TABLE_NAME,
        pg_catalog.array_to_string(TG_ARGV, ', held.'),
        pg_catalog.array_to_string(TG_ARGV, ', $1.')
    ) USING NEW;
    RETURN NEW;
END
$function$;
COMMENT ON FUNCTION metabase_internal.make_room() IS 'Row trigger on a table that dumps carry: a row that comes takes the place of the one with its key. Its arguments are the columns of the key.';
REVOKE ALL ON FUNCTION metabase_internal.make_room() FROM PUBLIC;

CREATE FUNCTION metabase_internal.keep_known_role() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
    -- Others refer to it, and what is known of it here is newer.
    IF EXISTS (SELECT FROM metabase_internal.known_role AS held WHERE held.id = NEW.id) THEN
        RETURN NULL;
    END IF;
    RETURN NEW;
END
$function$;
COMMENT ON FUNCTION metabase_internal.keep_known_role() IS 'Row trigger on the known roles: one that comes with a dump and is known already stays as it is.';
REVOKE ALL ON FUNCTION metabase_internal.keep_known_role() FROM PUBLIC;

CREATE TRIGGER keep BEFORE INSERT ON metabase_internal.known_role
    FOR EACH ROW EXECUTE FUNCTION metabase_internal.keep_known_role();
CREATE TRIGGER make_room BEFORE INSERT ON metabase_internal.setting
    FOR EACH ROW EXECUTE FUNCTION metabase_internal.make_room('name');
CREATE TRIGGER make_room BEFORE INSERT ON metabase_internal.source_mapping
    FOR EACH ROW EXECUTE FUNCTION metabase_internal.make_room('entity');
CREATE TRIGGER make_room BEFORE INSERT ON metabase_internal.made_from
    FOR EACH ROW EXECUTE FUNCTION metabase_internal.make_room('one_row');
CREATE TRIGGER make_room BEFORE INSERT ON metabase_internal.custom_view
    FOR EACH ROW EXECUTE FUNCTION metabase_internal.make_room('view_name');
CREATE TRIGGER make_room BEFORE INSERT ON metabase_internal.schedule
    FOR EACH ROW EXECUTE FUNCTION metabase_internal.make_room('view_name');
CREATE TRIGGER make_room BEFORE INSERT ON metabase_internal.reader
    FOR EACH ROW EXECUTE FUNCTION metabase_internal.make_room('role', 'granted_by');
CREATE TRIGGER make_room BEFORE INSERT ON metabase_internal.capture_grant
    FOR EACH ROW EXECUTE FUNCTION metabase_internal.make_room('operator', 'relation_schema', 'relation_name');
CREATE TRIGGER make_room BEFORE INSERT ON metabase_internal.view_definition
    FOR EACH ROW EXECUTE FUNCTION metabase_internal.make_room('view_name');
CREATE TRIGGER make_room BEFORE INSERT ON metabase_internal.migration
    FOR EACH ROW EXECUTE FUNCTION metabase_internal.make_room('one_row');
CREATE TRIGGER make_room BEFORE INSERT ON metabase_internal.migrated_relation
    FOR EACH ROW EXECUTE FUNCTION metabase_internal.make_room('schema_name', 'relation_name');

-- A dump carries what was decided here, and of roles the names. The log stays behind.
SELECT pg_catalog.pg_extension_config_dump('metabase_internal.known_role', '');
SELECT pg_catalog.pg_extension_config_dump('metabase_internal.setting', '');
SELECT pg_catalog.pg_extension_config_dump('metabase_internal.source_mapping', '');
SELECT pg_catalog.pg_extension_config_dump('metabase_internal.made_from', '');
SELECT pg_catalog.pg_extension_config_dump('metabase_internal.custom_view', '');
SELECT pg_catalog.pg_extension_config_dump('metabase_internal.schedule', '');
SELECT pg_catalog.pg_extension_config_dump('metabase_internal.reader', '');
SELECT pg_catalog.pg_extension_config_dump('metabase_internal.capture_grant', '');
SELECT pg_catalog.pg_extension_config_dump('metabase_internal.view_definition', '');
SELECT pg_catalog.pg_extension_config_dump('metabase_internal.migration', '');
SELECT pg_catalog.pg_extension_config_dump('metabase_internal.migrated_relation', '');
