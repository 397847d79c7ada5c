-- Adapters turn amounts into the shop's currency, as their owner; :"role" stands for it.
GRANT SELECT (base, currency, last_day, changed_at) ON metabase_internal.exchange_currency TO :"role";
GRANT SELECT ON metabase_internal.exchange_day TO :"role";
