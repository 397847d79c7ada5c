//! The shop's database, as the source of views and dashboards.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use postgres::config::SslMode;
use postgres::{Client, Config, Transaction};
use serde_json::Value;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Error, Result};
use crate::source::{SCHEMA, Source, VIEWS, View};
use crate::tls::{self, Trust};

/// How long to wait for a connection, where nothing else is said.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

const VIEWS_QUERY: &str = "
    SELECT c.relname::text,
           pg_catalog.array_agg(a.attname::text ORDER BY a.attnum)
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid
    WHERE n.nspname = $1
      AND c.relname = ANY ($2::text[])
      AND c.relkind = 'm'
      AND a.attnum > 0
      AND NOT a.attisdropped
    GROUP BY c.relname
    ORDER BY c.relname";

/// Which of the functions `$1` is not the extension's. What else bears such a name would be called with the privileges of whoever
/// connects, and have a say in what is done with the key. Nobody but a superuser can make what this finds.
const FOREIGN_FUNCTION_QUERY: &str = "
    SELECT wanted.function
    FROM pg_catalog.unnest($1::pg_catalog.text[]) AS wanted (function)
    WHERE NOT EXISTS (
        SELECT
        FROM pg_catalog.pg_proc AS function
        JOIN pg_catalog.pg_roles AS owner ON owner.oid = function.proowner AND owner.rolsuper
        JOIN pg_catalog.pg_depend AS member
            ON member.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
            AND member.objid = function.oid
            AND member.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
            AND member.deptype = 'e'
        JOIN pg_catalog.pg_extension AS extension
            ON extension.oid = member.refobjid
            AND extension.extname = 'metabase_views'
        JOIN pg_catalog.pg_roles AS creator ON creator.oid = extension.extowner AND creator.rolsuper
        WHERE function.oid = pg_catalog.to_regprocedure(wanted.function)
    )
    LIMIT 1";

/// The functions that are called.
const FUNCTIONS: [&str; 2] = ["metabase.dashboards()", "metabase.dashboard_json(text, jsonb)"];

/// A session in the shop's database. It only reads.
pub struct ShopDatabase {
    client: Client,
}

impl ShopDatabase {
    /// Connects as a connection string says. What the string leaves out is taken from libpq's environment variables.
    pub fn connect(connection: &str) -> Result<ShopDatabase> {
        Ok(ShopDatabase {
            client: session(connection)?,
        })
    }

    fn read(&mut self) -> Result<Transaction<'_>> {
        self.client
            .build_transaction()
            .read_only(true)
            .start()
            .map_err(query_error)
    }

    /// The same, for a call of the extension's functions.
    fn call(&mut self) -> Result<Transaction<'_>> {
        let mut transaction = self.read()?;
        let foreign = transaction
            .query_opt(FOREIGN_FUNCTION_QUERY, &[&FUNCTIONS.as_slice()])
            .map_err(query_error)?;
        match foreign {
            None => Ok(transaction),
            Some(row) => Err(Error::NoExtension {
                function: row.try_get(0).map_err(query_error)?,
            }),
        }
    }
}

impl Source for ShopDatabase {
    fn views(&mut self) -> Result<Vec<View>> {
        let names: Vec<&str> = VIEWS.to_vec();
        let rows = self
            .read()?
            .query(VIEWS_QUERY, &[&SCHEMA, &names])
            .map_err(query_error)?;
        rows.iter()
            .map(|row| {
                Ok(View {
                    name: row.try_get(0).map_err(query_error)?,
                    columns: row.try_get(1).map_err(query_error)?,
                })
            })
            .collect()
    }

    fn dashboards(&mut self) -> Result<Vec<String>> {
        let rows = self
            .call()?
            .query("SELECT name::text FROM metabase.dashboards()", &[])
            .map_err(query_error)?;
        rows.iter()
            .map(|row| row.try_get(0).map_err(query_error))
            .collect()
    }

