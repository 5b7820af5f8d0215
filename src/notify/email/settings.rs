//! Who sends mail to whom, and through which relays.

use std::fmt;
use std::path::PathBuf;

use crate::base::secret::Secret;

/// Everything that an email channel is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailSettings {
    /// Sender of the envelope and of the header: what cannot be delivered comes back to it.
    pub from: String,
    pub to: Vec<String>,
    /// Who gets what an address of `to` is refused.
    pub fallback: Vec<String>,
    /// Tried in this order.
    pub relays: Vec<Relay>,
    /// What we call ourselves: a domain name, or an address in brackets.
    pub hello: String,
}

/// A mail server that takes mail from us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    /// Its name, which its certificate must be for, or its address.
    pub host: String,
    pub port: u16,
    pub tls: RelayTls,
    pub login: Option<Login>,
    /// A file with the certificate authorities to trust for this relay, instead of the system's. Read at each attempt.
    pub ca: Option<PathBuf>,
}

/// How the connection is encrypted. There is no falling back from one to the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RelayTls {
    /// Begins in plain text, and says nothing worth knowing before it is encrypted.
    #[default]
    Starttls,
    /// From the first byte on.
    Implicit,
    /// Not at all: for a relay on the same machine.
    None,
}

/// Who we are at a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub password: Password,
}

/// Where a password is held. It is read at each attempt, so that a new one is used as soon as it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Password {
    Environment(String),
    File(PathBuf),
}

/// Longer ones are no passwords.
const PASSWORD_BYTES_MAX: usize = 4096;

impl Relay {
    /// As people see it: `smtp.example.org:587`.
    #[must_use]
    pub fn label(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl Password {
    /// # Errors
    /// Where it was looked for and why it cannot be used.
    pub async fn read(&self) -> Result<Secret, String> {
        let text = match self {
            Self::Environment(name) => std::env::var(name)
                .map_err(|_| format!("the password is expected in the environment as `{name}`, which is not set"))?,
            Self::File(path) => tokio::fs::read_to_string(path)
                .await
                .map_err(|error| format!("the password cannot be read from `{}`: {error}", path.display()))?,
        };
        // A file ends its line, which is no part of the password.
        let secret = Secret::new(text.trim_end_matches(['\r', '\n']));
        match secret.expose() {
            "" => Err(format!("{self} holds an empty password")),
            text if text.len() > PASSWORD_BYTES_MAX || text.contains('\0') => {
                Err(format!("{self} holds something that cannot be a password"))
            }
            _ => Ok(secret),
        }
    }
}

impl fmt::Display for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
        }
    }
}

/// Why an address cannot be used; the text says what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadAddress {
    pub message: String,
    pub help: &'static str,
}

/// Judges an address before it is used. Addresses with other letters than those of ASCII need an extension that relays
/// may lack, and a mail that only some relays take is one that may be lost.
///
/// # Errors
/// What is wrong with it.
pub fn check_address(text: &str) -> Result<(), BadAddress> {
    let bad = |message, help| Err(BadAddress { message, help });
    if !text.is_ascii() {
        return bad(
            format!("`{text}` has letters that not every relay accepts in an address"),
            "write an address in ASCII; most providers give one as an alias",
        );
    }
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"<>\"\\".contains(&byte);
    if text.len() > 254 || !text.bytes().all(plain) || text.parse::<lettre::Address>().is_err() {
        return bad(
            format!("`{}` is not a mail address", crate::base::printable::printable_within(text, 80)),
            "write it alone, for example `oncall@example.org`",
        );
    }
    Ok(())
}

/// Judges the name that we give ourselves.
///
/// # Errors
/// What is wrong with it.
pub fn check_hello(text: &str) -> Result<(), BadAddress> {
    let writable = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
    if !text.is_empty() && text.len() <= 255 && text.bytes().all(writable) {
        return Ok(());
    }
    Err(BadAddress {
        message: format!("`{text}` cannot be the name by which we greet a relay"),
        help: "write the name of this machine, for example `forerunner.example.org`",
    })
}

impl EmailSettings {
    /// Judges everything in it.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self) -> Result<(), BadAddress> {
        std::iter::once(&self.from).chain(&self.to).chain(&self.fallback).try_for_each(|text| check_address(text))?;
        check_hello(&self.hello)?;
        let open = self.relays.iter().find(|relay| relay.tls == RelayTls::None && relay.login.is_some());
        let unencrypted = |relay: &Relay| BadAddress {
            message: format!("the password for {} would be sent unencrypted", relay.label()),
            help: "use `tls: starttls` or `tls: implicit`, or leave `user` and `password` out",
        };
        open.map_or(Ok(()), |relay| Err(unencrypted(relay)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_ascii_and_stands_alone() {
        for (text, words) in [
            ("oncall@example.org", None),
            ("a.b+c@sub.example.org", None),
            ("root@[127.0.0.1]", None),
            ("dürüm@example.org", Some("letters that not every relay")),
            ("on call@example.org", Some("not a mail address")),
            ("On Call <oncall@example.org>", Some("not a mail address")),
            ("oncall", Some("not a mail address")),
            ("a@b>\r\nRCPT TO:<c@d", Some("not a mail address")),
            ("\"a b\"@example.org", Some("not a mail address")),
            ("", Some("not a mail address")),
        ] {
            let bad = check_address(text).err();
            assert_eq!(bad.is_some(), words.is_some(), "{text}: {bad:?}");
            assert!(bad.is_none_or(|bad| bad.message.contains(words.unwrap_or_default())), "{text}");
        }
    }

    #[test]
    fn a_password_never_leaves_unencrypted() {
        let password = Password::Environment("P".to_owned());
        let relay = |tls, login: bool| Relay {
            host: "::1".to_owned(),
            port: 25,
            tls,
            login: login.then(|| Login { user: "u".to_owned(), password: password.clone() }),
            ca: None,
        };
        for (relay, sound) in [
            (relay(RelayTls::None, false), true),
            (relay(RelayTls::Starttls, true), true),
            (relay(RelayTls::None, true), false),
        ] {
            let from = "f@example.org".to_owned();
            let settings = EmailSettings {
                from,
                to: Vec::new(),
                fallback: Vec::new(),
                relays: vec![relay],
                hello: "[::1]".to_owned(),
            };
            assert_eq!(settings.check().is_ok(), sound);
        }
    }
}
