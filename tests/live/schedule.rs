//! When views are refreshed by the background worker. The schedule's clock is under control: metabase_views.clock_offset
//! says how many seconds it is ahead of the server's, or behind it.

use std::time::Duration;

use jiff::Timestamp;
use postgres::Client;
use postgres::fallible_iterator::FallibleIterator;

use crate::cluster::{Cluster, Database, PRELOADED, create_all_views, error_of, value};
use crate::rows::rows;
use crate::sessions::wait_until;
use crate::shop::{VIEWS, assert_error, column, run, shop_on, shop_with_views};

/// Has the worker look at all there is, and waits until it has.
pub fn have_worker_look(client: &mut Client) {
    // What wakes it in production is a commit that changes something; this one changes nothing.
    let asked: String = value(client, "SELECT clock_timestamp()::text");
    run(
        client,
        "SELECT metabase.set_strategy('metabase_brand_analytics', strategy)
         FROM metabase.view_status('metabase_brand_analytics')",
    );
    wait_until(
        client,
        &format!(
            "SELECT coalesce((worker->>'last_cycle')::timestamptz > '{asked}' AND (worker->>'idle')::boolean, false)
             FROM (SELECT metabase.sync_status()->'worker' AS worker) AS status"
        ),
    );
}

/// A shop whose schedule goes by a clock that is moved by hand.
struct Clock {
    cluster: Cluster,
    client: Client,
    /// The last run at the last look.
    last_run: i64,
}

/// A view that is due each minute, and the last one that the worker comes to: when it is due after the clock's time, the worker
/// has looked at all views by that clock.
const TICK: &str = "SELECT metabase.create_custom_view('tick', 'SELECT 1 AS a', ARRAY['a'], 'manual');
                    SELECT metabase.set_strategy('tick', '* * * * *')";

impl Clock {
    /// A shop in a time zone with the seven views, created at a time.
    fn make(name: &str, zone: &str, time: &str) -> Clock {
        let cluster = Cluster::make(name, PRELOADED);
        let client = shop_on(&cluster);
        let mut clock = Clock {
            cluster,
            client,
            last_run: 0,
        };
        clock.set(time);
        run(
            &mut clock.client,
            &format!("SET TimeZone = '{zone}'; SELECT metabase.set_setting('time_zone', '{zone}')"),
        );
        create_all_views(&mut clock.client);
        run(&mut clock.client, TICK);
        clock.wait_for(time);
        clock
    }

    /// Sets the clock, for whoever reads the configuration from now on.
    fn set(&mut self, time: &str) {
        let offset = self.offset_to(time);
        run(
            &mut self.client,
            &format!("ALTER SYSTEM SET metabase_views.clock_offset = {offset}"),
        );
        run(&mut self.client, "SELECT pg_reload_conf()");
    }

    fn offset_to(&mut self, time: &str) -> i32 {
        value(
            &mut self.client,
            &format!("SELECT extract(epoch FROM '{time}' - clock_timestamp())::integer"),
        )
    }

    fn wait_for(&mut self, time: &str) {
        wait_until(
            &mut self.client,
            &format!(
                // Views of users' own take turns, so that another one may come after the one of each minute.
                "SELECT coalesce(
                     bool_or(view_name = 'tick' AND next_due <= timestamptz '{time}' + interval '3 minutes')
                         AND bool_and(next_due > '{time}' AND coalesce(retry_at > '{time}', true))
                         AND NOT EXISTS (SELECT FROM metabase.refresh_history WHERE status = 'running'),
                     false
                 )
                 FROM metabase_internal.schedule_state"
            ),
        );
    }

    /// Moves the clock and lets the worker do what is due then. Returns how often each of these views was refreshed by the schedule since
    /// the last call, and when it is due next.
    fn at(&mut self, time: &str, views: &[&str]) -> Vec<String> {
        self.set(time);
        self.wait_for(time);
        let last_run = self.last_run;
        self.last_run = value(
            &mut self.client,
            "SELECT coalesce(max(id), 0) FROM metabase.refresh_history",
        );
        views
            .iter()
            .flat_map(|view| {
                rows(
                    &mut self.client,
                    &format!(
                        "SELECT (SELECT count(*) FROM metabase.refresh_history AS run
                                 WHERE run.view_name = state.view_name AND cause = 'schedule' AND status = 'completed'
                                     AND id > {last_run}),
                                next_due
                         FROM metabase_internal.schedule_state AS state WHERE view_name = '{view}'"
                    ),
                )
            })
            .collect()
    }
}

// Times

/// An hourly, a daily and a weekly view, and one of a cron expression.
const FOUR: [&str; 4] = [
    "metabase_executive_metrics",
    "metabase_brand_analytics",
    "metabase_supplier_performance",
    "at_half_past",
];

