-- Whether what an order is worth is known as far as its currency goes: the shop's, or one that had a rate on its day.
(
    coalesce(orders.currency = :'currency', true)
    OR rated.first_day <= (orders.sold_at AT TIME ZONE :'time_zone')::date
)
