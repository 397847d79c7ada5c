//! The SQL of a card as Metabase's template: `{{tag}}` is a filter, and `[[ … ]]` is left out where its filter is not set.

use std::collections::{BTreeMap, HashSet};

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Tag(String),
    /// Left out where any of its tags has no value.
    Optional(Vec<Part>),
}

/// A card's SQL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Part>);

impl Template {
    /// What is not well-formed is a sentence that says so.
    pub fn parse(sql: &str) -> Result<Template, String> {
        let mut rest = sql;
        let parts = parse_parts(&mut rest, false)?;
        Ok(Template(parts))
    }

    /// The tags, each once, in their order.
    pub fn tags(&self) -> Vec<&str> {
        let mut tags = Vec::new();
        collect_tags(&self.0, &mut tags);
        let mut seen = HashSet::new();
        tags.retain(|tag| seen.insert(*tag));
        tags
    }

    /// The SQL with each tag replaced by its condition. A tag without one that is not in `[[ … ]]` is no restriction.
    pub fn render(&self, conditions: &BTreeMap<String, String>) -> String {
        let mut sql = String::new();
        render_parts(&self.0, conditions, &mut sql);
        sql
    }
}

/// What means something outside of `[[ … ]]`, and in it.
const OUTER_MARKS: [&str; 5] = ["[[", "{{", "'", "--", "/*"];
const INNER_MARKS: [&str; 3] = ["[[", "]]", "{{"];

/// Metabase leaves comments alone, but for those in `[[ … ]]`, and takes a `]]` without `[[` for SQL, such as that of an array.
fn parse_parts(rest: &mut &str, is_optional: bool) -> Result<Vec<Part>, String> {
    let marks: &[&str] = if is_optional { &INNER_MARKS } else { &OUTER_MARKS };
    let mut parts = Vec::new();
    // In a literal, where no comment begins.
    let mut is_quoted = false;
    loop {
        let Some((at, mark)) = next_mark(rest, marks) else {
            if is_optional {
                return Err("a [[ has no ]]".into());
            }
            push_text(&mut parts, rest);
            *rest = "";
            return Ok(parts);
        };
        push_text(&mut parts, &rest[..at]);
        *rest = &rest[at..];
        match mark {
            "{{" => {
                let end = rest.find("}}").ok_or("a {{ has no }}")?;
                parts.push(Part::Tag(rest[2..end].trim().to_owned()));
                *rest = &rest[end + 2..];
            }
            "[[" if is_optional => return Err("a [[ stands in another".into()),
            "[[" => {
                *rest = &rest[2..];
                let inner = parse_parts(rest, true)?;
                if !inner.iter().any(|part| matches!(part, Part::Tag(_))) {
                    return Err("a [[ … ]] has no {{tag}}".into());
                }
                parts.push(Part::Optional(inner));
            }
            "]]" => {
                *rest = &rest[2..];
                return Ok(parts);
            }
            _ => {
                let length = match mark {
                    "--" if !is_quoted => rest.find('\n').unwrap_or(rest.len()),
                    "/*" if !is_quoted => rest.find("*/").map_or(rest.len(), |end| end + 2),
                    _ => mark.len(),
                };
                is_quoted ^= mark == "'";
                push_text(&mut parts, &rest[..length]);
                *rest = &rest[length..];
            }
        }
    }
}

/// The first of some marks in a text, and where it is.
fn next_mark<'a>(text: &str, marks: &[&'a str]) -> Option<(usize, &'a str)> {
    text.char_indices().find_map(|(at, _)| {
        let mark = marks.iter().find(|mark| text[at..].starts_with(**mark))?;
        Some((at, *mark))
    })
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    match parts.last_mut() {
        Some(Part::Text(before)) => before.push_str(text),
        _ if text.is_empty() => {}
        _ => parts.push(Part::Text(text.to_owned())),
    }
}

fn collect_tags<'a>(parts: &'a [Part], tags: &mut Vec<&'a str>) {
    for part in parts {
        match part {
            Part::Tag(tag) => tags.push(tag),
            Part::Optional(inner) => collect_tags(inner, tags),
            Part::Text(_) => {}
        }
    }
}

