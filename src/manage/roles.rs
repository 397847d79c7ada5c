//! What roles without superuser are given: readers the views, operators what it takes to make and refresh them.

use crate::error::Error;
use crate::incremental::state;
use crate::known_role;
use crate::pg::identity::{as_extension_owner, current_role, current_role_oid, is_superuser};
use crate::pg::patience::patiently;
use crate::pg::{query, schema};
use crate::settings;
use crate::source::entity::adapters;
use crate::source::{Source, SourceRelation, catalog as source_catalog, mapping};
use crate::sql;
use crate::view::catalog::{self, VIEWS};
use crate::view::migration::check_not_concerned;
use crate::view::registry::ViewEntry;
use crate::view::state::{Temporary, ViewState};

/// Gives Metabase's role the views that this extension brings, and the status function. Returns what was done, in a sentence.
pub fn grant_reader(role: &str) -> Result<String, Error> {
    let (oid, grantee) = existing_role(role)?;
    hold_analytics()?;
    // What is gone would be made again without this grant.
    check_not_concerned(VIEWS.iter().map(|view| view.name))?;
    let settings = settings::current()?;
    let (mut granted, mut all) = (0, 0);
    for view in VIEWS.iter().map(ViewEntry::from) {
        let is_there = ViewState::find(view.name())?.is_some_and(|state| state.is_materialized_view());
        if is_there {
            grant_view(view.name(), &grantee)?;
            granted += 1;
        }
        if is_there || view.is_wanted(&settings) {
            all += 1;
        }
    }
    let known = known_role::remember(oid)?;
    let granter = known_role::remember(current_role_oid())?;
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/manage/store_reader.sql"),
            &[known.into(), granter.into()],
        )?;
        query::run(&format!("GRANT USAGE ON SCHEMA metabase TO {grantee}"), &[])?;
        query::run(
            &format!(
                "GRANT EXECUTE ON FUNCTION metabase.view_status(text), metabase.data_as_of(text[]) TO {grantee}"
            ),
            &[],
        )?;
        if schema_exists()? {
            query::run(&format!("GRANT USAGE ON SCHEMA analytics TO {grantee}"), &[])?;
        }
        Ok(())
    })?;
    let creator = match is_superuser() {
        true => String::new(),
        false => format!("by {} ", current_role()?),
    };
    Ok(format!(
        "role {role} may read {granted} of the {all} views and ask for their status; views that are created {creator}later are \
         granted to it, too"
    ))
}

/// Gives one of these views, which the current role has just made, to each reader whom somebody has named that may decide for
/// this role: anybody else could name himself.
pub fn grant_view_to_readers(view: &str) -> Result<(), Error> {
    hold_analytics()?;
    let owner = i64::from(current_role_oid());
    let readers: Vec<String> = as_extension_owner(|| {
        query::values(
            include_str!("../../sql/queries/manage/readers.sql"),
            &[owner.into()],
        )
    })?;
    for reader in &readers {
        let grantee = sql::ident(reader);
        grant_view(view, &grantee)?;
        let may_use_schema: bool = query::value(
            "SELECT pg_catalog.has_schema_privilege($1::pg_catalog.name, 'analytics', 'USAGE')",
            &[reader.clone().into()],
        )?;
        if !may_use_schema {
            grant_patiently("USAGE ON SCHEMA analytics", &grantee)?;
        }
    }
    Ok(())
}

