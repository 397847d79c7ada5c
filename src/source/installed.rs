//! Keeping the adapters in `metabase_internal` what the sources say.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::sync::LazyLock;

use pgrx::JsonB;
use pgrx::datum::TimestampWithTimeZone;

use super::detect::Held;
use super::drift::{self, AdapterSeen, Drift, Drifts, MadeAdapter};
use super::entity::{self, ENTITIES, EntitySpec, adapters};
use super::{Source, Sources, adapter, mapping};
use crate::error::Error;
use crate::pg::identity::{as_extension_owner, current_role, current_role_oid, restricted};
use crate::pg::setting::with_time_zone;
use crate::pg::subtransaction::{subtransaction, subtransaction_kept_if};
use crate::pg::{query, relation, version};
use crate::settings::{self, Settings};
use crate::sql;
use crate::sqlstate;

/// The setting that says which currency is the shop's.
const CURRENCY: &str = "currency";

/// What changes an adapter in place.
const OR_REPLACE: &str = "CREATE OR REPLACE";

/// The adapters, in the order of the entities. `made` has what they were made from.
fn seen(made: Option<&Making>) -> Result<Vec<AdapterSeen>, Error> {
    let of_each = |name: fn(&MadeAdapter) -> Option<String>| -> Vec<Option<String>> {
        let made = |spec: &EntitySpec| name(made?.adapters.get(spec.adapter)?);
        ENTITIES.iter().map(made).collect()
    };
    let relations = of_each(|made| made.relation.clone());
    let joined = of_each(|made| Some(made.joined.as_ref()?.relation.clone()));
    // Times in definitions are written in the session's zone.
    with_time_zone("UTC", || {
        as_extension_owner(|| {
            query::rows(
                include_str!("../../sql/queries/source/adapters_seen.sql"),
                &[adapters().into(), relations.into(), joined.into()],
            )
        })
    })
}

/// What adapters are made for.
#[derive(Clone, Copy)]
pub enum Views<'a> {
    /// All are made.
    Anew,
    /// All are made again as they were.
    Again,
    /// Some are made beside this one, which reads the adapters already and is not made anew: for its sake those that there are must not
    /// change. One that was dropped, with what read it, is made of what there is now.
    Beside(&'a str),
}

/// Makes or changes the adapters, so that they show these sources and belong to the current role.
///
/// `names` is what the names of the sources meant before these were looked up.
pub fn ensure(sources: &Sources, settings: &Settings, names: Meanings, views: Views) -> Result<(), Error> {
    let stored = stored_making()?;
    let seen = seen(stored.as_ref())?;
    let staying = match views {
        Views::Beside(view) => Some(view),
        Views::Anew | Views::Again => None,
    };
    let kept_currency = match views {
        Views::Anew => None,
        Views::Again | Views::Beside(_) => stored.as_ref().and_then(|stored| stored.currency.clone()),
    };
    let mut making = Making::new(sources, settings);
    let mut notes = Vec::new();
    if let (Some(view), Some(stored)) = (staying, &stored) {
        notes = notes_beside(stored, &making, &seen, sources)?.ok_or_else(|| Error::SourcesChanged {
            view: view.to_owned(),
        })?;
    }
    for (source, seen) in sources.0.iter().zip(&seen) {
        check_not_lost(source, seen, stored.as_ref())?;
    }
    let role = current_role()?;
    let mut made_now = Vec::new();
    for (source, seen) in sources.0.iter().zip(&seen) {
        if seen.is_there && staying.is_some() && seen.owner.as_ref() == Some(&role) {
            if let Some(made) = stored
                .as_ref()
                .and_then(|stored| stored.adapters.get(source.spec.adapter))
            {
                making
                    .adapters
                    .insert(source.spec.adapter.to_owned(), made.clone());
            }
            continue;
        }
        made_now.push(source.spec.adapter);
        match &seen.owner {
            // Whoever owns an adapter decides what the views read, with the privileges of the views' owner.
            Some(owner) if *owner != role => {
                drop_one(source.spec).map_err(|error| match error.sqlstate() {
                    sqlstate::DEPENDENT_OBJECTS_STILL_EXIST | sqlstate::INSUFFICIENT_PRIVILEGE => {
                        Error::ForeignAdapter {
                            adapter: source.spec.adapter,
                            owner: owner.to_owned(),
                            role: role.clone(),
                        }
                    }
                    _ => error,
                })?;
                create("CREATE", sources, source, settings)?;
            }
            Some(_) => replace(sources, source, settings)?,
            // Without OR REPLACE, which would take over what somebody else has just put there, and leave it theirs.
            None => create("CREATE", sources, source, settings)?,
        }
    }
    check_owners(&role)?;
    check_sources(sources.0.iter())?;
    match kept_currency {
        Some(kept) => {
            making.currency.get_or_insert(kept);
        }
        None => settle_currency(sources, &made_now, settings.clone(), &mut making)?,
    }
    store_making(making, &made_now)?;
    let looked = match staying {
        Some(_) => Looked::Comparing,
        None => Looked::Making,
    };
    store_names(looked, names, &notes)
}

