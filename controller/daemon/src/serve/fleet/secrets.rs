//! What entries name to log in with and to know devices by: keys, passwords, certificates. Each is read once, and shared by all that
//! name the same. What is wrong with one is told by its field and its place, and never by what stands there.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, anyhow, bail};
use engine::inventory::{Entry, Kept, KnownBy, Login, Reference, Secret, SecretError};
use gnmi::{
    target::Credentials,
    tls::{self, ClientTls, Identity, TlsError},
};
use netconf::ssh::{Account, BadKey, LoginKey, Password, Proof};

use super::ahead::{self, Resolved};

/// What was read so far.
pub struct Secrets<'i> {
    folder: &'i Path,
    logins: BTreeMap<String, LoginKey>,
    accounts: BTreeMap<String, Account>,
    trust: BTreeMap<String, ClientTls>,
    /// What came of each reference, a failure too: a vault that is dead for one entry is not waited for again with the next.
    resolved: Resolved,
}

/// A name for what several references lead to together.
fn joined(places: &[Option<&Reference>]) -> String {
    let texts: Vec<String> =
        places.iter().map(|place| place.map(Reference::text).unwrap_or_default()).collect();
    texts.join("\n")
}

impl<'i> Secrets<'i> {
    /// Nothing was read yet; relative paths are taken from `folder`.
    pub fn new(folder: &'i Path) -> Self {
        Self {
            folder,
            logins: BTreeMap::new(),
            accounts: BTreeMap::new(),
            trust: BTreeMap::new(),
            resolved: Resolved::new(),
        }
    }

    /// Runs the commands that devices made of these entries will ask for, side by side.
    pub fn print_ahead<'e>(&mut self, entries: impl Iterator<Item = &'e Entry>) {
        self.resolved.extend(ahead::printed(entries, self.folder));
    }

    /// The account of whoever logs in over SSH as this user with the same key and password.
    pub fn account(&mut self, login: &Login) -> Account {
        self.account_by(&login.user, login.key.as_ref(), login.password.as_ref())
    }

    fn account_by(&mut self, user: &str, key: Option<&Reference>, password: Option<&Reference>) -> Account {
        let proofs = joined(&[key, password]);
        self.accounts.entry(format!("{user}\n{proofs}")).or_default().clone()
    }

    /// What logs in over SSH.
    ///
    /// # Errors
    /// It cannot be had, or is no key or password.
    pub fn proof(&mut self, login: &Login) -> anyhow::Result<Proof> {
        let key = match &login.key {
            Some(place) => Some(self.login_key(place, login.key_passphrase.as_ref())?),
            None => None,
        };
        match (key, self.own_password(login)?) {
            (Some(key), Some(password)) => Ok(Proof::Both(key, password)),
            (Some(key), None) => Ok(key.into()),
            (None, Some(password)) => Ok(password.into()),
            (None, None) => bail!("login.key is missing: NETCONF logs in over SSH"),
        }
    }

    /// User and password for gNMI, where there is a password. The account is that of whoever shows them over SSH and no key: that a
    /// key is taken says nothing of the password beside it.
    ///
    /// # Errors
    /// It cannot be had, or is none.
    pub fn credentials(&mut self, login: &Login) -> anyhow::Result<Option<Credentials>> {
        let Some(password) = self.own_password(login)? else { return Ok(None) };
        let account = self.account_by(&login.user, None, login.password.as_ref());
        Ok(Some(Credentials { user: login.user.clone(), password, account }))
    }

    /// Trust toward devices that are known so, with the certificate that we show them.
    ///
    /// # Errors
    /// A part of it cannot be had, or is none.
    pub fn trust(&mut self, known: &KnownBy<'_>, login: &Login) -> anyhow::Result<ClientTls> {
        let ours = [login.certificate.as_ref(), login.certificate_key.as_ref()];
        let name = match known {
            KnownBy::Authority(ca) => joined(&[Some(*ca), ours[0], ours[1]]),
            KnownBy::Fingerprint(pin) => format!("{pin}\n{}", joined(&ours)),
        };
        if let Some(trust) = self.trust.get(&name) {
            return Ok(trust.clone());
        }
        let identity = match (&login.certificate, &login.certificate_key) {
            (Some(certificate), Some(key)) => {
                let certificates_pem = self.resolve(certificate).context("login.certificate")?.to_vec();
                let key_pem = self.kept(Kept::Key, key).context("login.certificateKey")?;
                Some(Identity { certificates_pem, key_pem })
            }
            _ => None,
        };
        let trust = match known {
            KnownBy::Authority(ca) => ClientTls::new(&self.resolve(ca).context("ca")?, identity.as_ref()),
            KnownBy::Fingerprint(pin) => ClientTls::pinned(*pin, identity.as_ref()),
        };
        let trust = trust.map_err(|error| blamed(error, known, login))?;
        self.trust.insert(name, trust.clone());
        Ok(trust)
    }

    fn login_key(&mut self, place: &Reference, opens: Option<&Reference>) -> anyhow::Result<LoginKey> {
        let name = joined(&[Some(place), opens]);
        if let Some(key) = self.logins.get(&name) {
            return Ok(key.clone());
        }
        let text = self.kept(Kept::Key, place).context("login.key")?;
        let text = std::str::from_utf8(&text).map_err(|_| anyhow!("login.key at {place}: not text"))?;
        let passphrase = match opens {
            Some(opens) => Some(self.password("login.keyPassphrase", opens)?),
            None => None,
        };
        let key = LoginKey::from_text(text, passphrase.as_ref().map(Password::reveal)).map_err(|error| {
            let field = match (error, opens) {
                (BadKey::Passphrase, Some(opens)) => format!("login.keyPassphrase at {opens}"),
                (BadKey::Encrypted, _) => format!("login.keyPassphrase is missing: login.key at {place}"),
                _ => format!("login.key at {place}"),
            };
            anyhow::Error::new(error).context(field)
        })?;
        self.logins.insert(name, key.clone());
        Ok(key)
    }

    fn own_password(&mut self, login: &Login) -> anyhow::Result<Option<Password>> {
        login.password.as_ref().map(|place| self.password("login.password", place)).transpose()
    }

    fn password(&mut self, field: &'static str, place: &Reference) -> anyhow::Result<Password> {
        let content = self.kept(Kept::Password, place).context(field)?;
        Password::from_line(&content).with_context(|| format!("{field} at {place}"))
    }

    /// What nobody else may be able to read where it is.
    fn kept(&mut self, what: Kept, place: &Reference) -> Result<Secret, SecretError> {
        place.keeps(what, self.folder)?;
        self.resolve(place)
    }

    fn resolve(&mut self, place: &Reference) -> Result<Secret, SecretError> {
        let secret = self.resolved.entry(place.text()).or_insert_with(|| place.resolve(self.folder));
        secret.clone()
    }
}

