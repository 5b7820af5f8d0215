//! What is generated stays what the program says: reference pages and editor schemas. `UPDATE=1` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};

use forerunner::cli::arguments::SchemaKind;
use forerunner::cli::{reference, schema};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The file says what the program says; with `UPDATE` in the environment it is made to.
pub(crate) fn check(path: &Path, text: &str) {
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(path.parent().expect("a file stands in a directory")).expect("made");
        fs::write(path, text).expect("written");
    }
    let kept = fs::read_to_string(path).unwrap_or_default();
    assert!(
        kept == text,
        "`{}` is not what the program says; run the tests with `UPDATE=1` and look at the difference",
        path.display()
    );
}

#[test]
fn the_reference_pages_are_those_of_the_program() {
    for (name, text) in reference::pages() {
        check(&root().join("docs/reference").join(name), &text);
    }
}

#[test]
fn the_editor_schemas_are_those_of_the_program() {
    for (name, kind) in [("journey.schema.json", SchemaKind::Journey), ("config.schema.json", SchemaKind::Config)] {
        check(&root().join("config/schema").join(name), &schema::text(kind));
    }
}
