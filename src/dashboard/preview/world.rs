//! The shapes of the world's countries. `scripts/world.mjs` says what they are made of, and makes them anew.

/// A country's code, a tab and its path in SVG a line. Land that has no code of its own has none here, either.
const SHAPES: &str = include_str!("world.tsv");

/// What of the plane that the paths are drawn on has land: from left and top, so wide and high.
pub const VIEW: [i32; 4] = [130, 0, 822, 434];

/// Each country that is large enough to be seen: its ISO 3166-1 alpha-2 code and its path.
pub fn shapes() -> impl Iterator<Item = (&'static str, &'static str)> {
    SHAPES.lines().filter_map(|line| line.split_once('\t'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::country;

    #[test]
    fn a_shape_is_a_known_country_once_and_lies_on_the_map() {
        let mut seen = BTreeSet::new();
        for (code, path) in shapes() {
            assert!(code.is_empty() || country::name(code).is_some(), "{code}");
            assert!(code.is_empty() || seen.insert(code), "{code} stands twice");
            let [left, top, width, height] = VIEW;
            for (x, y) in points(path) {
                assert!((left..left + width).contains(&x), "{code}: {x}");
                assert!((top..top + height).contains(&y), "{code}: {y}");
            }
            // A shape on both ends of the map would have a line across it.
            for ring in path.split_inclusive('z') {
                let across: BTreeSet<i32> = points(ring).into_iter().map(|(x, _)| x).collect();
                let (first, last) = (across.first().copied(), across.last().copied());
                assert!(last.unwrap_or(0) - first.unwrap_or(0) < width / 2, "{code}");
            }
        }
        assert_eq!(SHAPES.lines().count(), shapes().count());
        assert!(seen.len() > 150, "{}", seen.len());
        for code in ["DE", "FR", "GB", "US", "JP", "CN", "BR", "AU", "XK"] {
            assert!(seen.contains(code), "{code}");
        }
    }

    #[test]
    fn the_shapes_take_little_of_a_page() {
        assert!(SHAPES.len() < 14_000, "{}", SHAPES.len());
    }

    /// The corners of a path of rings, each of which begins with its first corner and goes on by steps.
    fn points(path: &str) -> Vec<(i32, i32)> {
        let mut points = Vec::new();
        for ring in path.split_terminator('z') {
            let (start, steps) = ring
                .strip_prefix('M')
                .and_then(|ring| ring.split_once('l'))
                .expect("it is a ring");
            let (mut x, mut y) = (0, 0);
            for pair in numbers(&format!("{start} {steps}")).chunks(2) {
                (x, y) = (x + pair[0], y + pair[1]);
                points.push((x, y));
            }
        }
        points
    }

    /// Numbers with a space between them, or the sign of the second.
    fn numbers(text: &str) -> Vec<i32> {
        let spaced = text.replace('-', " -");
        spaced
            .split_whitespace()
            .map(|number| number.parse().expect("it is a number"))
            .collect()
    }
}