/// What is noted of the adapters that are there while views stay that read them; None if one of them does not show what these sources are.
fn notes_beside(
    stored: &Making,
    making: &Making,
    seen: &[AdapterSeen],
    sources: &Sources,
) -> Result<Option<Vec<String>>, Error> {
    let is_same_currency = match (&stored.currency, &making.currency) {
        (Some(stored), Some(now)) => stored == now,
        // Amounts have got a currency, or lost it: the adapters tell.
        _ => true,
    };
    if stored.time_zone != making.time_zone || !is_same_currency {
        return Ok(None);
    }
    let is_same_major = stored.server_major == server_major()?;
    let mut notes = Vec::new();
    // That of another role is refused for that.
    let role = Some(current_role()?);
    let own = |(_, seen): &(&Source, &AdapterSeen)| seen.is_there && seen.owner == role;
    for (source, seen) in sources.0.iter().zip(seen).filter(own) {
        let (Some(made), Some(now)) = (
            stored.adapters.get(source.spec.adapter),
            making.adapters.get(source.spec.adapter),
        ) else {
            return Ok(None);
        };
        match drift::drift(made, seen, source, &now.statement, is_same_major) {
            Drift::None => {}
            Drift::Stays(note) => notes.push(note),
            Drift::Follows(_) | Drift::Barred(_) => return Ok(None),
        }
    }
    Ok(Some(notes))
}

/// An error if views would lose what the adapter still reads, only because it has another name now.
fn check_not_lost(source: &Source, seen: &AdapterSeen, stored: Option<&Making>) -> Result<(), Error> {
    let Some(made) = stored
        .and_then(|stored| stored.adapters.get(source.spec.adapter))
        .filter(|_| seen.is_there)
    else {
        return Ok(());
    };
    let what = match (&made.relation, &source.relation) {
        // A table that still has its name is not found because somebody has decided so.
        (Some(old), None) if !source.is_mapped_to_none && !seen.reads.is_empty() && !seen.has_its_name() => {
            format!("{old}, which is {} now", seen.names_read())
        }
        (Some(_), Some(new)) if seen.reads(new.oid) => match drift::lost_columns(made, source) {
            Some(lost) => {
                if let Some(Error::SourcePrivilege {
                    entity,
                    relation,
                    schema,
                    role,
                }) = &source.undecided
                {
                    return Err(Error::SourcePrivilege {
                        entity,
                        relation: relation.clone(),
                        schema: schema.clone(),
                        role: role.clone(),
                    });
                }
                let second = made.joined.as_ref().filter(|_| source.joined.is_none());
                let relation = second.map_or(&new.qualified, |joined| &joined.relation);
                format!("{lost} of {relation}")
            }
            None => return Ok(()),
        },
        _ => return Ok(()),
    };
    Err(Error::SourceLost {
        entity: source.spec.name,
        what,
    })
}

