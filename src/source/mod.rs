//! Where a shop keeps its orders, stock items and the rest, and the adapters that show them alike.

pub mod adapter;
pub mod catalog;
mod conversion;
pub mod describe;
pub mod detect;
pub mod drift;
pub mod entity;
pub mod exchange_rate;
pub mod installed;
pub mod join;
pub mod mapping;

use entity::{Entity, EntityColumn, EntitySpec, ValueKind};

use crate::error::Error;

/// The type of a source column or expression.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
pub struct SqlType {
    /// As `format_type` writes it, with its modifier.
    #[serde(rename = "type")]
    pub name: String,
    /// The type itself: without modifier, and for a domain the type beneath it.
    pub base: String,
    /// `pg_type.typcategory` of `base`.
    pub category: char,
    /// Whether texts of it are equal only if they are the same, byte by byte: not those of a nondeterministic collation.
    pub is_deterministic: bool,
}

/// A column of a shop's table.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct SourceColumn {
    pub name: String,
    /// `pg_attribute.attnum`
    pub number: i16,
    #[serde(flatten)]
    pub sql_type: SqlType,
    /// Whether a unique index on this column alone says that no two rows share a value.
    pub unique: bool,
    /// The same, but for NULL, which many rows may have.
    pub tells_apart: bool,
    /// What it refers to by a foreign key of its own.
    pub refers_to: Vec<ColumnReferred>,
}

/// A column that a foreign key refers to.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct ColumnReferred {
    /// The oid of its table.
    pub oid: u32,
    pub column: String,
}

/// A shop's table, as the catalog describes it.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct SourceRelation {
    pub schema: String,
    pub name: String,
    /// Both, quoted where they have to be.
    pub qualified: String,
    /// `pg_class.relkind`
    pub kind: char,
    pub oid: u32,
    pub owner: String,
    pub owner_oid: u32,
    /// To whom it belongs, and what it reads, and its parts; itself first.
    pub owners: Vec<RelationOwner>,
    /// Whether the current role may read it.
    pub readable: bool,
    pub columns: Vec<SourceColumn>,
}

/// A role that a relation belongs to, or what the relation reads, or a part of it.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct RelationOwner {
    pub name: String,
    pub oid: u32,
    /// Whether it is not the relation itself that belongs to it.
    pub is_behind: bool,
    /// Whether its name alone makes nothing a source. Superusers, the role that reads and, unless that is a superuser, the database's
    /// owner are none.
    pub is_stranger: bool,
}

impl SourceRelation {
    /// The roles among its owners that are not trusted for a name.
    pub fn strangers(&self) -> impl Iterator<Item = &RelationOwner> {
        self.owners.iter().filter(|owner| owner.is_stranger)
    }

    pub fn column(&self, name: &str) -> Option<&SourceColumn> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// How a canonical column came to what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// map_source() said so.
    Mapped,
    /// The source has a column of a known name and a fitting type.
    Detected,
    /// From the status and the statuses that a setting lists.
    Derived,
    /// There is none: the column is NULL.
    Missing,
}

impl Origin {
    pub fn name(self) -> &'static str {
        match self {
            Origin::Mapped => "mapped",
            Origin::Detected => "detected",
            Origin::Derived => "derived",
            Origin::Missing => "missing",
        }
    }
}

/// A second table, whose row of the same value completes that of an entity.
#[derive(Clone, Debug)]
pub struct Joined {
    pub relation: SourceRelation,
    /// Its column, which tells its rows apart.
    pub column: SourceColumn,
    /// The column of the entity's own table.
    pub source_column: SourceColumn,
    pub told: Told,
    /// What could be joined as well, under other names that a second table is known by.
    pub others: Vec<String>,
}

/// How a changed row of a second table tells which row of the entity it completes.
#[derive(Clone, Debug, PartialEq, serde::Deserialize, serde::Serialize)]
pub enum Told {
    /// It has the entity's key.
    ByKey,
    /// It has a key of its own, which the adapter shows beside that of the entity.
    ByLink,
    /// It does not, and why.
    Not(String),
}

/// What one canonical column shows.
#[derive(Clone, Debug)]
pub struct Binding {
    pub column: &'static EntityColumn,
    pub origin: Origin,
    /// SQL over the source's columns; None where there is none.
    pub expression: Option<String>,
    /// The same as a person would write it: a column's name, or the expression that was mapped.
    pub shown: Option<String>,
    pub sql_type: Option<SqlType>,
    /// Whether it is a column of the second table.
    pub is_joined: bool,
    /// Why it is missing, where that is not plain.
    pub note: Option<String>,
    /// Whether it is missing because map_source() said so.
    pub is_mapped_to_none: bool,
}

/// Where one entity is read from.
#[derive(Debug)]
pub struct Source {
    pub spec: &'static EntitySpec,
    /// None where the shop has no such entity.
    pub relation: Option<SourceRelation>,
    /// What was found beside it under other names that the entity is known by.
    pub others: Vec<String>,
    /// The second table that completes its rows.
    pub joined: Option<Joined>,
    /// Whether a second table is looked for by its names.
    pub is_join_sought: bool,
    /// Why none is joined though there is one that could be.
    pub undecided: Option<Error>,
    pub bindings: Vec<Binding>,
    pub filter: Option<String>,
    /// Whether there is none because map_source() said so.
    pub is_mapped_to_none: bool,
    /// Whether the key is known to tell the rows apart.
    pub unique_key: bool,
    /// To whom belongs what mapped expressions read and call.
    pub behind: Vec<RelationOwner>,
    /// What keeps it from being used.
    pub problems: Vec<Error>,
}

impl Source {
    pub fn binding(&self, column: &str) -> Option<&Binding> {
        self.bindings.iter().find(|binding| binding.column.name == column)
    }

    /// Where the entity has a currency, so that its amounts are turned into the shop's: the column of the time whose day's rate counts.
    pub fn day_of_rates(&self) -> Option<&'static str> {
        self.bindings
            .iter()
            .find_map(|binding| match (binding.column.kind, &binding.expression) {
                (ValueKind::Currency { day }, Some(_)) => Some(day),
                _ => None,
            })
    }

    /// The tables that it is read from.
    pub fn relations(&self) -> impl Iterator<Item = &SourceRelation> {
        let joined = self.joined.as_ref().map(|joined| &joined.relation);
        self.relation.iter().chain(joined)
    }

    /// The table that a column is read from.
    pub fn relation_of(&self, binding: &Binding) -> Option<&SourceRelation> {
        match (&self.joined, binding.is_joined) {
            (Some(joined), true) => Some(&joined.relation),
            _ => self.relation.as_ref(),
        }
    }

    /// The type of a key or reference that exists.
    pub fn type_of(&self, column: &str) -> Option<&SqlType> {
        self.binding(column).and_then(|binding| binding.sql_type.as_ref())
    }
}

/// All sources of a shop, one for each entity, in the order of [`entity::ENTITIES`].
#[derive(Debug)]
pub struct Sources(pub Vec<Source>);

impl Sources {
    pub fn of(&self, entity: Entity) -> &Source {
        &self.0[entity as usize]
    }
}
