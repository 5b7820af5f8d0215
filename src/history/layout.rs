//! What is the same in every run of one definition: ids, titles, places. Stored once, referred to by each run.

use super::pack::{Packer, Unpacked, Unpacker};
use crate::model::run::{ConditionResult, Place, Run, StepResult, StepState};
use crate::model::timing::Timings;

/// The constant parts of all steps.
pub(super) fn encode(run: &Run) -> Vec<u8> {
    let mut packer = Packer(Vec::with_capacity(256));
    for part in [&run.steps, &run.cleanup] {
        packer.number(part.len() as u64);
        for step in part {
            packer.text(&step.id);
            packer.maybe_text(step.title.as_deref());
            packer.text(&step.action);
            packer.maybe_text(step.host.as_deref());
            packer.maybe_text(step.owner.as_deref());
            packer.text(&step.place.file);
            packer.number(step.place.line as u64);
            packer.number(step.place.column as u64);
            packer.text(&step.place.text);
            packer.number(step.conditions.len() as u64);
            step.conditions.iter().for_each(|condition| packer.text(&condition.slug));
        }
    }
    packer.0
}

/// Steps and clean-up as they are before anything happened.
pub(super) fn decode(bytes: &[u8]) -> Unpacked<(Vec<StepResult>, Vec<StepResult>)> {
    let mut unpacker = Unpacker(bytes);
    Ok((unpacker.list(step)?, unpacker.list(step)?))
}

fn step(unpacker: &mut Unpacker<'_>) -> Unpacked<StepResult> {
    Ok(StepResult {
        id: unpacker.text()?,
        title: unpacker.maybe_text()?,
        action: unpacker.text()?,
        host: unpacker.maybe_text()?,
        owner: unpacker.maybe_text()?,
        place: Place {
            file: unpacker.text()?,
            line: unpacker.small()?,
            column: unpacker.small()?,
            text: unpacker.text()?,
        },
        conditions: unpacker.list(|unpacker| Ok(ConditionResult { slug: unpacker.text()?, held: true }))?,
        state: StepState::NotRun,
        failure: None,
        misses: Vec::new(),
        timings: Timings::default(),
        elapsed: std::time::Duration::ZERO,
        started_at: None,
        attempts: 0,
        iterations: None,
        requests: 0,
        status: None,
        http_version: None,
        body_bytes: None,
        remote: None,
        certificate_not_after: None,
        kept: Vec::new(),
        note: None,
        evidence: Vec::new(),
    })
}
