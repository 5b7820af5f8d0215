//! What a journey asks for against what its binding allows. More than allowed is refused, never cut in silence.

use std::fmt::Display;
use std::time::Duration;

use super::Surroundings;
use crate::base::duration::format_duration;
use crate::base::shape::Reader;
use crate::base::size::{Size, format_size};
use crate::base::span::Spanned;
use crate::journey::binding::{RunEntry, rules};
use crate::journey::definition::LimitsForm;
use crate::journey::load::Loaded;
use crate::journey::resolved::Limits;

/// Ceilings where the binding sets none.
const CEILINGS: Limits = Limits {
    time: Duration::from_mins(10),
    cleanup: Duration::from_mins(2),
    requests: 500,
    body: 16 << 20,
    steps: 500,
    loop_max: 500,
    // A floor: the shortest interval a journey may ask for.
    every: Duration::from_secs(1),
    parallel: 4,
};

/// The effective limits. A default above a lower ceiling is lowered to it; a written request above it is reported.
pub(super) fn limits(loaded: &Loaded, entry: &RunEntry, around: &Surroundings<'_>, reader: &mut Reader) -> Limits {
    let written = loaded.definition.form.limits.as_ref();
    let asked = loaded.limits;
    let mut cx = Ceilings { id: loaded.definition.id(), entry, around, reader };
    let duration = |value: &Duration| format_duration(*value);
    Limits {
        time: cx.most("time", asked.time, CEILINGS.time, written.map(|w| w.time.is_some()), |form| form.time, duration),
        cleanup: cx.most(
            "cleanup",
            asked.cleanup,
            CEILINGS.cleanup,
            written.map(|w| w.cleanup.is_some()),
            |form| form.cleanup,
            duration,
        ),
        requests: cx.most(
            "requests",
            asked.requests,
            CEILINGS.requests,
            written.map(|w| w.requests.is_some()),
            |form| form.requests,
            ToString::to_string,
        ),
        body: cx
            .most(
                "body",
                Size(asked.body),
                Size(CEILINGS.body),
                written.map(|w| w.body.is_some()),
                |form| form.body,
                |size| format_size(size.0),
            )
            .0,
        steps: cx.most(
            "steps",
            asked.steps,
            CEILINGS.steps,
            written.map(|w| w.steps.is_some()),
            |form| form.steps,
            ToString::to_string,
        ),
        loop_max: cx.most(
            "loop",
            asked.loop_max,
            CEILINGS.loop_max,
            written.map(|w| w.loop_max.is_some()),
            |form| form.loop_max,
            ToString::to_string,
        ),
        parallel: cx.most(
            "parallel",
            asked.parallel,
            CEILINGS.parallel,
            written.map(|w| w.parallel.is_some()),
            |form| form.parallel,
            ToString::to_string,
        ),
        every: cx.every(asked.every),
    }
}

struct Ceilings<'a, 'r> {
    id: &'a str,
    entry: &'a RunEntry,
    around: &'a Surroundings<'a>,
    reader: &'r mut Reader,
}

impl Ceilings<'_, '_> {
    fn most<T: Copy + PartialOrd>(
        &mut self,
        key: &str,
        asked: T,
        usual: T,
        is_written: Option<bool>,
        of: impl Fn(&LimitsForm) -> Option<Spanned<T>>,
        show: impl Fn(&T) -> String,
    ) -> T {
        let own = self.entry.limits.as_ref().and_then(&of);
        let ceiling = own.or_else(|| self.around.limits.and_then(&of));
        let allowed = ceiling.map_or(usual, |ceiling| ceiling.value);
        if asked <= allowed {
            return asked;
        }
        if is_written == Some(true) {
            let span = own.map_or(self.entry.span, |ceiling| ceiling.span);
            let message = ask(self.id, key, &show(&asked), &show(&allowed));
            self.reader.report(&rules::CEILING, span, message).help =
                Some(format!("allow it with `limits: {{ {key}: {} }}`, or ask the author for less", show(&asked)));
        }
        allowed
    }

    /// `every` is a floor: the entry may not run more often than the author accepts.
    fn every(&mut self, asked: Duration) -> Duration {
        let of = |form: &LimitsForm| form.every;
        let floor = self.entry.limits.as_ref().and_then(of).or_else(|| self.around.limits.and_then(of));
        let floor = floor.map_or(CEILINGS.every, |floor| floor.value);
        if asked < floor {
            let message = ask(self.id, "every", &format_duration(asked), &format_duration(floor));
            self.reader.report(&rules::CEILING, self.entry.span, message);
        }
        if let Some(every) = &self.entry.every
            && every.value < asked
        {
            let (every_text, asked_text) = (format_duration(every.value), format_duration(asked));
            let message = format!("`every: {every_text}` is more often than journey `{}` accepts", self.id);
            self.reader.report(&rules::CEILING, every.span, message).help =
                Some(format!("its `limits.every` is {asked_text}"));
        }
        asked
    }
}

fn ask(id: &str, key: &str, asked: &dyn Display, allowed: &dyn Display) -> String {
    format!("journey `{id}` asks `{key}: {asked}`, allowed is {allowed}")
}
