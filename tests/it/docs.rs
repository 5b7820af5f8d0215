//! Does what the documents tell readers to do. In the tutorial every file is written, every command run, and its output
//! compared; everywhere else the commands are at least ones that the program understands, and examples pass `check`.

use std::cell::RefCell;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use forerunner::cli::arguments;

use crate::repository::{FILES, has_extension};
use crate::support::pki::CertificateAuthority;

/// A fenced block, with the comment that stands before it: `file: NAME`, perhaps `, wrong on purpose`, `run: CODE`,
/// `meanwhile: NAME` and `appears: NAME` for another terminal, or `elsewhere`.
#[derive(Debug)]
struct Block<'a> {
    mark: &'a str,
    language: &'a str,
    text: String,
}

fn blocks(document: &str) -> Vec<Block<'_>> {
    let (mut found, mut mark) = (Vec::new(), "");
    let mut lines = document.lines();
    while let Some(line) = lines.next() {
        if let Some(comment) = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->")) {
            mark = comment;
        } else if let Some(language) = line.strip_prefix("```") {
            let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            found.push(Block { mark: std::mem::take(&mut mark), language, text: text.join("\n") + "\n" });
        }
    }
    found
}

/// Whether the expected lines stand in the output, in this order; `…` stands for anything within a line.
fn missing_line<'a>(output: &str, expected: &'a str) -> Option<&'a str> {
    let mut rest = output.lines();
    expected.lines().find(|expected| !rest.any(|line| fits(line.trim_end(), expected.trim_end())))
}

fn fits(line: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('…');
    let Some(mut rest) = parts.next().and_then(|start| line.strip_prefix(start)) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let end = if parts.peek().is_some() {
            rest.find(part)
        } else {
            rest.ends_with(part).then(|| rest.len() - part.len())
        };
        let Some(at) = end else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}

#[test]
fn an_ellipsis_stands_for_anything_within_a_line() {
    for (line, pattern, expected) in [
        ("a b c", "a b c", true),
        ("a b c", "a … c", true),
        ("a b c", "a …", true),
        ("a b c d", "a … c", false),
        ("a b", "b", false),
        ("a b c d e", "a … c … e", true),
    ] {
        assert_eq!(fits(line, pattern), expected, "{line} {pattern}");
    }
}

/// The shop of the tutorial, as its readers start it.
fn shop() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || customer(stream));
        }
    });
    address
}

/// Serves one connection until its other end leaves.
fn customer(mut stream: TcpStream) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    loop {
        let head: Vec<String> =
            reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
        let Some((method, path)) = head.first().and_then(|line| line.rsplit_once(' ')?.0.split_once(' ')) else {
            return;
        };
        let header = |name: &str| {
            let line = head.iter().find(|line| line.to_lowercase().starts_with(name));
            line.and_then(|line| line.split_once(": ")).map(|(_, value)| value.to_owned())
        };
        let length = header("content-length:").map_or(0, |length| length.parse().expect("a length"));
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("a body");
        let known = header("authorization:").as_deref() == Some("Bearer open-sesame");
        let (status, kind, answer) = match (method, path) {
            ("GET", "/") => ("200 OK", "text/html", "<h1>The corner shop</h1>"),
            ("GET", "/goods") => {
                ("200 OK", "application/json", r#"{"goods": [{"id": "cake", "left": 0}, {"id": "tea", "left": 3}]}"#)
            }
            ("POST", _) if known => ("201 Created", "application/json", r#"{"id": "1"}"#),
            ("POST", _) => ("401 Unauthorized", "application/json", r#"{"error": "who are you?"}"#),
            ("DELETE", _) => ("200 OK", "application/json", "{}"),
            _ => ("404 Not Found", "application/json", "{}"),
        };
        let head = format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", answer.len());
        if stream.write_all(format!("{head}{answer}").as_bytes()).is_err() {
            return;
        }
    }
}

/// The program stands where a reader would have put it.
fn path_with_the_program() -> std::ffi::OsString {
    let program = Path::new(env!("CARGO_BIN_EXE_forerunner")).parent().expect("a directory").to_owned();
    let others = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(program).chain(std::env::split_paths(&others))).expect("a path")
}

fn shell(text: &str, directory: &Path) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(text).current_dir(directory);
    shell.env("PATH", path_with_the_program()).env_remove("CLICOLOR_FORCE").stdin(Stdio::null());
    shell
}

