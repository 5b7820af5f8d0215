//! A message as it goes over the wire: nothing inside it can end it, and every line has a length that relays take.

/// RFC 5321, section 4.5.3.1.6: 1000 bytes with the line's end.
const LINE_BYTES_MAX: usize = 998;

/// A message ready to be sent, but for the final dot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Body {
    /// With dots doubled.
    pub wire: Vec<u8>,
    /// Without: what relays count.
    pub size: usize,
    pub is_seven_bit: bool,
}

/// Ends every line in CR LF, whatever ended it before: a CR or LF that stands alone is a line's end to some relays and
/// not to others, which is how a second message is smuggled inside a first. NUL is left out. Lines that are too long are
/// broken, in the header so that they still are one field.
pub(super) fn prepare(message: &[u8]) -> Body {
    let mut body = Body { wire: Vec::with_capacity(message.len() + 64), size: 0, is_seven_bit: message.is_ascii() };
    let mut in_header = true;
    let mut rest = message;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        rest = match after {
            [b'\r', b'\n', after @ ..] | [b'\r' | b'\n', after @ ..] => after,
            _ => after,
        };
        in_header &= !line.is_empty();
        let line: Vec<u8> = line.iter().copied().filter(|byte| *byte != 0).collect();
        push(&mut body, &line, in_header);
    }
    body
}

/// The same with question marks for what a relay without 8BITMIME does not take. Messages are made so that this never
/// happens; if it does all the same, one that looks odd is better than none.
pub(super) fn seven_bit(message: &[u8]) -> Vec<u8> {
    message.iter().map(|byte| if byte.is_ascii() { *byte } else { b'?' }).collect()
}

fn push(body: &mut Body, line: &[u8], in_header: bool) {
    let mut rest = line;
    let mut first = true;
    loop {
        let fold = in_header && !first && rest.first() != Some(&b' ');
        let room = LINE_BYTES_MAX - usize::from(fold);
        let (piece, after) = rest.split_at(break_at(rest, room, in_header));
        if fold {
            body.wire.push(b' ');
        }
        if !fold && piece.first() == Some(&b'.') {
            body.wire.push(b'.');
        }
        body.wire.extend_from_slice(piece);
        body.wire.extend_from_slice(b"\r\n");
        body.size += piece.len() + usize::from(fold) + 2;
        if after.is_empty() {
            return;
        }
        (rest, first) = (after, false);
    }
}

/// Where a line is broken: in a header at the last space that is not its first byte, if there is one.
fn break_at(line: &[u8], room: usize, in_header: bool) -> usize {
    if line.len() <= room {
        return line.len();
    }
    let space = || line[1..room].iter().rposition(|byte| *byte == b' ').map(|at| at + 1);
    if in_header { space().unwrap_or(room) } else { room }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(message: &str, wire: &str) {
        let body = prepare(message.as_bytes());
        assert_eq!(String::from_utf8_lossy(&body.wire), wire);
    }

    #[test]
    fn nothing_inside_a_message_ends_it() {
        check("A: b\r\n\r\ntext\r\n", "A: b\r\n\r\ntext\r\n");
        check("A: b\r\n\r\n.\r\n", "A: b\r\n\r\n..\r\n");
        check("A: b\n\n.\nMAIL FROM:<x>\n", "A: b\r\n\r\n..\r\nMAIL FROM:<x>\r\n");
        check("A: b\r\n\r\nx\n.\r\ny", "A: b\r\n\r\nx\r\n..\r\ny\r\n");
        check("A: b\r\n\r\nx\r.\ry", "A: b\r\n\r\nx\r\n..\r\ny\r\n");
        check("A: b\r\n\r\n\0.\0\r\n", "A: b\r\n\r\n..\r\n");
        check("A: b\r\n\r\n...\r\n", "A: b\r\n\r\n....\r\n");
        check("", "");
    }

    #[test]
    fn long_lines_are_broken_and_headers_stay_whole() {
        let wire = prepare(format!("Subject: {} end\r\n\r\n{}", "x".repeat(990), "y".repeat(2000)).as_bytes()).wire;
        let text = String::from_utf8(wire).expect("text");
        let lines: Vec<_> = text.split("\r\n").collect();
        let lengths: Vec<_> = lines.iter().map(|line| line.len()).collect();
        assert_eq!(lengths, [8, 995, 0, 998, 998, 4, 0]);
        assert!(lines[1].starts_with(' ') && lines.iter().all(|line| line.len() <= LINE_BYTES_MAX));
        assert_eq!(text.matches('y').count(), 2000);
    }

    /// Undoes what the wire adds, as a relay does.
    fn received(wire: &[u8]) -> Vec<u8> {
        let mut message = Vec::new();
        for line in wire.split_inclusive(|byte| *byte == b'\n') {
            message.extend_from_slice(line.strip_prefix(b".").unwrap_or(line));
        }
        message
    }

    proptest! {
        #[test]
        fn whatever_a_message_holds_it_is_one(bytes in prop::collection::vec(
            prop_oneof![Just(b'.'), Just(b'\r'), Just(b'\n'), Just(0), any::<u8>()], 0..2500)
        ) {
            let body = prepare(&bytes);
            prop_assert!(body.wire.is_empty() || body.wire.ends_with(b"\r\n"));
            let mut before = 0;
            for line in body.wire.split_inclusive(|byte| *byte == b'\n') {
                prop_assert!(line.ends_with(b"\r\n"));
                let line = &line[..line.len() - 2];
                prop_assert!(line.len() <= LINE_BYTES_MAX + 1);
                prop_assert!(!line.contains(&b'\r') && !line.contains(&0) && line != b".");
                before += 1;
            }
            prop_assert!(before > 0 || bytes.is_empty());
            let received = received(&body.wire);
            prop_assert_eq!(received.len(), body.size);
            // Sent once more, it is the same: nothing is left to be changed.
            prop_assert_eq!(prepare(&received), body);
        }
    }
}
