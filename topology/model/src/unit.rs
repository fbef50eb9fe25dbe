//! Quantities. Each is an integer in the finest unit that the field uses, so that equal means equal on every machine;
//! text such as `8.2ms` is read and written without loss, at the edge only.

mod advice;

use std::{borrow::Cow, fmt, str::FromStr};

use nom::{
    IResult, Parser,
    bytes::complete::{take_while, take_while1},
    character::complete::{char, digit1, multispace0},
    combinator::{all_consuming, opt},
    sequence::preceded,
};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Why a text is not a quantity.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("`{text}` is not a {what}: {why}; {advice}")]
pub struct BadUnit {
    /// The text as it was given, cut to 60 characters.
    pub text: String,
    /// The kind of quantity that was expected.
    pub what: &'static str,
    /// What is wrong with the text.
    pub why: String,
    /// A text that would do, and whether it is what was meant.
    pub advice: String,
}

impl BadUnit {
    fn new(text: &str, scale: &Scale, why: String) -> Self {
        let unit = scale.units.get(1).or(scale.units.first()).map_or("", |unit| unit.0);
        let advice = format!("write it like `10{unit}`");
        Self { text: text.chars().take(60).collect(), what: scale.what, why, advice }
    }
}

/// The units in which a quantity may be written, smallest first; the smallest is the one that is stored.
pub(crate) struct Scale {
    pub(crate) what: &'static str,
    pub(crate) units: &'static [(&'static str, u64)],
    /// As people write it.
    pub(crate) examples: &'static [&'static str],
}

impl Scale {
    /// What an editor is told of it: all that [`parse_scaled`] takes, but for values that are too large or too fine.
    pub(crate) fn schema(&self) -> Schema {
        let units: Vec<&str> = self.units.iter().map(|(unit, _)| *unit).collect();
        let description = format!(
            "A {}: a number and its unit, one of {}. For instance `{}`.",
            self.what,
            units.join(", "),
            self.examples.join("` or `")
        );
        let micro = units.contains(&"us").then_some("µs");
        let any: Vec<&str> = units.into_iter().chain(micro).collect();
        let pattern = format!(r"^\s*[0-9]+(\.[0-9]+)?\s*({})\s*$", any.join("|"));
        json_schema!({
            "description": description,
            "type": "string",
            "pattern": pattern,
            "examples": self.examples,
        })
    }
}

/// `12`, `12.5`, `12.5 ms`: whole part, fraction digits, unit.
fn number_and_unit(text: &str) -> IResult<&str, (&str, Option<&str>, &str)> {
    all_consuming((
        preceded(multispace0, digit1),
        opt(preceded(char('.'), take_while1(|c: char| c.is_ascii_digit()))),
        preceded(multispace0, take_while(|c: char| c.is_alphabetic() || c == '%' || c == '/' || c == 'µ')),
    ))
    .parse(text)
}

pub(crate) fn parse_scaled(text: &str, scale: &Scale) -> Result<u64, BadUnit> {
    let bad = |why: String| BadUnit::new(text, scale, why);
    let trimmed = text.trim();
    if trimmed
        .strip_prefix(['-', '−'])
        .is_some_and(|rest| rest.trim_start().starts_with(|c: char| c.is_ascii_digit()))
    {
        return Err(bad(format!("it is negative, and a {} cannot be less than nothing", scale.what)));
    }
    let (_, (whole, fraction, unit)) = number_and_unit(trimmed).map_err(|_| {
        let bad = bad("it is not a number with a unit".into());
        BadUnit { advice: advice::on_comma(trimmed).unwrap_or(bad.advice), ..bad }
    })?;
    let unit_key = if unit == "µs" { "us" } else { unit };
    let known = scale.units.iter().find(|(name, _)| *name == unit_key).map(|(_, factor)| *factor);
    let factor = known.ok_or_else(|| advice::on_unit(text, unit, scale))?;
    let too_large = || bad("it is too large".into());
    let whole: u64 = whole.parse().map_err(|_| too_large())?;
    let mut total = whole.checked_mul(factor).ok_or_else(too_large)?;
    let mut place = factor;
    for digit in fraction.unwrap_or("").chars().filter_map(|c| c.to_digit(10)) {
        if !place.is_multiple_of(10) {
            if digit != 0 {
                return Err(bad(format!(
                    "it is finer than {} can say",
                    scale.units.first().map_or("", |u| u.0)
                )));
            }
            continue;
        }
        place /= 10;
        total = total.checked_add(place * u64::from(digit)).ok_or_else(too_large)?;
    }
    Ok(total)
}

