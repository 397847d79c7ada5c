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
    // The library knows no verification by sslmode; here it is this command's own.
    let (connection, mut verify) = without_verification(connection);
    let mut config: Config = connection.parse().map_err(|_| Error::InvalidConnection)?;
    let says_sslmode = connection.contains("sslmode");

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
    if !says_sslmode && let Some(mode) = variable("PGSSLMODE") {
        config.ssl_mode(match mode.as_str() {
            "disable" => SslMode::Disable,
            "allow" | "prefer" => SslMode::Prefer,
            "require" => SslMode::Require,
            "verify-ca" | "verify-full" => {
                verify = true;
                SslMode::Require
            }
            _ => {
                return Err(Error::InvalidVariable {
                    name: "PGSSLMODE",
                    reason: "it is none of disable, allow, prefer, require, verify-ca and verify-full"
                        .to_owned(),
                });
            }
        });
    }
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

/// The string with an sslmode that the library knows, and whether the certificate is to be verified.
fn without_verification(connection: &str) -> (String, bool) {
    let connection = connection.replace("sslmode=allow", "sslmode=prefer");
    let mut plain = connection.clone();
    for mode in ["sslmode=verify-full", "sslmode=verify-ca"] {
        plain = plain.replace(mode, "sslmode=require");
    }
    let verify = plain != connection;
    (plain, verify)
}

/// Whether a connection string has a password in it. One that cannot be read may have.
pub fn holds_password(connection: &str) -> Result<bool> {
    let config: Config = without_verification(connection)
        .0
        .parse()
        .map_err(|_| Error::InvalidConnection)?;
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
