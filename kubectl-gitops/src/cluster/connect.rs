//! Finding the cluster. Owns kubectl's rules for kubeconfig files, flags over them, and the fallbacks; must not send requests.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::Uri;

use kube::config::{AuthInfo, Cluster as ClusterEntry, Context, KubeConfigOptions, Kubeconfig, NamedAuthInfo};
use kube::config::{NamedCluster, NamedContext};

use super::proxy;
use crate::settings::Connection;

/// Where K3s writes its kubeconfig: the last fallback, so that nothing need be set up on a server node.
const K3S_KUBECONFIG: &str = "/etc/rancher/k3s/k3s.yaml";
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const WRITE_TIMEOUT: Duration = Duration::from_mins(1);
/// Name of the entries made for flags where the kubeconfig has none.
const FROM_FLAGS: &str = "flags";

/// Which cluster, as whom.
#[derive(Debug, Clone)]
pub struct ClusterAddress {
    /// For the client.
    pub(super) config: kube::Config,
    /// Namespace of the context, else `default`; in a pod the pod's own.
    pub namespace: String,
    /// Address of the API server.
    pub server: String,
    /// Where the settings came from, for messages.
    pub origin: String,
}

/// No cluster could be named.
#[derive(Debug, thiserror::Error)]
pub enum FindCluster {
    /// A kubeconfig file cannot be read or parsed.
    #[error("the kubeconfig {path} cannot be used")]
    ReadKubeconfig {
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: Box<kube::config::KubeconfigError>,
    },
    /// A context, cluster or user is not in it, or its data is wrong.
    #[error("the kubeconfig from {origin} does not say how to reach a cluster")]
    Resolve {
        /// Where it came from.
        origin: String,
        /// Why.
        #[source]
        source: Box<kube::config::KubeconfigError>,
    },
    /// The environment of a pod is there, its service account is not.
    #[error("the pod's service account cannot be used")]
    InCluster {
        /// Why.
        #[source]
        source: Box<kube::config::InClusterError>,
    },
    /// Nothing names a cluster.
    #[error(
        "no cluster is configured: no --kubeconfig, no KUBECONFIG, no ~/.kube/config, not in a pod, no {K3S_KUBECONFIG}"
    )]
    Nothing,
}

/// Finds the cluster by flags, kubeconfig files, the pod's service account, K3s' file, in this order.
pub async fn find_cluster(flags: &Connection) -> Result<ClusterAddress, FindCluster> {
    let (mut kubeconfig, origin) = match read_kubeconfigs(flags)? {
        Some(found) => found,
        None if flags.server.is_some() => (Kubeconfig::default(), "flags".to_owned()),
        None if env::var_os("KUBERNETES_SERVICE_HOST").is_some() => return in_cluster(flags),
        None if Path::new(K3S_KUBECONFIG).exists() => (read(Path::new(K3S_KUBECONFIG))?, K3S_KUBECONFIG.to_owned()),
        None => return Err(FindCluster::Nothing),
    };
    let options = override_entries(&mut kubeconfig, flags);
    let own_proxy = own_proxy(&kubeconfig, &options);
    let resolve = |source| FindCluster::Resolve { origin: origin.clone(), source: Box::new(source) };
    let mut config = kube::Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(resolve)?;
    // The library compares NO_PROXY with the proxy's own address; what counts is the server's.
    if !own_proxy {
        config.proxy_url = proxy::from_environment(&config.cluster_url, |name| env::var(name).ok());
    }
    Ok(finish(config, flags, origin))
}

fn in_cluster(flags: &Connection) -> Result<ClusterAddress, FindCluster> {
    let config = kube::Config::incluster().map_err(|source| FindCluster::InCluster { source: Box::new(source) })?;
    Ok(finish(config, flags, "the pod's service account".to_owned()))
}

fn finish(mut config: kube::Config, flags: &Connection, origin: String) -> ClusterAddress {
    config.default_retry = false;
    config.connect_timeout = Some(CONNECT_TIMEOUT);
    config.write_timeout = Some(WRITE_TIMEOUT);
    config.disable_compression |= flags.disable_compression;
    let auth = &mut config.auth_info;
    if flags.as_user.is_some() {
        auth.impersonate.clone_from(&flags.as_user);
        auth.impersonate_groups = None;
    }
    if !flags.as_groups.is_empty() {
        auth.impersonate_groups = Some(flags.as_groups.clone());
    }
    if flags.as_uid.is_some() {
        auth.impersonate_uid.clone_from(&flags.as_uid);
    }
    let (namespace, server) = (config.default_namespace.clone(), address(&config.cluster_url));
    ClusterAddress { config, namespace, server, origin }
}

