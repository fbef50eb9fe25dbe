//! A script of bytes as a series of edits to an example: the same bytes always give the same text.

/// Applies the edits that `script` describes to `seed`. `words` are pieces worth inserting: the punctuation and keywords on
/// which a reader of this language turns. Six bytes make one edit: what, where (two bytes), how long, which word, which byte.
pub fn mutate(seed: &[u8], words: &[&str], script: &[u8]) -> Vec<u8> {
    let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
    mutate_octets(seed, &words, script)
}

/// [`mutate`], for what is no text.
pub fn mutate_octets(seed: &[u8], words: &[&[u8]], script: &[u8]) -> Vec<u8> {
    let mut text = seed.to_vec();
    for edit in script.chunks_exact(6).take(64) {
        let at = spread(edit[1], edit[2], text.len());
        let end = (at + usize::from(edit[3])).min(text.len());
        let word = words[usize::from(edit[4]) % words.len()];
        match edit[0] % 7 {
            0 => drop(text.drain(at..end)),
            1 => drop(text.splice(at..at, word.iter().copied())),
            2 => drop(text.splice(at..end, word.iter().copied())),
            3 => drop(text.splice(at..at, [edit[5]])),
            4 if at < text.len() => text[at] = edit[5],
            5 => {
                let piece = text[at..end].to_vec();
                let to = spread(edit[4], edit[5], text.len());
                text.splice(to..to, piece);
            }
            _ => text.truncate(end),
        }
        // Growth is bounded, so that a run measures readers and not memory.
        text.truncate(256 << 10);
    }
    text
}

/// [`mutate`], as text: what is not UTF-8 is replaced.
pub fn mutate_text(seed: &str, words: &[&str], script: &[u8]) -> String {
    String::from_utf8_lossy(&mutate(seed.as_bytes(), words, script)).into_owned()
}

fn spread(high: u8, low: u8, length: usize) -> usize {
    (usize::from(high) * 256 + usize::from(low)) * (length + 1) / 65_536
}
