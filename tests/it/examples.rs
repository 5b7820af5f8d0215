//! Reads every journey that we show to people: the files in `probes/`, and the whole ones in the documents.

use forerunner::base::shape::{Reader, Shape};
use forerunner::base::span::Source;
use forerunner::base::yaml;
use forerunner::journey::definition::JourneyForm;

use crate::repository::{FILES, has_extension};

/// The blocks of a document that are marked as YAML and hold a whole journey, but for those that show a mistake.
fn journeys_in(document: &str) -> Vec<String> {
    let parts: Vec<&str> = document.split("```yaml\n").collect();
    let meant = parts.windows(2).filter(|pair| !pair[0].ends_with("wrong on purpose -->\n"));
    let blocks = meant.filter_map(|pair| pair[1].split("```").next());
    blocks.filter(|block| block.lines().any(|line| line.starts_with("forerunner:"))).map(str::to_owned).collect()
}

/// What is wrong with a file of journeys.
fn problems(name: &str, text: &str) -> Vec<String> {
    let source = Source::new(name, text);
    let parsed = yaml::parse(&source);
    let mut reader = Reader::new(source);
    for document in &parsed.documents {
        let _ = JourneyForm::read(document, &mut reader);
    }
    let all = parsed.diagnostics.iter().chain(&reader.diagnostics);
    all.map(|problem| format!("{name}:{}: {}", problem.position(), problem.message)).collect()
}

#[test]
fn every_journey_in_the_repository_can_be_read() {
    let probes = FILES.iter().filter(|(path, _)| path.starts_with("probes/") && has_extension(path, "yaml")).cloned();
    let documents = FILES.iter().filter(|(path, _)| has_extension(path, "md"));
    let shown = documents.flat_map(|(path, text)| journeys_in(text).into_iter().map(|block| (path.clone(), block)));
    let all: Vec<_> = probes.chain(shown).collect();
    assert!(all.len() >= 5, "journeys are found: {}", all.len());
    let problems: Vec<_> = all.iter().flat_map(|(name, text)| problems(name, text)).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn the_configuration_to_start_from_is_clean_and_has_every_key() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/forerunner.yaml");
    let found = forerunner::config::load(&path);
    let problems: Vec<_> = found.diagnostics.iter().map(|problem| problem.message.clone()).collect();
    assert!(problems.is_empty(), "{problems:?}");
    let text = std::fs::read_to_string(&path).expect("it is there");
    let (_, reference) = FILES.iter().find(|(path, _)| path == "docs/reference/config.md").expect("the reference");
    let keys = reference.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    // A later version reads them.
    let later = ["mailboxes"];
    let missing: Vec<_> =
        keys.filter(|key| !later.contains(key) && !text.contains(&format!("{key}:"))).map(str::to_owned).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