    fn dashboard_json(&mut self, name: &str, metadata: &Value) -> Result<Value> {
        let query = "SELECT metabase.dashboard_json($1::text, $2::jsonb)::jsonb";
        let row = self
            .call()?
            .query_one(query, &[&name, metadata])
            .map_err(query_error)?;
        row.try_get(0).map_err(query_error)
    }
}

/// Starts a session as a connection string and libpq's environment variables say.
pub(crate) fn session(connection: &str) -> Result<Client> {
    let (config, trust) = configure(connection, &|name| std::env::var(name).ok())?;
    let unreachable = |cause| Error::PostgresUnreachable { cause };
    let client = match config.get_ssl_mode() {
        SslMode::Disable => config.connect(postgres::NoTls),
        _ => config.connect(MakeRustlsConnect::new(tls::config(&trust).map_err(unreachable)?)),
    };
    let mut client = client.map_err(|error| unreachable(describe(&error)))?;
    // The database's owner configures its sessions, and must not decide what `text` or `=` means in this one.
    client
        .batch_execute("SET search_path = pg_catalog, pg_temp")
        .map_err(query_error)?;
    Ok(client)
}

/// Returns what a connection string and the environment say together.
fn configure(connection: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<(Config, Trust)> {
    let mut pairs = ConnectionPairs::read(connection)?;
    // The library does not know every mode of libpq's.
    let sslmode = pairs.0.remove("sslmode");
    if pairs.0.get("host").is_some_and(String::is_empty) {
        pairs.0.remove("host");
    }
    let mut config = pairs.config()?;

    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        match variable("PGHOST").filter(|host| !host.is_empty()) {
            Some(hosts) => hosts.split(',').for_each(|host| {
                config.host(host);
            }),
            None => {
                config.host(default_host());
            }
        }
    }
    if config.get_ports().is_empty()
        && let Some(ports) = variable("PGPORT")
    {
        for port in ports.split(',') {
            config.port(port.parse().map_err(|_| Error::InvalidVariable {
                name: "PGPORT",
                reason: "it is not a port".to_owned(),
            })?);
        }
    }
    if let (None, Some(user)) = (config.get_user(), variable("PGUSER")) {
        config.user(&user);
    }
    if let (None, Some(database)) = (config.get_dbname(), variable("PGDATABASE")) {
        config.dbname(&database);
    }
    if let (None, Some(password)) = (config.get_password(), variable("PGPASSWORD")) {
        config.password(password);
    }
    if let (None, Some(options)) = (config.get_options(), variable("PGOPTIONS")) {
        config.options(&options);
    }
    let (mode, unknown) = match sslmode {
        Some(mode) => (Some(mode), Error::InvalidConnection),
        None => (
            variable("PGSSLMODE"),
            Error::InvalidVariable {
                name: "PGSSLMODE",
                reason: "it is none of disable, allow, prefer, require, verify-ca and verify-full".to_owned(),
            },
        ),
    };
    let (mode, verify) = match mode {
        Some(mode) => ssl_mode(&mode).ok_or(unknown)?,
        None => (SslMode::Prefer, false),
    };
    config.ssl_mode(mode);
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_application_name().is_none() {
        config.application_name("metabase-push");
    }
    let authority = variable("PGSSLROOTCERT").filter(|file| !file.is_empty() && file != "system");
    let trust = match (verify, authority) {
        (false, _) => Trust::Anybody,
        (true, Some(file)) => Trust::Authority(file),
        (true, None) => Trust::Machine,
    };
    Ok((config, trust))
}

/// Returns the library's mode for one of libpq's, and whether the certificate is to be verified. The library leaves that to
/// this command.
fn ssl_mode(mode: &str) -> Option<(SslMode, bool)> {
    match mode {
        "disable" => Some((SslMode::Disable, false)),
        "allow" | "prefer" => Some((SslMode::Prefer, false)),
        "require" => Some((SslMode::Require, false)),
        "verify-ca" | "verify-full" => Some((SslMode::Require, true)),
        _ => None,
    }
}

/// What a connection string says, as libpq reads it: of several values for a key, the last one counts.
///
/// The library reads some strings otherwise, such as those with an @ after a slash, or with two hosts.
struct ConnectionPairs(BTreeMap<String, String>);