/// Another terminal, in which something runs until the end.
struct Meanwhile {
    name: String,
    child: Child,
    lines: mpsc::Receiver<String>,
    said: RefCell<String>,
}

impl Meanwhile {
    fn start(name: &str, mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
        let (sender, lines) = mpsc::channel();
        let streams: [Box<dyn Read + Send>; 2] =
            [Box::new(child.stdout.take().expect("output")), Box::new(child.stderr.take().expect("errors"))];
        for stream in streams {
            let sender = sender.clone();
            let lines = BufReader::new(stream).lines().map_while(Result::ok);
            std::thread::spawn(move || lines.for_each(|line| drop(sender.send(line))));
        }
        Self { name: name.to_owned(), child, lines, said: RefCell::default() }
    }

    /// Waits until it has said something; then all that it has said.
    fn until(&self, wanted: impl Fn(&str) -> bool) -> String {
        let mut said = self.said.borrow_mut();
        while !wanted(&said) {
            // As long as nothing but a fault takes.
            let line = self.lines.recv_timeout(Duration::from_mins(3));
            let line = line.unwrap_or_else(|_| panic!("`{}` has said only\n{said}", self.name));
            *said += &line;
            said.push('\n');
        }
        said.clone()
    }
}

impl Drop for Meanwhile {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_tutorial_does_what_it_says() {
    let document = include_str!("../../docs/tutorial.md");
    let (shop, directory) = (shop(), tempfile::tempdir().expect("a directory"));
    let mail = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
    // Where readers have ports of their own, tests have free ones.
    let here = |text: &str| {
        let text = text.replace("127.0.0.1:8000", &shop).replace("port: 2525", &format!("port: {mail}"));
        let text = text.replace("alert catch", &format!("alert catch --listen 127.0.0.1:{mail}"));
        text.replace("run --config", "run --listen 127.0.0.1:0 --config")
    };
    let there =
        |said: &str| said.replace(&shop, "127.0.0.1:8000").replace(&format!("127.0.0.1:{mail}"), "127.0.0.1:2525");
    let (mut output, mut commands, mut meanwhile) = (None::<String>, 0, Vec::<Meanwhile>::new());
    for block in blocks(document) {
        let Block { mark, language, text } = &block;
        if let Some(name) = mark.strip_prefix("file: ") {
            let name = name.split(',').next().unwrap_or_default();
            std::fs::write(directory.path().join(name), here(text)).expect("written");
        } else if let Some(code) = mark.strip_prefix("run: ") {
            let ran = shell(&here(text), directory.path()).output().expect("a shell");
            let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
            assert_eq!(ran.status.code(), code.parse().ok(), "{text}\n{said}");
            output = Some(there(&said));
            commands += 1;
        } else if let Some(name) = mark.strip_prefix("meanwhile: ") {
            let started = Meanwhile::start(name, shell(&format!("exec {}", here(text)), directory.path()));
            output = Some(there(&started.until(|said| said.contains("127.0.0.1:"))));
            meanwhile.push(started);
            commands += 1;
        } else if let Some(name) = mark.strip_prefix("appears: ") {
            let terminal = meanwhile.iter().find(|other| other.name == name).expect("started before");
            terminal.until(|said| missing_line(&there(said), text).is_none());
        } else if *language == "text" {
            let said = output.take().expect("a command stands before what it prints");
            assert_eq!(missing_line(&said, text), None, "the output is\n{said}");
        } else {
            assert!(mark.starts_with("elsewhere"), "a block without a mark: {block:?}");
        }
    }
    assert!(commands >= 10, "commands are found: {commands}");
}

#[test]
fn the_definitions_of_the_repository_pass_check() {
    let mut check = Command::new(env!("CARGO_BIN_EXE_forerunner"));
    check.args(["check", "probes", "config"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let ran = check.output().expect("it starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
}

/// What a block of YAML is by its keys.
#[derive(Debug, PartialEq)]
enum Example {
    Journey,
    Configuration,
    /// Lines to put somewhere in a journey.
    Excerpt,
    /// A file of somebody else's program.
    Foreign,
}

impl Example {
    fn of(text: &str) -> Self {
        let key = |line: &str| line.split_once(':').map(|(key, _)| key.to_owned());
        let keys: Vec<_> =
            text.lines().filter(|line| line.starts_with(|c: char| c.is_alphabetic())).filter_map(key).collect();
        let has = |names: &[&str]| keys.iter().any(|key| names.contains(&key.as_str()));
        if has(&["forerunner"]) {
            Self::Journey
        } else if has(&["services", "scrape_configs", "apiVersion", "tls_server_config"]) {
            Self::Foreign
        } else if keys.is_empty() || has(&["steps", "needs", "keep"]) {
            Self::Excerpt
        } else {
            Self::Configuration
        }
    }
}

#[test]
fn examples_in_documents_pass_check() {
    let (mut journeys, mut configurations) = (0, 0);
    for (path, document) in FILES.iter().filter(|(path, _)| has_extension(path, "md") && !path.ends_with("tutorial.md"))
    {
        for block in blocks(document).into_iter().filter(|block| block.language == "yaml") {
            let example = Example::of(&block.text);
            let mut text = block.text.clone();
            match example {
                Example::Journey => journeys += 1,
                Example::Configuration => configurations += 1,
                Example::Excerpt | Example::Foreign => continue,
            }
            if example == Example::Configuration && !text.contains("\nruns:") && !text.starts_with("runs:") {
                text += "runs: []\n";
            }
            // Where readers have their files: journeys beside the configuration.
            let directory = tempfile::tempdir().expect("a directory");
            for (path, text) in FILES.iter().filter(|(path, _)| path.starts_with("probes/")) {
                for path in [path.as_str(), path.replace("platform/", "").as_str()] {
                    let path = directory.path().join(path);
                    std::fs::create_dir_all(path.parent().expect("a directory")).expect("made");
                    std::fs::write(path, text).expect("written");
                }
            }
            for authorities in ["company-ca.pem", "partner-ca.pem"] {
                let pem = CertificateAuthority::new("Somebody").pem();
                std::fs::write(directory.path().join(authorities), pem).expect("written");
            }
            std::fs::write(directory.path().join("example.yaml"), &text).expect("written");
            let mut check = Command::new(env!("CARGO_BIN_EXE_forerunner"));
            let ran = check.args(["check", "example.yaml"]).current_dir(&directory).output().expect("it starts");
            assert!(ran.status.success(), "{path}:\n{text}\n{}", String::from_utf8_lossy(&ran.stdout));
        }
    }
    assert!(journeys >= 3 && configurations >= 8, "examples are found: {journeys} and {configurations}");
}

/// The commands of ours in the shell blocks of a document, as words.
fn commands(document: &str) -> Vec<Vec<String>> {
    let shell = blocks(document).into_iter().filter(|block| block.language == "sh").map(|block| block.text);
    let lines = shell.flat_map(|text| text.replace("\\\n", " ").lines().map(str::to_owned).collect::<Vec<_>>());
    let ours = lines.filter_map(|line| {
        let line =
            line.split(" #").next().unwrap_or_default().split(" > ").next().unwrap_or_default().trim().to_owned();
        let rest =
            line.strip_prefix("forerunner ").or_else(|| line.split_once("cargo run --release -- ").map(|it| it.1))?;
        Some(std::iter::once("forerunner").chain(rest.split_whitespace()).map(str::to_owned).collect())
    });
    ours.collect()
}

#[test]
fn every_command_in_a_document_is_understood() {
    let documents = FILES.iter().filter(|(path, _)| has_extension(path, "md"));
    let all: Vec<_> =
        documents.flat_map(|(path, text)| commands(text).into_iter().map(|words| (path.clone(), words))).collect();
    assert!(all.len() >= 20, "commands are found: {}", all.len());
    for (path, words) in all {
        assert!(arguments::read(&words).is_ok(), "{path}: {}", words.join(" "));
    }
}
