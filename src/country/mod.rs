//! Countries by whatever name a shop gives them.

mod names;
mod words;

use std::collections::HashMap;
use std::sync::LazyLock;

use words::words;

/// How many bytes the name of a country has at most, and then some: a text of the shop's can have any length.
const LONGEST_NAME: usize = 200;

/// The ISO 3166-1 alpha-2 code, in upper case, of a country given by a code or a name in any letter case; XK for Kosovo.
///
/// A name that a source has is found as it is given first, by its words then. What has no name's words may be several names of one country,
/// as `Eswatini (Swaziland)` is. No name is guessed: none is better than another country's.
pub fn alpha2(country: &str) -> Option<&'static str> {
    let country = country.trim();
    if country.len() > LONGEST_NAME {
        return None;
    }
    code(country)
        .or_else(|| named(country))
        .or_else(|| named_again(country))
}

/// The usual English name of the country with an alpha-2 code.
pub use names::usual as name;

fn code(text: &str) -> Option<&'static str> {
    names::CODES.get(&without_case(text)).map(String::as_str)
}

/// Letters that differ in nothing but case are one. A Turkish I is an I, with or without its dot.
fn without_case(text: &str) -> String {
    text.replace('İ', "I").to_lowercase().to_uppercase()
}

/// The names as the sources write them.
static WRITTEN: LazyLock<HashMap<String, &str>> = LazyLock::new(|| {
    names::all()
        .map(|(name, code)| (without_case(name), code))
        .collect()
});

fn named(name: &str) -> Option<&'static str> {
    let written = WRITTEN.get(&without_case(name)).copied();
    written.or_else(|| by_words(words(name)))
}

/// What one source has for one country, and people for another.
const AMBIGUOUS: &str = "Virgin Islands";

/// The names by their words. An apostrophe that is left out leaves a gap, or none.
static WORDS: LazyLock<HashMap<Vec<String>, &str>> = LazyLock::new(|| {
    let mut known: HashMap<_, _> = names::all()
        .flat_map(|(name, code)| {
            [name.to_owned(), name.replace(['\'', '’'], "")].map(|name| (words(&name), code))
        })
        .collect();
    known.remove(&words(AMBIGUOUS));
    known
});

/// What may be said of a country without being in its name: `Gabon Republic`, `Cape Verde Islands`.
const MORE: [&str; 2] = ["ISLAND", "REPUBLIC"];

/// Not of these: the Republic of China is Taiwan, the Dominica Republic is misspelled, the islands of Samoa and of Saint Martin are two
/// countries' each, and those of the United States have codes of their own.
const NO_MORE: [&str; 5] = ["CN", "DM", "MF", "US", "WS"];

fn by_words(mut words: Vec<String>) -> Option<&'static str> {
    let code = WORDS.get(&words).copied();
    code.or_else(|| {
        words.retain(|word| !MORE.contains(&word.as_str()));
        WORDS.get(&words).copied().filter(|code| !NO_MORE.contains(code))
    })
}

/// What stands between two names of a country.
const SEPARATORS: [char; 9] = ['(', ')', '[', ']', '/', ',', ';', '-', '–'];