impl ConnectionPairs {
    fn read(connection: &str) -> Result<ConnectionPairs> {
        let uri = ["postgres://", "postgresql://"]
            .iter()
            .find_map(|scheme| connection.strip_prefix(scheme));
        let pairs = match uri {
            Some(uri) => pairs_of_uri(uri),
            None => pairs_of_words(connection),
        };
        pairs.map(ConnectionPairs).ok_or(Error::InvalidConnection)
    }

    /// Returns it in the library's form. A key that the library does not know is an error, which says nothing of the string.
    fn config(&self) -> Result<Config> {
        let quoted: Vec<String> = self
            .0
            .iter()
            .map(|(key, value)| format!("{key}='{}'", value.replace('\\', r"\\").replace('\'', r"\'")))
            .collect();
        quoted.join(" ").parse().map_err(|_| Error::InvalidConnection)
    }
}

/// Returns the pairs of `key=value` that are separated by spaces. Spaces may also be around the sign.
fn pairs_of_words(text: &str) -> Option<BTreeMap<String, String>> {
    let mut pairs = BTreeMap::new();
    let mut rest = text.trim_start_matches(is_space);
    while !rest.is_empty() {
        let (key, text) = rest.split_once('=')?;
        let (value, after) = read_value(text.trim_start_matches(is_space))?;
        pairs.insert(key_of(key.trim_end_matches(is_space))?, value);
        rest = after.trim_start_matches(is_space);
    }
    Some(pairs)
}

/// Returns the value that a text begins with, in quotes or up to a space, and what comes after it. A backslash takes its
/// meaning from the character that follows.
fn read_value(text: &str) -> Option<(String, &str)> {
    let (is_quoted, text) = match text.strip_prefix('\'') {
        Some(text) => (true, text),
        None => (false, text),
    };
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            '\'' if is_quoted => return Some((value, &text[at + 1..])),
            space if is_space(space) && !is_quoted => return Some((value, &text[at..])),
            other => value.push(other),
        }
    }
    (!is_quoted).then_some((value, ""))
}

/// Space as C has it: no other character separates words.
fn is_space(character: char) -> bool {
    matches!(character, ' ' | '\t'..='\r')
}

/// Returns the text as a key, or nothing where it cannot be one.
fn key_of(text: &str) -> Option<String> {
    let is_key = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_key.then(|| text.to_owned())
}

/// Returns the pairs in what follows `postgresql://`. This is no ordinary URI: it may have several hosts, or none.
fn pairs_of_uri(uri: &str) -> Option<BTreeMap<String, String>> {
    let mut pairs = BTreeMap::new();
    let mut insert = |key: String, value: &str| {
        let value = decode(value)?;
        // JDBC's words for `sslmode=require`.
        let (key, value) = match (key.as_str(), value.as_str()) {
            ("ssl", "true") => ("sslmode".to_owned(), "require".to_owned()),
            _ => (key, value),
        };
        pairs.insert(key, value);
        Some(())
    };
    let mut set = |key: &str, value: &str| match value {
        "" => Some(()),
        value => insert(key.to_owned(), value),
    };
    // User and password end at an @ that comes before any slash.
    let credentials = uri.find(['@', '/']).filter(|at| uri[*at..].starts_with('@'));
    let rest = match credentials {
        Some(at) => {
            let (user, password) = uri[..at].split_once(':').unwrap_or((&uri[..at], ""));
            set("user", user)?;
            set("password", password)?;
            &uri[at + 1..]
        }
        None => uri,
    };
    let (address, parameters) = rest.split_once('?').unwrap_or((rest, ""));
    let (hosts, database) = address.split_once('/').unwrap_or((address, ""));
    let places: Vec<(&str, &str)> = hosts.split(',').map(host_and_port).collect::<Option<_>>()?;
    let all = |part: fn(&(&str, &str)) -> String| places.iter().map(part).collect::<Vec<_>>().join(",");
    set("host", &all(|(host, _)| (*host).to_owned()))?;
    if places.iter().any(|(_, port)| !port.is_empty()) {
        set("port", &all(|(_, port)| (*port).to_owned()))?;
    }
    set("dbname", database)?;
    if !parameters.is_empty() {
        for parameter in parameters.split('&') {
            let (key, value) = parameter.split_once('=')?;
            if value.contains('=') {
                return None;
            }
            insert(key_of(&decode(key)?)?, value)?;
        }
    }
    Some(pairs)
}

