//! Drift: what the names of the sources mean now, against what the adapters were made from.
//!
//! An adapter holds a table by its oid, and columns by their numbers. People mean names. Where a name has come to mean something else, the
//! adapter has to follow; where a table or column has only lost its name, the adapter goes on with it.

use std::collections::{BTreeMap, BTreeSet};

use super::detect::Held;
use super::{Origin, Source, Sources, Told};
use crate::error::Error;

/// What one adapter was made from.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct MadeAdapter {
    /// The view, as it stands behind CREATE.
    pub statement: String,
    /// Its source, as SQL writes it; None where there was none.
    pub relation: Option<String>,
    /// The source's oid, which means nothing where a dump was restored.
    #[serde(default)]
    pub oid: Option<u32>,
    /// The numbers of the source's columns that are shown as they are, by the names of the canonical columns.
    #[serde(default)]
    pub numbers: BTreeMap<String, i16>,
    /// The second table that completes its rows.
    #[serde(default)]
    pub joined: Option<MadeJoin>,
    /// What each canonical column shows that shows anything: a column's name, or an expression.
    pub columns: BTreeMap<String, String>,
    /// How PostgreSQL told it then, with the types of its columns.
    pub told: String,
}

/// What a second table was joined as.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct MadeJoin {
    /// As SQL writes it.
    pub relation: String,
    /// Its oid, which means nothing where a dump was restored.
    pub oid: u32,
    /// Its column by which it is joined.
    pub column: String,
    /// The number of that column; None where a version before 0.2.0 made it.
    #[serde(default)]
    pub number: Option<i16>,
    pub told: Told,
    /// The canonical columns that are read from it.
    shown: BTreeSet<String>,
}

impl MadeJoin {
    fn new(source: &Source) -> Option<MadeJoin> {
        let joined = source.joined.as_ref()?;
        let bindings = source.bindings.iter().filter(|binding| binding.is_joined);
        Some(MadeJoin {
            relation: joined.relation.qualified.clone(),
            oid: joined.relation.oid,
            column: joined.column.name.clone(),
            number: Some(joined.column.number),
            told: joined.told.clone(),
            shown: bindings.map(|binding| binding.column.name.to_owned()).collect(),
        })
    }
}

impl MadeAdapter {
    pub fn new(source: &Source, statement: String) -> MadeAdapter {
        let shown = |binding: &super::Binding| Some((binding.column.name.to_owned(), binding.shown.clone()?));
        let number = |binding: &super::Binding| {
            let column = source.relation_of(binding)?.column(binding.shown.as_deref()?)?;
            Some((binding.column.name.to_owned(), column.number))
        };
        MadeAdapter {
            statement,
            relation: source
                .relation
                .as_ref()
                .map(|relation| relation.qualified.clone()),
            oid: source.relation.as_ref().map(|relation| relation.oid),
            numbers: source.bindings.iter().filter_map(number).collect(),
            joined: MadeJoin::new(source),
            columns: source.bindings.iter().filter_map(shown).collect(),
            told: String::new(),
        }
    }
}

/// A relation that an adapter reads.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct RelationRead {
    pub oid: u32,
    pub schema: String,
    pub name: String,
    /// Both, quoted where they have to be.
    qualified: String,
}

/// An adapter as the catalog has it.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct AdapterSeen {
    pub adapter: String,
    pub is_there: bool,
    pub owner: Option<String>,
    /// How PostgreSQL tells it, with the types of its columns.
    pub told: String,
    /// What the name of its source means now.
    pub named: Option<u32>,
    /// What the name of the table means now that is joined to it.
    pub joined_named: Option<u32>,
    pub reads: Vec<RelationRead>,
}

impl AdapterSeen {
    pub fn reads(&self, oid: u32) -> bool {
        self.reads.iter().any(|relation| relation.oid == oid)
    }

