//! Compiles a definition to the part that runs, together with everything that can be said against it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::checks::Checks;
use super::draft::{Compiler, Draft};
use super::file::JourneyFile;
use super::library::Located;
use super::uses::Trouble;
use super::{Input, Loaded, hosts, ids, inputs, limits, vars};
use crate::base::diagnostic::Diagnostic;
use crate::base::secret::Label;
use crate::journey::check::{self, Checking};
use crate::journey::definition::Definition;
use crate::journey::definition::needs::SecretNeed;
use crate::journey::definition::slo::Good;
use crate::journey::definition::step::Step;
use crate::journey::resolved::{self, Part};
use crate::model::authority::DeclaredHost;
use crate::model::run::Section;

/// What came of one definition.
pub(super) struct Compiled {
    /// None if anything is wrong.
    pub(super) part: Option<Part>,
    pub(super) hosts: Vec<Option<DeclaredHost>>,
    pub(super) inputs: Vec<Input>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) height: usize,
    pub(super) trouble: Option<Trouble>,
}

/// Compiles a journey that is to be run by itself.
pub(super) fn compile(library: &super::library::Library, journey: &Located) -> (Option<Loaded>, Vec<Diagnostic>) {
    let Some(definition) = journey.definition() else {
        return (None, Vec::new());
    };
    let declared = definition.form.needs.hosts.iter().flat_map(|hosts| &hosts.0);
    let mut compiler = Compiler {
        library,
        folder: library.folder(journey.file.directory()),
        hosts: declared.map(|(name, _)| name.value.clone()).collect(),
        manifest: super::digest::Manifest::default(),
        bytes: 0,
        used: std::collections::HashMap::new(),
        stack: Vec::new(),
    };
    let made = compiler.part(journey, &definition);
    let hosts: Option<Vec<DeclaredHost>> = made.hosts.into_iter().collect();
    let loaded = made.part.zip(hosts).map(|(part, hosts)| Loaded {
        digest: compiler.manifest.digest(),
        directory: journey.file.directory().to_path_buf(),
        hosts,
        inputs: made.inputs,
        part: Arc::new(part),
        limits: limits::asked(definition.form.limits.as_ref()),
        definition,
    });
    (loaded, made.diagnostics)
}

impl Compiler<'_> {
    /// Compiles the definition, which is that of `journey`.
    pub(super) fn part(&mut self, journey: &Located, definition: &Arc<Definition>) -> Compiled {
        self.stack.push(journey.clone());
        self.list(&journey.file);
        let mut draft = Draft::new(self, &journey.file, definition);
        let mut diagnostics = Vec::new();
        let hosts = hosts::declared(definition, &mut diagnostics);
        let inputs = inputs::declared(definition, &mut diagnostics);
        inputs::varied(definition, &inputs, &mut diagnostics);
        let vars = vars::ordered(definition, &mut diagnostics);
        let ids = ids::effective(definition, &mut diagnostics);
        draft.diagnostics = diagnostics;
        let (of_steps, of_cleanup) = ids.split_at(definition.form.steps.len().min(ids.len()));
        let steps = draft.steps(&definition.form.steps, of_steps);
        let cleanup = draft.steps(definition.form.cleanup.as_deref().unwrap_or_default(), of_cleanup);
        let secrets = draft.secrets();
        draft.objectives();
        let Draft { mut diagnostics, files, used, height, trouble, .. } = draft;
        self.stack.pop();
        let used: BTreeMap<String, &Definition> = used.iter().map(|(id, used)| (id.clone(), &**used)).collect();
        let document = &journey.file.documents[journey.index];
        let found = check::check(&Checking { definition, ids: &ids, used: &used });
        let follows = |problem: &Diagnostic| document.dropped.as_ref().is_some_and(|dropped| dropped.explains(problem));
        diagnostics.extend(found.into_iter().filter(|problem| !follows(problem)));
        let has_errors = document.has_errors() || diagnostics.iter().any(Diagnostic::is_error);
        let part = steps.zip(cleanup).filter(|_| !has_errors).map(|(steps, cleanup)| Part {
            inputs: inputs.iter().filter_map(|input| Some((input.name.clone(), input.default.clone()?))).collect(),
            secrets,
            vars,
            steps,
            cleanup,
            outputs: definition.form.outputs.iter().flatten().map(|name| name.value.clone()).collect(),
            files,
        });
        Compiled { part, hosts, inputs, diagnostics, height, trouble }
    }

    /// A journey is made of its own file, too.
    fn list(&mut self, file: &JourneyFile) {
        let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        self.manifest.add(&name, &file.sha256);
    }
}

impl Draft<'_, '_> {
    fn steps(&mut self, steps: &[Step], ids: &[String]) -> Option<Vec<resolved::Step>> {
        let made: Vec<_> = steps.iter().zip(ids).map(|(step, id)| self.step(step, id.clone())).collect();
        made.into_iter().collect()
    }

    /// Objectives are judged elsewhere; what can never hold is said here.
    fn objectives(&mut self) {
        let definition = Arc::clone(&self.definition);
        for slo in definition.form.slo.iter().flatten() {
            if let Good::When(conditions) = &slo.good.value {
                self.checks(Some(conditions), Section::Expect, &mut Checks::default());
            }
        }
    }

    /// Each secret with the hosts it may be sent to.
    fn secrets(&self) -> Vec<(String, Label)> {
        let secrets = self.definition.form.needs.secrets.iter().flat_map(|secrets| &secrets.0);
        secrets.map(|(name, secret)| (name.value.clone(), self.label(secret))).collect()
    }

    /// The hosts that may see a secret, by their positions in the journey that runs.
    pub(super) fn label(&self, secret: &SecretNeed) -> Label {
        Label::only(secret.to.iter().filter_map(|host| self.host(&host.value)))
    }
}
