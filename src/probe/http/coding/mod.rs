//! Undoes content codings, and stops when what comes out is larger than allowed: a bomb costs no more than an honest body.

mod inflate;
mod zstandard;

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;

/// What is offered in `Accept-Encoding`.
pub(super) const OFFERED: &str = "gzip, deflate, br, zstd";

/// Codings one answer may stack. One is usual; a proxy may add a second.
const STACKED_MAX: usize = 3;
/// Bytes decoded between two chances for other tasks.
const SLICE_BYTES: u64 = 256 * 1024;
/// Coded bytes that the brotli decoder holds.
const READ_BYTES: usize = 16 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstandard,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum CodingError {
    /// More than the limit comes out, at the end or between two codings.
    TooLarge,
    Undecodable(String),
}

/// The codings of an answer in the order in which they were applied; none if one is unknown: then the body stays as it is.
///
/// # Errors
/// More than [`STACKED_MAX`].
pub(super) fn of(headers: &HeaderMap) -> Result<Vec<Coding>, CodingError> {
    let mut codings = Vec::new();
    for line in headers.get_all(CONTENT_ENCODING) {
        for word in line.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            match word.to_ascii_lowercase().as_slice() {
                b"gzip" | b"x-gzip" => codings.push(Coding::Gzip),
                b"deflate" => codings.push(Coding::Deflate),
                b"br" => codings.push(Coding::Brotli),
                b"zstd" => codings.push(Coding::Zstandard),
                b"" | b"identity" => {}
                _ => return Ok(Vec::new()),
            }
            if codings.len() > STACKED_MAX {
                let detail = format!("more than {STACKED_MAX} content codings are stacked");
                return Err(CodingError::Undecodable(detail));
            }
        }
    }
    Ok(codings)
}

/// Decodes a complete body, yielding now and then. Nothing in between may grow over `limit` bytes either.
///
/// # Errors
/// Too large, broken, or incomplete. An empty body is empty under any coding, as many servers have it.
pub(super) async fn decode(body: Bytes, codings: &[Coding], limit: u64) -> Result<Bytes, CodingError> {
    if codings.is_empty() || body.is_empty() {
        return Ok(body);
    }
    let overflow = Arc::new(AtomicBool::new(false));
    let classify = |error: &io::Error| {
        if overflow.load(Ordering::Relaxed) {
            CodingError::TooLarge
        } else {
            CodingError::Undecodable(error.to_string())
        }
    };
    let mut reader: Box<dyn Read + Send> = Box::new(io::Cursor::new(body));
    for coding in codings.iter().rev() {
        let decoder = layer(*coding, reader, limit, &overflow).map_err(|error| classify(&error))?;
        reader = Box::new(Limited { inner: decoder, left: limit, overflow: Arc::clone(&overflow) });
    }
    let mut decoded = Vec::new();
    loop {
        let slice = reader.by_ref().take(SLICE_BYTES).read_to_end(&mut decoded);
        if slice.map_err(|error| classify(&error))? == 0 {
            return Ok(decoded.into());
        }
        tokio::task::yield_now().await;
    }
}

fn layer(
    coding: Coding,
    mut coded: Box<dyn Read + Send>,
    limit: u64,
    overflow: &Arc<AtomicBool>,
) -> io::Result<Box<dyn Read + Send>> {
    Ok(match coding {
        Coding::Gzip => Box::new(flate2::read::MultiGzDecoder::new(coded)),
        Coding::Deflate => Box::new(inflate::Inflate::new(coded)?),
        Coding::Brotli => {
            let first = peek(&mut coded, 1)?;
            // A window of up to 1 GiB: an extension that no browser takes.
            if first.first().is_some_and(|byte| byte & 0x7f == 0x11) {
                return Err(io::Error::other("brotli with a large window"));
            }
            Box::new(brotli_decompressor::Decompressor::new(io::Cursor::new(first).chain(coded), READ_BYTES))
        }
        Coding::Zstandard => Box::new(zstandard::Frames::new(coded, limit, Arc::clone(overflow))),
    })
}

/// Reads ahead up to `count` bytes, fewer at the end.
fn peek(coded: &mut impl Read, count: u64) -> io::Result<Vec<u8>> {
    let mut first = Vec::new();
    coded.take(count).read_to_end(&mut first)?;
    Ok(first)
}

/// Fails once more than `left` bytes have come through.
struct Limited {
    inner: Box<dyn Read + Send>,
    left: u64,
    overflow: Arc<AtomicBool>,
}

impl Read for Limited {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buf)?;
        let Some(left) = self.left.checked_sub(count as u64) else {
            self.overflow.store(true, Ordering::Relaxed);
            return Err(io::Error::other("larger than allowed"));
        };
        self.left = left;
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
