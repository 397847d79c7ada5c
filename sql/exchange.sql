-- Exchange rates: what users have set, and the same in the form in which adapters look rates up. A rate is one in the currency that was the
-- shop's when it was set, its base: where the shop's currency is another one by now, it says nothing.
--
-- An adapter is read as the views' owner, so what it reads of these tables operators may read, by grant_operator(): rates, and nothing else.
-- To find the last rate that is not later than a day costs many times what it costs to find the rate of a day. So each day has a row, from
-- the first rate of its currency to the last one, which counts from then on.

CREATE TABLE metabase_internal.exchange_rate (
    base       text COLLATE "C" CHECK (base ~ '^[A-Z]{3}$'),
    currency   text COLLATE "C" CHECK (currency ~ '^[A-Z]{3}$'),
    valid_from date CHECK (valid_from BETWEEN '1970-01-01' AND '2099-12-31'),
    rate       numeric NOT NULL CHECK (rate BETWEEN 1e-12 AND 1e12),
    PRIMARY KEY (base, currency, valid_from)
);
COMMENT ON TABLE metabase_internal.exchange_rate IS 'Exchange rates, as set_exchange_rate() was told them.';
COMMENT ON COLUMN metabase_internal.exchange_rate.base IS 'Code of the currency that was the shop''s when the rate was set. A shop with another currency does not use it.';
COMMENT ON COLUMN metabase_internal.exchange_rate.currency IS 'Code of the currency.';
COMMENT ON COLUMN metabase_internal.exchange_rate.valid_from IS 'The day from which on the rate counts, until the next one of the currency.';
COMMENT ON COLUMN metabase_internal.exchange_rate.rate IS 'What one unit of the currency is worth in units of the base.';

CREATE TABLE metabase_internal.exchange_currency (
    base       text COLLATE "C",
    currency   text COLLATE "C",
    last_day   date,
    version    uuid NOT NULL DEFAULT gen_random_uuid(),
    made_in    xid8 NOT NULL DEFAULT pg_current_xact_id(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (base, currency)
);
COMMENT ON TABLE metabase_internal.exchange_currency IS 'The currencies that have had rates. No dump carries it: it follows from the rates.';
COMMENT ON COLUMN metabase_internal.exchange_currency.base IS 'Code of the currency that the rates are in.';
COMMENT ON COLUMN metabase_internal.exchange_currency.currency IS 'Code of the currency.';
COMMENT ON COLUMN metabase_internal.exchange_currency.last_day IS 'The day from which on its last rate counts; NULL where it has none any more.';
COMMENT ON COLUMN metabase_internal.exchange_currency.version IS 'Another one where facts that were built with the one before would be others now.';
COMMENT ON COLUMN metabase_internal.exchange_currency.made_in IS 'The transaction that has made the version.';
COMMENT ON COLUMN metabase_internal.exchange_currency.changed_at IS 'When that was.';

CREATE TABLE metabase_internal.exchange_day (
    base     text COLLATE "C",
    currency text COLLATE "C",
    day      date,
    rate     numeric NOT NULL,
    PRIMARY KEY (base, currency, day)
);
COMMENT ON TABLE metabase_internal.exchange_day IS 'The rate of each day, up to the last day of its currency. No dump carries it: it follows from the rates.';
COMMENT ON COLUMN metabase_internal.exchange_day.base IS 'Code of the currency that the rate is in.';
COMMENT ON COLUMN metabase_internal.exchange_day.currency IS 'Code of the currency.';
COMMENT ON COLUMN metabase_internal.exchange_day.day IS 'The day.';
COMMENT ON COLUMN metabase_internal.exchange_day.rate IS 'What one unit of the currency is worth in units of the base on that day.';

CREATE FUNCTION metabase_internal.spread_exchange_rate() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
    changed record;
    earlier date;
    later   date;
BEGIN
    FOR changed IN
        SELECT DISTINCT
            rate.base,
            rate.currency,
            rate.valid_from
        FROM (
            VALUES
                (OLD.base, OLD.currency, OLD.valid_from),
                (NEW.base, NEW.currency, NEW.valid_from)
        ) AS rate (base, currency, valid_from)
        WHERE rate.currency IS NOT NULL
    LOOP
        -- Who else changes rates of this currency waits here, and sees then what is done. A version that this transaction itself has made, and
        -- built nothing with, nobody has seen.
        INSERT INTO metabase_internal.exchange_currency AS known (base, currency)
        VALUES (changed.base, changed.currency)
        ON CONFLICT (base, currency) DO UPDATE SET
            version    = DEFAULT,
            made_in    = DEFAULT,
            changed_at = DEFAULT
        WHERE known.made_in <> pg_current_xact_id()
            OR EXISTS (SELECT FROM metabase_internal.incremental WHERE strpos(rates, known.version::text) > 0);

        SELECT max(rate.valid_from) INTO earlier
        FROM metabase_internal.exchange_rate AS rate
        WHERE rate.base = changed.base
            AND rate.currency = changed.currency
            AND rate.valid_from < changed.valid_from;
        SELECT min(rate.valid_from) INTO later
        FROM metabase_internal.exchange_rate AS rate
        WHERE rate.base = changed.base
            AND rate.currency = changed.currency
            AND rate.valid_from > changed.valid_from;

        -- From the rate before up to the rate after it, the days are made anew.
        DELETE FROM metabase_internal.exchange_day AS spread
        WHERE spread.base = changed.base
            AND spread.currency = changed.currency
            AND spread.day >= coalesce(earlier, changed.valid_from)
            AND spread.day < coalesce(later, 'infinity');
        INSERT INTO metabase_internal.exchange_day (base, currency, day, rate)
        SELECT
            changed.base,
            changed.currency,
            near.valid_from + passed.days,
            near.rate
        FROM (
            SELECT
                rate.valid_from,
                rate.rate,
                lead(rate.valid_from) OVER (ORDER BY rate.valid_from) - rate.valid_from AS days
            FROM metabase_internal.exchange_rate AS rate
            WHERE rate.base = changed.base
                AND rate.currency = changed.currency
                AND rate.valid_from BETWEEN coalesce(earlier, changed.valid_from) AND coalesce(later, changed.valid_from)
        ) AS near
        CROSS JOIN generate_series(0, coalesce(near.days, 1) - 1) AS passed (days)
        WHERE near.valid_from IS DISTINCT FROM later;

        UPDATE metabase_internal.exchange_currency AS known
        SET last_day = last.day
        FROM (
            SELECT max(rate.valid_from) AS day
            FROM metabase_internal.exchange_rate AS rate
            WHERE rate.base = changed.base
                AND rate.currency = changed.currency
        ) AS last
        WHERE known.base = changed.base
            AND known.currency = changed.currency
            AND known.last_day IS DISTINCT FROM last.day;
    END LOOP;
    RETURN NULL;
END
$function$;
COMMENT ON FUNCTION metabase_internal.spread_exchange_rate() IS 'Row trigger on the exchange rates: brings the rates of the days to what they say.';
REVOKE ALL ON FUNCTION metabase_internal.spread_exchange_rate() FROM PUBLIC;

CREATE TRIGGER make_room BEFORE INSERT ON metabase_internal.exchange_rate
    FOR EACH ROW EXECUTE FUNCTION metabase_internal.make_room('base', 'currency', 'valid_from');
CREATE TRIGGER spread AFTER INSERT OR UPDATE OR DELETE ON metabase_internal.exchange_rate
    FOR EACH ROW EXECUTE FUNCTION metabase_internal.spread_exchange_rate();

SELECT pg_catalog.pg_extension_config_dump('metabase_internal.exchange_rate', '');