fn add_half_past(clock: &mut Clock, hour: u32) {
    run(
        &mut clock.client,
        &format!(
            "SELECT metabase.create_custom_view('at_half_past', 'SELECT 1 AS a', ARRAY['a']);
             SELECT metabase.set_strategy('at_half_past', '30 {hour} * * *')"
        ),
    );
    wait_until(
        &mut clock.client,
        "SELECT EXISTS (SELECT FROM metabase_internal.schedule_state WHERE view_name = 'at_half_past')",
    );
}

#[test]
fn views_are_due_by_the_clock_on_the_wall_in_berlin() {
    let mut clock = Clock::make("schedule-berlin", "Europe/Berlin", "2026-03-28 12:15:00+01");
    add_half_past(&mut clock, 2);
    // Of the hours that were missed between two looks, one is made up.
    assert_eq!(
        clock.at("2026-03-29 01:58:00+01", &FOUR),
        [
            "1 | 2026-03-29 03:00:00+02",
            "0 | 2026-03-29 03:00:00+02",
            "0 | 2026-03-30 03:00:00+02",
            "0 | 2026-03-29 03:00:00+02",
        ]
    );
    // The clock skips the hour from 2:00 to 3:00: what is due in it is due at 3:00.
    assert_eq!(
        clock.at("2026-03-29 03:00:10+02", &FOUR),
        [
            "1 | 2026-03-29 04:00:00+02",
            "1 | 2026-03-30 02:00:00+02",
            "0 | 2026-03-30 03:00:00+02",
            "1 | 2026-03-30 02:30:00+02",
        ]
    );
    assert_eq!(
        clock.at("2026-03-30 01:57:00+02", &FOUR),
        [
            "1 | 2026-03-30 02:00:00+02",
            "0 | 2026-03-30 02:00:00+02",
            "0 | 2026-03-30 03:00:00+02",
            "0 | 2026-03-30 02:30:00+02",
        ]
    );
    // On Monday at 3:00 the weekly views follow.
    assert_eq!(
        clock.at("2026-03-30 03:00:10+02", &FOUR),
        [
            "1 | 2026-03-30 04:00:00+02",
            "1 | 2026-03-31 02:00:00+02",
            "1 | 2026-04-06 03:00:00+02",
            "1 | 2026-03-31 02:30:00+02",
        ]
    );
    // Seven months without a look are made up once.
    assert_eq!(
        clock.at("2026-10-25 01:58:00+02", &FOUR),
        [
            "1 | 2026-10-25 02:00:00+02",
            "1 | 2026-10-25 02:00:00+02",
            "1 | 2026-10-26 03:00:00+01",
            "1 | 2026-10-25 02:30:00+02",
        ]
    );
    // The clock shows the hour from 2:00 to 3:00 twice. What is due in it is due once, but for what is due every hour.
    assert_eq!(
        clock.at("2026-10-25 02:31:00+02", &FOUR),
        [
            "1 | 2026-10-25 02:00:00+01",
            "1 | 2026-10-26 02:00:00+01",
            "0 | 2026-10-26 03:00:00+01",
            "1 | 2026-10-26 02:30:00+01",
        ]
    );
    assert_eq!(
        clock.at("2026-10-25 02:31:00+01", &FOUR),
        [
            "1 | 2026-10-25 03:00:00+01",
            "0 | 2026-10-26 02:00:00+01",
            "0 | 2026-10-26 03:00:00+01",
            "0 | 2026-10-26 02:30:00+01",
        ]
    );
}

#[test]
fn views_are_due_by_the_clock_on_the_wall_in_new_york() {
    let mut clock = Clock::make("schedule-new-york", "America/New_York", "2026-03-07 12:15:00-05");
    add_half_past(&mut clock, 1);
    assert_eq!(
        clock.at("2026-03-08 01:58:00-05", &FOUR),
        [
            "1 | 2026-03-08 03:00:00-04",
            "0 | 2026-03-08 03:00:00-04",
            "0 | 2026-03-09 03:00:00-04",
            "1 | 2026-03-09 01:30:00-04",
        ]
    );
    assert_eq!(
        clock.at("2026-03-08 03:00:10-04", &FOUR),
        [
            "1 | 2026-03-08 04:00:00-04",
            "1 | 2026-03-09 02:00:00-04",
            "0 | 2026-03-09 03:00:00-04",
            "0 | 2026-03-09 01:30:00-04",
        ]
    );
    assert_eq!(
        clock.at("2026-11-01 00:58:00-04", &FOUR),
        [
            "1 | 2026-11-01 01:00:00-04",
            "1 | 2026-11-01 02:00:00-05",
            "1 | 2026-11-02 03:00:00-05",
            "1 | 2026-11-01 01:30:00-04",
        ]
    );
    // Here it is the hour from 1:00 to 2:00 that comes twice.
    assert_eq!(
        clock.at("2026-11-01 01:31:00-04", &FOUR),
        [
            "1 | 2026-11-01 01:00:00-05",
            "0 | 2026-11-01 02:00:00-05",
            "0 | 2026-11-02 03:00:00-05",
            "1 | 2026-11-02 01:30:00-05",
        ]
    );
    assert_eq!(
        clock.at("2026-11-01 02:00:10-05", &FOUR),
        [
            "1 | 2026-11-01 03:00:00-05",
            "1 | 2026-11-02 02:00:00-05",
            "0 | 2026-11-02 03:00:00-05",
            "0 | 2026-11-02 01:30:00-05",
        ]
    );
}

