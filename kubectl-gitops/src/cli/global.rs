//! kubectl's global flags, in kubectl's spelling.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::TypedValueParser as _;
use krm::Masked;

use crate::settings::{Connection, parse_duration};

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Cluster options")]
pub(super) struct GlobalArgs {
    /// Path of the kubeconfig file
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig
    #[arg(long, global = true, value_name = "NAME")]
    context: Option<String>,
    /// Cluster of the kubeconfig
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    cluster: Option<String>,
    /// User of the kubeconfig
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    user: Option<String>,
    /// Namespace for objects that name none, and for the inventory
    #[arg(short, long, global = true, value_name = "NAME")]
    namespace: Option<String>,
    /// User to impersonate; a service account is `system:serviceaccount:NAMESPACE:NAME`
    #[arg(long = "as", global = true, value_name = "USER", hide_short_help = true)]
    as_user: Option<String>,
    /// Group to impersonate; may be repeated
    #[arg(long = "as-group", global = true, value_name = "GROUP", hide_short_help = true)]
    as_groups: Vec<String>,
    /// UID to impersonate
    #[arg(long = "as-uid", global = true, value_name = "UID", hide_short_help = true)]
    as_uid: Option<String>,
    /// Address of the API server
    #[arg(short, long, global = true, value_name = "URL", hide_short_help = true)]
    server: Option<String>,
    /// Bearer token; visible to other processes of the machine, so prefer a kubeconfig
    #[arg(long, global = true, value_name = "TOKEN", hide_short_help = true, value_parser = clap::builder::StringValueParser::new().map(Masked::new))]
    token: Option<Masked<String>>,
    /// File with the certificate authority of the API server
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    certificate_authority: Option<PathBuf>,
    /// File with the client certificate
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    client_certificate: Option<PathBuf>,
    /// File with the client certificate's key
    #[arg(long, global = true, value_name = "FILE", hide_short_help = true)]
    client_key: Option<PathBuf>,
    /// Do not check the API server's certificate: anybody in between can read and change everything
    #[arg(long, global = true, hide_short_help = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", action = clap::ArgAction::Set, hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    insecure_skip_tls_verify: bool,
    /// Name that the API server's certificate must carry
    #[arg(long, global = true, value_name = "NAME", hide_short_help = true)]
    tls_server_name: Option<String>,
    /// Longest wait for one answer, as `30s`; 0 waits for ever
    #[arg(long, global = true, value_name = "DURATION", hide_short_help = true, value_parser = parse_duration)]
    request_timeout: Option<Duration>,
    /// Where repositories are kept between runs: those of remote bases [default: ~/.cache], and that of --url if this is given
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "KUBECTL_GITOPS_CACHE_DIR",
        hide_env = true,
        hide_short_help = true
    )]
    pub(super) cache_dir: Option<PathBuf>,
    /// Ask the API server for uncompressed answers
    #[arg(long, global = true, hide_short_help = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", action = clap::ArgAction::Set, hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    disable_compression: bool,
    /// Tell more: kept objects, contents of new ones, request counts
    #[arg(short = 'v', long = "v", global = true, value_name = "LEVEL", num_args = 0..=1, require_equals = true, default_missing_value = "1", default_value = "0", hide_default_value = true)]
    pub(super) verbosity: u8,
}

impl GlobalArgs {
    pub(super) fn into_connection(self) -> Connection {
        let Self {
            kubeconfig,
            context,
            cluster,
            user,
            namespace,
            as_user,
            as_groups,
            as_uid,
            server,
            token,
            certificate_authority,
            client_certificate,
            client_key,
            insecure_skip_tls_verify,
            tls_server_name,
            request_timeout,
            cache_dir: _,
            disable_compression,
            verbosity,
        } = self;
        Connection {
            kubeconfig,
            context,
            cluster,
            user,
            namespace,
            as_user,
            as_groups,
            as_uid,
            server,
            token,
            certificate_authority,
            client_certificate,
            client_key,
            insecure_skip_tls_verify,
            tls_server_name,
            request_timeout,
            disable_compression,
            verbosity,
        }
    }
}
