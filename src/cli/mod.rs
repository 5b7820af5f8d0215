//! Floor 8: what people type and what they read. Arguments in, results out; no decisions about monitoring.

mod alert;
pub mod arguments;
mod catch;
mod check;
mod completions;
mod demo;
pub mod diagnostics;
pub mod exit;
mod healthcheck;
mod incidents;
mod man;
mod new;
pub mod paint;
pub mod progress;
pub mod reference;
pub mod report;
mod run;
mod runs;
pub mod schema;
mod test;

use std::ffi::OsString;
use std::io::Write as _;

use arguments::{Alert, Arguments, Command};
use exit::Exit;

/// The whole program: reads the command line, does what it says, tells how it ended.
pub fn main(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Exit {
    let arguments = match arguments::read(arguments) {
        Ok(arguments) => arguments,
        Err(exit) => return exit,
    };
    match command(&arguments) {
        Ok(exit) => exit,
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Ok,
        Err(error) => {
            // Where even this cannot be written, the exit still tells.
            let _ = writeln!(paint::stderr(arguments.color), "error: {error}");
            Exit::Usage
        }
    }
}

fn command(arguments: &Arguments) -> std::io::Result<Exit> {
    match &arguments.command {
        Command::Check(check) => check::run(check, &mut paint::stdout(arguments.color)),
        Command::Healthcheck(check) => with_runtime(healthcheck::run(check, arguments.color)),
        Command::Completions(shell) => completions::run(shell, &mut paint::stdout(arguments.color)),
        Command::Man(man) => man::run(man, &mut paint::stdout(arguments.color)),
        Command::New(new) => new::run(new, &mut paint::stdout(arguments.color)),
        Command::Schema(schema) => schema::run(schema, &mut paint::stdout(arguments.color)),
        Command::Incidents(incidents) => incidents::run(incidents, &mut paint::stdout(arguments.color)),
        Command::Runs(runs) => runs::run(runs, &mut paint::stdout(arguments.color)),
        Command::Alert(Alert::Test(test)) => with_runtime(alert::test(test, arguments.color)),
        Command::Alert(Alert::Catch(catch)) => with_runtime(catch::run(catch, arguments.color)),
        Command::Test(test) => with_runtime(test::run(test, arguments.color)),
        Command::Demo(demo) => with_runtime(demo::run(demo, arguments.color)),
        Command::Run(run) => with_runtime(run::run(run, arguments.color)),
    }
}

fn with_runtime(work: impl Future<Output = std::io::Result<Exit>>) -> std::io::Result<Exit> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let exit = runtime.block_on(work);
    // A look-up that hangs in the system must not keep the program from ending.
    runtime.shutdown_background();
    exit
}

/// Ends the process without waiting for anything: somebody has asked twice.
#[expect(clippy::disallowed_methods, reason = "nothing is to be cleaned up any more, which is what was asked for")]
fn leave_at_once() -> ! {
    std::process::exit(i32::from(Exit::Indeterminate as u8))
}