/// The adapters, compared with what the names of their sources mean for the current role.
pub struct Compared {
    pub sources: Sources,
    /// The settings that count for them.
    pub settings: Settings,
    pub drifts: Drifts,
    pub seen: Vec<AdapterSeen>,
    /// What the names meant before they were looked up.
    pub names: Meanings,
    made: Option<Making>,
}

impl Compared {
    /// What an adapter was made from.
    pub fn made(&self, spec: &EntitySpec) -> Option<&MadeAdapter> {
        self.made.as_ref()?.adapters.get(spec.adapter)
    }
}

pub fn compare() -> Result<Compared, Error> {
    // What changes from here on differs at the next comparison.
    let names = names_now()?;
    let made = stored_making()?;
    let settings = settings::of_views()?;
    let seen = seen(made.as_ref())?;
    let held: Vec<Held> = ENTITIES
        .iter()
        .zip(&seen)
        .map(|(spec, seen)| seen.held(made.as_ref().and_then(|made| made.adapters.get(spec.adapter))))
        .collect();
    let sources = with_time_zone(&settings.time_zone, || mapping::resolve_beside(&held))?;
    let is_same_major = match &made {
        Some(made) => made.server_major == server_major()?,
        None => false,
    };
    let nothing = MadeAdapter::default();
    let drifts = sources.0.iter().zip(&seen).map(|(source, seen)| {
        let made = made
            .as_ref()
            .and_then(|made| made.adapters.get(source.spec.adapter));
        let statement = adapter::view(&sources, source, &settings);
        drift::drift(made.unwrap_or(&nothing), seen, source, &statement, is_same_major)
    });
    Ok(Compared {
        drifts: Drifts(drifts.collect()),
        sources,
        settings,
        seen,
        names,
        made,
    })
}

/// Has adapters follow what their names mean now, as the current role, which owns all of them. `what` says what that is.
pub fn follow(compared: &Compared, what: &str) -> Result<(), Error> {
    let Compared {
        sources,
        settings,
        drifts,
        ..
    } = compared;
    let followers: Vec<&Source> = sources
        .0
        .iter()
        .zip(&drifts.0)
        .filter(|(_, drift)| matches!(drift, Drift::Follows(_)))
        .map(|(source, _)| source)
        .collect();
    let mut making = Making::new(sources, settings);
    for source in &sources.0 {
        let is_follower = followers
            .iter()
            .any(|follower| follower.spec.entity == source.spec.entity);
        if let Some(made) = compared.made(source.spec).filter(|_| !is_follower) {
            making
                .adapters
                .insert(source.spec.adapter.to_owned(), made.clone());
        }
    }
    for source in &followers {
        create(OR_REPLACE, sources, source, settings)?;
    }
    check_owners(&current_role()?)?;
    check_sources(followers.iter().copied())?;
    let made_now: Vec<&str> = followers.iter().map(|source| source.spec.adapter).collect();
    match compared.made.as_ref().and_then(|made| made.currency.clone()) {
        Some(kept) => {
            making.currency.get_or_insert(kept);
        }
        None => settle_currency(sources, &made_now, settings.clone(), &mut making)?,
    }
    store_making(making, &made_now)?;
    store_names(Looked::Following(what), compared.names.clone(), &drifts.notes())
}

