use crate::{
    read,
    tests::{RING_AND_TAIL, faults, told},
};

#[test]
fn a_fault_of_syntax_has_its_place() {
    let told = faults("kind: Network\nnodes: [\n  {name: a\n");
    assert!(told.contains("error[TL0100]"), "{told}");
    assert!(told.starts_with(|c: char| c.is_ascii_digit()), "{told}");
    let told = faults("{\n  \"ietf-network:networks\": nope\n}");
    assert!(told.starts_with("2:"), "{told}");
}

/// The finding on a text that cannot be parsed, with the bytes that it points at.
fn fault_at(text: &str) -> String {
    let findings = read("net.yaml", text).expect_err("the text is faulty");
    let place = findings[0].place.as_ref().expect("a fault has a place");
    format!("{} @ {:?}", told(&findings), &text[place.offset..place.offset + place.length])
}

#[test]
fn faults_of_yaml_are_told_in_our_words_at_their_places() {
    for (text, told) in [
        (
            "kind: Network\nnodes:\n\t- {name: a}\n",
            "3:1 error[TL0100] file: a tab indents this line; YAML allows only blanks there (replace the tab by blanks) @ \"\\t\"",
        ),
        (
            "kind: Net\u{1}work\n",
            "1:10 error[TL0100] file: a control character (U+0001) stands here (remove it: an editor may show it as a blank, or not at \
             all) @ \"\\u{1}\"",
        ),
        (
            "kind: Network\nnodes: []\n---\nkind: Network\n",
            "3:1 error[TL0100] file: a second document begins here, and this file is one document (remove the `---`, or give each \
             document a file of its own) @ \"---\"",
        ),
        (
            "kind: Network\nnodes: *all\n",
            "2:8 error[TL0100] file: the alias `*all` stands for nothing (write `&all` before a value further up in this file) @ \"*all\"",
        ),
        (
            "kind: Network\rnodes: []\n",
            "1:14 error[TL0100] file: a carriage return stands here without the line feed that ends a line (YAML would begin a line here \
             and editors would not; save the file with line feeds) @ \"\\r\"",
        ),
        (
            "kind: Network\nnodes: [\n  - {name: a}\n",
            "3:3 error[TL0100] file: this is not YAML: \"-\" is only valid inside a block (look here and just before: a bracket or quote \
             that is not closed, or a line that is indented too little) @ \"\"",
        ),
    ] {
        assert_eq!(fault_at(text), told);
    }
}

#[test]
fn places_are_right_behind_a_byte_order_mark() {
    let plain = RING_AND_TAIL.trim_start().replace("name: lone", "nam: lone");
    let marked = format!("\u{feff}{plain}");
    let place = |text: &str| read("net.yaml", text).unwrap_err()[0].place.clone().unwrap();
    let (bare, behind) = (place(&plain), place(&marked));
    assert_eq!((bare.line, bare.column), (behind.line, behind.column));
    assert_eq!(&marked[behind.offset..behind.offset + behind.length], "nam");
    assert!(fault_at("\u{feff}kind: *all\n").ends_with("@ \"*all\""));
    assert!(fault_at("\u{feff}{\"a\": nope}").ends_with("@ \"n\""));
}

#[test]
fn what_a_terminal_obeys_is_refused_at_its_place() {
    let native = RING_AND_TAIL.trim_start().replace("lat: 39.9, lon: 116.4", "dialect: \"d\\e[31m\"");
    assert_eq!(
        fault_at(&native),
        "4:44 error[TL0104] node a: `dialect`: a control character (U+001B) stands in the value: write one line of plain text \
         @ \"\\\"d\\\\e[31m\\\"\""
    );
    let turned = RING_AND_TAIL.replace("name: lone", "name: lone, role: \"a\u{202e}b\"");
    assert!(faults(&turned).contains("a character that turns the direction of text (U+202E)"));
    let broken = RING_AND_TAIL.replace("name: lone", "name: lone, srlg: [\"a\\nb\"]");
    assert!(faults(&broken).contains("`srlg`: a line break stands in the value"));
    let label = RING_AND_TAIL.replace("lat: 39.9, lon: 116.4", "labels: {\"a\\x7f\": b}");
    assert!(faults(&label).contains("the name of a label: a control character (U+007F)"));
    let lab = "name: x\ntopology: {nodes: {a: {labels: {floor: \"3\\b\"}, exec: [\"echo -e '\\e[0m'\"]}}}\n";
    let told = faults(lab);
    assert!(told.contains("node a: label `floor`: a control character (U+0008)"), "{told}");
    assert_eq!(
        told.lines().filter(|line| line.contains("error")).count(),
        1,
        "what is not ours is left alone: {told}"
    );
}

#[test]
fn a_bomb_is_refused_in_time() {
    let mut text = String::from("topology: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        text.push_str(&format!("k{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(", ")));
    }
    let told = faults(&text);
    assert!(
        told.contains(
            "error[TL0100] file: the file is too large or too deep to be read safely (at most 64 levels"
        ),
        "{told}"
    );
    let deep = "[".repeat(100_000);
    assert!(faults(&deep).contains("TL0100"));
    assert!(faults(&format!("a: {deep}")).contains("TL0100"));
}
