//! A name as it is compared: by its words, in whatever order, letter case, accents and punctuation it is written.

use unicode_normalization::UnicodeNormalization;

/// Words that tell no country from another.
const SILENT: [&str; 5] = ["AND", "OF", "PART", "SAR", "THE"];

/// Words that are written in several ways, with the words that they are taken for.
const SPELLINGS: [(&str, &str); 14] = [
    ("DEM", "DEMOCRATIC"),
    ("FAEROE", "FAROE"),
    ("HERZEGOWINA", "HERZEGOVINA"),
    ("IS", "ISLAND"),
    ("ISLANDS", "ISLAND"),
    ("MACAU", "MACAO"),
    ("REP", "REPUBLIC"),
    ("SAINTE", "SAINT"),
    ("ST", "SAINT"),
    ("STE", "SAINT"),
    ("TERRITORIES", "TERRITORY"),
    ("UK", "UNITED KINGDOM"),
    ("US", "UNITED STATES"),
    ("USA", "UNITED STATES"),
];

/// Letters by their class, and yet apostrophes as people write them.
const APOSTROPHES: [char; 2] = ['\u{2bb}', '\u{2bc}'];

/// The words that make the name, sorted: `Korea, Republic of` and `The Republic of Korea` are one.
pub fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut initials = String::new();
    for word in plain(name).split(|c: char| !c.is_alphanumeric() || APOSTROPHES.contains(&c)) {
        let mut letters = word.chars();
        match (letters.next(), letters.next()) {
            (None, _) => {}
            (Some(letter), None) => initials.push(letter),
            (Some(_), Some(_)) => {
                words.extend(take(&mut initials));
                words.push(word.to_owned());
            }
        }
    }
    words.extend(take(&mut initials));
    words.retain(|word| !SILENT.contains(&word.as_str()));
    // A word that is all of the name is itself: Island is a name of Iceland, and islands are no country.
    if words.len() > 1 {
        words = words.iter().flat_map(|word| spelled(word)).collect();
    }
    words.sort_unstable();
    words
}

/// Initials that follow each other are a word: `U.S.A.` is `USA`.
fn take(initials: &mut String) -> Option<String> {
    (!initials.is_empty()).then(|| std::mem::take(initials))
}

fn spelled(word: &str) -> impl Iterator<Item = String> {
    let usual = SPELLINGS.iter().find(|(written, _)| *written == word);
    let words = usual.map_or(word, |(_, words)| words);
    words.split(' ').map(str::to_owned)
}

/// In upper case and without accents. A Turkish I is an I, with or without its dot. The marks of other scripts than Latin, Greek and Cyrillic
/// make other letters, and stay.
fn plain(name: &str) -> String {
    name.nfkd()
        .filter(|c| !('\u{300}'..='\u{36f}').contains(c))
        .collect::<String>()
        .to_lowercase()
        .to_uppercase()
}