/// Has the adapters `made`, which have just been made, turn amounts into the currency that most completed orders are in, unless somebody has
/// said which the shop's is.
///
/// The orders are read by their adapter, which by now holds what was looked at.
fn settle_currency(
    sources: &Sources,
    made: &[&str],
    mut settings: Settings,
    making: &mut Making,
) -> Result<(), Error> {
    let turning: Vec<&Source> = sources
        .0
        .iter()
        .filter(|source| source.day_of_rates().is_some() && made.contains(&source.spec.adapter))
        .collect();
    if turning.is_empty() || settings::is_set(CURRENCY)? {
        return Ok(());
    }
    let currencies: Vec<String> =
        restricted(|| query::values(include_str!("../../sql/queries/source/main_currencies.sql"), &[]))?;
    let main = currencies.iter().find_map(|code| settings::known_currency(code));
    let currency = main.unwrap_or_else(|| settings::DEFAULT_CURRENCY.to_owned());
    if currency == settings.currency {
        return Ok(());
    }
    settings.currency = currency;
    for source in &turning {
        create(OR_REPLACE, sources, source, &settings)?;
        let made = MadeAdapter::new(source, adapter::view(sources, source, &settings));
        making.adapters.insert(source.spec.adapter.to_owned(), made);
    }
    making.currency = Some(settings.currency);
    check_owners(&current_role()?)?;
    check_sources(turning.into_iter())
}

/// Makes sure that the adapters read the very relations that were looked at, in the hands that they were in then.
///
/// An adapter names them, and finds what bears the name now: to a transaction whose snapshot is older, a table may be there, and
/// somebody's whom it trusts, that was replaced since. From here on the adapters hold them.
fn check_sources<'a>(sources: impl Iterator<Item = &'a Source>) -> Result<(), Error> {
    #[derive(serde::Deserialize)]
    struct Owners {
        adapter: String,
        owners: Vec<u32>,
    }
    let owners: Vec<Owners> = query::rows(include_str!("../../sql/queries/source/adapter_owners.sql"), &[])?;
    let seen = seen(None)?;
    for source in sources {
        // A function, too, may be another one than was looked at: one that fits better has come meanwhile.
        let is_known = |owner: &u32| {
            let of_relations = source.relations().flat_map(|found| &found.owners);
            let mut known = of_relations.chain(&source.behind);
            *owner == current_role_oid() || known.any(|known| known.oid == *owner)
        };
        let are_known = owners
            .iter()
            .filter(|owners| owners.adapter == source.spec.adapter)
            .all(|owners| owners.owners.iter().all(is_known));
        for found in source.relations() {
            let is_read = seen
                .iter()
                .any(|seen| seen.adapter == source.spec.adapter && seen.reads(found.oid));
            let owner = relation::owner(
                &CString::new(found.schema.as_str())?,
                &CString::new(found.name.as_str())?,
            );
            if !is_read || !are_known || owner != Some(found.owner_oid) {
                return Err(Error::SourceReplaced {
                    entity: source.spec.name,
                    relation: found.qualified.clone(),
                });
            }
        }
    }
    Ok(())
}

/// The entities whose adapters read a table of the shop's.
pub fn entities_with_relation() -> Result<Vec<String>, Error> {
    let seen = seen(None)?;
    let with_relation = ENTITIES
        .iter()
        .zip(&seen)
        .filter(|(_, seen)| !seen.reads.is_empty());
    Ok(with_relation.map(|(spec, _)| spec.name.to_owned()).collect())
}

/// Makes sure that the adapters are in the hands of the current role.
///
/// Looked up as they stand now: to a transaction whose snapshot is older, an adapter may seem its own that was dropped and
/// made by somebody else since.
fn check_owners(role: &str) -> Result<(), Error> {
    for spec in &ENTITIES {
        let owner = relation::owner(c"metabase_internal", &CString::new(spec.adapter)?);
        if owner != Some(current_role_oid()) {
            let owner: Option<String> = query::value(
                "SELECT pg_catalog.pg_get_userbyid($1::oid)",
                &[owner.map(i64::from).into()],
            )?;
            return Err(Error::ForeignAdapter {
                adapter: spec.adapter,
                owner: owner.unwrap_or_default(),
                role: role.to_owned(),
            });
        }
    }
    Ok(())
}

