//! The cluster that all tests share with a database of its own for each of them, and clusters for those that cannot share.

use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use postgres::error::SqlState;
use postgres::{Client, Config, NoTls};

/// What a cluster is started with for a background worker.
pub const PRELOADED: &[&str] = &["fsync=off", "shared_preload_libraries=metabase_views"];

/// The same with room for prepared transactions, which nothing is notified in.
pub const PRELOADED_TWO_PHASE: &[&str] = &[
    "fsync=off",
    "shared_preload_libraries=metabase_views",
    "max_prepared_transactions=10",
];

/// A database that is there for one test.
pub struct Database {
    name: String,
}

impl Database {
    /// A database that holds nothing but the extension.
    pub fn with_extension() -> Database {
        // Here as elsewhere: what many tests begin with is made once in a run, and copied, which is much quicker.
        static MADE: LazyLock<Database> = LazyLock::new(|| {
            let database = Database::empty();
            database
                .connect()
                .batch_execute("CREATE EXTENSION metabase_views")
                .expect("the extension is installed");
            database
        });
        MADE.copy()
    }

    /// A database with the extension and the tables of layout A, without rows.
    pub fn with_layout_a() -> Database {
        static MADE: LazyLock<Database> = LazyLock::new(|| {
            let database = Database::with_extension();
            database.run_file("demo/schema.sql");
            database
        });
        MADE.copy()
    }

    /// A database that a dump was restored into, of which every statement has succeeded.
    pub fn restored(dump: &[u8]) -> Database {
        let database = Database::empty();
        let mut psql = database
            .program("psql")
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("psql can be run");
        psql.stdin
            .take()
            .expect("it is piped")
            .write_all(dump)
            .expect("psql reads all of it");
        assert!(psql.wait().expect("psql ends").success());
        database
    }

    /// An empty database.
    pub fn empty() -> Database {
        Database::made_with("")
    }

    /// An empty database, made with these options.
    pub fn made_with(options: &str) -> Database {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        // The process's number keeps runs against one cluster apart.
        let name = format!(
            "test_{}_{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        connect_to_shared()
            .batch_execute(&format!("CREATE DATABASE {name} {options}"))
            .expect("a database can be created");
        Database { name }
    }

    /// Another database that is what this one is now; nobody may be connected to this one.
    pub fn copy(&self) -> Database {
        Database::made_with(&format!("TEMPLATE {}", self.name))
    }

    /// A session as superuser.
    pub fn connect(&self) -> Client {
        self.connect_as("postgres")
    }

    /// A session as another role.
    pub fn connect_as(&self, role: &str) -> Client {
        connect_to(&socket(), &self.name, role)
    }

    /// A session as superuser in another database of the same cluster.
    pub fn connect_to(&self, database: &str) -> Client {
        connect_to(&socket(), database, "postgres")
    }

    /// Runs a file of SQL statements, named from the project's root.
    pub fn run_file(&self, path: &str) {
        run_file(&mut self.connect(), path);
    }

    /// A role that is this test's own: roles belong to the cluster. It may log in and nothing else.
    pub fn create_role(&self, purpose: &str) -> String {
        let role = format!("{}_{purpose}", self.name);
        self.connect()
            .batch_execute(&format!("CREATE ROLE {role} LOGIN"))
            .expect("a role can be created");
        role
    }

    /// A role of this test's own that may make and refresh the views of what is mapped and found now.
    pub fn create_operator(&self, purpose: &str) -> String {
        let role = self.create_role(purpose);
        self.connect()
            .batch_execute(&format!("SELECT metabase.grant_operator('{role}')"))
            .expect("a role can be made an operator");
        role
    }

    /// What pg_dump writes of it.
    pub fn dump(&self) -> Vec<u8> {
        let output = self.program("pg_dump").output().expect("pg_dump can be run");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        output.stdout
    }

    /// One of PostgreSQL's own programs, told where the database is.
    pub fn program(&self, name: &str) -> Command {
        program(name, &socket(), &self.name)
    }

    /// The folder of the cluster's socket.
    pub fn socket(&self) -> String {
        socket()
    }

    /// The database's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Databases of failed tests stay for a look at them; the cluster as a whole is dropped after a green run.
        if !std::thread::panicking() {
            let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
            connect_to_shared()
                .batch_execute(&drop)
                .expect("a database can be dropped");
        }
    }
}

/// A cluster that one test has to itself.
pub struct Cluster {
    /// None where it is of the major that the tests are run for.
    major: Option<String>,
    dir: String,
    settings: &'static [&'static str],
    socket: String,
    /// The folder of the server's programs, where it has an installation of its own.
    programs: Option<String>,
}