/// Gives a role what it needs to create, refresh and drop views that it then owns. Returns what was done, in a sentence.
pub fn grant_operator(role: &str) -> Result<String, Error> {
    let (oid, grantee) = existing_role(role)?;
    // A refresh that is under way would wait for a view that is handed over below, and have locked another.
    state::lock()?;
    let known = known_role::remember(oid)?;
    ensure_analytics_schema()?;
    hold_analytics()?;
    query::run(
        &sql::fill(
            include_str!("../../sql/queries/manage/grant_operator.sql"),
            &[(":\"role\"", &grantee)],
        ),
        &[],
    )?;
    // Whoever may make operators need not have been granted these tables, which are nobody's but the extension's.
    as_extension_owner(|| {
        query::run(
            &sql::fill(
                include_str!("../../sql/queries/manage/grant_rates.sql"),
                &[(":\"role\"", &grantee)],
            ),
            &[],
        )
    })?;
    let mut readable = Vec::new();
    let mut left_out = None;
    let sources = mapping::resolve_for(role)?.0;
    let relations = sources.iter().flat_map(Source::relations);
    // What is granted below by its name is what was looked at, and nothing of another role's.
    schema::hold(relations.map(|relation| relation.schema.as_str()))?;
    for source in &sources {
        if source.relation.is_none() {
            left_out = left_out.or_else(|| left_out_source(source, role));
        }
        for relation in source.relations() {
            grant_source(&known, &grantee, source.spec.name, relation)?;
            readable.push(relation.qualified.clone());
        }
    }
    // What an operator has mapped itself is not granted to it for that; if it may read it, its changes may be captured.
    for mapping in mapping::stored()? {
        for relation in mapping.mapped_relations()? {
            let owner = known_role::remember(relation.owner_oid)?;
            as_extension_owner(|| {
                query::run(
                    include_str!("../../sql/queries/manage/store_capture_grant_if_readable.sql"),
                    &[
                        known.clone().into(),
                        relation.schema.into(),
                        relation.name.into(),
                        owner.into(),
                        i64::from(oid).into(),
                    ],
                )
            })?;
        }
    }
    let handed_over = hand_over(oid, &grantee)?;
    let temporary = grant_temporary(oid, &grantee)?;
    // A table may have another owner since the views were made.
    grant_migrations()?;
    Ok(format!(
        "role {role} may create, refresh and drop the views, and read {}{}{}{}{}",
        match readable.is_empty() {
            true => "no source yet".to_owned(),
            false => readable.join(", "),
        },
        match handed_over {
            0 => String::new(),
            views => format!("; it owns the {views} views that a superuser had created"),
        },
        captured_besides(&known, &readable)?,
        temporary.unwrap_or_default(),
        left_out.unwrap_or_default()
    ))
}

/// Lets an operator read a source, and have its changes captured.
fn grant_source(
    operator: &str,
    grantee: &str,
    entity: &'static str,
    relation: &SourceRelation,
) -> Result<(), Error> {
    query::run(
        &format!(
            "GRANT USAGE ON SCHEMA {} TO {grantee}",
            sql::ident(&relation.schema)
        ),
        &[],
    )?;
    query::run(
        &format!("GRANT SELECT ON {} TO {grantee}", relation.qualified),
        &[],
    )?;
    check_is_still(entity, relation)?;
    let owner = known_role::remember(relation.owner_oid)?;
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/manage/store_capture_grant.sql"),
            &[
                operator.to_owned().into(),
                relation.schema.clone().into(),
                relation.name.clone().into(),
                owner.into(),
            ],
        )
    })
}

/// An error unless a name still means the relation that was looked at, in the hands that it was in then.
fn check_is_still(entity: &'static str, relation: &SourceRelation) -> Result<(), Error> {
    let now = source_catalog::relation(&relation.schema, &relation.name)?;
    match now {
        Some(now) if now.oid == relation.oid && now.owner_oid == relation.owner_oid => Ok(()),
        _ => Err(Error::SourceReplaced {
            entity,
            relation: relation.qualified.clone(),
        }),
    }
}

/// Keeps the views' schema from getting another's name while something is granted on what is in it.
fn hold_analytics() -> Result<(), Error> {
    match schema_exists()? {
        true => schema::hold(["analytics"]),
        false => Ok(()),
    }
}

/// Lets a role create temporary tables in this database, where PUBLIC was denied that: REFRESH CONCURRENTLY makes one. Says so, or who has to
/// do it, as a part of a sentence.
fn grant_temporary(role: u32, grantee: &str) -> Result<Option<String>, Error> {
    let temporary = Temporary::of(role)?;
    if temporary.may_create {
        return Ok(None);
    }
    let grant = format!(
        "GRANT TEMPORARY ON DATABASE {} TO {grantee}",
        sql::ident(&temporary.database)
    );
    if !temporary.may_grant {
        return Ok(Some(format!(
            "; it may not create temporary tables, which full refreshes need: as a superuser, {grant};"
        )));
    }
    query::run(&grant, &[])?;
    Ok(Some(format!(
        "; it may create temporary tables in database {}, which full refreshes need",
        temporary.database
    )))
}

/// The sources whose changes a role may have captured although they are not granted to it here, as a part of a sentence: those that it
/// has mapped itself, and may read anyway.
fn captured_besides(known: &str, granted: &[String]) -> Result<String, Error> {
    let mut besides: Vec<String> = as_extension_owner(|| {
        query::values(
            include_str!("../../sql/queries/manage/captured_sources.sql"),
            &[known.to_owned().into()],
        )
    })?;
    besides.retain(|relation| !granted.contains(relation));
    Ok(match besides.is_empty() {
        true => String::new(),
        false => format!(
            "; triggers may note the keys of changed rows also in {}, which it may read",
            besides.join(", ")
        ),
    })
}