/// Drops the adapters that nothing needs any more.
pub fn drop_unneeded() -> Result<(), Error> {
    let seen = seen(None)?;
    for (spec, _) in ENTITIES.iter().zip(&seen).filter(|(_, seen)| seen.is_there) {
        match drop_one(spec) {
            // Somebody's view reads it, or it is somebody else's: it stays.
            Ok(()) | Err(Error::Postgres { .. }) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

/// What the adapters were made from: all that decides what the views show.
#[derive(serde::Deserialize)]
struct Making {
    /// The zone that is written into the definitions.
    time_zone: String,
    /// The currency that amounts are turned into; None where no entity has a currency.
    currency: Option<String>,
    server_major: i32,
    adapters: BTreeMap<String, MadeAdapter>,
}

impl Making {
    fn new(sources: &Sources, settings: &Settings) -> Making {
        let adapters = sources.0.iter().map(|source| {
            let statement = adapter::view(sources, source, settings);
            (
                source.spec.adapter.to_owned(),
                MadeAdapter::new(source, statement),
            )
        });
        let has_currencies = sources.0.iter().any(|source| source.day_of_rates().is_some());
        Making {
            time_zone: settings.time_zone.clone(),
            currency: has_currencies.then(|| settings.currency.clone()),
            server_major: 0,
            adapters: adapters.collect(),
        }
    }
}

fn stored_making() -> Result<Option<Making>, Error> {
    as_extension_owner(|| {
        query::optional_row(
            "SELECT time_zone, currency, server_major, adapters FROM metabase_internal.made_from",
            &[],
        )
    })
}

fn server_major() -> Result<i32, Error> {
    query::value(
        "SELECT pg_catalog.current_setting('server_version_num')::integer / 10000",
        &[],
    )
}

/// Remembers what the adapters were made from, and how those are told that were made now.
fn store_making(mut making: Making, made_now: &[&str]) -> Result<(), Error> {
    for seen in seen(None)? {
        if !made_now.contains(&seen.adapter.as_str()) {
            continue;
        }
        if let Some(made) = making.adapters.get_mut(&seen.adapter) {
            made.told = seen.told;
        }
    }
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/source/forget_unread.sql"),
            &[adapters().into()],
        )?;
        query::run(
            include_str!("../../sql/queries/source/store_making.sql"),
            &[
                making.time_zone.into(),
                making.currency.into(),
                JsonB(serde_json::to_value(&making.adapters)?).into(),
            ],
        )
    })
}

/// The query for what names mean, of the names that `names` selects.
fn meanings(names: &str) -> String {
    sql::fill(
        include_str!("../../sql/queries/source/meanings.sql"),
        &[(":names", names)],
    )
}

/// Selects the names that sources have in the known layouts.
fn known_names() -> String {
    let (schemas, names): (Vec<&str>, Vec<&str>) = entity::known_names().unzip();
    format!(
        "SELECT pg_catalog.format('%I.%I', schema, name) FROM ROWS FROM (pg_catalog.unnest({}), pg_catalog.unnest({})) AS known (schema, name)",
        sql::text_array(&schemas),
        sql::text_array(&names)
    )
}

/// Selects the names that were compared last, from `source_names`, which is in scope.
const COMPARED_NAMES: &str = "SELECT pg_catalog.jsonb_object_keys(source_names.meanings)";

/// Whether adapters have to be compared with what names mean, as an expression over `source_names`, which is in scope.
pub fn has_other_names() -> String {
    sql::fill(
        include_str!("../../sql/queries/source/has_other_names.sql"),
        &[
            (":meanings", &meanings(COMPARED_NAMES)),
            (":version", &sql::literal(version::LIBRARY)),
        ],
    )
}

/// What the names were looked at for.
#[derive(Clone, Copy)]
pub enum Looked<'a> {
    /// The adapters are made for views that are created.
    Making,
    /// The adapters have followed them, and what.
    Following(&'a str),
    /// There was nothing to follow.
    Comparing,
}

/// What the names of the sources meant at some time, for the database to compare.
pub type Meanings = serde_json::Value;

