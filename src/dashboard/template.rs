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
}
