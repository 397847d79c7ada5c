//! The countries that a generated shop sells to, and the code that each must be shown with.

/// (as written in an order, ISO 3166-1 alpha-2 code)
pub const COUNTRIES: &[(&str, Option<&str>)] = &[
    ("Germany", Some("DE")),
    ("DE", Some("DE")),
    ("United States", Some("US")),
    ("US", Some("US")),
    ("UK", Some("GB")),
    ("GB", Some("GB")),
    ("United Kingdom", Some("GB")),
    ("France", Some("FR")),
    ("FR", Some("FR")),
    ("Atlantis", None),
    ("XX", None),
    ("", None),
];

pub fn code(country: &str) -> Option<&'static str> {
    let (_, code) = COUNTRIES
        .iter()
        .find(|(written, _)| *written == country)
        .unwrap_or_else(|| panic!("a country that no shop is generated with: {country}"));
    *code
}
