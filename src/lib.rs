//! forerunner runs your customers' journeys before they do. The floors are listed from the ground up;
//! `ARCHITECTURE.md` says which may use which, and `tests/it/floors.rs` holds them to it.

pub mod base;
pub mod model;

pub mod curl;
pub mod expectation;
pub mod har;
pub mod net;
pub mod template;

pub mod evaluate;
pub mod history;
pub mod metrics;
pub mod notify;
pub mod probe;

pub mod journey;

pub mod config;
pub mod schedule;

pub mod web;

pub mod app;

pub mod cli;
