//! The coding `zstd`: frames one after the other, skippable ones skipped, windows no larger than the web allows.

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use super::peek;

/// RFC 9659: the largest window of the content coding `zstd`, bytes.
const WINDOW_BYTES_MAX: u64 = 8 * 1024 * 1024;
const MAGIC: u32 = 0xfd2f_b528;
const SKIPPABLE_MAGIC: u32 = 0x184d_2a50;
/// Magic number, descriptor, window and the longest dictionary id and content size (RFC 8878 §3.1.1).
const HEADER_BYTES_MAX: usize = 18;

type Source = io::Chain<io::Cursor<Vec<u8>>, Box<dyn Read + Send>>;

/// A sequence of frames, read lazily.
pub(super) struct Frames {
    state: State,
    limit: u64,
    overflow: Arc<AtomicBool>,
}

enum State {
    /// Before a frame. The decoder's tables are used again.
    Between(Source, Box<FrameDecoder>),
    Within(Box<StreamingDecoder<Source, Box<FrameDecoder>>>),
    End,
}

impl Frames {
    /// A frame that announces more than `limit` bytes is not begun, and `overflow` is set.
    pub(super) fn new(coded: Box<dyn Read + Send>, limit: u64, overflow: Arc<AtomicBool>) -> Self {
        let source = io::Cursor::new(Vec::new()).chain(coded);
        Self { state: State::Between(source, Box::default()), limit, overflow }
    }

    /// Opens the next frame; false at the end of the input.
    fn advance(&mut self) -> io::Result<bool> {
        let (mut source, decoder) = match std::mem::replace(&mut self.state, State::End) {
            State::Between(source, decoder) => (source, decoder),
            State::Within(frame) => frame.into_parts(),
            State::End => return Ok(false),
        };
        loop {
            let header = peek(&mut source, HEADER_BYTES_MAX as u64)?;
            if header.is_empty() {
                return Ok(false);
            }
            let &[a, b, c, d, descriptor, ..] = &header[..] else { return Err(io::ErrorKind::UnexpectedEof.into()) };
            let magic = u32::from_le_bytes([a, b, c, d]);
            if magic & !0xf == SKIPPABLE_MAGIC {
                let Some(&[_, _, _, _, a, b, c, d]) = header.first_chunk::<8>() else {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                };
                let length = u64::from(u32::from_le_bytes([a, b, c, d]));
                source = rejoin(header[8..].to_vec(), source);
                let skipped = io::copy(&mut source.by_ref().take(length), &mut io::sink())?;
                if skipped < length {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                continue;
            }
            if magic != MAGIC {
                return Err(io::Error::other("no zstd frame"));
            }
            match room(descriptor, &header[5..]) {
                Room::Window(bytes) if bytes > WINDOW_BYTES_MAX => {
                    return Err(io::Error::other("zstd window larger than 8 MiB"));
                }
                Room::Content(bytes) if bytes > self.limit => {
                    self.overflow.store(true, Ordering::Relaxed);
                    return Err(io::Error::other("larger than allowed"));
                }
                _ => {}
            }
            let source = rejoin(header, source);
            let frame = StreamingDecoder::new_with_decoder(source, decoder).map_err(io::Error::other)?;
            self.state = State::Within(Box::new(frame));
            return Ok(true);
        }
    }
}

impl Read for Frames {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            if let State::Within(frame) = &mut self.state {
                let count = frame.read(buf)?;
                if count > 0 || buf.is_empty() {
                    return Ok(count);
                }
            }
            if !self.advance()? {
                return Ok(0);
            }
        }
    }
}

/// Puts bytes that were read ahead back in front. What the source still holds of earlier ones comes after them.
fn rejoin(ahead: Vec<u8>, source: Source) -> Source {
    let (held, rest) = source.into_inner();
    let position = usize::try_from(held.position()).unwrap_or(usize::MAX);
    let mut first = ahead;
    first.extend_from_slice(held.into_inner().get(position..).unwrap_or_default());
    io::Cursor::new(first).chain(rest)
}

/// The memory that a frame asks for, bytes.
enum Room {
    Window(u64),
    /// A single segment needs its whole content.
    Content(u64),
}

/// `after` is what follows the descriptor (RFC 8878 §3.1.1.1).
fn room(descriptor: u8, after: &[u8]) -> Room {
    let single_segment = descriptor & 0x20 != 0;
    if !single_segment {
        let byte = after.first().copied().unwrap_or_default();
        let base = 1_u64 << (10 + u32::from(byte >> 3));
        return Room::Window(base + base / 8 * u64::from(byte & 7));
    }
    let id_bytes = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let size_bytes = [1, 2, 4, 8][usize::from(descriptor >> 6)];
    let field = after.get(id_bytes..id_bytes + size_bytes).unwrap_or_default();
    let size = field.iter().rev().fold(0_u64, |size, byte| size << 8 | u64::from(*byte));
    // Two bytes count from 256.
    Room::Content(if size_bytes == 2 { size + 256 } else { size })
}