/// What the names of the sources mean now.
pub fn names_now() -> Result<Meanings, Error> {
    static QUERY: LazyLock<String> = LazyLock::new(|| {
        let mapped = include_str!("../../sql/queries/source/mapped_names.sql");
        meanings(&format!("{} UNION {mapped}", known_names()))
    });
    as_extension_owner(|| query::value(&QUERY, &[]))
}

/// Remembers what the names of the sources meant when they were looked up, and what people should know of that.
pub fn store_names(looked: Looked, names: Meanings, notes: &[String]) -> Result<(), Error> {
    let followed = match looked {
        Looked::Following(what) => Some(what.to_owned()),
        Looked::Making | Looked::Comparing => None,
    };
    let is_new = matches!(looked, Looked::Making);
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/source/store_names.sql"),
            &[
                JsonB(names).into(),
                notes.to_vec().into(),
                followed.into(),
                is_new.into(),
                version::LIBRARY.to_owned().into(),
            ],
        )
    })
}

/// Remembers what people should know, and leaves what the names were compared with.
pub fn store_notes(notes: &[String]) -> Result<(), Error> {
    as_extension_owner(|| {
        query::run(
            "UPDATE metabase_internal.source_names SET notes = $1 WHERE notes IS DISTINCT FROM $1",
            &[notes.to_vec().into()],
        )
    })
}

/// What the names of the sources have come to mean, for people.
#[derive(Default, serde::Deserialize)]
pub struct ChangedNames {
    /// What was noted when the adapters were last compared with them, and goes on.
    notes: Vec<String>,
    /// What has changed since.
    changes: Vec<String>,
    /// The names that mean another table since.
    pub replaced: Vec<String>,
    /// What the adapters have followed last, and when.
    followed: Option<String>,
    followed_at: Option<TimestampWithTimeZone>,
    /// When exchange rates became others than those that earlier refreshes have shown.
    rates_at: Option<TimestampWithTimeZone>,
}

impl ChangedNames {
    /// All of them that are so now.
    pub fn all(&self) -> Vec<String> {
        [self.notes.clone(), self.changes.clone()].concat()
    }

    /// What a view that was filled at that time does not show.
    pub fn unseen(&self, filled_at: Option<TimestampWithTimeZone>) -> Vec<String> {
        let is_before = |at: Option<TimestampWithTimeZone>| filled_at.is_none() || filled_at < at;
        let followed = self.followed.clone().filter(|_| is_before(self.followed_at));
        let rates = self.rates_at.filter(|at| is_before(Some(*at)));
        let rates = rates.map(|_| "exchange rates have changed".to_owned());
        followed.into_iter().chain(rates).chain(self.all()).collect()
    }
}

/// What the names of the sources have come to mean; nothing where there are no adapters.
pub fn changed_names() -> Result<ChangedNames, Error> {
    static QUERY: LazyLock<String> = LazyLock::new(|| {
        sql::fill(
            include_str!("../../sql/queries/source/changed_names.sql"),
            &[
                (":meanings", &meanings(COMPARED_NAMES)),
                (":rates_changed", RATES_CHANGED),
            ],
        )
    });
    Ok(as_extension_owner(|| query::optional_row(&QUERY, &[]))?.unwrap_or_default())
}

/// Since when views that were not refreshed since show other exchange rates, as SQL.
pub const RATES_CHANGED: &str = include_str!("../../sql/queries/source/rates_changed.sql");

/// How this server tells a query as the definition of a view, as the current role writes it.
pub fn told(definition: &str) -> Result<String, Error> {
    // The view is gone again at once.
    subtransaction_kept_if(
        |_| false,
        || {
            let name = sql::qualified(&open_workshop()?, "told");
            restricted(|| query::run(&format!("CREATE VIEW {name} AS\n{definition}"), &[]))?;
            query::value(
                "SELECT pg_catalog.pg_get_viewdef($1::pg_catalog.regclass)",
                &[name.into()],
            )
        },
    )
}

