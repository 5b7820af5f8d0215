//! What a journey asks for, with the defaults filled in; ceilings belong to the binding.

use std::time::Duration;

use crate::journey::definition::LimitsForm;
use crate::journey::resolved::Limits;

const DEFAULT: Limits = Limits {
    time: Duration::from_mins(1),
    cleanup: Duration::from_secs(30),
    requests: 100,
    body: 1 << 20,
    steps: 100,
    loop_max: 50,
    every: Duration::from_secs(10),
    parallel: 1,
};

pub(super) fn asked(form: Option<&LimitsForm>) -> Limits {
    let Some(form) = form else { return DEFAULT };
    Limits {
        time: form.time.map_or(DEFAULT.time, |time| time.value),
        cleanup: form.cleanup.map_or(DEFAULT.cleanup, |time| time.value),
        requests: form.requests.map_or(DEFAULT.requests, |number| number.value),
        body: form.body.map_or(DEFAULT.body, |size| size.value.0),
        steps: form.steps.map_or(DEFAULT.steps, |number| number.value),
        loop_max: form.loop_max.map_or(DEFAULT.loop_max, |number| number.value),
        every: form.every.map_or(DEFAULT.every, |time| time.value),
        parallel: form.parallel.map_or(DEFAULT.parallel, |number| number.value),
    }
}