    /// What it reads, for whoever looks for its source again.
    pub fn held(&self, made: Option<&MadeAdapter>) -> Held {
        let oids: Vec<u32> = self.reads.iter().map(|relation| relation.oid).collect();
        let second = made.and_then(|made| made.joined.as_ref()).map(|joined| Held {
            oids: oids.clone(),
            name: Some(joined.relation.clone()),
            named: self.joined_named,
            second: None,
        });
        Held {
            oids,
            name: made.and_then(|made| made.relation.clone()),
            named: self.named,
            second: second.map(Box::new),
        }
    }

    /// The one relation among those that it reads that its source is, and the one that is joined to it, as far as that can be told.
    pub fn parts(&self, made: Option<&MadeAdapter>) -> (Option<&RelationRead>, Option<&RelationRead>) {
        let Some((made, joined)) = made.and_then(|made| Some((made, made.joined.as_ref()?))) else {
            return match self.reads.as_slice() {
                [only] => (Some(only), None),
                _ => (None, None),
            };
        };
        // By its name, if that still means one of them, or else by its oid.
        let part = |named: Option<u32>, oid: Option<u32>| {
            let read = |oid: u32| self.reads.iter().find(|relation| relation.oid == oid);
            named.and_then(read).or_else(|| oid.and_then(read))
        };
        (
            part(self.named, made.oid),
            part(self.joined_named, Some(joined.oid)),
        )
    }

    /// Whether the name of its source means what it reads.
    pub fn has_its_name(&self) -> bool {
        self.named.is_some_and(|oid| self.reads(oid))
    }

    /// What it reads, for people.
    pub fn names_read(&self) -> String {
        let names: Vec<String> = self
            .reads
            .iter()
            .map(|relation| relation.qualified.clone())
            .collect();
        names.join(", ")
    }
}

/// How an adapter stands to what the names mean.
#[derive(Clone, Debug, PartialEq)]
pub enum Drift {
    /// It shows what they mean.
    None,
    /// It does not, and can be made to.
    Follows(String),
    /// What it reads is not found under its name any more, or not by name alone, or something else might be meant as well. It goes on
    /// reading that.
    Stays(String),
    /// The names mean something that it cannot show.
    Barred(String),
}

/// How one adapter stands to its source as it would be found now. `is_same_major` says whether the server tells definitions as the one did
/// that the adapter was made in.
pub fn drift(
    made: &MadeAdapter,
    seen: &AdapterSeen,
    source: &Source,
    statement: &str,
    is_same_major: bool,
) -> Drift {
    let entity = source.spec.name;
    let problem = source.problems.first().map(Error::to_string);
    if !seen.is_there {
        return match problem {
            None => Drift::Follows(format!("the adapter of entity {entity} is gone")),
            Some(problem) => Drift::Barred(problem),
        };
    }
    let is_as_made = is_same_major && made.told == seen.told;
    match (&made.relation, &source.relation) {
        // What has come and cannot be used is for a person to look at, and in nobody's way.
        (None, _) if problem.is_some() => Drift::Stays(problem.unwrap_or_default()),
        (None, None) if is_same(&made.statement, statement) && is_as_made => Drift::None,
        (None, None) => Drift::Follows(format!("the adapter of entity {entity} was made in another way")),
        (None, Some(new)) => Drift::Follows(format!("{} has come", new.qualified)),
        (Some(_), Some(new)) if seen.reads(new.oid) => {
            if let Some(drift) = join_drift(made, seen, source, statement, problem.as_deref()) {
                return drift;
            }
            let changed = match is_same(&made.statement, statement) && is_as_made {
                true => Changed::default(),
                false => Changed::of(made, source, statement),
            };
            let relation = &new.qualified;
            match (changed.lost, changed.otherwise, problem) {
                (None, None, None) => also_meant(source).map_or(Drift::None, Drift::Stays),
                (None, None, Some(problem)) => Drift::Stays(problem),
                // Only the words are others.
                (None, Some(_), Some(problem)) if !is_same_major && is_same(&made.statement, statement) => {
                    Drift::Stays(problem)
                }
                (None, Some(_), Some(problem)) => Drift::Barred(problem),
                (None, Some(what), None) => Drift::Follows(format!("{relation} {what}")),
                (Some(lost), None, _) => Drift::Stays(format!(
                    "{relation} has no column {lost} any more: the views go on reading what was called that"
                )),
                (Some(lost), Some(what), _) => {
                    Drift::Barred(format!("{relation} {what}, and has no column {lost} any more"))
                }
            }
        }
        (Some(_), Some(new)) => match (problem, lost_columns(made, source)) {
            (Some(problem), _) => Drift::Barred(problem),
            (None, Some(lost)) => Drift::Barred(format!(
                "{} is another table than the views read, and has no column {lost}",
                new.qualified
            )),
            (None, None) => Drift::Follows(format!("{} is another table", new.qualified)),
        },
        (Some(old), None) => match seen.named {
            Some(oid) if seen.reads(oid) => Drift::Stays(
                problem.unwrap_or_else(|| format!("entity {entity} is not read from {old} any more")),
            ),
            Some(_) => Drift::Barred(
                problem.unwrap_or_else(|| format!("{old} is another table than the views read")),
            ),
            None if source.is_mapped_to_none => Drift::Follows(format!("entity {entity} is mapped to none")),
            None => Drift::Stays(format!(
                "{old} is not there any more: the views go on reading {}",
                seen.names_read()
            )),
        },
    }
}

