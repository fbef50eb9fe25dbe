//! Files that are given in the place of another and hold a secret: a private key, a token. None of what stands in them may be shown:
//! terminals, the logs of CI and the journal of the system keep it. Nothing that is read here has a place for a secret: inventories name
//! the file where one stands.

/// So many bytes of a file are looked at: as many as people write.
const LOOKED_AT: usize = intents::MAX_BYTES;
/// A file of one word of so many bytes or more is taken for a token.
const SHORTEST: usize = 16;
/// The longest word that is one.
const LONGEST: usize = 4_096;

/// What kind of secret a file holds, in words; none where it holds nothing that looks like one. O(bytes).
pub fn held(bytes: &[u8]) -> Option<&'static str> {
    let head = bytes.get(..LOOKED_AT).unwrap_or(bytes);
    if head.starts_with(b"PuTTY-User-Key-File-") || lines(head).any(begins_key) {
        return Some("a private key");
    }
    let bare = bytes.trim_ascii();
    // As a JSON text, or one of YAML.
    let bare = bare.strip_prefix(b"\"").and_then(|bare| bare.strip_suffix(b"\"")).unwrap_or(bare);
    is_word(bare).then_some("one long word, as the file of a token or a password does")
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| matches!(byte, b'\n' | b'\r'))
}

/// Whether a private key begins in a line (RFC 7468 section 2; also those of OpenSSH and OpenPGP, which look the same).
fn begins_key(line: &[u8]) -> bool {
    const BEGIN: &str = "-----BEGIN ";
    if !line.contains(&b'-') {
        return false;
    }
    let line = String::from_utf8_lossy(line);
    line.split(BEGIN).skip(1).any(|rest| {
        let label = rest.split("-----").next().unwrap_or_default();
        label.ends_with("PRIVATE KEY") || label.ends_with("PRIVATE KEY BLOCK")
    })
}

/// Whether a text is one word of the letters that tokens have: base64 of both kinds, hexadecimal, and the points between the parts of some.
fn is_word(text: &[u8]) -> bool {
    let is_letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_+/=.~".contains(byte);
    (SHORTEST..=LONGEST).contains(&text.len()) && text.iter().all(is_letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known_wherever_they_stand_and_certificates_are_none() {
        let key = |label: &str| format!("-----BEGIN {label}-----\nMC4CAQAw\n-----END {label}-----\n");
        for label in ["PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY"] {
            assert_eq!(held(key(label).as_bytes()), Some("a private key"), "{label}");
        }
        let both = format!("# ours\n{}{}", key("CERTIFICATE"), key("EC PRIVATE KEY"));
        assert_eq!(held(both.as_bytes()), Some("a private key"));
        let inside = key("PRIVATE KEY").lines().map(|line| format!("    {line}\n")).collect::<String>();
        assert_eq!(held(format!("login:\n  key: |\n{inside}").as_bytes()), Some("a private key"));
        let escaped = key("PRIVATE KEY").replace('\n', "\\n");
        assert_eq!(held(format!("{{\"key\": \"{escaped}\"}}").as_bytes()), Some("a private key"));
        assert!(held(b"\xff\xfe-----BEGIN PGP PRIVATE KEY BLOCK-----\n").is_some());
        assert!(held(b"PuTTY-User-Key-File-3: ssh-ed25519\n").is_some());
        assert_eq!(held(key("CERTIFICATE").as_bytes()), None);
        assert_eq!(held(b"# where the PRIVATE KEY stands\nkind: Inventory\n"), None);
    }

    #[test]
    fn one_long_word_is_a_token_and_a_text_is_none() {
        for token in ["Zx9_".repeat(11), "deadbeef".repeat(4), "eyJhbGciOi.eyJzdWIi.c2ln".to_owned()] {
            assert!(held(format!("{token}\n").as_bytes()).is_some(), "{token}");
            assert!(held(format!("\"{token}\"\n").as_bytes()).is_some(), "{token}");
        }
        for text in
            ["", "short", "kind: ServiceIntent", "apiVersion:trunkline/v1", "two long-enough-words-are-text"]
        {
            assert_eq!(held(text.as_bytes()), None, "{text}");
        }
    }
}
