//! What a hello decides. Devices of one vendor differ by release and licence, so nothing here asks for a name:
//! only for the URIs that the device itself gave.

use std::collections::{BTreeMap, BTreeSet};

use crate::hello::Hello;

/// A YANG module that the device announced in its hello (RFC 6020, section 5.6.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// XML namespace.
    pub namespace: String,
    /// Revision date, if given.
    pub revision: Option<String>,
    /// Features supported.
    pub features: BTreeSet<String>,
    /// Modules that deviate from it.
    pub deviations: BTreeSet<String>,
}

/// How a device treats default values (RFC 6243).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithDefaults {
    /// Mode used when none is asked for.
    pub basic_mode: String,
    /// The other modes that may be asked for.
    pub also_supported: BTreeSet<String>,
}

/// The YANG library that a device refers to in place of a module list (RFC 7895, RFC 8525).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YangLibrary {
    /// Revision of `ietf-yang-library`.
    pub revision: Option<String>,
    /// The content-id or module-set-id: changes whenever the library changes.
    pub content_id: Option<String>,
}

/// What one device can do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// `<edit-config>` and `<copy-config>` may target running.
    pub writable_running: bool,
    /// There is a candidate datastore.
    pub candidate: bool,
    /// `<commit>` takes `<confirmed>` (version 1.0 or 1.1).
    pub confirmed_commit: bool,
    /// `<commit>` takes persist-ids and there is `<cancel-commit>` (version 1.1 only).
    pub confirmed_commit_1_1: bool,
    /// There is `<validate>` and a test-option (version 1.0 or 1.1).
    pub validate: bool,
    /// The test-option may be test-only (version 1.1 only).
    pub validate_1_1: bool,
    /// The error-option may be rollback-on-error.
    pub rollback_on_error: bool,
    /// There is a startup datastore.
    pub startup: bool,
    /// Filters may be XPath.
    pub xpath: bool,
    /// There is `<create-subscription>`.
    pub notification: bool,
    /// Requests may be sent while a subscription runs (RFC 5277, section 6).
    pub interleave: bool,
    /// There is `<partial-lock>` (RFC 5717).
    pub partial_lock: bool,
    /// URL schemes that configurations may be copied to and from.
    pub url_schemes: BTreeSet<String>,
    /// There is `<get-schema>` (RFC 6022).
    pub monitoring: bool,
    /// Handling of default values.
    pub with_defaults: Option<WithDefaults>,
    /// The YANG library.
    pub yang_library: Option<YangLibrary>,
    /// Modules by name.
    pub modules: BTreeMap<String, Module>,
    /// URIs that none of the above stands for.
    pub other: BTreeSet<String>,
}

/// The two spellings in use: the registered one and the one that some devices add or use instead.
const PREFIXES: [&str; 2] = ["urn:ietf:params:netconf:", "urn:ietf:params:xml:ns:netconf:"];

impl Capabilities {
    /// Reads the capability list of a hello.
    pub fn from_hello(hello: &Hello) -> Self {
        let mut all = Self::default();
        for uri in &hello.capabilities {
            let (name, query) = uri.split_once('?').unwrap_or((uri, ""));
            let query = parameters(query);
            let standard = PREFIXES.iter().find_map(|p| name.strip_prefix(p));
            let known = match standard.and_then(|s| s.strip_prefix("capability:")) {
                Some(capability) => all.take(capability, &query),
                None => standard.is_some_and(|s| s.starts_with("base:")),
            };
            if !known && !all.take_module(name, &query) {
                all.other.insert(uri.clone());
            }
        }
        all
    }

    /// Whether there are `<get-data>` and `<edit-data>` (RFC 8526), as its hello lists their module.
    pub fn nmda(&self) -> bool {
        self.modules.contains_key("ietf-netconf-nmda")
    }

    /// Notes a standard capability such as `candidate:1.0`; false if it is not one we know.
    fn take(&mut self, capability: &str, query: &BTreeMap<&str, String>) -> bool {
        let flag = match capability {
            "writable-running:1.0" => &mut self.writable_running,
            "candidate:1.0" => &mut self.candidate,
            "confirmed-commit:1.0" => &mut self.confirmed_commit,
            "confirmed-commit:1.1" => {
                self.confirmed_commit = true;
                &mut self.confirmed_commit_1_1
            }
            "validate:1.0" => &mut self.validate,
            "validate:1.1" => {
                self.validate = true;
                &mut self.validate_1_1
            }
            "rollback-on-error:1.0" => &mut self.rollback_on_error,
            "startup:1.0" => &mut self.startup,
            "xpath:1.0" => &mut self.xpath,
            "notification:1.0" => &mut self.notification,
            "interleave:1.0" => &mut self.interleave,
            "partial-lock:1.0" => &mut self.partial_lock,
            "url:1.0" => {
                self.url_schemes.extend(words(query.get("scheme")));
                return true;
            }
            "with-defaults:1.0" => {
                let basic_mode = query.get("basic-mode").cloned().unwrap_or_default();
                let also_supported = words(query.get("also-supported")).collect();
                self.with_defaults = Some(WithDefaults { basic_mode, also_supported });
                return true;
            }
            "yang-library:1.0" | "yang-library:1.1" => {
                let content_id = query.get("content-id").or_else(|| query.get("module-set-id")).cloned();
                self.yang_library =
                    Some(YangLibrary { revision: query.get("revision").cloned(), content_id });
                return true;
            }
            _ => return false,
        };
        *flag = true;
        true
    }