#[test]
fn a_realtime_view_whose_changes_nobody_hears_is_due_every_minute() {
    let mut clock = Clock::make("schedule-realtime", "UTC", "2026-06-10 10:15:30+00");
    run(
        &mut clock.client,
        "SELECT metabase.create_custom_view('now_and_then', 'SELECT 1 AS a', ARRAY['a'], 'realtime')",
    );
    have_worker_look(&mut clock.client);
    let view = ["now_and_then"];
    let next = |minute: &str| [format!("1 | 2026-06-10 {minute}:00+00")];
    assert_eq!(clock.at("2026-06-10 10:20:10+00", &view), next("10:21"));
    assert_eq!(clock.at("2026-06-10 10:21:10+00", &view), next("10:22"));
    // One of the seven has its changes captured: an event, and no time, is what it waits for.
    run(&mut clock.client, "SELECT * FROM metabase.refresh('all')");
    run(
        &mut clock.client,
        "SELECT metabase.set_strategy('metabase_brand_analytics', 'realtime')",
    );
    have_worker_look(&mut clock.client);
    assert_eq!(
        clock.at("2026-06-20 10:00:00+00", &["metabase_brand_analytics"]),
        ["0 | -"]
    );
}

#[test]
fn a_time_that_passed_while_the_server_was_down_is_made_up_once() {
    let mut clock = Clock::make("schedule-downtime", "UTC", "2026-06-10 10:15:00+00");
    assert_eq!(
        clock.at("2026-06-10 10:20:00+00", &FOUR[..3]),
        [
            "0 | 2026-06-10 11:00:00+00",
            "0 | 2026-06-11 02:00:00+00",
            "0 | 2026-06-15 03:00:00+00",
        ]
    );
    let offset = clock.offset_to("2026-06-20 10:30:00+00");
    run(
        &mut clock.client,
        &format!("ALTER SYSTEM SET metabase_views.clock_offset = {offset}"),
    );
    clock.cluster.kill();
    clock.cluster.start();
    clock.client = clock.cluster.connect("shop");
    run(&mut clock.client, "SET TimeZone = 'UTC'");
    clock.wait_for("2026-06-20 10:30:00+00");
    assert_eq!(
        clock.at("2026-06-20 10:40:00+00", &FOUR[..3]),
        [
            "1 | 2026-06-20 11:00:00+00",
            "1 | 2026-06-21 02:00:00+00",
            "1 | 2026-06-22 03:00:00+00",
        ]
    );
}

#[test]
fn a_refresh_by_hand_counts_as_the_run_that_was_due_before_it_and_not_after() {
    let mut clock = Clock::make("schedule-by-hand", "UTC", "2026-06-10 10:15:00+00");
    // For this session it is 11:01 already; the worker, which is at 10:15, could not have been there first.
    let offset = clock.offset_to("2026-06-10 11:01:00+00");
    run(
        &mut clock.client,
        &format!(
            "SET metabase_views.clock_offset = {offset};
             SELECT metabase.refresh_view('metabase_executive_metrics');
             RESET metabase_views.clock_offset;
             SELECT metabase.refresh_view('metabase_platform_performance')"
        ),
    );
    assert_eq!(
        clock.at(
            "2026-06-10 11:02:00+00",
            &["metabase_executive_metrics", "metabase_platform_performance"]
        ),
        ["0 | 2026-06-10 12:00:00+00", "1 | 2026-06-10 12:00:00+00"]
    );
}

