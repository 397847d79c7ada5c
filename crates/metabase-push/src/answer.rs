//! Reads an answer as it comes, within limits on its memory and on the length of one text in it.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufReader, Read};

use serde::Deserializer;
use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Memory that one answer may take once it is read.
pub const MOST_MEMORY: usize = 128 << 20;
/// The longest text in an answer. It is also the longest run of bytes, such as spaces, that hold no value.
pub const LONGEST_TEXT: usize = 8 << 20;
/// How many bytes of an answer are remembered for an error.
const REMEMBERED: usize = 1200;
const BUFFER: usize = 64 << 10;

/// Which elements of a list in an answer are kept. The others are dropped as soon as they are read.
#[derive(Clone, Copy)]
pub struct Only {
    /// The key of the list in the answer, which is an object.
    pub list: &'static str,
    /// Whether an element is kept.
    pub is_useful: fn(&Value) -> bool,
}

/// Why an answer could not be read.
pub enum Unreadable {
    /// It did not arrive in full.
    Transport(io::Error),
    /// It is not JSON, and begins like this.
    NotJson(Vec<u8>),
    /// It would take more than [`MOST_MEMORY`], or has more than [`LONGEST_TEXT`] in one piece.
    TooMuch,
}

/// Returns the JSON in `body`. The list that `only` names takes the memory of the elements that are kept.
pub fn read(body: impl Read, only: Option<Only>) -> Result<Value, Unreadable> {
    read_within(MOST_MEMORY, LONGEST_TEXT, body, only)
}

fn read_within(
    most_memory: usize,
    longest_text: usize,
    body: impl Read,
    only: Option<Only>,
) -> Result<Value, Unreadable> {
    let budget = Budget {
        left: Cell::new(most_memory),
        longest_text,
        silence: Cell::new(0),
        is_exceeded: Cell::new(false),
    };
    let mut beginning = Vec::new();
    let body = Watched {
        body,
        beginning: &mut beginning,
        budget: &budget,
    };
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(BUFFER, body));
    let part = only.map_or(Part::Whole, Part::Object);
    let read = Seed {
        budget: &budget,
        part,
    }
    .deserialize(&mut json)
    .and_then(|value| json.end().map(|()| value));
    drop(json);
    read.map_err(|error| match error {
        _ if budget.is_exceeded.get() => Unreadable::TooMuch,
        error if error.is_io() => Unreadable::Transport(error.into()),
        _ => Unreadable::NotJson(beginning),
    })
}

/// Returns roughly the memory that a value takes.
pub fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text_size(text),
        Value::Array(elements) => {
            let inner: usize = elements.iter().map(size).sum();
            elements_size(elements.len()) + inner
        }
        Value::Object(entries) => {
            let inner: usize = entries
                .iter()
                .map(|(key, value)| text_size(key) + size(value))
                .sum();
            entries_size(entries.len()) + inner
        }
        _ => 0,
    }
}

/// An allocation has some bytes besides those that were asked for.
fn text_size(text: &str) -> usize {
    text.len() + 32
}

/// An array has room for four elements at first, and then for twice as many as before.
fn elements_size(count: usize) -> usize {
    const VALUE: usize = size_of::<Value>();
    if count == 0 {
        0
    } else {
        4 * VALUE + 2 * VALUE * count
    }
}

/// An object is a tree whose nodes have room for eleven entries, and of which about half is used.
fn entries_size(count: usize) -> usize {
    const ENTRY: usize = size_of::<String>() + size_of::<Value>();
    if count == 0 {
        0
    } else {
        12 * ENTRY + 2 * ENTRY * count
    }
}

/// What is left of the memory for an answer.
struct Budget {
    left: Cell<usize>,
    longest_text: usize,
    /// Bytes that were read since the last value began or ended.
    silence: Cell<usize>,
    is_exceeded: Cell<bool>,
}

impl Budget {
    fn spend<E: serde::de::Error>(&self, size: usize) -> Result<(), E> {
        self.silence.set(0);
        match self.left.get().checked_sub(size) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => {
                self.is_exceeded.set(true);
                Err(E::custom("it takes too much memory"))
            }
        }
    }
}

/// A body whose beginning is remembered. Reading it fails where too many bytes hold no value.
struct Watched<'a, R> {
    body: R,
    beginning: &'a mut Vec<u8>,
    budget: &'a Budget,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.body.read(buffer)?;
        let remembered = count.min(REMEMBERED.saturating_sub(self.beginning.len()));
        self.beginning.extend_from_slice(&buffer[..remembered]);
        let silence = self.budget.silence.get() + count;
        self.budget.silence.set(silence);
        if silence > self.budget.longest_text {
            self.budget.is_exceeded.set(true);
            return Err(io::Error::other("it holds too long a text"));
        }
        Ok(count)
    }
}

/// Which part of an answer a value is.
#[derive(Clone, Copy)]
enum Part {
    /// One that is kept as a whole.
    Whole,
    /// The answer itself. Only some elements of one of its lists are kept.
    Object(Only),
    /// That list.
    List(Only),
}

