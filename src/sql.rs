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

/// `template` with each of these placeholders replaced by its text. What was put in is never looked at: a placeholder in it is a
/// text like any other.
pub fn fill(template: &str, values: &[(&str, &str)]) -> String {
    let mut filled = String::with_capacity(template.len());
    let mut rest = template;
    let next = |rest: &str| {
        values
            .iter()
            .filter_map(|(placeholder, value)| Some((rest.find(placeholder)?, *placeholder, *value)))
            .min_by_key(|(position, placeholder, _)| (*position, usize::MAX - placeholder.len()))
    };
    while let Some((position, placeholder, value)) = next(rest) {
        filled += &rest[..position];
        filled += value;
        rest = &rest[position + placeholder.len()..];
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_into_a_template_is_not_looked_at() {
        assert_eq!(fill("", &[(":a", "x")]), "");
        assert_eq!(fill(":a :b :a", &[(":a", ":b"), (":b", ":a")]), ":b :a :b");
        assert_eq!(fill("x:ab:a", &[(":a", "1"), (":ab", ":a")]), "x:a1");
        assert_eq!(fill("ä:'z'ä", &[(":'z'", "E':\\'z''")]), "äE':\\'z''ä");
    }

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
