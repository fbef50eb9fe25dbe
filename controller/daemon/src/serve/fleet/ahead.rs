//! Commands that print secrets run side by side, before devices are made. One after the other, 200 routers with a secret each would keep
//! the start waiting for half an hour where their vault is dead.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Mutex, PoisonError},
    thread,
};

use engine::inventory::{ConfigAccess, Entry, GnmiAccess, Login, Reference, Secret, SecretError};

/// Commands that run at a time: each is a process, and behind all of them may stand one small server.
const AT_ONCE: usize = 16;

/// What came of references, by their whole text; a failure too.
pub(super) type Resolved = BTreeMap<String, Result<Secret, SecretError>>;

/// Runs the commands that devices made of these entries will ask for, each once; relative paths are taken from `folder`. It takes as long
/// as the slowest of them, where there are few.
pub(super) fn printed<'e>(entries: impl Iterator<Item = &'e Entry>, folder: &Path) -> Resolved {
    side_by_side(commands(entries), AT_ONCE, folder)
}

/// The commands, by their whole text.
fn commands<'e>(entries: impl Iterator<Item = &'e Entry>) -> BTreeMap<String, &'e Reference> {
    let places = entries.flat_map(asked_for).filter(|place| matches!(place, Reference::Exec(_)));
    places.map(|place| (place.text(), place)).collect()
}

/// What is needed to reach a device and to watch it. What is forgotten here is asked for when the device is made, and waited for then.
fn asked_for(entry: &Entry) -> impl Iterator<Item = &Reference> {
    let login = &entry.login;
    let mut places = match &entry.config {
        ConfigAccess::Netconf(_) => vec![&login.key, &login.key_passphrase, &login.password],
        ConfigAccess::NetconfTls(access) => vec![&access.ca, &login.certificate, &login.certificate_key],
        ConfigAccess::Gnmi(access) => over_gnmi(access, login),
    };
    places.extend(entry.telemetry.iter().flat_map(|access| over_gnmi(access, login)));
    places.into_iter().flatten()
}

fn over_gnmi<'e>(access: &'e GnmiAccess, login: &'e Login) -> Vec<&'e Option<Reference>> {
    vec![&access.ca, &login.certificate, &login.certificate_key, &login.password]
}

fn side_by_side(commands: BTreeMap<String, &Reference>, at_once: usize, folder: &Path) -> Resolved {
    let workers = commands.len().min(at_once);
    let waiting = Mutex::new(commands.into_iter());
    let work = || {
        let mut resolved = Resolved::new();
        loop {
            // Locked while the next one is taken, and no longer.
            let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((text, place)) = next else { return resolved };
            resolved.insert(text, place.resolve(folder));
        }
    };
    thread::scope(|scope| {
        // This thread works too, so that all is done where the system gives no other.
        let others: Vec<_> =
            (1..workers).filter_map(|_| thread::Builder::new().spawn_scoped(scope, work).ok()).collect();
        let mut resolved = work();
        for other in others {
            // What one took that panicked is asked again when its device is made.
            resolved.extend(other.join().unwrap_or_default());
        }
        resolved
    })
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs};

    use engine::inventory::Inventory;

    use super::*;

    const DEVICES: &str = r#"
apiVersion: trunkline/v1
kind: Inventory
devices:
  - name: ssh
    config: {netconf: "192.0.2.1:830", hostKey: "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"}
    login: {user: u, key: "exec:vault ssh key", keyPassphrase: "exec:vault ssh passphrase", password: "exec:vault shared"}
  - name: tls
    config: {netconfTls: "192.0.2.2:6513", ca: "exec:vault ca", name: tls}
    login: {user: u, key: "exec:vault unused", certificate: "file:me.pem", certificateKey: "exec:vault tls key"}
  - name: gnmi
    config: {gnmi: "192.0.2.3:9339", ca: "exec:vault ca", name: gnmi}
    login: {user: u, key: "exec:vault unused", password: "exec:vault shared"}
  - name: watched
    config: {netconf: "192.0.2.4:830", hostKey: "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"}
    telemetry: {gnmi: "192.0.2.4:9339", ca: "exec:vault other ca", name: watched}
    login: {user: u, key: "env:KEY", password: "exec:vault watched"}
"#;

    #[test]
    fn what_devices_will_ask_of_commands_is_asked_and_nothing_else() {
        let inventory = Inventory::parse(DEVICES).unwrap();
        let asked: Vec<String> = commands(inventory.devices.iter()).into_keys().collect();
        let vault = |what: &str| format!("exec:vault {what}");
        assert_eq!(
            asked,
            ["ca", "other ca", "shared", "ssh key", "ssh passphrase", "tls key", "watched"].map(vault)
        );
    }

    /// So many commands of a script, each with its number.
    fn asked(script: &str, count: usize, at_once: usize) -> BTreeSet<String> {
        let folder = tempfile::tempdir().unwrap();
        let (file, room) = (folder.path().join("vault"), folder.path().join("room"));
        fs::write(&file, script).unwrap();
        fs::create_dir(&room).unwrap();
        let text = |number| format!("exec:sh {} {} {number}", file.display(), room.display());
        let places: Vec<Reference> = (0..count).map(|number| text(number).parse().unwrap()).collect();
        let commands = places.iter().map(|place| (place.text(), place)).collect();
        let resolved = side_by_side(commands, at_once, folder.path());
        assert_eq!(resolved.len(), count);
        let told = resolved.into_values().map(|secret| match secret {
            Ok(secret) => String::from_utf8_lossy(&secret).trim().to_owned(),
            Err(why) => why.to_string(),
        });
        told.collect()
    }

    #[test]
    fn commands_run_side_by_side() {
        // Each ends when all have begun: one after the other, none would.
        let script = "touch $1/$2; until [ $(ls $1 | wc -l) -eq 6 ]; do sleep 0.01; done; echo $2";
        let all = BTreeSet::from(["0", "1", "2", "3", "4", "5"].map(str::to_owned));
        assert_eq!(asked(script, 6, 6), all);
    }

    #[test]
    fn no_more_run_at_a_time_than_are_allowed() {
        // A folder is made once: two at a time would meet.
        let script = "mkdir $1/busy && sleep 0.01 && rmdir $1/busy && echo alone";
        assert_eq!(asked(script, 20, 1), BTreeSet::from(["alone".to_owned()]));
        assert_eq!(asked(script, 0, 1), BTreeSet::new());
    }
}