    /// Notes a YANG module; false if the URI does not name one.
    fn take_module(&mut self, namespace: &str, query: &BTreeMap<&str, String>) -> bool {
        if namespace == crate::ns::MONITORING {
            self.monitoring = true;
        }
        let Some(name) = query.get("module").filter(|m| !m.is_empty()) else {
            return namespace == crate::ns::MONITORING;
        };
        let module = Module {
            namespace: namespace.to_owned(),
            revision: query.get("revision").filter(|r| !r.is_empty()).cloned(),
            features: words(query.get("features")).collect(),
            deviations: words(query.get("deviations")).collect(),
        };
        self.modules.insert(name.clone(), module);
        true
    }
}

fn words(list: Option<&String>) -> impl Iterator<Item = String> + '_ {
    list.into_iter().flat_map(|l| l.split(',')).map(str::trim).filter(|w| !w.is_empty()).map(str::to_owned)
}

/// The parameters after `?`. Some devices escape the ampersand twice, so `&amp;` separates too.
fn parameters(query: &str) -> BTreeMap<&str, String> {
    let pairs = query.split('&').map(|p| p.strip_prefix("amp;").unwrap_or(p));
    pairs.filter_map(|p| p.split_once('=')).map(|(k, v)| (k.trim(), percent_decoded(v.trim()))).collect()
}

/// Resolves `%2C` and its like; anything else that follows a percent sign stays as it is.
fn percent_decoded(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|h| std::str::from_utf8(h).ok());
        let byte = hex
            .filter(|h| h.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        match byte {
            Some(byte) if first == b'%' => {
                out.push(byte);
                rest = &tail[2..];
            }
            _ => {
                out.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(uris: &[&str]) -> Capabilities {
        Capabilities::from_hello(&Hello::server(1, uris.iter().map(|u| (*u).to_owned())))
    }

    #[test]
    fn versions_of_one_capability_are_told_apart() {
        let old = of(&[
            "urn:ietf:params:netconf:capability:confirmed-commit:1.0",
            "urn:ietf:params:netconf:capability:validate:1.0",
        ]);
        assert!(old.confirmed_commit && !old.confirmed_commit_1_1 && old.validate && !old.validate_1_1);
        let new = of(&[
            "urn:ietf:params:netconf:capability:confirmed-commit:1.1",
            "urn:ietf:params:netconf:capability:validate:1.1",
        ]);
        assert!(new.confirmed_commit && new.confirmed_commit_1_1 && new.validate && new.validate_1_1);
        assert_eq!(of(&["urn:ietf:params:netconf:base:1.0"]), Capabilities::default());
    }

    #[test]
    fn the_long_spelling_counts_too() {
        assert!(of(&["urn:ietf:params:xml:ns:netconf:capability:candidate:1.0"]).candidate);
    }

    #[test]
    fn parameters_are_read() {
        let c = of(&[
            "urn:ietf:params:netconf:capability:with-defaults:1.0?basic-mode=explicit&also-supported=report-all,trim",
            "urn:ietf:params:netconf:capability:url:1.0?scheme=ftp,file",
            "urn:ietf:params:netconf:capability:yang-library:1.1?revision=2019-01-04&content-id=%37a",
        ]);
        let with_defaults = c.with_defaults.unwrap();
        assert_eq!(with_defaults.basic_mode, "explicit");
        assert!(with_defaults.also_supported.contains("trim"));
        assert!(c.url_schemes.contains("file"));
        assert_eq!(c.yang_library.unwrap().content_id.as_deref(), Some("7a"));
    }

    #[test]
    fn modules_are_listed_and_the_rest_is_kept() {
        let c = of(&[
            "urn:m?module=m&revision=2020-01-01&features=a,b&deviations=d",
            "urn:n?module=n&amp;revision=2021-01-01",
            "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring?module=ietf-netconf-monitoring&revision=2010-10-04",
            "http://vendor.example/thing/1.0",
        ]);
        assert_eq!(c.modules["m"].revision.as_deref(), Some("2020-01-01"));
        assert_eq!(c.modules["m"].features.len(), 2);
        assert_eq!(c.modules["n"].revision.as_deref(), Some("2021-01-01"));
        assert!(c.monitoring);
        assert_eq!(c.other.into_iter().collect::<Vec<_>>(), ["http://vendor.example/thing/1.0"]);
    }
}
