//! `forerunner new`: from three answers to a journey and a configuration that `check` is content with.

use std::fmt::Write as _;
use std::io::{BufRead, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use url::Url;

use super::arguments::New;
use super::exit::Exit;
use crate::base::printable::{is_hostile, printable};
use crate::notify::email::settings::check_address;

/// Characters of a title: one line of a list.
const TITLE_CHARS_MAX: usize = 100;
/// Characters of a name that is made from a title.
const NAME_CHARS_MAX: usize = 40;

/// What is to be written.
struct Plan {
    name: String,
    title: String,
    url: Url,
    mail: Option<String>,
}

/// Asks for what is not given, and writes the files.
///
/// # Errors
/// An answer cannot be used, a file is there already, or cannot be written.
pub fn run(arguments: &New, out: &mut dyn Write) -> std::io::Result<Exit> {
    let mut desk = Desk { answers: std::io::stdin().lock(), is_terminal: std::io::stdin().is_terminal(), out };
    let (name, title) = desk.ask(arguments.title.as_deref(), "What do customers do, in a few words?", named)?;
    let url = desk.ask(arguments.url.as_deref(), "The first address that they come to?", page)?;
    let mail = desk.ask(arguments.mail.as_deref(), "Who gets mail when it fails (empty: nobody)?", receiver)?;
    let Desk { out, .. } = desk;
    let plan = Plan { name, title, url, mail };
    let directory = if arguments.dir == Path::new(".") { Path::new("") } else { arguments.dir.as_path() };
    let journey = directory.join("probes").join(format!("{}.yaml", plan.name));
    let config = directory.join("config").join("forerunner.yaml");
    for path in [&journey, &config] {
        if path.exists() {
            let why = format!("`{}` is there already; name another place with --dir, or move it away", path.display());
            return Err(std::io::Error::other(why));
        }
    }
    write_file(&journey, &journey_text(&plan))?;
    write_file(&config, &config_text(&plan))?;
    writeln!(out, "written: {} and {}", journey.display(), config.display())?;
    writeln!(out, "\nnext:\n  forerunner test --config {} {}", config.display(), journey.display())?;
    writeln!(out, "  forerunner run --config {}", config.display())?;
    if plan.mail.is_some() {
        writeln!(
            out,
            "\nmail goes to a relay on this machine, port 25:\n  forerunner alert test --config {}\n\
             without a relay, write `port: 2525`, and see in another terminal what would be sent:\n  \
             forerunner alert catch",
            config.display()
        )?;
    }
    Ok(Exit::Ok)
}

/// Where questions are asked and answers come from.
struct Desk<'a, R> {
    answers: R,
    is_terminal: bool,
    out: &'a mut dyn Write,
}

impl<R: BufRead> Desk<'_, R> {
    /// What is given counts. Whoever sits at a terminal is asked until it is an answer.
    fn ask<T>(
        &mut self,
        given: Option<&str>,
        question: &str,
        understand: impl Fn(&str) -> Result<T, String>,
    ) -> std::io::Result<T> {
        if let Some(given) = given {
            return understand(given.trim()).map_err(std::io::Error::other);
        }
        loop {
            if self.is_terminal {
                write!(self.out, "{question} ")?;
                self.out.flush()?;
            }
            let mut line = String::new();
            let is_last = self.answers.read_line(&mut line)? == 0;
            match understand(line.trim()) {
                Err(why) if self.is_terminal && !is_last => writeln!(self.out, "  {why}")?,
                answer => return answer.map_err(std::io::Error::other),
            }
        }
    }
}

/// A name and a title.
fn named(title: &str) -> Result<(String, String), String> {
    if title.is_empty() || title.chars().count() > TITLE_CHARS_MAX || title.chars().any(is_hostile) {
        return Err(format!(
            "`{}` is no title; write a few words, such as `A visitor finds a guide`",
            printable(title)
        ));
    }
    let name = name_of(title).ok_or_else(|| {
        format!("no name can be made of `{}`; use some letters from a to z in the title", printable(title))
    })?;
    Ok((name, title.to_owned()))
}

/// As people write an address: what has no scheme is `https`, or `http` on this machine.
fn page(text: &str) -> Result<Url, String> {
    let bad = || format!("`{}` is no address of a page; write for example `https://www.example.org/`", printable(text));
    let is_here = ["localhost", "127.", "[::1]"].iter().any(|start| text.starts_with(start));
    let scheme = match (text.contains("://"), is_here) {
        (true, _) => "",
        (false, true) => "http://",
        (false, false) => "https://",
    };
    let url = Url::parse(&format!("{scheme}{text}")).map_err(|_| bad())?;
    let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let is_page = matches!(url.scheme(), "http" | "https") && url.host_str().is_some() && is_plain;
    if is_page { Ok(url) } else { Err(bad()) }
}