/// Returns the two parts of `host:port` or `[address]:port`.
fn host_and_port(place: &str) -> Option<(&str, &str)> {
    match place.strip_prefix('[') {
        Some(address) => {
            let (host, rest) = address.split_once(']')?;
            let port = if rest.is_empty() {
                ""
            } else {
                rest.strip_prefix(':')?
            };
            (!host.is_empty()).then_some((host, port))
        }
        None => Some(place.split_once(':').unwrap_or((place, ""))),
    }
}

/// Returns a text with each `%` and its two digits replaced by the byte that they stand for. All else stays, also a `+`.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                u8::try_from(digit()? * 16 + digit()?)
                    .ok()
                    .filter(|byte| *byte != 0)?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Whether a connection string holds a password. A string that cannot be read is an error, since it may hold one.
pub fn holds_password(connection: &str) -> Result<bool> {
    Ok(ConnectionPairs::read(connection)?.0.contains_key("password"))
}

/// Returns where libpq looks for a server by itself: in Debian's folder of sockets, or in PostgreSQL's own.
fn default_host() -> &'static str {
    ["/var/run/postgresql", "/tmp"]
        .into_iter()
        .find(|folder| {
            Path::new(folder)
                .read_dir()
                .is_ok_and(|mut files| files.any(|file| is_socket_name(file.ok())))
        })
        .unwrap_or("localhost")
}

fn is_socket_name(file: Option<std::fs::DirEntry>) -> bool {
    file.is_some_and(|file| file.file_name().to_string_lossy().starts_with(".s.PGSQL."))
}

pub(crate) fn query_error(error: postgres::Error) -> Error {
    match error.as_db_error() {
        Some(error) => Error::Postgres {
            sqlstate: error.code().code().to_owned(),
            message: error.message().to_owned(),
            detail: error.detail().map(str::to_owned),
            hint: error.hint().map(str::to_owned),
        },
        None => Error::PostgresUnreachable {
            cause: describe(&error),
        },
    }
}