/// What else a source could be read from, or be joined with, beside what the views read; None where there is nothing.
fn also_meant(source: &Source) -> Option<String> {
    let entity = source.spec.name;
    let goes_on = |what: &str, others: &[String], read: &str| {
        (!others.is_empty()).then(|| {
            let others = others.join(", ");
            format!("entity {entity} could be {what} {others} as well: the views go on reading {read}")
        })
    };
    let relation = source.relation.as_ref()?;
    goes_on("read from", &source.others, &relation.qualified).or_else(|| {
        let joined = source.joined.as_ref()?;
        goes_on("joined with", &joined.others, &joined.relation.qualified)
    })
}

/// How an adapter stands to the second table of a source that it reads; None where that makes no difference, or only in what its columns
/// are.
fn join_drift(
    made: &MadeAdapter,
    seen: &AdapterSeen,
    source: &Source,
    statement: &str,
    problem: Option<&str>,
) -> Option<Drift> {
    let was = made.joined.as_ref()?;
    let undecided = source.undecided.as_ref().map(Error::to_string);
    let problem = problem.map(str::to_owned).or(undecided);
    match &source.joined {
        Some(joined) if seen.reads(joined.relation.oid) => None,
        Some(joined) => Some(match (problem, lost_columns(made, source)) {
            (Some(problem), _) => Drift::Barred(problem),
            (None, Some(lost)) => Drift::Barred(format!(
                "{} is another table than the views read, and has no column {lost}",
                joined.relation.qualified
            )),
            (None, None) => Drift::Follows(format!("{} is another table", joined.relation.qualified)),
        }),
        // It has lost its name, and the adapter goes on with it; unless somebody has decided that nothing is joined, or the entity's own
        // table is another one by now.
        None if seen.joined_named.is_none() => (!is_unjoined(source)).then(|| {
            let is_gone = format!("{} is not there any more", was.relation);
            match change(made, &MadeAdapter::new(source, statement.to_owned())) {
                None => Drift::Stays(format!(
                    "{is_gone}: the views go on reading {}",
                    seen.names_read()
                )),
                Some(what) => {
                    let own = made.relation.as_deref().unwrap_or(source.spec.name);
                    Drift::Barred(format!("{own} {what}, and {is_gone}"))
                }
            }
        }),
        // What keeps it from being joined, such as the loss of its unique index, makes the numbers wrong.
        None => problem.map(Drift::Barred).or_else(|| {
            let is_replaced = seen.joined_named.is_some_and(|oid| !seen.reads(oid));
            (is_replaced && !is_unjoined(source))
                .then(|| Drift::Barred(format!("{} is another table than the views read", was.relation)))
        }),
    }
}

/// Whether nothing is joined because somebody has decided so.
fn is_unjoined(source: &Source) -> bool {
    source.joined.is_none() && !source.is_join_sought && source.problems.is_empty()
}

