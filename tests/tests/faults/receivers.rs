//! Who is told of alarms: a syslog server that takes RFC 5424 at its word, and a web server that can be in a bad mood.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UdpSocket},
    task::JoinSet,
};

/// What came, and what is wrong with what should not have come. A panic in the task would be seen by nobody.
type Came<T> = Arc<Mutex<Vec<Result<T, String>>>>;

/// What came, and the task that takes it, which ends with the receiver.
pub struct Receiver<T> {
    pub address: SocketAddr,
    came: Came<T>,
    _task: JoinSet<()>,
}

impl<T: Clone> Receiver<T> {
    /// All that came so far, in order. Ends the test where something was not as it must be.
    pub fn came(&self) -> Vec<T> {
        let came = self.came.lock().unwrap().clone();
        came.into_iter().map(|came| came.unwrap_or_else(|why| panic!("{why}"))).collect()
    }
}

/// A message of syslog (RFC 5424 section 6).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Message {
    pub facility: u8,
    pub severity: u8,
    /// Microseconds since 1970.
    pub at: u64,
    pub host: String,
    pub app: String,
    pub id: String,
    pub data: BTreeMap<String, BTreeMap<String, String>>,
    pub text: String,
}

impl Message {
    /// A parameter of our structured data.
    pub fn param(&self, name: &str) -> &str {
        self.data.get("trunkline@32473").and_then(|data| data.get(name)).map_or("", String::as_str)
    }
}

/// Takes syslog over UDP. A message that is none ends the test that looks at what came.
pub async fn syslog() -> Receiver<Message> {
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let (address, came) = (socket.local_addr().unwrap(), Arc::default());
    let mut task = JoinSet::new();
    let list: Came<Message> = Arc::clone(&came);
    task.spawn(async move {
        let mut buffer = vec![0; 65_536];
        while let Ok(length) = socket.recv(&mut buffer).await {
            let text = String::from_utf8_lossy(&buffer[..length]);
            let message = if length <= 2_048 {
                parse(&text).ok_or_else(|| format!("not RFC 5424: {text}"))
            } else {
                Err(format!("longer than every receiver takes: {text}"))
            };
            list.lock().unwrap().push(message);
        }
    });
    Receiver { address, came, _task: task }
}

/// Parses what section 6 of RFC 5424 allows, and nothing else.
fn parse(text: &str) -> Option<Message> {
    let (priority, rest) = text.strip_prefix('<')?.split_once('>')?;
    let number: u8 = priority.parse().ok().filter(|number| *number <= 191)?;
    (number.to_string() == priority).then_some(())?;
    let rest = rest.strip_prefix("1 ")?;
    let [at, host, app, process, id, rest] = rest.splitn(6, ' ').collect::<Vec<_>>().try_into().ok()?;
    let is_word = |word: &str, longest: usize| {
        (1..=longest).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_graphic())
    };
    (is_word(host, 255) && is_word(app, 48) && is_word(process, 128) && is_word(id, 32)).then_some(())?;
    let (data, rest) = structured(rest)?;
    let text = match rest {
        "" => "",
        rest => rest.strip_prefix(" \u{feff}")?,
    };
    Some(Message {
        facility: number / 8,
        severity: number % 8,
        at: micros(at)?,
        host: host.into(),
        app: app.into(),
        id: id.into(),
        data,
        text: text.into(),
    })
}

type Data = BTreeMap<String, BTreeMap<String, String>>;

/// STRUCTURED-DATA (section 6.3), and what follows it.
fn structured(text: &str) -> Option<(Data, &str)> {
    let mut data = Data::new();
    if let Some(rest) = text.strip_prefix('-') {
        return Some((data, rest));
    }
    let mut rest = text;
    while let Some(element) = rest.strip_prefix('[') {
        let end = element.find([' ', ']'])?;
        let (name, mut inside) = element.split_at(end);
        let mut params = BTreeMap::new();
        while let Some(param) = inside.strip_prefix(' ') {
            let (key, value) = param.split_once("=\"")?;
            let (value, after) = quoted(value)?;
            params.insert(key.to_owned(), value).is_none().then_some(())?;
            inside = after;
        }
        rest = inside.strip_prefix(']')?;
        data.insert(name.to_owned(), params).is_none().then_some(())?;
    }
    (!data.is_empty()).then_some((data, rest))
}

/// PARAM-VALUE after its opening quote (section 6.3.3), and what follows the closing one.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            ']' => return None,
            '\\' => value.push(chars.next().map(|(_, c)| c).filter(|c| matches!(c, '"' | '\\' | ']'))?),
            c => value.push(c),
        }
    }
    None
}