fn receiver(mail: &str) -> Result<Option<String>, String> {
    if mail.is_empty() {
        return Ok(None);
    }
    check_address(mail).map_err(|bad| format!("{}: {}", bad.message, bad.help))?;
    Ok(Some(mail.to_owned()))
}

/// `a-visitor-finds-a-guide`.
fn name_of(title: &str) -> Option<String> {
    let plain = title.to_lowercase();
    let words = plain.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut name = String::new();
    for word in words {
        if name.len() + word.len() + 1 > NAME_CHARS_MAX {
            break;
        }
        let _ = write!(name, "{}{word}", if name.is_empty() { "" } else { "-" });
    }
    let name = name.trim_start_matches(|letter: char| letter.is_ascii_digit() || letter == '-').to_owned();
    (!name.is_empty()).then_some(name)
}

/// Text between quotation marks of YAML, which are those of JSON.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn journey_text(plan: &Plan) -> String {
    let origin = plan.url.origin().ascii_serialization();
    let path = quoted(&plan.url[url::Position::BeforePath..]);
    format!(
        "# What a customer does, step by step. Every key is told in docs/reference/journey.md.\n\
         forerunner: 1\njourney: {}\ntitle: {}\nneeds:\n  hosts: {{ site: {} }}\n\nsteps:\n  - step: open\n    get: {path}\n    \
         expect:\n      status: 200\n    prefer:                # slower than this is degraded, not failed\n      time: {{ lt: 1s }}\n",
        plan.name,
        quoted(&plan.title),
        quoted(&origin),
    )
}

fn config_text(plan: &Plan) -> String {
    let is_here = match plan.url.host() {
        Some(url::Host::Ipv4(address)) => !address.is_unspecified() && (address.is_loopback() || address.is_private()),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    let mut text = String::from("# What runs here, and how. Every key is told in docs/reference/config.md.\n");
    let alert = if plan.mail.is_some() { "[ops-mail]" } else { "none" };
    let allow = if is_here { ", allow: { private-addresses: true }" } else { "" };
    let _ = writeln!(
        text,
        "defaults: {{ every: 1m, alert: {alert}{allow} }}\nruns:\n  - file: ../probes/{}.yaml",
        plan.name
    );
    if let Some(mail) = &plan.mail {
        let domain = mail.rsplit_once('@').map_or("localhost", |(_, domain)| domain);
        let _ = write!(
            text,
            "channels:\n  ops-mail:\n    email:\n      from: forerunner@{domain}\n      to: [{}]\n      \
             relays:                # a relay elsewhere: host, user, `password: env:SMTP_PASSWORD`, and no `tls`\n        \
             - {{ host: localhost, port: 25, tls: none }}\n",
            quoted(mail)
        );
    }
    text
}

fn write_file(path: &PathBuf, text: &str) -> std::io::Result<()> {
    let made = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(path, text));
    made.map_err(|error| std::io::Error::other(format!("`{}` cannot be written: {error}", Path::new(path).display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_understood_as_people_write_them() {
        for (text, expected) in [
            ("www.example.org", Some("https://www.example.org/")),
            ("www.example.org:8443/a?b", Some("https://www.example.org:8443/a?b")),
            ("localhost:8000", Some("http://localhost:8000/")),
            ("127.0.0.1:8000/x", Some("http://127.0.0.1:8000/x")),
            ("http://www.example.org", Some("http://www.example.org/")),
            ("ftp://www.example.org", None),
            ("", None),
            ("two words", None),
        ] {
            assert_eq!(page(text).ok().as_ref().map(Url::as_str), expected, "{text}");
        }
    }

    #[test]
    fn whoever_sits_at_a_terminal_is_asked_again_and_a_pipe_is_not() {
        let mut said = Vec::new();
        let mut desk = Desk { answers: "\nnot one\nexample.org\n".as_bytes(), is_terminal: true, out: &mut said };
        let url = desk.ask(None, "Where?", page).expect("the third answer");
        assert_eq!(url.as_str(), "https://example.org/");
        // The end of input is no reason to ask for ever.
        assert!(desk.ask(None, "Where?", page).is_err());
        let said = String::from_utf8(said).expect("text");
        assert_eq!((said.matches("Where?").count(), said.matches("is no address of a page").count()), (4, 2), "{said}");
        let mut desk = Desk { answers: "\nexample.org\n".as_bytes(), is_terminal: false, out: &mut Vec::new() };
        assert!(desk.ask(None, "Where?", page).is_err());
        assert_eq!(desk.ask(Some("a.example"), "Where?", page).expect("given").as_str(), "https://a.example/");
    }
}
