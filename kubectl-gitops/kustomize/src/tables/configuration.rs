//! A file of `configurations`: specifications and rules of the user's. Owns its form; must not know what they do nor how they
//! are merged.

use krm::yaml::{Limits, parse_first_document_strict};

use super::Tables;
use crate::error::{BuildError, Place};
use crate::fieldspec::{Section, Spec};
use crate::kustomization::FieldSpec;
use crate::kustomization::decode::{Decode as _, Place as FieldPlace, record};
use crate::reference::Rule;

record! {
    /// A kind, and the fields that hold names of its objects.
    RuleRecord {
        /// `group`
        group: String = "group" [embedded],
        /// `version`
        version: String = "version" [embedded],
        /// `kind`
        kind: String = "kind" [embedded],
        /// `fieldSpecs`
        field_specs: Vec<FieldSpec> = "fieldSpecs",
    }
}

record! {
    /// The file.
    Configuration {
        /// `namePrefix`
        name_prefix: Vec<FieldSpec> = "namePrefix",
        /// `nameSuffix`
        name_suffix: Vec<FieldSpec> = "nameSuffix",
        /// `namespace`
        namespace: Vec<FieldSpec> = "namespace",
        /// `commonLabels`
        common_labels: Vec<FieldSpec> = "commonLabels",
        /// `labels`
        labels: Vec<FieldSpec> = "labels",
        /// `templateLabels`
        template_labels: Vec<FieldSpec> = "templateLabels",
        /// `commonAnnotations`
        common_annotations: Vec<FieldSpec> = "commonAnnotations",
        /// `nameReference`
        name_reference: Vec<RuleRecord> = "nameReference",
        /// `varReference`
        var_reference: Vec<FieldSpec> = "varReference",
        /// `images`
        images: Vec<FieldSpec> = "images",
        /// `replicas`
        replicas: Vec<FieldSpec> = "replicas",
    }
}

/// Reads such a file. Only its first document counts.
///
/// # Errors
/// It is no YAML, a key comes twice, a field is unknown or has content of another type.
pub(super) fn read(text: &str, file: &str) -> Result<Tables, BuildError> {
    let root = parse_first_document_strict(text, file, &Limits::default()).map_err(|error| {
        let place = Place { file: file.to_owned(), mark: error.mark, field: String::new() };
        BuildError::new(error, place)
    })?;
    let mut configuration = Configuration::default();
    configuration.decode(&root, &FieldPlace::Strict).map_err(|error| {
        BuildError::new(error.clone(), Place { file: file.to_owned(), mark: error.mark, field: String::new() })
    })?;
    Ok(tables(configuration))
}

fn tables(configuration: Configuration) -> Tables {
    let Configuration {
        name_prefix,
        name_suffix,
        namespace,
        common_labels,
        labels,
        template_labels,
        common_annotations,
        name_reference,
        var_reference,
        images,
        replicas,
        mark: _,
    } = configuration;
    let sections = [
        (Section::NamePrefix, name_prefix),
        (Section::NameSuffix, name_suffix),
        (Section::Namespace, namespace),
        (Section::CommonLabels, common_labels),
        (Section::Labels, labels),
        (Section::TemplateLabels, template_labels),
        (Section::CommonAnnotations, common_annotations),
        (Section::VarReference, var_reference),
        (Section::Images, images),
        (Section::Replicas, replicas),
    ];
    let rules = name_reference.into_iter().map(|record| Rule {
        target: krm::Gvk::new(record.group, record.version, record.kind),
        referrers: specs(&record.field_specs),
    });
    Tables::of_user(sections.map(|(section, records)| (section, specs(&records))), rules.collect())
}

fn specs(records: &[FieldSpec]) -> Vec<Spec> {
    records.iter().map(Spec::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_as_kustomize_reads_it() {
        let tables = read("namePrefix:\n- {kind: Foo, path: 1}\n- {path: yes, create: true}\n", "c.yaml").unwrap();
        let expected = [Spec::new("", "", "Foo", "1", false), Spec::new("", "", "", "true", true)];
        assert_eq!(tables.specs(Section::NamePrefix), expected);
        assert!(tables.specs(Section::Images).is_empty());
    }

    #[test]
    fn what_kustomize_refuses_is_refused() {
        for text in [
            "namePrefixes: []",
            "apiVersion: v1",
            "namePrefix: {}",
            "namePrefix: [{path: a, kind: 5}]",
            "namePrefix: [{path: a, create: 'true'}]",
            "namePrefix: [{path: a, path: b}]",
            "nameReference: [{kind: A, fieldspecs: [{nonsense: 1}]}]",
            "- namePrefix",
            "{",
        ] {
            assert!(read(text, "c.yaml").is_err(), "{text}");
        }
        for text in ["", "# nothing\n", "namePrefix:\n", "NAMEPREFIX: [{PATH: a}]", "{}\n---\nnonsense: 1\n"] {
            assert!(read(text, "c.yaml").is_ok(), "{text}");
        }
    }
}
