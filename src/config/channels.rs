//! Channels: how people are told of incidents, as the operator wrote them, and with everything filled in.

use std::path::{Path, PathBuf};

use super::rules;
use crate::base::name::is_id;
use crate::base::shape::{Entries, Reader};
use crate::base::span::Spanned;
use crate::base::{shape, words};
use crate::journey::binding::secret::SecretText;
use crate::journey::resolved::SecretSource;

shape! {
    /// One way to tell people of incidents. Its name is what `alert` lists.
    pub struct ChannelForm {
        /// By mail.
        email: required EmailForm,
    }
}

shape! {
    /// Mail, handed to a relay of yours.
    pub struct EmailForm {
        /// Address of the sender; what cannot be delivered comes back to it.
        from: required Spanned<String>,
        /// Each gets a mail of its own.
        to: required Vec<Spanned<String>>,
        /// Who gets the mail instead when an address of `to` is refused.
        fallback: optional Vec<Spanned<String>>,
        /// Tried in this order.
        relays: required Vec<RelayForm>,
    }
}

shape! {
    /// A mail server that takes mail from us.
    pub struct RelayForm {
        /// Its name, which its certificate must be for, or its address.
        host: required Spanned<String>,
        /// Default 587; 465 with `tls: implicit`, 25 with `tls: none`.
        port: optional Spanned<u32>,
        /// How the connection is encrypted: `starttls` (default), `implicit`, or `none`.
        tls: default(RelayTls::Starttls) RelayTls,
        /// Who we are at this relay; none: it knows us by our address.
        user: optional Spanned<String>,
        /// Where its password is held: `env:NAME` or `file:PATH`.
        password: optional Spanned<SecretText>,
        /// A file with further certificate authorities, for this relay alone.
        ca: optional Spanned<String>,
    }
}

words! {
    /// How a connection to a relay is encrypted. There is no falling back from one to the other.
    pub enum RelayTls {
        /// Begins in plain text and must then be encrypted.
        Starttls = "starttls",
        /// From the first byte on.
        Implicit = "implicit",
        /// Not at all: for a relay on this machine.
        None = "none",
    }
}

/// A channel with everything filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channel {
    pub name: String,
    pub from: String,
    pub to: Vec<String>,
    pub fallback: Vec<String>,
    pub relays: Vec<Relay>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    pub host: String,
    pub port: u16,
    pub tls: RelayTls,
    pub login: Option<Login>,
    pub ca: Option<PathBuf>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub password: SecretSource,
}

/// The channels that can be used; what is wrong with the others is reported.
pub(super) fn channels(forms: &Entries<ChannelForm>, directory: &Path, reader: &mut Reader) -> Vec<Channel> {
    forms.0.iter().filter_map(|(name, form)| channel(name, form, directory, reader)).collect()
}

fn channel(name: &Spanned<String>, form: &ChannelForm, directory: &Path, reader: &mut Reader) -> Option<Channel> {
    let before = reader.diagnostics.len();
    if !is_id(&name.value) {
        let message = format!("`{}` cannot be the name of a channel", name.value);
        reader.report(&rules::CHANNEL, name.span, message).help =
            Some("lower-case letters, digits and `-`, for example `ops-mail`".to_owned());
    }
    let email = &form.email;
    let fallback = email.fallback.as_deref().unwrap_or_default();
    let addresses = std::iter::once(&email.from).chain(&email.to).chain(fallback);
    addresses.for_each(|address| check_address(address, reader));
    for (list, key) in [(&email.to[..], "to"), (fallback, "fallback")] {
        for (at, address) in list.iter().enumerate() {
            if list[..at].iter().any(|earlier| earlier.value.eq_ignore_ascii_case(&address.value)) {
                let message = format!("`{}` stands twice in `{key}`", address.value);
                reader.report(&rules::CHANNEL, address.span, message);
            }
        }
    }
    if email.to.is_empty() {
        reader.report(&rules::CHANNEL, name.span, format!("channel `{}` has nobody to tell", name.value)).help =
            Some("write at least one address in `to`".to_owned());
    }
    if email.relays.is_empty() {
        reader.report(&rules::CHANNEL, name.span, format!("channel `{}` has no relay", name.value)).help =
            Some("write at least one, for example `relays: [{ host: smtp.example.org }]`".to_owned());
    }
    let relays: Vec<_> = email.relays.iter().map(|form| relay(form, directory, reader)).collect();
    let texts = |list: &[Spanned<String>]| list.iter().map(|text| text.value.clone()).collect();
    (reader.diagnostics[before..].iter().all(|problem| !problem.is_error())).then(|| Channel {
        name: name.value.clone(),
        from: email.from.value.clone(),
        to: texts(&email.to),
        fallback: texts(fallback),
        relays,
    })
}

