//! Countries by whatever name a shop gives them.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Every code and every usual name of each country, without case, with its alpha-2 code.
static CODES: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let mut codes = HashMap::new();
    for country in keshvar::CountryIterator::new() {
        let alpha2 = country.alpha2().to_string().to_uppercase();
        let alpha3 = country.alpha3().to_string();
        let names = [
            alpha2.as_str(),
            &alpha3,
            country.iso_short_name(),
            country.iso_long_name(),
        ];
        for name in names.iter().chain(country.unofficial_name_list()) {
            codes.insert(without_case(name), alpha2.clone());
        }
    }
    codes
});

/// A name as it is compared. A Turkish I is an I, with or without its dot.
fn without_case(name: &str) -> String {
    name.replace('İ', "I").to_lowercase().to_uppercase()
}

/// How many bytes the name of a country has at most, and then some: a text of the shop's can have any length.
const LONGEST_NAME: usize = 200;

/// The ISO 3166-1 alpha-2 code, in upper case, of a country given by a code or a name in any letter case.
pub fn alpha2(country: &str) -> Option<&'static str> {
    let name = country.trim();
    if name.len() > LONGEST_NAME {
        return None;
    }
    CODES.get(&without_case(name)).map(String::as_str)
}

/// What each country is usually called, by its alpha-2 code.
static NAMES: LazyLock<HashMap<String, &str>> = LazyLock::new(|| {
    keshvar::CountryIterator::new()
        .map(|country| {
            let usual = country.unofficial_name_list().first().copied();
            let name = usual.unwrap_or_else(|| country.iso_short_name());
            (country.alpha2().to_string().to_uppercase(), name)
        })
        .collect()
});

/// The usual English name of the country with an alpha-2 code.
pub fn name(alpha2: &str) -> Option<&'static str> {
    NAMES.get(alpha2).copied()
}

#[cfg(test)]
mod tests {
    use super::{alpha2, name};

    #[test]
    fn a_code_gives_the_usual_name() {
        assert_eq!(name("GB"), Some("United Kingdom"));
        assert_eq!(name("KR"), Some("South Korea"));
        assert_eq!(name("ZZ"), None);
    }

    #[test]
    fn codes_and_names_give_the_code() {
        for (given, code) in [
            ("DE", "DE"),
            ("de", "DE"),
            ("DEU", "DE"),
            ("Germany", "DE"),
            (" germany ", "DE"),
            ("Deutschland", "DE"),
            ("UK", "GB"),
            ("United Kingdom", "GB"),
            ("USA", "US"),
            ("United States", "US"),
            ("South Korea", "KR"),
            ("Czech Republic", "CZ"),
            ("Türkiye", "TR"),
            ("TÜRKİYE", "TR"),
            ("TÜRKIYE", "TR"),
            ("россия", "RU"),
        ] {
            assert_eq!(alpha2(given), Some(code), "{given}");
        }
    }

    #[test]
    fn what_is_no_country_has_no_code() {
        for given in ["Atlantis", "", "ZZ", "Euro"] {
            assert_eq!(alpha2(given), None, "{given}");
        }
    }
}
