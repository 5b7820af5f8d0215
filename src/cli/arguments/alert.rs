//! What `alert` can be asked for.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::listen;
use crate::config::daemon::Listen;

#[derive(Debug, Subcommand)]
pub enum Alert {
    /// Send a test message through each channel, and show what relays answer
    Test(AlertTest),
    /// Be a mail server that shows what comes and delivers nothing, to try alerts without a relay
    Catch(AlertCatch),
}

#[derive(Debug, Args)]
#[command(after_help = "\
The messages are sent as those of an incident would be, by this process: no daemon is needed, and one that runs is not
disturbed.
Exit codes: 0 every message was accepted; 1 usage; 2 the configuration is invalid, nothing is sent; 4 a message was not
accepted.")]
pub struct AlertTest {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Only this channel; may be repeated
    #[arg(long = "channel", value_name = "NAME")]
    pub channels: Vec<String>,
    /// Write to those in `fallback` too
    #[arg(long)]
    pub fallback: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
For a configuration with `relays: [{ host: 127.0.0.1, port: 2525, tls: none }]`. Whoever reaches the address may write.
Exit codes: 0 ended by Ctrl-C or after --mails; 1 something is in the way, such as a port in use.")]
pub struct AlertCatch {
    /// Where it listens
    #[arg(long, value_name = "ADDRESS", value_parser = listen, default_value = "127.0.0.1:2525")]
    pub listen: Listen,
    /// Keep each mail here, as a page that looks as mail programs show it and as the message itself
    #[arg(long, value_name = "DIRECTORY")]
    pub save: Option<PathBuf>,
    /// End after this many
    #[arg(long, value_name = "N")]
    pub mails: Option<NonZeroUsize>,
}
