//! The cookies of one run. Stricter than a browser in one way: a cookie goes back only to the very host name that set it.

use crate::base::time::Timestamp;
use crate::model::authority::WebOrigin;
use http::HeaderMap;
use http::header::SET_COOKIE;
use std::time::Duration;

use super::cookie_date;

/// Name, value and attributes of one cookie together, bytes (RFC 6265 §6.1).
const COOKIE_BYTES_MAX: usize = 4 * 1024;
/// Cookies of one host name, the least that RFC 6265 §6.1 asks of a user agent.
const PER_HOST_MAX: usize = 50;
/// Cookies of one run: a journey has at most 20 hosts and walks a few of them.
const TOTAL_MAX: usize = 200;
/// Longest life taken from a `Max-Age`: beyond it there is no difference to a run.
const AGE_SECONDS_MAX: u64 = 400 * 24 * 3600;

/// Cookies in the order in which they were first set.
#[derive(Default)]
pub(super) struct Jar {
    cookies: Vec<Cookie>,
}

#[derive(Clone, PartialEq, Eq)]
struct Cookie {
    host: String,
    path: String,
    name: String,
    value: String,
    secure: bool,
    /// None: until the end of the run.
    expires: Option<Timestamp>,
}

impl Jar {
    /// Takes the cookies of an answer to a request for `path` at `origin`. What is no cookie is ignored.
    pub(super) fn take(&mut self, headers: &HeaderMap, origin: &WebOrigin, path: &str, now: Timestamp) {
        for line in headers.get_all(SET_COOKIE) {
            let line = String::from_utf8_lossy(line.as_bytes());
            if let Some(cookie) = parse(&line, &origin.host, path, now) {
                self.store(cookie, now);
            }
        }
    }

    /// Name and value of the cookies to send, longer paths first and the older first among equals (RFC 6265 §5.4).
    pub(super) fn give(&self, origin: &WebOrigin, path: &str, now: Timestamp) -> Vec<(&str, &str)> {
        let secure = origin.scheme == "https";
        let mut fitting: Vec<&Cookie> = self
            .cookies
            .iter()
            .filter(|cookie| cookie.host == origin.host && (secure || !cookie.secure))
            .filter(|cookie| cookie.lives(now) && path_matches(&cookie.path, path))
            .collect();
        fitting.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        fitting.into_iter().map(|cookie| (cookie.name.as_str(), cookie.value.as_str())).collect()
    }

    fn store(&mut self, cookie: Cookie, now: Timestamp) {
        let same =
            |other: &Cookie| (&other.host, &other.path, &other.name) == (&cookie.host, &cookie.path, &cookie.name);
        let place = self.cookies.iter().position(same);
        match (place, cookie.lives(now)) {
            (Some(place), true) => self.cookies[place] = cookie,
            (Some(place), false) => drop(self.cookies.remove(place)),
            (None, true) => {
                self.make_room(&cookie.host, now);
                self.cookies.push(cookie);
            }
            (None, false) => {}
        }
    }

    /// Drops what has expired, then the oldest.
    fn make_room(&mut self, host: &str, now: Timestamp) {
        if self.cookies.len() < PER_HOST_MAX {
            return;
        }
        self.cookies.retain(|cookie| cookie.lives(now));
        if self.cookies.iter().filter(|cookie| cookie.host == host).count() >= PER_HOST_MAX
            && let Some(oldest) = self.cookies.iter().position(|cookie| cookie.host == host)
        {
            self.cookies.remove(oldest);
        }
        if self.cookies.len() >= TOTAL_MAX {
            self.cookies.remove(0);
        }
    }
}

impl Cookie {
    fn lives(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|end| end > now)
    }
}

/// RFC 6265 §5.2 and §5.3, `Domain` left aside.
fn parse(line: &str, host: &str, request_path: &str, now: Timestamp) -> Option<Cookie> {
    if line.len() > COOKIE_BYTES_MAX || line.bytes().any(|byte| byte != b'\t' && byte.is_ascii_control()) {
        return None;
    }
    let mut parts = line.split(';');
    let (name, value) = parts.next()?.split_once('=')?;
    let name = name.trim();
    if name.is_empty() {
        return None;
    }
    let mut cookie = Cookie {
        host: host.to_owned(),
        path: default_path(request_path).to_owned(),
        name: name.to_owned(),
        value: value.trim().to_owned(),
        secure: false,
        expires: None,
    };
    let mut aged = false;
    for attribute in parts {
        let (key, value) = attribute.split_once('=').unwrap_or((attribute, ""));
        let value = value.trim();
        match key.trim().to_ascii_lowercase().as_str() {
            "expires" if !aged => cookie.expires = cookie_date::parse(value).or(cookie.expires),
            "max-age" => {
                if let Some(end) = end_of_age(value, now) {
                    aged = true;
                    cookie.expires = Some(end);
                }
            }
            "path" => {
                let path = if value.starts_with('/') { value } else { default_path(request_path) };
                path.clone_into(&mut cookie.path);
            }
            "secure" => cookie.secure = true,
            _ => {}
        }
    }
    Some(cookie)
}

/// When a cookie of this `Max-Age` ends; zero and less end it at once.
fn end_of_age(value: &str, now: Timestamp) -> Option<Timestamp> {
    let digits = value.strip_prefix('-').unwrap_or(value);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    if value.starts_with('-') {
        return Some(Timestamp::UNIX_EPOCH.min(now));
    }
    let seconds = digits.parse::<u64>().unwrap_or(AGE_SECONDS_MAX).min(AGE_SECONDS_MAX);
    Some(now.plus(Duration::from_secs(seconds)))
}

/// Up to, but not with, the last slash (RFC 6265 §5.1.4).
fn default_path(request_path: &str) -> &str {
    match request_path.rfind('/') {
        None | Some(0) => "/",
        Some(last) => &request_path[..last],
    }
}

fn path_matches(cookie_path: &str, request_path: &str) -> bool {
    request_path
        .strip_prefix(cookie_path)
        .is_some_and(|rest| rest.is_empty() || cookie_path.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests;