#[test]
fn a_view_that_was_on_another_timetable_meanwhile_does_not_make_up_for_it() {
    let mut clock = Clock::make("schedule-changed", "UTC", "2026-06-10 10:15:00+00");
    let view = ["metabase_executive_metrics"];
    let set_strategy = |clock: &mut Clock, strategy: &str| {
        run(
            &mut clock.client,
            &format!("SELECT metabase.set_strategy('metabase_executive_metrics', '{strategy}')"),
        );
        have_worker_look(&mut clock.client);
    };
    set_strategy(&mut clock, "manual");
    assert_eq!(clock.at("2026-06-10 15:30:00+00", &view), ["0 | -"]);
    set_strategy(&mut clock, "hourly");
    assert_eq!(
        clock.at("2026-06-10 15:40:00+00", &view),
        ["0 | 2026-06-10 16:00:00+00"]
    );
    run(&mut clock.client, "SELECT metabase.unschedule()");
    have_worker_look(&mut clock.client);
    let tick = "SELECT next_due IS NULL FROM metabase_internal.schedule_state WHERE view_name = 'tick'";
    wait_until(&mut clock.client, tick);
    clock.set("2026-06-12 09:30:00+00");
    have_worker_look(&mut clock.client);
    run(
        &mut clock.client,
        "SELECT metabase.setup_refresh_schedule('worker')",
    );
    clock.wait_for("2026-06-12 09:30:00+00");
    assert_eq!(
        clock.at("2026-06-12 09:40:00+00", &view),
        ["0 | 2026-06-12 10:00:00+00"]
    );
}

// Failures

#[test]
fn what_fails_is_tried_again_later_and_later_and_harms_no_other_view() {
    let mut clock = Clock::make("schedule-retries", "UTC", "2026-06-10 10:15:00+00");
    run(
        &mut clock.client,
        "CREATE TABLE public.divisor AS SELECT 1 AS d;
         SELECT metabase.create_custom_view('quotient', 'SELECT 1 / d AS q FROM public.divisor', ARRAY['q'], 'hourly');
         UPDATE public.divisor SET d = 0",
    );
    have_worker_look(&mut clock.client);
    let views = ["metabase_executive_metrics", "quotient"];
    assert_eq!(
        clock.at("2026-06-10 11:00:05+00", &views),
        ["1 | 2026-06-10 12:00:00+00", "0 | 2026-06-10 12:00:00+00"]
    );
    // Doubling, give or take a fifth.
    for (failures, least, most) in [(1, 24, 36), (2, 48, 72), (3, 96, 144)] {
        let delay: f64 = value(
            &mut clock.client,
            &format!(
                "SELECT extract(epoch FROM state.retry_at - run.completed_at - make_interval(secs => log.clock_offset))::float8
                 FROM metabase_internal.schedule_state AS state
                 JOIN metabase.refresh_history AS run USING (view_name)
                 JOIN metabase_internal.refresh_log AS log USING (id)
                 WHERE state.view_name = 'quotient' AND state.failures = {failures}
                 ORDER BY run.id DESC LIMIT 1"
            ),
        );
        assert!(
            (f64::from(least) - 1.0..f64::from(most) + 5.0).contains(&delay),
            "after failure {failures}: {delay} seconds"
        );
        if failures == 3 {
            run(&mut clock.client, "UPDATE public.divisor SET d = 1");
        }
        let again: String = value(
            &mut clock.client,
            "SELECT (date_trunc('second', retry_at) + interval '1 minute')::text
             FROM metabase_internal.schedule_state WHERE view_name = 'quotient'",
        );
        clock.at(&again, &views);
    }
    assert_eq!(
        rows(
            &mut clock.client,
            "SELECT status, cause, sqlstate FROM metabase.refresh_history WHERE view_name = 'quotient' ORDER BY id OFFSET 1"
        ),
        [
            "failed | schedule | 22012",
            "failed | retry | 22012",
            "failed | retry | 22012",
            "completed | retry | -"
        ]
    );
    assert_eq!(
        rows(
            &mut clock.client,
            "SELECT failures, retry_at, (SELECT last_error FROM metabase.view_status('quotient'))
             FROM metabase_internal.schedule_state WHERE view_name = 'quotient'"
        ),
        ["0 | - | -"]
    );
}

#[test]
fn a_view_whose_runs_are_lost_again_and_again_is_tried_later_and_later() {
    let (_database, mut client) = shop_with_views();
    let close = client
        .prepare(include_str!("../../sql/queries/schedule/close_lost_runs.sql"))
        .expect("it is a query");
    let retry_at: Timestamp = "2026-06-10 10:15:00Z".parse().expect("a time");
    run(
        &mut client,
        "SET TimeZone = 'UTC';
         INSERT INTO metabase_internal.schedule_state (view_name) VALUES ('metabase_brand_analytics')",
    );
    for (failures, retries) in [
        // The first time at once, whether anything was known of the view or not; then half a minute later, twice as much each time,
        // but no more than an hour.
        (1, "10:15:00"),
        (2, "10:15:30"),
        (3, "10:16:00"),
        (4, "10:17:00"),
        (8, "10:47:00"),
        (9, "11:15:00"),
        (1001, "11:15:00"),
    ] {
        run(
            &mut client,
            &format!(
                "UPDATE metabase_internal.schedule_state SET failures = {failures} - 1;
                 INSERT INTO metabase_internal.refresh_log (view_name, status, started_at, requested_by, clock_offset)
                 SELECT name, 'running', now(), 'postgres', 0
                 FROM unnest(ARRAY['metabase_brand_analytics', 'gone', 'gone']) AS name"
            ),
        );
        client
            .execute(&close, &[&retry_at, &"57P01", &"the server ended"])
            .expect("runs can be closed");
        let state = format!("{failures} | 2026-06-10 {retries}+00");
        assert_eq!(
            rows(
                &mut client,
                "SELECT failures, retry_at FROM metabase_internal.schedule_state ORDER BY view_name"
            ),
            [state.as_str(), state.as_str()]
        );
        assert_eq!(
            rows(
                &mut client,
                "SELECT status, sqlstate, error_message, completed_at IS NOT NULL, count(*)
                 FROM metabase_internal.refresh_log WHERE mode_reason IS NULL GROUP BY 1, 2, 3, 4"
            ),
            ["failed | 57P01 | the server ended | t | 3"]
        );
        run(
            &mut client,
            "DELETE FROM metabase_internal.refresh_log WHERE status = 'failed'",
        );
    }
}

