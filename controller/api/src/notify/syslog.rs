//! Syslog messages (RFC 5424) over UDP (RFC 5426).

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use engine::event::Event;
use model::{Severity, Timestamp};
use serde_json::Value;

use super::{
    NotifyError, SyslogConfig,
    select::{Next, Selected},
};
use crate::sentence;

/// Facility `local7` (RFC 5424 section 6.2.1).
const FACILITY: u8 = 23;
/// The longest message, bytes: what every receiver should take (RFC 5424 section 6.1).
const LONGEST: usize = 2_048;
/// Name of our structured data. 32473 is the enterprise number for documentation (RFC 5612).
const DATA: &str = "trunkline@32473";

/// Sends to one server.
#[derive(Debug)]
pub(super) struct Sender {
    socket: UdpSocket,
    server: SocketAddr,
    hostname: String,
}

impl Sender {
    pub fn new(config: &SyslogConfig) -> Result<Self, NotifyError> {
        let any: SocketAddr = match config.address {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any)
            .and_then(|socket| socket.set_nonblocking(true).map(|()| socket))
            .map_err(|why| NotifyError::Socket { address: config.address, why })?;
        let hostname = config.hostname.as_deref().map_or_else(|| "-".to_owned(), |name| printable(name, 255));
        Ok(Self { socket, server: config.address, hostname })
    }

    pub async fn run(self, mut events: Selected) {
        while let Some(next) = events.next().await {
            let text = match next {
                Next::Event(event) => message(&event, &self.hostname),
                Next::Lost(lost) => format!(
                    "<{}>1 - {} trunkline - lost [{DATA} lost=\"{lost}\"] {lost} events were lost: too many at once",
                    priority(Severity::Warning),
                    self.hostname
                ),
            };
            // A full socket buffer loses the message, as UDP may anyway: the loop never waits.
            if let Err(error) = self.socket.send_to(text.as_bytes(), self.server) {
                tracing::warn!(server = %self.server, %error, "a syslog message was not sent");
            }
        }
    }
}

/// RFC 5424 section 6.2.1.
fn priority(severity: Severity) -> u8 {
    let level = match severity {
        Severity::Error => 2,
        Severity::Major => 3,
        Severity::Minor => 4,
        Severity::Warning => 5,
        Severity::Info => 6,
    };
    FACILITY * 8 + level
}

/// The message of an event: kind as MSGID, number and plain fields as structured data, the sentence as text.
pub(super) fn message(event: &Event, hostname: &str) -> String {
    let fields = match serde_json::to_value(event) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let kind =
        fields.get("kind").and_then(Value::as_str).map_or_else(|| "-".to_owned(), |kind| printable(kind, 32));
    let severity = event.kind.severity();
    let mut data = format!("[{DATA} number=\"{}\" severity=\"{severity}\"", event.number);
    for name in ["alarm", "subject", "service", "node", "id", "ending", "revision", "mode", "who"] {
        let text = match fields.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => continue,
        };
        data.push_str(&format!(" {name}=\"{}\"", escaped(&text)));
    }
    data.push(']');
    let head =
        format!("<{}>1 {} {hostname} trunkline - {kind} {data} \u{feff}", priority(severity), time(event.at));
    let mut text = format!("{head}{}", one_line(&sentence(&event.kind)));
    if text.len() > LONGEST {
        let end = (0..=LONGEST - 3).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

/// PARAM-VALUE (RFC 5424 section 6.3.3).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().take(256) {
        if matches!(c, '"' | '\\' | ']') {
            out.push('\\');
        }
        out.push(if c.is_control() { ' ' } else { c });
    }
    out
}

/// PRINTUSASCII (RFC 5424 section 6): no blanks, nothing outside ASCII.
fn printable(text: &str, longest: usize) -> String {
    let kept: String = text.chars().filter(char::is_ascii_graphic).take(longest).collect();
    if kept.is_empty() { "-".to_owned() } else { kept }
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// RFC 3339 in UTC with microseconds (RFC 5424 section 6.2.3).
fn time(at: Timestamp) -> String {
    let micros = i64::try_from(at.as_micros()).unwrap_or(i64::MAX);
    // The calendar ends with the year 9999.
    let at = jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::MAX);
    format!("{at:.6}")
}

#[cfg(test)]
mod tests {
    use engine::event::EventKind;

    use super::*;

    #[test]
    fn moments_are_written_as_the_calendar_has_them() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_399_000_001, "2000-02-28T23:59:59.000001Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (951_868_800_000_000, "2000-03-01T00:00:00.000000Z"),
            (1_735_689_599_999_999, "2024-12-31T23:59:59.999999Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
        ] {
            assert_eq!(time(Timestamp::from_micros(micros)), text);
        }
    }

    #[test]
    fn an_event_becomes_one_message() {
        let kind = EventKind::AlarmRaised {
            alarm: "line\"]degraded".into(),
            subject: "l1".into(),
            severity: Severity::Major,
            why: "loss\n2%".into(),
            services: Vec::new(),
        };
        let text = message(&Event { number: 7, at: Timestamp::from_micros(0), kind }, "ctl1");
        assert_eq!(
            text,
            "<187>1 1970-01-01T00:00:00.000000Z ctl1 trunkline - alarm-raised \
             [trunkline@32473 number=\"7\" severity=\"major\" alarm=\"line\\\"\\]degraded\" subject=\"l1\"] \
             \u{feff}alarm line\"]degraded on l1: loss 2%"
        );
    }

    #[test]
    fn a_long_message_is_cut_at_a_character() {
        let kind = EventKind::JournalFailed { why: "满".repeat(2_000) };
        let text = message(&Event { number: 1, at: Timestamp::from_micros(0), kind }, "-");
        assert!(text.len() <= LONGEST && text.ends_with('…'), "{}", text.len());
    }
}
