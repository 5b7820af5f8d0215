//! The files of this repository as its own rules see them, found without asking git.

use std::path::Path;
use std::sync::LazyLock;

/// A file: its path from the top of the repository, with `/`, and its text.
pub(crate) type File = (String, String);

/// Every text file that is not ignored, by path.
pub(crate) static FILES: LazyLock<Vec<File>> = LazyLock::new(|| {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ignored = std::fs::read_to_string(top.join(".gitignore")).expect(".gitignore is there");
    let mut files = Vec::new();
    walk(top, "", &ignored.lines().map(|line| line.trim_matches('/')).collect::<Vec<_>>(), &mut files);
    files.sort();
    files
});

pub(crate) fn rust_files() -> impl Iterator<Item = &'static File> {
    FILES.iter().filter(|(path, _)| has_extension(path, "rs"))
}

/// Whether there is a file or a folder at this path.
pub(crate) fn exists(path: &str) -> bool {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path).exists()
}

pub(crate) fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|own| own == extension)
}

fn walk(top: &Path, folder: &str, ignored: &[&str], files: &mut Vec<File>) {
    for entry in std::fs::read_dir(top.join(folder)).expect("a folder can be read") {
        let entry = entry.expect("a folder can be read");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
        if name == ".git" || ignored.contains(&path.as_str()) {
            continue;
        }
        if entry.file_type().expect("a file has a type").is_dir() {
            walk(top, &path, ignored, files);
        } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
            files.push((path, text));
        }
    }
}
