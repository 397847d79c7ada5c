//! What countries are called, by each source.

use std::collections::HashMap;
use std::sync::LazyLock;

/// What countries are called in English, by alpha-2 codes: a code, a tab and a name a line, the usual one first. The names are those of the
/// Unicode CLDR 48.2, main/en/territories.json (https://github.com/unicode-org/cldr-json, Unicode-3.0).
const ENGLISH: &str = include_str!("english.tsv");

/// Kosovo is in no list of ISO's. XK is for such use, and CLDR's; XKX is what the World Bank has with three letters.
const KOSOVO: [&str; 2] = ["XK", "XKX"];

/// What no source has.
const OTHERS: [(&str, &str); 30] = [
    // Abbreviations, which are as usual as the names.
    ("UAE", "AE"),
    ("DR Congo", "CD"),
    ("DRC", "CD"),
    ("PR China", "CN"),
    ("PRC", "CN"),
    ("Lao PDR", "LA"),
    ("FYR Macedonia", "MK"),
    ("FYROM", "MK"),
    ("N. Korea", "KP"),
    ("S. Korea", "KR"),
    ("KSA", "SA"),
    ("Virgin Islands (UK)", "VG"),
    // Parts that are listed as countries, or stand for the whole; England is keshvar's.
    ("Mainland China", "CN"),
    ("Metropolitan France", "FR"),
    ("Britain", "GB"),
    ("Northern Ireland", "GB"),
    ("Scotland", "GB"),
    ("Wales", "GB"),
    ("Holland", "NL"),
    ("Vatican", "VA"),
    // What the sources have in more words, in fewer, or in Dutch only.
    ("Saint Eustatius, Bonaire and Saba", "BQ"),
    ("Hong Kong Special Administrative Region", "HK"),
    ("Macao Special Administrative Region", "MO"),
    ("Saint Maarten", "SX"),
    ("Saint Maarten (Dutch part)", "SX"),
    ("Taiwan, China", "TW"),
    ("Vatican City State", "VA"),
    // As old lists of ISO 3166 have them.
    ("Heard and Mc Donald Islands", "HM"),
    ("Croatia (local name: Hrvatska)", "HR"),
    ("Western Samoa", "WS"),
];

/// Each code in upper case, of two letters and of three, with its country's alpha-2 code.
pub static CODES: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let of_iso = keshvar::CountryIterator::new()
        .map(|country| [country.alpha2().to_string(), country.alpha3().to_string()])
        .map(|codes| codes.map(|code| code.to_uppercase()));
    of_iso
        .chain([KOSOVO.map(str::to_owned)])
        .flat_map(|[alpha2, alpha3]| [(alpha2.clone(), alpha2.clone()), (alpha3, alpha2)])
        .collect()
});

fn english() -> impl Iterator<Item = (&'static str, &'static str)> {
    ENGLISH.lines().filter_map(|line| line.split_once('\t'))
}

/// The first name of each code.
static USUAL: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let mut usual = HashMap::new();
    for (code, name) in english() {
        usual.entry(code).or_insert(name);
    }
    usual
});

/// What the country with an alpha-2 code is usually called in English.
pub fn usual(alpha2: &str) -> Option<&'static str> {
    USUAL.get(alpha2).copied()
}

/// Each name, with the alpha-2 code of its country.
pub fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    of_keshvar()
        .chain(english().map(|(code, name)| (name, code.to_owned())))
        .chain(OTHERS.map(|(name, code)| (name, code.to_owned())))
        .filter_map(|(name, code)| Some((name, CODES.get(&code)?.as_str())))
}

fn of_keshvar() -> impl Iterator<Item = (&'static str, String)> {
    keshvar::CountryIterator::new().flat_map(|country| {
        let mut names = vec![country.iso_short_name(), country.iso_long_name()];
        names.extend(country.unofficial_name_list());
        let code = country.alpha2().to_string().to_uppercase();
        names.into_iter().map(move |name| (name, code.clone()))
    })
}
