//! Properties: the order of documents does not matter, and no change of a text leads out of it.

use super::*;

proptest::proptest! {
    #[test]
    fn the_order_of_documents_changes_nothing(seed in 0_u64..1000) {
        let mut docs = read(&[
            ("d.yaml", &design()),
            ("a.yaml", &instance("a", "    branches: [br-1]\n")),
            ("b.yaml", &instance("b", "    branches: {role: branch}\n")),
            ("c.yaml", &instance("c", "    branches: [br-2]\n    bandwidth: 4Mbps\n")),
        ]);
        let expected = expand(&docs).map(|made| made.documents.into_owned());
        let mut state = seed;
        for place in (1..docs.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            docs.swap(place, (state >> 33) as usize % (place + 1));
        }
        let made = expand(&docs).map(|made| made.documents.into_owned());
        proptest::prop_assert_eq!(made, expected);
    }

    #[test]
    fn any_change_of_a_design_is_judged_with_places_inside_the_files(at in 0_usize..1900, with in "[$(){}\\[\\]:, a-z\n]{0,4}") {
        let design = design();
        let text: String = design.chars().take(at).chain(with.chars()).chain(design.chars().skip(at + 1)).collect();
        let inst = instance("x", "    branches: {role: branch}\n");
        let Ok(mut docs) = parse(&SourceFile::new("d.yaml", &text)) else { return Ok(()) };
        docs.extend(read(&[("i.yaml", &inst)]));
        docs.extend(documents(&[CLASSES]));
        let found = match validate(&docs, &minimal_ted()) {
            Ok((_, found)) | Err(found) => found,
        };
        for finding in &found {
            for place in finding.place.iter().chain(finding.related.iter().map(|one| &one.place)) {
                let length = match place.file.as_str() {
                    "d.yaml" => text.len(),
                    "i.yaml" => inst.len(),
                    _ => usize::MAX,
                };
                proptest::prop_assert!(place.offset <= length, "{place:?}");
            }
        }
    }
}
