# Short names for what one types all day; `just` lists them.

default:
    @just --list

# Compiles everything, tests included.
check:
    cargo check --all-targets

# Everything but the real parts and fuzzing.
test:
    scripts/test --quick

# Everything, as the build machine does it.
all:
    scripts/test

# Format and lints.
lint:
    cargo fmt
    cargo clippy --all-targets -- -D warnings

# Runs the tests and takes the new snapshots; read the difference before you commit it.
snap:
    INSTA_UPDATE=always cargo test

# Where the time of a cold build goes.
timings:
    cargo build --timings