/// What is to be done about a source that is not granted, as the end of a sentence. What the role has mapped itself is its own affair.
fn left_out_source(source: &Source, role: &str) -> Option<String> {
    let problem = source.problems.iter().find(|problem| match problem {
        Error::UntrustedSource { .. } | Error::MappedOfOther { .. } | Error::OrphanedMapping { .. } => true,
        Error::ForeignMapping { author, .. } => author != role,
        _ => false,
    })?;
    let hint = problem.hint().unwrap_or_default();
    Some(format!("; {problem}. {hint} Then call grant_operator() again."))
}

/// Lets the owners of the tables that the views read make room for their migrations: before_migration() and after_migration() ask
/// themselves who calls.
pub fn grant_migrations() -> Result<(), Error> {
    let owners: Vec<String> = query::values(
        concat!(
            include_str!("../../sql/queries/manage/sources.sql"),
            include_str!("../../sql/queries/manage/source_owners.sql")
        ),
        &[adapters().into()],
    )?;
    for owner in &owners {
        let grantee = sql::ident(owner);
        for privilege in [
            "USAGE ON SCHEMA metabase",
            "EXECUTE ON FUNCTION metabase.before_migration(), metabase.after_migration(boolean)",
        ] {
            grant_patiently(privilege, &grantee)?;
        }
    }
    Ok(())
}

/// Grants what the extension's owner may grant. Whoever has any privilege on a schema or function can keep its row locked, by granting it,
/// also to himself: refreshes wait meanwhile, and so they wait for a few seconds only.
fn grant_patiently(privilege: &str, grantee: &str) -> Result<(), Error> {
    let grant = format!("GRANT {privilege} TO {grantee}");
    patiently(|| as_extension_owner(|| query::run(&grant, &[]))).map_err(|error| {
        match error.is_lock_timeout() {
            true => Error::GrantLocked { grant: grant.clone() },
            false => error,
        }
    })
}

/// Hands the views that a superuser had created, with what they read, to an operator: a view is refreshed by its owner.
fn hand_over(role: u32, grantee: &str) -> Result<usize, Error> {
    #[derive(serde::Deserialize)]
    struct Relation {
        oid: u32,
        schema: String,
        name: String,
        kind: String,
    }
    let relations: Vec<Relation> = query::rows(
        include_str!("../../sql/queries/manage/superusers_relations.sql"),
        &[adapters().into(), catalog::names().into()],
    )?;
    for relation in &relations {
        let kind = &relation.kind;
        let name = sql::qualified(&relation.schema, &relation.name);
        query::run(&format!("ALTER {kind} {name} OWNER TO {grantee}"), &[])?;
    }
    // The owner of a schema can drop what is in it, and put something of its own in that place.
    let oids: Vec<i64> = relations.iter().map(|relation| relation.oid.into()).collect();
    if query::exists(
        "SELECT FROM pg_catalog.pg_class WHERE oid = ANY ($1::oid[]) AND relowner <> $2::oid",
        &[oids.into(), i64::from(role).into()],
    )? {
        return Err(Error::AlteredMeanwhile);
    }
    Ok(relations
        .iter()
        .filter(|relation| relation.kind == "MATERIALIZED VIEW")
        .count())
}

fn grant_view(view: &str, grantee: &str) -> Result<(), Error> {
    query::run(
        &format!(
            "GRANT SELECT ON {} TO {grantee}",
            sql::qualified("analytics", view)
        ),
        &[],
    )
}

/// Sees to it that there is a schema for the views.
pub fn ensure_analytics_schema() -> Result<(), Error> {
    // CREATE SCHEMA IF NOT EXISTS asks for the privilege even where the schema is there.
    match schema_exists()? {
        true => Ok(()),
        false => {
            query::run("CREATE SCHEMA analytics", &[])?;
            query::run(
                "COMMENT ON SCHEMA analytics IS 'Materialized views for Metabase, by metabase_views: \\dm+ analytics.* says what each \
                 shows, SELECT * FROM metabase.view_status() how fresh it is.'",
                &[],
            )
        }
    }
}

fn schema_exists() -> Result<bool, Error> {
    query::exists(
        "SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'analytics'",
        &[],
    )
}

/// A role's oid, and its name in quotes, if there is such a role.
fn existing_role(role: &str) -> Result<(u32, String), Error> {
    let oid = query::optional_value(
        "SELECT oid::bigint FROM pg_catalog.pg_roles WHERE rolname = $1",
        &[role.to_owned().into()],
    )?;
    match oid {
        Some(oid) => Ok((oid, sql::ident(role))),
        None => Err(Error::UnknownRole {
            role: role.to_owned(),
        }),
    }
}