/// Returns the text of an error with its causes, which the library's own text leaves out.
fn describe(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let words = error.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use postgres::config::Host;
    use proptest::prelude::*;

    use super::*;

    fn configured(connection: &str, variables: &[(&str, &str)]) -> Result<(Config, Trust)> {
        configure(connection, &|name| {
            let (_, value) = variables.iter().find(|(known, _)| *known == name)?;
            Some((*value).to_owned())
        })
    }

    #[test]
    fn the_environment_says_what_the_string_leaves_out() {
        let variables = [
            ("PGHOST", "db.example.com"),
            ("PGPORT", "5433"),
            ("PGUSER", "me"),
            ("PGPASSWORD", "secret"),
            ("PGDATABASE", "other"),
            ("PGSSLMODE", "verify-full"),
        ];
        let (config, trust) = configured("dbname=shop", &variables).unwrap();
        assert_eq!(config.get_hosts(), [Host::Tcp("db.example.com".to_owned())]);
        assert_eq!(config.get_ports(), [5433]);
        assert_eq!(config.get_user(), Some("me"));
        assert_eq!(config.get_dbname(), Some("shop"));
        assert_eq!(config.get_password(), Some("secret".as_bytes()));
        assert_eq!(config.get_ssl_mode(), SslMode::Require);
        assert!(matches!(trust, Trust::Machine));
    }

    #[test]
    fn certificates_are_verified_where_the_string_says_so() {
        let url = "postgresql://me@db/shop?sslmode=verify-full";
        let (config, trust) =
            configured(url, &[("PGSSLROOTCERT", "/ca.pem"), ("PGSSLMODE", "disable")]).unwrap();
        assert_eq!(config.get_ssl_mode(), SslMode::Require);
        assert!(matches!(trust, Trust::Authority(file) if file == "/ca.pem"));
        let (_, trust) = configured("host=db sslmode=require", &[]).unwrap();
        assert!(matches!(trust, Trust::Anybody));
    }

    #[test]
    fn an_sslmode_is_found_in_every_form_of_a_string() {
        for (connection, rest, sslmode) in [
            (
                "host=db sslmode=verify-full user=me",
                "host=db user=me ",
                Some("verify-full"),
            ),
            (
                "sslmode = verify-full host = db",
                "host = db ",
                Some("verify-full"),
            ),
            ("host=db\tsslmode= 'verify-full'", "host=db ", Some("verify-full")),
            (r"sslmode='verify\-full' host=db", "host=db ", Some("verify-full")),
            (r"sslmode=verify\-full", "", Some("verify-full")),
            ("sslmode='' host=db", "host=db ", Some("")),
            ("sslmode=disable sslmode=require", "", Some("require")),
            ("dbname=sslmode", "dbname=sslmode ", None),
            (
                "password='a sslmode=disable'",
                "password='a sslmode=disable' ",
                None,
            ),
            (
                r"password=a\ sslmode=disable",
                r"password=a\ sslmode=disable ",
                None,
            ),
            (
                r"password='it\'s' sslmode=require",
                r"password='it\'s' ",
                Some("require"),
            ),
            (
                "application_name=ä\u{b}sslmode=require",
                "application_name=ä ",
                Some("require"),
            ),
            (
                "postgresql://db/shop?sslmode=verify-full",
                "postgresql://db/shop?",
                Some("verify-full"),
            ),
            (
                "postgres://db/shop?user=a+b&sslmode=require&port=1",
                "postgres://db/shop?user=a+b&port=1",
                Some("require"),
            ),
            (
                "postgresql://db/shop?%73slmode=verify%2Dfull",
                "postgresql://db/shop?",
                Some("verify-full"),
            ),
            (
                "postgresql://a:1,b:2/shop?sslmode=allow",
                "postgresql://a:1,b:2/shop?",
                Some("allow"),
            ),
            (
                "postgresql:///shop?sslmode=disable",
                "postgresql:///shop?",
                Some("disable"),
            ),
            (
                "postgresql://me@/shop?sslmode=disable",
                "postgresql://me@/shop?",
                Some("disable"),
            ),
            (
                "postgresql://me:a?sslmode=disable@db/shop",
                "postgresql://me:a?sslmode=disable@db/shop",
                None,
            ),
            (
                "postgresql://sslmode@db/sslmode?user=sslmode",
                "postgresql://sslmode@db/sslmode?user=sslmode",
                None,
            ),
        ] {
            let mut pairs = ConnectionPairs::read(connection).unwrap();
            assert_eq!(pairs.0.remove("sslmode").as_deref(), sslmode, "{connection}");
            assert_eq!(pairs.0, ConnectionPairs::read(rest).unwrap().0, "{connection}");
            pairs
                .config()
                .unwrap_or_else(|error| panic!("{connection}: {error}"));
        }
        for connection in ["sslmode", "sslmode='require", "host=db sslmode"] {
            assert!(ConnectionPairs::read(connection).is_err(), "{connection}");
        }
    }

    #[test]
    fn the_word_sslmode_elsewhere_does_not_hide_that_of_the_environment() {
        for connection in [
            "host=db user=sslmode",
            "password='sslmode=disable'",
            "postgresql://me:sslmode=disable@db/sslmode",
        ] {
            let (config, trust) = configured(connection, &[("PGSSLMODE", "verify-full")]).unwrap();
            assert_eq!(config.get_ssl_mode(), SslMode::Require, "{connection}");
            assert!(matches!(trust, Trust::Machine), "{connection}");
        }
    }

    #[test]
    fn all_modes_of_libpq_are_known_in_both_places() {
        for (word, mode, is_verified) in [
            ("disable", SslMode::Disable, false),
            ("allow", SslMode::Prefer, false),
            ("prefer", SslMode::Prefer, false),
            ("require", SslMode::Require, false),
            ("verify-ca", SslMode::Require, true),
            ("verify-full", SslMode::Require, true),
        ] {
            let string = configured(&format!("sslmode = '{word}'"), &[("PGSSLMODE", "nonsense")]);
            let environment = configured("", &[("PGSSLMODE", word)]);
            for (config, trust) in [string.unwrap(), environment.unwrap()] {
                assert_eq!(config.get_ssl_mode(), mode, "{word}");
                assert_eq!(matches!(trust, Trust::Machine), is_verified, "{word}");
            }
        }
        let (config, trust) = configured("", &[]).unwrap();
        assert_eq!(config.get_ssl_mode(), SslMode::Prefer);
        assert!(matches!(trust, Trust::Anybody));
        assert!(configured("sslmode=nonsense", &[]).is_err());
    }

    #[test]
    fn nothing_of_a_string_that_cannot_be_read_is_shown() {
        for connection in ["postgresql://me@db/shop?hunter2=x", "password=a hunter2", "host"] {
            let Err(error) = configured(connection, &[]) else {
                panic!("{connection} can be read");
            };
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
        assert!(configured("", &[("PGPORT", "x")]).is_err());
        assert!(configured("", &[("PGSSLMODE", "x")]).is_err());
    }

    #[test]
    fn a_password_in_a_string_is_noticed() {
        assert!(holds_password("postgresql://me:hunter2@db/shop").unwrap());
        assert!(holds_password("password=hunter2").unwrap());
        assert!(!holds_password("postgresql://me@db/shop?sslmode=verify-full").unwrap());
    }

    #[test]
    fn a_string_says_what_it_says_to_libpq() {
        for (connection, expected) in [
            ("host=a host=b", &[("host", "b")][..]),
            ("user=a\u{3000}b", &[("user", "a\u{3000}b")]),
            ("user= 'a'dbname=b", &[("user", "a"), ("dbname", "b")]),
            ("user=", &[("user", "")]),
            (
                "postgresql://db/shop?user=me@corp",
                &[("host", "db"), ("dbname", "shop"), ("user", "me@corp")],
            ),
            (
                "postgresql://a:1/shop?host=b&port=2",
                &[("host", "b"), ("port", "2"), ("dbname", "shop")],
            ),
            ("postgresql://a:1,b/", &[("host", "a,b"), ("port", "1,")]),
            (
                "postgresql://[::1]:1,[fe80::1]",
                &[("host", "::1,fe80::1"), ("port", "1,")],
            ),
            (
                "postgresql://%2Ftmp/shop?ssl=true",
                &[("host", "/tmp"), ("dbname", "shop"), ("sslmode", "require")],
            ),
            (
                "postgresql://me:p%40ss+%2f@db",
                &[("user", "me"), ("password", "p@ss+/"), ("host", "db")],
            ),
            ("postgresql://:@db", &[("host", "db")]),
            ("postgresql://", &[]),
        ] {
            let expected: BTreeMap<String, String> = expected
                .iter()
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect();
            assert_eq!(
                ConnectionPairs::read(connection).unwrap().0,
                expected,
                "{connection}"
            );
        }
        for connection in [
            "host=a =b",
            "host name=a",
            "='a'",
            "postgresql://me:a/b@db",
            "postgresql://db/?user=a=b",
            "postgresql://db/?user",
            "postgresql://db/%zz",
            "postgresql://db/%0",
            "postgresql://db/%00",
            "postgresql://[::1",
            "postgresql://[::1]x",
            "postgresql://[]",
        ] {
            assert!(configured(connection, &[]).is_err(), "{connection}");
        }
    }

    const KEYS: [&str; 5] = ["user", "password", "dbname", "application_name", "options"];

    /// A value in words, in quotes or not: each form in which libpq takes it.
    fn word(value: &str, is_quoted: bool, space: &str) -> String {
        if is_quoted || value.is_empty() {
            let escaped = value.replace('\\', r"\\").replace('\'', r"\'");
            return format!("{space}'{escaped}'");
        }
        let escaped: String = value.chars().map(|c| format!("\\{c}")).collect();
        format!("{space}{escaped}")
    }

    fn encoded(value: &str) -> String {
        value.bytes().map(|byte| format!("%{byte:02x}")).collect()
    }

    proptest! {
        #[test]
        fn no_string_panics_or_is_shown(
            begin in prop_oneof!["\\PC{0,20}", "[a-z'\\\\ =]{0,20}", "postgres(ql)?://[a-z:@/?&=%,\\[\\]0-9]{0,30}"],
            end in "[a-z'\\\\ =:@/?&%]{0,10}",
        ) {
            let connection = format!("{begin}hunter2{end}");
            let _ = holds_password(&connection);
            if let Err(error) = configured(&connection, &[]) {
                let shown = format!("{error} {error:?} {:?}", error.hint());
                prop_assert!(!shown.contains("hunter2"), "{}", shown);
            }
        }

        #[test]
        fn words_mean_what_was_put_in(
            values in prop::collection::vec(
                (0..KEYS.len(), "[^\0]{0,12}", any::<bool>(), "[ \t\n]{0,2}", "[ \t\n]{1,2}"), 0..6),
        ) {
            let mut expected = BTreeMap::new();
            let mut connection = String::new();
            for (key, value, is_quoted, space, separator) in &values {
                expected.insert(KEYS[*key], value.as_str());
                connection += &format!("{}{space}={}{separator}", KEYS[*key], word(value, *is_quoted, space));
            }
            let (config, _) = configured(&connection, &[]).unwrap();
            let found = [
                config.get_user(),
                config.get_password().map(|it| std::str::from_utf8(it).unwrap()),
                config.get_dbname(),
                config.get_application_name(),
                config.get_options(),
            ];
            for (key, found) in KEYS.iter().zip(found) {
                let by_default = (*key == "application_name").then_some("metabase-push");
                prop_assert_eq!(found, expected.get(key).copied().or(by_default), "{}", connection);
            }
            prop_assert_eq!(holds_password(&connection).unwrap(), expected.contains_key("password"));
        }

        #[test]
        fn a_uri_means_what_was_put_in(
            user in "[^\0]{1,8}",
            password in "[^\0]{1,8}",
            hosts in prop::collection::vec(("[a-z.]{1,8}", prop::option::of(1_u16..)), 1..4),
            database in "[^\0]{1,8}",
            application in "[^\0]{1,8}",
            is_first in any::<bool>(),
        ) {
            let places: Vec<String> = hosts
                .iter()
                .map(|(host, port)| port.map_or(host.clone(), |port| format!("{host}:{port}")))
                .collect();
            let (credentials, parameters) = match is_first {
                true => (format!("{}:{}@", encoded(&user), encoded(&password)), String::new()),
                false => (String::new(), format!("&user={}&password={}", encoded(&user), encoded(&password))),
            };
            let connection = format!(
                "postgresql://{credentials}{}/{}?application_name={}{parameters}",
                places.join(","),
                encoded(&database),
                encoded(&application),
            );
            let (config, _) = configured(&connection, &[]).unwrap();
            prop_assert_eq!(config.get_user(), Some(user.as_str()));
            prop_assert_eq!(config.get_password(), Some(password.as_bytes()));
            prop_assert_eq!(config.get_dbname(), Some(database.as_str()));
            prop_assert_eq!(config.get_application_name(), Some(application.as_str()));
            let expected: Vec<Host> = hosts.iter().map(|(host, _)| Host::Tcp(host.clone())).collect();
            prop_assert_eq!(config.get_hosts(), expected);
            if hosts.iter().any(|(_, port)| port.is_some()) {
                let ports: Vec<u16> = hosts.iter().map(|(_, port)| port.unwrap_or(5432)).collect();
                prop_assert_eq!(config.get_ports(), ports);
            }
            prop_assert!(holds_password(&connection).unwrap());
        }
    }
}