// What the calls say

#[test]
fn a_strategy_is_a_name_or_a_cron_expression_for_views_of_all_kinds() {
    let mut clock = Clock::make("schedule-strategies", "Europe/Berlin", "2026-06-10 10:15:00+02");
    run(
        &mut clock.client,
        "SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a'], 'weekly');
         SET metabase_views.clock_offset = 0",
    );
    // What a call says goes by the session's clock.
    let offset = clock.offset_to("2026-06-10 10:15:00+02");
    run(
        &mut clock.client,
        &format!("SET metabase_views.clock_offset = {offset}"),
    );
    for (call, answer) in [
        (
            "'metabase_brand_analytics', 'hourly'",
            "metabase_brand_analytics | hourly | 2026-06-10 11:00:00+02",
        ),
        (
            "'analytics.metabase_brand_analytics', '*/20  8-18 * *  mon-fri'",
            "metabase_brand_analytics | */20 8-18 * * mon-fri | 2026-06-10 10:20:00+02",
        ),
        ("'mine', '0 6 1 * *'", "mine | 0 6 1 * * | 2026-07-01 06:00:00+02"),
        ("'mine', 'hourly'", "mine | hourly | 2026-06-10 11:00:00+02"),
        (
            "'metabase_executive_metrics', 'manual'",
            "metabase_executive_metrics | manual | -",
        ),
    ] {
        let call = format!("SELECT * FROM metabase.set_strategy({call})");
        assert_eq!(rows(&mut clock.client, &call), [answer]);
    }
    assert_eq!(
        rows(
            &mut clock.client,
            "SELECT view_name, strategy, next_refresh FROM metabase.view_status()
             WHERE view_name ~ 'brand|executive|mine|geography'"
        ),
        [
            "metabase_executive_metrics | manual | -",
            "metabase_brand_analytics | */20 8-18 * * mon-fri | 2026-06-10 10:20:00+02",
            "metabase_customer_geography | daily | 2026-06-11 02:00:00+02",
            "mine | hourly | 2026-06-10 11:00:00+02",
        ]
    );
    assert_eq!(
        column(
            &mut clock.client,
            "SELECT view_name FROM metabase.refresh('hourly')"
        ),
        [
            "metabase_platform_performance",
            "metabase_inventory_status",
            "metabase_sales",
            "mine"
        ]
    );
    // Nothing of a view's strategy outlives it.
    run(
        &mut clock.client,
        "SELECT metabase.drop_view('mine');
         SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a'], 'weekly')",
    );
    assert_eq!(
        rows(
            &mut clock.client,
            "SELECT strategy, next_refresh FROM metabase.view_status('mine')"
        ),
        ["weekly | 2026-06-15 03:00:00+02"]
    );
}

#[test]
fn a_schedule_can_be_ended_and_set_up_again_where_the_library_is_preloaded() {
    let cluster = Cluster::make("schedule-engines", PRELOADED);
    let mut client = shop_on(&cluster);
    create_all_views(&mut client);
    let engine = "SELECT metabase.sync_status()->>'engine'";
    // Nothing needs to be set up.
    assert_eq!(column(&mut client, engine), ["worker"]);
    let scheduled = "FROM metabase.view_status() WHERE next_refresh > now()";
    let count = format!("SELECT count(*) {scheduled}");
    assert_eq!(column(&mut client, &count), ["8"]);
    assert_eq!(
        column(
            &mut client,
            "SELECT (view_name, next_refresh IS NULL) FROM metabase.unschedule()"
        ),
        VIEWS.map(|view| format!("({view},t)"))
    );
    assert_eq!(column(&mut client, &count), ["0"]);
    assert_eq!(column(&mut client, engine), ["none"]);
    for name in ["worker", "auto"] {
        run(&mut client, "SELECT metabase.unschedule()");
        let call = format!(
            "SELECT count(*) FROM metabase.setup_refresh_schedule('{name}') WHERE next_refresh > now()"
        );
        assert_eq!(column(&mut client, &call), ["8"]);
        assert_eq!(column(&mut client, engine), ["worker"]);
    }
    let error = error_of(&mut client, "SELECT metabase.setup_refresh_schedule('pg_cron')");
    assert_error(&error, "55000", NO_PG_CRON, Some(NO_PG_CRON_HINT));
}

