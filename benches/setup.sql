-- What the benchmark needs beside the shop, in a schema of its own: numbers to pick rows by, the changes it makes, and
-- tables for what it measures.
--
--     psql -v most=100000 -f benches/setup.sql
--
-- most  the most changes that will be made at once

CREATE SCHEMA bench;

-- ---------------------------------------------------------------------------------------------------------------
-- Rows to change, numbered by a hash of their keys: going through the numbers visits the table at random, without
-- scanning it, and the same way in each run
-- ---------------------------------------------------------------------------------------------------------------

CREATE TABLE bench.orders AS
SELECT
    row_number() OVER (ORDER BY uuid_hash_extended(id, 1)) AS no,
    id
FROM transactions.orders
WHERE status = 'completed';
ALTER TABLE bench.orders ADD PRIMARY KEY (no);

-- Items to sell. When each of them has been sold they are sold once more: the shop has such items too.
CREATE TABLE bench.unsold_items AS
SELECT
    row_number() OVER (ORDER BY uuid_hash_extended(i.id, 1)) AS no,
    i.id
FROM products.inventory AS i
WHERE NOT EXISTS (
    SELECT
    FROM transactions.orders AS o
    WHERE o.inventory_item_id = i.id
        AND o.status = 'completed'
);
ALTER TABLE bench.unsold_items ADD PRIMARY KEY (no);

-- Orders to complete, first come, first served: the shop's own, and then those that the benchmark has cancelled.
CREATE TABLE bench.open_orders (
    no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL
);
INSERT INTO bench.open_orders (id)
SELECT id
FROM transactions.orders
WHERE status IN ('cancelled', 'pending')
ORDER BY uuid_hash_extended(id, 1);

-- How far each of these has been used.
CREATE TABLE bench.progress AS
SELECT
    0::bigint AS changes,
    0::bigint AS picked,
    0::bigint AS completed,
    0::bigint AS created;

-- What ten changes are in turn, so that any number of them is the same mix.
CREATE TABLE bench.mix (
    turn integer PRIMARY KEY,
    kind text NOT NULL
);
INSERT INTO bench.mix (turn, kind)
VALUES
    (0, 'correct'),
    (1, 'cancel'),
    (2, 'correct'),
    (3, 'complete'),
    (4, 'correct'),
    (5, 'create'),
    (6, 'correct'),
    (7, 'cancel'),
    (8, 'correct'),
    (9, 'complete');

ANALYZE bench.orders, bench.unsold_items, bench.open_orders, bench.mix;


-- ---------------------------------------------------------------------------------------------------------------
-- Changes
-- ---------------------------------------------------------------------------------------------------------------

-- The next completed orders in the order of their numbers.
CREATE FUNCTION bench.pick_completed(amount bigint) RETURNS uuid[]
LANGUAGE plpgsql AS $$
DECLARE
    orders    bigint := (SELECT max(no) FROM bench.orders);
    start     bigint := (SELECT picked FROM bench.progress);
    picks     uuid[];
    last_turn bigint;
BEGIN
    SELECT
        array_agg(id ORDER BY turn),
        max(turn)
    INTO picks, last_turn
    FROM (
        SELECT
            o.id,
            turn
        FROM generate_series(start, start + orders - 1) AS turn
        JOIN bench.orders AS b ON b.no = 1 + turn % orders
        JOIN transactions.orders AS o ON o.id = b.id
        WHERE o.status = 'completed'
        ORDER BY turn
        LIMIT amount
    ) AS picked;
    IF coalesce(cardinality(picks), 0) < amount THEN
        RAISE EXCEPTION 'the shop is too small for so many changes at once';
    END IF;
    UPDATE bench.progress SET picked = coalesce(last_turn + 1, start);
    RETURN coalesce(picks, '{}');
END
$$;

CREATE PROCEDURE bench.cancel(ids uuid[])
LANGUAGE sql
BEGIN ATOMIC
    UPDATE transactions.orders
    SET
        status     = 'cancelled',
        updated_at = now()
    WHERE id = ANY (ids);

    INSERT INTO bench.open_orders (id)
    SELECT unnest(ids);
END;

