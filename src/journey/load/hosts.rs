//! Reads the URLs of `needs.hosts`: the origins that a journey may reach, and nothing more.

use url::Url;

use super::rules;
use crate::base::diagnostic::{Diagnostic, Rule};
use crate::base::span::Spanned;
use crate::journey::definition::needs::HostForm;
use crate::journey::definition::{Definition, rules as definition_rules};
use crate::model::authority::{DeclaredHost, WebOrigin};

/// The declared hosts, in written order; none in the place of one that cannot be used, which is reported.
pub(super) fn declared(definition: &Definition, diagnostics: &mut Vec<Diagnostic>) -> Vec<Option<DeclaredHost>> {
    let hosts = definition.form.needs.hosts.iter().flat_map(|hosts| &hosts.0);
    hosts
        .map(|(name, host)| {
            let read = read(&host.0.url, definition);
            read.map(|(url, origin)| declare(&name.value, &host.0, url, origin))
                .map_err(|problem| diagnostics.push(*problem))
                .ok()
        })
        .collect()
}

fn declare(name: &str, form: &HostForm, url: Url, origin: WebOrigin) -> DeclaredHost {
    DeclaredHost {
        name: name.to_owned(),
        url,
        origin,
        owner: form.owner.as_ref().map(|owner| owner.value.clone()),
        reuse: form.reuse,
    }
}

fn read(written: &Spanned<String>, definition: &Definition) -> Result<(Url, WebOrigin), Box<Diagnostic>> {
    url_of(&written.value).map_err(|problem| {
        let verbatim = definition.source.verbatim(written.span, &written.value);
        let part = verbatim.map(|span| span.within(problem.at.0, problem.at.1)).filter(|part| part.start < part.end);
        let span = part.unwrap_or(written.span);
        Box::new(Diagnostic::new(problem.rule, &definition.source, span, problem.message).help(problem.help))
    })
}

/// The URL of a host and its origin, as a definition or a binding writes it.
///
/// # Errors
/// It is no such URL: what is wrong, and what to do about it.
pub fn parse_url(text: &str) -> Result<(Url, WebOrigin), (String, String)> {
    url_of(text).map_err(|problem| (problem.message, problem.help))
}

/// What is wrong with the text of a URL; `at` are offset and length in bytes.
struct UrlProblem {
    rule: &'static Rule,
    at: (usize, usize),
    message: String,
    help: String,
}

/// Parses the URL of a host.
fn url_of(text: &str) -> Result<(Url, WebOrigin), UrlProblem> {
    let bad = |part: &str, message: String, help: &str| {
        let start = text.find(part).unwrap_or(0);
        Err(UrlProblem { rule: &rules::HOST_URL, at: (start, part.len()), message, help: help.to_owned() })
    };
    if text.contains("${") {
        return bad(text, "the URL of a host holds no template".to_owned(), "a binding can give another URL");
    }
    if let Some(stranger) = text.chars().find(|c| c.is_whitespace() || c.is_control() || *c == '\\') {
        let part = stranger.to_string();
        return bad(&part, format!("`{}` does not belong in a URL", stranger.escape_default()), "remove it");
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        let help = format!("write the scheme, for example `https://{}`", text.trim_start_matches('/'));
        return bad(text, format!("`{text}` is not the URL of a host"), &help);
    };
    match scheme {
        "https" | "http" => {}
        "tcp" | "tls" | "dns" => {
            return Err(UrlProblem {
                rule: &definition_rules::LATER,
                at: (0, scheme.len()),
                message: format!("`{scheme}` hosts come with a later version of forerunner"),
                help: "this version walks `https` and `http`".to_owned(),
            });
        }
        _ => return bad(scheme, format!("scheme `{scheme}` is not known"), "write `https` or `http`"),
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    if let Some((user, _)) = authority.rsplit_once('@') {
        return bad(user, "the URL of a host names no user".to_owned(), "use `auth: { basic: … }` and a secret");
    }
    for (mark, what) in [('?', "query"), ('#', "fragment")] {
        if let Some(at) = text.find(mark) {
            return bad(&text[at..], format!("the URL of a host has no {what}"), "put it into the steps");
        }
    }
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(url::ParseError::InvalidPort) => {
            let port = authority.rsplit(':').next().unwrap_or(authority);
            return bad(port, format!("`{port}` is no port"), "a port is a number from 1 to 65535");
        }
        Err(error) => {
            return bad(authority, format!("`{authority}` is no host: {error}"), "write a host name or an address");
        }
    };
    match WebOrigin::of(&url) {
        Some(origin) if origin.port == 0 => {
            bad(authority, "nothing can be reached at port 0".to_owned(), "a port is a number from 1 to 65535")
        }
        Some(origin) if !origin.host.is_empty() => Ok((url, origin)),
        _ => bad(text, format!("`{text}` names no host"), "write for example `https://www.example.org`"),
    }
}

