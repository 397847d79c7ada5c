//! A second table that completes the rows of an entity: which one it is, and how it is joined. Pure.
//!
//! A row of the entity stays one row: the second table is joined by a column that tells its rows apart, and a row that has none there is
//! shown with NULL.

use super::detect::{self, Held};
use super::entity::{EntityColumn, EntitySpec, SecondTable};
use super::{Joined, SourceColumn, SourceRelation, Told};
use crate::error::Error;

/// What map_source() was told of a second table.
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
pub struct MappedJoin {
    pub schema: String,
    pub name: String,
    /// The column of it that tells its rows apart.
    pub column: String,
    /// The column of the entity's own table that has the same value; None for the key.
    pub source_column: Option<String>,
}

/// What an entity is read from, as it stands behind FROM.
pub fn from(relation: &SourceRelation, joined: Option<&Joined>) -> String {
    let own = format!("{} AS source", relation.qualified);
    match joined {
        None => own,
        Some(joined) => format!(
            "{own}\nLEFT JOIN {} AS joined ON {}",
            joined.relation.qualified,
            joined.condition()
        ),
    }
}

impl Joined {
    fn condition(&self) -> String {
        let source = detect::column_reference(&self.source_column.name);
        let joined = detect::joined_reference(&self.column.name);
        match self.column.sql_type.category {
            // Two columns may have two collations, of which none would count.
            'S' => format!("{source}::text COLLATE \"default\" = {joined}::text COLLATE \"default\""),
            _ => format!("{source} = {joined}"),
        }
    }

    /// How its rows tell which row of the entity they complete. `key` is the entity's key, where that is a column, `is_unique` whether that
    /// is known to tell its rows apart, `filter_reads_it` whether the second table decides which rows the adapter shows.
    pub fn told(&self, key: Option<&SourceColumn>, is_unique: bool, filter_reads_it: bool) -> Told {
        let name = &self.relation.qualified;
        let (own, other) = (&self.source_column.sql_type, &self.column.sql_type);
        let is_key = key.is_some_and(|key| key.name == self.source_column.name);
        // A key of another width is looked for like any other link: it may be none.
        if is_key && (own.base == other.base || own.category == 'S') {
            return Told::ByKey;
        }
        let column = &self.source_column.name;
        if !is_unique {
            return Told::Not(format!(
                "{name} is joined by {column}, and no unique index on a column that is NOT NULL says that a key has one row"
            ));
        }
        if filter_reads_it {
            return Told::Not(format!("{name} is joined by {column}, and the filter reads it"));
        }
        Told::ByLink
    }

    /// Whether the entity's own table has the key of the second, and not the other way round.
    pub fn is_link(&self) -> bool {
        self.told != Told::ByKey
    }

    /// The same as map_source() takes it.
    pub fn given(&self) -> serde_json::Value {
        serde_json::json!({
            "relation": self.relation.qualified,
            "column": self.column.name,
            "source_column": self.source_column.name,
        })
    }

    /// What links the two, for people.
    pub fn shown(&self) -> String {
        format!(
            "joined with {} by its column {} = {}",
            self.relation.qualified, self.column.name, self.source_column.name
        )
    }
}

/// The second table of a mapping, whose key is `key` where that is a column; or why it cannot be joined.
pub fn mapped(
    spec: &'static EntitySpec,
    mapped: &MappedJoin,
    relation: &SourceRelation,
    key: Option<&SourceColumn>,
    joined: SourceRelation,
) -> Result<Joined, Error> {
    let missing = |column: &str, relation: &SourceRelation| Error::JoinColumn {
        entity: spec.name,
        column: column.to_owned(),
        relation: relation.qualified.clone(),
    };
    let column = joined
        .column(&mapped.column)
        .ok_or_else(|| missing(&mapped.column, &joined))?;
    let source_column = match &mapped.source_column {
        Some(name) => relation.column(name).ok_or_else(|| missing(name, relation))?,
        None => key.ok_or_else(|| missing("id", relation))?,
    };
    if !column.tells_apart {
        return Err(Error::JoinNotUnique {
            entity: spec.name,
            column: column.name.clone(),
            relation: joined.qualified.clone(),
        });
    }
    if !can_link(column, source_column) {
        return Err(Error::JoinType {
            entity: spec.name,
            column: column.name.clone(),
            relation: joined.qualified.clone(),
            found: column.sql_type.name.clone(),
            source_column: source_column.name.clone(),
            wanted: source_column.sql_type.name.clone(),
        });
    }
    Ok(Joined {
        column: column.clone(),
        source_column: source_column.clone(),
        relation: joined,
        told: Told::ByKey,
        others: Vec::new(),
    })
}