#[test]
fn no_time_is_promised_where_nobody_starts_workers() {
    const SETTINGS: &[&str] = &[
        "fsync=off",
        "shared_preload_libraries=metabase_views",
        "max_worker_processes=0",
    ];
    let cluster = Cluster::make("schedule-nobody", SETTINGS);
    let mut client = shop_on(&cluster);
    create_all_views(&mut client);
    let due = "SELECT count(next_refresh) FROM metabase.view_status()";
    assert_eq!(column(&mut client, due), ["0"]);
    for call in [
        "setup_refresh_schedule()",
        "setup_refresh_schedule('worker')",
        "enable_event_sync()",
    ] {
        assert_error(
            &error_of(&mut client, &format!("SELECT metabase.{call}")),
            "55000",
            "there is no background worker: nobody is there to start it",
            Some(
                "The server starts \"metabase_views launcher\" if max_worker_processes has room for it: raise that, and restart. If it has \
                 ended, it comes back within seconds, or the server's log says why not.",
            ),
        );
    }
    run(
        &mut client,
        "SELECT metabase.unschedule(); SELECT metabase.disable_event_sync()",
    );
}

#[test]
fn no_time_is_promised_to_a_database_that_is_not_served() {
    let cluster = Cluster::make("schedule-unserved", PRELOADED);
    let mut client = shop_on(&cluster);
    create_all_views(&mut client);
    cluster.configure("databases", "another");
    let mut client = cluster.connect("shop");
    assert_error(
        &error_of(&mut client, "SELECT metabase.setup_refresh_schedule()"),
        "55000",
        "there is no background worker: metabase_views.databases does not name \"shop\"",
        Some("Add \"shop\" to it in postgresql.conf, or leave it empty, and reload the configuration."),
    );
    let due = "SELECT count(next_refresh) FROM metabase.view_status()";
    assert_eq!(column(&mut client, due), ["0"]);
    cluster.configure("databases", "");
    let mut client = cluster.connect("shop");
    run(&mut client, "SELECT metabase.setup_refresh_schedule()");
    assert_eq!(column(&mut client, due), ["8"]);
}

const NO_PG_CRON: &str = "extension \"pg_cron\" is not installed in this database";
const NO_PG_CRON_HINT: &str =
    "Where pg_cron is preloaded, and cron.database_name names this database: CREATE EXTENSION pg_cron.";

#[test]
fn where_nobody_keeps_the_times_a_strategy_can_be_set_all_the_same() {
    let (_database, mut client) = shop_with_views();
    assert_eq!(
        rows(
            &mut client,
            "SELECT * FROM metabase.set_strategy('metabase_brand_analytics', 'weekly')"
        ),
        ["metabase_brand_analytics | weekly | -"]
    );
    assert_eq!(
        column(&mut client, "SELECT count(*) FROM metabase.unschedule()"),
        ["8"]
    );
    assert_eq!(
        column(&mut client, "SELECT metabase.disable_event_sync()"),
        ["changes wait for the next time that the views are due"]
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT count(*) FROM metabase.refresh_if_due('metabase_brand_analytics')"
        ),
        ["0"]
    );
}

#[test]
fn sync_status_shows_everything_at_a_glance() {
    let cluster = Cluster::make("schedule-status", PRELOADED);
    let mut client = shop_on(&cluster);
    create_all_views(&mut client);
    run(
        &mut client,
        "SELECT metabase.drop_view('metabase_brand_analytics')",
    );
    have_worker_look(&mut client);
    assert_eq!(
        rows(
            &mut client,
            "SELECT status->>'total_views', status->>'existing_views', status->>'missing_views',
                    (status->>'total_rows')::bigint = (
                        SELECT sum(row_count) FROM metabase.view_status() WHERE view_name <> 'metabase_sales'
                    ) AS total_rows,
                    (status->>'last_check')::timestamptz > now() - interval '1 minute' AS last_check,
                    jsonb_array_length(status->'views') AS views,
                    status->'sales_view'->>'row_count' AS sales,
                    status->'worker'->>'alive' AS alive,
                    (status->'worker'->>'pid')::integer IN (SELECT pid FROM pg_stat_activity) AS pid,
                    status->'queue'->>'length' AS queued
             FROM (SELECT metabase.sync_status() AS status) AS status"
        ),
        ["7 | 6 | 1 | t | t | 7 | 18 | true | t | 0"]
    );
    assert_eq!(
        rows(
            &mut client,
            "SELECT view->>'view_name', view->>'exists', view->>'strategy', view->>'next_refresh' IS NULL
             FROM jsonb_array_elements(metabase.sync_status()->'views') AS view
             WHERE view->>'view_name' ~ 'brand|executive'"
        ),
        [
            "metabase_executive_metrics | true | hourly | f",
            "metabase_brand_analytics | false | daily | t"
        ]
    );
}

