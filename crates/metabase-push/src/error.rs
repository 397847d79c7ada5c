//! Every error that a user can meet: what it says, what to do about it, and how the command exits.

use thiserror::Error as ThisError;

/// The result of whatever can fail here.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong. The text says what was looked for; [`Error::hint`] says what to do.
#[derive(Debug, ThisError)]
pub enum Error {
    // What was asked for
    /// The environment has no key.
    #[error("METABASE_API_KEY is not set")]
    NoApiKey,
    /// The environment has something that cannot be a key.
    #[error("METABASE_API_KEY holds characters that no API key has")]
    InvalidApiKey,
    /// The address is of no use.
    #[error("the address of Metabase cannot be used: {reason}")]
    InvalidUrl {
        /// What is wrong with it.
        reason: String,
    },
    /// Everybody on the way could read the key.
    #[error("the address of Metabase begins with http://, so the API key would travel unencrypted")]
    PlainHttp,
    /// The same, and a proxy is on the way.
    #[error(
        "the address of Metabase begins with http://, so the API key would travel unencrypted, through the proxy {proxy}"
    )]
    PlainHttpByProxy {
        /// The proxy and the variable that names it.
        proxy: String,
    },
    /// The connection string is not one. What is wrong with it is not said, for it may be a part of a password.
    #[error("the connection string of PostgreSQL cannot be read")]
    InvalidConnection,
    /// One of libpq's environment variables has a value that it cannot have.
    #[error("the environment variable {name} cannot be used: {reason}")]
    InvalidVariable {
        /// The variable.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// Every user of the machine can read a command's arguments.
    #[error("--connect holds a password")]
    PasswordInArguments,

    // The shop's database
    /// There is no connection.
    #[error("PostgreSQL cannot be reached: {cause}")]
    PostgresUnreachable {
        /// Why not.
        cause: String,
    },
    /// PostgreSQL answered with an error.
    #[error("PostgreSQL: {message} (SQLSTATE {sqlstate}){}", .detail.as_ref().map(|detail| format!("\n{detail}")).unwrap_or_default())]
    Postgres {
        /// Its SQLSTATE.
        sqlstate: String,
        /// What it says.
        message: String,
        /// What it says further.
        detail: Option<String>,
        /// What it says to do.
        hint: Option<String>,
    },
    /// The views do not exist in the shop's database.
    #[error("the shop's database has no {}", .missing.join(", "))]
    ViewsNotCreated {
        /// Their names, with schema.
        missing: Vec<String>,
    },
    /// Another run is under way.
    #[error(
        "another run of metabase-push is under way in the shop's database{}",
        .process.as_ref().map(|process| format!(": process {process}")).unwrap_or_default()
    )]
    AnotherRun {
        /// The process that holds the lock, where it still does.
        process: Option<String>,
    },
    /// What would be called is not the extension's.
    #[error("the shop's database has no {function} of extension metabase_views that belongs to a superuser")]
    NoExtension {
        /// The function.
        function: String,
    },
    /// There is no such dashboard.
    #[error("there is no dashboard \"{name}\"")]
    UnknownDashboard {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The extension's answer is not what this version of the command understands.
    #[error("metabase.dashboard_json('{dashboard}', …) cannot be used: {reason}")]
    Template {
        /// The dashboard.
        dashboard: String,
        /// What is wrong.
        reason: String,
    },

    // Metabase does not answer as it should
    /// No answer, also after trying again.
    #[error(
        "{request}: no answer from Metabase: {cause}{}",
        .proxy.as_ref().map(|proxy| format!(", through the proxy {proxy}")).unwrap_or_default()
    )]
    Unreachable {
        /// Method and address.
        request: String,
        /// The proxy on the way and the variable that names it.
        proxy: Option<String>,
        /// What happened instead.
        cause: String,
    },
    /// Status 5xx, also after trying again.
    #[error("{request}: Metabase failed with status {status}: {message}")]
    ServerFailed {
        /// Method and address.
        request: String,
        /// The status.
        status: u16,
        /// Metabase's words.
        message: String,
    },
    /// Status 429, also after waiting.
    #[error("{request}: Metabase takes no more requests for now (status 429)")]
    TooManyRequests {
        /// Method and address.
        request: String,
    },
    /// Status 401.
    #[error("{request}: Metabase does not know this API key (status 401)")]
    Unauthenticated {
        /// Method and address.
        request: String,
    },
    /// Status 403.
    #[error("{request}: this API key may not do that (status 403): {message}")]
    Forbidden {
        /// Method and address.
        request: String,
        /// Metabase's words.
        message: String,
    },
    /// Status 404.
    #[error("{request}: not found (status 404): {message}")]
    NotFound {
        /// Method and address.
        request: String,
        /// Metabase's words.
        message: String,
    },
    /// Any other 4xx.
    #[error("{request}: Metabase refuses this request (status {status}): {message}")]
    Rejected {
        /// Method and address.
        request: String,
        /// The status.
        status: u16,
        /// Metabase's words.
        message: String,
    },
    /// Status 3xx. Following it could carry the key to somebody else.
    #[error("{request}: answered with a redirect to {location}, which is not followed")]
    Redirected {
        /// Method and address.
        request: String,
        /// Where to.
        location: String,
    },
    /// An answer that is not JSON.
    #[error("{request}: the answer is not JSON: {beginning}")]
    NotJson {
        /// Method and address.
        request: String,
        /// How the answer begins.
        beginning: String,
    },
    /// An answer that is larger than any that Metabase gives.
    #[error("{request}: the answer is larger than {limit} MiB")]
    TooLarge {
        /// Method and address.
        request: String,
        /// The limit, in MiB.
        limit: u64,
    },
    /// An answer of so many parts that it would fill the memory.
    #[error(
        "{request}: the answer would take more than {limit} MiB of memory, or has a text of more than {longest_text} MiB"
    )]
    TooMuch {
        /// Method and address.
        request: String,
        /// The limit, in MiB.
        limit: usize,
        /// That of one text, in MiB.
        longest_text: usize,
    },
    /// JSON, but not what this request is answered with.
    #[error("{request}: the answer is not what was expected: {reason}")]
    Unexpected {
        /// Method and address.
        request: String,
        /// What is wrong.
        reason: String,
    },

    // What Metabase has
    /// Metabase has no such database.
    #[error("Metabase has no database {asked}")]
    NoDatabase {
        /// What was asked for.
        asked: String,
        /// What there is, with ids.
        known: Vec<String>,
    },
    /// Several databases have this name.
    #[error("Metabase has several databases \"{name}\": {}", .ids.join(", "))]
    SeveralDatabases {
        /// The name.
        name: String,
        /// Their ids.
        ids: Vec<String>,
    },
    /// The database is not PostgreSQL.
    #[error("Metabase's database \"{name}\" is of engine {engine}, not postgres")]
    NotPostgres {
        /// The name.
        name: String,
        /// The engine.
        engine: String,
    },
    /// Metabase has not found the views in time.
    #[error("after {seconds} seconds, Metabase still has no {}", .missing.join(", "))]
    ViewsNotSynced {
        /// The time that was waited.
        seconds: u64,
        /// Views, or columns of views.
        missing: Vec<String>,
    },
    /// Several collections have this name.
    #[error("Metabase has several collections \"{name}\" at the top level: {}", .ids.join(", "))]
    SeveralCollections {
        /// The name.
        name: String,
        /// Their ids.
        ids: Vec<String>,
    },
    /// The collection has more than can be looked at.
    #[error("the cards or the dashboards of the collection take more than {limit} MiB of memory")]
    LargeCollection {
        /// The limit, in MiB.
        limit: usize,
    },
    /// Metabase has made something else of what it was sent.
    #[error("Metabase has taken this otherwise than it was sent: {}", .changes.join(", "))]
    Unsettled {
        /// Dashboards, each with what of it still differs.
        changes: Vec<String>,
    },
    /// The collection has pushed cards of another database.
    #[error("collection \"{collection}\" holds dashboards of another database: card \"{card}\" ({id})")]
    OtherDatabase {
        /// The collection.
        collection: String,
        /// One of the cards.
        card: String,
        /// Its id.
        id: u64,
    },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Error::NoApiKey => {
                "Make one in Metabase under Admin settings, Authentication, API keys, and export METABASE_API_KEY.".to_owned()
            }
            Error::InvalidApiKey => "Copy it again, without quotes or line breaks.".to_owned(),
            Error::InvalidUrl { .. } => "It looks like https://metabase.example.com.".to_owned(),
            Error::PlainHttp => {
                "Use https://. Where nobody else is on the way, as in a network of your own, --allow-http sends it all the same."
                    .to_owned()
            }
            Error::PlainHttpByProxy { .. } => {
                "Use https://. NO_PROXY with Metabase's host leaves out the proxy, and --allow-http then sends the key; \
                 --allow-http=proxy sends it through the proxy."
                    .to_owned()
            }
            Error::InvalidConnection => {
                "It looks like postgresql://user@host:5432/shop or host=localhost dbname=shop user=me. \
                 Special characters in a URL are percent-encoded; a certificate authority is named by PGSSLROOTCERT."
                    .to_owned()
            }
            Error::PasswordInArguments => {
                "Everybody on this machine can read arguments: put it into PGPASSWORD, or the whole string into DATABASE_URL."
                    .to_owned()
            }
            Error::PostgresUnreachable { cause } if is_about_certificate(cause) => {
                "With sslmode=verify-full, the server's certificate must be in the file that PGSSLROOTCERT names, or be signed by one \
                 there, and have the name of the host. Without PGSSLROOTCERT, the machine's certificates count. sslmode=require \
                 encrypts without looking at it."
                    .to_owned()
            }
            Error::PostgresUnreachable { .. } => {
                "--connect, DATABASE_URL or PGHOST, PGPORT, PGDATABASE, PGUSER and PGPASSWORD say where the shop's database is; \
                 PGSSLMODE and PGSSLROOTCERT whose certificate it may have."
                    .to_owned()
            }
            Error::Postgres { hint: Some(hint), .. } => hint.clone(),
            Error::AnotherRun { .. } => {
                "Wait until that one has ended. Its connection holds the lock; where no run is left, SELECT pg_terminate_backend(…) of that \
                 process frees it."
                    .to_owned()
            }
            Error::NoExtension { .. } => {
                "Is this the shop's database, with an up-to-date extension? \
                 CREATE EXTENSION metabase_views, or ALTER EXTENSION metabase_views UPDATE."
                    .to_owned()
            }
            // insufficient_privilege
            Error::Postgres { sqlstate, .. } if sqlstate == "42501" => {
                "Connect as the operator: SELECT metabase.grant_operator('…').".to_owned()
            }
            Error::ViewsNotCreated { .. } => {
                "Is that the shop's database? There: SELECT * FROM metabase.create_all_views();".to_owned()
            }
            Error::UnknownDashboard { known, .. } => format!("There are {}.", known.join(", ")),
            Error::Template { .. } => {
                "Is this the shop's database? Or extension and metabase-push are of different versions: ALTER EXTENSION metabase_views UPDATE, \
                 or build both anew."
                    .to_owned()
            }
            Error::Unreachable { cause, .. } if is_about_certificate(cause) => {
                "The certificate must be one that this machine trusts, or be signed by one, and have the name of the host. SSL_CERT_FILE \
                 names a file with others, also with one that has signed itself."
                    .to_owned()
            }
            Error::Unreachable { proxy: Some(_), .. } => {
                "Does that proxy run, and does it lead to Metabase? NO_PROXY with Metabase's host leaves it out. \
                 Running it again is safe, and finishes what is left. --timeout gives a slow Metabase more time."
                    .to_owned()
            }
            Error::Unreachable { proxy: None, .. } => {
                "Is that the address, and does Metabase run? Running it again is safe, and finishes what is left. \
                 --timeout gives a slow Metabase more time."
                    .to_owned()
            }
            Error::ServerFailed { .. } | Error::TooManyRequests { .. } => {
                "Running it again is safe, and finishes what is left. --timeout gives a slow Metabase more time.".to_owned()
            }
            Error::Unauthenticated { .. } => {
                "METABASE_API_KEY must hold a key that Metabase lists under Admin settings, Authentication, API keys.".to_owned()
            }
            Error::Forbidden { request, .. } => forbidden_hint(request).to_owned(),
            Error::NotFound { request, .. } if request.ends_with("/api/database") => {
                "Is that the address of Metabase itself? Where it is served under a path, that is part of it.".to_owned()
            }
            Error::NotFound { .. } => {
                "Somebody has removed it meanwhile, or the key may not see it. Run it again.".to_owned()
            }
            Error::Redirected { .. } => "Where that is your Metabase, pass its final address as --url.".to_owned(),
            Error::NotJson { .. } => {
                "Is that the address of Metabase itself, and not of a login page before it?".to_owned()
            }
            Error::Rejected { .. } | Error::Unexpected { .. } | Error::Unsettled { .. } => {
                "Metabase 0.50 to 0.63 are supported; /api/session/properties says which one this is.".to_owned()
            }
            Error::NoDatabase { known, .. } if known.is_empty() => {
                "The API key's group sees no database at all: Admin settings, Permissions.".to_owned()
            }
            Error::NoDatabase { known, .. } => format!("It has {}.", known.join(", ")),
            Error::SeveralDatabases { .. } => "Choose one with --database-id.".to_owned(),
            Error::NotPostgres { .. } => {
                "Add the shop's database to Metabase: Admin settings, Databases, Add database, PostgreSQL.".to_owned()
            }
            Error::ViewsNotSynced { .. } => {
                "Look whether the views exist (SELECT * FROM metabase.view_status()), whether the user that Metabase connects as \
                 may read them (SELECT metabase.grant_reader('…')), and whether Metabase's settings of this database \
                 leave out schema analytics. --wait gives it more time."
                    .to_owned()
            }
            Error::SeveralCollections { .. } => {
                "Rename one of them, or choose another name with --collection.".to_owned()
            }
            Error::LargeCollection { .. } => {
                "Choose a collection with nothing else in it with --collection.".to_owned()
            }
            Error::OtherDatabase { .. } => {
                "Choose another collection with --collection, or archive those cards.".to_owned()
            }
            Error::TooLarge { request, .. } | Error::TooMuch { request, .. } if request.ends_with("/metadata") => {
                "Metabase describes every table of the database: in its settings of this database, \
                 under Advanced options, leave only schema analytics."
                    .to_owned()
            }
            Error::TooLarge { .. } | Error::TooMuch { .. } => {
                "No answer of Metabase is as large. Is that the address of Metabase itself?".to_owned()
            }
            Error::InvalidVariable { .. } | Error::Postgres { .. } => return None,
        };
        Some(hint)
    }

    /// The command's exit code; `--help` lists them.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::NoApiKey
            | Error::InvalidApiKey
            | Error::InvalidUrl { .. }
            | Error::PlainHttp
            | Error::PlainHttpByProxy { .. }
            | Error::InvalidConnection
            | Error::InvalidVariable { .. }
            | Error::PasswordInArguments
            | Error::UnknownDashboard { .. } => 2,
            Error::PostgresUnreachable { .. }
            | Error::AnotherRun { .. }
            | Error::Unreachable { .. }
            | Error::ServerFailed { .. }
            | Error::TooManyRequests { .. } => 3,
            Error::Unauthenticated { .. } | Error::Forbidden { .. } => 4,
            Error::ViewsNotCreated { .. } | Error::ViewsNotSynced { .. } => 5,
            _ => 1,
        }
    }
}

/// Whether there is no connection because of certificates. The libraries say so in words alone.
fn is_about_certificate(cause: &str) -> bool {
    cause.contains("certificate")
}

/// The request shows which permission is missing.
fn forbidden_hint(request: &str) -> &'static str {
    if ["/api/table/", "/api/field/", "/api/database/"]
        .iter()
        .any(|part| request.contains(part))
    {
        "Descriptions, types and schema syncs are an administrator's: give the key the group Administrators."
    } else {
        "The key's group must be able to write native queries on this database, and to curate the collection \
         (Admin settings, Permissions). Group Administrators may do both."
    }
}
