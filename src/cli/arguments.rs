//! The command line as plain data: what can be asked for, and how it is spelled.

mod alert;

use std::ffi::OsString;
use std::fmt::Write as _;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::sync::LazyLock;

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};

pub use self::alert::{Alert, AlertCatch, AlertTest};
use super::diagnostics::DiagnosticFormat;
use super::exit::Exit;
use super::report::{ReportFormat, RunFormat};
use crate::app::demo::acts::Act;
use crate::base::name::is_name;
use crate::config::daemon::Listen;
use crate::model::incident::Severity;
use crate::model::run::Outcome;

/// Runs your customers' journeys before they do.
#[derive(Debug, Parser)]
#[command(
    name = "forerunner",
    version = VERSION.as_str(),
    after_help = EXIT_CODES,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
    /// Colour in the output; `auto` colours on a terminal and respects `NO_COLOR` and `CLICOLOR_FORCE`
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", display_order = 900)]
    pub color: Color,
}

/// The target is named by its parts, since only build scripts know the triple and the compiler.
static VERSION: LazyLock<String> =
    LazyLock::new(|| format!("{} ({} {})", env!("CARGO_PKG_VERSION"), std::env::consts::ARCH, std::env::consts::OS));

const EXIT_CODES: &str = "\
Exit codes:
  0  passed or degraded
  1  usage: the command line cannot be understood, or an output cannot be written
  2  a definition is invalid; nothing runs
  3  no run failed, but at least one is indeterminate: our own trouble
  4  a run failed";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// See it catch an outage: a platform, its partner and a mail server on this machine, and the shipped journeys
    Demo(Demo),
    /// Write a first journey and a configuration that runs it
    New(New),
    /// Report every problem of journey and configuration files, without running anything
    Check(Check),
    /// Run journeys once and show what happened
    Test(Test),
    /// Run the daemon: journeys on their schedule, metrics, history
    Run(Run),
    /// List the runs that history holds, or show one of them
    Runs(Runs),
    /// List incidents, or show what became of one of them
    Incidents(Incidents),
    /// Try whether people would be told
    #[command(subcommand)]
    Alert(Alert),
    /// Print the JSON Schema of a kind of file, for editors
    Schema(Schema),
    /// Ask a daemon whether it does its work
    Healthcheck(Healthcheck),
    /// Print what a shell needs to complete commands and flags
    Completions(Completions),
    /// Print the manual: of everything, or of one command
    Man(Man),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Everything happens on loopback and in a temporary directory, and nothing stays behind. Ctrl-C ends it.
Exit codes: 0 ended; 1 something is in the way, such as a port in use.")]
pub struct Demo {
    /// Where the pages are
    #[arg(long, value_name = "ADDRESS", value_parser = listen, default_value = "127.0.0.1:9797")]
    pub listen: Listen,
    /// How many times as fast, from 0.2 to 3
    #[arg(long, value_name = "FACTOR", value_parser = speed, default_value = "1")]
    pub speed: f64,
    /// Only this act, between calm and recovery, over and over: wrong-total, slow-partner, vanished-field,
    /// expiring-certificate, outage
    #[arg(long, value_name = "NAME", value_parser = act)]
    pub act: Option<Act>,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct Check {
    /// Journey files, configuration files, or directories to search for them
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// How to report the problems
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: DiagnosticFormat,
}

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub struct Test {
    /// Journey files, or directories to search for them
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Run only this journey; may be repeated
    #[arg(long, value_name = "JOURNEY")]
    pub only: Vec<String>,
    /// Give an input its value; may be repeated
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = name_value)]
    pub inputs: Vec<NameValue>,
    /// Say where a secret is read from: `NAME=env:VARIABLE` or `NAME=file:PATH`; may be repeated
    #[arg(long = "secret", value_name = "NAME=SOURCE", value_parser = secret_source)]
    pub secrets: Vec<SecretSource>,
    /// Send the requests of a declared host elsewhere; may be repeated
    #[arg(long = "host", value_name = "NAME=URL", value_parser = host_url)]
    pub hosts: Vec<HostUrl>,
    /// Allow what a journey may not do by itself; may be repeated
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    pub allow: Vec<Allowance>,
    /// Take the bindings from this configuration file
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// What to print on standard output
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: RunFormat,
    /// Write a report to a file besides: `junit=`, `tap=`, `json=` or `har=`; may be repeated
    #[arg(long = "report", value_name = "KIND=FILE", value_parser = report_file)]
    pub reports: Vec<ReportFile>,
    /// Journeys that run at the same time
    #[arg(long, default_value = "1", value_name = "N")]
    pub jobs: NonZeroUsize,
    /// Run every journey this many times
    #[arg(long, default_value = "1", value_name = "N")]
    pub repeat: NonZeroU32,
    /// Show every exchange whole, secrets masked
    #[arg(long)]
    pub trace: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Signals: SIGHUP reloads the configuration; SIGTERM or an interrupt ends the daemon in order, a second one at once.
