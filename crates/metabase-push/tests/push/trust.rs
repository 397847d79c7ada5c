//! Whose certificates are accepted, of Metabase and of PostgreSQL: those that curl and libpq accept, and no others.

use std::io::{Read, Write};
use std::process::Command;
use std::sync::Arc;

use rcgen::{BasicConstraints, IsCa, date_time_ymd};

use crate::child::Child;
use crate::encrypted::{Certificate, Listener, metabase};
use crate::metabase::KEY;

/// A certificate that a server shows, another one that is trusted, where that is not the same, and how it ends.
struct Case {
    shown: Certificate,
    trusted: Option<Certificate>,
    /// None where it is accepted.
    refusal: Option<&'static str>,
}

fn cases(of: &str) -> Vec<Case> {
    let authority = |name: &str| Certificate::of_an_authority(&format!("{of}-{name}"));
    let with = |name: &str, change: &dyn Fn(&mut rcgen::CertificateParams)| {
        Certificate::with(&format!("{of}-{name}"), |params| {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            change(params);
        })
    };
    let case = |shown, trusted, refusal| Case {
        shown,
        trusted,
        refusal,
    };
    vec![
        case(authority("same"), None, None),
        case(Certificate::new(&format!("{of}-plain")), None, None),
        case(
            authority("shown"),
            Some(authority("other")),
            Some("CaUsedAsEndEntity"),
        ),
        case(
            with("named", &|params| params.subject_alt_names = Vec::new()),
            None,
            Some("not valid for name \"localhost\""),
        ),
        case(
            with("expired", &|params| params.not_after = date_time_ymd(2020, 1, 1)),
            None,
            Some("certificate expired"),
        ),
        case(
            with("early", &|params| params.not_before = date_time_ymd(4000, 1, 1)),
            None,
            Some("certificate not valid yet"),
        ),
    ]
}

impl Case {
    /// Tries it, and removes the files.
    fn run(self, run: impl FnOnce(&Arc<Certificate>, &Certificate) -> String) {
        let shown = Arc::new(self.shown);
        let words = run(&shown, self.trusted.as_ref().unwrap_or(&shown));
        match self.refusal {
            None => assert!(!words.contains("invalid peer certificate"), "{words}"),
            Some(refusal) => {
                assert!(words.contains("invalid peer certificate: "), "{words}");
                assert!(words.contains(refusal), "{words}");
            }
        }
        shown.remove_file();
        self.trusted.iter().for_each(Certificate::remove_file);
    }
}

#[test]
fn metabases_certificate_is_one_that_this_machine_trusts() {
    for case in cases("metabase") {
        let is_refused = case.refusal.is_some();
        case.run(|shown, trusted| {
            let metabase = metabase(shown, None);
            let child = Child::at(format!("https://localhost:{}", metabase.address.port()));
            let end = trusted.trusted_by(child).run();
            assert_eq!(end.words.ends_with(" items"), !is_refused, "{}", end.words);
            assert_eq!(metabase.take().is_empty(), is_refused);
            // It is said once, with what to do about it.
            assert_eq!(
                end.output.contains("SSL_CERT_FILE names a file"),
                is_refused,
                "{}",
                end.output
            );
            assert!(!end.output.contains("trying again"), "{}", end.output);
            end.words
        });
    }
}

/// A PostgreSQL that lets nobody in.
fn postgres(certificate: &Arc<Certificate>) -> Listener<()> {
    let certificate = certificate.clone();
    Listener::start(move |mut stream, got| {
        let mut request = [0; 8];
        stream.read_exact(&mut request)?;
        stream.write_all(b"S")?;
        let mut stream = certificate.accept(stream);
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        got.lock().expect("nobody has panicked").push(());
        let refusal = b"SFATAL\0VFATAL\0C28000\0Mnobody\0\0";
        let length = u32::try_from(refusal.len() + 4).expect("it is short");
        stream.write_all(&[b"E", length.to_be_bytes().as_slice(), refusal].concat())?;
        stream.flush()
    })
}

#[test]
fn postgresqls_certificate_is_one_that_the_named_file_has() {
    for case in cases("postgres") {
        let is_refused = case.refusal.is_some();
        case.run(|shown, trusted| {
            let postgres = postgres(shown);
            let connection = format!(
                "host=localhost port={} user=me sslmode=verify-full",
                postgres.address.port()
            );
            let output = Command::new(env!("CARGO_BIN_EXE_metabase-push"))
                .args([
                    "--url",
                    "http://localhost:1",
                    "--database",
                    "shop",
                    "--connect",
                    &connection,
                ])
                .env_clear()
                .env("METABASE_API_KEY", KEY)
                .env("PGSSLROOTCERT", &trusted.file)
                .output()
                .expect("the command can be run");
            let errors = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(3), "{errors}");
            assert_eq!(errors.contains("nobody"), !is_refused, "{errors}");
            assert_eq!(postgres.take().is_empty(), is_refused, "{errors}");
            assert_eq!(
                errors.contains("With sslmode=verify-full, "),
                is_refused,
                "{errors}"
            );
            errors
        });
    }
}