#[derive(Clone, Copy)]
struct Seed<'a> {
    budget: &'a Budget,
    part: Part,
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Value, E> {
        self.budget.spend(0)?;
        Ok(Value::Null)
    }

    fn visit_bool<E: serde::de::Error>(self, value: bool) -> Result<Value, E> {
        self.budget.spend(0)?;
        Ok(value.into())
    }

    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Value, E> {
        self.budget.spend(0)?;
        Ok(value.into())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Value, E> {
        self.budget.spend(0)?;
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        self.budget.spend(0)?;
        Ok(value.into())
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        self.budget.spend(text_size(text))?;
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        self.budget.spend(0)?;
        let is_useful = match self.part {
            Part::List(only) => only.is_useful,
            _ => |_: &Value| true,
        };
        let whole = Seed {
            part: Part::Whole,
            ..self
        };
        let mut values = Vec::new();
        loop {
            let before = self.budget.left.get();
            let Some(value) = list.next_element_seed(whole)? else {
                return Ok(Value::Array(values));
            };
            if is_useful(&value) {
                let count = values.len();
                self.budget
                    .spend(elements_size(count + 1) - elements_size(count))?;
                values.push(value);
            } else {
                self.budget.left.set(before);
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        self.budget.spend(0)?;
        let mut entries = Map::new();
        while let Some(key) = object.next_key::<String>()? {
            let count = entries.len();
            self.budget
                .spend(text_size(&key) + entries_size(count + 1) - entries_size(count))?;
            let part = match self.part {
                Part::Object(only) if only.list == key => Part::List(only),
                _ => Part::Whole,
            };
            let value = object.next_value_seed(Seed { part, ..self })?;
            entries.insert(key, value);
        }
        Ok(Value::Object(entries))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const TABLES: Only = Only {
        list: "tables",
        is_useful: |table| table["name"] == "ours",
    };

    #[test]
    fn what_is_read_is_what_was_written() {
        let answer =
            json!({"a": [1, -2, 2.5, true, null, "x\n\u{20ac}"], "b": {"c": {}}, "tables": [{"name": "x"}]});
        let read = |only| read(answer.to_string().as_bytes(), only).ok();
        assert_eq!(read(None), Some(answer.clone()));
        let mut few = answer.clone();
        few["tables"] = json!([]);
        assert_eq!(read(Some(TABLES)), Some(few));
    }

    #[test]
    fn a_list_takes_the_memory_of_what_is_of_use() {
        let foreign = json!({"name": "theirs", "text": "x".repeat(1 << 16), "name2": [[[]]]}).to_string();
        let ours = json!({"name": "ours"}).to_string();
        let list = format!("{}{ours}", format!("{foreign},").repeat(20));
        for key in ["tables", "others"] {
            let answer = format!("{{\"{key}\": [{list}]}}");
            match (
                key,
                read_within(1 << 20, 1 << 20, answer.as_bytes(), Some(TABLES)),
            ) {
                ("tables", Ok(value)) => assert_eq!(value, json!({"tables": [{"name": "ours"}]})),
                ("others", Err(Unreadable::TooMuch)) => {}
                _ => panic!("{key}"),
            }
        }
    }

    /// A body without an end, which counts what was read of it.
    struct Endless {
        begin: &'static [u8],
        piece: &'static [u8],
        read: usize,
    }

    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            for byte in buffer.iter_mut() {
                *byte = match self.begin.get(self.read) {
                    Some(byte) => *byte,
                    None => self.piece[(self.read - self.begin.len()) % self.piece.len()],
                };
                self.read += 1;
            }
            Ok(buffer.len())
        }
    }

    #[test]
    fn an_answer_without_an_end_takes_bounded_memory() {
        for (begin, piece) in [
            (&b"["[..], &b"[],"[..]),
            (b"[", b"{},"),
            (b"[", b"{\"a\":0},"),
            (b"[", b"\"\","),
            (b"[", b"0,"),
            (b"[\"", b"a"),
            (b"[\"", b"\\u0000"),
            (b"[", b" "),
            (b"[", b"1"),
            (b"[0.", b"1"),
            (b"{\"", b"a"),
            (b"{\"tables\": [\"", b"a"),
            (b"{\"tables\": [[", b"0,"),
            (b"{\"tables\": [{\"a\":[", b"[],"),
            (b"0", b"\n"),
        ] {
            let mut body = Endless {
                begin,
                piece,
                read: 0,
            };
            let failure = read_within(4 << 20, 1 << 20, &mut body, Some(TABLES));
            assert!(matches!(failure, Err(Unreadable::TooMuch)), "{piece:?}");
            assert!(body.read <= 4 << 20, "{piece:?}: {}", body.read);
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map("[a-c]{0,2}", inner, 0..6)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_json_is_read_as_it_is(value in any_json()) {
            let text = value.to_string();
            let within = |memory: usize| read_within(memory, LONGEST_TEXT, text.as_bytes(), None).ok();
            // The size that is computed is the memory that reading takes.
            let size = size(&value);
            prop_assert!(size == 0 || within(size - 1).is_none());
            prop_assert_eq!(within(size), Some(value));
        }

        #[test]
        fn any_bytes_are_json_to_it_where_they_are_to_others(bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            "[\\[\\]{}\":,01.e+ a-]{0,30}".prop_map(String::into_bytes),
        ]) {
            let expected = serde_json::from_slice::<Value>(&bytes).ok();
            prop_assert_eq!(read(bytes.as_slice(), None).ok(), expected);
        }
    }
}
