//! `edit add …`

use kustomize::edit::{Chosen, Edit, Generator, ListField, NewGenerator, NewPatch, PairChange, PairField, parse_pairs};

use super::{MetadataArgs, NamespaceArg, build_metadata, usage};
use crate::error::{CliError, Code, Result};
use crate::pipeline::amend::{Sources, Verify, Wish};

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  kubectl gitops edit add resource deployment.yaml 'base/*.yaml'
  kubectl gitops edit add configmap settings --from-literal=mode=fast --from-file=app.conf
  kubectl gitops edit add label team:web --without-selector")]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Add files, directories or URLs to `resources`; patterns are expanded
    Resource(Paths),
    /// Add directories to `components`; patterns are expanded
    Component(PlainPaths),
    /// Add directories to `resources`, separated by commas; each must exist
    Base(Bases),
    /// Add files to `generators`; patterns are expanded
    Generator(PlainPaths),
    /// Add files to `transformers`; patterns are expanded
    Transformer(PlainPaths),
    /// Add a patch to `patches`
    Patch(PatchArgs),
    /// Add sources to a ConfigMap of `configMapGenerator`, which is made if it is not there
    #[command(name = "configmap")]
    ConfigMap(ConfigMapArgs),
    /// Add sources to a Secret of `secretGenerator`, which is made if it is not there
    Secret(SecretArgs),
    /// Add labels to `commonLabels`, or without selectors to `labels`
    Label(LabelArgs),
    /// Add annotations to `commonAnnotations`
    Annotation(AnnotationArgs),
    /// Add options to `buildMetadata`, separated by commas
    #[command(name = "buildmetadata")]
    BuildMetadata(MetadataArgs),
}

#[derive(Debug, clap::Args)]
struct Paths {
    /// Files, directories, patterns or URLs
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
    /// Add what is given as it is, whether it exists or not
    #[arg(long)]
    no_verify: bool,
}

