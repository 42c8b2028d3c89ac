//! Golden cases with something changed in them: lines lost, doubled, moved and exchanged, values and names of fields of the
//! wrong sort, fields of one case in another, files lost and renamed, a layer around it all. Owns what may be changed.

use crate::dice::Dice;
use crate::render::Files;
use crate::specimens::{Specimen, is_kustomization};

/// Values of every sort, where another one stood.
const VALUES: [&str; 42] = [
    "",
    "null",
    "~",
    "\"\"",
    "''",
    "{}",
    "[]",
    "true",
    "no",
    "1",
    "-1",
    "0",
    "1.5",
    "0x1F",
    "1e3",
    "text",
    "\"1\"",
    "'true'",
    "a b",
    "a:b",
    "[a]",
    "[a, b]",
    "[{}]",
    "[null]",
    "{a: b}",
    "{a: 1}",
    "[{a: b}]",
    "*",
    ".*",
    "web",
    "é",
    "\"\\n\"",
    "2024-01-02",
    "|\n  text",
    ">-\n  folded\n  text",
    "!!str 1",
    "&a x",
    "!!binary aGk=",
    "\"a\\tb\"",
    "[[a]]",
    "a=b",
    "a/b/c",
];

/// Names of fields that mean something somewhere.
const FIELDS: [&str; 96] = [
    "apiVersion",
    "kind",
    "metadata",
    "name",
    "namespace",
    "labels",
    "annotations",
    "resources",
    "bases",
    "components",
    "namePrefix",
    "nameSuffix",
    "commonLabels",
    "commonAnnotations",
    "patches",
    "patchesStrategicMerge",
    "patchesJson6902",
    "images",
    "imageTags",
    "replicas",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "generators",
    "transformers",
    "validators",
    "configurations",
    "crds",
    "openapi",
    "vars",
    "replacements",
    "buildMetadata",
    "sortOptions",
    "helmCharts",
    "path",
    "patch",
    "target",
    "options",
    "group",
    "version",
    "labelSelector",
    "annotationSelector",
    "allowNameChange",
    "allowKindChange",
    "newName",
    "newTag",
    "digest",
    "tagSuffix",
    "count",
    "behavior",
    "literals",
    "files",
    "envs",
    "env",
    "type",
    "immutable",
    "disableNameSuffixHash",
    "pairs",
    "includeSelectors",
    "includeTemplates",
    "fields",
    "fieldSpecs",
    "create",
    "source",
    "sourceValue",
    "targets",
    "select",
    "reject",
    "fieldPaths",
    "fieldPath",
    "delimiter",
    "index",
    "encoding",
    "objref",
    "fieldref",
    "fieldpath",
    "order",
    "legacySortOptions",
    "orderFirst",
    "orderLast",
    "nameReference",
    "varReference",
    "op",
    "from",
    "value",
    "$patch",
    "spec",
    "data",
    "stringData",
    "binaryData",
    "template",
    "containers",
    "selector",
    "matchLabels",
    "ports",
    "volumes",
];

