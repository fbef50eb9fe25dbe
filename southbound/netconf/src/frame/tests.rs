use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

fn decode_all(framing: Framing, limit: usize, pieces: &[&[u8]]) -> Result<Vec<String>, FrameError> {
    let mut decoder = Decoder::new(framing, limit);
    let mut messages = Vec::new();
    for piece in pieces {
        decoder.feed(piece);
        while let Some(message) = decoder.next_message()? {
            messages.push(message);
        }
    }
    decoder.finish()?;
    Ok(messages)
}

fn chunked(stream: &str) -> Result<Vec<String>, FrameError> {
    decode_all(Framing::Chunked, 100, &[stream.as_bytes()])
}

#[test]
fn chunks_join_to_one_message() {
    let stream = "\n#4\n<rpc\n#18\n message-id=\"102\"\n\n#3\n/>\n\n##\n\n#1\nx\n##\n";
    assert_eq!(chunked(stream).unwrap(), ["<rpc message-id=\"102\"\n/>\n", "x"]);
}

#[test]
fn a_bad_header_is_refused_where_it_stands() {
    let cases = [
        ("x", 0),
        ("\n\n#1\nx", 1),
        ("\n#0\n", 2),
        ("\n#x", 2),
        ("\n#1x", 3),
        ("\n##x", 3),
        ("\n##1\n", 3),
        ("\n#1\nxx", 5),
        ("\n#2\nab##\n", 6),
        ("\n#1\nx\n#-1\n", 7),
    ];
    for (stream, offset) in cases {
        let error = chunked(stream).unwrap_err();
        assert!(matches!(error.kind, FrameErrorKind::BadHeader { .. }), "{stream:?}: {error}");
        assert_eq!(error.offset, offset, "{stream:?}: {error}");
    }
}

#[test]
fn sizes_are_refused_when_announced() {
    assert_eq!(chunked("\n#4294967296\n").unwrap_err().kind, FrameErrorKind::ChunkSize);
    assert_eq!(chunked("\n#99999999999").unwrap_err().kind, FrameErrorKind::ChunkSize);
    assert_eq!(chunked("\n#4294967295\n").unwrap_err().kind, FrameErrorKind::TooLong { limit: 100 });
    assert_eq!(chunked("\n#101\n").unwrap_err().kind, FrameErrorKind::TooLong { limit: 100 });
    let two = format!("\n#60\n{}\n#41\n", "a".repeat(60));
    assert_eq!(
        chunked(&two).unwrap_err(),
        FrameError { offset: 67, kind: FrameErrorKind::TooLong { limit: 100 } }
    );
    assert_eq!(chunked("\n##\n").unwrap_err().kind, FrameErrorKind::NoChunk);
}

/// The largest chunk that common devices write.
const LARGE: usize = 16 << 20;
/// What a session reads at once.
const READ: usize = 16 << 10;

#[test]
fn chunks_of_sixteen_megabytes_are_taken_and_cost_no_more_than_what_came_of_them() {
    let (head, chunk) = (format!("\n#{LARGE}\n"), vec![b'a'; LARGE]);
    // Four of them are all that a message may have.
    for count in [1, 4] {
        let mut decoder = Decoder::new(Framing::Chunked, DEFAULT_MAX_MESSAGE);
        let mut came = 0;
        for piece in (0..count).flat_map(|_| [head.as_bytes()].into_iter().chain(chunk.chunks(READ))) {
            decoder.feed(piece);
            came += piece.len();
            assert_eq!(decoder.next_message().unwrap(), None);
            assert!(decoder.input.capacity() <= 4 * READ, "{} after {came}", decoder.input.capacity());
            assert!(decoder.message.capacity() <= 2 * came, "{} after {came}", decoder.message.capacity());
        }
        decoder.feed(b"\n##\n");
        assert_eq!(decoder.next_message().unwrap().map(|message| message.len()), Some(count * LARGE));
        assert_eq!(decoder.message.capacity(), 0, "the message took its memory along");
    }
}

#[test]
fn a_chunk_that_is_announced_and_does_not_come_costs_nothing() {
    let mut decoder = Decoder::new(Framing::Chunked, DEFAULT_MAX_MESSAGE);
    decoder.feed(format!("\n#{LARGE}\nab").as_bytes());
    assert_eq!(decoder.next_message().unwrap(), None);
    assert!(decoder.message.capacity() < 1 << 10, "{}", decoder.message.capacity());
}

#[test]
fn a_large_message_with_a_mark_leaves_no_memory_behind() {
    let mut decoder = Decoder::new(Framing::EndOfMessage, DEFAULT_MAX_MESSAGE);
    for piece in vec![b'a'; LARGE].chunks(READ) {
        decoder.feed(piece);
        assert_eq!(decoder.next_message().unwrap(), None);
    }
    decoder.feed(b"]]>]]>next");
    assert_eq!(decoder.next_message().unwrap().map(|message| message.len()), Some(LARGE));
    assert!(!decoder.input.try_reclaim(LARGE / 2), "the memory of the large message is still there");
    decoder.feed(b"]]>]]>");
    assert_eq!(decoder.next_message().unwrap().as_deref(), Some("next"));
}

