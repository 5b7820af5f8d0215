//! The reference pages of `docs/reference/`: generated, so that they cannot say what the program does not do.

mod keys;
mod tables;

use crate::base::diagnostic::Rule;
use crate::base::shape::Schemas;
use crate::cli::arguments;
use crate::config::form::ConfigForm;
use crate::journey::definition::JourneyForm;

/// File name and Markdown of every page.
#[must_use]
pub fn pages() -> Vec<(&'static str, String)> {
    let journey = Schemas::document::<JourneyForm>("Journey");
    let config = Schemas::document::<ConfigForm>("Configuration");
    vec![
        (
            "journey.md",
            keys::page(
                "Journey files",
                "Every key of a journey file. What the values of `expect`, `keep` and templates may be stands in \
                 [selectors](selectors.md), [matchers](matchers.md) and [filters](filters.md).",
                "JourneyForm",
                &journey,
            ),
        ),
        (
            "config.md",
            keys::page(
                "Configuration file",
                "Every key of the configuration file of one installation. Relative paths start at the file.",
                "ConfigForm",
                &config,
            ),
        ),
        ("command-line.md", arguments::reference_page()),
        ("selectors.md", tables::selectors()),
        ("matchers.md", tables::matchers()),
        ("filters.md", tables::filters()),
        ("failures.md", tables::failures()),
        ("metrics.md", crate::metrics::catalogue::reference_page()),
        ("problems.md", tables::problems(&rules())),
    ]
}

/// Every rule that a file can break, by id.
#[must_use]
pub fn rules() -> Vec<&'static Rule> {
    let lists = [
        crate::base::yaml::rules::ALL,
        crate::base::shape::rules::ALL,
        crate::template::rules::ALL,
        crate::journey::definition::rules::ALL,
        crate::journey::load::rules::ALL,
        crate::journey::check::rules::ALL,
        crate::journey::binding::rules::ALL,
        crate::config::rules::ALL,
        crate::web::access::rules::ALL,
    ];
    let mut rules: Vec<_> = lists.into_iter().flatten().copied().collect();
    rules.sort_by_key(|rule| rule.id);
    rules
}

/// A cell of a Markdown table: bars and line breaks would end it.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// A cell in code style; a text with backticks is fenced by two.
fn code(text: &str) -> String {
    let fence = if text.contains('`') { "``" } else { "`" };
    if text.is_empty() { String::new() } else { format!("{fence}{}{fence}", cell(text)) }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_rule_has_an_id_of_its_own_and_a_sentence() {
        let mut ids = HashSet::new();
        for rule in rules() {
            assert!(ids.insert(rule.id), "`{}` is declared twice", rule.id);
            assert!(crate::base::name::is_id(rule.id), "{}", rule.id);
            assert!(rule.about.ends_with('.') && rule.about.len() > 20, "{}: {}", rule.id, rule.about);
        }
    }

    #[test]
    fn a_cell_stays_one_cell() {
        assert_eq!(code("a | b"), "`a \\| b`");
        assert_eq!(cell("a\nb"), "a b");
    }
}
