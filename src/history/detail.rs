//! A run in full, evidence included: JSON, compressed, and bounded, because evidence is as large as what a target sends.

use std::io::{self, Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use serde_json::Value;

use crate::model::run::Run;

/// JSON of one run, uncompressed; beyond it evidence is left out, what explains the outcome last. A step keeps bodies of
/// 64 KiB, so this is the evidence of some thirty requests with the longest of answers.
const JSON_BYTES_MAX: usize = 4 << 20;

/// The run as zlib-compressed JSON.
pub(super) fn encode(run: &Run) -> io::Result<Vec<u8>> {
    if let Some(bytes) = compressed(run)? {
        return Ok(bytes);
    }
    let deciding = run.deciding_step().map(|step| step.id.clone());
    let mut smaller = run.clone();
    smaller.notices.push("evidence was left out: the run was too large for the history".to_owned());
    for step in smaller.steps.iter_mut().chain(&mut smaller.cleanup) {
        if Some(&step.id) != deciding.as_ref() {
            step.evidence.clear();
        }
    }
    if let Some(bytes) = compressed(&smaller)? {
        return Ok(bytes);
    }
    for step in &mut smaller.steps {
        step.evidence.drain(..step.evidence.len().saturating_sub(1));
    }
    if let Some(bytes) = compressed(&smaller)? {
        return Ok(bytes);
    }
    for step in smaller.steps.iter_mut().chain(&mut smaller.cleanup) {
        step.evidence.clear();
        step.kept.clear();
    }
    compressed(&smaller)?.ok_or_else(|| io::Error::other("the run is too large for the history"))
}

/// The JSON of a stored run. It was bounded when it was written, and is again: a damaged file may say anything.
pub(super) fn decode(bytes: &[u8]) -> Option<Value> {
    let mut json = Vec::new();
    ZlibDecoder::new(bytes).take(JSON_BYTES_MAX as u64 + 1).read_to_end(&mut json).ok()?;
    serde_json::from_slice(&json).ok()
}

/// None if the JSON is longer than allowed.
fn compressed(run: &Run) -> io::Result<Option<Vec<u8>>> {
    let mut json = Bounded(Vec::new());
    match serde_json::to_writer(&mut json, run) {
        Ok(()) => {}
        Err(error) if error.io_error_kind() == Some(io::ErrorKind::FileTooLarge) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
    zlib.write_all(&json.0)?;
    zlib.finish().map(Some)
}

struct Bounded(Vec<u8>);

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > JSON_BYTES_MAX {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
