//! The command itself, as far as it goes without a shop's database.

use std::process::{Command, Output};

use crate::metabase::KEY;

/// Runs the command with these arguments and nothing but these variables.
fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_metabase-push"))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .output()
        .expect("the command can be run")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

const ARGUMENTS: [&str; 4] = ["--url", "http://localhost:1", "--database", "shop"];

fn with(more: &[&'static str]) -> Vec<&'static str> {
    [&ARGUMENTS, more].concat()
}

#[test]
fn without_a_key_it_says_where_to_get_one() {
    for variables in [&[][..], &[("METABASE_API_KEY", "  ")]] {
        let output = run(&ARGUMENTS, variables);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(
            stderr(&output),
            "error: METABASE_API_KEY is not set\n\
             hint: Make one in Metabase under Admin settings, Authentication, API keys, and export METABASE_API_KEY.\n"
        );
    }
}

#[test]
fn there_is_no_argument_for_the_key_and_none_for_a_password() {
    let output = run(&with(&["--api-key", KEY]), &[]);
    assert_eq!(output.status.code(), Some(2));
    let output = run(
        &with(&["--connect", "postgresql://me:hunter2@db/shop"]),
        &[("METABASE_API_KEY", KEY)],
    );
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).starts_with("error: --connect holds a password\nhint: "),
        "{output:?}"
    );
    assert!(!format!("{output:?}").contains("hunter2"));
}

#[test]
fn a_key_travels_unencrypted_where_the_user_says_so() {
    let nowhere = [
        ("METABASE_API_KEY", KEY),
        ("PGHOST", "/nonexistent"),
        ("PGPASSWORD", "hunter2"),
    ];
    let proxy = [
        &nowhere[..],
        &[("HTTP_PROXY", "http://me:hunter2@proxy.example.com")],
    ]
    .concat();
    let through = "through the proxy http://proxy.example.com:80 (HTTP_PROXY)";
    for (variables, flag, refused, said) in [
        (&nowhere[..], None, true, "--allow-http sends it"),
        (&nowhere, Some("--allow-http"), false, "travels unencrypted\n"),
        (&proxy[..], None, true, through),
        (&proxy, Some("--allow-http"), true, "--allow-http=proxy"),
        (&proxy, Some("--allow-http=proxy"), false, through),
    ] {
        let mut arguments = vec!["--url", "http://metabase.example.com", "--database", "shop"];
        arguments.extend(flag);
        let output = run(&arguments, variables);
        let errors = stderr(&output);
        assert!(errors.contains(said), "{errors}");
        assert!(
            errors.starts_with(if refused { "error: " } else { "warning: " }),
            "{errors}"
        );
        assert_eq!(
            output.status.code(),
            Some(if refused { 2 } else { 3 }),
            "{errors}"
        );
        assert!(!errors.contains("hunter2") && !errors.contains(KEY), "{errors}");
    }
    let output = run(&ARGUMENTS, &nowhere);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stderr(&output).starts_with("error: PostgreSQL cannot be reached: "),
        "{output:?}"
    );
    assert!(!format!("{output:?}").contains(KEY));
    assert!(!format!("{output:?}").contains("hunter2"));
}

#[test]
fn an_error_is_json_where_that_is_asked_for() {
    let output = run(&with(&["--json"]), &[]);
    let error: serde_json::Value = serde_json::from_slice(&output.stdout).expect("it is JSON");
    assert_eq!(error["error"], "METABASE_API_KEY is not set");
    assert_eq!(error["exit_code"], 2);
    assert!(output.stderr.is_empty());
}

#[test]
fn help_says_what_stays_and_what_the_exit_codes_mean() {
    let output = run(&["--help"], &[]);
    let help = String::from_utf8_lossy(&output.stdout);
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "--dry-run",
        "METABASE_API_KEY",
        "Exit codes",
        "is put back",
        "settings that they added",
        "the notes at the end of a dashboard",
        "New names, descriptions and headings of a later version need --replace.",
        "--replace",
    ] {
        assert!(help.contains(part), "{part}");
    }
}
