//! Labels as text: escaped once, when the definition set changes, and only copied after that.

use std::collections::BTreeSet;

use super::series::{JourneySeries, StepSeries};

/// Appends `name="value"`, with a comma if something stands before it. A label without a value is still written:
/// a series keeps its set of labels.
pub fn push(labels: &mut String, name: &str, value: &str) {
    if !labels.is_empty() {
        labels.push(',');
    }
    labels.push_str(name);
    labels.push_str("=\"");
    for character in value.chars() {
        match character {
            '\\' => labels.push_str("\\\\"),
            '"' => labels.push_str("\\\""),
            '\n' => labels.push_str("\\n"),
            other => labels.push(other),
        }
    }
    labels.push('"');
}

/// All pairs, in order.
#[must_use]
pub fn render(pairs: &[(&str, &str)]) -> String {
    let mut labels = String::new();
    for (name, value) in pairs {
        push(&mut labels, name, value);
    }
    labels
}

/// Labels of `forerunner_journey_info`.
#[must_use]
pub fn journey_info(journey: &JourneySeries) -> String {
    let mut labels = render(&[
        ("journey", &journey.name),
        ("title", &journey.title),
        ("source", &journey.source),
        ("definition", journey.short_definition()),
    ]);
    let mut taken = BTreeSet::new();
    let owner = journey.owner.as_deref().map(|owner| ("owner", owner));
    let others = journey.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in owner.into_iter().chain(others) {
        push(&mut labels, &operator_name(name, &mut taken), value);
    }
    labels
}

/// Labels of `forerunner_step_info`.
#[must_use]
pub fn step_info(journey: &str, step: &StepSeries) -> String {
    let host = step.host.as_deref().unwrap_or_default();
    let party = step.party.as_deref().unwrap_or_default();
    render(&[("journey", journey), ("step", &step.id), ("host", host), ("party", party)])
}

/// `label_` and the name in the alphabet of label names; a number behind it where two names become one, because a
/// series with a label twice would spoil the whole scrape.
fn operator_name(name: &str, taken: &mut BTreeSet<String>) -> String {
    let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let mut unique = format!("label_{name}");
    let mut number = 2_u32;
    while !taken.insert(unique.clone()) {
        unique = format!("label_{name}_{number}");
        number += 1;
    }
    unique
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped() {
        assert_eq!(render(&[("a", "back\\slash"), ("b", "\"q\"\n")]), r#"a="back\\slash",b="\"q\"\n""#);
    }

    #[test]
    fn names_that_become_one_stay_two() {
        let mut taken = BTreeSet::new();
        let names = ["a-b", "a_b", "unit", "a.b"].map(|name| operator_name(name, &mut taken));
        assert_eq!(names, ["label_a_b", "label_a_b_2", "label_unit", "label_a_b_3"]);
    }
}
