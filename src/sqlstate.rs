//! SQLSTATEs, by the names that PostgreSQL's manual has for them.

pub const FEATURE_NOT_SUPPORTED: &str = "0A000";
pub const CARDINALITY_VIOLATION: &str = "21000";
pub const NULL_VALUE_NOT_ALLOWED: &str = "22004";
pub const INVALID_PARAMETER_VALUE: &str = "22023";
pub const UNIQUE_VIOLATION: &str = "23505";
pub const READ_ONLY_SQL_TRANSACTION: &str = "25006";
pub const DEPENDENT_OBJECTS_STILL_EXIST: &str = "2BP01";
pub const TRIGGER_PROTOCOL_VIOLATED: &str = "39P01";
pub const SERIALIZATION_FAILURE: &str = "40001";
pub const INSUFFICIENT_PRIVILEGE: &str = "42501";
pub const SYNTAX_ERROR: &str = "42601";
pub const INVALID_NAME: &str = "42602";
pub const UNDEFINED_COLUMN: &str = "42703";
pub const UNDEFINED_OBJECT: &str = "42704";
pub const DATATYPE_MISMATCH: &str = "42804";
pub const WRONG_OBJECT_TYPE: &str = "42809";
pub const UNDEFINED_TABLE: &str = "42P01";
pub const DUPLICATE_TABLE: &str = "42P07";
pub const INVALID_TABLE_DEFINITION: &str = "42P16";
pub const CONFIGURATION_LIMIT_EXCEEDED: &str = "53400";
pub const PROGRAM_LIMIT_EXCEEDED: &str = "54000";
pub const OBJECT_NOT_IN_PREREQUISITE_STATE: &str = "55000";
pub const OBJECT_IN_USE: &str = "55006";
pub const LOCK_NOT_AVAILABLE: &str = "55P03";
pub const QUERY_CANCELED: &str = "57014";
pub const ADMIN_SHUTDOWN: &str = "57P01";
pub const INTERNAL_ERROR: &str = "XX000";

/// Five characters of six bits each, as PostgreSQL packs them.
pub fn encode(sqlstate: &str) -> i32 {
    sqlstate.bytes().rev().fold(0, |code, byte| {
        (code << 6) | i32::from(byte.wrapping_sub(b'0') & 0x3f)
    })
}

/// The reverse of [`encode`].
pub fn decode(code: i32) -> String {
    (0..5)
        .map(|position| char::from(b'0' + ((code >> (6 * position)) & 0x3f) as u8))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sqlstate_survives_packing() {
        for sqlstate in ["42P01", "2BP01", "XX000", "00000", "55P03"] {
            assert_eq!(decode(encode(sqlstate)), sqlstate);
        }
    }
}
