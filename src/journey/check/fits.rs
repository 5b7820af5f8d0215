//! What fits where: selectors to actions, keys to sections, times to the time of the whole run.

use std::time::Duration;

use super::limits::{CLEANUP, TIME};
use super::look::{Look, StepView};
use super::rules;
use crate::base::diagnostic::Diagnostic;
use crate::base::duration::format_duration;
use crate::base::shape::rules as shape_rules;
use crate::base::span::{Span, Spanned};
use crate::expectation::selector::{Family, Selector};
use crate::journey::definition::LimitsForm;
use crate::journey::definition::body::{Body, Query};
use crate::journey::definition::http::HttpAction;
use crate::journey::definition::rules as definition_rules;
use crate::journey::definition::step::Action;

/// Longer waits are for a schedule, not for a run.
const WAIT_MAX: Duration = Duration::from_mins(5);

pub(super) fn check(look: &Look<'_>, found: &mut Vec<Diagnostic>) {
    if let Some(mailbox) = look.form.needs.mailboxes.iter().flatten().next() {
        found.push(look.problem(
            &definition_rules::LATER,
            mailbox.span,
            "mailboxes come with a later version of forerunner",
        ));
    }
    for view in &look.steps {
        selectors(look, view, found);
        if let Some(http) = view.step.http() {
            request(look, view, http, found);
        }
        if view.cleanup {
            cleanup(look, view, found);
        }
        times(look, view, found);
        if let Some(contract) = view.step.contract.as_ref().filter(|contract| contract.value != "none") {
            let message = format!("unknown word `{}`", contract.value);
            found.push(
                look.problem(&shape_rules::WORD, contract.span, message)
                    .help("`contract: none` switches the check off; a contract is named at its host"),
            );
        }
    }
}

fn selectors(look: &Look<'_>, view: &StepView<'_>, found: &mut Vec<Diagnostic>) {
    let step = view.step;
    for condition in step.when.iter().flat_map(|conditions| &conditions.0) {
        match condition.selector.family() {
            Family::Var => {}
            Family::Later => found.push(later(look, &condition.selector, condition.key.span)),
            _ => found.push(
                look.problem(
                    &rules::SELECTOR_PLACE,
                    condition.key.span,
                    format!(
                        "`when` is looked at before the request, so `{}` has no value",
                        condition.selector.source_text()
                    ),
                )
                .help("keep the value in an earlier step and select it by `var:NAME`"),
            ),
        }
    }
    let unless = step.retry.iter().filter_map(|retry| retry.unless.as_ref());
    let judged = unless.chain(&step.expect).chain(&step.prefer).flat_map(|conditions| &conditions.0);
    let kept = step.keep.0.iter().map(|keep| (&keep.from.value, keep.from.span));
    for (selector, span) in judged.map(|condition| (&condition.selector, condition.key.span)).chain(kept) {
        found.extend(selector_fits(look, view, selector, span));
    }
}

fn selector_fits(look: &Look<'_>, view: &StepView<'_>, selector: &Selector, span: Span) -> Option<Diagnostic> {
    let source = selector.source_text();
    let misfit = |message: String, help: &str| Some(look.problem(&rules::SELECTOR_PLACE, span, message).help(help));
    match (&view.step.action, selector.family()) {
        (_, Family::Later) => Some(later(look, selector, span)),
        (Action::Http(_), Family::Output) => misfit(
            format!("`{source}` is of `use` steps, and step `{}` is an HTTP request", view.id),
            "select from the answer, for example `status`, `header:NAME` or `$.member`",
        ),
        (Action::Use(_), Family::Http) => misfit(
            format!("`{source}` is of HTTP requests, and step `{}` uses a journey", view.id),
            "only what that journey lists under `outputs` can be selected, by `output:NAME`, beside `time` and `var:`",
        ),
        (Action::Http(http), Family::Http) if needs_tls(source) && !meets_tls(look, view, http) => {
            let host = view.host.map_or("", |host| look.host_name(host));
            misfit(
                format!("`{source}` needs TLS, and host `{host}` is reached without"),
                "use an `https` URL, or leave the selector out",
            )
        }
        _ => None,
    }
}

fn needs_tls(source: &str) -> bool {
    source.starts_with("cert:") || source == "time.tls"
}

