//! From a configuration file to runs that can start: the file, the journeys it names, and each bound to it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::channels::{Channel, channels};
use super::daemon::DaemonSettings;
use super::form::{ConfigForm, Defaults, Party, PartyKind};
use super::glob;
use crate::base::diagnostic::{Diagnostic, nearest};
use crate::base::duration::format_duration;
use crate::base::shape::{Reader, Shape};
use crate::base::span::{Span, Spanned};
use crate::base::yaml;
use crate::journey::bind::{Surroundings, WrittenAs, bind_all};
use crate::journey::binding::{Alert, RunEntry, rules};
use crate::journey::definition::LimitsForm;
use crate::journey::load::{self, Loaded};
use crate::journey::objective::{self, Objective};
use crate::journey::resolved::Journey;
use crate::net::network::{Machine, Network, Settings};

/// What came of a configuration file.
pub struct Configuration {
    /// Where we measure from; none if the file does not say.
    pub vantage: Option<String>,
    /// Who answers for the traffic.
    pub contact: Option<String>,
    /// None if the file could not be read so far.
    pub settings: Option<DaemonSettings>,
    /// Without the entries that have problems.
    pub runs: Vec<ScheduledRun>,
    /// Without those that have problems.
    pub channels: Vec<Channel>,
    /// Who is responsible, by the names that journeys give as `owner`.
    pub parties: BTreeMap<String, Party>,
    /// Of the file itself and of every journey it names, sorted by file and place.
    pub diagnostics: Vec<Diagnostic>,
    /// Journey files read, and journeys found in them.
    pub files: usize,
    pub documents: usize,
    /// The files, each with the number of journeys in it.
    pub counted: Vec<(PathBuf, usize)>,
}

/// A journey bound and ready, with the entry it comes from.
pub struct ScheduledRun {
    pub journey: Arc<Journey>,
    /// The file of its definition.
    pub file: String,
    pub entry: Arc<RunEntry>,
    /// Between starts.
    pub interval: Duration,
    /// Names of the channels that tell of its incidents.
    pub alert: Arc<[String]>,
    pub objectives: Arc<[Objective]>,
}

/// Of an entry that says nothing: the interval that people mean by "continuously".
const EVERY: Duration = Duration::from_mins(1);

/// What the entry says, else the defaults; never more often than the journey accepts.
fn interval(entry: &RunEntry, defaults: Option<&Defaults>, journey: &Journey) -> Duration {
    let default = || defaults.and_then(|defaults| defaults.every.as_ref());
    let every = entry.every.as_ref().or_else(default).map_or(EVERY, |every| every.value);
    every.max(journey.limits.every)
}

/// Reads the file and everything it names. Every problem of all files is in the answer.
pub fn load(path: &Path) -> Configuration {
    let mut configuration = Configuration {
        vantage: None,
        contact: None,
        settings: None,
        runs: Vec::new(),
        channels: Vec::new(),
        parties: BTreeMap::new(),
        diagnostics: Vec::new(),
        files: 0,
        documents: 0,
        counted: Vec::new(),
    };
    let source = match load::read_source(path) {
        Ok(source) => source,
        Err(problem) => {
            configuration.diagnostics.push(*problem);
            return configuration;
        }
    };
    let parsed = yaml::parse_own(&source);
    let mut reader = Reader::new(Arc::clone(&source));
    reader.diagnostics = parsed.diagnostics;
    let form = match parsed.documents.as_slice() {
        [document, ..] if is_journey(document) => {
            reader.report(&rules::BINDING, document.span, "this is a journey, not a configuration").help = Some(
                "a configuration lists journeys under `runs`, for example `runs: [{ file: JOURNEY.yaml }]`".to_owned(),
            );
            None
        }
        [document] => ConfigForm::read(document, &mut reader),
        [] => {
            reader.report(&rules::BINDING, Span::default(), "the file holds no configuration");
            None
        }
        [_, second, ..] => {
            reader.report(&rules::BINDING, second.span, "a configuration is one document, this is a second one");
            None
        }
    };
    if let Some(form) = form {
        form.refuse_later(&mut reader);
        configuration.vantage = form.vantage.as_ref().map(|vantage| vantage.value.clone());
        configuration.contact = form.contact.as_ref().map(|contact| contact.value.clone());
        let directory = tidied(path.parent().unwrap_or_else(|| Path::new("")));
        configuration.settings = Some(DaemonSettings::of(&form, &directory, &mut reader));
        if let Some(forms) = &form.channels {
            configuration.channels = channels(forms, &directory, &mut reader);
        }
        let parties = form.parties.iter().flat_map(|parties| &parties.0);
        configuration.parties = parties.map(|(id, party)| (id.value.clone(), party.clone())).collect();
        Binder { directory, form: &form, reader: &mut reader, configuration: &mut configuration }.all();
    }
    configuration.diagnostics.append(&mut reader.diagnostics);
    load::sort(&mut configuration.diagnostics);
    // What is wrong with an entry is found anew for each of its journeys.
    configuration.diagnostics.dedup();
    configuration
}

