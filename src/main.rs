//! The binary: nothing but the door to the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    forerunner::cli::main(std::env::args_os()).into()
}
