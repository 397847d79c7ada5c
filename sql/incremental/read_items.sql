-- Stock items, with the brand and category of their product. :items is where the stock items come from.
SELECT
    i.id                                               AS item_id,
    i.product_id,
    i.supplier_id,
    p.brand_id,
    p.category_id,
    i.size_id,
    i.purchase_date,
    i.purchase_price,
    coalesce(i.gross_purchase_price, i.purchase_price) AS price,
    i.quantity,
    i.is_in_stock
FROM :items
LEFT JOIN metabase_internal.products AS p ON p.id = i.product_id
