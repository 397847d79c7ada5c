//! What SQL passes to a function: of texts, arrays and JSON no more is taken over than was bargained for.
//!
//! How long a value is can be told before it is read, also where it is compressed or stored elsewhere.

use std::ffi::CStr;

use pgrx::callconv::{Arg, ArgAbi};
use pgrx::datum::{Date, FromDatum};
use pgrx::pgrx_sql_entity_graph::metadata::{
    ArgumentError, ReturnsError, ReturnsRef, SqlMappingRef, SqlTranslatable, TypeOrigin,
};
use pgrx::{direct_function_call, pg_sys};
use serde_json::Value;

use crate::error::Error;

/// How many bytes a text or JSON has at most; a text can be a dashboard's JSON.
const LONGEST: usize = 16 << 20;
/// The same of an array of texts: one NULL in it takes a bit, and 24 bytes here.
const LONGEST_ARRAY: usize = 1 << 20;
/// The same of SQL that is kept: of each role's there may be much, and with that of others it is taken away and made again.
const LONGEST_SQL: usize = 1 << 20;
/// The same of what a Metabase says of a database.
const LONGEST_METADATA: usize = 64 << 20;

/// An argument that is not looked at yet.
pub trait Argument {
    /// What is in it.
    type Value;

    /// What is in it, or why it is not taken. The name is the argument's.
    fn value(self, argument: &'static str) -> Result<Self::Value, Error>;
}

impl Argument for bool {
    type Value = bool;

    fn value(self, _argument: &'static str) -> Result<bool, Error> {
        Ok(self)
    }
}

impl Argument for Date {
    type Value = Date;

    fn value(self, _argument: &'static str) -> Result<Date, Error> {
        Ok(self)
    }
}

/// A value, unless it is too long.
enum Bounded<T> {
    Taken(T),
    TooLong { bytes: usize, most: usize },
}

impl<T> Bounded<T> {
    /// SAFETY: the datum is not NULL, and of a type with values of any length that `T` reads.
    unsafe fn read(datum: pg_sys::Datum, most: usize) -> Option<Bounded<T>>
    where
        T: FromDatum,
    {
        // SAFETY: see above. The length is read from the value's header, or from that of what it stands for.
        unsafe {
            let bytes = pg_sys::toast_raw_datum_size(datum).saturating_sub(size_of::<i32>());
            match bytes > most {
                true => Some(Bounded::TooLong { bytes, most }),
                false => T::from_datum(datum, false).map(Bounded::Taken),
            }
        }
    }

    fn value(self, argument: &'static str) -> Result<T, Error> {
        match self {
            Bounded::Taken(value) => Ok(value),
            Bounded::TooLong { bytes, most } => Err(Error::LongArgument {
                argument,
                bytes,
                most,
            }),
        }
    }
}

/// An argument of type text.
pub struct Text(Bounded<String>);

impl Argument for Text {
    type Value = String;

    fn value(self, argument: &'static str) -> Result<String, Error> {
        self.0.value(argument)
    }
}

/// An argument of type text that is SQL, which is kept.
pub struct Sql(Bounded<String>);

impl Argument for Sql {
    type Value = String;

    fn value(self, argument: &'static str) -> Result<String, Error> {
        self.0.value(argument)
    }
}

/// An argument of type text[].
pub struct Texts(Bounded<Vec<Option<String>>>);

impl Argument for Texts {
    type Value = Vec<String>;

    fn value(self, argument: &'static str) -> Result<Vec<String>, Error> {
        self.0
            .value(argument)?
            .into_iter()
            .map(|text| text.ok_or(Error::NullArgument { argument }))
            .collect()
    }
}

/// The text of a jsonb. PostgreSQL takes numbers of any size and any depth, which not all that reads JSON does.
struct JsonText(Vec<u8>);

impl FromDatum for JsonText {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _type: pg_sys::Oid,
    ) -> Option<JsonText> {
        if is_null {
            return None;
        }
        // SAFETY: it is not NULL, and a jsonb; the text is copied before anything else is called.
        let text = unsafe { direct_function_call::<&CStr>(pg_sys::jsonb_out, &[Some(datum)]) };
        text.map(|text| JsonText(text.to_bytes().to_owned()))
    }
}

impl Bounded<JsonText> {
    fn json(self, argument: &'static str) -> Result<Value, Error> {
        let text = self.value(argument)?;
        serde_json::from_slice(&text.0).map_err(|error| Error::JsonArgument {
            argument,
            problem: error.to_string(),
        })
    }
}

/// An argument of type jsonb.
pub struct Json(Bounded<JsonText>);

impl Argument for Json {
    type Value = Value;

    fn value(self, argument: &'static str) -> Result<Value, Error> {
        self.0.json(argument)
    }
}

/// An argument of type jsonb with SQL in it, which is kept.
pub struct SqlJson(Bounded<JsonText>);

impl Argument for SqlJson {
    type Value = Value;

    fn value(self, argument: &'static str) -> Result<Value, Error> {
        self.0.json(argument)
    }
}

/// An argument of type jsonb that a Metabase has answered.
pub struct MetadataJson(Bounded<JsonText>);

impl Argument for MetadataJson {
    type Value = Value;

    fn value(self, argument: &'static str) -> Result<Value, Error> {
        self.0.json(argument)
    }
}

/// How PostgreSQL passes one of these types, and what it is called there.
macro_rules! argument {
    ($name:ident, $sql:literal, $most:expr) => {
        impl FromDatum for $name {
            unsafe fn from_polymorphic_datum(
                datum: pg_sys::Datum,
                is_null: bool,
                _type: pg_sys::Oid,
            ) -> Option<$name> {
                match is_null {
                    true => None,
                    // SAFETY: it is not NULL, and of the type that the function was declared with.
                    false => unsafe { Bounded::read(datum, $most) }.map($name),
                }
            }
        }

        // SAFETY: the type is read as what it is declared as below.
        unsafe impl<'call> ArgAbi<'call> for $name {
            unsafe fn unbox_arg_unchecked(argument: Arg<'_, 'call>) -> $name {
                // SAFETY: as the caller has promised.
                unsafe { argument.unbox_arg_using_from_datum() }.expect("only arguments that may be NULL are")
            }
        }

        // SAFETY: it is read as a value of that type.
        unsafe impl SqlTranslatable for $name {
            const TYPE_IDENT: &'static str = pgrx::pgrx_resolved_type!($name);
            const TYPE_ORIGIN: TypeOrigin = TypeOrigin::External;
            const ARGUMENT_SQL: Result<SqlMappingRef, ArgumentError> = Ok(SqlMappingRef::literal($sql));
            const RETURN_SQL: Result<ReturnsRef, ReturnsError> =
                Ok(ReturnsRef::One(SqlMappingRef::literal($sql)));
        }
    };
}

argument!(Text, "text", LONGEST);
argument!(Sql, "text", LONGEST_SQL);
argument!(Texts, "text[]", LONGEST_ARRAY);
argument!(Json, "jsonb", LONGEST);
argument!(SqlJson, "jsonb", LONGEST_SQL);
argument!(MetadataJson, "jsonb", LONGEST_METADATA);
