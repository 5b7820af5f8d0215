//! Compiles one step: every default filled in, every condition ready, nothing left to look up.

use std::time::Duration;

use super::checks::Checks;
use super::draft::Draft;
use super::http::host_of;
use super::{kept, rules};
use crate::base::duration::format_duration;
use crate::journey::definition::body::Body;
use crate::journey::definition::repeat;
use crate::journey::definition::step::{self, Step};
use crate::journey::resolved::{self, Action, ForEach, Keep, Retry, Secrecy};
use crate::model::run::Section;
use crate::template::Template;

/// Of one attempt, redirects included.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Pause between attempts.
const RETRY_EVERY: Duration = Duration::from_secs(1);

impl Draft<'_, '_> {
    /// None: something is wrong with it, and has been reported.
    pub(super) fn step(&mut self, step: &Step, id: String) -> Option<resolved::Step> {
        let action = match &step.action {
            step::Action::Http(http) => self.http(step, http).map(|http| Action::Http(Box::new(http))),
            step::Action::Wait(duration) => Some(Action::Wait(duration.value)),
            step::Action::Use(used) => self.use_action(used),
        };
        let mut expect = Checks::default();
        if let step::Action::Http(http) = &step.action {
            self.implied(http, step.expect.as_ref(), &mut expect);
        }
        self.checks(step.expect.as_ref(), Section::Expect, &mut expect);
        let mut prefer = Checks::behind(&expect);
        self.checks(step.prefer.as_ref(), Section::Prefer, &mut prefer);
        let mut when = Checks::default();
        self.checks(step.when.as_ref(), Section::Expect, &mut when);
        let retry = step.retry.as_ref().map(|retry| self.retry(retry));
        let for_each = step.for_each.as_ref().map(|each| self.for_each(each));
        let keep = step.keep.0.iter().map(|keep| self.keep(keep)).collect();
        let action = action?;
        let kept_names = kept::names(step, &action, &self.names_in_file(step), &self.kept);
        Some(resolved::Step {
            id,
            title: step.title.as_ref().map(|title| title.value.clone()),
            action_text: action_text(step),
            owner: self.owner(step),
            place: self.place(step.span),
            when: when.list,
            for_each,
            action,
            keep,
            expect: expect.list,
            prefer: prefer.list,
            retry,
            timeout: step.timeout.map_or(TIMEOUT, |timeout| timeout.value),
            optional: step.optional,
            kept_names,
        })
    }

    /// The step's owner, else that of its host, else that of the journey.
    fn owner(&self, step: &Step) -> Option<String> {
        let host = step.http().and_then(|_| host_of(&self.definition, step));
        let of_host = host.and_then(|(_, host)| host.owner.as_ref());
        step.owner.as_ref().or(of_host).or(self.definition.form.owner.as_ref()).map(|owner| owner.value.clone())
    }

    fn retry(&mut self, retry: &repeat::Retry) -> Retry {
        let mut unless = Checks::default();
        self.checks(retry.unless.as_ref(), Section::Unless, &mut unless);
        Retry {
            every: retry.every.map_or(RETRY_EVERY, |every| every.value),
            for_time: retry.for_time.map(|time| time.value),
            times: retry.times.map(|times| times.value),
            unless: unless.list,
        }
    }

    fn for_each(&mut self, each: &repeat::ForEach) -> ForEach {
        let allowed = self.limits.loop_max;
        if each.max.value > allowed {
            let message = format!("`max: {}` is above `limits.loop`, which is {allowed}", each.max.value);
            self.report(&rules::LOOP, each.max.span, message).help =
                Some(format!("write at most {allowed}, or ask for more with `limits: {{ loop: {} }}`", each.max.value));
        }
        ForEach { name: each.name.value.clone(), list: each.list.value.clone(), max: each.max.value }
    }

    fn keep(&mut self, keep: &repeat::Keep) -> Keep {
        if let Err(error) = keep.from.value.kinds() {
            self.report(&rules::JUDGEMENT, keep.from.span, error.message);
        }
        Keep {
            name: keep.name.value.clone(),
            from: keep.from.value.clone(),
            place: self.place(keep.name.span),
            secrecy: self.secrecy(keep),
            default: keep.default.as_ref().map(|default| default.value.clone()),
        }
    }

    fn secrecy(&self, keep: &repeat::Keep) -> Secrecy {
        let secrets = self.definition.form.needs.secrets.as_ref();
        match secrets.and_then(|secrets| secrets.get(&keep.name.value)).filter(|secret| secret.kept) {
            Some(secret) => Secrecy::Declared(self.label(secret)),
            None if keep.secret => Secrecy::Sender,
            None => Secrecy::Open,
        }
    }

    /// Names in a file that the step sends as a template.
    fn names_in_file(&self, step: &Step) -> Vec<String> {
        let Some(Body::File(file)) = step.http().and_then(|http| http.body.as_ref()) else { return Vec::new() };
        let bytes = self.files.get(&file.path.value).filter(|_| file.templates);
        let text = bytes.and_then(|bytes| std::str::from_utf8(bytes).ok());
        text.and_then(|text| Template::parse(text).ok()).map_or_else(Vec::new, |template| kept::in_template(&template))
    }
}

/// In the words of the definition: `get /v1/services`.
fn action_text(step: &Step) -> String {
    let argument = match &step.action {
        step::Action::Http(http) => http.target.template.value.to_source(),
        step::Action::Wait(duration) => format_duration(duration.value),
        step::Action::Use(used) => used.journey.value.clone(),
    };
    format!("{} {argument}", step.action_word())
}
