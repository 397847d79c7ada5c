//! What is kept of a view or adapter while it is gone, and how it gets that back: indexes, privileges, comments, options, statistics.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::parts::{Part, calls_of_view, parts_of_view};
use crate::error::Error;
use crate::known_role;
use crate::pg::identity::{as_extension_owner, as_role};
use crate::pg::setting::with_settings;
use crate::pg::subtransaction::subtransaction;
use crate::pg::{analysis, query};
use crate::sql;

/// All that a view or adapter was given since it was made.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Kept {
    /// The functions and operators that a view calls, and the types that it names, by oids; none of PostgreSQL's own.
    calls: Vec<u32>,
    /// Of its indexes and statistics, those that call something, too.
    parts: Vec<Part>,
    /// To whom belonged what it read, as known roles.
    read_from: Vec<String>,
    comment: Option<String>,
    tablespace: Option<String>,
    access_method: Option<String>,
    /// As `name=value`.
    options: Vec<String>,
    columns: Vec<Column>,
    indexes: Vec<Index>,
    /// The statements that make extended statistics.
    extended_statistics: Vec<String>,
    /// Whether its privileges are others than those that a new relation has.
    has_privileges: bool,
    grants: Vec<Grant>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Column {
    name: String,
    comment: Option<String>,
    statistics: Option<i32>,
    options: Vec<String>,
    storage: Option<String>,
    compression: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
struct Index {
    name: String,
    definition: String,
    comment: Option<String>,
    tablespace: Option<String>,
    is_unique: bool,
    is_clustered: bool,
    /// Columns by their numbers, and how much is sampled of each.
    statistics: Vec<(i32, i32)>,
}

/// A role that owns what a view reads.
#[derive(Deserialize)]
struct Owner {
    oid: u32,
    name: String,
}

fn owners_of_what_is_read(relation: u32) -> Result<Vec<Owner>, Error> {
    query::rows(
        include_str!("../../sql/queries/manage/owners_of_what_is_read.sql"),
        &[i64::from(relation).into()],
    )
}

/// A privilege that one role has given to another.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Grant {
    /// None for the relation as a whole.
    column: Option<String>,
    grantee: Role,
    granted_by: Role,
    privilege: String,
    is_grantable: bool,
}

/// A role, as the catalog has it, or as it is stored.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
enum Role {
    Oid(u32),
    Known(String),
    Public,
}

/// A known role, as the cluster has it now.
#[derive(Deserialize)]
struct KnownRole {
    id: String,
    role_name: String,
    role_oid: u32,
}

impl Kept {
    /// What is to be kept of a relation.
    pub fn of(relation: u32) -> Result<Kept, Error> {
        let mut kept: Kept = query::row(
            include_str!("../../sql/queries/manage/kept_of_relation.sql"),
            &[i64::from(relation).into()],
        )?;
        kept.calls = calls_of_view(relation)?;
        kept.parts = parts_of_view(relation)?;
        for owner in owners_of_what_is_read(relation)? {
            kept.read_from.push(known_role::remember(owner.oid)?);
        }
        let mut known: BTreeMap<u32, String> = BTreeMap::new();
        let mut known_role = |role: &Role| -> Result<Role, Error> {
            let Role::Oid(oid) = *role else {
                return Ok(role.clone());
            };
            if oid == 0 {
                return Ok(Role::Public);
            }
            if let Entry::Vacant(entry) = known.entry(oid) {
                entry.insert(known_role::remember(oid)?);
            }
            Ok(Role::Known(String::clone(&known[&oid])))
        };
        for grant in &mut kept.grants {
            grant.grantee = known_role(&grant.grantee)?;
            grant.granted_by = known_role(&grant.granted_by)?;
        }
        Ok(kept)
    }

    /// The names of its indexes.
    pub fn index_names(&self) -> impl Iterator<Item = &str> {
        self.indexes.iter().map(|index| index.name.as_str())
    }

    /// An error if a view that was made again, and has no rows yet, calls what it did not call before, or reads what belongs to others: another
    /// function can fit the words of its query better by now, and anybody can have taken a name that was free for a while.
    pub fn check_meaning(&self, view: &str, relation: u32, owner: u32) -> Result<(), Error> {
        let calls = calls_of_view(relation)?;
        if !calls.iter().all(|call| self.calls.contains(call)) {
            return Err(Error::CallsAnother {
                view: view.to_owned(),
                part: "the query".into(),
            });
        }
        let known: Vec<u32> = known_roles(&self.read_from)?
            .into_iter()
            .map(|known| known.role_oid)
            .collect();
        let stranger = owners_of_what_is_read(relation)?
            .into_iter()
            .find(|now| now.oid != owner && !known.contains(&now.oid));
        match stranger {
            Some(stranger) => Err(Error::ReadsAnother {
                view: view.to_owned(),
                owner: stranger.name,
            }),
            None => Ok(()),
        }
    }

