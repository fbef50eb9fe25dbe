//! How a single value is read from its text: the type decides, the message says what would do.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv6Net};
use model::{
    Affinity, Bandwidth, ClassName, Delay, DemandId, IgpMetric, IntentId, InterfaceName, Jitter, Label,
    LinkId, Loss, NodeId, Price, QueueName, Ratio, ServiceId, Site, Span, TeMetric, VrfName,
    link::Encryption, steering::Dscp,
};

use super::report::{nearest, one_of, shorten};

/// A value that is read from one scalar.
pub trait Word: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with the text and what would do, in one sentence.
    fn read(text: &str) -> Result<Self, String>;
}

/// Refuses what a terminal obeys and does not show, and what breaks a table. Values are one line of plain text, whoever prints them.
pub(crate) fn plain(text: &str) -> Result<(), String> {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let Some(odd) = text.chars().find(|c| c.is_control() || turns(*c)) else { return Ok(()) };
    let what = match odd {
        '\n' => "a line break".to_owned(),
        '\t' => "a tab".to_owned(),
        c if c.is_control() => format!("a control character (U+{:04X})", u32::from(c)),
        c => format!("a character that turns the direction of text (U+{:04X})", u32::from(c)),
    };
    Err(format!("{what} stands in the value: write one line of plain text"))
}

macro_rules! parsed {
    ($($name:ty),*) => {$(
        impl Word for $name {
            fn read(text: &str) -> Result<Self, String> {
                text.parse::<Self>().map_err(|error| error.to_string())
            }
        }
    )*};
}

parsed!(
    DemandId,
    Affinity,
    Bandwidth,
    ClassName,
    Delay,
    Dscp,
    InterfaceName,
    IntentId,
    Jitter,
    LinkId,
    NodeId,
    QueueName,
    Ratio,
    ServiceId,
    Site,
    Span,
    VrfName
);

macro_rules! described {
    ($($name:ty = $what:literal),*) => {$(
        impl Word for $name {
            fn read(text: &str) -> Result<Self, String> {
                text.trim().parse::<Self>().map_err(|_| format!("`{}` is not {}", shorten(text), $what))
            }
        }
    )*};
}

described!(
    u8 = "a whole number from 0 to 255",
    u32 = "a whole number from 0 to 4294967295",
    u64 = "a whole number from 0 to 18446744073709551615",
    bool = "`true` or `false`",
    Ipv4Addr = "an IPv4 address such as `10.0.0.1`",
    Ipv6Addr = "an IPv6 address such as `fd00::1`",
    Ipv6Net = "an IPv6 prefix such as `fd00:0:1::/48`",
    IpNet = "a prefix such as `10.1.0.0/16`"
);

impl Word for String {
    fn read(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl Word for f64 {
    fn read(text: &str) -> Result<Self, String> {
        text.trim()
            .parse::<Self>()
            .ok()
            .filter(|number| number.is_finite())
            .ok_or_else(|| format!("`{}` is not a number such as `39.9`", shorten(text)))
    }
}

impl Word for Loss {
    fn read(text: &str) -> Result<Self, String> {
        match text.parse::<Self>() {
            Ok(loss) if loss <= Self::ALL => Ok(loss),
            Ok(_) => Err(format!("`{}` is more than all: loss goes from 0% to 100%", shorten(text))),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Word for IgpMetric {
    fn read(text: &str) -> Result<Self, String> {
        text.trim()
            .parse::<u32>()
            .ok()
            .filter(|metric| (1..=Self::EXCLUDED.0).contains(metric))
            .map(Self)
            .ok_or_else(|| {
                format!(
                    "`{}` is not an IGP metric: a whole number from 1 to {}",
                    shorten(text),
                    Self::EXCLUDED.0
                )
            })
    }
}

impl Word for TeMetric {
    fn read(text: &str) -> Result<Self, String> {
        u32::read(text).map(Self)
    }
}

impl Word for Price {
    fn read(text: &str) -> Result<Self, String> {
        u64::read(text).map(Self)
    }
}

impl Word for Label {
    fn read(text: &str) -> Result<Self, String> {
        Self::try_from(u32::read(text)?).map_err(|error| error.to_string())
    }
}

/// Words for encryption, as they are written.
pub(crate) const ENCRYPTIONS: [(&str, Encryption); 3] =
    [("none", Encryption::None), ("macsec", Encryption::Macsec), ("ipsec", Encryption::Ipsec)];

impl Word for Encryption {
    fn read(text: &str) -> Result<Self, String> {
        let words = ENCRYPTIONS.map(|(word, _)| word);
        let known = ENCRYPTIONS.iter().find(|(word, _)| *word == text).map(|(_, encryption)| *encryption);
        known.ok_or_else(|| {
            let hint = nearest(text, words.into_iter())
                .map_or(String::new(), |word| format!(", did you mean `{word}`?"));
            format!("`{}` is no encryption that is known: one of {}{hint}", shorten(text), one_of(&words))
        })
    }
}