/// Without user information, which a URL may hold.
fn address(url: &Uri) -> String {
    let port = url.port_u16().map_or_else(String::new, |port| format!(":{port}"));
    format!("{}://{}{port}", url.scheme_str().unwrap_or("https"), url.host().unwrap_or_default())
}

/// The named file, or the merged list of the environment, or the user's own. As in kubectl, missing files of a list do not
/// matter, and none that says anything is as good as none.
fn read_kubeconfigs(flags: &Connection) -> Result<Option<(Kubeconfig, String)>, FindCluster> {
    if let Some(path) = &flags.kubeconfig {
        return Ok(Some((read(path)?, path.display().to_string())));
    }
    let listed: Vec<PathBuf> =
        env::var_os("KUBECONFIG").map(|list| env::split_paths(&list).collect()).unwrap_or_default();
    let mut paths: Vec<PathBuf> = listed.into_iter().filter(|path| !path.as_os_str().is_empty()).collect();
    if paths.is_empty() {
        paths.extend(env::home_dir().map(|home| home.join(".kube/config")));
    }
    paths.retain(|path| path.exists());
    let mut merged: Option<Kubeconfig> = None;
    for path in &paths {
        let next = read(path)?;
        merged = Some(match merged {
            None => next,
            Some(before) => before.merge(next).map_err(|source| unusable(path, source))?,
        });
    }
    let origin = paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ");
    Ok(merged.filter(|merged| !merged.clusters.is_empty()).map(|merged| (merged, origin)))
}

fn read(path: &Path) -> Result<Kubeconfig, FindCluster> {
    Kubeconfig::read_from(path).map_err(|source| unusable(path, source))
}

fn unusable(path: &Path, source: kube::config::KubeconfigError) -> FindCluster {
    FindCluster::ReadKubeconfig { path: path.display().to_string(), source: Box::new(source) }
}

/// Puts the flags into the entries that will be used, making entries where there are none.
fn override_entries(kubeconfig: &mut Kubeconfig, flags: &Connection) -> KubeConfigOptions {
    let named = |context: &NamedContext, name: &str| context.name == name;
    let context_name = flags.context.clone().or_else(|| kubeconfig.current_context.clone()).filter(|n| !n.is_empty());
    let context_name = context_name.unwrap_or_else(|| FROM_FLAGS.to_owned());
    if flags.context.is_none() && !kubeconfig.contexts.iter().any(|context| named(context, &context_name)) {
        let only = kubeconfig.clusters.first().filter(|_| kubeconfig.clusters.len() == 1);
        let cluster = flags.cluster.clone().or_else(|| only.map(|cluster| cluster.name.clone()));
        let cluster = cluster.unwrap_or_else(|| FROM_FLAGS.to_owned());
        let context = Context { cluster, ..Context::default() };
        kubeconfig.contexts.push(NamedContext {
            name: context_name.clone(),
            context: Some(context),
            ..default_context()
        });
    }
    let context = kubeconfig.contexts.iter().find(|context| named(context, &context_name));
    let context = context.and_then(|context| context.context.clone()).unwrap_or_default();
    let cluster_name = flags.cluster.clone().unwrap_or(context.cluster);
    let user_name = flags.user.clone().or(context.user).unwrap_or_else(|| FROM_FLAGS.to_owned());
    override_cluster(kubeconfig, &cluster_name, flags);
    override_user(kubeconfig, &user_name, flags);
    KubeConfigOptions { context: Some(context_name), cluster: Some(cluster_name), user: Some(user_name) }
}

fn default_context() -> NamedContext {
    NamedContext { name: String::new(), context: None, other: std::collections::BTreeMap::new() }
}

fn override_cluster(kubeconfig: &mut Kubeconfig, name: &str, flags: &Connection) {
    let position = kubeconfig.clusters.iter().position(|cluster| cluster.name == name);
    if position.is_none() && flags.server.is_none() {
        return;
    }
    let position = position.unwrap_or_else(|| {
        let entry = NamedCluster { name: name.to_owned(), cluster: None, other: std::collections::BTreeMap::new() };
        kubeconfig.clusters.push(entry);
        kubeconfig.clusters.len() - 1
    });
    let entry = kubeconfig.clusters[position].cluster.get_or_insert_with(ClusterEntry::default);
    if flags.server.is_some() {
        entry.server.clone_from(&flags.server);
    }
    if let Some(path) = &flags.certificate_authority {
        entry.certificate_authority = Some(path.display().to_string());
        entry.certificate_authority_data = None;
    }
    if flags.insecure_skip_tls_verify {
        entry.insecure_skip_tls_verify = Some(true);
        entry.certificate_authority = None;
        entry.certificate_authority_data = None;
    }
    if flags.tls_server_name.is_some() {
        entry.tls_server_name.clone_from(&flags.tls_server_name);
    }
}