    /// Runs `work`, and has what that makes stored where this was.
    pub fn in_its_place<T>(&self, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let settings = [
            (
                "default_tablespace",
                self.tablespace.as_deref().unwrap_or_default(),
            ),
            (
                "default_table_access_method",
                self.access_method.as_deref().unwrap_or("heap"),
            ),
        ];
        with_settings(&settings, work)
    }

    /// Gives a view, which was just made, what it had.
    pub fn restore(&self, view: &str, owner: u32) -> Result<(), Error> {
        as_role(owner, || {
            self.parts.iter().try_for_each(|part| part.check(view))?;
            self.restore_indexes(view)?;
            for statement in self.statements(view, &existing_columns("analytics", view)?) {
                query::run(&statement, &[])?;
            }
            self.extended_statistics
                .iter()
                .try_for_each(|statement| analysis::make(view, "a statistics object", statement))
        })?;
        self.restore_privileges("analytics", view, owner)
    }

    /// The statements that give a view its options, statistics targets and comments back, as far as it still has the columns.
    fn statements(&self, view: &str, columns: &[String]) -> Vec<String> {
        let name = sql::qualified("analytics", view);
        let alter = format!("ALTER MATERIALIZED VIEW {name}");
        let mut statements = vec![comment("MATERIALIZED VIEW", &name, self.comment.as_deref())];
        if let Some(options) = options(&self.options) {
            statements.push(format!("{alter} SET ({options})"));
        }
        for column in self
            .columns
            .iter()
            .filter(|column| columns.contains(&column.name))
        {
            let ident = sql::ident(&column.name);
            statements.push(comment(
                "COLUMN",
                &format!("{name}.{ident}"),
                column.comment.as_deref(),
            ));
            if let Some(target) = column.statistics {
                statements.push(format!("{alter} ALTER COLUMN {ident} SET STATISTICS {target}"));
            }
            if let Some(options) = options(&column.options) {
                statements.push(format!("{alter} ALTER COLUMN {ident} SET ({options})"));
            }
            if let Some(storage) = &column.storage {
                statements.push(format!("{alter} ALTER COLUMN {ident} SET STORAGE {storage}"));
            }
            if let Some(compression) = &column.compression {
                statements.push(format!(
                    "{alter} ALTER COLUMN {ident} SET COMPRESSION {}",
                    sql::ident(compression)
                ));
            }
        }
        for index in &self.indexes {
            let ident = sql::ident(&index.name);
            let qualified = sql::qualified("analytics", &index.name);
            statements.push(comment("INDEX", &qualified, index.comment.as_deref()));
            for (number, target) in &index.statistics {
                statements.push(format!(
                    "ALTER INDEX {qualified} ALTER COLUMN {number} SET STATISTICS {target}"
                ));
            }
            if index.is_clustered {
                statements.push(format!("{alter} CLUSTER ON {ident}"));
            }
        }
        statements
    }

    /// Makes its indexes those that it had. A unique one more, which tells its rows apart, stays.
    fn restore_indexes(&self, view: &str) -> Result<(), Error> {
        #[derive(Deserialize)]
        struct Made {
            name: String,
            definition: String,
            is_unique: bool,
        }
        let made: Vec<Made> = query::rows(
            include_str!("../../sql/queries/manage/index_definitions.sql"),
            &[view.to_owned().into()],
        )?;
        let is_in_place = |index: &Index| {
            index.tablespace.is_none()
                && made
                    .iter()
                    .any(|made| made.name == index.name && made.definition == index.definition)
        };
        for made in &made {
            let had = self.indexes.iter().find(|index| index.name == made.name);
            if had.map_or(!made.is_unique, |had| !is_in_place(had)) {
                let name = sql::qualified("analytics", &made.name);
                query::run(&format!("DROP INDEX {name}"), &[])?;
            }
        }
        for index in self.indexes.iter().filter(|index| !is_in_place(index)) {
            let tablespace = index.tablespace.as_deref().unwrap_or_default();
            with_settings(&[("default_tablespace", tablespace)], || {
                analysis::make(view, &format!("index \"{}\"", index.name), &index.definition)
            })?;
        }
        Ok(())
    }