impl Cluster {
    /// Makes and starts one with these settings. What a failed test has left of it is dropped first.
    pub fn make(name: &str, settings: &'static [&'static str]) -> Cluster {
        let mut cluster = Cluster::to_be(name, None, None, settings);
        cluster.start();
        cluster
    }

    /// The same with a server whose programs are in that folder.
    pub fn make_of(programs: String, name: &str, settings: &'static [&'static str]) -> Cluster {
        let mut cluster = Cluster::to_be(name, None, Some(programs), settings);
        cluster.start();
        cluster
    }

    /// The same of one of the `older_majors()`.
    pub fn make_older(name: &str, major: &str, settings: &'static [&'static str]) -> Cluster {
        let mut cluster = Cluster::to_be(name, Some(major.to_owned()), None, settings);
        cluster.start();
        cluster
    }

    /// What pg_upgrade makes of a cluster of an older major, of whose folder it leaves nothing that could be started. Both servers run
    /// with these settings meanwhile. The new one is not started yet.
    pub fn upgrade(old: &Cluster, name: &str, settings: &'static [&'static str]) -> Cluster {
        old.stop();
        let cluster = Cluster::to_be(name, None, None, settings);
        let old_major = old.major.as_deref().expect("it is an older one");
        cluster.script(&[&["upgrade", &cluster.dir, &old.dir, old_major], settings].concat());
        cluster
    }

    fn to_be(
        name: &str,
        major: Option<String>,
        programs: Option<String>,
        settings: &'static [&'static str],
    ) -> Cluster {
        let cluster = Cluster {
            major,
            dir: format!("{}/{name}", variable("METABASE_VIEWS_TEST_DIR")),
            settings,
            socket: String::new(),
            programs,
        };
        cluster.script(&["drop", &cluster.dir]);
        cluster
    }

    /// A standby that follows this cluster, with the same settings.
    pub fn standby(&self, name: &str) -> Cluster {
        let mut standby = self.copied(name);
        standby.start();
        standby
    }

    /// A cluster of its own from a physical backup of this one, with the same settings.
    pub fn backup(&self, name: &str) -> Cluster {
        let mut copy = self.copied(name);
        std::fs::remove_file(format!("{}/data/standby.signal", copy.dir)).expect("it was to be a standby");
        copy.start();
        copy
    }

    /// A copy of this cluster's files that follows it once it is started.
    fn copied(&self, name: &str) -> Cluster {
        let copy = Cluster::to_be(name, self.major.clone(), self.programs.clone(), self.settings);
        copy.script(&["standby", &copy.dir, &self.dir]);
        copy
    }

    pub fn start(&mut self) {
        self.start_with(&[]);
    }

    /// Starts it with more settings than it was made with, or with options of the server's program.
    pub fn start_with(&mut self, more: &[&str]) {
        let answer = self.script(&[&["start", &self.dir], self.settings, more].concat());
        self.socket = answer.trim().to_owned();
    }

    /// Starts it again as it was started last, while others have it, too.
    pub fn start_again(&self) {
        self.script(&[&["start", &self.dir], self.settings].concat());
    }

    /// Stops the server as an administrator does, which ends all sessions.
    pub fn stop(&self) {
        self.script(&["stop", &self.dir, "fast"]);
    }

    /// The lines of its log that contain a text.
    pub fn logged(&self, text: &str) -> Vec<String> {
        let log = std::fs::read(format!("{}/server.log", self.dir)).expect("there is a log");
        String::from_utf8_lossy(&log)
            .lines()
            .filter(|line| line.contains(text))
            .map(str::to_owned)
            .collect()
    }

    /// Kills the server, which leaves it to recovery to find out what was committed.
    pub fn kill(&self) {
        self.script(&["stop", &self.dir, "immediate"]);
    }

    /// Kills the server and starts it again, with these settings from then on.
    pub fn restart_with(&mut self, settings: &'static [&'static str]) {
        self.kill();
        self.settings = settings;
        self.start();
    }

    /// A new database, and a session in it as superuser.
    pub fn create_database(&self, name: &str) -> Client {
        self.connect("postgres")
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .expect("a database can be created");
        self.connect(name)
    }

    /// A session as superuser.
    pub fn connect(&self, database: &str) -> Client {
        self.connect_as(database, "postgres")
    }

    /// A session as another role.
    pub fn connect_as(&self, database: &str, role: &str) -> Client {
        connect_to(&self.socket, database, role)
    }

    /// A session as superuser, once the server has recovered from a crash.
    pub fn reconnect(&self, database: &str) -> Client {
        let start = Instant::now();
        loop {
            let client = Config::new()
                .host_path(&self.socket)
                .user("postgres")
                .dbname(database)
                .connect(NoTls);
            match client {
                Ok(client) => return client,
                Err(error) => assert!(start.elapsed() < Duration::from_secs(60), "{error:?}"),
            }
            sleep(Duration::from_millis(50));
        }
    }

    /// Changes a setting of the extension while the server runs.
    pub fn configure(&self, name: &str, value: &str) {
        let mut client = self.connect("postgres");
        for statement in [
            &format!("ALTER SYSTEM SET metabase_views.{name} = '{value}'"),
            "SELECT pg_reload_conf()",
        ] {
            client
                .batch_execute(statement)
                .unwrap_or_else(|error| panic!("{statement}: {error:?}"));
        }
    }

    /// What scripts/cluster.sh prints.
    fn script(&self, arguments: &[&str]) -> String {
        let mut script = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/cluster.sh"));
        if let Some(major) = &self.major {
            script.env("PG", major);
        }
        if let Some(programs) = &self.programs {
            script.env("METABASE_VIEWS_PG_BIN", programs);
        }
        let output = script
            .args(arguments)
            .output()
            .expect("scripts/cluster.sh can be run");
        assert!(output.status.success(), "cluster.sh {arguments:?}: {output:?}");
        String::from_utf8(output.stdout).expect("a path in UTF-8")
    }

    /// One of PostgreSQL's own programs, told where a database of it is.
    pub fn program(&self, name: &str, database: &str) -> Command {
        program(name, &self.socket, database)
    }

    /// The user of the system that its server runs as.
    pub fn owner(&self) -> u32 {
        let data = std::fs::metadata(format!("{}/data", self.dir));
        data.expect("a folder of data").uid()
    }

    /// The folder of its socket.
    pub fn socket(&self) -> &str {
        &self.socket
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Clusters of failed tests stay for a look at them.
        if !std::thread::panicking() {
            self.script(&["drop", &self.dir]);
        }
    }
}

