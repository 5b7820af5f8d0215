//! Bodies under every coding: whole, cut, broken, and as bombs.

use std::io::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::*;

const TEXT: &[u8] = b"a quiet body, a quiet body, a quiet body\n";
const MIB: u64 = 1024 * 1024;

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn bare_deflate(plain: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// Made with `zlib.brotliCompressSync` of Node.
fn brotli() -> Vec<u8> {
    from_base64("GygA+I3UTvnDTuUpCykzgmS2v0EUWPKWIkzFAyHs48PqIw==")
}

/// Made with `zstd -19`, checksum included.
fn zstandard() -> Vec<u8> {
    from_base64("KLUv/SQprQAAeGEgcXVpZXQgYm9keSwgCgEAYU8l88+C/A==")
}

/// 64 MiB of zeros in 109 bytes.
fn brotli_bomb() -> Vec<u8> {
    from_base64(concat!(
        "y///P/gnAOKxQCD3/o///3/wTwDEYRGA7v0f////4J8AiMMCAN37P/7//8E/ARCHBQC693/8//+DfwIgDgsAdO//",
        "+P//B/8EQBwWAOje//H//w/+CYA4LADQvf/L//8//BMAcVgAoHv/Bw==",
    ))
}

/// Frames of run-length blocks: 4 bytes for each 128 KiB.
fn zstandard_bomb(blocks: usize) -> Vec<u8> {
    const BLOCK_BYTES: u32 = 128 * 1024;
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x58];
    for at in 0..blocks {
        let header = BLOCK_BYTES << 3 | 1 << 1 | u32::from(at + 1 == blocks);
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.push(0);
    }
    frame
}

fn from_base64(text: &str) -> Vec<u8> {
    BASE64_STANDARD.decode(text).expect("base64")
}

fn run(body: Vec<u8>, codings: &[Coding], limit: u64) -> Result<Bytes, CodingError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(decode(body.into(), codings, limit))
}

#[track_caller]
fn check(body: Vec<u8>, codings: &[Coding], expected: &[u8]) {
    assert_eq!(run(body, codings, 1000).as_deref(), Ok(expected), "{codings:?}");
}

#[track_caller]
fn check_too_large(body: Vec<u8>, codings: &[Coding]) {
    assert_eq!(run(body, codings, MIB), Err(CodingError::TooLarge), "{codings:?}");
}

#[track_caller]
fn check_undecodable(body: Vec<u8>, codings: &[Coding]) {
    let result = run(body, codings, MIB);
    assert!(matches!(result, Err(CodingError::Undecodable(_))), "{codings:?}: {result:?}");
}

#[test]
fn every_coding_is_undone() {
    check(gzip(TEXT), &[Coding::Gzip], TEXT);
    check(zlib(TEXT), &[Coding::Deflate], TEXT);
    check(bare_deflate(TEXT), &[Coding::Deflate], TEXT);
    check(brotli(), &[Coding::Brotli], TEXT);
    check(zstandard(), &[Coding::Zstandard], TEXT);
    check(TEXT.to_vec(), &[], TEXT);
}

#[test]
fn codings_are_undone_from_the_last_to_the_first() {
    check(gzip(&brotli()), &[Coding::Brotli, Coding::Gzip], TEXT);
    check(zlib(&gzip(&zstandard())), &[Coding::Zstandard, Coding::Gzip, Coding::Deflate], TEXT);
}

#[test]
fn an_empty_body_is_empty_under_any_coding() {
    for coding in [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstandard] {
        check(Vec::new(), &[coding], b"");
    }
}

#[test]
fn several_members_and_frames_are_one_body() {
    check([gzip(b"one "), gzip(b"two")].concat(), &[Coding::Gzip], b"one two");
    let skippable = [0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3].to_vec();
    let body = [skippable.clone(), zstandard(), skippable, zstandard()].concat();
    check(body, &[Coding::Zstandard], &[TEXT, TEXT].concat());
}

