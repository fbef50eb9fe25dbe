//! What to write in place of a quantity that cannot be read.

use super::{BadUnit, Scale, number_and_unit};

/// Units as people write them out, by how the word begins in small letters.
const SPELT: [(&str, &str); 14] = [
    ("micro", "us"),
    ("µ", "us"),
    ("milli", "ms"),
    ("percent", "%"),
    ("pct", "%"),
    ("bit", "bps"),
    ("kilo", "kbps"),
    ("kbit", "kbps"),
    ("mega", "Mbps"),
    ("mbit", "Mbps"),
    ("giga", "Gbps"),
    ("gbit", "Gbps"),
    ("tera", "Tbps"),
    ("tbit", "Tbps"),
];

/// The units that an unknown one may stand for: spelt out, begun and not ended (`Mb`), or gone on with (`sec`), in any case.
fn near(unit: &str, scale: &Scale) -> Vec<&'static str> {
    let typed = unit.to_lowercase();
    let typed = typed.split('/').next().unwrap_or_default();
    let units = scale.units.iter().map(|(name, _)| *name);
    let spelt = SPELT
        .iter()
        .find(|(word, meant)| typed.starts_with(word) && units.clone().any(|unit| unit == *meant));
    if let Some((_, meant)) = spelt {
        return vec![meant];
    }
    let alike = |name: &&str| {
        let name = name.to_lowercase();
        !typed.is_empty() && (name.starts_with(typed) || typed.starts_with(&name))
    };
    units.filter(alike).collect()
}

/// What is wrong with a unit that a quantity does not have, or with none.
pub(super) fn on_unit(text: &str, unit: &str, scale: &Scale) -> BadUnit {
    let known = scale.units.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let trimmed = text.trim();
    // Who wrote a longer number did not miss the unit alone.
    let is_short = |number: &str| number.len() <= 30;
    if unit.is_empty() {
        let mut bad = BadUnit::new(text, scale, format!("the unit is missing, one of {known}"));
        // A share of 1 may be meant: how much it is in a hundred, nobody guesses.
        if is_short(trimmed) && scale.units.iter().any(|(name, _)| *name == "%") {
            bad.advice = format!("write it like `{trimmed}%`; all of it is `100%`");
        }
        return bad;
    }
    let mut bad = BadUnit::new(text, scale, format!("the unit `{unit}` is not one of {known}"));
    let number = trimmed.strip_suffix(unit).unwrap_or(trimmed).trim_end();
    let meant = near(unit, scale).into_iter().map(|unit| format!("`{number}{unit}`"));
    let meant = meant.collect::<Vec<_>>().join(" or ");
    if !meant.is_empty() && is_short(number) {
        bad.advice = format!("did you mean {meant}?");
    }
    bad
}

/// What to write for a number with a comma in it: decimals have a point, and thousands nothing.
pub(super) fn on_comma(text: &str) -> Option<String> {
    let (whole, rest) = text.split_once(',')?;
    let (pointed, joined) = (format!("{whole}.{rest}"), format!("{whole}{rest}"));
    if text.len() > 30 || number_and_unit(&pointed).is_err() {
        return None;
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let or = if digits == 3 { format!(" or `{joined}`") } else { String::new() };
    Some(format!("decimals have a point: did you mean `{pointed}`{or}?"))
}