/// Whether the step can meet TLS: at its host, or where a redirect may lead. What is not known may.
fn meets_tls(look: &Look<'_>, view: &StepView<'_>, http: &HttpAction) -> bool {
    let plain = |name: &str| {
        let host = look.hosts().iter().find(|(host, _)| host.value == name);
        host.is_some_and(|(_, host)| host.0.url.value.starts_with("http://"))
    };
    let own = view.host.map(|host| look.host_name(host));
    let to = http.follow.iter().flat_map(|follow| &follow.to).map(|host| host.value.as_str());
    !own.is_some_and(plain) || to.into_iter().any(|host| !plain(host))
}

/// A selector whose action this version does not have.
pub(super) fn later(look: &Look<'_>, selector: &Selector, span: Span) -> Diagnostic {
    let message = format!("selector `{}` comes with a later version of forerunner", selector.source_text());
    look.problem(&definition_rules::LATER, span, message)
}

fn request(look: &Look<'_>, view: &StepView<'_>, http: &HttpAction, found: &mut Vec<Diagnostic>) {
    if let Some(body) = &http.body
        && http.method.value == http::Method::GET
    {
        let message = format!("step `{}` sends a body with GET, which many servers ignore or refuse", view.id);
        let span = look.key(view.step.span, body.key());
        found.push(look.problem(&rules::GET_BODY, span, message).help("use `query`, or `post` if the server takes it"));
    }
    if let Some(Body::GraphQl(graphql)) = &http.body
        && let Query::Text(query) = &graphql.query
        && query.value.contains("${")
    {
        found.push(
            look.problem(&rules::TEMPLATE_PLACE, query.span, "a GraphQL query holds no templates")
                .help("declare a variable in the query, and give its value under `variables`"),
        );
    }
    let names_key = |name: &http::HeaderName| name.as_str() == "idempotency-key";
    let default_names_key = || {
        let host = view.host.and_then(|host| look.hosts().get(usize::from(host.0)));
        host.and_then(|(_, host)| host.0.headers.as_ref())
            .is_some_and(|headers| headers.0.iter().any(|field| names_key(&field.name.value)))
    };
    if view.step.retry.is_some()
        && http.writes()
        && !http.headers.0.iter().any(|field| names_key(&field.name.value))
        && !default_names_key()
    {
        let method = http.method.value.as_str();
        let message = format!("step `{}` repeats a {method}, which may then be done twice", view.id);
        found.push(
            look.problem(&rules::RETRIED_WRITE, look.key(view.step.span, "retry"), message)
                .help("add `Idempotency-Key: \"${run.id}\"` to its headers if the server knows it"),
        );
    }
}

fn cleanup(look: &Look<'_>, view: &StepView<'_>, found: &mut Vec<Diagnostic>) {
    for (written, key) in [(view.step.prefer.is_some(), "prefer"), (view.step.optional, "optional")] {
        if written {
            let message = format!("`{key}` says nothing in `cleanup`, which never changes the outcome");
            found.push(look.problem(&rules::CLEANUP_KEY, look.key(view.step.span, key), message).help("remove it"));
        }
    }
}

fn times(look: &Look<'_>, view: &StepView<'_>, found: &mut Vec<Diagnostic>) {
    let step = view.step;
    if let Action::Wait(wait) = &step.action
        && wait.value > WAIT_MAX
    {
        let message = format!("a wait of {} is too long", format_duration(wait.value));
        found.push(
            look.problem(&rules::LONG_WAIT, wait.span, message)
                .help("at most 5m; to wait for something, repeat the request that shows it with `retry`"),
        );
        return;
    }
    let asked = |limit: fn(&LimitsForm) -> Option<Spanned<Duration>>| look.form.limits.as_ref().and_then(limit);
    let (key, whole, asked, default) = if view.cleanup {
        ("cleanup", "the whole clean-up has", asked(|limits| limits.cleanup), CLEANUP)
    } else {
        ("time", "all steps together have", asked(|limits| limits.time), TIME)
    };
    let limit = asked.map_or(default, |limit| limit.value);
    let mut beyond = |what: &str, written: &Spanned<Duration>| {
        if written.value > limit {
            let message = format!(
                "{what} of step `{}` is {}, but {whole} {}",
                view.id,
                format_duration(written.value),
                format_duration(limit)
            );
            found.push(
                look.problem(&rules::BEYOND_TIME, written.span, message)
                    .help(format!("shorten it, or raise `limits.{key}`")),
            );
        }
    };
    if let Action::Wait(wait) = &step.action {
        beyond("the wait", wait);
    }
    step.timeout.iter().for_each(|timeout| beyond("`timeout`", timeout));
    step.retry.iter().filter_map(|retry| retry.for_time.as_ref()).for_each(|time| beyond("`retry.for`", time));
}
