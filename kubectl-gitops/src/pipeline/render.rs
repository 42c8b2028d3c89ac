//! From an input to final objects: the build, then our stages, which run for `diff` and `apply` alike.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use krm::yaml::{Limits, parse_documents};
use krm::{Node, Origin, Resource, ResourceSet, Text};
use krm_functions::ContentHash;
use krm_functions::decryption::VerifyMac;
use kustomize::Object;

use super::elsewhere::{self, Elsewhere};
use super::engine;
use crate::error::{CliError, Code, Place, Result};
use crate::inventory::Inventory;
use crate::report::{self, Console};
use crate::settings::{BuildSettings, Connection};
use crate::source::{self, Bases, Beyond, Checkout, FunctionRun, Input, ManifestFile, Material};
use crate::stages::{self, Survey, Told};

/// Objects with what is known of where they came from.
#[derive(Debug)]
pub(super) struct Rendered {
    /// In the order of the output.
    pub(super) objects: Vec<Object>,
    /// What the author keeps out of the output: among it may be what configures stages.
    pub(super) local: Vec<Object>,
    /// What the user should know.
    pub(super) warnings: Vec<String>,
    /// Annotations of the kustomization itself.
    pub(super) annotations: Vec<(Text, Text)>,
    /// As the user named the input.
    pub(super) shown: String,
    /// The directory, absolute.
    pub(super) directory: Option<PathBuf>,
    /// The Git checkout around it, where somebody asks for it.
    pub(super) checkout: Option<Checkout>,
    /// The functions that its kustomizations list, as they ran.
    pub(super) functions: Vec<FunctionRun>,
    /// What takes hashes of contents in it.
    pub(super) hashes: Vec<ContentHash>,
    /// The build asked the network or a program: the same input may give something else another day.
    pub(super) volatile: bool,
    /// Keeps the directory, if it was fetched.
    pub(super) fetched: Option<Arc<Bases>>,
}

impl Rendered {
    /// An annotation of the kustomization itself.
    pub(super) fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// All before the cluster: source → build → stages.
pub(super) fn render(settings: &BuildSettings, connection: &Connection, console: &Console) -> Result<Rendered> {
    let elsewhere = elsewhere::open(settings, connection, console)?;
    render_of(elsewhere.as_ref(), settings, console)
}

/// The same of a repository that is open, or of what lies on this disk.
pub(super) fn render_of(
    elsewhere: Option<&Elsewhere<'_>>,
    settings: &BuildSettings,
    console: &Console,
) -> Result<Rendered> {
    let mut rendered = match elsewhere {
        Some(elsewhere) => elsewhere.with_input(true, |input| prepared(input, settings))?,
        None => prepared(source::open(settings, true)?, settings)?,
    };
    if rendered.fetched.is_none() {
        rendered.checkout = rendered.directory.as_deref().and_then(Checkout::around);
    }
    console.warn_all(&rendered.warnings);
    Ok(rendered)
}

/// The same of an input that is open: build → stages. What the user should know is not told yet.
pub(super) fn prepared(input: Input, settings: &BuildSettings) -> Result<Rendered> {
    let mut rendered = build(input, settings, true)?;
    stages(&mut rendered, settings)?;
    rendered.objects = checked(std::mem::take(&mut rendered.objects))?;
    Ok(rendered)
}

/// What was built, in one line; made before the objects go to the cluster.
pub(super) struct Headline(String);

impl Headline {
    /// `took`: reading and building.
    pub(super) fn new(rendered: &Rendered, took: Duration) -> Self {
        let kinds: BTreeSet<(&str, &str)> =
            rendered.objects.iter().map(|object| (object.node.api_version(), object.node.kind())).collect();
        Self(format!(
            "Built {}: {}, {} ({} ms).",
            rendered.shown,
            report::counted(rendered.objects.len(), "object"),
            report::counted(kinds.len(), "kind"),
            took.as_millis(),
        ))
    }

