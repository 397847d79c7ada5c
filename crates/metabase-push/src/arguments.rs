//! The command's arguments and environment.

use std::time::Duration;

use clap::{Parser, ValueEnum};
use metabase_push::Options;
use metabase_push::address::PlainHttp;

const HELP: &str = "\
The API key is read from METABASE_API_KEY, and from nowhere else. PostgreSQL's password is read from PGPASSWORD or \
DATABASE_URL. What the connection string leaves out is taken from PGHOST, PGPORT, PGUSER, PGDATABASE, PGOPTIONS and \
PGSSLMODE; for sslmode=verify-full, PGSSLROOTCERT names the file of a certificate authority.

Metabase is reached through the proxy that HTTPS_PROXY or ALL_PROXY names, unless NO_PROXY lists its host. The key travels \
encrypted, so that no proxy can read it, or not at all: an address that begins with http:// is refused, other than that of \
this machine, unless --allow-http is given.

What people did in Metabase stays: names, descriptions, headings and defaults of filters that they changed, settings that \
they added, and what they added to a dashboard or moved on it. What a new version of the extension or a new setting of the \
shop changes is updated: a card's SQL, display and settings, a field's type and format, the notes at the end of a dashboard, \
which filter reaches which card. A card of ours that was taken off a dashboard is put back. New names, descriptions and \
headings of a later version need --replace. With it, all is as the extension has it, and nothing else is on the dashboards.

Running it again is always safe: what is there is not made twice, and what a stopped run has left is finished. Of two at the same \
time from one database, the second one is refused.

Exit codes:
  0  done, or nothing to do
  1  any other error
  2  wrong arguments or environment
  3  Metabase or PostgreSQL could not be reached, or failed, or another run is under way: run it again later
  4  the API key is unknown, or may not do what is needed
  5  views are missing, in the shop's database or in Metabase";

/// Fills Metabase with the dashboards of metabase_views
#[derive(Parser)]
#[command(version, after_help = HELP)]
pub struct Arguments {
    /// The address of Metabase, such as https://metabase.example.com
    #[arg(long, env = "METABASE_URL", hide_env_values = true)]
    pub url: String,

    /// How to connect to the shop's database, as a URL or in libpq's form; by default DATABASE_URL or libpq's variables
    #[arg(long, value_name = "CONNSTRING")]
    pub connect: Option<String>,

    /// Let the API key travel unencrypted to an address that begins with http://, directly or also through a proxy
    #[arg(long, value_name = "WAY", num_args = 0..=1, require_equals = true, default_missing_value = "direct")]
    pub allow_http: Option<Way>,

    /// The name that the shop's database has in Metabase
    #[arg(long, value_name = "NAME")]
    pub database: String,

    /// Its id in Metabase, where several databases have that name
    #[arg(long, value_name = "N")]
    pub database_id: Option<u64>,

    /// The collection at the top level that holds everything; by default "<database> analytics"
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub collection: Option<String>,

    /// A dashboard to push, such as executive; may be repeated; by default all
    #[arg(long = "dashboard", value_name = "NAME")]
    pub dashboards: Vec<String>,

    /// Show what would be done, and do not do it
    #[arg(long)]
    pub dry_run: bool,

    /// Replace what people have changed and remove what they have added on these dashboards
    #[arg(long)]
    pub replace: bool,

    /// How long Metabase may take to find the views
    #[arg(long, value_name = "SECONDS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(..=86_400))]
    pub wait: u64,

    /// How long Metabase may take to answer a request
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub timeout: u64,

    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
}

/// On which way the API key may travel unencrypted.
#[derive(Clone, Copy, ValueEnum)]
pub enum Way {
    /// With no proxy on it
    Direct,
    /// Also through the proxy that the environment names
    Proxy,
}

impl Arguments {
    /// Where the API key may go unencrypted.
    pub fn plain_http(&self) -> PlainHttp {
        match self.allow_http {
            None => PlainHttp::Refused,
            Some(Way::Direct) => PlainHttp::Direct,
            Some(Way::Proxy) => PlainHttp::ByProxy,
        }
    }

    /// What is pushed, where to and how.
    pub fn options(&self) -> Options {
        Options {
            database: self.database.clone(),
            database_id: self.database_id,
            collection: self.collection.clone(),
            dashboards: self.dashboards.clone(),
            replace: self.replace,
            wait: Duration::from_secs(self.wait),
        }
    }
}