/// Writes in the largest unit that leaves a whole part (percent: always), with as many digits as needed and no more.
pub(crate) fn show_scaled(value: u64, scale: &Scale) -> String {
    let exact = |factor: u64| {
        let mut rest = value % factor;
        let mut digits = String::new();
        let mut place = factor;
        while rest > 0 && place.is_multiple_of(10) {
            place /= 10;
            digits.push(char::from_digit(u32::try_from(rest / place).unwrap_or(0), 10).unwrap_or('0'));
            rest %= place;
        }
        (rest == 0 && digits.len() <= 7).then_some(digits)
    };
    for (unit, factor) in scale.units.iter().rev() {
        if value < *factor && *unit != "%" {
            continue;
        }
        match exact(*factor) {
            Some(digits) if digits.is_empty() => return format!("{}{unit}", value / factor),
            Some(digits) => return format!("{}.{digits}{unit}", value / factor),
            None => {}
        }
    }
    format!("{value}{}", scale.units.first().map_or("", |u| u.0))
}

macro_rules! quantities {
    ($($(#[$doc:meta])* $name:ident($repr:ty) $what:literal [$($unit:literal = $factor:literal),+] like [$($example:literal),+] from $from:ident as $get:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name($repr);

        impl $name {
            const SCALE: Scale =
                Scale { what: $what, units: &[$(($unit, $factor)),+], examples: &[$($example),+] };
            /// Nothing of it.
            pub const ZERO: Self = Self(0);

            /// From the unit in which it is stored.
            pub const fn $from(value: $repr) -> Self {
                Self(value)
            }

            /// In the unit in which it is stored.
            pub const fn $get(self) -> $repr {
                self.0
            }

            /// The sum, or the largest value there is.
            pub const fn saturating_add(self, other: Self) -> Self {
                Self(self.0.saturating_add(other.0))
            }

            /// The difference, or zero.
            pub const fn saturating_sub(self, other: Self) -> Self {
                Self(self.0.saturating_sub(other.0))
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                Self::SCALE.schema()
            }
        }

        impl FromStr for $name {
            type Err = BadUnit;
            fn from_str(text: &str) -> Result<Self, BadUnit> {
                let value = parse_scaled(text, &Self::SCALE)?;
                let too_large = |_| BadUnit::new(text, &Self::SCALE, "it is too large".into());
                <$repr>::try_from(value).map(Self).map_err(too_large)
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadUnit;
            fn try_from(text: String) -> Result<Self, BadUnit> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.to_string()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&show_scaled(u64::from(self.0), &Self::SCALE))
            }
        }

        impl std::iter::Sum for $name {
            fn sum<I: Iterator<Item = Self>>(values: I) -> Self {
                values.fold(Self::ZERO, Self::saturating_add)
            }
        }
    )*};
}

quantities! {
    /// One-way delay in microseconds (RFC 8570 section 4.1).
    Delay(u64) "delay" ["us" = 1, "ms" = 1000, "s" = 1000000] like ["30ms", "8.2ms"] from from_micros as as_micros;
    /// Delay variation in microseconds (RFC 8570 section 4.3).
    Jitter(u64) "jitter" ["us" = 1, "ms" = 1000, "s" = 1000000] like ["5ms", "0.5ms"] from from_micros as as_micros;
    /// Bits per second.
    Bandwidth(u64) "bandwidth" ["bps" = 1, "kbps" = 1000, "Mbps" = 1000000, "Gbps" = 1000000000, "Tbps" = 1000000000000] like ["20Mbps", "2.5Gbps"] from from_bps as as_bps;
    /// Lost packets in units of 1e-9 (RFC 8570 section 4.4 has steps of 3e-8, so nothing is rounded away).
    Loss(u32) "loss" ["ppb" = 1, "%" = 10000000] like ["0.1%"] from from_ppb as as_ppb;
    /// A share of a whole in units of 1e-6; over `100%` means overload.
    Ratio(u64) "ratio" ["ppm" = 1, "%" = 10000] like ["80%", "99.99%"] from from_ppm as as_ppm;
}

impl Loss {
    /// Everything is lost.
    pub const ALL: Self = Self(1_000_000_000);

