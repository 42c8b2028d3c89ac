//! THE SPINE: what happens to the resources of one kustomization, in order, and how kustomizations nest.
//!
//! `accumulate` is the whole order of work; everything it calls does one step. Must not know how a step is done, nor what is
//! done once at the end (see `finish`).

mod charts;

use krm::Origin;

use crate::Options;
use crate::customize::{self, FromFiles};
use crate::draft::{Draft, DraftSet};
use crate::error::{BuildError, Place, Problem};
use crate::generate;
use crate::kustomization::{self, Kustomization, KustomizationError, Located, ReadKustomization};
use crate::load::{Around, FilesError, Kind, LoadError, Loader, RepositoryRequest, is_remote_file};
use crate::plugin::{self, Context};
use crate::provenance::Provenance;
use crate::resources::{ResourceError, read_drafts};
use crate::tables::{self, Tables};
use crate::vars::Vars;

/// What the recursion gathers.
#[derive(Debug, Default)]
pub(crate) struct Accumulated {
    /// The resources so far.
    pub(crate) drafts: DraftSet,
    /// What is known about fields: at the end of a kustomization, its own and that of all its bases.
    pub(crate) tables: Tables,
    /// The vars that were declared so far.
    pub(crate) vars: Vars,
    /// What the user should know.
    pub(crate) warnings: Vec<String>,
}

/// One kustomization at work.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    loader: &'a Loader<'a>,
    read: ReadKustomization,
    options: &'a Options,
    /// Where what lies here comes from, if the top wants anything to be known about it.
    provenance: Option<Provenance>,
    /// The nearest namespace that a kustomization above sets: charts are rendered for it.
    namespace_above: String,
}

impl<'a> Target<'a> {
    /// Reads the kustomization of the directory that is built. Of all `buildMetadata` only its own counts.
    pub(crate) fn top(loader: &'a Loader<'a>, options: &'a Options) -> Result<Self, BuildError> {
        let read = kustomization::read(loader)?;
        choose_schema(loader, &read).map_err(|error| error.located(&read.file, &read.root))?;
        let provenance = (!read.kustomization.build_metadata.is_empty()).then(Provenance::default);
        Ok(Self { loader, read, options, provenance, namespace_above: String::new() })
    }

    /// Reads the kustomization of the loader's directory, to which this one refers by `path`.
    fn below<'b>(&self, loader: &'b Loader<'b>, path: &str) -> Result<Target<'b>, BuildError>
    where
        'a: 'b,
    {
        let read = kustomization::read(loader)?;
        choose_schema(loader, &read).map_err(|error| error.located(&read.file, &read.root))?;
        let provenance = self.provenance.as_ref().map(|here| here.below(path));
        let namespace_above = self.namespace_of_charts().to_owned();
        Ok(Target { loader, read, options: self.options, provenance, namespace_above })
    }

    pub(crate) fn kustomization(&self) -> &Kustomization {
        &self.read.kustomization
    }

    pub(crate) fn file(&self) -> &str {
        &self.read.file
    }

    /// The whole order of work. A component continues with what its parent has gathered; a kustomization starts afresh.
    pub(crate) fn accumulate(&self, so_far: Accumulated) -> Result<Accumulated, BuildError> {
        self.work(so_far).map_err(|error| self.located(error))
    }

    /// An error of this kustomization, with the line of its field.
    pub(crate) fn located(&self, error: BuildError) -> BuildError {
        error.located(&self.read.file, &self.read.root)
    }

    fn work(&self, mut so_far: Accumulated) -> Result<Accumulated, BuildError> {
        so_far.drafts.use_schema(self.loader.schema());
        so_far.tables.use_schema(self.loader.schema());
        so_far.warnings.extend(self.read.warnings.iter().cloned());
        self.read_resources(&mut so_far)?;
        self.read_tables(&mut so_far)?;
        self.generate(&mut so_far)?;
        so_far = self.run_components(so_far)?;
        self.transform(&mut so_far)?;
        self.validate(&mut so_far)?;
        self.declare_vars(&mut so_far)?;
        Ok(so_far)
    }

    fn read_resources(&self, so_far: &mut Accumulated) -> Result<(), BuildError> {
        let paths: Vec<(usize, &Located)> = self.kustomization().resources.iter().enumerate().collect();
        self.read_paths(so_far, "resources", &paths)
    }