/// Whether two columns have keys that are joined as they are: by their bytes.
fn can_link(one: &SourceColumn, other: &SourceColumn) -> bool {
    let is_key = |column: &SourceColumn| {
        detect::fits(super::entity::ValueKind::Id, &column.sql_type)
            && detect::own_equality(&column.sql_type).is_none()
    };
    is_key(one) && is_key(other) && detect::comparable(&one.sql_type, &other.sql_type)
}

/// What comes of looking for a second table.
#[derive(Debug)]
pub enum Found {
    None,
    Joined(Box<Joined>),
    /// Why there is none though there is one that could be.
    Undecided(Error),
}

/// What is looked for in a second table.
pub struct Wanted<'a> {
    pub spec: &'static EntitySpec,
    pub relation: &'a SourceRelation,
    /// The entity's key, where that is a column.
    pub key: Option<&'a SourceColumn>,
    /// The columns that its own table lacks.
    pub lacking: &'a [&'static EntityColumn],
}

/// The second table among those that exist. It has to have a column that the entity's own lacks; it must be certain which table that is,
/// and by which columns its rows are one with the entity's: a foreign key says that, or a name.
///
/// What views read already wins, as it does for an entity's own table: whatever keeps that from being joined is what comes of it, and
/// whether it may not be read any more is an error, since what the views have of it would be lost.
pub fn detected(
    wanted: &Wanted,
    existing: &[SourceRelation],
    shop_owner: Option<&str>,
    held: Option<&Held>,
    role: &str,
) -> Result<Found, Error> {
    let Some(second) = wanted.spec.second_table() else {
        return Ok(Found::None);
    };
    let is_candidate = |relation: &&SourceRelation| {
        let has = |column: &&'static EntityColumn| detect::fitting(column, relation).is_some();
        let is_held = held.is_some_and(|held| held.oids.contains(&relation.oid));
        matches!(relation.kind, 'r' | 'p')
            && relation.oid != wanted.relation.oid
            && (is_held || wanted.lacking.iter().any(has))
    };
    let candidates: Vec<&SourceRelation> = detect::of_names(second.tables, existing)
        .filter(is_candidate)
        .collect();
    let is_still = |relation: &&&SourceRelation| held.is_some_and(|held| held.still_is(relation));
    let usable = |candidate: &SourceRelation| usable(wanted, second, candidate, shop_owner, role);
    if let Some(relation) = candidates.iter().find(is_still) {
        // One that may not be read now may be read at any time.
        let could_be =
            |other: &SourceRelation| matches!(usable(other), Ok(_) | Err(Error::SourcePrivilege { .. }));
        let others = candidates
            .iter()
            .filter(|other| other.oid != relation.oid && could_be(other))
            .map(|other| other.qualified.clone());
        return match usable(relation) {
            Ok(joined) => Ok(Found::Joined(Box::new(Joined {
                others: others.collect(),
                ..joined
            }))),
            Err(problem @ Error::SourcePrivilege { .. }) => Err(problem),
            Err(problem) => Ok(Found::Undecided(problem)),
        };
    }
    let mut found: Vec<Joined> = Vec::new();
    let mut undecided = Found::None;
    for candidate in candidates {
        match (usable(candidate), &undecided) {
            (Ok(joined), _) => found.push(joined),
            (Err(problem), Found::None) => undecided = Found::Undecided(problem),
            (Err(_), _) => {}
        }
    }
    let was_called = |joined: &Joined| held.is_some_and(|held| held.was_called(&joined.relation));
    if found.iter().any(was_called) {
        found.retain(was_called);
    }
    if found.len() < 2 {
        let only = found.pop();
        return Ok(only.map_or(undecided, |joined| Found::Joined(Box::new(joined))));
    }
    let names: Vec<&str> = found
        .iter()
        .map(|joined| joined.relation.qualified.as_str())
        .collect();
    let link = (&found[0].column, &found[0].source_column);
    let why = format!("it could be any of {}", names.join(", "));
    Ok(Found::Undecided(undecidable(
        wanted,
        &found[0].relation,
        Some(link),
        why,
    )))
}

