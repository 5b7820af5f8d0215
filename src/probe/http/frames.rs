//! Counts HTTP/2 frames as they come in: h2 queues what is not taken yet, and a frame that carries nothing costs memory as well.

/// Frames of one answer that may be as small as they like: heads, interim answers, settings, a slow trickle of data.
const FREE: u64 = 2_000;
/// Bytes, the frame's own head included, that each further frame must bring on average.
const BYTES_EACH: u64 = 128;
const HEAD_BYTES: usize = 9;

/// Follows the frames of one direction (RFC 9113 §4.1).
#[derive(Default)]
pub(super) struct Frames {
    /// The head of a frame, as far as it has come.
    head: [u8; HEAD_BYTES],
    have: usize,
    /// Bytes of the present frame's payload that are still to come.
    payload: usize,
    count: u64,
    bytes: u64,
}

impl Frames {
    /// A new answer begins.
    pub(super) fn begin(&mut self) {
        (self.count, self.bytes) = (0, 0);
    }

    /// Takes bytes as read; false if there are too many frames for what they bring.
    pub(super) fn take(&mut self, mut bytes: &[u8]) -> bool {
        self.bytes += bytes.len() as u64;
        while !bytes.is_empty() {
            let passed = self.payload.min(bytes.len());
            self.payload -= passed;
            bytes = &bytes[passed..];
            let wanted = (HEAD_BYTES - self.have).min(bytes.len());
            let (head, rest) = bytes.split_at(wanted);
            self.head[self.have..self.have + wanted].copy_from_slice(head);
            self.have += wanted;
            bytes = rest;
            if self.have == HEAD_BYTES {
                let [high, middle, low, ..] = self.head;
                self.payload = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
                self.have = 0;
                self.count += 1;
            }
        }
        self.count <= FREE + self.bytes / BYTES_EACH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(payload: usize) -> Vec<u8> {
        let length = u32::try_from(payload).expect("short").to_be_bytes();
        [&length[1..], &[0; 6], &vec![0xff; payload]].concat()
    }

    #[test]
    fn frames_are_counted_however_they_are_cut() {
        let sizes = [0, 5, 70_000, 0, 1];
        let stream: Vec<u8> = sizes.iter().flat_map(|size| frame(*size)).collect();
        for piece in [1, 2, 8, 9, 10, 1_000, stream.len()] {
            let mut frames = Frames::default();
            assert!(stream.chunks(piece).all(|piece| frames.take(piece)));
            assert_eq!((frames.count, frames.have, frames.payload), (5, 0, 0), "{piece}");
        }
    }

    #[test]
    fn many_frames_must_bring_something() {
        #[track_caller]
        fn check(payload: usize, count: usize, expected: bool) {
            let mut frames = Frames::default();
            assert_eq!((0..count).all(|_| frames.take(&frame(payload))), expected, "{count} of {payload}");
        }
        check(0, 2_000, true);
        check(0, 3_000, false);
        check(1, 3_000, false);
        check(128, 10_000, true);
    }
}