    /// Files and bases, in their order.
    fn read_paths(&self, so_far: &mut Accumulated, field: &str, paths: &[(usize, &Located)]) -> Result<(), BuildError> {
        for &(index, path) in paths {
            let place = || self.place(field, index, path);
            match self.loader.kind(path) {
                Kind::Directory => self.read_base(so_far, path, place())?,
                Kind::File => self.read_file(so_far, path, place())?,
                Kind::Missing if is_remote_file(path) => self.read_remote(so_far, path, &place())?,
                Kind::Missing if RepositoryRequest::parse(path).is_ok() => self.read_base(so_far, path, place())?,
                Kind::Missing => return Err(self.missing(path, place())),
            }
        }
        Ok(())
    }

    fn read_file(&self, so_far: &mut Accumulated, path: &str, place: Place) -> Result<(), BuildError> {
        let text = self.loader.read_text(path).map_err(|error| BuildError::new(error, place.clone()))?;
        let mut drafts = read_drafts(&text, &self.loader.shown(path)).map_err(in_file)?;
        if let Some(here) = &self.provenance {
            let file = here.below(path);
            let noted = drafts.iter_mut().try_for_each(|draft| file.overwrite_origin(draft));
            noted.map_err(|error| BuildError::new(error, place.clone()))?;
        }
        drafts
            .into_iter()
            .try_for_each(|draft| so_far.drafts.append(draft))
            .map_err(|error| BuildError::new(error, place))
    }

    fn read_base(&self, so_far: &mut Accumulated, path: &str, place: Place) -> Result<(), BuildError> {
        let base = self.run_nested(Accumulated::default(), path, "Kustomization", &place)?;
        so_far.drafts.append_all(base.drafts).map_err(|error| BuildError::new(error, place.clone()))?;
        so_far.tables.merge(&base.tables).map_err(|error| BuildError::new(error, place.clone()))?;
        so_far.vars.merge(base.vars).map_err(|error| BuildError::new(error, place))?;
        so_far.warnings.extend(base.warnings);
        Ok(())
    }

    /// What the kustomization of another directory, which must be of this kind, makes of what it is given.
    fn run_nested(
        &self,
        given: Accumulated,
        path: &str,
        kind: &'static str,
        place: &Place,
    ) -> Result<Accumulated, BuildError> {
        let root = self.loader.directory(path).map_err(|error| BuildError::new(error, place.clone()))?;
        let loader = self.loader.below(&root);
        let through = || loader.shown_root();
        let target = self.below(&loader, path).map_err(|error| error.or_at(place).through(through()))?;
        demand_kind(&target, kind, path, place)?;
        target.accumulate(given).map_err(|error| error.through(through()))
    }

    /// On a web server: a file, or else a repository.
    fn read_remote(&self, so_far: &mut Accumulated, path: &str, place: &Place) -> Result<(), BuildError> {
        let Err(no_file) = self.read_file(so_far, path, place.clone()) else { return Ok(()) };
        if RepositoryRequest::parse(path).is_err() || matches!(no_file.problem, Problem::Conflict(_)) {
            return Err(no_file);
        }
        self.read_base(so_far, path, place.clone()).map_err(|no_repository| {
            let is_page = self.loader.read_text(path).is_ok_and(|text| text.trim_start().starts_with('<'));
            neither(no_file, no_repository, is_page)
        })
    }

    /// Its own tables go over those of its bases.
    fn read_tables(&self, so_far: &mut Accumulated) -> Result<(), BuildError> {
        tables::gather(&mut so_far.tables, self.kustomization(), self.loader, self.file())
    }

    fn run_components(&self, mut so_far: Accumulated) -> Result<Accumulated, BuildError> {
        for (index, path) in self.kustomization().components.iter().enumerate() {
            let place = self.place("components", index, path);
            so_far = self.run_nested(so_far, path, "Component", &place)?;
            so_far.tables.settle().map_err(|error| BuildError::new(error, place))?;
        }
        Ok(so_far)
    }