/// What is different in an adapter that would still read the same relation.
#[derive(Default)]
struct Changed {
    /// Columns that are not found any more.
    lost: Option<String>,
    otherwise: Option<String>,
}

impl Changed {
    fn of(made: &MadeAdapter, source: &Source, statement: &str) -> Changed {
        let lost = lost_columns(made, source);
        let otherwise = change(made, &MadeAdapter::new(source, statement.to_owned())).or_else(|| {
            let what = "is read by an adapter that was made in another way";
            lost.is_none().then(|| what.to_owned())
        });
        Changed { lost, otherwise }
    }
}

/// What two adapters that read the same show in another way, but for columns that only one of them has.
fn change(made: &MadeAdapter, now: &MadeAdapter) -> Option<String> {
    let table = |adapter: &MadeAdapter, column: &str| match &adapter.joined {
        Some(joined) if joined.shown.contains(column) => Some(joined.oid),
        _ => adapter.oid,
    };
    let other: Vec<&str> = now
        .columns
        .iter()
        .filter(|(column, shown)| {
            // A column of the same name may be another one, while that which is shown has another name now.
            let is_moved = table(made, column) == table(now, column)
                && made.numbers.get(*column) != now.numbers.get(*column);
            made.columns.get(*column) != Some(shown) || is_moved
        })
        .map(|(column, _)| column.as_str())
        .collect();
    if !other.is_empty() {
        Some(format!("has another column for {}", other.join(", ")))
    } else if shows_keys_once(&made.statement) != shows_keys_once(&now.statement) {
        Some("has another unique key".to_owned())
    } else {
        None
    }
}

/// Whether two adapters show the same. The type of a column that is not there is that of what would refer to it, which may have lost its
/// name: that makes no difference.
fn is_same(statement: &str, other: &str) -> bool {
    fn without_types_of_nothing(statement: &str) -> String {
        let mut parts = statement.split("NULL::");
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |shown, part| {
            shown + "NULL" + part.trim_start_matches(char::is_alphanumeric)
        })
    }
    without_types_of_nothing(statement) == without_types_of_nothing(other)
}

/// Whether an adapter shows each key once because nothing else sees to that.
fn shows_keys_once(statement: &str) -> bool {
    statement.contains("SELECT DISTINCT ON")
}

/// The columns that the adapter shows and would not show any more, because its source has none of that name now; None where there is no
/// such column. Where somebody has decided so, none is lost.
pub fn lost_columns(made: &MadeAdapter, source: &Source) -> Option<String> {
    let relation = source.relation.as_ref()?;
    let lost: BTreeSet<String> = source
        .bindings
        .iter()
        .filter(|binding| binding.origin == Origin::Missing && !binding.is_mapped_to_none)
        .filter_map(|binding| {
            let shown = made.columns.get(binding.column.name)?;
            let was_joined = made
                .joined
                .as_ref()
                .is_some_and(|joined| joined.shown.contains(binding.column.name));
            let is_there = match (&source.joined, was_joined) {
                (_, false) => relation.column(shown).is_some(),
                (Some(joined), true) => joined.relation.column(shown).is_some(),
                (None, true) => is_unjoined(source),
            };
            let was_detected = binding.column.names.contains(&shown.as_str());
            let is_lost = !is_there && (was_detected || was_joined || !source.problems.is_empty());
            is_lost.then(|| shown.clone())
        })
        .collect();
    (!lost.is_empty()).then(|| lost.into_iter().collect::<Vec<_>>().join(", "))
}

/// The first reason why adapters cannot follow though each could by itself: keys that do not fit each other any more.
pub fn misfit(sources: &Sources) -> Option<String> {
    sources
        .0
        .iter()
        .flat_map(|source| &source.problems)
        .find(|problem| matches!(problem, Error::ReferenceType { .. }))
        .map(Error::to_string)
}

/// How all adapters stand, in the order of the entities.
#[derive(Debug)]
pub struct Drifts(pub Vec<Drift>);