/// Fields that work in nearly every kustomization.
const EXTRA: [&str; 30] = [
    "namePrefix: pre-\n",
    "nameSuffix: -suf\n",
    "namespace: other\n",
    "commonLabels: {extra: \"yes\"}\n",
    "commonAnnotations: {extra: note}\n",
    "labels: [{pairs: {extra: \"1\"}}]\n",
    "labels: [{pairs: {extra: \"1\"}, includeSelectors: true}]\n",
    "labels: [{pairs: {extra: \"1\"}, includeTemplates: true}]\n",
    "labels: [{pairs: {extra: \"1\"}, fields: [{path: spec/labels, create: true}]}]\n",
    "images: [{name: nginx, newTag: \"9\"}, {name: app, newName: other, digest: \"sha256:1\"}]\n",
    "sortOptions: {order: legacy}\n",
    "sortOptions: {order: fifo}\n",
    "sortOptions: {order: legacy, legacySortOptions: {orderFirst: [Service], orderLast: [ConfigMap]}}\n",
    "buildMetadata: [originAnnotations]\n",
    "buildMetadata: [transformerAnnotations, managedByLabel]\n",
    "generatorOptions: {disableNameSuffixHash: true}\n",
    "generatorOptions: {labels: {made: \"yes\"}, annotations: {n: \"1\"}, immutable: true}\n",
    "configMapGenerator: [{name: extra, literals: [a=b, c=d]}]\n",
    "secretGenerator: [{name: extra, literals: [a=b], type: Opaque}]\n",
    "patches: [{target: {kind: Deployment}, patch: '[{op: add, path: /metadata/labels, value: {p: q}}]'}]\n",
    "patches: [{target: {kind: '.*'}, patch: '{apiVersion: v1, kind: X, metadata: {name: x, annotations: {p: \"1\"}}}'}]\n",
    "patches: [{target: {name: web.*}, patch: '{kind: X, apiVersion: v1, metadata: {name: x, labels: {p: null}}}'}]\n",
    "patches: [{target: {kind: Service}, patch: '{$patch: delete, kind: X, apiVersion: v1, metadata: {name: x}}'}]\n",
    "replacements: [{sourceValue: new, targets: [{select: {kind: ConfigMap}, fieldPaths: [data.a], options: {create: true}}]}]\n",
    "replacements: [{source: {kind: Deployment}, targets: [{select: {kind: Service}, fieldPaths: [metadata.annotations.of], options: {create: true}}]}]\n",
    "replicas: [{name: web, count: 7}]\n",
    "vars: [{name: EXTRA, objref: {kind: Service, name: web, apiVersion: v1}}]\n",
    "transformers: ['{apiVersion: builtin, kind: PrefixTransformer, metadata: {name: x}, prefix: t-, fieldSpecs: [{path: metadata/name}]}']\n",
    "transformers: ['{apiVersion: builtin, kind: NamespaceTransformer, metadata: {name: x, namespace: made}, unsetOnly: true}']\n",
    "validators: ['{apiVersion: builtin, kind: LabelTransformer, metadata: {name: x}, labels: {a: b}, fieldSpecs: [{path: metadata/labels}]}']\n",
];

/// Characters that mean something to YAML.
const SIGNS: [&str; 24] = [
    " ", "-", ":", "{", "}", "[", "]", "#", "&", "*", "!", "|", ">", "'", "\"", "%", "@", "\t", "\n", ",", "?", "~",
    "\r\n", "\\",
];

/// A changed copy of a specimen: once to three times.
pub(crate) fn mutate(dice: &mut Dice, specimen: &Specimen, all: &[Specimen]) -> (Files, String) {
    let mut files = specimen.files.clone();
    let mut entry = specimen.entry.clone();
    for _ in 0..=dice.roll(3) {
        change(dice, &mut files, &mut entry, all);
    }
    (files, entry)
}

fn change(dice: &mut Dice, files: &mut Files, entry: &mut String, all: &[Specimen]) {
    let Some(path) = pick_file(dice, files) else { return };
    let text = files[&path].clone();
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    if lines.is_empty() {
        lines.push("\n".to_owned());
    }
    let at = dice.roll(lines.len());
    match dice.roll(24) {
        0 => drop(lines.remove(at)),
        1 => lines.insert(at, lines[at].clone()),
        2 => {
            let other = dice.roll(lines.len());
            lines.swap(at, other);
        }
        3 => lines[at] = indented(dice, &lines[at]),
        4..=7 => replace_value(dice, &mut lines, at),
        8 | 9 => rename_field(dice, &mut lines, at),
        10 => exchange_words(dice, &mut lines, files),
        11 | 12 => disturb(dice, &mut lines[at]),
        13 => lines
            .insert(at, dice.pick(&["---\n", "# note\n", "\n", "...\n", "- x\n", "  - {a: b}\n", "\t\n"]).to_owned()),
        14 => return rewrite_whole(dice, files, &path),
        15 => return move_file(dice, files, &path),
        16 | 17 => return graft(dice, files, all),
        18..=20 => return extend(dice, files),
        21 => return wrap(dice, files, entry),
        _ => replace_word(dice, &mut lines[at]),
    }
    files.insert(path, lines.concat());
}

/// Mostly a kustomization.
fn pick_file(dice: &mut Dice, files: &Files) -> Option<String> {
    let paths: Vec<&String> = files.keys().collect();
    let chosen: Vec<&String> = paths.iter().copied().filter(|path| is_kustomization(path)).collect();
    let from = if chosen.is_empty() || dice.chance(35) { paths } else { chosen };
    (!from.is_empty()).then(|| dice.pick(&from).clone())
}

fn pick_kustomization(dice: &mut Dice, files: &Files) -> Option<String> {
    let paths: Vec<&String> = files.keys().filter(|path| is_kustomization(path)).collect();
    (!paths.is_empty()).then(|| dice.pick(&paths).clone())
}

