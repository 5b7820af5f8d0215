//! A run that passed, in the few bytes that its layout does not know: most of the file is made of these.

use std::net::SocketAddr;
use std::time::Duration;

use super::codes;
use super::pack::{Damaged, Packer, Unpacked, Unpacker};
use crate::base::time::Timestamp;
use crate::model::run::{Outcome, Run, StepResult};
use crate::model::timing::{Phase, Timings};

#[cfg(test)]
mod tests;

/// Versions that take one byte; others are written out.
const VERSIONS: [(u8, &str); 4] = [(1, "HTTP/1.1"), (2, "HTTP/2"), (3, "HTTP/1.0"), (4, "HTTP/3")];

/// What happened in a run that passed, beside its layout; durations to the microsecond, times to the millisecond. None
/// if the run has something to tell that does not fit: such a run is stored in full.
pub(super) fn encode(run: &Run) -> Option<Vec<u8>> {
    if run.outcome != Outcome::Passed || run.cause.is_some() || run.failure.is_some() {
        return None;
    }
    let trace = u128::from_str_radix(&run.trace_id, 16).ok().filter(|trace| format!("{trace:032x}") == run.trace_id)?;
    let mut packer = Packer(Vec::with_capacity(96));
    packer.0.extend_from_slice(&trace.to_be_bytes());
    packer.0.extend_from_slice(&run.seed.to_le_bytes());
    for step in run.steps.iter().chain(&run.cleanup) {
        encode_step(&mut packer, run, step)?;
    }
    Some(packer.0)
}

/// Fills the trace, the seed and the steps of a run whose other fields and layout are known.
pub(super) fn decode(bytes: &[u8], run: &mut Run) -> Unpacked<()> {
    let mut unpacker = Unpacker(bytes);
    run.trace_id = format!("{:032x}", u128::from_be_bytes(unpacker.array()?));
    run.seed = u64::from_le_bytes(unpacker.array()?);
    let started_at = run.started_at;
    run.steps.iter_mut().chain(&mut run.cleanup).try_for_each(|step| decode_step(&mut unpacker, started_at, step))
}

fn encode_step(packer: &mut Packer, run: &Run, step: &StepResult) -> Option<()> {
    if step.failure.is_some() || !step.misses.is_empty() {
        return None;
    }
    packer.0.push(codes::state_code(step.state));
    packer.maybe_number(match step.started_at {
        // A wall clock that was set back in between: too rare for a sign.
        Some(at) => Some(u64::try_from(at.unix_millis() - run.started_at.unix_millis()).ok()?),
        None => None,
    });
    packer.number(micros(step.elapsed));
    packer.number(u64::from(step.attempts));
    packer.number(u64::from(step.requests));
    packer.maybe_number(step.iterations.map(|(done, _)| u64::from(done)));
    if let Some((_, of)) = step.iterations {
        packer.number(u64::from(of));
    }
    packer.maybe_number(step.status.map(u64::from));
    version(packer, step.http_version.as_deref());
    packer.maybe_number(step.body_bytes);
    remote(packer, step.remote.as_deref());
    packer.maybe_number(match step.certificate_not_after {
        Some(at) => Some(u64::try_from(at.unix_seconds()).ok()?),
        None => None,
    });
    let happened = Phase::ALL.iter().enumerate().filter(|(_, phase)| step.timings.get(**phase).is_some());
    packer.0.push(happened.fold(0, |mask, (bit, _)| mask | 1 << bit));
    step.timings.iter().for_each(|(_, duration)| packer.number(micros(duration)));
    packer.number(micros(step.timings.total));
    for eight in step.conditions.chunks(8) {
        packer
            .0
            .push(eight.iter().enumerate().fold(0, |mask, (bit, condition)| mask | u8::from(condition.held) << bit));
    }
    packer.number(step.kept.len() as u64);
    for (name, value) in &step.kept {
        packer.text(name);
        packer.text(value);
    }
    packer.maybe_text(step.note.as_deref());
    Some(())
}