impl Drifts {
    /// What keeps views from being refreshed.
    pub fn barred(&self) -> Option<&str> {
        self.0.iter().find_map(|drift| match drift {
            Drift::Barred(what) => Some(what.as_str()),
            _ => None,
        })
    }

    /// What adapters have to follow, in one sentence; None where there is nothing.
    pub fn to_follow(&self) -> Option<String> {
        sentence(self.0.iter().filter_map(|drift| match drift {
            Drift::Follows(what) => Some(what.as_str()),
            _ => None,
        }))
    }

    /// Whatever there is to be said of them.
    pub fn all(&self) -> Vec<String> {
        let all = self.0.iter().filter_map(|drift| match drift {
            Drift::None => None,
            Drift::Follows(what) | Drift::Stays(what) | Drift::Barred(what) => Some(what.clone()),
        });
        all.collect()
    }

    /// What people should know of while all goes on.
    pub fn notes(&self) -> Vec<String> {
        let notes = self.0.iter().filter_map(|drift| match drift {
            Drift::Stays(what) => Some(what.clone()),
            _ => None,
        });
        notes.collect()
    }
}

fn sentence<'a>(texts: impl Iterator<Item = &'a str>) -> Option<String> {
    let texts: Vec<&str> = texts.collect();
    (!texts.is_empty()).then(|| texts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::super::entity::Entity;
    use super::super::{Binding, SourceColumn, SourceRelation, SqlType, detect};
    use super::*;

    const OLD: u32 = 1;
    const NEW: u32 = 2;

    /// A source that has these columns, found by the names that it is known by.
    fn source(relation: Option<(u32, &[&str])>) -> Source {
        let spec = Entity::Brand.spec();
        let text = || SqlType {
            name: "text".into(),
            base: "text".into(),
            category: 'S',
            is_deterministic: true,
        };
        let relation = relation.map(|(oid, columns)| SourceRelation {
            schema: "core".into(),
            name: "brands".into(),
            qualified: "core.brands".into(),
            kind: 'r',
            oid,
            owner: "shop".into(),
            owner_oid: 3,
            owners: Vec::new(),
            readable: true,
            columns: columns
                .iter()
                .zip(1..)
                .map(|(name, number)| SourceColumn {
                    name: (*name).into(),
                    number,
                    sql_type: text(),
                    unique: true,
                    tells_apart: true,
                    refers_to: Vec::new(),
                })
                .collect(),
        });
        let bindings = spec.columns.iter().map(|column| {
            let found = relation
                .as_ref()
                .is_some_and(|relation| relation.column(column.name).is_some());
            match found {
                true => Binding {
                    origin: Origin::Detected,
                    shown: Some(column.name.to_owned()),
                    ..detect::missing(column, None)
                },
                false => detect::missing(column, None),
            }
        });
        Source {
            spec,
            bindings: bindings.collect(),
            relation,
            others: Vec::new(),
            joined: None,
            is_join_sought: true,
            undecided: None,
            filter: None,
            is_mapped_to_none: false,
            behind: Vec::new(),
            unique_key: true,
            problems: Vec::new(),
        }
    }

    /// An adapter that reads table OLD, whose name means `named` now.
    fn seen(named: Option<u32>) -> AdapterSeen {
        AdapterSeen {
            adapter: "brands".into(),
            is_there: true,
            owner: None,
            told: "as it was made".into(),
            named,
            joined_named: None,
            reads: vec![RelationRead {
                oid: OLD,
                schema: "core".into(),
                name: "makers".into(),
                qualified: "core.makers".into(),
            }],
        }
    }

    fn made() -> MadeAdapter {
        MadeAdapter {
            told: "as it was made".into(),
            ..MadeAdapter::new(&source(Some((OLD, &["id", "name"]))), "as before".into())
        }
    }

    /// What becomes of the adapter whose source is found like that.
    fn becomes(relation: Option<(u32, &[&str])>, named: Option<u32>) -> Drift {
        let statement = match relation {
            Some((_, ["id", "name"])) => "as before",
            _ => "otherwise",
        };
        drift(&made(), &seen(named), &source(relation), statement, true)
    }

    fn follows(drift: &Drift) -> bool {
        matches!(drift, Drift::Follows(_))
    }

    #[test]
    fn an_adapter_follows_its_name_goes_on_without_one_or_is_barred() {
        let same: Option<(u32, &[&str])> = Some((OLD, &["id", "name"]));
        assert_eq!(becomes(same, Some(OLD)), Drift::None);
        assert!(follows(&becomes(Some((NEW, &["id", "name"])), Some(NEW))));
        assert!(follows(&becomes(
            Some((OLD, &["id", "name", "segment"])),
            Some(OLD)
        )));
        // Something else might be meant.
        let beside = Source {
            others: vec!["catalog.brand".into()],
            ..source(same)
        };
        assert!(matches!(
            drift(&made(), &seen(Some(OLD)), &beside, "as before", true),
            Drift::Stays(what) if what.contains("catalog.brand")
        ));
        // A name that is gone, of the table or of a column of it.
        assert!(matches!(becomes(None, None), Drift::Stays(what) if what.contains("core.makers")));
        assert!(
            matches!(becomes(Some((OLD, &["id"])), Some(OLD)), Drift::Stays(what) if what.contains("column name"))
        );
        // Something else has the name, and lacks what views show; or is nothing that can be read.
        assert!(matches!(
            becomes(Some((NEW, &["id"])), Some(NEW)),
            Drift::Barred(_)
        ));
        assert!(matches!(becomes(None, Some(NEW)), Drift::Barred(_)));
        // One column gone, and another one in the place of a third.
        let replaced = MadeAdapter {
            numbers: BTreeMap::from([("id".to_owned(), 7)]),
            ..made()
        };
        let without_name = source(Some((OLD, &["id"])));
        assert!(matches!(
            drift(&replaced, &seen(Some(OLD)), &without_name, "otherwise", true),
            Drift::Barred(_)
        ));
        // One column gone and another one come: nobody can tell whether it is the same.
        assert!(matches!(
            becomes(Some((OLD, &["id", "segment"])), Some(OLD)),
            Drift::Barred(_)
        ));
    }

    #[test]
    fn an_adapter_is_made_anew_that_is_gone_or_was_altered_or_told_by_another_major_version() {
        let same = source(Some((OLD, &["id", "name"])));
        let gone = AdapterSeen {
            is_there: false,
            ..seen(Some(OLD))
        };
        let altered = AdapterSeen {
            told: "otherwise".into(),
            ..seen(Some(OLD))
        };
        assert!(follows(&drift(&made(), &gone, &same, "as before", true)));
        assert!(follows(&drift(&made(), &altered, &same, "as before", true)));
        assert!(follows(&drift(
            &made(),
            &seen(Some(OLD)),
            &same,
            "as before",
            false
        )));
    }

    #[test]
    fn the_type_of_what_is_not_there_makes_no_difference() {
        let of_type = |key: &str| {
            format!("VIEW x AS\nSELECT\n    NULL::{key} AS \"id\",\n    NULL::text AS \"name\"\nWHERE false")
        };
        assert!(is_same(&of_type("uuid"), &of_type("text")));
        assert!(!is_same(
            &of_type("uuid"),
            &of_type("uuid").replace("name", "value")
        ));
    }

    #[test]
    fn what_comes_and_cannot_be_used_is_in_nobodys_way() {
        let mut unreadable = source(None);
        unreadable.problems.push(Error::RelationKind {
            entity: "brand",
            relation: "core.brands".into(),
            kind: "a sequence",
        });
        let never_there = MadeAdapter {
            relation: None,
            ..made()
        };
        let reads_nothing = AdapterSeen {
            reads: Vec::new(),
            ..seen(Some(NEW))
        };
        assert!(matches!(
            drift(&never_there, &reads_nothing, &unreadable, "as before", true),
            Drift::Stays(_)
        ));
        // Where the views read something, it is.
        assert!(matches!(
            drift(&made(), &seen(Some(NEW)), &unreadable, "as before", true),
            Drift::Barred(_)
        ));
    }
}