#[derive(Debug, clap::Args)]
struct PlainPaths {
    /// Files, directories or patterns
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct Bases {
    /// Directories, separated by commas
    #[arg(value_name = "DIR,DIR")]
    directories: String,
}

/// The flags that describe a patch, for `add` and `remove`.
#[derive(Debug, clap::Args)]
pub(super) struct PatchArgs {
    /// File with the patch
    #[arg(long, value_name = "FILE", conflicts_with = "patch")]
    path: Option<String>,
    /// The patch itself
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    patch: Option<String>,
    /// API group of its target
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// API version of its target
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// Kind of its target
    #[arg(long, value_name = "KIND")]
    kind: Option<String>,
    /// Name of its target
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Namespace of its target
    #[arg(long, value_name = "NAME", help_heading = "Options")]
    namespace: Option<String>,
    /// Selector of its target's annotations
    #[arg(long, value_name = "SELECTOR")]
    annotation_selector: Option<String>,
    /// Selector of its target's labels
    #[arg(long, value_name = "SELECTOR")]
    label_selector: Option<String>,
}

#[derive(Debug, clap::Args)]
struct SourceArgs {
    /// Name of the generated object
    name: String,
    /// File, or key and file; patterns are expanded
    #[arg(long, value_name = "[KEY=]FILE", value_delimiter = ',')]
    from_file: Vec<String>,
    /// Key and value
    #[arg(long, value_name = "KEY=VALUE", allow_hyphen_values = true)]
    from_literal: Vec<String>,
    /// File of KEY=value lines
    #[arg(long, value_name = "FILE", conflicts_with_all = ["from_file", "from_literal"])]
    from_env_file: Option<String>,
    /// Give its name no hash
    #[arg(long = "disableNameSuffixHash", alias = "disable-name-suffix-hash")]
    disable_name_suffix_hash: bool,
    #[command(flatten)]
    namespace: NamespaceArg,
}

#[derive(Debug, clap::Args)]
struct ConfigMapArgs {
    #[command(flatten)]
    sources: SourceArgs,
    /// What to do with one of a base
    #[arg(long, value_name = "BEHAVIOR", value_parser = ["create", "merge", "replace"])]
    behavior: Option<String>,
}

#[derive(Debug, clap::Args)]
struct SecretArgs {
    #[command(flatten)]
    sources: SourceArgs,
    /// Type of a new Secret
    #[arg(long = "type", value_name = "TYPE", default_value = "Opaque")]
    secret_type: String,
}

#[derive(Debug, clap::Args)]
struct LabelArgs {
    /// Labels
    #[arg(required = true, value_name = "NAME:VALUE")]
    pairs: Vec<String>,
    /// Replace labels that are there
    #[arg(short, long)]
    force: bool,
    /// Leave selectors alone
    #[arg(long)]
    without_selector: bool,
    /// Label pod templates, too
    #[arg(long, requires = "without_selector")]
    include_templates: bool,
}

#[derive(Debug, clap::Args)]
struct AnnotationArgs {
    /// Annotations
    #[arg(required = true, value_name = "NAME:VALUE")]
    pairs: Vec<String>,
    /// Replace annotations that are there
    #[arg(short, long)]
    force: bool,
}

impl Args {
    pub(super) fn into_wish(self) -> Result<Wish> {
        Ok(match self.what {
            What::Resource(Paths { paths, no_verify }) => {
                let verify = if no_verify { Verify::Nothing } else { Verify::Demand };
                Wish::AddPaths { field: ListField::Resources, paths, verify }
            }
            What::Component(args) => add_paths(ListField::Components, args, Verify::Demand),
            What::Generator(args) => add_paths(ListField::Generators, args, Verify::PassOver),
            What::Transformer(args) => add_paths(ListField::Transformers, args, Verify::PassOver),
            What::Base(Bases { directories }) => Wish::AddBases(directories.split(',').map(str::to_owned).collect()),
            What::Patch(args) => Wish::Edit(Edit::AddPatch(args.into_patch(true)?)),
            What::ConfigMap(ConfigMapArgs { sources, behavior }) => {
                sources.into_wish(Generator::ConfigMap, behavior.unwrap_or_default(), String::new())?
            }
            What::Secret(SecretArgs { sources, secret_type }) => {
                sources.into_wish(Generator::Secret, String::new(), secret_type)?
            }
            What::Label(args) => args.into_wish()?,
            What::Annotation(AnnotationArgs { pairs, force }) => {
                let pairs = parse_pairs(&pairs).map_err(usage)?;
                Wish::Edit(Edit::Pairs(PairField::Annotations, PairChange::Add { pairs, force }))
            }
            What::BuildMetadata(MetadataArgs { options }) => {
                let items = build_metadata(&options)?;
                Wish::Edit(Edit::AddToList { field: ListField::BuildMetadata, items, strict: true })
            }
        })
    }
}

fn add_paths(field: ListField, args: PlainPaths, verify: Verify) -> Wish {
    Wish::AddPaths { field, paths: args.paths, verify }
}

impl PatchArgs {
    pub(super) fn into_patch(self, content_needed: bool) -> Result<NewPatch> {
        let Self { path, patch, group, version, kind, name, namespace, annotation_selector, label_selector } = self;
        let patch = NewPatch {
            path: path.unwrap_or_default(),
            patch: patch.unwrap_or_default(),
            target: Chosen {
                group: group.unwrap_or_default(),
                version: version.unwrap_or_default(),
                kind: kind.unwrap_or_default(),
                name: name.unwrap_or_default(),
                namespace: namespace.unwrap_or_default(),
                annotation_selector: annotation_selector.unwrap_or_default(),
                label_selector: label_selector.unwrap_or_default(),
            },
        };
        if content_needed && patch.path.is_empty() && patch.patch.is_empty() {
            return Err(CliError::new(Code::Usage, "a patch needs `--path` or `--patch`"));
        }
        Ok(patch)
    }
}

impl SourceArgs {
    fn into_wish(self, generator: Generator, behavior: String, secret_type: String) -> Result<Wish> {
        let Self { name, from_file, from_literal, from_env_file, disable_name_suffix_hash, namespace } = self;
        let env_file = from_env_file.unwrap_or_default();
        if from_file.is_empty() && from_literal.is_empty() && env_file.is_empty() {
            let text = "a generator needs `--from-file`, `--from-literal` or `--from-env-file`";
            return Err(CliError::new(Code::Usage, text));
        }
        let new = NewGenerator {
            name,
            namespace: namespace.namespace.unwrap_or_default(),
            literals: from_literal,
            files: Vec::new(),
            env_file,
            behavior,
            secret_type,
            disable_name_suffix_hash,
        };
        Ok(Wish::AddSources(Sources { generator, new, patterns: from_file }))
    }
}

impl LabelArgs {
    fn into_wish(self) -> Result<Wish> {
        let Self { pairs, force, without_selector, include_templates } = self;
        let pairs = parse_pairs(&pairs).map_err(usage)?;
        let change = if without_selector {
            PairChange::AddWithoutSelector { pairs, force, include_templates }
        } else {
            PairChange::Add { pairs, force }
        };
        Ok(Wish::Edit(Edit::Pairs(PairField::Labels, change)))
    }
}
