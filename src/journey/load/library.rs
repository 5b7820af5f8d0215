//! All journey files of one load and the directories they stand in, for journeys that use one another.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::Configs;
use super::file::{JourneyFile, read};
use super::package::Package;
use super::walk::{Candidate, shown, yaml_files};
use crate::base::diagnostic::nearest;
use crate::journey::definition::Definition;

/// Files looked at in one directory when a journey uses another that is not in its own file.
const SIBLINGS_MAX: usize = 10_000;

pub(super) struct Library {
    files: HashMap<PathBuf, Arc<JourneyFile>>,
    folders: Mutex<HashMap<PathBuf, Arc<Folder>>>,
}

/// A directory that holds journeys.
pub(super) struct Folder {
    pub(super) package: Package,
    /// Journeys by id, each with its file and its place in it; found out when one is first asked for.
    journeys: OnceLock<HashMap<String, Vec<Located>>>,
}

/// A journey by where it stands.
#[derive(Clone)]
pub(super) struct Located {
    pub(super) file: Arc<JourneyFile>,
    pub(super) index: usize,
}

impl Located {
    pub(super) fn definition(&self) -> Option<Arc<Definition>> {
        self.file.documents.get(self.index)?.definition.clone()
    }

    pub(super) fn is(&self, other: &Self) -> bool {
        self.index == other.index && Arc::ptr_eq(&self.file, &other.file)
    }
}

/// What came of looking for a journey.
pub(super) enum Lookup {
    Found(Located),
    /// None, but perhaps one whose id is near.
    Nothing(Option<String>),
    /// Names of the files that hold it.
    Several(Vec<String>),
}

impl Library {
    pub(super) fn new(files: &[Arc<JourneyFile>]) -> Self {
        let files = files.iter().map(|file| (file.path.clone(), Arc::clone(file))).collect();
        Self { files, folders: Mutex::default() }
    }

    pub(super) fn folder(&self, directory: &Path) -> Arc<Folder> {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = folders.get(directory) {
            return Arc::clone(folder);
        }
        let folder = Arc::new(Folder { package: Package::new(directory), journeys: OnceLock::new() });
        folders.insert(directory.to_path_buf(), Arc::clone(&folder));
        folder
    }

    /// The journey that `from` means by this id: of the same file, else of the same directory.
    pub(super) fn find(&self, folder: &Folder, from: &Arc<JourneyFile>, id: &str) -> Lookup {
        if let Some(index) = from.find(id) {
            return Lookup::Found(Located { file: Arc::clone(from), index });
        }
        let journeys = folder.journeys.get_or_init(|| self.journeys_in(&folder.package.directory));
        match journeys.get(id).map(Vec::as_slice) {
            Some([one]) => Lookup::Found(one.clone()),
            Some(several @ [_, ..]) => Lookup::Several(several.iter().map(|one| shown(&one.file.path)).collect()),
            _ => {
                let here = from.documents.iter().filter_map(|document| document.definition.as_ref());
                let mut known: Vec<&str> = here.map(|definition| definition.id()).collect();
                known.extend(journeys.keys().map(String::as_str));
                known.sort_unstable();
                Lookup::Nothing(nearest(id, known).map(str::to_owned))
            }
        }
    }

    fn journeys_in(&self, directory: &Path) -> HashMap<String, Vec<Located>> {
        let mut journeys: HashMap<String, Vec<Located>> = HashMap::new();
        // A directory that cannot be listed holds nothing that could be used.
        let paths = yaml_files(directory).unwrap_or_default();
        for path in paths.into_iter().take(SIBLINGS_MAX) {
            let known = self.files.get(&path).cloned();
            let file = known.or_else(|| read(&Candidate { path, named: false }, Configs::Refused).map(Arc::new));
            let Some(file) = file else { continue };
            for (index, document) in file.documents.iter().enumerate() {
                if let Some(definition) = &document.definition {
                    let located = Located { file: Arc::clone(&file), index };
                    let of_id = journeys.entry(definition.id().to_owned()).or_default();
                    // Twice in one file is that file's own mistake.
                    if !of_id.iter().any(|other| Arc::ptr_eq(&other.file, &file)) {
                        of_id.push(located);
                    }
                }
            }
        }
        journeys
    }
}
