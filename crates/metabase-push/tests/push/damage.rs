//! What goes wrong with the bytes of an answer.

use serde_json::Value;

use crate::mutation::Mutation;

/// What is done to an answer.
#[derive(Clone, Debug)]
pub enum Damage {
    Json(Mutation),
    /// It is about something else than what was asked for.
    Id(Value),
    /// It ends before its end.
    Truncate(usize),
    /// Bytes are put in somewhere.
    Insert(usize, Vec<u8>),
}

impl Damage {
    pub fn apply(&self, answer: &Value) -> Vec<u8> {
        let mut answer = answer.clone();
        match self {
            Damage::Json(mutation) => mutation.apply(&mut answer),
            Damage::Id(id) => {
                if let Some(there) = answer.get_mut("id") {
                    *there = id.clone();
                }
            }
            Damage::Truncate(_) | Damage::Insert(..) => {}
        }
        let mut bytes = answer.to_string().into_bytes();
        match self {
            Damage::Truncate(at) => bytes.truncate(at % (bytes.len() + 1)),
            Damage::Insert(at, more) => {
                let at = at % (bytes.len() + 1);
                bytes.splice(at..at, more.iter().copied());
            }
            Damage::Json(_) | Damage::Id(_) => {}
        }
        bytes
    }
}
