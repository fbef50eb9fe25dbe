//! Whether lists fit, and who says so where they do not.

use super::*;

#[test]
fn room_is_kept_for_the_service_sid() {
    let mut ted = ring().ted();
    let path = path(&ring(), &ROUND);
    let msd = |ted: &mut Ted, node: usize, msd| {
        ted.nodes.get_mut(&node_id(node)).unwrap().msd = Fact::from_file(msd)
    };
    let wide =
        MsdSet { mpls_imposition: 4, srv6_encaps: 3, srv6_segments_left: 2, srv6_end_pop: 6, srv6_end_d: 9 };
    msd(&mut ted, 0, wide);
    msd(&mut ted, 1, wide);
    assert_eq!(encode(&ted, &path, Dataplane::Srv6).unwrap().len(), 2);
    assert_eq!(encode(&ted, &path, Dataplane::SrMpls).unwrap().len(), 3);
    msd(&mut ted, 0, MsdSet { mpls_imposition: 3, srv6_encaps: 2, ..wide });
    assert_eq!(
        shown(encode(&ted, &path, Dataplane::Srv6)),
        "the path needs 3 SIDs with the service SID, node n0 has room for 2 (SRv6 encapsulation depth): choose a path \
         closer to the IGP's"
    );
    assert!(matches!(
        encode(&ted, &path, Dataplane::SrMpls),
        Err(EncodeError::TooDeep { needs: 4, has: 3, limit: Limit::MplsImposition, .. })
    ));
    // n1 takes the packet from its End.X SID with two segments left.
    msd(&mut ted, 0, wide);
    msd(&mut ted, 1, MsdSet { srv6_segments_left: 1, ..wide });
    assert!(matches!(
        encode(&ted, &path, Dataplane::Srv6),
        Err(EncodeError::TooDeep { needs: 3, has: 2, limit: Limit::Srv6SegmentsLeft, .. })
    ));
}

#[test]
fn reduced_encapsulation_saves_one_sid_in_the_header() {
    let path = path(&ring(), &ROUND);
    let mut ted = ring().ted();
    let graph = ring().graph();
    let down = EdgeSet::default();
    let msd = |ted: &mut Ted, node: usize, msd| {
        ted.nodes.get_mut(&node_id(node)).unwrap().msd = Fact::from_file(msd)
    };
    let narrow =
        MsdSet { mpls_imposition: 9, srv6_encaps: 2, srv6_segments_left: 9, srv6_end_pop: 9, srv6_end_d: 9 };
    msd(&mut ted, 0, narrow);
    let whole = Encoding::new(Dataplane::Srv6, 1);
    let reduced = Encoding { reduced: true, ..whole };
    assert!(Encoder::new(&graph, &ted, &down).encode_with(&path, &whole).is_err());
    assert!(Encoder::new(&graph, &ted, &down).encode_with(&path, &reduced).is_ok());
    // A single SID needs no header at all.
    msd(&mut ted, 0, MsdSet { srv6_encaps: 0, ..narrow });
    let alone = &path[..1];
    let bare = Encoding { service: 0, ..whole };
    assert!(Encoder::new(&graph, &ted, &down).encode_with(alone, &bare).is_ok());
    assert!(Encoder::new(&graph, &ted, &down).encode_with(alone, &reduced).is_err());
    // The node of the last segment but one pops what it can: n3 hands the service SID to itself with one left.
    msd(&mut ted, 0, MsdSet { srv6_encaps: 9, ..narrow });
    msd(&mut ted, 3, MsdSet { srv6_end_pop: 2, ..narrow });
    let pops = Encoding { pops: true, ..whole };
    assert!(matches!(
        Encoder::new(&graph, &ted, &down).encode_with(&path, &pops),
        Err(EncodeError::TooDeep { limit: Limit::Srv6EndPop, needs: 3, has: 2, .. })
    ));
    assert!(
        Encoder::new(&graph, &ted, &down).encode_with(&path, &Encoding { reduced: true, ..pops }).is_ok()
    );
}

#[test]
fn the_last_node_must_decapsulate_under_the_whole_header() {
    let path = path(&ring(), &ROUND);
    let mut ted = ring().ted();
    let (graph, down) = (ring().graph(), EdgeSet::default());
    let tail = ted.nodes.get_mut(&node_id(3)).unwrap();
    tail.msd = Fact::from_file(MsdSet { srv6_end_d: 2, ..tail.msd.value });
    // Two segments and the service SID.
    let whole = Encoding::new(Dataplane::Srv6, 1);
    let encode = |encoding: &Encoding<'_>| Encoder::new(&graph, &ted, &down).encode_with(&path, encoding);
    assert_eq!(
        encode(&whole).unwrap_err().to_string(),
        "the path needs 3 SIDs with the service SID, node n3 has room for 2 (SRv6 end D depth): choose a path closer to \
         the IGP's"
    );
    assert!(encode(&Encoding { reduced: true, ..whole }).is_ok(), "the first SID is not in the header");
    assert!(encode(&Encoding { pops: true, ..whole }).is_ok(), "the header is popped before");
    assert!(encode(&Encoding { service: 0, ..whole }).is_ok());
    assert!(Encoder::new(&graph, &ted, &down).encode(&path, Dataplane::SrMpls, 1).is_ok());
}