    fn generate(&self, so_far: &mut Accumulated) -> Result<(), BuildError> {
        let k = self.kustomization();
        let global = k.generator_options.as_ref();
        for (index, args) in k.config_map_generator.iter().enumerate() {
            let field = format!("configMapGenerator[{index}]");
            let draft = generate::config_map(self.loader, args, global, self.origin(&field, args.mark.line));
            self.absorb(so_far, draft, "ConfigMapGenerator", field, args.mark)?;
        }
        for (index, args) in k.secret_generator.iter().enumerate() {
            let field = format!("secretGenerator[{index}]");
            let draft = generate::secret(self.loader, args, global, self.origin(&field, args.mark.line));
            self.absorb(so_far, draft, "SecretGenerator", field, args.mark)?;
        }
        self.render_charts(so_far)?;
        let configs = self.read_configs(so_far, "generators", &k.generators)?;
        let context = Context { loader: self.loader, tables: &so_far.tables, options: self.options };
        for generator in plugin::generators(configs, &context)? {
            for draft in generator.run(&context)? {
                so_far.drafts.absorb(draft).map_err(|error| BuildError::new(error, generator.place()))?;
            }
        }
        Ok(())
    }

    /// The objects of a list of plugins: first those that stand in the list, then those in files and kustomizations.
    fn read_configs(&self, so_far: &mut Accumulated, field: &str, list: &[Located]) -> Result<DraftSet, BuildError> {
        let mut own = Accumulated::default();
        let mut paths = Vec::new();
        for (index, text) in list.iter().enumerate() {
            let place = self.place(field, index, text);
            let inline = read_drafts(text, &format!("{field}[{index}] in {}", self.file()));
            match inline {
                Ok(drafts) => self.take_inline(&mut own.drafts, drafts, text, &place)?,
                // Nobody's path has several lines.
                Err(error) if text.contains('\n') => return Err(BuildError::new(error, place)),
                Err(_) => paths.push((index, text)),
            }
        }
        self.read_paths(&mut own, field, &paths)?;
        so_far.warnings.extend(own.warnings);
        Ok(own.drafts)
    }

    fn take_inline(
        &self,
        configs: &mut DraftSet,
        drafts: Vec<Draft>,
        text: &Located,
        place: &Place,
    ) -> Result<(), BuildError> {
        for mut draft in drafts {
            plugin::place_inline(&mut draft, self.file(), text);
            if let Some(here) = &self.provenance {
                here.below(self.read.file_name).set_origin(&mut draft);
            }
            configs.append(draft).map_err(|error| BuildError::new(error, place.clone()))?;
        }
        Ok(())
    }

    fn absorb(
        &self,
        so_far: &mut Accumulated,
        draft: Result<Draft, generate::Failed>,
        kind: &str,
        field: String,
        mark: krm::Mark,
    ) -> Result<(), BuildError> {
        let mut draft = draft.map_err(|failed| {
            let separator = if failed.part.is_empty() { "" } else { "." };
            let field = format!("{field}{separator}{}", failed.part);
            BuildError::new(failed.error, Place::field(self.file(), field, failed.mark))
        })?;
        if let Some(here) = &self.provenance {
            here.builtin(self.read.file_name, kind).set_origin_if_none(&mut draft);
        }
        let absorbed = so_far.drafts.absorb(draft);
        absorbed.map_err(|error| BuildError::new(error, Place::field(self.file(), field, mark)))
    }

    fn transform(&self, so_far: &mut Accumulated) -> Result<(), BuildError> {
        let k = self.kustomization();
        let failed = |failed: customize::Failed| {
            let file = failed.file.as_deref().unwrap_or_else(|| self.file());
            BuildError::new(failed.error, Place::field(file, failed.field, failed.mark))
        };
        let files = FromFiles::read(k, self.loader).map_err(failed)?;
        let configs = self.read_configs(so_far, "transformers", &k.transformers)?;
        let Accumulated { drafts, tables, .. } = so_far;
        let context = Context { loader: self.loader, tables, options: self.options };
        let transformers = plugin::transformers(configs, &context)?;
        let note = |drafts: &mut DraftSet, kind: &str| match &self.provenance {
            None => Ok(()),
            Some(here) => here.builtin(self.read.file_name, kind).add_transformation_to(drafts),
        };
        customize::run(drafts, k, tables, &files, &note).map_err(failed)?;
        transformers.iter().try_for_each(|transformer| transformer.run(drafts, &context))
    }

    fn declare_vars(&self, so_far: &mut Accumulated) -> Result<(), BuildError> {
        let Accumulated { drafts, vars, .. } = so_far;
        let declared = vars.declare(&self.kustomization().vars, self.file(), drafts);
        declared.map_err(|failed| BuildError::new(failed.error, failed.place))
    }

