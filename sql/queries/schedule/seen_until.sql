-- Up to when this statement sees what was committed: on a standby, what was replayed, which is a transaction or, before the first one, the
-- checkpoint that it began with; where the isolation level shows nothing later, what was there when the transaction began.
SELECT
    CASE
        WHEN pg_catalog.pg_is_in_recovery()
            THEN greatest(
                    pg_catalog.pg_last_xact_replay_timestamp(),
                    (SELECT checkpoint.checkpoint_time FROM pg_catalog.pg_control_checkpoint() AS checkpoint)
                )
        WHEN pg_catalog.current_setting('transaction_isolation') = 'read committed'
            THEN statement_timestamp()
        ELSE transaction_timestamp()
    END