/// The error with the field and the place that it is about.
fn blamed(error: TlsError, known: &KnownBy<'_>, login: &Login) -> anyhow::Error {
    let (field, place) = match (error.what(), &login.certificate, &login.certificate_key, known) {
        (tls::CLIENT_KEY, _, Some(place), _) => ("login.certificateKey", place),
        (what, Some(place), _, _) if what != tls::AUTHORITY => ("login.certificate", place),
        (_, _, _, KnownBy::Authority(place)) => ("ca", *place),
        _ => return error.into(),
    };
    anyhow::Error::new(error).context(format!("{field} at {place}"))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use netconf::ssh::keys::FreshKey;

    use super::*;

    fn place(text: &str) -> Option<Reference> {
        Some(text.parse().unwrap())
    }

    fn login() -> Login {
        Login {
            user: "trunkline".into(),
            key: None,
            key_passphrase: None,
            password: None,
            certificate: None,
            certificate_key: None,
        }
    }

    fn put(folder: &tempfile::TempDir, name: &str, text: &str) {
        let file = folder.path().join(name);
        fs::write(&file, text).unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn lend(folder: &tempfile::TempDir, name: &str) {
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o640)).unwrap();
    }

    fn told<T>(outcome: anyhow::Result<T>) -> String {
        format!("{:#}", outcome.err().unwrap())
    }

    #[test]
    fn a_vault_that_is_dead_is_asked_once_and_its_arguments_are_not_told() {
        let folder = tempfile::tempdir().unwrap();
        let (script, asked) = (folder.path().join("vault"), folder.path().join("asked"));
        fs::write(&script, "echo asked >> $1; exit 3").unwrap();
        let vault = place(&format!("exec:sh {} {} hunter2", script.display(), asked.display()));
        let mut secrets = Secrets::new(folder.path());
        for login in [
            Login { key: vault.clone(), ..login() },
            Login { key: vault.clone(), ..login() },
            Login { password: vault, ..login() },
        ] {
            let why = told(secrets.proof(&login));
            assert!(why.contains("exec:sh …") && why.contains("exit status: 3"), "{why}");
            assert!(!why.contains("hunter2"), "{why}");
        }
        assert_eq!(fs::read_to_string(asked).unwrap(), "asked\n");
    }

    #[test]
    fn a_file_that_holds_no_key_is_told_by_its_own_field() {
        let folder = tempfile::tempdir().unwrap();
        let signed = rcgen::generate_simple_self_signed(["r1".to_owned()]).unwrap();
        let certificate = signed.cert.pem();
        for (name, text) in [("ca.pem", &*certificate), ("me.pem", &*certificate), ("me.key", "no key")] {
            put(&folder, name, text);
        }
        let login =
            Login { certificate: place("file:me.pem"), certificate_key: place("file:me.key"), ..login() };
        let trust = |ca: &str, login: &Login| {
            let ca = ca.parse().unwrap();
            told(Secrets::new(folder.path()).trust(&KnownBy::Authority(&ca), login))
        };
        let why = trust("file:ca.pem", &login);
        assert!(
            why.starts_with("login.certificateKey at file:me.key: ") && why.contains("no private key"),
            "{why}"
        );
        let pin = tls::CertificatePin::of_pem(certificate.as_bytes()).unwrap();
        let pinned = told(Secrets::new(folder.path()).trust(&KnownBy::Fingerprint(pin), &login));
        assert_eq!(pinned, why);
        let why = trust("file:me.key", &login);
        assert!(why.starts_with("ca at file:me.key: "), "{why}");
        let why = trust("file:ca.pem", &Login { certificate: place("file:me.key"), ..login });
        assert!(why.starts_with("login.certificate at file:me.key: "), "{why}");
    }

    #[test]
    fn keys_and_passwords_that_others_can_read_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        put(&folder, "id", &FreshKey::generate().unwrap().private);
        put(&folder, "password", "hunter2\n");
        let by_key = Login { key: place("file:id"), ..login() };
        let by_password = Login { password: place("file:password"), ..login() };
        let proof = |login: &Login| Secrets::new(folder.path()).proof(login);
        assert!(matches!(proof(&by_key), Ok(Proof::Key(_))));
        assert!(
            matches!(proof(&by_password), Ok(Proof::Password(password)) if password.reveal() == "hunter2")
        );
        let both = Login { key: place("file:id"), ..by_password.clone() };
        assert!(matches!(proof(&both), Ok(Proof::Both(..))));
        let credentials = Secrets::new(folder.path()).credentials(&by_password).unwrap().unwrap();
        assert_eq!((credentials.user.as_str(), credentials.password.reveal()), ("trunkline", "hunter2"));
        assert!(Secrets::new(folder.path()).credentials(&by_key).unwrap().is_none());

        lend(&folder, "id");
        lend(&folder, "password");
        let why = told(proof(&by_key));
        assert!(why.starts_with("login.key: ") && why.contains("others can read it (mode 640)"), "{why}");
        let why = told(proof(&by_password));
        assert!(
            why.starts_with("login.password: ") && why.contains("others can read it (mode 640)"),
            "{why}"
        );
        assert!(!why.contains("hunter2"), "{why}");
    }

    #[test]
    fn a_closed_key_is_opened_by_its_passphrase_and_what_is_wrong_is_told_by_its_field() {
        let folder = tempfile::tempdir().unwrap();
        let passphrase = Password::from("open sesame".to_owned());
        put(&folder, "id", &FreshKey::generate().unwrap().closed(&passphrase).unwrap());
        put(&folder, "right", "open sesame\n");
        put(&folder, "wrong", "hunter2\n");
        put(&folder, "empty", "\n");
        let with = |opens: Option<&str>| {
            let key_passphrase = opens.map(|name| format!("file:{name}").parse().unwrap());
            Secrets::new(folder.path()).proof(&Login { key: place("file:id"), key_passphrase, ..login() })
        };
        assert!(matches!(with(Some("right")), Ok(Proof::Key(_))));
        for (opens, start) in [
            (Some("wrong"), "login.keyPassphrase at file:wrong: login key cannot be read: the passphrase"),
            (Some("empty"), "login.keyPassphrase at file:empty: it is empty"),
            (None, "login.keyPassphrase is missing: login.key at file:id: login key is encrypted"),
        ] {
            let why = told(with(opens));
            assert!(why.starts_with(start) && !why.contains("hunter2"), "{why}");
        }
    }
}