    /// The loss of two stretches after each other: 1 - (1 - a)(1 - b), rounded down.
    pub const fn then(self, other: Self) -> Self {
        let (a, b) = (self.0 as u64, other.0 as u64);
        let whole = 1_000_000_000_u64;
        let kept = (whole - if a > whole { whole } else { a }) * (whole - if b > whole { whole } else { b });
        Self((whole - kept.div_ceil(whole)) as u32)
    }

    /// The loss as people say it: two significant digits, rounded. Judge by the exact value.
    pub const fn rough(self) -> Self {
        let mut unit = 1;
        while self.0 / unit >= 100 {
            unit *= 10;
        }
        Self((self.0 + unit / 2) / unit * unit)
    }
}

impl Ratio {
    /// `part` of `whole`; of an empty whole, nothing is zero and something is the largest ratio.
    pub fn of(part: Bandwidth, whole: Bandwidth) -> Self {
        match (part.as_bps(), whole.as_bps()) {
            (0, 0) => Self::ZERO,
            (_, 0) => Self(u64::MAX),
            (part, whole) => {
                Self(u64::try_from(u128::from(part) * 1_000_000 / u128::from(whole)).unwrap_or(u64::MAX))
            }
        }
    }
}

/// IGP metric. 2^24-1 keeps a link out of shortest paths (RFC 5305 section 3).
#[derive(Clone, Copy, Debug, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IgpMetric(pub u32);

impl IgpMetric {
    /// The metric that excludes a link from shortest paths (RFC 5305 section 3).
    pub const EXCLUDED: Self = Self(0x00ff_ffff);

    /// Whether shortest paths may use a link of this metric.
    pub const fn is_usable(self) -> bool {
        self.0 < Self::EXCLUDED.0
    }
}

impl Default for IgpMetric {
    fn default() -> Self {
        Self(10)
    }
}

/// Traffic-engineering metric (RFC 5305 section 3.7).
#[derive(
    Clone, Copy, Debug, Default, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct TeMetric(pub u32);