    /// Gives a relation that was just made the privileges that it had, from whom they came. Roles that are gone get none.
    pub fn restore_privileges(&self, schema: &str, name: &str, owner: u32) -> Result<(), Error> {
        let relation = sql::qualified(schema, name);
        let columns = existing_columns(schema, name)?;
        let roles = self.known_grantees()?;
        as_role(owner, || {
            // What new relations of the owner's are granted by default may be more.
            let mut revoked: Vec<String> = query::values(
                include_str!("../../sql/queries/manage/grantees.sql"),
                &[schema.to_owned().into(), name.to_owned().into()],
            )?;
            if self.has_privileges {
                revoked.push("CURRENT_USER".into());
            }
            for grantee in revoked {
                query::run(&format!("REVOKE ALL ON {relation} FROM {grantee}"), &[])?;
            }
            Ok(())
        })?;
        for grant in &self.grants {
            if grant
                .column
                .as_ref()
                .is_some_and(|column| !columns.contains(column))
            {
                continue;
            }
            let role = |role: &Role| match role {
                Role::Known(id) => roles.iter().find(|known| known.id == *id),
                _ => None,
            };
            let grantee = match (&grant.grantee, role(&grant.grantee)) {
                (Role::Public, _) => "PUBLIC".to_owned(),
                (_, Some(known)) => sql::ident(&known.role_name),
                (_, None) => continue,
            };
            let Some(granted_by) = role(&grant.granted_by) else {
                continue;
            };
            let statement = format!(
                "GRANT {}{} ON {relation} TO {grantee}{}",
                grant.privilege,
                match &grant.column {
                    Some(column) => format!(" ({})", sql::ident(column)),
                    None => String::new(),
                },
                if grant.is_grantable {
                    " WITH GRANT OPTION"
                } else {
                    ""
                },
            );
            // Whoever may give it on, but may not use the schema now, has the owner give it. Who may not is not spoken for.
            let may_grant = || -> Result<bool, Error> {
                query::value(
                    include_str!("../../sql/queries/manage/may_grant.sql"),
                    &[
                        i64::from(granted_by.role_oid).into(),
                        relation.clone().into(),
                        grant.column.clone().into(),
                        format!("{} WITH GRANT OPTION", grant.privilege).into(),
                    ],
                )
            };
            if subtransaction(|| as_role(granted_by.role_oid, || query::run(&statement, &[]))).is_err()
                && may_grant()?
            {
                as_role(owner, || query::run(&statement, &[]))?;
            }
        }
        Ok(())
    }

    /// The roles that its grants are about.
    fn known_grantees(&self) -> Result<Vec<KnownRole>, Error> {
        let ids: BTreeSet<&String> = self
            .grants
            .iter()
            .flat_map(|grant| [&grant.grantee, &grant.granted_by])
            .filter_map(|role| match role {
                Role::Known(id) => Some(id),
                _ => None,
            })
            .collect();
        known_roles(&ids.into_iter().cloned().collect::<Vec<String>>())
    }
}

/// Those of these known roles that the cluster has.
fn known_roles(ids: &[String]) -> Result<Vec<KnownRole>, Error> {
    as_extension_owner(|| {
        query::rows(
            include_str!("../../sql/queries/manage/roles_now.sql"),
            &[ids.to_vec().into()],
        )
    })
}

fn existing_columns(schema: &str, name: &str) -> Result<Vec<String>, Error> {
    query::values(
        include_str!("../../sql/queries/manage/existing_columns.sql"),
        &[schema.to_owned().into(), name.to_owned().into()],
    )
}

fn comment(kind: &str, name: &str, text: Option<&str>) -> String {
    let text = text.map_or_else(|| "NULL".to_owned(), sql::literal);
    format!("COMMENT ON {kind} {name} IS {text}")
}

/// Options as they stand between the parentheses of SET; None where there are none.
fn options(options: &[String]) -> Option<String> {
    let set: Vec<String> = options
        .iter()
        .filter_map(|option| {
            let (name, value) = option.split_once('=')?;
            let name: Vec<String> = name.split('.').map(sql::ident).collect();
            Some(format!("{} = {}", name.join("."), sql::literal(value)))
        })
        .collect();
    (!set.is_empty()).then(|| set.join(", "))
}
