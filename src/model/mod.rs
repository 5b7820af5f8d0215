//! Floor 1: the words of monitoring as types. Values only: nothing here does anything to the world.

pub mod authority;
pub mod clock;
pub mod commands;
pub mod evidence;
pub mod failure;
pub mod incident;
pub mod notice;
pub mod observation;
pub mod outbox;
pub mod run;
#[cfg(test)]
pub mod sample;
pub mod scope;
pub mod skip;
pub mod timing;
pub mod value;