/// Several names, or names and codes: all must be the same country's, since `Saint Martin (Dutch part)` is not Saint Martin.
fn named_again(text: &str) -> Option<&'static str> {
    text.find(SEPARATORS)?;
    let parts = || {
        text.split(SEPARATORS)
            .map(str::trim)
            .filter(|part| !part.is_empty())
    };
    let known = |part| code(part).or_else(|| named(part));
    let first = parts().next().and_then(known)?;
    let is_one = parts().all(|part| known(part) == Some(first));
    // Codes alone may be words: no, no.
    (is_one && parts().any(|part| named(part).is_some())).then_some(first)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::words::words;
    use super::{AMBIGUOUS, alpha2, name, names};

    #[test]
    fn a_code_gives_the_usual_name() {
        for (code, usual) in [
            ("GB", Some("United Kingdom")),
            ("KR", Some("South Korea")),
            ("ME", Some("Montenegro")),
            ("XK", Some("Kosovo")),
            ("KOR", None),
            ("EU", None),
            ("ZZ", None),
            ("GB-alt-short", None),
        ] {
            assert_eq!(name(code), usual, "{code}");
        }
        for code in names::CODES.values() {
            assert!(name(code).is_some(), "{code}");
        }
    }

    /// A row each: a code, and how its country is written.
    fn assert_codes(rows: &[(&str, &[&str])]) {
        for (code, names) in rows {
            for name in *names {
                assert_eq!(alpha2(name), Some(*code), "{name}");
            }
        }
    }

    fn assert_none(names: &[&str]) {
        for name in names {
            assert_eq!(alpha2(name), None, "{name}");
        }
    }

    #[test]
    fn codes_and_names_give_the_code() {
        assert_codes(&[
            ("CZ", &["Czech Republic"]),
            ("DE", &["DE", "de", "DEU", "Germany", " germany ", "Deutschland"]),
            ("GB", &["UK", "United Kingdom"]),
            ("KR", &["South Korea"]),
            ("RU", &["россия"]),
            ("TR", &["Türkiye", "TÜRKİYE", "TÜRKIYE"]),
            ("US", &["USA", "United States"]),
            ("XK", &["XK", "xkx", "Kosovo"]),
        ]);
    }

    #[test]
    fn each_name_of_each_source_has_its_code() {
        for country in keshvar::CountryIterator::new() {
            let (two, three) = (country.alpha2().to_string(), country.alpha3().to_string());
            let given = [&two, &three, country.iso_short_name(), country.iso_long_name()];
            for name in given.iter().chain(country.unofficial_name_list()) {
                assert_eq!(alpha2(name), Some(two.as_str()), "{name}");
            }
        }
        for (name, code) in names::all() {
            let spelled = [
                name.to_owned(),
                name.to_lowercase(),
                name.replace('&', "and").replace("St.", "Saint"),
                name.replace(" and ", " & ").replace("Saint ", "St "),
                name.replace('’', "'"),
                name.replace(['\'', '’'], ""),
                name.replace(['(', ')'], ""),
                format!("The  {name}."),
            ];
            for spelled in spelled
                .iter()
                .filter(|spelled| words(spelled) != words(AMBIGUOUS))
            {
                assert_eq!(alpha2(spelled), Some(code), "{spelled}");
            }
        }
    }

    /// The order of the sources decides nothing.
    #[test]
    fn no_two_countries_have_a_name_of_the_same_words() {
        let mut known = HashMap::new();
        for (name, code) in names::all() {
            let (other, of) = *known.entry(words(name)).or_insert((name, code));
            assert_eq!(of, code, "{name} and {other}");
        }
    }

    #[test]
    fn a_name_may_be_spelled_otherwise() {
        assert_codes(&[
            ("AX", &["Aland Islands", "ALAND"]),
            (
                "BA",
                &[
                    "Bosnia & Herzegovina",
                    "Bosnia-Herzegovina",
                    "Bosnia and Herzegowina",
                ],
            ),
            ("BL", &["Saint Barthelemy", "St Barthelemy", "ST. BARTHÉLEMY"]),
            ("BQ", &["Bonaire, Saint Eustatius and Saba"]),
            (
                "CI",
                &[
                    "Cote d'Ivoire",
                    "Cote d’Ivoire",
                    "Cote d Ivoire",
                    "Cote dIvoire",
                    "COTE D`IVOIRE",
                    "Côte dʼIvoire",
                ],
            ),
            ("CW", &["Curacao"]),
            ("FO", &["Faeroe Islands"]),
            ("KN", &["St. Kitts & Nevis", "Saint Kitts-Nevis"]),
            ("LC", &["St. Lucia", "St.Lucia", "Ste Lucia"]),
            ("MO", &["Macau", "Macao SAR", "Macau SAR China", "Macau, China"]),
            ("PM", &["Saint-Pierre & Miquelon"]),
            ("RE", &["Reunion", "REUNION"]),
            ("ST", &["Sao Tome & Principe", "São Tomé and Príncipe"]),
            ("TR", &["Turkiye", "Türkıye", "türki\u{307}ye"]),
            (
                "TT",
                &["Trinidad & Tobago", "Trinidad + Tobago", "TRINIDAD AND TOBAGO"],
            ),
            (
                "UM",
                &["U.S. Minor Outlying Islands", "United States Outlying Islands"],
            ),
            (
                "US",
                &[
                    "U.S.A.",
                    "U. S. A.",
                    "U.S.",
                    "The United States",
                    "United\u{a0}States of America",
                    "ＵＳＡ",
                ],
            ),
            ("VC", &["St Vincent and Grenadines"]),
        ]);
    }

    #[test]
    fn the_order_of_the_words_does_not_matter() {
        assert_codes(&[
            ("BS", &["Bahamas, The", "Bahamas (the)"]),
            (
                "CD",
                &[
                    "Congo, The Democratic Republic of the",
                    "Congo, Dem. Rep.",
                    "Democratic Republic of Congo",
                ],
            ),
            ("FM", &["Micronesia, Federated States of"]),
            (
                "HK",
                &["Hong Kong SAR", "China, Hong Kong SAR", "Hong Kong (China)"],
            ),
            ("IR", &["Iran (Islamic Republic of)", "Iran, Islamic Republic of"]),
            ("KP", &["Korea, Democratic People's Republic of", "Korea, North"]),
            (
                "KR",
                &[
                    "Korea, South",
                    "Korea, Republic of",
                    "Korea (South)",
                    "Republic of Korea",
                ],
            ),
            ("MD", &["Moldova, Republic of"]),
            (
                "MK",
                &[
                    "Macedonia, the former Yugoslav Republic of",
                    "Macedonia, Republic of",
                ],
            ),
            (
                "PS",
                &["Palestinian Territory, Occupied", "Palestinian Territories"],
            ),
            ("TW", &["Taiwan, Province of China", "Taiwan, Republic of China"]),
            ("VG", &["Virgin Islands, British"]),
            ("VI", &["Virgin Islands, U.S.", "Virgin Islands (USA)"]),
        ]);
    }

    #[test]
    fn more_may_be_said_of_a_country_than_its_name() {
        assert_codes(&[
            ("AZ", &["Azerbaijan Republic"]),
            ("CV", &["Cape Verde Islands"]),
            ("IE", &["Ireland, Republic of"]),
            ("SJ", &["Svalbard and Jan Mayen Islands"]),
            ("XK", &["Kosovo, Republic of"]),
        ]);
        assert_none(&[
            "Republic",
            "Islands",
            "Republic of China",
            "Dominica Republic",
            "Samoa Islands",
            "U.S. Islands",
            "Saint Martin Island",
        ]);
    }

    #[test]
    fn several_names_of_one_country_give_its_code() {
        assert_codes(&[
            ("AE", &["United Arab Emirates (UAE)"]),
            ("CI", &["Cote d Ivoire (Ivory Coast)"]),
            ("DE", &["DE - Germany", "Germany / Deutschland"]),
            ("SK", &["Slovakia (Slovak Republic)"]),
            ("SZ", &["Eswatini (Swaziland)"]),
            ("US", &["United States (US)"]),
        ]);
        assert_none(&[
            "Saint Martin (Dutch part)",
            "Georgia, USA",
            "Macedonia, Greece",
            "Kosovo, Serbia",
            "no, no",
            "DE/DE",
            "()",
            "Germany, Berlin",
        ]);
    }

    #[test]
    fn names_that_are_almost_those_of_another_country() {
        assert_codes(&[
            ("AS", &["American Samoa", "Samoa, American"]),
            ("CG", &["Congo", "Congo - Brazzaville", "Congo, Republic of the"]),
            ("CD", &["Congo - Kinshasa", "Congo (DRC)", "DR Congo"]),
            ("DM", &["Dominica"]),
            ("DO", &["Dominican Republic"]),
            ("FM", &["Micronesia"]),
            ("GE", &["Georgia"]),
            ("GN", &["Guinea"]),
            ("GQ", &["Equatorial Guinea"]),
            ("GS", &["South Georgia"]),
            ("GW", &["Guinea-Bissau", "Guinea Bissau"]),
            ("MF", &["Saint Martin", "St. Martin (French part)"]),
            ("NE", &["Niger"]),
            ("NG", &["Nigeria"]),
            ("PG", &["Papua New Guinea"]),
            ("SD", &["Sudan"]),
            ("SS", &["South Sudan"]),
            (
                "SX",
                &["Sint Maarten", "St. Maarten", "Saint Maarten (Dutch part)"],
            ),
            ("VG", &["British Virgin Islands"]),
            ("VI", &["U.S. Virgin Islands"]),
            ("WS", &["Samoa", "Western Samoa"]),
        ]);
        assert_none(&[
            "Korea",
            "Virgin Islands",
            "New Guinea",
            "New Mexico",
            "Northern Cyprus",
            "State of Georgia",
            "Sint Martin",
        ]);
    }

    #[test]
    fn what_is_no_country_has_no_code() {
        assert_none(&[
            "",
            " ",
            "-",
            "()",
            "Atlantis",
            "ZZ",
            "Euro",
            "EU",
            "European Union",
            "Europe",
            "Unknown",
            "Unknown Region",
            "UN",
        ]);
        assert_none(&[
            "N/A",
            "n.a.",
            "d.e.",
            "i.e.",
            "the",
            "of",
            "SAR",
            "001",
            "AN",
            "Netherlands Antilles",
            "Serbia and Montenegro",
        ]);
        assert_none(&[
            "Germany\u{0}x",
            "Ger many",
            "Canary Islands",
            "world",
            "XA",
            "XB",
            "Pseudo-Accents",
        ]);
    }

    #[test]
    fn a_text_of_any_length_is_read() {
        assert_eq!(alpha2(&format!("{0}Germany{0}", " ".repeat(1000))), Some("DE"));
        for part in ["x", "(", "Germany, ", "İ", "\u{fdfa}", "ﷺ/"] {
            assert_eq!(alpha2(&part.repeat(10_000)), None, "{part}");
            let fitting = part.repeat(super::LONGEST_NAME / part.len());
            assert_eq!(
                alpha2(&fitting),
                part.starts_with("Germany").then_some("DE"),
                "{part}"
            );
        }
    }
}
