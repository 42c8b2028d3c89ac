//! The field specifications that kustomize 5.8.1 has built in. Owns reading them out of the embedded table.

use super::Spec;

const TABLE: &str = include_str!("../transform/fieldspecs.tsv");

/// Which transformer the specifications are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// `namePrefix`
    NamePrefix,
    /// `nameSuffix`
    NameSuffix,
    /// `namespace`
    Namespace,
    /// `commonLabels`, and `labels` with `includeSelectors`
    CommonLabels,
    /// `labels`
    Labels,
    /// `labels` with `includeTemplates`
    TemplateLabels,
    /// `commonAnnotations`
    CommonAnnotations,
    /// `images`
    Images,
    /// `replicas`
    Replicas,
    /// `vars`
    VarReference,
}

impl Section {
    /// How many there are.
    pub const COUNT: usize = 10;

    /// All of them, in the order of [`Section`].
    pub const ALL: [Self; Self::COUNT] = [
        Self::NamePrefix,
        Self::NameSuffix,
        Self::Namespace,
        Self::CommonLabels,
        Self::Labels,
        Self::TemplateLabels,
        Self::CommonAnnotations,
        Self::Images,
        Self::Replicas,
        Self::VarReference,
    ];

    /// Its name in files of `configurations`.
    pub fn name(self) -> &'static str {
        match self {
            Self::NamePrefix => "namePrefix",
            Self::NameSuffix => "nameSuffix",
            Self::Namespace => "namespace",
            Self::CommonLabels => "commonLabels",
            Self::Labels => "labels",
            Self::TemplateLabels => "templateLabels",
            Self::CommonAnnotations => "commonAnnotations",
            Self::Images => "images",
            Self::Replicas => "replicas",
            Self::VarReference => "varReference",
        }
    }
}

/// The specifications of a section, in the order in which kustomize walks them.
pub fn defaults(section: Section) -> Vec<Spec> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let opens = |line: &&str| line.strip_prefix(">\t").is_some_and(|name| name.trim_end() == section.name());
    let of_section = lines.skip_while(|line| !opens(line)).skip(1).take_while(|line| !line.starts_with('>'));
    of_section.map(parse).collect()
}

fn parse(line: &'static str) -> Spec {
    let mut columns = line.split('\t');
    let mut next = || columns.next().unwrap_or_default();
    let (group, version, kind, create, path) = (next(), next(), next(), next(), next());
    Spec::embedded([group, version, kind], path, create == "+")
}
