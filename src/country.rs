//! Countries by whatever name a shop gives them.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Every code and every usual name of each country, in lower case, with its alpha-2 code.
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
            codes.insert(name.to_lowercase(), alpha2.clone());
        }
    }
    codes
});

/// The ISO 3166-1 alpha-2 code, in upper case, of a country given by a code or a name in any letter case.
pub fn alpha2(country: &str) -> Option<&'static str> {
    CODES.get(&country.trim().to_lowercase()).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::alpha2;

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
