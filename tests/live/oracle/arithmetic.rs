//! Exact aggregates. Nothing is rounded before [`round`] or [`Values::deviation`] says so.

use jiff::Timestamp;
use num::{BigInt, BigRational, ToPrimitive, Zero};

use super::shop::Decimal;

pub type Number = BigRational;

impl From<Decimal> for Number {
    fn from(value: Decimal) -> Number {
        Number::new(value.0.into(), 10_000.into())
    }
}

/// Rounds to `places` decimals, half away from zero.
pub fn round(value: Option<Number>, places: u32) -> Option<Number> {
    let scale = power_of_ten(places);
    value.map(|value| (value * &scale).round() / &scale)
}

/// `part / whole`, or nothing where the division has no answer.
pub fn ratio(part: Option<Number>, whole: Option<Number>) -> Option<Number> {
    match (part, whole) {
        (Some(part), Some(whole)) if !whole.is_zero() => Some(part / whole),
        _ => None,
    }
}

pub fn percent(part: Option<Number>, whole: Option<Number>) -> Option<Number> {
    ratio(part, whole).map(|share| share * whole_number(100))
}

/// The time from one point to another in days of 24 hours.
pub fn days_between(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<Number> {
    let microseconds = to?.as_microsecond() - from?.as_microsecond();
    Some(Number::new(
        microseconds.into(),
        (24 * 60 * 60 * 1_000_000_i64).into(),
    ))
}

pub fn whole_number(value: usize) -> Number {
    Number::from_integer(value.into())
}

/// The values of an aggregate: those that are not NULL.
pub struct Values(Vec<Number>);

impl Values {
    pub fn known<T: Into<Number>>(values: impl IntoIterator<Item = Option<T>>) -> Values {
        Values(values.into_iter().flatten().map(Into::into).collect())
    }

    pub fn sum(&self) -> Option<Number> {
        (!self.0.is_empty()).then(|| self.0.iter().sum())
    }

    pub fn mean(&self) -> Option<Number> {
        ratio(self.sum(), Some(self.count()))
    }

    pub fn min(&self) -> Option<Number> {
        self.0.iter().min().cloned()
    }

    pub fn max(&self) -> Option<Number> {
        self.0.iter().max().cloned()
    }

    /// The sample variance: nothing for fewer than two values.
    pub fn variance(&self) -> Option<Number> {
        let mean = self.mean()?;
        let squares = self.0.iter().map(|value| (value - &mean).pow(2)).sum();
        ratio(Some(squares), Some(self.count() - whole_number(1)))
    }

    /// The sample standard deviation, rounded to `places` decimals.
    ///
    /// It is irrational, but its rounding is exact. For d = √v · 10^places, the nearest whole number is
    /// ⌊d + ½⌋ = ⌊(2d + 1) / 2⌋, and that does not change when 2d is cut to its whole part,
    /// ⌊2d⌋ = ⌊√⌊4v · 100^places⌋⌋.
    pub fn deviation(&self, places: u32) -> Option<Number> {
        let variance = self.variance()?;
        let four_fold = variance * whole_number(4) * power_of_ten(2 * places);
        let doubled: BigInt = four_fold.to_integer().sqrt();
        let nearest: BigInt = (doubled + 1) / 2;
        Some(Number::from_integer(nearest) / power_of_ten(places))
    }

    fn count(&self) -> Number {
        whole_number(self.0.len())
    }
}

/// A terminating decimal of at most four places, without trailing zeros.
pub fn decimal_text(value: &Number) -> String {
    let scaled = value * power_of_ten(4);
    assert!(scaled.is_integer(), "{value} is neither exact nor rounded");
    let scaled = scaled
        .to_integer()
        .to_i128()
        .expect("a number of at most 38 digits");
    let sign = if scaled < 0 { "-" } else { "" };
    let digits = scaled.unsigned_abs();
    without_trailing_zeros(&format!("{sign}{}.{:04}", digits / 10_000, digits % 10_000))
}

/// Makes 1.50 and 1.5 the same text, and 2.00 and 2.
pub fn without_trailing_zeros(decimal: &str) -> String {
    if decimal.contains('.') {
        decimal.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        decimal.to_owned()
    }
}

fn power_of_ten(exponent: u32) -> Number {
    Number::from_integer(BigInt::from(10).pow(exponent))
}

#[cfg(test)]
mod tests {
    use super::super::shop::hundredths;
    use super::*;

    fn cents(values: &[i64]) -> Values {
        Values::known(values.iter().map(|&cents| Some(hundredths(cents))))
    }

    fn as_text(value: Option<Number>) -> Option<String> {
        value.map(|value| decimal_text(&value))
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        let eighth = Number::new(1.into(), 8.into());
        assert_eq!(as_text(round(Some(eighth.clone()), 2)).as_deref(), Some("0.13"));
        assert_eq!(as_text(round(Some(-eighth), 2)).as_deref(), Some("-0.13"));
    }

    #[test]
    fn deviation_is_rounded_to_the_nearest() {
        // √2 = 1.41421356…, √(1/3) = 0.57735026…, and the square root of a whole square.
        assert_eq!(
            as_text(cents(&[100, 300]).deviation(4)).as_deref(),
            Some("1.4142")
        );
        assert_eq!(
            as_text(cents(&[100, 200, 200]).deviation(4)).as_deref(),
            Some("0.5774")
        );
        assert_eq!(
            as_text(cents(&[100, 200, 300]).deviation(4)).as_deref(),
            Some("1")
        );
    }

    #[test]
    fn too_few_values_have_no_aggregate() {
        assert_eq!(cents(&[]).sum(), None);
        assert_eq!(cents(&[]).mean(), None);
        assert_eq!(cents(&[100]).variance(), None);
        assert_eq!(cents(&[100]).deviation(4), None);
    }
}
