//! Flags that several commands share, and how their values are read.

use std::str::FromStr;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::settings::{
    Adopt, ColorChoice, DryRun, OutputFormat, Presentation, ProgressMode, Reload, RunSettings, parse_duration,
};

/// A parser for one of a few words, which help and completion know too.
pub(super) fn choice<T>(words: &'static [&'static str]) -> impl TypedValueParser<Value = T>
where
    T: FromStr + Clone + Send + Sync + 'static,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    PossibleValuesParser::new(words).try_map(|word| word.parse::<T>())
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// Form of the result
    #[arg(short, long, value_name = "FORMAT", value_parser = choice::<OutputFormat>(OutputFormat::WORDS))]
    output: Option<OutputFormat>,
    /// How progress is told on standard error
    #[arg(long, value_name = "MODE", env = "KUBECTL_GITOPS_PROGRESS", hide_env = true, value_parser = choice::<ProgressMode>(ProgressMode::WORDS), default_value = ProgressMode::Auto.word(), hide_default_value = true, hide_short_help = true)]
    progress: ProgressMode,
    /// When to colour
    #[arg(long, value_name = "WHEN", value_parser = choice::<ColorChoice>(ColorChoice::WORDS), default_value = ColorChoice::Auto.word(), hide_default_value = true, hide_short_help = true)]
    color: ColorChoice,
}

impl OutputArgs {
    pub(super) fn into_presentation(self, verbosity: u8) -> Presentation {
        let Self { output, progress, color } = self;
        Presentation { output, progress, color, verbosity, pager: None }
    }
}

/// What `apply` and `diff` plan by: one set of flags, so that a diff shows what an apply would do.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Plan")]
pub(super) struct PlanArgs {
    /// Name of the applied set; default: the kustomization's annotation `kubectl-gitops.dev/name`, else the directory's name
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Namespace of the inventory; default: -n, else the context's namespace
    #[arg(long, value_name = "NAME", hide_short_help = true)]
    inventory_namespace: Option<String>,
    /// Delete what the set holds and the input lacks
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "true", action = clap::ArgAction::Set, hide_possible_values = true)]
    prune: bool,
    /// Which existing objects of others are taken over: those of kubectl and Flux, none, or all
    #[arg(long, value_name = "WHICH", value_parser = choice::<Adopt>(Adopt::WORDS), default_value = Adopt::Auto.word())]
    adopt: Adopt,
    /// Another applied set whose objects may move to this one, [NAMESPACE/]NAME; may be repeated
    #[arg(long, value_name = "SET", value_delimiter = ',', hide_short_help = true)]
    take_from: Vec<String>,
    /// Take over fields that another applier owns
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", action = clap::ArgAction::Set, hide_default_value = true, hide_possible_values = true)]
    force_conflicts: bool,
    /// Which workloads roll when a ConfigMap or Secret changes: those of the set; also others that carry Stakater Reloader's
    /// annotations; or none
    #[arg(long, value_name = "WHICH", value_parser = choice::<Reload>(Reload::WORDS), default_value = Reload::Annotated.word())]
    reload: Reload,
    /// Create missing namespaces; they are never pruned
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", action = clap::ArgAction::Set, hide_default_value = true, hide_possible_values = true)]
    create_namespace: bool,
    /// Consent to pruning this many objects, where a guard asks for it
    #[arg(long, value_name = "COUNT", hide_short_help = true)]
    allow_prune: Option<usize>,
    /// Consent to an input without objects, which empties the set
    #[arg(long, hide_short_help = true)]
    allow_empty: bool,
    /// Kind to delete although it is protected: namespace, crd, pvc or pv; may be repeated
    #[arg(long, value_name = "KIND", value_delimiter = ',', hide_short_help = true)]
    allow_delete: Vec<String>,
    /// Apply every object once, even those that need nothing
    #[arg(long, hide_short_help = true)]
    full: bool,
    /// Requests in flight
    #[arg(long, value_name = "N", default_value = "16", value_parser = clap::value_parser!(u16).range(1..=128), hide_short_help = true)]
    concurrency: u16,
}

impl PlanArgs {
    pub(super) fn into_settings(self) -> RunSettings {
        let Self {
            name,
            inventory_namespace,
            prune,
            adopt,
            take_from,
            force_conflicts,
            reload,
            create_namespace,
            allow_prune,
            allow_empty,
            allow_delete,
            full,
            concurrency,
        } = self;
        RunSettings {
            name,
            inventory_namespace,
            prune,
            adopt,
            take_from,
            force_conflicts,
            reload,
            create_namespace,
            allow_prune,
            allow_empty,
            allow_delete: allow_delete.into_iter().map(|kind| kind.to_ascii_lowercase()).collect(),
            full,
            concurrency: usize::from(concurrency),
            ..RunSettings::default()
        }
    }
}

/// How a run that writes behaves.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Run")]
pub(super) struct ExecuteArgs {
    /// Stop before the first write: after the plan (client), or after the server checked every write (server)
    #[arg(long, value_name = "WHERE", num_args = 0..=1, require_equals = true, default_missing_value = "client", value_parser = choice::<DryRun>(DryRun::WORDS), default_value = DryRun::None.word(), hide_default_value = true)]
    dry_run: DryRun,
    /// Wait until every object is ready, or gone
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", action = clap::ArgAction::Set, hide_default_value = true, hide_possible_values = true)]
    wait: bool,
    /// Longest wait for readiness
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "5m")]
    timeout: Duration,
    /// Longest wait for another run of the same set; a dead run's lock ends within 35 s
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "35s", hide_short_help = true)]
    lock_timeout: Duration,
    /// Do not ask before pruning or replacing
    #[arg(short, long)]
    yes: bool,
}

impl ExecuteArgs {
    pub(super) fn extend(self, settings: RunSettings) -> RunSettings {
        let Self { dry_run, wait, timeout, lock_timeout, yes } = self;
        RunSettings { dry_run, wait, timeout, lock_timeout, yes, ..settings }
    }
}

/// What else a run waits for that applies something.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Run")]
pub(super) struct WaitArgs {
    /// Wait, for addresses of Services of type LoadBalancer, too
    #[arg(long, hide_short_help = true)]
    wait_for_load_balancers: bool,
}

impl WaitArgs {
    pub(super) fn extend(self, settings: RunSettings) -> RunSettings {
        let Self { wait_for_load_balancers } = self;
        let wait = settings.wait || wait_for_load_balancers;
        RunSettings { wait, wait_for_load_balancers, ..settings }
    }
}
