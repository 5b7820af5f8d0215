//! The coding `deflate`: zlib by the letter, bare DEFLATE by what some servers send.

use std::io::{self, Read};

use flate2::read::{DeflateDecoder, ZlibDecoder};

use super::peek;

type Source = io::Chain<io::Cursor<Vec<u8>>, Box<dyn Read + Send>>;

/// Decides by the first two bytes which of the two it is (RFC 1950 §2.2: method 8, header divisible by 31).
pub(super) enum Inflate {
    Zlib(ZlibDecoder<Source>),
    Bare(DeflateDecoder<Source>),
}

impl Inflate {
    pub(super) fn new(mut coded: Box<dyn Read + Send>) -> io::Result<Self> {
        let first = peek(&mut coded, 2)?;
        let zlib = matches!(first[..], [method, flags] if method & 0x0f == 8 && (u16::from(method) << 8 | u16::from(flags)) % 31 == 0);
        let source = io::Cursor::new(first).chain(coded);
        Ok(if zlib { Self::Zlib(ZlibDecoder::new(source)) } else { Self::Bare(DeflateDecoder::new(source)) })
    }
}

impl Read for Inflate {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Zlib(decoder) => decoder.read(buf),
            Self::Bare(decoder) => decoder.read(buf),
        }
    }
}