Exit codes: 0 ended in order; 1 something is in the way of the start; 2 the configuration is invalid.")]
pub struct Run {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Listen here instead of at `listen` of the configuration
    #[arg(long, value_name = "ADDRESS", value_parser = listen)]
    pub listen: Option<Listen>,
}

#[derive(Debug, Args)]
pub struct Runs {
    /// Show this run instead of a list
    #[arg(value_name = "RUN")]
    pub id: Option<String>,
    /// Find the storage directory in this configuration file
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The storage directory; default `data`
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "config")]
    pub storage: Option<PathBuf>,
    /// Only runs of this name
    #[arg(long, value_name = "RUN NAME")]
    pub name: Option<String>,
    /// Only runs of this journey
    #[arg(long, value_name = "JOURNEY")]
    pub journey: Option<String>,
    /// Only runs with this outcome
    #[arg(long, value_name = "OUTCOME", value_parser = outcome)]
    pub outcome: Option<Outcome>,
    /// Only runs before this one: the last of a list gives the next
    #[arg(long, value_name = "RUN")]
    pub before: Option<String>,
    /// Runs in the list, at most 1000
    #[arg(long, default_value = "20", value_name = "N")]
    pub limit: usize,
    /// How to print
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: ListFormat,
}

#[derive(Debug, Args)]
pub struct Incidents {
    /// Show this incident instead of a list
    #[arg(value_name = "INCIDENT")]
    pub id: Option<String>,
    /// Find the storage directory in this configuration file
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// The storage directory; default `data`
    #[arg(long, value_name = "DIRECTORY", conflicts_with = "config")]
    pub storage: Option<PathBuf>,
    /// Only those that are open
    #[arg(long)]
    pub open: bool,
    /// Only those of runs of this name
    #[arg(long, value_name = "RUN NAME")]
    pub name: Option<String>,
    /// Only those that this party answers for
    #[arg(long, value_name = "PARTY")]
    pub owner: Option<String>,
    /// Only those of this severity
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub severity: Option<SeverityWord>,
    /// Incidents in the list, at most 1000
    #[arg(long, default_value = "20", value_name = "N")]
    pub limit: usize,
    /// How to print
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: ListFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SeverityWord {
    /// Pages somebody
    Critical,
    /// Looked at in working hours
    Warning,
    /// Only recorded
    Info,
}

impl From<SeverityWord> for Severity {
    fn from(word: SeverityWord) -> Self {
        match word {
            SeverityWord::Critical => Self::Critical,
            SeverityWord::Warning => Self::Warning,
            SeverityWord::Info => Self::Info,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// A line for each
    #[default]
    Simple,
    /// JSON; of one, with everything that is kept of it
    Json,
}

#[derive(Debug, Args)]
pub struct Schema {
    /// The kind of file
    #[arg(value_enum, value_name = "KIND")]
    pub kind: SchemaKind,
}

#[derive(Debug, Args)]
#[command(after_help = "\
For container runtimes and scripts. The answer must come within three seconds.
Exit codes: 0 it does; 1 it does not, or that cannot be known.")]
pub struct Healthcheck {
    /// Where the daemon is; user and password in it are sent along
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9797")]
    pub url: url::Url,
    /// Find its address and its certificate in this configuration file
    #[arg(long, value_name = "FILE", conflicts_with = "url")]
    pub config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum, value_name = "SHELL")]
    pub shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub struct Man {
    /// The command, such as `run` or `alert test`; none: the program as a whole
    #[arg(value_name = "COMMAND")]
    pub command: Vec<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
What is not given is asked for on a terminal, or read line by line from a pipe. Nothing that is there is overwritten.
Exit codes: 0 written; 1 an answer cannot be used, or something is in the way.")]
pub struct New {
    /// What customers do, in a few words
    #[arg(long, value_name = "TITLE")]
    pub title: Option<String>,
    /// The first address that they come to
    #[arg(long, value_name = "URL")]
    pub url: Option<String>,
    /// Who gets mail when it fails; empty: nobody
    #[arg(long, value_name = "ADDRESS")]
    pub mail: Option<String>,
    /// Where the files are put
    #[arg(long, value_name = "DIRECTORY", default_value = ".")]
    pub dir: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SchemaKind {
    Journey,
    Config,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Allowance {
    /// Connections to loopback, private and other special addresses
    PrivateAddresses,
    /// Steps that change something at the target
    Writes,
}

/// The value is text; the kind of the input decides what it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameValue {
    pub name: String,
    pub value: String,
}

/// Where a secret comes from, as written. Without `Debug`: people paste the secret itself here.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretSource {
    pub name: String,
    pub source: String,
}

impl std::fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecretSource").field("name", &self.name).finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostUrl {
    pub name: String,
    pub url: url::Url,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportFile {
    pub format: ReportFormat,
    pub path: PathBuf,
}

/// Reads the command line; the first argument is the name of the program. Help, version and
/// mistakes are printed here, with the exit to end with: clap would end usage errors with 2, which
/// is an invalid definition to us.
///
/// # Errors
/// Nothing is left to do but to exit.
pub fn read(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<Arguments, Exit> {
    Arguments::try_parse_from(arguments).map_err(|error| {
        // A closed pipe must not turn `--help | head` into a failure.
        let _ = error.print();
        exit_of(&error)
    })
}

/// The reference page of the command line: what `--help` says of every command.
#[must_use]
pub fn reference_page() -> String {
    let mut command = Arguments::command().term_width(100);
    command.build();
    let mut page = String::from("# Command line\n\n<!-- Generated from the program by its tests; do not edit. -->\n");
    let _ = write!(page, "\n```text\n{}\n```\n", trimmed(&command.render_long_help().to_string()));
    for subcommand in command.get_subcommands_mut() {
        describe(subcommand, "", &mut page);
    }
    page
}

/// A command; of one that is a group of others, these.
fn describe(command: &mut clap::Command, group: &str, page: &mut String) {
    let name = format!("{group}{}", command.get_name());
    if command.get_name() == "help" {
        return;
    }
    if command.has_subcommands() {
        for subcommand in command.get_subcommands_mut() {
            describe(subcommand, &format!("{name} "), page);
        }
        return;
    }
    let _ = write!(page, "\n## {name}\n\n```text\n{}\n```\n", trimmed(&command.render_long_help().to_string()));
}

/// Without the blanks that help texts leave at the ends of lines.
fn trimmed(help: &str) -> String {
    help.trim().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn exit_of(error: &clap::Error) -> Exit {
    if error.use_stderr() { Exit::Usage } else { Exit::Ok }
}

fn speed(text: &str) -> Result<f64, String> {
    let factor = text.parse::<f64>().ok().filter(|factor| (0.2..=3.0).contains(factor));
    factor.ok_or_else(|| "write a number from 0.2 to 3".to_owned())
}

fn act(text: &str) -> Result<Act, String> {
    let known = || Act::ALL.into_iter().map(Act::name);
    let found = Act::ALL.into_iter().find(|act| act.name() == text);
    found.ok_or_else(|| format!("there are: {}", known().collect::<Vec<_>>().join(", ")))
}

fn split<'a>(text: &'a str, example: &str) -> Result<(&'a str, &'a str), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("write it as `{example}`"))?;
    if is_name(name) {
        Ok((name, value))
    } else {
        Err("a name has letters, digits, `_` and `-`, and starts with a letter or `_`".to_owned())
    }
}

fn name_value(text: &str) -> Result<NameValue, String> {
    let (name, value) = split(text, "topic=growth")?;
    Ok(NameValue { name: name.to_owned(), value: value.to_owned() })
}

fn secret_source(text: &str) -> Result<SecretSource, String> {
    let (name, source) = split(text, "password=env:PASSWORD")?;
    Ok(SecretSource { name: name.to_owned(), source: source.to_owned() })
}

fn host_url(text: &str) -> Result<HostUrl, String> {
    let (name, url) = split(text, "platform=https://staging.example")?;
    let url = url::Url::parse(url).map_err(|error| format!("not an absolute URL: {error}"))?;
    Ok(HostUrl { name: name.to_owned(), url })
}

fn listen(text: &str) -> Result<Listen, String> {
    Listen::parse(text).ok_or_else(|| "write an address and a port, such as `127.0.0.1:9797`".to_owned())
}

fn outcome(text: &str) -> Result<Outcome, String> {
    let all = [Outcome::Passed, Outcome::Degraded, Outcome::Failed, Outcome::Indeterminate];
    let words = || all.map(Outcome::word).join(", ");
    all.into_iter().find(|outcome| outcome.word() == text).ok_or_else(|| format!("one of {}", words()))
}

fn report_file(text: &str) -> Result<ReportFile, String> {
    let example = "write it as `junit=report.xml`; kinds are junit, tap, json and har";
    let (kind, path) = text.split_once('=').filter(|(_, path)| !path.is_empty()).ok_or(example)?;
    let format = ReportFormat::from_str(kind, false).map_err(|_| example)?;
    Ok(ReportFile { format, path: PathBuf::from(path) })
}

#[cfg(test)]
mod tests;
