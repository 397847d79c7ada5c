//! However much Metabase answers, and however slowly: what is kept of it is little, and what is too much is an error soon.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::child::{Child, End};
use crate::metabase::State;
use crate::request::read_request;

/// A run while the answers to these paths, by their ends, are written by `write`.
fn run(path: &'static str, write: impl Fn(&mut TcpStream) -> std::io::Result<()> + Send + 'static) -> End {
    run_for(path, 60, write)
}

/// The same where a request may take this long.
fn run_for(
    path: &'static str,
    seconds: u64,
    write: impl Fn(&mut TcpStream) -> std::io::Result<()> + Send + 'static,
) -> End {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    std::thread::spawn(move || {
        let mut state = State::new();
        for mut stream in listener.incoming().flatten() {
            let Ok(request) = read_request(&stream) else {
                continue;
            };
            // A client that has seen enough closes the connection.
            let _ = if request.path.ends_with(path) {
                write!(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
                    .and_then(|()| write(&mut stream))
            } else {
                let (status, answer) = state.handle(&request);
                let answer = answer.to_string();
                write!(
                    stream,
                    "HTTP/1.1 {status} Status\r\nconnection: close\r\n\r\n{answer}"
                )
            };
        }
    });
    let child = Child {
        seconds: Some(seconds),
        ..Child::at(format!("http://{address}"))
    };
    let end = child.run();
    End {
        words: end.words.replace(&address.to_string(), "URL"),
        ..end
    }
}

/// What Metabase 0.50 says of a field, but for its id and name.
const FIELD: &str = r#""display_name": "Column", "description": null, "database_type": "int4",
    "base_type": "type/Integer", "effective_type": "type/Integer", "semantic_type": "type/Category",
    "coercion_strategy": null, "fk_target_field_id": null, "parent_id": null, "nfc_path": null, "active": true,
    "visibility_type": "normal", "preview_display": true, "position": 3, "database_position": 3, "custom_position": 0,
    "database_indexed": null, "database_required": false, "database_is_auto_increment": false, "json_unfolding": false,
    "has_field_values": "list", "settings": null, "caveats": null, "points_of_interest": null, "fingerprint_version": 5,
    "last_analyzed": "2026-01-01T00:00:00Z", "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
    "dimensions": [], "dimension_options": ["1", "2", "3"], "default_dimension_option": "1", "fingerprint": {"global":
    {"distinct-count": 10, "nil%": 0.25}, "type": {"type/Number": {"min": 0.0, "q1": 1.5, "q3": 8.5, "max": 10.0}}}"#;

/// A table of a database that has more than the views.
fn foreign_table(id: usize) -> String {
    let fields: Vec<String> = (1..=30)
        .map(|number| {
            let id = id * 100 + number;
            format!("{{\"id\": {id}, \"name\": \"column_{number}\", {FIELD}}}")
        })
        .collect();
    let fields = fields.join(",");
    format!(
        "{{\"id\": {id}, \"schema\": \"public\", \"name\": \"table_{id}\", \"active\": true, \"fields\": [{fields}]}}"
    )
}

/// The metadata of a database with the views and enough more to be this large.
fn large_metadata(stream: &mut TcpStream, mib: usize) -> std::io::Result<()> {
    let views = State::new().tables;
    let mut written = 0;
    write!(stream, "{{\"id\": 2, \"name\": \"shop\", \"tables\": [")?;
    while written < mib << 20 {
        let table = foreign_table(1000 + written);
        write!(stream, "{table},")?;
        written += table.len();
    }
    let views: Vec<String> = views.iter().map(Value::to_string).collect();
    write!(stream, "{}]}}", views.join(","))
}

/// What a run takes at most while it reads one answer, whatever that is.
const MOST_MIB: u64 = 160;

#[test]
fn the_description_of_a_large_database_takes_little_memory() {
    let end = run("/metadata", |stream| large_metadata(stream, 24));
    assert_eq!(end.words, "18 items");
    assert!(end.peak_mib < 40, "{end:?}");
}

#[test]
fn an_answer_without_an_end_is_an_error_soon() {
    for (path, begin, piece, expected) in [
        ("/database", "[", "[],", "would take more than 128 MiB"),
        ("/database", "[\"", "a", "would take more than 128 MiB"),
        ("/database", "", " ", "would take more than 128 MiB"),
        (
            "/database",
            "[",
            "\"0123456789012345678901234567890123456789\",",
            "larger than 32 MiB",
        ),
        (
            "/metadata",
            "{\"tables\": [{\"fields\": [",
            "{},",
            "would take more than 128 MiB",
        ),
        (
            "/metadata",
            "{\"a\": [",
            "{\"a\": 1},",
            "would take more than 128 MiB",
        ),
        ("/metadata", "", "[", "is not JSON"),
    ] {
        let pieces = piece.repeat((1 << 20) / piece.len());
        let end = run(path, move |stream| {
            stream.write_all(begin.as_bytes())?;
            loop {
                stream.write_all(pieces.as_bytes())?;
            }
        });
        assert!(end.words.starts_with("GET http://URL/api/database"), "{end:?}");
        assert!(end.words.contains(expected), "{piece}: {end:?}");
        assert!(end.peak_mib < MOST_MIB, "{piece}: {end:?}");
        assert!(end.time < Duration::from_secs(60), "{piece}: {end:?}");
    }
}

#[test]
fn an_answer_that_drips_is_an_error_soon() {
    let end = run_for("/database", 1, |stream| {
        loop {
            stream.write_all(b" ")?;
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    assert!(end.words.contains("it took too long"), "{end:?}");
    // Five attempts.
    assert!(end.time < Duration::from_secs(20), "{end:?}");
    assert!(end.peak_mib < 40, "{end:?}");
}
