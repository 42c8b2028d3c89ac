//! `edit remove …`

use kustomize::edit::{Edit, Generator, GeneratorChange, ListField, PairChange, PairField, parse_names};

use super::add::PatchArgs;
use super::{MetadataArgs, NamespaceArg, build_metadata, usage};
use crate::error::Result;
use crate::pipeline::amend::Wish;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  kubectl gitops edit remove resource old.yaml 'legacy/*.yaml'
  kubectl gitops edit remove configmap settings,more-settings --namespace shop
  kubectl gitops edit remove label team,owner")]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Remove items of `resources` by name or pattern
    Resource(Patterns),
    /// Remove items of `transformers` by name or pattern
    Transformer(Patterns),
    /// Remove the patches that are exactly the one described
    Patch(PatchArgs),
    /// Remove ConfigMaps of `configMapGenerator`, separated by commas
    #[command(name = "configmap")]
    ConfigMap(Names),
    /// Remove Secrets of `secretGenerator`, separated by commas
    Secret(Names),
    /// Remove labels of `commonLabels`, separated by commas
    Label(Keys),
    /// Remove annotations of `commonAnnotations`, separated by commas
    Annotation(Keys),
    /// Remove options of `buildMetadata`, separated by commas
    #[command(name = "buildmetadata")]
    BuildMetadata(MetadataArgs),
}

#[derive(Debug, clap::Args)]
struct Patterns {
    /// Names or patterns
    #[arg(required = true, value_name = "PATTERN")]
    patterns: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct Names {
    /// Names, separated by commas
    #[arg(value_name = "NAME,NAME")]
    names: String,
    #[command(flatten)]
    namespace: NamespaceArg,
}

#[derive(Debug, clap::Args)]
struct Keys {
    /// Names, separated by commas
    #[arg(value_name = "NAME,NAME")]
    names: String,
    /// Pass over what is not there
    #[arg(short, long)]
    ignore_non_existence: bool,
}

impl Args {
    pub(super) fn into_wish(self) -> Result<Wish> {
        let edit = match self.what {
            What::Resource(Patterns { patterns }) => Edit::RemoveFromList(ListField::Resources, patterns),
            What::Transformer(Patterns { patterns }) => Edit::RemoveFromList(ListField::Transformers, patterns),
            What::Patch(args) => Edit::RemovePatch(args.into_patch(false)?),
            What::ConfigMap(names) => names.into_edit(Generator::ConfigMap),
            What::Secret(names) => names.into_edit(Generator::Secret),
            What::Label(keys) => keys.into_edit(PairField::Labels)?,
            What::Annotation(keys) => keys.into_edit(PairField::Annotations)?,
            What::BuildMetadata(MetadataArgs { options }) => {
                Edit::RemoveFromList(ListField::BuildMetadata, build_metadata(&options)?)
            }
        };
        Ok(Wish::Edit(edit))
    }
}

impl Names {
    fn into_edit(self, generator: Generator) -> Edit {
        let names = self.names.split(',').map(str::to_owned).collect();
        let namespace = self.namespace.namespace.unwrap_or_default();
        Edit::Generator(generator, GeneratorChange::Remove { names, namespace })
    }
}

impl Keys {
    fn into_edit(self, field: PairField) -> Result<Edit> {
        let names = parse_names(&self.names).map_err(usage)?;
        Ok(Edit::Pairs(field, PairChange::Remove { names, lenient: self.ignore_non_existence }))
    }
}
