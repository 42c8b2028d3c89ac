//! `edit set …`

use kustomize::edit::{
    Edit, Generator, GeneratorChange, ImageChange, ListField, PairChange, PairField, ReplicaChange, TextField,
    parse_pairs,
};

use super::{NamespaceArg, build_metadata, is_annotation_name, usage};
use crate::error::{CliError, Code, Result};
use crate::pipeline::amend::Wish;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  # New tag; a new name with it; only a digest; a new tag with the name that is set
  kubectl gitops edit set image web:v2
  kubectl gitops edit set image web=registry.example.com/web:v2
  kubectl gitops edit set image web@sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3
  kubectl gitops edit set image 'web=*:v2'

  kubectl gitops edit set namespace staging
  kubectl gitops edit set namesuffix -- -blue
  kubectl gitops edit set replicas web=3 worker=1")]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Set new names, tags and digests in `images`; `*` keeps what is set
    Image(ImageArgs),
    /// Set `namespace`
    Namespace(TextArgs),
    /// Set `namePrefix`
    #[command(name = "nameprefix")]
    NamePrefix(TextArgs),
    /// Set `nameSuffix`; write `-- -suffix` for one that begins with a dash
    #[command(name = "namesuffix")]
    NameSuffix(TextArgs),
    /// Set counts in `replicas`
    Replicas(ReplicaArgs),
    /// Set labels in `commonLabels`
    Label(PairArgs),
    /// Set annotations in `commonAnnotations`
    Annotation(PairArgs),
    /// Replace the options of `buildMetadata`
    #[command(name = "buildmetadata")]
    BuildMetadata(MetadataArgs),
    /// Change values or the namespace of a ConfigMap in `configMapGenerator`
    #[command(name = "configmap")]
    ConfigMap(LiteralArgs),
    /// Change values or the namespace of a Secret in `secretGenerator`
    Secret(LiteralArgs),
}

#[derive(Debug, clap::Args)]
struct ImageArgs {
    /// Images: image=new, image:tag, image@digest, or all together
    #[arg(required = true, value_name = "IMAGE")]
    images: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct TextArgs {
    /// The value; an empty one removes the field
    value: String,
}

#[derive(Debug, clap::Args)]
struct ReplicaArgs {
    /// Names and counts
    #[arg(required = true, value_name = "NAME=COUNT")]
    replicas: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct PairArgs {
    /// Names and values
    #[arg(required = true, value_name = "NAME:VALUE")]
    pairs: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct MetadataArgs {
    /// `originAnnotations`, `transformerAnnotations`, `managedByLabel`
    #[arg(value_name = "OPTION,OPTION")]
    options: String,
}

#[derive(Debug, clap::Args)]
struct LiteralArgs {
    /// Name of the generated object
    name: String,
    /// A key that is there, and its new value
    #[arg(long, value_name = "KEY=VALUE")]
    from_literal: Vec<String>,
    #[command(flatten)]
    namespace: NamespaceArg,
    /// Its new namespace
    #[arg(long, value_name = "NAME")]
    new_namespace: Option<String>,
}

impl Args {
    pub(super) fn into_wish(self) -> Result<Wish> {
        let edit = match self.what {
            What::Image(ImageArgs { images }) => {
                let images = images.iter().map(|text| ImageChange::parse(text)).collect::<std::result::Result<_, _>>();
                Edit::SetImages(images.map_err(usage)?)
            }
            What::Namespace(TextArgs { value }) => Edit::SetText(TextField::Namespace, value),
            What::NamePrefix(TextArgs { value }) => Edit::SetText(TextField::NamePrefix, value),
            What::NameSuffix(TextArgs { value }) => Edit::SetText(TextField::NameSuffix, value),
            What::Replicas(ReplicaArgs { replicas }) => {
                let replicas = replicas.iter().map(|text| ReplicaChange::parse(text));
                Edit::SetReplicas(replicas.collect::<std::result::Result<_, _>>().map_err(usage)?)
            }
            What::Label(PairArgs { pairs }) => {
                Edit::Pairs(PairField::Labels, PairChange::Set(parse_pairs(&pairs).map_err(usage)?))
            }
            What::Annotation(PairArgs { pairs }) => {
                let pairs = parse_pairs(&pairs).map_err(usage)?;
                if let Some((name, _)) = pairs.iter().find(|(name, _)| !is_annotation_name(name)) {
                    return Err(CliError::new(Code::Usage, format!("`{name}` is not the name of an annotation")).hint(
                        "letters, digits, `-`, `_` and `.`, at most 63, perhaps with a domain and `/` in front",
                    ));
                }
                Edit::Pairs(PairField::Annotations, PairChange::Set(pairs))
            }
            What::BuildMetadata(MetadataArgs { options }) => {
                Edit::SetList(ListField::BuildMetadata, build_metadata(&options)?)
            }
            What::ConfigMap(args) => args.into_edit(Generator::ConfigMap)?,
            What::Secret(args) => args.into_edit(Generator::Secret)?,
        };
        Ok(Wish::Edit(edit))
    }
}

impl LiteralArgs {
    fn into_edit(self, generator: Generator) -> Result<Edit> {
        let Self { name, from_literal, namespace, new_namespace } = self;
        let new_namespace = new_namespace.unwrap_or_default();
        if from_literal.is_empty() && new_namespace.is_empty() {
            return Err(CliError::new(Code::Usage, "nothing to set: give `--from-literal` or `--new-namespace`"));
        }
        let namespace = namespace.namespace.unwrap_or_default();
        let change = GeneratorChange::Set { name, namespace, literals: from_literal, new_namespace };
        Ok(Edit::Generator(generator, change))
    }
}