#[test]
fn a_marked_message_is_bounded_even_without_its_mark() {
    let decode = |s: &str| decode_all(Framing::EndOfMessage, 4, &[s.as_bytes()]);
    assert_eq!(decode("abcd]]>]]>").unwrap(), ["abcd"]);
    assert_eq!(decode("abcde]]>]]>").unwrap_err().kind, FrameErrorKind::TooLong { limit: 4 });
    assert_eq!(decode("abcdefghij").unwrap_err().kind, FrameErrorKind::TooLong { limit: 4 });
}

#[test]
fn text_that_is_not_utf8_is_refused_with_its_place() {
    let marked = decode_all(Framing::EndOfMessage, 99, &[b"ab\xffc]]>]]>"]).unwrap_err();
    assert_eq!(marked, FrameError { offset: 2, kind: FrameErrorKind::NotUtf8 { at: 2 } });
    let chunk = decode_all(Framing::Chunked, 99, &[b"\n#3\na\xffb\n##\n"]).unwrap_err();
    assert_eq!(chunk, FrameError { offset: 5, kind: FrameErrorKind::NotUtf8 { at: 1 } });
}

#[test]
fn an_error_stays_and_a_cut_stream_is_noticed() {
    let mut decoder = Decoder::new(Framing::Chunked, 10);
    decoder.feed(b"garbage");
    let first = decoder.next_message().unwrap_err();
    decoder.feed(b"\n#1\nx\n##\n");
    assert_eq!(decoder.next_message().unwrap_err(), first);
    assert_eq!(chunked("\n#3\nab").unwrap_err().kind, FrameErrorKind::Truncated);
    assert_eq!(chunked("\n#2\nab").unwrap_err().kind, FrameErrorKind::Truncated);
}

#[test]
fn the_framing_changes_between_two_messages_of_one_read() {
    let mut decoder = Decoder::new(Framing::EndOfMessage, 100);
    decoder.feed(b"hello]]>]]>\n#2\nok\n##\n");
    assert_eq!(decoder.next_message().unwrap().as_deref(), Some("hello"));
    decoder.switch(Framing::Chunked);
    assert_eq!(decoder.next_message().unwrap().as_deref(), Some("ok"));
    assert_eq!(decoder.next_message().unwrap(), None);
}

#[test]
fn a_message_that_would_be_cut_is_not_sent() {
    let mut out = BytesMut::new();
    let error = encode(Framing::EndOfMessage, "<!-- ]]>]]> -->", &mut out).unwrap_err();
    assert_eq!(error, EncodeError::HoldsMark { at: 5 });
    assert_eq!(
        encode(Framing::EndOfMessage, "a]]>", &mut out).unwrap_err(),
        EncodeError::HoldsMark { at: 1 }
    );
    assert!(encode(Framing::Chunked, "a]]>]]>b", &mut out).is_ok());
}

fn framing() -> impl Strategy<Value = Framing> {
    prop_oneof![Just(Framing::EndOfMessage), Just(Framing::Chunked)]
}

/// Texts that like to contain pieces of marks and headers.
fn message() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("]]>"),
        Just("]"),
        Just("\n#"),
        Just("\n##\n"),
        Just("#1\n"),
        Just("<a/>"),
        Just("é")
    ];
    vec(part, 1..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn decoding_undoes_encoding_however_the_stream_is_split(
        framing in framing(), messages in vec(message(), 0..5), cuts in vec(any::<prop::sample::Index>(), 0..12)
    ) {
        let mut stream = BytesMut::new();
        let kept: Vec<String> = messages.into_iter().filter(|m| encode(framing, m, &mut stream).is_ok()).collect();
        let mut at: Vec<usize> = cuts.iter().map(|c| c.index(stream.len() + 1)).chain([0, stream.len()]).collect();
        at.sort_unstable();
        let pieces: Vec<&[u8]> = at.windows(2).map(|w| &stream[w[0]..w[1]]).collect();
        prop_assert_eq!(decode_all(framing, 1000, &pieces).unwrap(), kept);
    }

    #[test]
    fn a_message_split_into_chunks_reads_the_same(parts in vec("[a-z#\n]{1,9}", 1..9)) {
        let stream: String = parts.iter().map(|p| format!("\n#{}\n{p}", p.len())).collect();
        prop_assert_eq!(chunked(&format!("{stream}\n##\n")).unwrap(), [parts.concat()]);
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_every_splitting_says_the_same(
        framing in framing(), bytes in vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b'#'), Just(b']'), Just(b'>'), Just(b'1')], 0..200)
    ) {
        let whole = decode_all(framing, 64, &[&bytes]);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(decode_all(framing, 64, &single), whole);
    }
}