fn relay(form: &RelayForm, directory: &Path, reader: &mut Reader) -> Relay {
    let host = &form.host;
    let is_local =
        host.value == "localhost" || host.value.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    let writable = !host.value.is_empty()
        && host.value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte));
    if !writable {
        let message = format!("`{}` is not the name of a mail server", host.value);
        reader.report(&rules::CHANNEL, host.span, message).help = Some(
            "write a name or an address alone, for example `smtp.example.org`; the port is a key of its own".to_owned(),
        );
    }
    let usual = match form.tls {
        RelayTls::Starttls => 587,
        RelayTls::Implicit => 465,
        RelayTls::None => 25,
    };
    let port = form.port.as_ref().map_or(Some(usual), |port| u16::try_from(port.value).ok().filter(|port| *port > 0));
    if let (None, Some(port)) = (port, &form.port) {
        reader.report(&rules::CHANNEL, port.span, format!("`{}` is no port", port.value));
    }
    if form.tls == RelayTls::None {
        if let Some(user) = &form.user {
            reader.report(&rules::CHANNEL, user.span, "a password would be sent unencrypted with `tls: none`").help =
                Some("use `tls: starttls` or `tls: implicit`, or leave `user` and `password` out".to_owned());
        } else if !is_local {
            reader.report(&rules::UNENCRYPTED, host.span, "mail to this relay is not encrypted on its way").help =
                Some("use `tls: starttls` where the relay offers it".to_owned());
        }
    }
    let login = match (&form.user, &form.password) {
        (Some(user), Some(password)) => {
            Some(Login { user: user.value.clone(), password: password.value.source(directory) })
        }
        (None, None) => None,
        (Some(user), None) => {
            reader.report(&rules::CHANNEL, user.span, "`user` without `password`").help =
                Some("say where it is held, for example `password: env:SMTP_PASSWORD`".to_owned());
            None
        }
        (None, Some(password)) => {
            reader.report(&rules::CHANNEL, password.span, "`password` without `user`");
            None
        }
    };
    Relay {
        host: host.value.trim_matches(['[', ']']).to_owned(),
        port: port.unwrap_or(usual),
        tls: form.tls,
        login,
        ca: form.ca.as_ref().map(|path| directory.join(&path.value)),
    }
}

/// Mail addresses with other letters need an extension that relays may lack, and a mail that only some relays take is
/// one that may be lost.
fn check_address(address: &Spanned<String>, reader: &mut Reader) {
    let text = &address.value;
    if !text.is_ascii() {
        let message = format!("`{text}` has letters that not every relay accepts in an address");
        reader.report(&rules::CHANNEL, address.span, message).help =
            Some("write an address in ASCII; most providers give one as an alias".to_owned());
    } else if text.parse::<lettre::Address>().is_err() || text.len() > 254 {
        reader.report(&rules::CHANNEL, address.span, format!("`{text}` is not a mail address")).help =
            Some("write it alone, for example `oncall@example.org`".to_owned());
    }
}
