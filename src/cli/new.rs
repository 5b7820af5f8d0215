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
    let mut answers = std::io::stdin().lock();
    let mut ask = |given: &Option<String>, question: &str| -> std::io::Result<String> {
        if let Some(given) = given {
            return Ok(given.trim().to_owned());
        }
        if std::io::stdin().is_terminal() {
            write!(out, "{question} ")?;
            out.flush()?;
        }
        let mut line = String::new();
        answers.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    };
    let title = ask(&arguments.title, "What do customers do, in a few words?")?;
    let url = ask(&arguments.url, "The first address that they come to?")?;
    let mail = ask(&arguments.mail, "Who gets mail when it fails (empty: nobody)?")?;
    let plan = plan(&title, &url, &mail).map_err(std::io::Error::other)?;
    let journey = arguments.dir.join("probes").join(format!("{}.yaml", plan.name));
    let config = arguments.dir.join("config").join("forerunner.yaml");
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
            "\nthe configuration hands mail to a relay on this machine, port 25; `forerunner alert test --config {}` tries it",
            config.display()
        )?;
    }
    Ok(Exit::Ok)
}

fn plan(title: &str, url: &str, mail: &str) -> Result<Plan, String> {
    if title.is_empty() || title.chars().count() > TITLE_CHARS_MAX || title.chars().any(is_hostile) {
        return Err(format!(
            "`{}` is no title; write a few words, such as `A visitor finds a guide`",
            printable(title)
        ));
    }
    let name = name_of(title).ok_or_else(|| {
        format!("no name can be made of `{}`; use some letters from a to z in the title", printable(title))
    })?;
    let bad_url =
        || format!("`{}` is no address of a page; write for example `https://www.example.org/`", printable(url));
    let url = Url::parse(url).map_err(|_| bad_url())?;
    let is_plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || !is_plain {
        return Err(bad_url());
    }
    let mail = Some(mail.to_owned()).filter(|mail| !mail.is_empty());
    if let Some(mail) = &mail {
        check_address(mail).map_err(|bad| format!("{}: {}", bad.message, bad.help))?;
    }
    Ok(Plan { name, title: title.to_owned(), url, mail })
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
