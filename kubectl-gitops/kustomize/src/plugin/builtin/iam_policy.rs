//! `IAMPolicyGenerator`: a ServiceAccount that stands for one of Google's.

use krm::yaml::{Limits, parse_first_document};

use super::super::{ConfigError, Context, Generate, PluginProblem, config};
use crate::draft::Draft;
use crate::kustomization::decode::record;

record! {
    (pub(crate))
    /// Its configuration.
    Fields {
        /// `cloud`: `gke`
        cloud: String = "cloud",
        /// `kubernetesService`: the ServiceAccount
        kubernetes_service: KubernetesService = "kubernetesService",
        /// `serviceAccount`: the one it stands for
        service_account: ServiceAccount = "serviceAccount",
    }
}

record! {
    (pub(crate))
    /// A ServiceAccount of Kubernetes.
    KubernetesService {
        /// `name`
        name: String = "name",
        /// `namespace`
        namespace: String = "namespace",
    }
}

record! {
    (pub(crate))
    /// A service account of Google.
    ServiceAccount {
        /// `name`
        name: String = "name",
        /// `projectId`
        project_id: String = "projectId",
    }
}

/// Its configuration, and where that is written.
pub(super) struct IamPolicyGenerator {
    fields: Fields,
    origin: krm::Origin,
}

impl IamPolicyGenerator {
    pub(super) fn configure(draft: &Draft) -> Result<Self, ConfigError> {
        let fields: Fields = config::read_embedded(draft)?;
        if fields.cloud != "gke" {
            return Err(ConfigError::Word { field: "cloud", words: &["gke"], found: fields.cloud });
        }
        Ok(Self { fields, origin: draft.origin.clone() })
    }
}

impl Generate for IamPolicyGenerator {
    fn generate(&self, _context: &Context<'_>) -> Result<Vec<Draft>, PluginProblem> {
        let Fields { kubernetes_service, service_account, .. } = &self.fields;
        // Names are put into the text, not into the tree: what they look like as YAML is what they are, as in kustomize.
        let mut text = format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  annotations:\n    \
             iam.gke.io/gcp-service-account: {}@{}.iam.gserviceaccount.com\n  name: {}\n",
            service_account.name, service_account.project_id, kubernetes_service.name
        );
        if !kubernetes_service.namespace.is_empty() {
            text.push_str("\n  namespace: ");
            text.push_str(&kubernetes_service.namespace);
        }
        let node = parse_first_document(&text, &self.origin.file, &Limits::default())
            .map_err(|error| PluginProblem::Generated { problem: error.problem.to_string() })?;
        let draft = Draft::new(node, self.origin.clone());
        Ok(if draft.is_empty() { Vec::new() } else { vec![draft] })
    }
}