/// The majors that are here with the extension and are older than the one that the tests are run for.
pub fn older_majors() -> Vec<String> {
    variable("METABASE_VIEWS_OLDER_MAJORS")
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}

/// Runs a file of SQL statements, named from the project's root.
pub fn run_file(client: &mut Client, path: &str) {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    let statements = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    client
        .batch_execute(&statements)
        .unwrap_or_else(|error| panic!("{path}: {error:?}"));
}

fn program(name: &str, socket: &str, database: &str) -> Command {
    let mut command = Command::new(format!("{}/{name}", variable("PG_BIN")));
    command
        .env("PGHOST", socket)
        .env("PGUSER", "postgres")
        .env("PGDATABASE", database);
    command
}

/// A variable that scripts/test.sh sets.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set; run the tests with: make test"))
}

fn socket() -> String {
    variable("METABASE_VIEWS_TEST_SOCKET")
}

/// The major of the cluster that all tests share.
pub fn server_major() -> i32 {
    value(
        &mut connect_to_shared(),
        "SELECT current_setting('server_version_num')::integer / 10000",
    )
}

/// A session as superuser in database `postgres` of the cluster that all tests share.
pub fn connect_to_shared() -> Client {
    connect_to(&socket(), "postgres", "postgres")
}

fn connect_to(socket: &str, database: &str, role: &str) -> Client {
    Config::new()
        .host_path(socket)
        .user(role)
        .dbname(database)
        .connect(NoTls)
        .unwrap_or_else(|error| panic!("connecting to {database} as {role}: {error:?}"))
}

/// One value of a query that has one row with one column.
pub fn value<T: for<'a> postgres::types::FromSql<'a>>(client: &mut Client, query: &str) -> T {
    client
        .query_one(query, &[])
        .unwrap_or_else(|error| panic!("{query}: {error:?}"))
        .get(0)
}

/// An error as a client sees it.
#[derive(Debug)]
pub struct SqlError {
    pub sqlstate: SqlState,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
}

/// The error of a statement that must fail.
pub fn error_of(client: &mut Client, statement: &str) -> SqlError {
    let error = client.batch_execute(statement).expect_err(statement);
    let error = error
        .as_db_error()
        .unwrap_or_else(|| panic!("{statement}: {error:?}"));
    SqlError {
        sqlstate: error.code().clone(),
        message: error.message().to_owned(),
        detail: error.detail().map(str::to_owned),
        hint: error.hint().map(str::to_owned),
    }
}

/// Creates the seven views, and the one of single sales, and makes sure that there are eight.
pub fn create_all_views(client: &mut Client) {
    let rows = client
        .query("SELECT * FROM metabase.create_all_views()", &[])
        .expect("the sources are usable");
    for row in &rows {
        assert!(
            row.get::<_, bool>("created"),
            "{:?}",
            row.get::<_, Option<String>>("error_message")
        );
    }
    assert_eq!(rows.len(), 8);
}

/// Refreshes all views and makes sure that each completed.
pub fn refresh_all(client: &mut Client) {
    for row in client
        .query("SELECT * FROM metabase.refresh('all')", &[])
        .expect("refresh answers")
    {
        assert_eq!(
            row.get::<_, &str>("status"),
            "completed",
            "{:?}",
            row.get::<_, Option<String>>("error_message")
        );
    }
}