-- As when a bill turns out to be another than was noted: up for one half, down for the other.
CREATE PROCEDURE bench.correct(ids uuid[], seed bigint)
LANGUAGE sql
BEGIN ATOMIC
    WITH dice AS (
        SELECT
            id,
            uuid_hash_extended(id, seed) AS roll
        FROM unnest(ids) AS id
    ), correction AS (
        SELECT
            id,
            round(CASE WHEN roll & 1024 = 0 THEN 1 ELSE -1 END * (1 + (roll & 1023) / 100.0), 2) AS amount
        FROM dice
    )
    UPDATE transactions.orders AS o
    SET
        gross_sale   = gross_sale + amount,
        platform_fee = platform_fee + round(amount / 10, 2),
        net_profit   = net_profit + amount - round(amount / 10, 2),
        roi          = least(greatest(round(roi + amount / 10, 2), -999.99), 999.99),
        updated_at   = now()
    FROM correction AS c
    WHERE o.id = c.id;
END;

CREATE PROCEDURE bench.complete(first_no bigint, last_no bigint)
LANGUAGE sql
BEGIN ATOMIC
    UPDATE transactions.orders AS o
    SET
        status     = 'completed',
        sold_at    = coalesce(o.sold_at, now()),
        updated_at = now()
    FROM bench.open_orders AS open
    WHERE open.no BETWEEN first_no AND last_no
        AND o.id = open.id;
END;

-- A sale of today, like another order in all but its item and its time.
CREATE PROCEDURE bench.create_orders(first_no bigint, last_no bigint)
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO transactions.orders (
        id, inventory_item_id, platform_id, external_id, status, sold_at,
        gross_sale, net_proceeds, gross_profit, net_profit, roi, platform_fee, shipping_cost,
        payout_received, payout_date, buyer_destination_country, buyer_destination_city, raw_data,
        created_at, updated_at
    )
    SELECT
        md5('new order ' || new_no)::uuid,
        item.id,
        o.platform_id,
        'NEW-' || new_no,
        'completed',
        now(),
        o.gross_sale,
        o.net_proceeds,
        o.gross_profit,
        o.net_profit,
        o.roi,
        o.platform_fee,
        o.shipping_cost,
        false,
        NULL,
        o.buyer_destination_country,
        o.buyer_destination_city,
        o.raw_data,
        now(),
        now()
    FROM generate_series(first_no, last_no) AS new_no
    JOIN bench.unsold_items AS item ON item.no = 1 + new_no % (SELECT max(no) FROM bench.unsold_items)
    JOIN bench.orders AS model ON model.no = 1 + new_no * 7919 % (SELECT max(no) FROM bench.orders)
    JOIN transactions.orders AS o ON o.id = model.id;
END;

-- The next changes, in one transaction. Each is of another order than the others at the same time.
CREATE PROCEDURE bench.change_orders(amount bigint)
LANGUAGE plpgsql AS $$
DECLARE
    done          bench.progress := (SELECT p FROM bench.progress AS p);
    corrections   bigint;
    cancellations bigint;
    completions   bigint;
    creations     bigint;
    picks         uuid[];
BEGIN
    SELECT
        count(*) FILTER (WHERE kind = 'correct'),
        count(*) FILTER (WHERE kind = 'cancel'),
        count(*) FILTER (WHERE kind = 'complete'),
        count(*) FILTER (WHERE kind = 'create')
    INTO corrections, cancellations, completions, creations
    FROM generate_series(done.changes, done.changes + amount - 1) AS change
    JOIN bench.mix ON turn = change % 10;

    picks := bench.pick_completed(cancellations + corrections);
    CALL bench.complete(done.completed + 1, done.completed + completions);
    CALL bench.cancel(picks[:cancellations]);
    CALL bench.correct(picks[cancellations + 1:], done.changes);
    CALL bench.create_orders(done.created + 1, done.created + creations);

    UPDATE bench.progress
    SET
        changes   = changes + amount,
        completed = completed + completions,
        created   = created + creations;
END
$$;

-- There is always an order to complete, if at first as many are open as are ever completed at once.
CREATE PROCEDURE bench.have_open(amount bigint)
LANGUAGE plpgsql AS $$
DECLARE
    missing bigint := amount - (SELECT count(*) FROM bench.open_orders);
BEGIN
    CALL bench.cancel(bench.pick_completed(greatest(missing, 0)));
END
$$;
CALL bench.have_open(:most / 5 + 2);


-- ---------------------------------------------------------------------------------------------------------------
-- Measurements
-- ---------------------------------------------------------------------------------------------------------------

-- Each refresh of all views: by metabase.refresh('all') in a session that has refreshed before (warm) or has not (fresh),
-- or by REFRESH … CONCURRENTLY (full).
CREATE TABLE bench.refreshes (
    id           integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind         text NOT NULL CHECK (kind IN ('warm', 'fresh', 'full')),
    changes      bigint NOT NULL,
    milliseconds numeric NOT NULL
);

