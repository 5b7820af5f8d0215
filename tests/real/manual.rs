//! Manual pages and completions, judged by those who will read them: mandoc, bash, zsh, fish.

use std::process::Stdio;

use tokio::process::Command;

use crate::program::program;

async fn printed(arguments: &[&str]) -> String {
    let output = program().args(arguments).output().await.expect("started");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Runs a program in a directory; it must be content, and what it says comes back.
async fn judged(directory: &std::path::Path, line: &[&str]) -> String {
    let mut command = Command::new(line[0]);
    command.args(&line[1..]).current_dir(directory).env("HOME", directory).stdin(Stdio::null());
    let output = command.output().await.unwrap_or_else(|_| panic!("{} is installed, as scripts/test sees to", line[0]));
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{line:?}: {said}");
    said
}

/// What stands behind `name` in the list of commands of a page or a help text.
fn commands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[tokio::test]
async fn every_page_of_the_manual_is_one_that_mandoc_accepts() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut pages = vec![String::new()];
    while let Some(page) = pages.pop() {
        let words: Vec<&str> = page.split_whitespace().collect();
        let text = printed(&[&["man"], words.as_slice()].concat()).await;
        std::fs::write(directory.path().join("page.1"), &text).expect("written");
        judged(directory.path(), &["mandoc", "-T", "lint", "-W", "error", "page.1"]).await;
        let shown = judged(directory.path(), &["mandoc", "-T", "utf8", "page.1"]).await;
        let title = ["forerunner"].iter().chain(&words).copied().collect::<Vec<_>>().join("-").to_uppercase();
        assert!(shown.starts_with(&format!("{title}(1)")), "{shown}");
        assert!(shown.contains(concat!("forerunner ", env!("CARGO_PKG_VERSION"))), "{shown}");
        let help = printed(&[words.as_slice(), &["--help"]].concat()).await;
        pages.extend(commands(&help).iter().filter(|name| *name != "help").map(|name| format!("{page} {name}")));
    }
}

#[tokio::test]
async fn shells_complete_what_is_typed() {
    let directory = tempfile::tempdir().expect("a directory");
    for shell in ["bash", "zsh", "fish"] {
        let script = printed(&["completions", shell]).await;
        std::fs::write(directory.path().join(shell), script).expect("written");
    }
    let in_bash = "source ./bash; COMP_WORDS=(forerunner healthc); COMP_CWORD=1; \
                   _forerunner forerunner healthc forerunner; echo ${COMPREPLY[@]}";
    let in_fish = "source ./fish; complete -C 'forerunner healthc'";
    let in_zsh = "autoload -U compinit; compinit -u -d ./dump; source ./zsh; print $_comps[forerunner]";
    for (line, expected) in [
        (["bash", "--norc", "-c", in_bash], "healthcheck"),
        (["fish", "--no-config", "-c", in_fish], "healthcheck"),
        (["zsh", "-f", "-c", in_zsh], "_forerunner"),
    ] {
        let said = judged(directory.path(), &line).await;
        assert_eq!(said.split_whitespace().next(), Some(expected), "{said}");
    }
    judged(directory.path(), &["zsh", "-f", "-n", "zsh"]).await;
}