#[test]
fn the_limit_itself_is_allowed_and_one_more_is_not() {
    let exact = vec![7; 1000];
    check(gzip(&exact), &[Coding::Gzip], &exact);
    assert_eq!(run(gzip(&[7; 1001]), &[Coding::Gzip], 1000), Err(CodingError::TooLarge));
}

#[test]
fn bombs_end_at_the_limit() {
    let zeros = vec![0; 16 * 1024 * 1024];
    check_too_large(gzip(&zeros), &[Coding::Gzip]);
    check_too_large(zlib(&zeros), &[Coding::Deflate]);
    check_too_large(bare_deflate(&zeros), &[Coding::Deflate]);
    check_too_large(brotli_bomb(), &[Coding::Brotli]);
    check_too_large(zstandard_bomb(1 << 20), &[Coding::Zstandard]);
    // A bomb within a bomb, and one that is large only in between.
    check_too_large(gzip(&gzip(&zeros)), &[Coding::Gzip, Coding::Gzip]);
    check_too_large(gzip(&zstandard_bomb(1 << 18)), &[Coding::Zstandard, Coding::Gzip]);
    let empty_blocks: Vec<u8> = [0, 0, 0, 0xff, 0xff].repeat(1 << 20);
    check_too_large(gzip(&empty_blocks), &[Coding::Deflate, Coding::Gzip]);
}

#[test]
fn frames_that_ask_for_much_memory_are_refused() {
    // A window of 16 MiB; a single segment that announces 4 GiB.
    check_undecodable(vec![0x28, 0xb5, 0x2f, 0xfd, 0, 0x70, 1, 0, 0], &[Coding::Zstandard]);
    check_too_large(vec![0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0], &[Coding::Zstandard]);
    check_undecodable(vec![0x11, 0x1e, 0, 0, 0], &[Coding::Brotli]);
}

#[test]
fn a_body_cut_anywhere_does_not_decode() {
    for (coded, coding) in [
        (gzip(TEXT), Coding::Gzip),
        (zlib(TEXT), Coding::Deflate),
        (bare_deflate(TEXT), Coding::Deflate),
        (brotli(), Coding::Brotli),
    ] {
        for cut in 1..coded.len() {
            check_undecodable(coded[..cut].to_vec(), &[coding]);
        }
    }
    let coded = zstandard();
    for cut in 1..coded.len() {
        check_undecodable(coded[..cut].to_vec(), &[Coding::Zstandard]);
    }
}

#[test]
fn noise_does_not_decode() {
    for coding in [Coding::Gzip, Coding::Brotli, Coding::Zstandard] {
        check_undecodable(b"this is plain text".to_vec(), &[coding]);
    }
    check_undecodable([zstandard(), b"and more".to_vec()].concat(), &[Coding::Zstandard]);
}

#[test]
fn the_header_names_the_codings() {
    #[track_caller]
    fn check(lines: &[&'static str], expected: Option<&[Coding]>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CONTENT_ENCODING, http::HeaderValue::from_static(line));
        }
        assert_eq!(of(&headers).ok().as_deref(), expected, "{lines:?}");
    }
    check(&[], Some(&[]));
    check(&["GZIP"], Some(&[Coding::Gzip]));
    check(&["x-gzip, identity", "br"], Some(&[Coding::Gzip, Coding::Brotli]));
    check(&["deflate,zstd,"], Some(&[Coding::Deflate, Coding::Zstandard]));
    check(&["gzip, x-unknown"], Some(&[]));
    check(&["gzip, gzip, gzip, gzip"], None);
}

proptest::proptest! {
    #[test]
    fn any_bytes_end_in_a_body_or_an_error(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..512), which in 0_usize..4) {
        let coding = [Coding::Gzip, Coding::Deflate, Coding::Brotli, Coding::Zstandard][which];
        let prefixes: [&[u8]; 4] = [&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3], &[0x78, 0x9c], &[], &[0x28, 0xb5, 0x2f, 0xfd]];
        let body = [prefixes[which], &bytes].concat();
        if let Ok(decoded) = run(body, &[coding], 4096) {
            proptest::prop_assert!(decoded.len() <= 4096);
        }
    }
}
