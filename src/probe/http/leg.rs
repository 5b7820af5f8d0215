//! What the next hop sends: the step's request, as the redirects so far have changed it.

use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use url::Url;

use super::headers::Headers;
use super::{CookieUse, Discretion, Follow, ProbeContext, Request};
use crate::base::secret::{HostIndex, Label, Labelled};
use crate::model::authority::{Authority, WebOrigin};
use crate::model::failure::{Failure, FailureKind};
use crate::model::timing::Phase;

pub(super) struct Leg {
    pub(super) host: HostIndex,
    pub(super) method: Method,
    pub(super) url: Labelled<Url>,
    pub(super) headers: Vec<(HeaderName, Labelled<HeaderValue>)>,
    pub(super) media_type: Option<String>,
    pub(super) body: Option<Labelled<Bytes>>,
    /// Cookies beside the jar's.
    pub(super) also: Vec<(String, Labelled<String>)>,
}

impl Leg {
    /// # Errors
    /// The URL is not at the host that the step names: nothing may be sent.
    pub(super) fn first(request: &Request, cx: &ProbeContext<'_>) -> Result<Self, Failure> {
        let refused = |detail: String| Failure::new(FailureKind::OriginRefused, detail);
        let Some(host) = cx.authority.host(request.host) else {
            return Err(refused("the step's host is not declared".to_owned()));
        };
        let url = &request.url.value;
        let name = &host.name;
        if WebOrigin::of(url).as_ref() != Some(&host.origin) {
            return Err(refused(format!("the address is not at host `{name}`, which is {}", host.origin)));
        }
        if has_user_information(url) {
            return Err(refused(format!("the address at host `{name}` holds user information; use `auth` instead")));
        }
        let also = match &request.cookies {
            CookieUse::None => Vec::new(),
            CookieUse::Jar { also } => also.clone(),
        };
        Ok(Self {
            host: request.host,
            method: request.method.clone(),
            url: request.url.clone().map(without_fragment),
            headers: request.headers.clone(),
            media_type: request.media_type.clone(),
            body: request.body.clone(),
            also,
        })
    }

    /// Judges every part against the host it would go to; the message names the part, never its value.
    ///
    /// # Errors
    /// `label-refused`.
    pub(super) fn judge(&self, authority: &Authority) -> Result<(), Failure> {
        let judge = |label: Label, part: &dyn Fn() -> String| {
            if label.allows(self.host) {
                return Ok(());
            }
            let host = authority.host(self.host).map_or("?", |host| host.name.as_str());
            let detail = format!("{} holds a value that may not go to host `{host}`; nothing was sent", part());
            Err(Failure::new(FailureKind::LabelRefused, detail))
        };
        judge(self.url.label, &|| "the url".to_owned())?;
        for (name, value) in &self.headers {
            judge(value.label, &|| format!("header `{name}`"))?;
        }
        for (name, value) in &self.also {
            judge(value.label, &|| format!("cookie `{name}`"))?;
        }
        if let Some(body) = &self.body {
            judge(body.label, &|| "the body".to_owned())?;
        }
        Ok(())
    }

    /// Judges what the parts say, also those without a label, such as the address of a redirect and the cookies; `headers`
    /// are those that go out.
    ///
    /// # Errors
    /// `label-refused`.
    pub(super) fn judge_content(&self, headers: &Headers, cx: &ProbeContext<'_>) -> Result<(), Failure> {
        let judge = |bytes: &[u8], part: &dyn Fn() -> String| match cx.discretion.refusal(bytes, self.host) {
            None => Ok(()),
            Some(why) => {
                let host = cx.authority.host(self.host).map_or("?", |host| host.name.as_str());
                let detail = format!("{} {why}; nothing was sent to host `{host}`", part());
                Err(Failure::new(FailureKind::LabelRefused, detail))
            }
        };
        judge(self.url.value.as_str().as_bytes(), &|| "the url".to_owned())?;
        for (name, value) in headers {
            judge(value.value.as_bytes(), &|| format!("header `{name}`"))?;
        }
        if let Some(body) = &self.body {
            judge(&body.value, &|| "the body".to_owned())?;
        }
        Ok(())
    }

    /// Where the answer sends its reader, if it is a redirect that names a place.
    pub(super) fn redirect(status: StatusCode, headers: &HeaderMap) -> Option<&HeaderValue> {
        if matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) { headers.get(LOCATION) } else { None }
    }

    /// Turns into the request that follows a redirect.
    ///
    /// # Errors
    /// `redirect-elsewhere`: the target is undeclared, holds user information or is no address.
    pub(super) fn follow(
        mut self,
        status: StatusCode,
        location: &HeaderValue,
        step: HostIndex,
        follow: &Follow,
        (authority, discretion): (&Authority, &dyn Discretion),
    ) -> Result<Self, Failure> {
        let (url, host) = self.target(location, step, follow, (authority, discretion))?;
        self.url = Labelled::open(url);
        if host != self.host {
            self.host = host;
            self.also.clear();
            self.headers.retain(|(name, value)| *name != AUTHORIZATION && *name != COOKIE && !value.label.is_secret());
        }
        let becomes_get = match status {
            StatusCode::SEE_OTHER => self.method != Method::HEAD,
            StatusCode::MOVED_PERMANENTLY | StatusCode::FOUND => self.method == Method::POST,
            _ => false,
        };
        if becomes_get {
            self.method = Method::GET;
            self.body = None;
            self.media_type = None;
            // They describe a body that is gone.
            self.headers.retain(|(name, _)| !name.as_str().starts_with("content-"));
        }
        Ok(self)
    }

    fn target(
        &self,
        location: &HeaderValue,
        step: HostIndex,
        follow: &Follow,
        (authority, discretion): (&Authority, &dyn Discretion),
    ) -> Result<(Url, HostIndex), Failure> {
        let shortened = |text: &str| shortened(&discretion.masked(text));
        let text = String::from_utf8_lossy(location.as_bytes());
        let elsewhere =
            |detail: String| Err(Failure::new(FailureKind::RedirectElsewhere, detail).in_phase(Phase::Receive));
        let Ok(url) = self.url.value.join(text.trim()) else {
            return elsewhere(format!("redirected to `{}`, which is no address", shortened(&text)));
        };
        if has_user_information(&url) {
            return elsewhere("redirected to an address with user information in it; it was not followed".to_owned());
        }
        let Some(origin) = WebOrigin::of(&url) else {
            return elsewhere(format!("redirected to `{}`, which is no web address", shortened(&text)));
        };
        // Staying where the chain is comes first, then the step's own host, then the listed ones.
        let entered = [self.host, step].into_iter().chain(follow.to.iter().copied());
        for host in entered {
            if authority.host(host).is_some_and(|declared| declared.origin == origin) {
                return Ok((without_fragment(url), host));
            }
        }
        let hint = match authority.declared(&origin, step).and_then(|host| authority.host(host)) {
            Some(host) => format!("; to allow it, add `{}` to `follow.to`", host.name),
            None => String::new(),
        };
        elsewhere(format!("redirected to {origin}, which the step may not enter; nothing was sent there{hint}"))
    }
}

fn has_user_information(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

fn without_fragment(mut url: Url) -> Url {
    url.set_fragment(None);
    url
}

/// Enough of a target's text to recognise it. Masked before: half a secret would no longer be found.
fn shortened(text: &str) -> String {
    const SHOWN_CHARACTERS: usize = 200;
    let mut shown: String = text.chars().take(SHOWN_CHARACTERS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests;
