//! Quoting, for the statements that cannot bind their values: DDL and generated views.

/// `name` as an SQL identifier. Always quoted, so that no name can ever be a keyword or something else.
pub fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `schema.name`, both quoted.
pub fn qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", ident(schema), ident(name))
}

/// `value` as an SQL string literal, right whatever `standard_conforming_strings` says.
pub fn literal(value: &str) -> String {
    let quoted = value.replace('\'', "''");
    match quoted.contains('\\') {
        true => format!("E'{}'", quoted.replace('\\', "\\\\")),
        false => format!("'{quoted}'"),
    }
}

/// `values` as an SQL array of text.
pub fn text_array<S: AsRef<str>>(values: &[S]) -> String {
    let elements: Vec<String> = values.iter().map(|value| literal(value.as_ref())).collect();
    format!("ARRAY[{}]::text[]", elements.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_cannot_end_early() {
        assert_eq!(ident(r#"we"ird; drop"#), r#""we""ird; drop""#);
        assert_eq!(qualified("a.b", "order"), r#""a.b"."order""#);
    }

    #[test]
    fn a_literal_cannot_end_early() {
        assert_eq!(literal("O'Neill"), "'O''Neill'");
        assert_eq!(literal(r"\'; DROP"), r"E'\\''; DROP'");
        assert_eq!(text_array(&["a", "b'"]), "ARRAY['a', 'b''']::text[]");
    }
}