/// What a line costs a month, in the bank's currency.
#[derive(
    Clone, Copy, Debug, Default, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Price(pub u64);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_read_in_every_unit() {
        assert_eq!("30ms".parse::<Delay>().unwrap().as_micros(), 30_000);
        assert_eq!("8.2 ms".parse::<Delay>().unwrap().as_micros(), 8_200);
        assert_eq!("0.1%".parse::<Loss>().unwrap().as_ppb(), 1_000_000);
        assert_eq!("200Mbps".parse::<Bandwidth>().unwrap().as_bps(), 200_000_000);
        assert_eq!("80%".parse::<Ratio>().unwrap().as_ppm(), 800_000);
    }

    #[test]
    fn a_wrong_unit_names_the_right_ones() {
        let error = "30Mbps".parse::<Delay>().unwrap_err().to_string();
        assert_eq!(
            error,
            "`30Mbps` is not a delay: the unit `Mbps` is not one of us, ms, s; write it like `10ms`"
        );
        let error = "30".parse::<Delay>().unwrap_err().to_string();
        assert!(error.contains("unit is missing"), "{error}");
        assert!("0.0000001us".parse::<Delay>().is_err());
        assert!("99999999999999999999s".parse::<Delay>().is_err());
    }

    #[test]
    fn an_unknown_unit_is_answered_with_what_was_meant() {
        let told = |text: &str| text.parse::<Bandwidth>().unwrap_err().to_string();
        assert_eq!(
            told("10Mb"),
            "`10Mb` is not a bandwidth: the unit `Mb` is not one of bps, kbps, Mbps, Gbps, Tbps; did you mean `10Mbps`?"
        );
        for (text, meant) in [
            ("2.5 Gbit/s", "`2.5Gbps`"),
            ("1MBPS", "`1Mbps`"),
            ("64k", "`64kbps`"),
            ("1 gigabit", "`1Gbps`"),
            ("9bits", "`9bps`"),
        ] {
            assert!(told(text).ends_with(&format!("did you mean {meant}?")), "{}", told(text));
        }
        let told = |text: &str| text.parse::<crate::Span>().unwrap_err().to_string();
        for (text, meant) in
            [("5m", "`5ms` or `5min`"), ("5sec", "`5s`"), ("5 minutes", "`5min`"), ("5millis", "`5ms`")]
        {
            assert!(told(text).ends_with(&format!("did you mean {meant}?")), "{}", told(text));
        }
        assert!("3pct".parse::<Loss>().unwrap_err().to_string().ends_with("did you mean `3%`?"));
        assert!(told("5/").ends_with("write it like `10ms`"), "{}", told("5/"));
    }

    #[test]
    fn a_comma_and_a_share_without_a_unit_are_answered_with_what_may_be_meant() {
        let rate = |text: &str| text.parse::<Bandwidth>().unwrap_err().advice;
        assert_eq!(rate("1,5Mbps"), "decimals have a point: did you mean `1.5Mbps`?");
        assert_eq!(rate("1,500Mbps"), "decimals have a point: did you mean `1.500Mbps` or `1500Mbps`?");
        assert_eq!(rate("a,b"), "write it like `10kbps`");
        let loss = |text: &str| text.parse::<Loss>().unwrap_err().advice;
        assert_eq!(loss("0.01"), "write it like `0.01%`; all of it is `100%`");
        assert_eq!(loss("0"), "write it like `0%`; all of it is `100%`");
    }

    #[test]
    fn a_negative_quantity_is_called_negative() {
        assert_eq!(
            "-5ms".parse::<Delay>().unwrap_err().to_string(),
            "`-5ms` is not a delay: it is negative, and a delay cannot be less than nothing; write it like `10ms`"
        );
        assert!("- 3".parse::<Bandwidth>().unwrap_err().to_string().contains("it is negative"));
        assert!(!"-".parse::<Delay>().unwrap_err().to_string().contains("negative"));
    }

    #[test]
    fn loss_adds_up_as_probabilities() {
        let half = Loss::from_ppb(500_000_000);
        assert_eq!(half.then(half).as_ppb(), 750_000_000);
        assert_eq!(Loss::ALL.then(half), Loss::ALL);
        assert_eq!(Loss::ZERO.then(half), half);
    }

    #[test]
    fn a_rough_loss_has_two_digits() {
        let rough = |ppb: u32| Loss::from_ppb(ppb).rough().to_string();
        assert_eq!(
            [20_228_952, 199_980, 1_995_000, 7, 0, 1_000_000_000].map(rough),
            ["2%", "0.02%", "0.2%", "0.0000007%", "0%", "100%"]
        );
    }

    /// The pattern of a schema.
    fn pattern<T: JsonSchema>() -> String {
        schemars::schema_for!(T).to_value()["pattern"].as_str().unwrap().to_owned()
    }

    #[test]
    fn an_editor_is_told_the_units_of_each_quantity() {
        assert_eq!(pattern::<Delay>(), r"^\s*[0-9]+(\.[0-9]+)?\s*(us|ms|s|µs)\s*$", "no `30Mbps`");
        assert_eq!(pattern::<Bandwidth>(), r"^\s*[0-9]+(\.[0-9]+)?\s*(bps|kbps|Mbps|Gbps|Tbps)\s*$");
        let schema = schemars::schema_for!(Loss).to_value();
        assert_eq!(
            schema["description"],
            "A loss: a number and its unit, one of ppb, %. For instance `0.1%`."
        );
        for example in schema["examples"].as_array().unwrap() {
            assert!(example.as_str().unwrap().parse::<Loss>().is_ok(), "{example}");
        }
    }

    proptest! {
        #[test]
        fn what_the_pattern_of_the_schema_allows_is_read(
            delay in proptest::string::string_regex(" ?[0-9]{1,6}(\\.[0-9])? ?(ms|s) ?").unwrap(),
            share in proptest::string::string_regex(" ?[0-9]{1,2}(\\.[0-9]{1,4})? ?% ?").unwrap(),
        ) {
            prop_assert!(delay.parse::<Delay>().is_ok(), "{delay}");
            prop_assert!(delay.parse::<crate::Span>().is_ok(), "{delay}");
            prop_assert!(share.parse::<Loss>().is_ok() && share.parse::<Ratio>().is_ok(), "{share}");
        }

        #[test]
        fn what_is_written_reads_back(value in any::<u64>()) {
            let delay = Delay::from_micros(value / 2);
            prop_assert_eq!(delay.to_string().parse::<Delay>().unwrap(), delay);
            let bandwidth = Bandwidth::from_bps(value);
            prop_assert_eq!(bandwidth.to_string().parse::<Bandwidth>().unwrap(), bandwidth);
            let loss = Loss::from_ppb((value % 1_000_000_001) as u32);
            prop_assert_eq!(loss.to_string().parse::<Loss>().unwrap(), loss);
        }

        #[test]
        fn any_text_is_judged_without_a_panic(text in ".{0,40}") {
            let _ = text.parse::<Delay>();
            let _ = text.parse::<Loss>();
        }
    }
}