fn render_parts(parts: &[Part], conditions: &BTreeMap<String, String>, sql: &mut String) {
    for part in parts {
        match part {
            Part::Text(text) => sql.push_str(text),
            Part::Tag(tag) => sql.push_str(conditions.get(tag).map_or("true", String::as_str)),
            Part::Optional(inner) => {
                let is_set = inner.iter().all(|part| match part {
                    Part::Tag(tag) => conditions.contains_key(tag),
                    _ => true,
                });
                if is_set {
                    render_parts(inner, conditions, sql);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::*;

    const SQL: &str = "SELECT 1 FROM t WHERE a[1] = 2 [[AND {{date}}]] [[AND {{ brand }}]]";

    fn conditions(given: &[(&str, &str)]) -> BTreeMap<String, String> {
        given
            .iter()
            .map(|(tag, condition)| ((*tag).to_owned(), (*condition).to_owned()))
            .collect()
    }

    #[test]
    fn a_filter_that_is_not_set_is_left_out() {
        let template = Template::parse(SQL).expect("it is well-formed");
        assert_eq!(template.tags(), ["date", "brand"]);
        assert_eq!(
            template.render(&conditions(&[("brand", "b = 'x'")])),
            "SELECT 1 FROM t WHERE a[1] = 2  AND b = 'x'"
        );
        assert_eq!(
            template.render(&conditions(&[])),
            "SELECT 1 FROM t WHERE a[1] = 2  "
        );
    }

    #[test]
    fn a_tag_outside_of_brackets_is_no_restriction_until_it_is_set() {
        let template = Template::parse("WHERE {{date}}").expect("it is well-formed");
        assert_eq!(template.render(&conditions(&[])), "WHERE true");
        assert_eq!(template.render(&conditions(&[("date", "d > 1")])), "WHERE d > 1");
    }

    #[test]
    fn a_comment_is_no_template() {
        let sql = "SELECT '--', {{a}} -- it's [[ {{b}}\n/* '{{c}} */ [[AND {{d}} -- e]]";
        let template = Template::parse(sql).expect("it is well-formed");
        assert_eq!(template.tags(), ["a", "d"]);
        assert_eq!(
            template.render(&conditions(&[("a", "1")])),
            "SELECT '--', 1 -- it's [[ {{b}}\n/* '{{c}} */ "
        );
        for comment in ["/* {{a}}", "-- {{a}}"] {
            assert_eq!(Template::parse(comment).map(|it| it.tags().len()), Ok(0));
        }
    }

    #[test]
    fn brackets_of_arrays_are_sql() {
        let template = Template::parse("WHERE a[b[1]] = 1 [[AND {{date}}]]").expect("it is well-formed");
        assert_eq!(template.render(&conditions(&[])), "WHERE a[b[1]] = 1 ");
    }

    #[test]
    fn what_is_not_well_formed_is_told() {
        for (sql, message) in [
            ("[[AND {{date}}", "a [[ has no ]]"),
            ("{{date", "a {{ has no }}"),
            ("[[AND true]]", "a [[ … ]] has no {{tag}}"),
            ("[[ {{a}} [[ {{b}} ]] ]]", "a [[ stands in another"),
        ] {
            assert_eq!(Template::parse(sql), Err(message.to_owned()), "{sql}");
        }
    }

    /// A part of SQL as somebody writes it, and what is to become of it.
    #[derive(Clone, Debug)]
    enum Piece {
        Text(String),
        Tag(String),
        Optional(Vec<Piece>),
    }

    impl Piece {
        fn write(&self, sql: &mut String) {
            match self {
                Piece::Text(text) => sql.push_str(text),
                Piece::Tag(tag) => *sql += &format!("{{{{{tag}}}}}"),
                Piece::Optional(inner) => {
                    sql.push_str("[[");
                    inner.iter().for_each(|piece| piece.write(sql));
                    sql.push_str("]]");
                }
            }
        }

        fn tags<'a>(&'a self, tags: &mut Vec<&'a str>) {
            match self {
                Piece::Text(_) => {}
                Piece::Tag(tag) => tags.push(tag.trim()),
                Piece::Optional(inner) => inner.iter().for_each(|piece| piece.tags(tags)),
            }
        }

        fn fill(&self, conditions: &BTreeMap<String, String>, sql: &mut String) {
            match self {
                Piece::Text(text) => sql.push_str(text),
                Piece::Tag(tag) => sql.push_str(conditions.get(tag.trim()).map_or("true", String::as_str)),
                Piece::Optional(inner) => {
                    let mut tags = Vec::new();
                    self.tags(&mut tags);
                    if tags.iter().all(|tag| conditions.contains_key(*tag)) {
                        inner.iter().for_each(|piece| piece.fill(conditions, sql));
                    }
                }
            }
        }
    }

    fn tag() -> impl Strategy<Value = Piece> {
        "[ \t]{0,2}[a-e][ \t]{0,2}".prop_map(Piece::Tag)
    }

    /// Text, literals, quoted names and dollar quotes: they are left alone, whatever begins a comment in a literal.
    fn plain() -> impl Strategy<Value = Piece> {
        prop_oneof![
            "[a-z0-9=<>()., \n]{0,12} ",
            "'([a-z \n]|--|/[*]|[*]/|''|é)?([a-z \n]|--|/[*]|''){0,5}' ",
            "E?\"[a-z ]{0,5}\" ",
            "[$]x?[$] [a-z ]{0,5} [$]x?[$] ",
            "a\\[b\\[1\\] \\] ",
        ]
        .prop_map(Piece::Text)
    }

    /// Comments, in which nothing is a tag, and no quote begins a literal.
    fn comment() -> impl Strategy<Value = Piece> {
        prop_oneof![
            "--([a-z' ]|[{]{2}[a-e][}]{2}|\\[\\[|\\]\\]|/[*]){0,6}\n",
            "/[*]([a-z' \n]|[{]{2}[a-e]|\\[\\[|\\]\\]|--){0,6}[*]/",
        ]
        .prop_map(Piece::Text)
    }

    fn pieces() -> impl Strategy<Value = Vec<Piece>> {
        let optional = (vec(plain(), 0..2), tag(), vec(prop_oneof![plain(), tag()], 0..3))
            .prop_map(|(before, tag, after)| Piece::Optional([before, vec![tag], after].concat()));
        vec(prop_oneof![plain(), comment(), tag(), optional], 0..12)
    }

    proptest! {
        #[test]
        fn what_is_filled_in_is_what_stands_there_and_nothing_else_changes(
            pieces in pieces(),
            values in btree_map("[a-e]", "([a-z'\\\\]|--|/[*]|[{]|\\]){0,6}", 0..5),
        ) {
            let mut sql = String::new();
            pieces.iter().for_each(|piece| piece.write(&mut sql));
            let template = Template::parse(&sql).expect(&sql);
            let mut tags = Vec::new();
            pieces.iter().for_each(|piece| piece.tags(&mut tags));
            let mut seen = HashSet::new();
            tags.retain(|tag| seen.insert(*tag));
            prop_assert_eq!(template.tags(), tags);

            let conditions: BTreeMap<String, String> = values
                .into_iter()
                .map(|(tag, value)| (tag, format!("x = {}", crate::sql::literal(&value))))
                .collect();
            let mut expected = String::new();
            pieces.iter().for_each(|piece| piece.fill(&conditions, &mut expected));
            prop_assert_eq!(template.render(&conditions), expected);

            // What is filled in is no template.
            let rendered = template.render(&BTreeMap::new());
            let again = Template::parse(&rendered).expect(&rendered);
            prop_assert!(again.tags().is_empty(), "{}", rendered);
            prop_assert_eq!(again.render(&BTreeMap::new()), rendered);
        }

        #[test]
        fn any_text_is_a_template_or_is_told_to_be_none(
            sql in prop_oneof!["\\PC{0,60}", "([\\[\\]{}'\"$*/\\\\ -]|[a-b\n]){0,60}"],
        ) {
            if let Ok(template) = Template::parse(&sql) {
                let conditions = template.tags().into_iter().map(|tag| (tag.to_owned(), "true".to_owned()));
                let conditions = conditions.collect();
                // Each tag takes at least four characters, and becomes four.
                prop_assert!(template.render(&conditions).len() <= sql.len());
                prop_assert!(template.render(&BTreeMap::new()).len() <= sql.len());
                if template.tags().is_empty() {
                    prop_assert_eq!(template.render(&conditions), sql);
                }
            }
        }
    }

    #[test]
    fn a_long_text_takes_little_time() {
        let start = Instant::now();
        for piece in [
            "[[",
            "]]",
            "{{",
            "}}",
            "'",
            "--",
            "/*",
            "*/",
            "[[{{a}}]]",
            "{{a}}",
            "'--",
            "-",
            "/",
        ] {
            let _ = Template::parse(&piece.repeat(100_000));
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    }
}
