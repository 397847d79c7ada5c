//! Codes of countries, as SQL gets them.

use crate::cluster::{Database, value};
use crate::rows::rows;
use crate::shop::column;

/// A row each: a country as shops and lists write it, and its code.
const WRITTEN: &[(&str, Option<&str>)] = &[
    ("DE", Some("DE")),
    ("usa", Some("US")),
    ("U.S.A.", Some("US")),
    ("UAE", Some("AE")),
    ("Germany", Some("DE")),
    ("Aland Islands", Some("AX")),
    ("Bosnia & Herzegovina", Some("BA")),
    ("Cape Verde", Some("CV")),
    ("Cote d'Ivoire", Some("CI")),
    ("Côte d’Ivoire", Some("CI")),
    ("Curacao", Some("CW")),
    ("Hong Kong SAR", Some("HK")),
    ("Iran (Islamic Republic of)", Some("IR")),
    ("Korea, Republic of", Some("KR")),
    ("Korea, South", Some("KR")),
    ("Republic of Korea", Some("KR")),
    ("Kosovo", Some("XK")),
    ("Macao SAR", Some("MO")),
    ("Macau", Some("MO")),
    ("Macedonia, the former Yugoslav Republic of", Some("MK")),
    ("Moldova, Republic of", Some("MD")),
    ("Palestinian Territories", Some("PS")),
    ("Saint Barthelemy", Some("BL")),
    ("Sao Tome & Principe", Some("ST")),
    ("St. Lucia", Some("LC")),
    ("Swaziland", Some("SZ")),
    ("TÜRKİYE", Some("TR")),
    ("Turkiye", Some("TR")),
    ("Trinidad & Tobago", Some("TT")),
    ("Viet Nam", Some("VN")),
    ("", None),
    ("Atlantis", None),
    ("EU", None),
    ("Euro", None),
    ("Korea", None),
    ("N/A", None),
    ("Saint Martin (Dutch part)", None),
    ("Unknown", None),
    ("Virgin Islands", None),
    ("ZZ", None),
];

#[test]
fn a_country_has_its_code_however_it_is_written() {
    let database = Database::with_extension();
    let mut client = database.connect();
    for (written, code) in WRITTEN {
        let row = client
            .query_one("SELECT metabase_internal.country_code($1)", &[written])
            .unwrap_or_else(|error| panic!("{written}: {error}"));
        assert_eq!(row.get::<_, Option<&str>>(0), *code, "{written}");
    }
    assert_eq!(
        column(
            &mut client,
            "SELECT metabase_internal.country_code(text)
             FROM (VALUES (NULL), (repeat('Germany, ', 1000000)), (repeat(' ', 1000000) || 'Germany')) AS given (text)",
        ),
        ["NULL", "NULL", "DE"]
    );
}

/// Views of users' own, and their indexes, may use it.
#[test]
fn a_code_never_changes() {
    let database = Database::with_extension();
    let mut client = database.connect();
    let is_immutable: bool = value(
        &mut client,
        "SELECT provolatile = 'i' AND proisstrict AND proparallel = 's'
         FROM pg_proc WHERE oid = 'metabase_internal.country_code(text)'::regprocedure",
    );
    assert!(is_immutable);
    assert_eq!(
        rows(
            &mut client,
            "CREATE TABLE sold (country text);
             CREATE INDEX ON sold (metabase_internal.country_code(country));
             INSERT INTO sold VALUES ('Kosovo'), ('Korea, South'), ('Atlantis');
             SELECT country, metabase_internal.country_code(country) FROM sold ORDER BY country"
        ),
        ["Atlantis | -", "Korea, South | KR", "Kosovo | XK"]
    );
}