fn indented(dice: &mut Dice, line: &str) -> String {
    match dice.roll(3) {
        0 => format!("  {line}"),
        1 => format!(" {line}"),
        _ => line.strip_prefix("  ").or_else(|| line.strip_prefix(' ')).unwrap_or(line).to_owned(),
    }
}

/// What stands behind the colon, or behind the dash.
fn replace_value(dice: &mut Dice, lines: &mut [String], at: usize) {
    let line = &lines[at];
    let value = dice.pick(&VALUES);
    let head = match (line.find(": "), line.trim_end().strip_suffix(':'), line.find("- ")) {
        (Some(colon), ..) => line[..=colon].to_owned(),
        (None, Some(key), _) => format!("{key}:"),
        (None, None, Some(dash)) => line[..=dash].to_owned(),
        _ => String::new(),
    };
    let indent = " ".repeat(line.len() - line.trim_start().len());
    lines[at] = format!("{head} {}\n", value.replace("\n  ", &format!("\n{indent}    ")));
}

fn rename_field(dice: &mut Dice, lines: &mut [String], at: usize) {
    let line = lines[at].clone();
    let Some(colon) = line.find(':') else { return };
    let start = line[..colon].rfind([' ', '{', ',', '-']).map_or(0, |blank| blank + 1);
    let old = &line[start..colon];
    let new = match dice.roll(8) {
        0 => format!("{old}s"),
        1 => old.to_uppercase(),
        2 => format!("x{old}"),
        3 => format!("\"{old}\""),
        4 if old.len() > 1 => old.chars().skip(1).collect(),
        _ => dice.pick(&FIELDS).to_owned(),
    };
    lines[at] = format!("{}{new}{}", &line[..start], &line[colon..]);
}

/// Words of the line and where they begin.
fn words(line: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut start = None;
    for (at, c) in line.char_indices().chain([(line.len(), ' ')]) {
        match (c.is_alphanumeric() || "-_./$%".contains(c), start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                found.push((from, &line[from..at]));
                start = None;
            }
            _ => {}
        }
    }
    found
}

fn replace_word(dice: &mut Dice, line: &mut String) {
    let found = words(line);
    if found.is_empty() {
        return;
    }
    let (at, word) = dice.pick(&found);
    let new = if dice.chance(50) { dice.pick(&VALUES) } else { dice.pick(&FIELDS) };
    *line = format!("{}{}{}", &line[..at], new.lines().next().unwrap_or_default(), &line[at + word.len()..]);
}

/// A word of this file becomes one that stands elsewhere in the tree.
fn exchange_words(dice: &mut Dice, lines: &mut [String], files: &Files) {
    let texts: Vec<&String> = files.values().collect();
    let from = dice.pick(&texts);
    let donors = words(from);
    let at = dice.roll(lines.len());
    let found = words(&lines[at]);
    if donors.is_empty() || found.is_empty() {
        return;
    }
    let ((start, old), (_, new)) = (dice.pick(&found), dice.pick(&donors));
    lines[at] = format!("{}{new}{}", &lines[at][..start], &lines[at][start + old.len()..]);
}

/// A character more, less or another.
fn disturb(dice: &mut Dice, line: &mut String) {
    let places: Vec<usize> = line.char_indices().map(|(at, _)| at).collect();
    if places.is_empty() {
        return;
    }
    let at = dice.pick(&places);
    if dice.chance(50) {
        line.remove(at);
    }
    if dice.chance(70) {
        line.insert_str(at, dice.pick(&SIGNS));
    }
}

/// The whole file in another shape.
fn rewrite_whole(dice: &mut Dice, files: &mut Files, path: &str) {
    let text = &files[path];
    let new = match dice.roll(9) {
        0 => text.replace('\n', "\r\n"),
        1 => format!("\u{feff}{text}"),
        2 => String::new(),
        3 => format!("---\n{text}"),
        4 => format!("{text}---\n{text}"),
        5 => text.trim_end().to_owned(),
        6 => format!("# head\n\n{text}\n# foot\n"),
        7 => text.replace("  ", "    "),
        _ => format!("{text}\n---\n# nothing\n---\n"),
    };
    files.insert(path.to_owned(), new);
}