#[test]
fn sync_status_without_a_worker_says_that_there_is_none() {
    let (_database, mut client) = shop_with_views();
    assert_eq!(
        rows(
            &mut client,
            "SELECT status->>'engine', status->>'event_sync', status->'worker'->>'preloaded', status->'worker'->>'alive',
                    status->>'total_views'
             FROM (SELECT metabase.sync_status() AS status) AS status"
        ),
        ["none | false | false | false | 7"]
    );
}

// The history

#[test]
fn the_history_is_kept_for_as_long_as_the_setting_says() {
    let mut cluster = Cluster::make("schedule-history", PRELOADED);
    let mut client = shop_on(&cluster);
    create_all_views(&mut client);
    run(
        &mut client,
        "SELECT metabase.set_setting('history_days', '7');
         INSERT INTO metabase_internal.refresh_log
             (view_name, status, started_at, completed_at, requested_by, clock_offset)
         SELECT 'metabase_brand_analytics', 'completed', time, time, 'somebody', 0
         FROM (SELECT now() - make_interval(hours => 24 * day + 1) AS time FROM generate_series(1, 40) AS day) AS run
         ORDER BY time;
         SELECT metabase.set_strategy('metabase_supplier_performance', 'manual');
         INSERT INTO metabase_internal.refresh_log
             (view_name, status, started_at, completed_at, requested_by, clock_offset)
         SELECT name, status, now() - interval '40 days', now() - interval '40 days', 'long ago', 0
         FROM unnest(ARRAY['metabase_supplier_performance', 'gone']) AS name, unnest(ARRAY['completed', 'completed', 'failed']) AS status;
         INSERT INTO metabase_internal.refresh_log
             (view_name, status, started_at, completed_at, requested_by, clock_offset)
         SELECT name, 'completed', now(), now(), name || number, 0
         FROM unnest(ARRAY['busy', 'as_busy']) AS name, generate_series(1, 10003) AS number
         WHERE name = 'busy' OR number <= 10000
         ORDER BY number;
         INSERT INTO metabase_internal.refresh_log
             (view_name, status, started_at, completed_at, requested_by, clock_offset)
         SELECT 'failing', CASE WHEN number <= 2 THEN 'completed' ELSE 'failed' END, now(), now(), number, 0
         FROM generate_series(1, 10010) AS number ORDER BY number",
    );
    // A worker begins with the log, and comes back to it every hour.
    cluster.kill();
    cluster.start();
    let mut client = cluster.connect("shop");
    wait_until(
        &mut client,
        "SELECT count(*) = 6 FROM metabase.refresh_history WHERE requested_by = 'somebody'",
    );
    assert_eq!(
        column(
            &mut client,
            "SELECT max(now() - started_at) < interval '7 days' FROM metabase.refresh_history WHERE requested_by <> 'long ago'"
        ),
        ["t"]
    );
    // Of each view the last 10,000 runs at most.
    assert_eq!(
        rows(
            &mut client,
            "SELECT view_name, count(*), bool_or(requested_by ~ 'busy[123]$')
             FROM metabase.refresh_history WHERE view_name ~ 'busy' GROUP BY view_name ORDER BY view_name"
        ),
        ["as_busy | 10000 | t", "busy | 10000 | f"]
    );
    // The last that completed of a view that is there, however long ago.
    assert_eq!(
        rows(
            &mut client,
            "SELECT view_name, status FROM metabase.refresh_history WHERE requested_by = 'long ago'"
        ),
        ["metabase_supplier_performance | completed"]
    );
    // And the last one that completed, whatever has failed since.
    assert_eq!(
        rows(
            &mut client,
            "SELECT count(*), min(requested_by::integer), max(status) FILTER (WHERE requested_by = '2')
             FROM metabase.refresh_history WHERE view_name = 'failing'"
        ),
        ["10001 | 2 | completed"]
    );
}

// Telling others

/// What everybody hears of a view of somebody's own, such as the one that is due every minute.
const NAMELESS: &str = r#"metabase_views {"view" : null, "mode" : "full", "rows" : null}"#;

/// What was notified of the seven on the channel until nothing more comes.
fn notified(listener: &mut Client) -> Vec<String> {
    let mut heard = all_notified(listener);
    heard.retain(|heard| heard != NAMELESS);
    heard
}

