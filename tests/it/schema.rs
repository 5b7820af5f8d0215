//! Holds `check` and the editor schemas against one corpus: what is good passes both, what is bad is seen by `check`, and
//! by the schema where the name of the file says so.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use forerunner::base::span::Source;
use forerunner::base::yaml;
use forerunner::cli::arguments::SchemaKind;
use forerunner::cli::schema;
use forerunner::config;
use forerunner::journey::load;
use jsonschema::Validator;
use serde_json::Value as Json;

struct Case {
    path: PathBuf,
    name: String,
    text: String,
}

impl Case {
    fn is_config(&self) -> bool {
        self.name.contains("config-")
    }

    /// The documents, if the text can be read at all.
    fn documents(&self) -> Option<Vec<Json>> {
        let parsed = yaml::parse(&Source::new(self.name.clone(), self.text.clone()));
        let documents = parsed.documents.iter().map(yaml::Node::to_json).filter(|document| !document.is_null());
        let readable = !parsed.diagnostics.iter().any(forerunner::base::diagnostic::Diagnostic::is_error);
        readable.then(|| documents.collect())
    }

    /// The rules that `check` finds broken.
    fn errors(&self) -> BTreeSet<&'static str> {
        let diagnostics = if self.is_config() {
            config::load(&self.path).diagnostics
        } else {
            load::survey(std::slice::from_ref(&self.path)).diagnostics
        };
        diagnostics.iter().filter(|problem| problem.is_error()).map(|problem| problem.rule.id).collect()
    }
}

struct Schemas {
    journey: Validator,
    config: Validator,
}

impl Schemas {
    fn new() -> Self {
        let validator = |kind| {
            let schema: Json = serde_json::from_str(&schema::text(kind)).expect("JSON");
            jsonschema::draft7::new(&schema).expect("a schema")
        };
        Self { journey: validator(SchemaKind::Journey), config: validator(SchemaKind::Config) }
    }

    /// What the schema says against a file; nothing of one that is no YAML of ours, for editors say that themselves.
    fn complaints(&self, case: &Case) -> Vec<String> {
        let validator = if case.is_config() { &self.config } else { &self.journey };
        let documents = case.documents().unwrap_or_default();
        let complaints = documents.iter().flat_map(|document| {
            validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path()))
        });
        complaints.collect()
    }
}

fn corpus(part: &str) -> Vec<Case> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(part);
    let mut cases: Vec<Case> = std::fs::read_dir(directory)
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| Case {
            name: path.file_name().expect("a name").to_string_lossy().into_owned(),
            text: std::fs::read_to_string(&path).expect("a text"),
            path,
        })
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    let configs = cases.iter().filter(|case| case.is_config()).count();
    assert!(configs >= 6 && cases.len() - configs >= 12, "the corpus is there: {}", cases.len());
    cases
}

#[test]
fn what_is_good_passes_check_and_schema() {
    let schemas = Schemas::new();
    for case in corpus("good") {
        assert_eq!(case.errors(), BTreeSet::new(), "{}", case.name);
        assert_eq!(schemas.complaints(&case), Vec::<String>::new(), "{}", case.name);
        assert!(case.documents().is_some_and(|documents| !documents.is_empty()), "{}", case.name);
    }
}

#[test]
fn what_is_bad_breaks_the_rule_that_it_names() {
    for case in corpus("bad") {
        let rule = case.text.lines().next().and_then(|line| line.strip_prefix("# rule: ")).expect("a rule");
        let errors = case.errors();
        assert!(errors.contains(rule), "{}: {errors:?}", case.name);
    }
}

#[test]
fn a_schema_sees_a_wrong_shape_and_leaves_sense_to_check() {
    let schemas = Schemas::new();
    let wrong = corpus("bad").into_iter().filter_map(|case| {
        let complaints = schemas.complaints(&case);
        let said = if complaints.is_empty() { "sense-" } else { "shape-" };
        (!case.name.starts_with(said)).then(|| format!("{} is {said}: {complaints:?}", case.name))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
