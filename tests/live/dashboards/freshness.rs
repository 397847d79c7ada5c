//! The card that says how fresh a dashboard's figures are.

use postgres::Client;

use super::card::{Chosen, DASHBOARDS, cards, dashboard, list};
use crate::cluster::value;
use crate::rows::rows;
use crate::shop::{refreshed_shop, run};

/// What the card asks in a dashboard.
fn asked(client: &mut Client, name: &str) -> String {
    let dashboard = dashboard(client, name);
    cards(&dashboard)
        .into_iter()
        .find(|card| card.key == "data_as_of")
        .expect("each dashboard has it")
        .asked(client, &Chosen::new())
}

/// A time as people write it, by the clock of the shop.
fn written(client: &mut Client, time: &str) -> String {
    value(
        client,
        &format!(
            "SELECT to_char(({time}) AT TIME ZONE value, 'FMDD Mon YYYY, HH24:MI') FROM metabase.settings WHERE name = 'time_zone'"
        ),
    )
}

#[test]
fn each_dashboard_says_up_to_when_its_figures_hold_what_was_committed() {
    let (_database, mut client) = refreshed_shop();
    for name in DASHBOARDS {
        let asked = asked(&mut client, name);
        let before = written(&mut client, "clock_timestamp()");
        let shown = rows(&mut client, &asked);
        let after = written(&mut client, "clock_timestamp()");
        let of_now = [before, after].map(|now| [format!("{now} | up to date")]);
        assert!(of_now.iter().any(|now| shown == *now), "{name}: {shown:?}");
    }
    run(
        &mut client,
        "UPDATE transactions.orders SET gross_sale = gross_sale + 1;
         UPDATE metabase_internal.order_queue SET captured_at = clock_timestamp() - interval '80 minutes'",
    );
    let oldest = written(
        &mut client,
        "SELECT min(captured_at) FROM metabase_internal.queue",
    );
    for name in DASHBOARDS {
        let asked = asked(&mut client, name);
        assert_eq!(rows(&mut client, &asked), [format!("{oldest} | late")], "{name}");
        let page: String = value(&mut client, &format!("SELECT metabase.dashboard_html('{name}')"));
        assert!(
            page.contains(r##"<td style="background:#ef8c8c;min-width:132px;max-width:132px">late</td>"##),
            "{page}"
        );
    }
    run(
        &mut client,
        "REFRESH MATERIALIZED VIEW analytics.metabase_sales WITH NO DATA",
    );
    let asked = asked(&mut client, "executive");
    assert_eq!(rows(&mut client, &asked), ["never | not filled"]);
}

#[test]
fn no_filter_reaches_it_and_readers_may_ask() {
    let (database, mut client) = refreshed_shop();
    let reader = database.create_role("reader");
    run(&mut client, &format!("SELECT metabase.grant_reader('{reader}')"));
    let mut as_reader = database.connect_as(&reader);
    for name in DASHBOARDS {
        let dashboard = dashboard(&mut client, name);
        let place = list(&dashboard["ordered_cards"])
            .iter()
            .find(|dashcard| dashcard["card"]["key"] == "data_as_of")
            .expect("each dashboard has it");
        assert!(list(&place["parameter_mappings"]).is_empty(), "{name}");
        let asked = asked(&mut client, name);
        assert_eq!(rows(&mut as_reader, &asked).len(), 1, "{name}");
    }
}
