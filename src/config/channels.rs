//! Channels: how people are told of incidents, as the operator wrote them, and with everything filled in.

use std::path::Path;

use super::rules;
use crate::base::name::is_id;
use crate::base::shape::{Entries, Reader};
use crate::base::span::{Span, Spanned};
use crate::base::{shape, words};
use crate::journey::binding::secret::SecretText;
use crate::journey::resolved::SecretSource;
use crate::notify::email::settings::{self, BadAddress, EmailSettings, Login, Password, Relay, RelayTls};

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
        /// How we introduce ourselves to them; default the domain of `from`.
        hello: optional Spanned<String>,
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
        tls: default(Encryption::Starttls) Encryption,
        /// Who we are at this relay; none: it knows us by our address.
        user: optional Spanned<String>,
        /// Where its password is held: `env:NAME` or `file:PATH`.
        password: optional Spanned<SecretText>,
        /// A file with the certificate authorities to trust for this relay, instead of those of the system.
        ca: optional Spanned<String>,
    }
}

words! {
    /// How a connection to a relay is encrypted. There is no falling back from one to the other.
    pub enum Encryption {
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
    pub email: EmailSettings,
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
    for address in std::iter::once(&email.from).chain(&email.to).chain(fallback) {
        report(settings::check_address(&address.value), address.span, reader);
    }
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
    if let Some(hello) = &email.hello {
        report(settings::check_hello(&hello.value), hello.span, reader);
    }
    let relays: Vec<_> = email.relays.iter().map(|form| relay(form, directory, reader)).collect();
    let texts = |list: &[Spanned<String>]| list.iter().map(|text| text.value.clone()).collect();
    let domain = || email.from.value.rsplit_once('@').map_or_else(String::new, |(_, domain)| domain.to_owned());
    (reader.diagnostics[before..].iter().all(|problem| !problem.is_error())).then(|| Channel {
        name: name.value.clone(),
        email: EmailSettings {
            from: email.from.value.clone(),
            to: texts(&email.to),
            fallback: texts(fallback),
            relays,
            hello: email.hello.as_ref().map_or_else(domain, |hello| hello.value.clone()),
        },
    })
}

fn report(judged: Result<(), BadAddress>, span: Span, reader: &mut Reader) {
    if let Err(bad) = judged {
        reader.report(&rules::CHANNEL, span, bad.message).help = Some(bad.help.to_owned());
    }
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
        Encryption::Starttls => 587,
        Encryption::Implicit => 465,
        Encryption::None => 25,
    };
    let port = form.port.as_ref().map_or(Some(usual), |port| u16::try_from(port.value).ok().filter(|port| *port > 0));
    if let (None, Some(port)) = (port, &form.port) {
        reader.report(&rules::CHANNEL, port.span, format!("`{}` is no port", port.value));
    }
    if form.tls == Encryption::None {
        if let Some(user) = &form.user {
            reader.report(&rules::CHANNEL, user.span, "a password would be sent unencrypted with `tls: none`").help =
                Some("use `tls: starttls` or `tls: implicit`, or leave `user` and `password` out".to_owned());
        } else if !is_local {
            reader.report(&rules::UNENCRYPTED, host.span, "mail to this relay is not encrypted on its way").help =
                Some("use `tls: starttls` where the relay offers it".to_owned());
        }
    }
    Relay {
        host: host.value.trim_matches(['[', ']']).to_owned(),
        port: port.unwrap_or(usual),
        tls: match form.tls {
            Encryption::Starttls => RelayTls::Starttls,
            Encryption::Implicit => RelayTls::Implicit,
            Encryption::None => RelayTls::None,
        },
        login: login(form, directory, reader),
        ca: form.ca.as_ref().map(|path| directory.join(&path.value)),
    }
}

fn login(form: &RelayForm, directory: &Path, reader: &mut Reader) -> Option<Login> {
    match (&form.user, &form.password) {
        (Some(user), Some(password)) => Some(Login {
            user: user.value.clone(),
            password: match password.value.source(directory) {
                SecretSource::Environment(name) => Password::Environment(name),
                SecretSource::File(path) => Password::File(path),
            },
        }),
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
    }
}