    fn validate(&self, so_far: &mut Accumulated) -> Result<(), BuildError> {
        let configs = self.read_configs(so_far, "validators", &self.kustomization().validators)?;
        let Accumulated { drafts, tables, .. } = so_far;
        let context = Context { loader: self.loader, tables, options: self.options };
        let validators = plugin::transformers(configs, &context)?;
        validators.iter().try_for_each(|validator| plugin::validate(validator, drafts, &context))
    }

    /// Neither a file nor a directory: what did the user mean?
    fn missing(&self, path: &str, place: Place) -> BuildError {
        let error = match self.loader.directory(path) {
            Err(LoadError::Directory { path, nearby, source: FilesError::Missing }) => {
                LoadError::Read { path, nearby, source: FilesError::Missing }
            }
            Err(error) => error,
            Ok(_) => {
                LoadError::Read { path: path.to_owned(), nearby: Around::default(), source: FilesError::IsDirectory }
            }
        };
        BuildError::new(error, place)
    }

    fn place(&self, field: &str, index: usize, text: &Located) -> Place {
        Place::field(self.file(), format!("{field}[{index}]"), text.mark)
    }

    fn origin(&self, field: &str, line: u32) -> Origin {
        Origin { file: format!("{field} in {}", self.file()), document: 0, line }
    }
}

/// The first kustomization that names a schema chooses for the whole build; a file that is named must be there all the same.
fn choose_schema(loader: &Loader<'_>, read: &ReadKustomization) -> Result<(), BuildError> {
    let fields = &read.kustomization.openapi;
    let place = |field: &str| Place::field(&read.file, format!("openapi.{field}"), read.kustomization.mark);
    let (path, version) = (fields.get("path"), fields.get("version"));
    let text = match path {
        Some(path) => Some(loader.read_text(path).map_err(|error| BuildError::new(error, place("path")))?),
        None => None,
    };
    if loader.schema().is_chosen() {
        return Ok(());
    }
    match (path, text, version) {
        (Some(_), Some(_), Some(_)) => Err(BuildError::new(KustomizationError::TwoSchemas, place("version"))),
        (Some(path), Some(text), None) => {
            loader.schema().choose_custom(&text, loader.shown(path));
            Ok(())
        }
        (.., Some(version)) if !version.is_empty() => {
            loader.schema().choose_version(version).map_err(|error| BuildError::new(error, place("version")))
        }
        _ => Ok(()),
    }
}

fn demand_kind(target: &Target<'_>, expected: &'static str, path: &str, place: &Place) -> Result<(), BuildError> {
    let is_component = target.kustomization().kind == "Component";
    let (field, found) = match expected {
        "Component" if !is_component => ("components", "Kustomization"),
        "Kustomization" if is_component => (list_of(place), "Component"),
        _ => return Ok(()),
    };
    let error = KustomizationError::OtherKind { path: path.to_owned(), field, found, expected };
    Err(BuildError::new(error, place.clone()))
}

/// The list that refers to it.
fn list_of(place: &Place) -> &'static str {
    let lists = ["generators", "transformers", "validators"];
    lists.into_iter().find(|list| place.field.starts_with(list)).unwrap_or("resources")
}

/// Neither a file nor a repository: which story is worth telling? A page of a forge answers in HTML, which is no problem of
/// the user's; a file that is there and wrong is.
fn neither(no_file: BuildError, no_repository: BuildError, is_page: bool) -> BuildError {
    match (&no_file.problem, &no_repository.problem) {
        (
            Problem::Load(LoadError::Fetch { source: file, .. }),
            Problem::Load(LoadError::Repository { url, source: repository }),
        ) => {
            let error = LoadError::Neither { url: url.clone(), file: file.clone(), source: repository.clone() };
            BuildError::new(error, no_repository.place.clone())
        }
        (Problem::Load(LoadError::Fetch { .. }), _) => no_repository,
        (_, Problem::Load(LoadError::Repository { .. })) if !is_page => no_file,
        _ => no_repository,
    }
}

/// The place of a resource's problem is in its own file.
fn in_file(error: ResourceError) -> BuildError {
    let origin = error.origin();
    let column = if let ResourceError::Parse(error) = &error { error.mark.column } else { 1 };
    let mark = krm::Mark { line: origin.line, column };
    BuildError::new(Problem::Resource(error), Place { file: origin.file, mark, field: String::new() })
}
