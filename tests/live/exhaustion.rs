//! A refresh for which the disk or the memory does not suffice: it ends in an error, and what it was to show is shown by a later one.

use std::process::Command;

use postgres::Client;

use crate::cluster::{Cluster, create_all_views, refresh_all, value, variable};
use crate::shop::{assert_right, column, fill_shop, run, shop_on, try_refreshed};

/// More orders than the hand-worked shop has, all of one item.
fn sell(client: &mut Client, orders: u32) {
    run(
        client,
        &format!(
            "INSERT INTO transactions.orders (
                 id, inventory_item_id, platform_id, status, sold_at, gross_sale, buyer_destination_country, created_at, updated_at
             )
             SELECT
                 gen_random_uuid(), '60000000-0000-0000-0000-000000000021', '10000000-0000-0000-0000-000000000004', 'completed',
                 '2020-01-01'::timestamptz + n * interval '1 minute', n % 1000, 'Iceland', now(), now()
             FROM generate_series(1, {orders}) AS n"
        ),
    );
}

/// What a refresh has said that did not complete: its errors, or why its views were refreshed in full.
fn complaints(client: &mut Client) -> Vec<String> {
    match try_refreshed(client, "refresh('all')") {
        Ok(_) => column(
            client,
            "SELECT concat_ws(' ', mode_reason, last_error) FROM metabase.view_status()
             WHERE mode = 'full' OR last_error IS NOT NULL",
        ),
        Err(error) => vec![format!("{error:?}")],
    }
}

#[test]
fn a_full_disk_is_an_error_and_nothing_is_lost() {
    let cluster = Cluster::make("disk-full", &["fsync=off"]);
    let place = format!("{}/small-disk", variable("METABASE_VIEWS_TEST_DIR"));
    let Some(_disk) = SmallDisk::mount(&place, cluster.owner()) else {
        eprintln!("nobody may mount a file system here: a full disk was not tried");
        return;
    };
    let mut client = cluster.connect("postgres");
    run(
        &mut client,
        &format!("CREATE TABLESPACE small LOCATION '{place}'"),
    );
    run(&mut client, "CREATE DATABASE shop TABLESPACE small");
    let mut client = fill_shop(cluster.connect("shop"));
    sell(&mut client, 20_000);
    create_all_views(&mut client);
    refresh_all(&mut client);
    refresh_all(&mut client);
    // What is left is taken by something else.
    run(&mut client, "CREATE TABLE public.ballast (filling text)");
    run(
        &mut client,
        "ALTER TABLE public.ballast ALTER filling SET STORAGE PLAIN",
    );
    let fill = "INSERT INTO public.ballast SELECT repeat('x', 8000) FROM generate_series(1, 20)";
    run(
        &mut client,
        "UPDATE transactions.orders SET gross_sale = gross_sale + 1 WHERE gross_sale < 500",
    );
    while client.batch_execute(fill).is_ok() {}
    let said = complaints(&mut client);
    assert!(
        said.iter().any(|said| said.contains("No space left on device")),
        "{said:?}"
    );
    run(&mut client, "DROP TABLE public.ballast");
    refresh_all(&mut client);
    assert_right(&mut client);
    refresh_all(&mut client);
    run(
        &mut client,
        "UPDATE transactions.orders SET gross_sale = gross_sale - 1 WHERE gross_sale < 100",
    );
    assert_eq!(complaints(&mut client), [""; 0]);
    assert_right(&mut client);
    assert_eq!(cluster.logged("PANIC"), [""; 0]);
}

/// A file system of its own, of 96 MB, in memory.
struct SmallDisk(String);

impl SmallDisk {
    /// It belongs to a user of the system. None where nobody may mount it.
    fn mount(place: &str, owner: u32) -> Option<SmallDisk> {
        let _ = Command::new("umount").arg(place).output();
        std::fs::create_dir_all(place).expect("a folder");
        let options = format!("size=96m,mode=0700,uid={owner}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs", place])
            .output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then(|| SmallDisk(place.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").args(["--lazy", &self.0]).output();
    }
}

#[test]
fn too_little_memory_is_an_error_and_nothing_is_lost() {
    let mut cluster = Cluster::make("memory-short", &["fsync=off", "jit=off"]);
    let mut client = shop_on(&cluster);
    sell(&mut client, 100_000);
    create_all_views(&mut client);
    refresh_all(&mut client);
    refresh_all(&mut client);
    // Each process has a little more than a session has that does little; what sorts and hashes take is left to the session. Where it is
    // refused depends on how much that is.
    let enough = most_memory(&mut client);
    let mut refused = 0;
    for more in [12, 16, 20, 24, 32, 40] {
        cluster.stop();
        cluster.start_with(&[&format!("memory={}", enough + more * 1024)]);
        run(
            &mut cluster.connect("shop"),
            "UPDATE transactions.orders SET gross_sale = gross_sale + 1",
        );
        let mut greedy = cluster.connect("shop");
        run(
            &mut greedy,
            "SET work_mem = '2GB'; SET maintenance_work_mem = '2GB'",
        );
        let said = complaints(&mut greedy);
        refused += u32::from(said.iter().any(|said| said.contains("out of memory")));
    }
    assert!(refused > 2, "{refused}");
    refresh_all(&mut cluster.connect("shop"));
    cluster.stop();
    cluster.start();
    let mut client = cluster.connect("shop");
    assert_right(&mut client);
    let waiting: i64 = value(&mut client, "SELECT count(*) FROM metabase_internal.queue");
    assert_eq!(waiting, 0);
    for ended in ["PANIC", "terminated by signal"] {
        assert_eq!(cluster.logged(ended), [""; 0]);
    }
}

/// How many kilobytes the process behind a session has had at most.
fn most_memory(client: &mut Client) -> u64 {
    let pid: i32 = value(client, "SELECT pg_backend_pid()");
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let most = status
        .lines()
        .find_map(|line| line.strip_prefix("VmPeak:")?.trim().strip_suffix(" kB"));
    most.and_then(|most| most.parse().ok())
        .expect("a number of kilobytes")
}