/// All that was notified on the channel until nothing more comes.
fn all_notified(listener: &mut Client) -> Vec<String> {
    listener
        .notifications()
        .timeout_iter(Duration::from_secs(2))
        .map(|notification| Ok(format!("{} {}", notification.channel(), notification.payload())))
        .collect()
        .expect("the session lives")
}

#[test]
fn whoever_listens_hears_of_each_refresh_that_is_committed() {
    let mut clock = Clock::make("schedule-notify", "UTC", "2026-06-10 10:15:00+00");
    run(&mut clock.client, "SELECT * FROM metabase.refresh('all')");
    let mut listener = clock.cluster.connect("shop");
    run(&mut listener, "LISTEN metabase_views");
    run(
        &mut clock.client,
        "SELECT * FROM metabase.refresh_view('metabase_brand_analytics')",
    );
    assert_eq!(
        notified(&mut listener),
        [r#"metabase_views {"view" : "metabase_brand_analytics", "mode" : "incremental", "rows" : 0}"#]
    );
    run(
        &mut clock.client,
        "BEGIN; SELECT * FROM metabase.refresh('all'); ROLLBACK",
    );
    assert_eq!(notified(&mut listener), [""; 0]);
    // Who has not been granted a view learns neither its name nor how much changes in it, whoever refreshes it.
    run(
        &mut clock.client,
        "CREATE TABLE public.plans AS SELECT 1 AS a;
         SELECT metabase.create_custom_view('secret_plans', 'SELECT a FROM public.plans', ARRAY['a'], 'hourly');
         CREATE ROLE passer_by LOGIN",
    );
    let mut passer_by = clock.cluster.connect_as("shop", "passer_by");
    run(&mut passer_by, "LISTEN metabase_views");
    all_notified(&mut listener);
    run(
        &mut clock.client,
        "INSERT INTO public.plans VALUES (2); SELECT * FROM metabase.refresh_view('secret_plans')",
    );
    for session in [&mut listener, &mut passer_by] {
        let heard = all_notified(session);
        assert!(!heard.is_empty(), "nothing was heard");
        assert!(heard.iter().all(|heard| heard == NAMELESS), "{heard:?}");
    }
    // By the worker: the hourly ones.
    clock.at("2026-06-10 11:00:10+00", &[]);
    let heard = all_notified(&mut listener);
    for view in [
        "metabase_executive_metrics",
        "metabase_platform_performance",
        "metabase_inventory_status",
    ] {
        let times = heard.iter().filter(|heard| heard.contains(view)).count();
        assert_eq!(times, 1, "{view} in {heard:?}");
    }
    assert!(heard.iter().any(|heard| heard == NAMELESS), "{heard:?}");
    assert!(!heard.join(" ").contains("secret"), "{heard:?}");
}

#[test]
fn a_refresh_in_a_transaction_is_told_of_when_that_commits() {
    // The ordinary cluster has room for prepared transactions, which could notify nobody.
    let (database, mut client) = shop_with_views();
    let mut listener = database.connect();
    run(&mut listener, "LISTEN metabase_views");
    run(&mut client, "BEGIN; SELECT * FROM metabase.refresh('all')");
    run(&mut listener, "SELECT 1");
    assert_eq!(listener.notifications().len(), 0);
    run(&mut client, "COMMIT");
    run(&mut listener, "SELECT 1");
    assert_eq!(listener.notifications().len(), 8);
}

// Dumps

#[test]
fn a_dump_carries_strategies_and_who_keeps_them() {
    let (database, mut client) = shop_with_views();
    run(
        &mut client,
        "SELECT metabase.create_custom_view('mine', 'SELECT 1 AS a', ARRAY['a']);
         SELECT metabase.set_strategy('mine', '*/5 * * * *');
         SELECT metabase.set_strategy('metabase_brand_analytics', 'weekly');
         SELECT metabase.unschedule();
         SELECT metabase.disable_event_sync();
         SELECT metabase.set_setting('history_days', '5')",
    );
    let restored = Database::restored(&database.dump());
    let mut there = restored.connect();
    assert_eq!(
        rows(
            &mut there,
            "SELECT view_name, strategy FROM metabase.view_status() WHERE view_name ~ 'mine|brand|executive'"
        ),
        [
            "metabase_executive_metrics | hourly",
            "metabase_brand_analytics | weekly",
            "mine | */5 * * * *"
        ]
    );
    assert_eq!(
        rows(
            &mut there,
            "SELECT name, value FROM metabase_internal.setting WHERE name ~ 'schedule|history' ORDER BY name"
        ),
        [
            "history_days | 5",
            "schedule.engine | none",
            "schedule.event_sync | off"
        ]
    );
}
