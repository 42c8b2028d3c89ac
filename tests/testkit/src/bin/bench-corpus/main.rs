//! Writes the corpus that `make bench` times: trees of kustomizations that look like those people have, the same bytes on every
//! machine. Owns the list; must not know how anything is timed.
//!
//! `bench-corpus DIR` writes the corpus and prints `NAME<TAB>DIRECTORY` of each item; `bench-corpus DIR objects N` writes and
//! prints one kustomization of N objects, for the curve.

mod apps;
mod chains;
mod crds;
mod many;
mod tree;

use std::error::Error;
use std::path::Path;

use tree::Tree;

/// How an item is written: the directory to build, below the item's own, is its answer.
type Write = fn(&mut Tree) -> String;

/// Every item, small ones first.
const ITEMS: &[(&str, Write)] = &[
    ("one patch on one object", apps::one_patch),
    ("app: labels and images", |tree| apps::overlay(tree, 1)),
    ("app: patches", |tree| apps::overlay(tree, 2)),
    ("app: generators", |tree| apps::overlay(tree, 3)),
    ("app: names and replicas", |tree| apps::overlay(tree, 4)),
    ("app: components", |tree| apps::overlay(tree, 5)),
    ("app: patches and generators", |tree| apps::overlay(tree, 6)),
    ("app: everything", |tree| apps::overlay(tree, 7)),
    ("app: another everything", |tree| apps::overlay(tree, 15)),
    ("diamond of bases, 6 deep", apps::diamond),
    ("90 bases in each other", apps::nested),
    ("200 bases beside each other", apps::beside),
    ("monorepo of 60 apps", apps::monorepo),
    ("replacements, 40 chained", chains::replacements),
    ("vars in 200 objects", chains::vars),
    ("generators of large files", many::large_files),
    ("2 100 references to hashed names", many::references),
    ("4 000 objects, prefix and labels", many::transformed),
    ("5 000 Services with patches", many::services),
    ("patterns over 1 000 objects", many::patterns),
    ("CRDs of 7 MB, labels", crds::labelled),
    ("CRDs of 7 MB, patches", crds::patched),
];

#[expect(clippy::print_stdout, reason = "a tool whose result is text")]
fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [directory] => {
            for (number, (name, write)) in ITEMS.iter().enumerate() {
                let mut tree = Tree::new(&Path::new(directory).join(format!("{number:02}")));
                let entry = write(&mut tree);
                println!("{name}\t{}", tree.finish(&entry)?.display());
            }
        }
        [directory, "objects", count] => {
            let mut tree = Tree::new(&Path::new(directory).join(format!("objects-{count}")));
            let entry = many::objects(&mut tree, count.parse()?);
            println!("{}", tree.finish(&entry)?.display());
        }
        _ => return Err("bench-corpus DIR [objects N]".into()),
    }
    Ok(())
}
