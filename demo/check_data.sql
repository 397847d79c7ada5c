-- What is wrong with the shop's data.

SELECT FROM metabase.create_all_views();

SELECT severity, entity, finding, rows, share, message FROM metabase.check_data();
