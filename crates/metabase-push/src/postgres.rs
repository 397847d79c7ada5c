//! The shop's database, as the source of views and dashboards.

use std::path::Path;
use std::time::Duration;

use postgres::config::SslMode;
use postgres::{Client, Config, Transaction};
use serde_json::Value;

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

/// A session in the shop's database. It only reads.
pub struct Shop {
    client: Client,
}

impl Shop {
    /// Connects as a connection string says, or its lack: what it leaves out is taken from libpq's environment variables.
    pub fn connect(connection: &str) -> Result<Shop> {
        let (config, trust) = configure(connection, &|name| std::env::var(name).ok())?;
        let unreachable = |cause| Error::PostgresUnreachable { cause };
        let client = match config.get_ssl_mode() {
            SslMode::Disable => config.connect(postgres::NoTls),
            _ => config.connect(tls::connector(&trust).map_err(unreachable)?),
        };
        Ok(Shop {
            client: client.map_err(|error| unreachable(describe(&error)))?,
        })
    }

    fn read(&mut self) -> Result<Transaction<'_>> {
        self.client
            .build_transaction()
            .read_only(true)
            .start()
            .map_err(query_error)
    }
}

impl Source for Shop {
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
            .read()?
            .query("SELECT name::text FROM metabase.dashboards()", &[])
            .map_err(query_error)?;
        rows.iter()
            .map(|row| row.try_get(0).map_err(query_error))
            .collect()
    }

    fn dashboard_json(&mut self, name: &str, metadata: &Value) -> Result<Value> {
        let query = "SELECT metabase.dashboard_json($1::text, $2::jsonb)::jsonb";
        let row = self
            .read()?
            .query_one(query, &[&name, metadata])
            .map_err(query_error)?;
        row.try_get(0).map_err(query_error)
    }
}

/// What a connection string and the environment say together.
fn configure(connection: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<(Config, Trust)> {
    let (connection, sslmode) = take_sslmode(connection)?;
    let mut config: Config = connection.parse().map_err(|_| Error::InvalidConnection)?;

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

/// The library's mode for one of libpq's, and whether the certificate is to be verified: that is not the library's but this
/// command's own.
fn ssl_mode(mode: &str) -> Option<(SslMode, bool)> {
    match mode {
        "disable" => Some((SslMode::Disable, false)),
        "allow" | "prefer" => Some((SslMode::Prefer, false)),
        "require" => Some((SslMode::Require, false)),
        "verify-ca" | "verify-full" => Some((SslMode::Require, true)),
        _ => None,
    }
}

/// A connection string without its sslmode, of which the library does not know every one, and that sslmode.
fn take_sslmode(connection: &str) -> Result<(String, Option<String>)> {
    let is_url = ["postgres://", "postgresql://"]
        .iter()
        .any(|scheme| connection.starts_with(scheme));
    match is_url {
        true => Ok(take_sslmode_of_url(connection)),
        false => take_sslmode_of_pairs(connection).ok_or(Error::InvalidConnection),
    }
}

/// The URL is not read as a whole, because those of PostgreSQL are no ordinary ones: they may have several hosts, or none.
fn take_sslmode_of_url(url: &str) -> (String, Option<String>) {
    // As the library has it, all before the first @ is user and password. A ? in there begins nothing.
    let host = url.find('@').unwrap_or(0);
    let Some(question_mark) = url[host..].find('?') else {
        return (url.to_owned(), None);
    };
    let (address, parameters) = url.split_at(host + question_mark + 1);
    let mut sslmode = None;
    let mut others = Vec::new();
    for parameter in parameters.split('&') {
        match url::form_urlencoded::parse(parameter.as_bytes()).next() {
            Some((key, value)) if key == "sslmode" => sslmode = Some(value.into_owned()),
            _ => others.push(parameter),
        }
    }
    (format!("{address}{}", others.join("&")), sslmode)
}

/// As libpq reads `key=value`: spaces may be around the sign, and of several values the last one counts.
fn take_sslmode_of_pairs(pairs: &str) -> Option<(String, Option<String>)> {
    let mut sslmode = None;
    let mut others = String::new();
    let mut rest = pairs.trim_start();
    while !rest.is_empty() {
        let (key, text) = rest.split_once('=')?;
        let (value, after) = read_value(text.trim_start())?;
        match key.trim_end() {
            "sslmode" => sslmode = Some(value),
            _ => {
                others.push_str(&rest[..rest.len() - after.len()]);
                others.push(' ');
            }
        }
        rest = after.trim_start();
    }
    Some((others, sslmode))
}

/// The value that a text begins with, in quotes or up to a space, and what comes after it. A backslash takes its meaning from
/// the character that follows.
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
            space if space.is_whitespace() && !is_quoted => return Some((value, &text[at..])),
            other => value.push(other),
        }
    }
    (!is_quoted).then_some((value, ""))
}

/// Whether a connection string has a password in it. One that cannot be read may have.
pub fn holds_password(connection: &str) -> Result<bool> {
    let (connection, _) = take_sslmode(connection)?;
    let config: Config = connection.parse().map_err(|_| Error::InvalidConnection)?;
    Ok(config.get_password().is_some())
}

/// Where libpq looks for a server by itself: Debian's folder of sockets, or PostgreSQL's own.
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

fn query_error(error: postgres::Error) -> Error {
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

/// An error with its causes, which the library's own text leaves out.
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
                "application_name=ä\u{a0}sslmode=require",
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
            let expected = (rest.to_owned(), sslmode.map(str::to_owned));
            assert_eq!(take_sslmode(connection).unwrap(), expected, "{connection}");
            rest.parse::<Config>()
                .unwrap_or_else(|error| panic!("{rest}: {error}"));
        }
        for connection in ["sslmode", "sslmode='require", "host=db sslmode"] {
            assert!(take_sslmode(connection).is_err(), "{connection}");
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
}
