-- pgbench's script: one writer's transaction. The same with capture and without.
\set no random(1, :orders)
UPDATE transactions.orders SET gross_sale = gross_sale + 1 WHERE id = (SELECT id FROM bench.orders WHERE no = :no);