/// Makes an adapter, or changes it where `verb` is OR REPLACE, as the current role.
///
/// That role may make nothing in `metabase_internal`: a function there that is called like one of ours, or a table like one of the facts,
/// would be in everybody's way. So the adapter is made in another schema, and moved. A privilege on `metabase_internal` that is granted for
/// the moment would do as well, but for the row that holds the schema's privileges: whoever has any of them can lock it for as long as he
/// likes, by granting what he may not grant.
///
/// Literals in the view are read meanwhile, and what a CHECK calls then may make things in that schema, too: if there is anything left in
/// it, all is undone.
fn create(verb: &str, sources: &Sources, source: &Source, settings: &Settings) -> Result<(), Error> {
    let adapter = source.spec.adapter;
    let moved = |from: &str, to: &str| {
        let name = sql::qualified(from, adapter);
        let schema = sql::ident(to);
        as_extension_owner(|| query::run(&format!("ALTER VIEW IF EXISTS {name} SET SCHEMA {schema}"), &[]))
    };
    subtransaction(|| {
        let workshop = open_workshop()?;
        if verb == OR_REPLACE {
            moved("metabase_internal", &workshop)?;
        }
        // Literals in it are read now. They were looked at before, but what a CHECK calls may have changed since: it cannot go back to
        // the role of a session that has SET ROLE.
        let view = adapter::view_in(&workshop, sources, source, settings);
        restricted(|| query::run(&format!("{verb} {view}"), &[]))?;
        moved(&workshop, "metabase_internal")?;
        close_workshop(workshop)
    })?;
    query::run(&adapter::comment_statements(source), &[])
}

/// Makes a schema in which the current role may make views, and returns its name, which nobody could know before: there is no such
/// schema yet, and nobody makes one at the same time.
fn open_workshop() -> Result<String, Error> {
    let role = sql::ident(&current_role()?);
    as_extension_owner(|| {
        let workshop: String = query::value(
            "SELECT 'metabase_workshop_' || pg_catalog.gen_random_uuid()::pg_catalog.text",
            &[],
        )?;
        let schema = sql::ident(&workshop);
        query::run(&format!("CREATE SCHEMA {schema}"), &[])?;
        query::run(&format!("GRANT USAGE, CREATE ON SCHEMA {schema} TO {role}"), &[])?;
        Ok(workshop)
    })
}

/// Drops it, or says what else was made there.
fn close_workshop(workshop: String) -> Result<(), Error> {
    as_extension_owner(|| {
        let left: Option<String> = query::optional_value(
            include_str!("../../sql/queries/source/objects_in_schema.sql"),
            &[workshop.clone().into()],
        )?;
        match left {
            None => query::run(&format!("DROP SCHEMA {}", sql::ident(&workshop)), &[]),
            Some(object) => Err(Error::Planted { object }),
        }
    })
}

/// Changes an adapter in place, or makes it anew where its columns have other types now.
fn replace(sources: &Sources, source: &Source, settings: &Settings) -> Result<(), Error> {
    match subtransaction(|| create(OR_REPLACE, sources, source, settings)) {
        Err(error) if error.sqlstate() == sqlstate::INVALID_TABLE_DEFINITION => {}
        done => return done,
    }
    drop_one(source.spec).map_err(|error| match error {
        Error::Postgres { sqlstate, detail, .. } if sqlstate == sqlstate::DEPENDENT_OBJECTS_STILL_EXIST => {
            Error::AdapterInUse {
                adapter: source.spec.adapter,
                detail,
            }
        }
        other => other,
    })?;
    create("CREATE", sources, source, settings)
}

fn drop_one(spec: &EntitySpec) -> Result<(), Error> {
    let name = sql::qualified("metabase_internal", spec.adapter);
    subtransaction(|| query::run(&format!("DROP VIEW {name} RESTRICT"), &[]))
}