    /// `Built overlays/prod: 46 objects, 9 kinds (38 ms).  Inventory shop/gitops-prod, last applied 2h ago.`
    pub(super) fn text(&self, inventory: &Inventory, now: Timestamp) -> String {
        let last = match &inventory.last {
            Some(last) => format!("last applied {}", report::age(&last.time, now)),
            None => "new".to_owned(),
        };
        format!("{}  Inventory {}, {last}.", self.0, inventory.root)
    }
}

/// Runs the build. `rendered`: what is encrypted in it is opened.
pub(super) fn build(input: Input, settings: &BuildSettings, rendered: bool) -> Result<Rendered> {
    let Input { material, shown, directory, checkout, bases } = input;
    let mut functions = Vec::new();
    let mut volatile = false;
    let (objects, local, warnings, annotations) = match material {
        Material::Kustomization { files, root, generated } => {
            let options = engine::options(&settings.engine);
            let verify = if settings.stages.ignore_mac { VerifyMac::Never } else { VerifyMac::Files };
            let beyond = Beyond::new(Arc::clone(&bases));
            let beyond = if rendered { beyond.opening(variables(settings), verify) } else { beyond };
            let built = kustomize::build_directory(files.as_ref(), &beyond, root, &options);
            volatile = beyond.went_out();
            functions = beyond.into_ran();
            match built {
                Ok(built) => (built.objects, built.local, built.warnings, built.annotations),
                Err(error) if generated => {
                    return Err(CliError::from(error).note(format!(
                        "`{shown}` has no kustomization, so every .yaml and .yml file in it is a manifest"
                    )));
                }
                Err(error) => return Err(error.into()),
            }
        }
        Material::Manifests(files) => (parse(&files)?, Vec::new(), Vec::new(), Vec::new()),
    };
    let mut warnings = warnings;
    warnings.extend(bases.take_warnings());
    let fetched = checkout.is_some().then_some(bases);
    let hashes = Vec::new();
    Ok(Rendered {
        objects,
        local,
        warnings,
        annotations,
        shown,
        directory,
        checkout,
        functions,
        hashes,
        volatile,
        fetched,
    })
}

/// Runs our stages over the objects.
pub(super) fn stages(rendered: &mut Rendered, settings: &BuildSettings) -> Result<Told> {
    let env = variables(settings);
    let around = stages::Around { root: rendered.directory.as_deref(), settings: &settings.stages, env: &env };
    let mut told = stages::run(&mut rendered.objects, std::mem::take(&mut rendered.local), &around)?;
    told.functions = std::mem::take(&mut rendered.functions);
    told.root.clone_from(&rendered.directory);
    rendered.warnings.extend(told.warnings());
    rendered.hashes.clone_from(&told.hashes);
    Ok(told)
}

/// Which variables the objects use.
pub(super) fn survey(rendered: &mut Rendered, settings: &BuildSettings) -> Result<Survey> {
    let env = variables(settings);
    let around = stages::Around { root: rendered.directory.as_deref(), settings: &settings.stages, env: &env };
    stages::survey(&mut rendered.objects, std::mem::take(&mut rendered.local), &around)
}

/// Variables for functions: those of `--env`, and those that flags for stages stand for.
fn variables(settings: &BuildSettings) -> Vec<String> {
    settings.engine.env.iter().cloned().chain(settings.stages.variables()).collect()
}

/// What kustomize lets pass and no cluster takes is found before any request: objects without identity or name, and two
/// that are one.
fn checked(objects: Vec<Object>) -> Result<Vec<Object>> {
    let mut resources = Vec::with_capacity(objects.len());
    for Object { node, origin } in objects {
        let place = Place::from(&origin);
        let resource =
            Resource::new(node, origin).map_err(|error| CliError::new(Code::NotAnObject, error).at(place))?;
        if resource.name().is_empty() {
            let text =
                format!("`{}` has a `generateName` and no name: every run would create another one", resource.kind());
            let error = CliError::new(Code::NotAnObject, text).at(&resource.origin);
            return Err(error.hint("give it a fixed `metadata.name`"));
        }
        resources.push(resource);
    }
    let set = ResourceSet::from_resources(resources).map_err(|error| {
        let place = Place::from(&error.second);
        CliError::new(Code::DuplicateObject, error).at(place).hint("remove one of them, or give one another name")
    })?;
    let taken = set.into_resources().into_iter();
    Ok(taken.map(|resource| Object { origin: resource.origin.clone(), node: resource.into_node() }).collect())
}

/// The objects of plain manifests, Lists taken apart, empty documents passed over.
fn parse(files: &[ManifestFile]) -> Result<Vec<Object>> {
    let mut objects = Vec::new();
    for file in files {
        for document in parse_documents(&file.text, &file.name, &Limits::default())? {
            if document.root.is_null() {
                continue;
            }
            let origin = Origin { file: file.name.clone(), document: document.index, line: document.line };
            take_apart(document.root, &origin, &mut objects)?;
        }
    }
    Ok(objects)
}

fn take_apart(node: Node, origin: &Origin, objects: &mut Vec<Object>) -> Result<()> {
    let kind = node.kind();
    let is_kustomization = node.api_version().starts_with("kustomize.config.k8s.io/");
    if is_kustomization || (kind.is_empty() && node.get("resources").is_some()) {
        let text = format!("`{}` is a kustomization, no manifest", origin.file);
        return Err(CliError::new(Code::NotAnObject, text).at(origin).hint("give its directory with -k"));
    }
    let Node::Map(mut map) = node else {
        let text = format!("an object must be a map, this is {}", node.kind_name());
        return Err(CliError::new(Code::NotAnObject, text).at(origin));
    };
    let is_list = map.get("kind").and_then(Node::as_str).is_some_and(|kind| kind.ends_with("List"));
    let has_items = matches!(map.get("items"), Some(Node::Seq(_)));
    if !(is_list && has_items) {
        objects.push(Object { node: Node::Map(map), origin: origin.clone() });
        return Ok(());
    }
    let Some(Node::Seq(items)) = map.remove("items") else { return Ok(()) };
    for item in items.items {
        let line = if item.mark().line == 0 { origin.line } else { item.mark().line };
        take_apart(item, &Origin { line, ..origin.clone() }, objects)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(text: &str) -> Result<Vec<String>> {
        let file = ManifestFile { name: "x.yaml".to_owned(), text: text.to_owned() };
        let found = parse(&[file])?;
        Ok(found.iter().map(|o| format!("{}:{}", o.node.str_at(&["kind"]).unwrap_or("-"), o.origin.line)).collect())
    }

    #[test]
    fn lists_are_taken_apart_and_empty_documents_are_nothing() {
        let text =
            "---\n# nothing\n---\nkind: A\n---\nkind: List\nitems:\n- kind: B\n- kind: BList\n  items:\n  - kind: C\n";
        assert_eq!(objects(text).unwrap(), ["A:4", "B:8", "C:11"]);
    }

    #[test]
    fn items_of_what_is_no_list_stay() {
        let file = ManifestFile { name: "x".to_owned(), text: "kind: Menu\nitems: [a]\n".to_owned() };
        let found = parse(&[file]).unwrap();
        assert!(found[0].node.get("items").is_some());
    }

    #[test]
    fn what_is_no_manifest_is_named() {
        assert_eq!(objects("- a\n").unwrap_err().code, Code::NotAnObject);
        assert_eq!(objects("resources: [a.yaml]\n").unwrap_err().hints, ["give its directory with -k"]);
        assert_eq!(objects("a: [\n").unwrap_err().code, Code::BadYaml);
    }
}