/// `link` is what might link the two tables.
fn undecidable(
    wanted: &Wanted,
    candidate: &SourceRelation,
    link: Option<(&SourceColumn, &SourceColumn)>,
    why: String,
) -> Error {
    Error::JoinUndecided {
        entity: wanted.spec.name,
        relation: wanted.relation.qualified.clone(),
        joined: candidate.qualified.clone(),
        link: link.map(|(column, source_column)| (column.name.clone(), source_column.name.clone())),
        why,
    }
}

/// A candidate as it is joined, or why it is not.
fn usable(
    wanted: &Wanted,
    second: &SecondTable,
    candidate: &SourceRelation,
    shop_owner: Option<&str>,
    role: &str,
) -> Result<Joined, Error> {
    let name = &candidate.qualified;
    let links = links(wanted, second, candidate);
    let undecidable = |why: String| Err(undecidable(wanted, candidate, links.first().copied(), why));
    if let Some(stranger) = detect::stranger(candidate, shop_owner) {
        return undecidable(format!(
            "{name}, or what it is made of, belongs to role \"{}\"",
            stranger.name
        ));
    }
    detect::check_relation(wanted.spec, candidate, role)?;
    let (certain, doubtful): (Vec<_>, Vec<_>) = links.iter().partition(|(column, _)| column.tells_apart);
    match (certain.as_slice(), doubtful.as_slice()) {
        ([(column, source_column)], _) => Ok(Joined {
            relation: candidate.clone(),
            column: (*column).clone(),
            source_column: (*source_column).clone(),
            told: Told::ByKey,
            others: Vec::new(),
        }),
        ([], []) => undecidable(format!(
            "no foreign key and no column {} or {} says which row of {name} is of which {}",
            second.with_key, second.with_its_key, wanted.spec.name
        )),
        ([], [(column, _), ..]) => Err(Error::JoinNotUnique {
            entity: wanted.spec.name,
            column: column.name.clone(),
            relation: name.clone(),
        }),
        (several, _) => {
            let words: Vec<String> = several
                .iter()
                .map(|(column, source_column)| format!("{} = {}", column.name, source_column.name))
                .collect();
            undecidable(format!(
                "{name} is linked in more than one way: {}",
                words.join(", ")
            ))
        }
    }
}

/// The columns of a candidate and of the entity's own table that say which row is of which, pairwise.
fn links<'a>(
    wanted: &Wanted<'a>,
    second: &SecondTable,
    candidate: &'a SourceRelation,
) -> Vec<(&'a SourceColumn, &'a SourceColumn)> {
    let refers = |from: &SourceColumn, relation: &SourceRelation, to: &SourceColumn| {
        let is_that =
            |referred: &super::ColumnReferred| referred.oid == relation.oid && referred.column == to.name;
        from.refers_to.iter().any(is_that)
    };
    let to_key = wanted.key.into_iter().flat_map(|key| {
        candidate
            .columns
            .iter()
            .filter(move |column| refers(column, wanted.relation, key) || column.name == second.with_key)
            .map(move |column| (column, key))
    });
    let from_own = wanted.relation.columns.iter().flat_map(|own| {
        candidate
            .columns
            .iter()
            .filter(move |column| {
                let is_named = own.name == second.with_its_key && column.name == second.its_key;
                refers(own, candidate, column) || is_named
            })
            .map(move |column| (column, own))
    });
    to_key
        .chain(from_own)
        .filter(|(column, own)| can_link(column, own))
        .collect()
}
