//! Where a controller is: the address as people give it, and what they most likely meant where it is none.

use reqwest::Url;

use super::ClientError;

/// What an address looks like when nothing is known of the one that was meant.
const EXAMPLE: &str = "http://127.0.0.1:8080";
/// Where a controller listens when nobody says.
const PORT: u16 = 8080;

/// An address that can be asked.
#[derive(Clone, Debug)]
pub(super) struct Address {
    /// As it was given, without a slash at its end.
    pub base: String,
    /// Whether TLS is spoken there.
    pub tls: bool,
    /// Name or IP address, without brackets.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What the `Host` header says.
    pub authority: String,
    /// What stands before every path of the API; empty where the address is a host alone.
    pub prefix: String,
}

impl Address {
    /// Reads it.
    ///
    /// # Errors
    /// It is none; the error says what to write.
    pub fn parse(base: &str) -> Result<Self, ClientError> {
        let bad = |why: &str, instead: String| ClientError::Address {
            url: shown(base),
            why: why.to_owned(),
            instead,
        };
        let Some((scheme, rest)) = base.split_once("://") else {
            return Err(bad("`http://` or `https://` is missing", completed(base)));
        };
        let tls = match scheme {
            "http" => false,
            "https" => true,
            _ => return Err(bad("it must begin with `http://` or `https://`", completed(rest))),
        };
        let url = Url::parse(base).map_err(|error| bad(&error.to_string(), EXAMPLE.to_owned()))?;
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(bad("it names no host", EXAMPLE.to_owned()));
        };
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let prefix = url.path().trim_end_matches('/').to_owned();
        let has_user = !url.username().is_empty() || url.password().is_some();
        if url.query().is_some() || url.fragment().is_some() || has_user {
            let instead = format!("{scheme}://{authority}{prefix}");
            return Err(bad("it may hold host, port and path, and nothing else", instead));
        }
        Ok(Self {
            base: base.trim_end_matches('/').to_owned(),
            tls,
            host: host.trim_matches(['[', ']']).to_owned(),
            port,
            authority,
            prefix,
        })
    }
}

/// An address as it may be shown: before the last `@` stand a user and perhaps a password, which may itself hold any sign.
fn shown(base: &str) -> String {
    let Some((user, host)) = base.rsplit_once('@') else { return base.to_owned() };
    match user.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://…@{host}"),
        None => format!("…@{host}"),
    }
}

/// `host:8080` as an address, with the controller's usual port where there is none, and never with a user.
fn completed(rest: &str) -> String {
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host).trim_matches('/');
    let host = rest.split('/').next().unwrap_or_default();
    let scheme = if host.ends_with(":443") { "https" } else { "http" };
    match Url::parse(&format!("{scheme}://{rest}")) {
        Ok(mut url) if url.has_host() => {
            if url.port().is_none() && scheme == "http" {
                // Only an address without a host takes no port.
                let _ = url.set_port(Some(PORT));
            }
            let scheme = url.scheme().to_owned();
            let host = url.host_str().unwrap_or_default();
            let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
            format!("{scheme}://{host}{port}{}", url.path().trim_end_matches('/'))
        }
        _ => EXAMPLE.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_scheme_is_answered_with_the_whole_one() {
        for (given, instead) in [
            ("host:8080", "http://host:8080"),
            ("127.0.0.1:9000", "http://127.0.0.1:9000"),
            ("localhost", "http://localhost:8080"),
            ("[::1]:8080/", "http://[::1]:8080"),
            ("noc.bank.example:443/wan", "https://noc.bank.example/wan"),
            ("ftp://host:21", "http://host:21"),
            ("", EXAMPLE),
        ] {
            let error = Address::parse(given).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{given}` is not the address of a controller: ")), "{error}");
            assert!(error.ends_with(&format!("; write it as {instead}")), "{error}");
            assert!(Address::parse(instead).is_ok(), "{instead}");
        }
    }

    #[test]
    fn an_address_with_a_user_or_a_password_is_refused_and_neither_is_shown() {
        for (given, shown, instead) in [
            ("http://mei@host:8080/?a", "http://…@host:8080/?a", "http://host:8080"),
            ("http://:secret@host", "http://…@host", "http://host"),
            ("https://mei:secret@host/wan", "https://…@host/wan", "https://host/wan"),
            ("mei:secret@host", "…@host", "http://host:8080"),
            ("ftp://mei:secret@host:21", "ftp://…@host:21", "http://host:21"),
            ("http://mei:sec/ret@host", "http://…@host", EXAMPLE),
        ] {
            let error = Address::parse(given).unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{shown}` is not the address of a controller: ")), "{error}");
            assert!(error.ends_with(&format!("; write it as {instead}")), "{error}");
            assert!(!error.contains("mei") && !error.contains("sec"), "{error}");
        }
    }

    #[test]
    fn the_parts_of_an_address_are_told_apart() {
        let address = Address::parse("https://noc.bank.example/wan/").unwrap();
        assert!(address.tls && address.port == 443 && address.prefix == "/wan", "{address:?}");
        assert_eq!(
            (address.host.as_str(), address.authority.as_str()),
            ("noc.bank.example", "noc.bank.example")
        );
        let address = Address::parse("http://[::1]:8080").unwrap();
        assert_eq!((address.host.as_str(), address.authority.as_str()), ("::1", "[::1]:8080"));
        assert!(!address.tls && address.port == 8080 && address.prefix.is_empty(), "{address:?}");
    }
}