-- Its steps: "apply", and each view by its name.
CREATE TABLE bench.steps (
    refresh_id   integer NOT NULL REFERENCES bench.refreshes,
    step         text NOT NULL,
    mode         text,
    rows_changed bigint,
    milliseconds numeric NOT NULL,
    PRIMARY KEY (refresh_id, step)
);

-- Notes the last call of metabase.refresh('all'), which the client has timed.
CREATE PROCEDURE bench.note_refresh(kind text, changes bigint, milliseconds numeric)
LANGUAGE plpgsql AS $$
DECLARE
    new_id integer;
BEGIN
    INSERT INTO bench.refreshes (kind, changes, milliseconds)
    VALUES (kind, changes, milliseconds)
    RETURNING id INTO new_id;

    INSERT INTO bench.steps (refresh_id, step, milliseconds)
    SELECT
        new_id,
        'apply',
        1000 * apply_seconds
    FROM metabase_internal.incremental;

    INSERT INTO bench.steps (refresh_id, step, mode, rows_changed, milliseconds)
    SELECT
        new_id,
        view_name,
        mode,
        rows_changed,
        1000 * duration_seconds
    FROM metabase.refresh_history
    ORDER BY id DESC
    LIMIT (SELECT count(*) FROM pg_matviews WHERE schemaname = 'analytics');
END
$$;

-- A refresh in full, and then its views one by one.
CREATE PROCEDURE bench.note_full(changes bigint)
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO bench.refreshes (kind, changes, milliseconds)
    VALUES ('full', changes, 0);
END;

CREATE PROCEDURE bench.note_full_step(view_name text, milliseconds numeric)
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO bench.steps (refresh_id, step, mode, milliseconds)
    SELECT
        max(id),
        note_full_step.view_name,
        'full',
        note_full_step.milliseconds
    FROM bench.refreshes;

    UPDATE bench.refreshes AS r
    SET milliseconds = r.milliseconds + note_full_step.milliseconds
    WHERE id = (SELECT max(id) FROM bench.refreshes);
END;

CREATE TABLE bench.sizes (
    moment   text NOT NULL,
    what     text NOT NULL CHECK (what IN ('sources', 'state', 'views')),
    relation text NOT NULL,
    bytes    bigint NOT NULL,
    PRIMARY KEY (moment, relation)
);

-- Tables with their indexes and all else that belongs to them.
CREATE PROCEDURE bench.note_sizes(moment text)
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO bench.sizes (moment, what, relation, bytes)
    SELECT
        moment,
        CASE n.nspname
            WHEN 'metabase_internal' THEN 'state'
            WHEN 'analytics'         THEN 'views'
            ELSE                          'sources'
        END,
        format('%I.%I', n.nspname, c.relname),
        pg_total_relation_size(c.oid)
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('core', 'products', 'transactions', 'metabase_internal', 'analytics')
        AND c.relkind IN ('r', 'm');
END;

-- Rounds of pgbench: transactions per second.
CREATE TABLE bench.writers (
    synchronous_commit text NOT NULL CHECK (synchronous_commit IN ('off', 'on')),
    capture            text NOT NULL CHECK (capture IN ('off', 'on')),
    round              integer NOT NULL,
    tps                numeric NOT NULL,
    PRIMARY KEY (synchronous_commit, capture, round)
);

-- Each round with capture beside its neighbour without.
CREATE VIEW bench.writing AS
SELECT
    synchronous_commit,
    round,
    max(tps) FILTER (WHERE capture = 'off') AS without_capture,
    max(tps) FILTER (WHERE capture = 'on')  AS with_capture
FROM bench.writers
GROUP BY
    synchronous_commit,
    round;

CREATE PROCEDURE bench.note_writing(synchronous_commit text, capture text, round integer, tps numeric)
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO bench.writers (synchronous_commit, capture, round, tps)
    VALUES (synchronous_commit, capture, round, tps);
END;

-- Single figures: how many milliseconds it took to create the views, and to build the state.
CREATE TABLE bench.figures (
    name  text PRIMARY KEY,
    value numeric NOT NULL
);

CREATE PROCEDURE bench.note_figure(name text, value numeric)
LANGUAGE sql
BEGIN ATOMIC
    INSERT INTO bench.figures (name, value)
    VALUES (name, value);
END;