fn decode_step(unpacker: &mut Unpacker<'_>, run_started_at: Timestamp, step: &mut StepResult) -> Unpacked<()> {
    step.state = codes::state(unpacker.byte()?).ok_or(Damaged)?;
    step.started_at = unpacker.maybe_number()?.map(|millis| run_started_at.plus(Duration::from_millis(millis)));
    step.elapsed = Duration::from_micros(unpacker.number()?);
    step.attempts = unpacker.small()?;
    step.requests = unpacker.small()?;
    step.iterations = match unpacker.maybe_small()? {
        Some(done) => Some((done, unpacker.small()?)),
        None => None,
    };
    step.status = unpacker.maybe_small()?;
    step.http_version = read_version(unpacker)?;
    step.body_bytes = unpacker.maybe_number()?;
    step.remote = read_remote(unpacker)?;
    step.certificate_not_after = match unpacker.maybe_number()? {
        Some(seconds) => Some(i64::try_from(seconds).ok().and_then(Timestamp::from_unix_seconds).ok_or(Damaged)?),
        None => None,
    };
    let mask = unpacker.byte()?;
    step.timings = Timings::default();
    for (_, phase) in Phase::ALL.into_iter().enumerate().filter(|(bit, _)| mask & 1 << bit != 0) {
        step.timings.add(phase, Duration::from_micros(unpacker.number()?));
    }
    step.timings.total = Duration::from_micros(unpacker.number()?);
    for eight in step.conditions.chunks_mut(8) {
        let mask = unpacker.byte()?;
        eight.iter_mut().enumerate().for_each(|(bit, condition)| condition.held = mask & 1 << bit != 0);
    }
    step.kept = unpacker.list(|unpacker| Ok((unpacker.text()?, unpacker.text()?)))?;
    step.note = unpacker.maybe_text()?;
    Ok(())
}

/// 0 none, 5 as text, others one of [`VERSIONS`].
fn version(packer: &mut Packer, version: Option<&str>) {
    let Some(version) = version else { return packer.0.push(0) };
    if let Some((code, _)) = VERSIONS.iter().find(|(_, known)| *known == version) {
        return packer.0.push(*code);
    }
    packer.0.push(5);
    packer.text(version);
}

fn read_version(unpacker: &mut Unpacker<'_>) -> Unpacked<Option<String>> {
    match unpacker.byte()? {
        0 => Ok(None),
        5 => unpacker.text().map(Some),
        code => {
            let known = VERSIONS.iter().find(|(known, _)| *known == code).ok_or(Damaged)?;
            Ok(Some(known.1.to_owned()))
        }
    }
}

/// 0 none, 4 and 6 an address of that family and its port, 1 as text.
fn remote(packer: &mut Packer, remote: Option<&str>) {
    let Some(remote) = remote else { return packer.0.push(0) };
    // Only what is printed the same again; a scope of an IPv6 address, for one, has no place here.
    match remote.parse::<SocketAddr>().ok().filter(|address| address.to_string() == remote) {
        Some(SocketAddr::V4(address)) => {
            packer.0.push(4);
            packer.0.extend_from_slice(&address.ip().octets());
            packer.0.extend_from_slice(&address.port().to_be_bytes());
        }
        Some(SocketAddr::V6(address)) if address.scope_id() == 0 => {
            packer.0.push(6);
            packer.0.extend_from_slice(&address.ip().octets());
            packer.0.extend_from_slice(&address.port().to_be_bytes());
        }
        _ => {
            packer.0.push(1);
            packer.text(remote);
        }
    }
}

fn read_remote(unpacker: &mut Unpacker<'_>) -> Unpacked<Option<String>> {
    match unpacker.byte()? {
        0 => Ok(None),
        1 => unpacker.text().map(Some),
        4 => {
            let (ip, port) = (unpacker.array::<4>()?, unpacker.array()?);
            Ok(Some(SocketAddr::from((ip, u16::from_be_bytes(port))).to_string()))
        }
        6 => {
            let (ip, port) = (unpacker.array::<16>()?, unpacker.array()?);
            Ok(Some(SocketAddr::from((ip, u16::from_be_bytes(port))).to_string()))
        }
        _ => Err(Damaged),
    }
}

pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