fn move_file(dice: &mut Dice, files: &mut Files, path: &str) {
    let text = files[path].clone();
    let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
    let place = |name: &str| if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
    let keep = dice.chance(30);
    let to = match dice.roll(6) {
        0 => place("kustomization.yml"),
        1 => place("Kustomization"),
        2 => place("kustomization.yaml"),
        3 => place(&format!("sub/{name}")),
        4 => place("moved.yaml"),
        _ => {
            files.remove(path);
            return;
        }
    };
    if !keep {
        files.remove(path);
    }
    files.insert(to, text);
}

/// A field of another case, and the files that its layer has.
fn graft(dice: &mut Dice, files: &mut Files, all: &[Specimen]) {
    let donor = &all[dice.roll(all.len())];
    let Some(from) = pick_kustomization(dice, &donor.files) else { return };
    let blocks = fields(&donor.files[&from]);
    let Some(path) = pick_kustomization(dice, files).filter(|_| !blocks.is_empty()) else { return };
    let block = dice.pick(&blocks);
    let folder = |path: &str| path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    for (name, text) in &donor.files {
        if let Some(name) = name.strip_prefix(&folder(&from)).filter(|name| !is_kustomization(name)) {
            files.entry(format!("{}{name}", folder(&path))).or_insert_with(|| text.clone());
        }
    }
    add_field(files, &path, &block);
}

fn extend(dice: &mut Dice, files: &mut Files) {
    let Some(path) = pick_kustomization(dice, files) else { return };
    add_field(files, &path, dice.pick(&EXTRA));
}

/// At the end of a kustomization, in the place of a field of that name if there is one.
fn add_field(files: &mut Files, path: &str, block: &str) {
    let name = block.split(':').next().unwrap_or_default();
    let mut blocks = fields(&files[path]);
    blocks.retain(|there| there.split(':').next() != Some(name));
    let mut text = blocks.concat();
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(block);
    files.insert(path.to_owned(), text);
}

/// The pieces of a text that begin at the left edge.
fn fields(text: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    for line in text.split_inclusive('\n') {
        let begins = line.starts_with(|c: char| c.is_alphabetic());
        match blocks.last_mut() {
            Some(last) if !begins => last.push_str(line),
            _ => blocks.push(line.to_owned()),
        }
    }
    blocks
}

/// One more layer, with fields that work everywhere, on top.
fn wrap(dice: &mut Dice, files: &mut Files, entry: &mut String) {
    if files.keys().any(|path| path.starts_with("wrap/")) || entry.contains("..") {
        return;
    }
    let base = format!("../{entry}");
    let mut text = format!("resources: [{}]\n", base.trim_end_matches('/'));
    for block in dice.some(3, |dice, _| dice.pick(&EXTRA)) {
        if !text.contains(block.split(':').next().unwrap_or_default()) {
            text.push_str(block);
        }
    }
    if entry.is_empty() || entry == "." {
        // The new layer may not lie in the old one.
        let moved: Files = files.iter().map(|(path, text)| (format!("old/{path}"), text.clone())).collect();
        *files = moved;
        text = text.replace("[..]", "[../old]").replace("[../.]", "[../old]");
    }
    files.insert("wrap/kustomization.yaml".to_owned(), text);
    "wrap".clone_into(entry);
}

/// Takes away lines, then files, while the two sides still disagree.
pub(crate) fn minimise(mut files: Files, mut fails: impl FnMut(&Files) -> bool) -> Files {
    let mut left = 1500;
    loop {
        let mut shrunk = false;
        for path in files.keys().cloned().collect::<Vec<_>>() {
            let mut fewer = files.clone();
            fewer.remove(&path);
            if !fewer.is_empty() && fails(&fewer) {
                (files, shrunk) = (fewer, true);
                continue;
            }
            let mut size = files[&path].lines().count().max(1);
            while size > 0 && left > 0 {
                let mut from = 0;
                loop {
                    let lines: Vec<&str> = files[&path].split_inclusive('\n').collect();
                    if from >= lines.len() || left == 0 {
                        break;
                    }
                    left -= 1;
                    let mut fewer = files.clone();
                    let rest: Vec<&str> = lines
                        .iter()
                        .enumerate()
                        .filter(|(at, _)| !(from..from + size).contains(at))
                        .map(|(_, line)| *line)
                        .collect();
                    fewer.insert(path.clone(), rest.concat());
                    if fails(&fewer) {
                        (files, shrunk) = (fewer, true);
                    } else {
                        from += size;
                    }
                }
                size /= 2;
            }
        }
        if !shrunk || left == 0 {
            return files;
        }
    }
}