/// Where the part of a target that says where it goes leads: none while templates decide.
pub(super) fn constant_origin(target: &str) -> Option<Result<WebOrigin, String>> {
    let (fixed, whole) = match target.find("${") {
        Some(at) => (&target[..at], false),
        None => (target, true),
    };
    let (_, rest) = fixed.split_once("://")?;
    if !whole && !rest.contains(['/', '?']) {
        return None;
    }
    let authority = rest.split(['/', '?']).next().unwrap_or("");
    if authority.contains('@') {
        return Some(Err("a target names no user".to_owned()));
    }
    let end = fixed.len() - rest.len() + authority.len();
    Some(match Url::parse(&fixed[..end]) {
        Ok(url) => WebOrigin::of(&url).ok_or_else(|| "it names no host".to_owned()),
        Err(error) => Err(error.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_of_a_host_is_an_origin_and_perhaps_a_path() {
        for (text, read) in [
            ("https://www.example.org", Ok("https://www.example.org")),
            ("https://www.example.org:8443/v1/", Ok("https://www.example.org:8443")),
            ("http://127.0.0.1:80", Ok("http://127.0.0.1")),
            ("http://[::1]:8080", Ok("http://[::1]:8080")),
            ("https://WWW.bücher.Example.", Ok("https://www.xn--bcher-kva.example")),
            ("www.example.org", Err((0, "`www.example.org` is not the URL of a host"))),
            ("https:www.example.org", Err((0, "`https:www.example.org` is not the URL of a host"))),
            ("tcp://a.example:25", Err((0, "`tcp` hosts come with a later version of forerunner"))),
            ("ftp://a.example", Err((0, "scheme `ftp` is not known"))),
            ("https://u:p@a.example", Err((8, "the URL of a host names no user"))),
            ("https://a.example/?q", Err((18, "the URL of a host has no query"))),
            ("https://a.example#x", Err((17, "the URL of a host has no fragment"))),
            ("https://a.example:99999", Err((18, "`99999` is no port"))),
            ("https://a.example:0", Err((8, "nothing can be reached at port 0"))),
            ("https://", Err((0, "`` is no host: empty host"))),
            ("https://a b", Err((9, "` ` does not belong in a URL"))),
            ("https://${x}/", Err((0, "the URL of a host holds no template"))),
        ] {
            let found = url_of(text).map(|(_, origin)| origin.to_string());
            let found = found.as_deref().map_err(|problem| (problem.at.0, problem.message.as_str()));
            assert_eq!(found, read, "{text}");
        }
    }

    #[test]
    fn a_target_says_where_it_leads_as_soon_as_its_origin_is_complete() {
        for (target, origin) in [
            ("https://a.example/x/${id}", Some(Ok("https://a.example"))),
            ("https://a.example:8443", Some(Ok("https://a.example:8443"))),
            ("https://a.example${rest}", None),
            ("https://${host}/x", None),
            ("https://u@a.example/", Some(Err("a target names no user"))),
        ] {
            let found = constant_origin(target).map(|found| found.map(|origin| origin.to_string()));
            let origin = origin.map(|origin| origin.map(str::to_owned).map_err(str::to_owned));
            assert_eq!(found, origin, "{target}");
        }
    }
}
