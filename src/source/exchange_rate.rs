//! Exchange rates: what one unit of a currency is worth in the shop's, from a day on.

use pgrx::AnyNumeric;
use pgrx::datum::Date;

use crate::error::Error;
use crate::pg::hooks;
use crate::pg::identity::{as_extension_owner, check_may_decide};
use crate::pg::query;
use crate::settings;

/// What is known of a rate that is to be set, and how it is written.
#[derive(serde::Deserialize)]
struct Given {
    day: String,
    is_day: bool,
    rate: Option<String>,
    is_rate: bool,
}

/// Sets a rate, or takes it back where it is None, and has the worker look at what that changes. Says what was done, in a sentence.
pub fn set(currency: &str, valid_from: Date, rate: Option<AnyNumeric>) -> Result<String, Error> {
    let currency = code(currency)?;
    let given: Given = query::row(
        include_str!("../../sql/queries/source/given_exchange_rate.sql"),
        &[valid_from.into(), rate.clone().into()],
    )?;
    let Given { day, rate: shown, .. } = given;
    if !given.is_day {
        return Err(Error::RateDay { currency, day });
    }
    if !given.is_rate {
        let rate = shown.unwrap_or_default();
        return Err(Error::InvalidRate { currency, rate });
    }
    check_may_decide()?;
    hooks::wake_worker_at_commit();
    let own = settings::of_views()?.currency;
    let Some(rate) = rate else {
        return remove(&currency, &own, valid_from, &day);
    };
    if currency == own {
        return Err(Error::OwnCurrency { currency });
    }
    as_extension_owner(|| {
        query::run(
            include_str!("../../sql/queries/source/store_exchange_rate.sql"),
            &[
                currency.clone().into(),
                valid_from.into(),
                rate.into(),
                own.clone().into(),
            ],
        )
    })?;
    Ok(format!(
        "1 {currency} is {} {own} from {day} on",
        shown.unwrap_or_default()
    ))
}

fn remove(currency: &str, own: &str, valid_from: Date, day: &str) -> Result<String, Error> {
    let removed: i64 = as_extension_owner(|| {
        query::returned(
            include_str!("../../sql/queries/source/remove_exchange_rate.sql"),
            &[
                currency.to_owned().into(),
                valid_from.into(),
                own.to_owned().into(),
            ],
        )
    })?;
    Ok(match removed {
        0 => format!("{currency} had no rate in {own} that begins on {day}"),
        _ => format!("the rate of {currency} in {own} from {day} on is gone"),
    })
}

/// The code of a currency, as it is written in the table.
pub fn code(given: &str) -> Result<String, Error> {
    let code = given.trim_matches(' ').to_ascii_uppercase();
    let is_code = code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_uppercase());
    match is_code {
        true => Ok(code),
        false => Err(Error::CurrencyCode {
            given: given.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_three_letters_in_any_case() {
        assert_eq!(code("USD").ok().as_deref(), Some("USD"));
        assert_eq!(code(" usd ").ok().as_deref(), Some("USD"));
        for given in ["", "US", "EURO", "U5D", "ÜSD", "€"] {
            assert!(code(given).is_err(), "{given}");
        }
    }
}
