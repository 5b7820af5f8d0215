//! What both boards say alike: states and their colours, bounds, and the way from one to the other.

use serde_json::{Value as Json, json};

use super::grafana::Steps;

/// Of `success * (2 - degraded)`; words as well as colours, for those who tell red from green badly.
pub const STATES: &[(u8, &str, &str)] = &[(0, "Failing", "red"), (1, "Degraded", "orange"), (2, "OK", "green")];

pub const OK_FROM_ONE: Steps = &[("red", f64::NEG_INFINITY), ("green", 1.0)];
pub const NONE_IS_GOOD: Steps = &[("green", f64::NEG_INFINITY), ("red", 1.0)];
pub const SOME_WAIT: Steps = &[("green", f64::NEG_INFINITY), ("orange", 1.0)];
pub const RATIO: Steps = &[("red", f64::NEG_INFINITY), ("orange", 0.99), ("green", 0.995)];
/// Seconds: a week and three weeks, as the daemon itself warns.
pub const CERTIFICATE: Steps = &[("red", f64::NEG_INFINITY), ("orange", 604_800.0), ("green", 1_814_400.0)];

/// From a series to the board of its journey.
pub const TO_JOURNEY: &str = "/d/forerunner-journey?${__url_time_range}&${datasource:queryparam}&${job:queryparam}\
                              &${instance:queryparam}&var-journey=${__field.labels.journey}";
/// The same from the row of a table.
pub const TO_JOURNEY_OF_ROW: &str = "/d/forerunner-journey?${__url_time_range}&${datasource:queryparam}\
                                     &${job:queryparam}&${instance:queryparam}&var-journey=${__data.fields.Journey}";

/// Properties of a column whose cells have the colour of their value. Grafana before 9.5 and after it name this
/// differently, and leave alone what they do not know.
pub fn coloured(more: &[(&'static str, Json)]) -> Vec<(&'static str, Json)> {
    let ways = [
        ("custom.displayMode", json!("color-background")),
        ("custom.cellOptions", json!({ "type": "color-background" })),
    ];
    ways.into_iter().chain(more.iter().cloned()).collect()
}