/// TIMESTAMP (section 6.2.3) in UTC with at most six digits after the point, as microseconds since 1970.
fn micros(text: &str) -> Option<u64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let number = |part: &str, digits: usize| {
        (part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| part.parse::<u64>().ok())
            .flatten()
    };
    let [year, month, day] = date.split('-').collect::<Vec<_>>().try_into().ok()?;
    let (year, month, day) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
    let (whole, part) = time.split_once('.')?;
    let [hour, minute, second] = whole.split(':').collect::<Vec<_>>().try_into().ok()?;
    let (hour, minute, second) = (number(hour, 2)?, number(minute, 2)?, number(second, 2)?);
    let part = number(part, 6)?;
    let is_leap =
        |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days_of = |year: u64| [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let months = usize::try_from(month).ok()?.checked_sub(1)?;
    (day >= 1 && day <= *days_of(year).get(months)? && hour < 24 && minute < 60 && second < 60)
        .then_some(())?;
    let years: u64 = (1970..year).map(|year| 365 + u64::from(is_leap(year))).sum();
    let days = years + days_of(year)[..months].iter().sum::<u64>() + day - 1;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1_000_000 + part)
}

/// How a web server treats whoever posts.
#[derive(Clone, Copy, Debug)]
pub enum Mood {
    /// It takes everything.
    Takes,
    /// It takes the request and never answers.
    Hangs,
}

/// An address where nobody listens yet; its own, so that nobody else comes to listen there meanwhile.
pub async fn nobody_yet(at: u8) -> SocketAddr {
    let run = u8::try_from(1 + std::process::id() % 120).unwrap();
    let host = Ipv4Addr::new(127, 120 + run, 255, at);
    TcpListener::bind((host, 0)).await.unwrap().local_addr().unwrap()
}

/// Takes JSON documents over HTTP at an address. A request that is none ends the test that looks at what came.
pub async fn webhook(address: SocketAddr, mood: Mood) -> Receiver<Value> {
    let listener = TcpListener::bind(address).await.unwrap();
    let (address, came) = (listener.local_addr().unwrap(), Arc::default());
    let mut task = JoinSet::new();
    let list: Came<Value> = Arc::clone(&came);
    task.spawn(async move {
        let mut hanging = Vec::new();
        while let Ok((mut socket, _)) = listener.accept().await {
            let Some(document) = request(&mut socket).await.transpose() else { continue };
            list.lock().unwrap().push(document);
            match mood {
                Mood::Takes => drop(socket.write_all(ANSWER).await),
                Mood::Hangs => hanging.push(socket),
            }
        }
    });
    Receiver { address, came, _task: task }
}

const ANSWER: &[u8] = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";

/// The document of a `POST`; nothing where the connection breaks off, and what is wrong where it is no such request.
async fn request(socket: &mut TcpStream) -> Result<Option<Value>, String> {
    let mut bytes = Vec::new();
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let is_ours = head.starts_with("post /alarms?from=trunkline http/1.1\r\n")
                && head.contains("\r\ncontent-type: application/json");
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let Some(length) = length.and_then(|text| text.parse::<usize>().ok()).filter(|_| is_ours) else {
                return Err(format!("not the request that was ordered: {head}"));
            };
            let body = &bytes[end + 4..];
            if body.len() >= length {
                return serde_json::from_slice(body)
                    .map(Some)
                    .map_err(|error| format!("not JSON, {error}: {}", String::from_utf8_lossy(body)));
            }
        }
        // Whoever breaks off, or is broken off by the test, has asked nothing.
        if matches!(socket.read_buf(&mut bytes).await, Ok(0) | Err(_)) {
            return Ok(None);
        }
    }
}

#[tokio::test]
async fn what_is_wrong_is_seen_by_whoever_looks() {
    let (log, hook) = (syslog().await, webhook("127.0.0.1:0".parse().unwrap(), Mood::Takes).await);
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.send_to(b"hello", log.address).await.unwrap();
    let mut stream = TcpStream::connect(hook.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let told = async {
        while log.came.lock().unwrap().is_empty() || hook.came.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), told).await.unwrap();
    let (logged, asked) = (log.came.lock().unwrap()[0].clone(), hook.came.lock().unwrap()[0].clone());
    assert!(logged.unwrap_err().contains("hello") && asked.unwrap_err().contains("get / http/1.1"));
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| log.came())).is_err());
}

#[test]
fn what_is_not_rfc_5424_is_not_taken_for_it() {
    let good = r#"<187>1 2000-02-29T23:59:59.000001Z ctl-1 trunkline - alarm-raised [a@1 b="c\"\]" d=""]"#;
    let told = parse(&format!("{good} \u{feff}words")).unwrap();
    assert_eq!((told.facility, told.severity, told.at), (23, 3, 951_868_799_000_001));
    assert_eq!((told.data["a@1"]["b"].as_str(), told.text.as_str()), ("c\"]", "words"));
    for (from, to) in [
        ("<187>1", "<192>1"),
        ("<187>1", "<0187>1"),
        ("<187>1", "<187>2"),
        ("02-29", "02-30"),
        (".000001Z", ".000001"),
        ("23:59:59", "24:00:00"),
        ("ctl-1", "ctl é"),
        (r#"\"\]"#, r#"\"]"#),
        (" d=\"\"", " b=\"\""),
        ("[a@1", "a@1"),
    ] {
        assert_eq!(parse(&good.replace(from, to)), None, "{from} -> {to}");
    }
}