/// Told by its first key, which a configuration does not have.
fn is_journey(document: &yaml::Node) -> bool {
    matches!(&document.tree, yaml::Tree::Map(entries) if entries.iter().any(|entry| entry.key.value == "forerunner"))
}

/// Without detours, so that a file has one name however the way to it was written. What lies behind a link is left as
/// it is: the way back from there is another.
fn tidied(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        let back = part == Component::ParentDir
            && matches!(tidy.components().next_back(), Some(Component::Normal(_)))
            && !tidy.is_symlink();
        if back {
            tidy.pop();
        } else if part != Component::CurDir {
            tidy.push(part);
        }
    }
    tidy
}

type ByFile = HashMap<PathBuf, Vec<Arc<Loaded>>>;
type ById = HashMap<String, Vec<Arc<Loaded>>>;

struct Binder<'a> {
    directory: PathBuf,
    form: &'a ConfigForm,
    reader: &'a mut Reader,
    configuration: &'a mut Configuration,
}

impl Binder<'_> {
    fn all(mut self) {
        let machine = Arc::new(Machine::default());
        let mut settings = Settings::default();
        if let Some(network) = &self.form.network {
            network.lay_over(&mut settings, &self.directory, self.reader);
        }
        let plain = match Network::new(settings, &machine) {
            Ok(network) => Arc::new(network),
            Err(error) => {
                let span = self.form.network.as_ref().map_or(self.form.span, |network| network.span);
                let message = format!("`{}` cannot be used: {}", error.key, error.message);
                self.reader.report(&rules::NETWORK, span, message);
                return;
            }
        };
        let (by_file, by_id) = self.journeys();
        let defaults = self.form.defaults.as_ref();
        let directory = self.directory.clone();
        let run_time = self.form.limits.as_ref().and_then(|limits| limits.run_time);
        let mut ceilings = defaults.and_then(|defaults| defaults.limits.clone());
        if let Some(run_time) = run_time {
            let form = ceilings.get_or_insert_with(|| LimitsForm::nothing(run_time.span));
            form.time = form.time.or(Some(run_time));
        }
        let around = Surroundings {
            machine: &machine,
            directory: &directory,
            allow: defaults.and_then(|defaults| defaults.allow.as_ref()),
            limits: ceilings.as_ref(),
            network: self.form.network.as_ref(),
            plain,
            written_as: WrittenAs::File,
        };
        let mut names: HashMap<String, Span> = HashMap::new();
        for entry in &self.form.runs {
            let alert = self.alerts(entry, defaults);
            let shared = Arc::new(entry.clone());
            let journeys = self.entry_journeys(entry, &by_file, &by_id);
            for (loaded, journey) in bind_all(&journeys, entry, &around, self.reader) {
                if let Some(first) = names.insert(journey.name.clone(), entry.span) {
                    let message = format!("two runs are called `{}`", journey.name);
                    let problem = self.reader.report(&rules::RUN_NAME, entry.span, message);
                    problem.help = Some("give one of the entries another `name`".to_owned());
                    *problem = problem.clone().related(first, "the first of them");
                    continue;
                }
                self.usual_interval(entry, defaults, &journey);
                let slos = loaded.definition.form.slo.as_deref().unwrap_or_default();
                self.configuration.runs.push(ScheduledRun {
                    interval: interval(entry, defaults, &journey),
                    alert: Arc::clone(&alert),
                    journey: Arc::new(journey),
                    file: loaded.definition.source.name.clone(),
                    entry: Arc::clone(&shared),
                    objectives: objective::objectives(slos).into(),
                });
            }
        }
        self.parties(by_file.values().flatten());
    }

    /// An interval of an entry's own has been judged with its binding.
    fn usual_interval(&mut self, entry: &RunEntry, defaults: Option<&Defaults>, journey: &Journey) {
        let usual = defaults.and_then(|defaults| defaults.every.as_ref()).filter(|_| entry.every.is_none());
        if let Some(every) = usual.filter(|every| every.value < journey.limits.every) {
            let (usual, least) = (format_duration(every.value), format_duration(journey.limits.every));
            let message = format!("`every: {usual}` is more often than journey `{}` accepts", journey.id);
            self.reader.report(&rules::CEILING, every.span, message).help =
                Some(format!("its `limits.every` is {least}; give its entry an `every` of its own"));
        }
    }

    /// Loads every journey file that the configuration names, once.
    fn journeys(&mut self) -> (ByFile, ById) {
        let mut paths = BTreeSet::new();
        let mut found_by_pattern = BTreeSet::new();
        for pattern in self.form.probes.iter().flatten() {
            match glob::find(&self.directory, &pattern.value) {
                Ok(found) if found.is_empty() => {
                    let message = format!("no file fits `{}`", pattern.value);
                    self.reader.report(&rules::BINDING, pattern.span, message).help =
                        Some("paths are relative to this file".to_owned());
                }
                Ok(found) => found_by_pattern.extend(found.iter().map(|path| tidied(path))),
                Err(error) => {
                    let message = format!("`{}` cannot be searched: {error}", pattern.value);
                    self.reader.report(&rules::BINDING, pattern.span, message);
                }
            }
        }
        paths.extend(found_by_pattern.iter().cloned());
        for entry in &self.form.runs {
            if let Some(file) = &entry.file {
                let path = self.path(&file.value);
                if path.is_file() {
                    paths.insert(path);
                } else {
                    let message = format!("there is no file `{}`", file.value);
                    self.reader.report(&rules::BINDING, file.span, message).help =
                        Some("paths are relative to this file".to_owned());
                }
            }
        }
        let report = load::load(&paths.into_iter().collect::<Vec<_>>());
        self.configuration.diagnostics.extend(report.diagnostics);
        self.configuration.files = report.files;
        self.configuration.documents = report.documents;
        self.configuration.counted = report.counted;
        let (mut by_file, mut by_id) = (ByFile::new(), ById::new());
        for loaded in report.journeys {
            let path = PathBuf::from(&loaded.definition.source.name);
            if found_by_pattern.contains(&path) {
                by_id.entry(loaded.definition.id().to_owned()).or_default().push(Arc::clone(&loaded));
            }
            by_file.entry(path).or_default().push(loaded);
        }
        (by_file, by_id)
    }

    /// A path as the configuration has it, seen from where we are.
    fn path(&self, written: &str) -> PathBuf {
        tidied(&self.directory.join(written))
    }

    /// The journeys that an entry stands for.
    fn entry_journeys(&mut self, entry: &RunEntry, by_file: &ByFile, by_id: &ById) -> Vec<Arc<Loaded>> {
        match (&entry.file, &entry.journey) {
            (None, None) => {
                self.reader.report(&rules::BINDING, entry.span, "an entry names a `journey`, a `file`, or both");
                Vec::new()
            }
            (None, Some(id)) => match by_id.get(&id.value).map(Vec::as_slice) {
                Some([one]) => vec![Arc::clone(one)],
                Some(several) => {
                    let files: Vec<_> =
                        several.iter().map(|loaded| format!("`{}`", loaded.definition.source.name)).collect();
                    let message = format!("journey `{}` stands in several files: {}", id.value, files.join(", "));
                    self.reader.report(&rules::BINDING, id.span, message).help =
                        Some("say which with `file:`".to_owned());
                    Vec::new()
                }
                None => {
                    self.unknown_journey(id, by_id.keys().map(String::as_str), "among `probes`");
                    Vec::new()
                }
            },
            (Some(file), picked) => {
                for (key, written) in [("version", &entry.version), ("digest", &entry.digest)] {
                    if let Some(written) = written {
                        let message = format!("`{key}` does not go with `file`");
                        self.reader.report(&rules::PIN, written.span, message).help =
                            Some("name the journey by its id".to_owned());
                    }
                }
                // A file with problems has been reported; it has no journeys then.
                let Some(journeys) = by_file.get(&self.path(&file.value)) else { return Vec::new() };
                let Some(id) = picked else {
                    if let (Some(name), true) = (&entry.name, journeys.len() > 1) {
                        let message = "`name` stands for one journey, and the file holds several";
                        self.reader.report(&rules::RUN_NAME, name.span, message).help =
                            Some("pick one with `journey: ID`".to_owned());
                        return Vec::new();
                    }
                    return journeys.clone();
                };
                let found = journeys.iter().find(|loaded| loaded.definition.id() == id.value).cloned();
                if found.is_none() {
                    let known: Vec<_> = journeys.iter().map(|loaded| loaded.definition.id()).collect();
                    self.unknown_journey(id, known.into_iter(), &format!("in `{}`", file.value));
                }
                found.into_iter().collect()
            }
        }
    }

    fn unknown_journey<'k>(&mut self, id: &Spanned<String>, known: impl Iterator<Item = &'k str>, place: &str) {
        let meant = nearest(&id.value, known).map(|meant| format!("did you mean `{meant}`?"));
        let message = format!("there is no journey `{}` {place}, or it has problems", id.value);
        self.reader.report(&rules::BINDING, id.span, message).help = meant;
    }

    /// The channels that tell of the incidents of an entry.
    fn alerts(&mut self, entry: &RunEntry, defaults: Option<&Defaults>) -> Arc<[String]> {
        let forms = self.form.channels.as_ref().map(|forms| forms.0.as_slice()).unwrap_or_default();
        let default = || defaults.and_then(|defaults| defaults.alert.as_ref());
        match entry.alert.as_ref().or_else(default) {
            Some(Alert::Nobody) => Arc::default(),
            None => {
                if !forms.is_empty() {
                    let message = "nobody is told of incidents of this entry";
                    self.reader.report(&super::rules::NOBODY_TOLD, entry.span, message).help =
                        Some(format!("write `alert: [{}]` here or in `defaults`, or `alert: none`", forms[0].0.value));
                }
                Arc::default()
            }
            Some(Alert::Routes(names)) => {
                for name in names.iter().filter(|name| !forms.iter().any(|(known, _)| known.value == name.value)) {
                    let message = format!("there is no channel `{}`", name.value);
                    let meant = nearest(&name.value, forms.iter().map(|(known, _)| known.value.as_str()));
                    self.reader.report(&super::rules::CHANNEL, name.span, message).help = Some(meant.map_or_else(
                        || "describe it under `channels`".to_owned(),
                        |meant| format!("did you mean `{meant}`?"),
                    ));
                }
                let names: BTreeSet<_> = names.iter().map(|name| name.value.clone()).collect();
                names.into_iter().collect()
            }
        }
    }

    /// Every owner names a party; one without an entry has no contact, which is worth knowing.
    fn parties<'l>(&mut self, journeys: impl Iterator<Item = &'l Arc<Loaded>>) {
        let Some(parties) = &self.form.parties else { return };
        let mut missing = BTreeSet::new();
        for loaded in journeys {
            let form = &loaded.definition.form;
            let hosts =
                form.needs.hosts.iter().flat_map(|hosts| &hosts.0).filter_map(|(_, host)| host.0.owner.as_ref());
            let steps = loaded.definition.all_steps().filter_map(|step| step.owner.as_ref());
            for owner in form.owner.iter().chain(hosts).chain(steps) {
                if parties.get(&owner.value).is_none() {
                    missing.insert(owner.value.clone());
                }
            }
        }
        for owner in missing {
            let known: Vec<_> = parties.0.iter().map(|(name, _)| name.value.as_str()).collect();
            let help = nearest(&owner, known.iter().copied()).map_or_else(
                || format!("add `{owner}: {{ name: …, contact: …, kind: {} }}`", PartyKind::WORDS.join("|")),
                |meant| format!("is it `{meant}`?"),
            );
            let span = parties.0.first().map_or(self.form.span, |(name, _)| name.span);
            self.reader
                .report(&super::rules::UNKNOWN_PARTY, span, format!("owner `{owner}` has no entry in `parties`"))
                .help = Some(help);
        }
    }
}