fn override_user(kubeconfig: &mut Kubeconfig, name: &str, flags: &Connection) {
    let changes = flags.token.is_some() || flags.client_certificate.is_some() || flags.client_key.is_some();
    if !changes {
        return;
    }
    let position = kubeconfig.auth_infos.iter().position(|user| user.name == name).unwrap_or_else(|| {
        let entry = NamedAuthInfo { name: name.to_owned(), auth_info: None, other: std::collections::BTreeMap::new() };
        kubeconfig.auth_infos.push(entry);
        kubeconfig.auth_infos.len() - 1
    });
    let entry = kubeconfig.auth_infos[position].auth_info.get_or_insert_with(AuthInfo::default);
    if let Some(token) = &flags.token {
        // Through the library's own reader: its type for secrets is not among our dependencies.
        let read: Result<AuthInfo, _> = serde_json::from_value(serde_json::json!({"token": token.expose()}));
        entry.token = read.ok().and_then(|auth| auth.token);
        entry.token_file = None;
        entry.exec = None;
        entry.auth_provider = None;
        entry.username = None;
    }
    if let Some(path) = &flags.client_certificate {
        entry.client_certificate = Some(path.display().to_string());
        entry.client_certificate_data = None;
    }
    if let Some(path) = &flags.client_key {
        entry.client_key = Some(path.display().to_string());
        entry.client_key_data = None;
    }
}

/// Does the cluster's entry name a proxy itself? Then the environment does not matter.
fn own_proxy(kubeconfig: &Kubeconfig, options: &KubeConfigOptions) -> bool {
    let entry = kubeconfig.clusters.iter().find(|cluster| Some(&cluster.name) == options.cluster.as_ref());
    let proxy = entry.and_then(|entry| entry.cluster.as_ref()).and_then(|cluster| cluster.proxy_url.as_deref());
    proxy.is_some_and(|proxy| !proxy.is_empty())
}

#[cfg(test)]
mod tests {
    use krm::Masked;

    use super::*;

    const FILE: &str = r#"{"apiVersion": "v1", "kind": "Config", "current-context": "a",
        "contexts": [{"name": "a", "context": {"cluster": "one", "user": "u", "namespace": "shop"}},
                     {"name": "b", "context": {"cluster": "two", "user": "u"}}],
        "clusters": [{"name": "one", "cluster": {"server": "https://one:6443"}},
                     {"name": "two", "cluster": {"server": "https://two:6443"}}],
        "users": [{"name": "u", "user": {"token": "file-token"}}]}"#;

    fn find(flags: &Connection) -> ClusterAddress {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config");
        std::fs::write(&path, FILE).unwrap();
        let flags = Connection { kubeconfig: Some(path), ..flags.clone() };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(find_cluster(&flags)).unwrap()
    }

    #[test]
    fn the_context_names_server_and_namespace() {
        let found = find(&Connection::default());
        assert_eq!((found.server.as_str(), found.namespace.as_str()), ("https://one:6443", "shop"));
        let other = find(&Connection { context: Some("b".to_owned()), ..Connection::default() });
        assert_eq!((other.server.as_str(), other.namespace.as_str()), ("https://two:6443", "default"));
    }

    #[test]
    fn flags_win_over_the_file() {
        let flags = Connection {
            server: Some("https://three:1".to_owned()),
            token: Some(Masked::new("flag-token".to_owned())),
            as_user: Some("jane".to_owned()),
            as_groups: vec!["devs".to_owned()],
            insecure_skip_tls_verify: true,
            ..Connection::default()
        };
        let found = find(&flags);
        assert_eq!(found.server, "https://three:1");
        assert_eq!(found.config.auth_info.impersonate.as_deref(), Some("jane"));
        assert_eq!(found.config.auth_info.impersonate_groups, Some(vec!["devs".to_owned()]));
        assert!(found.config.accept_invalid_certs && !found.config.default_retry);
        assert!(!format!("{flags:?} {found:?}").contains("flag-token"));
    }

    #[test]
    fn a_missing_context_and_a_missing_file_are_errors() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let missing = Connection { kubeconfig: Some("/nonexistent/config".into()), ..Connection::default() };
        assert!(matches!(runtime.block_on(find_cluster(&missing)), Err(FindCluster::ReadKubeconfig { .. })));
    }
}
