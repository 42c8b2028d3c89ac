//! The laws of the functions: any list goes through each of them without a panic; one that fails gives back the items that came;
//! and nothing that was secret on the way in is told.

use krm::Masked;
use krm::list::ResourceList;
use krm::yaml::Limits;
use krm_functions::{FUNCTIONS, InputError, Inputs, frame};

/// In every file and variable.
const SECRET: &str = "zqvxsecretzqvx";
/// Opens what the cases of SOPS hold.
const KEY: &str = include_str!("../../../fixtures/sops/key.txt");

/// Surroundings that have whatever is asked for.
struct Everything;

impl Inputs for Everything {
    fn tree_file(&self, path: &str) -> Result<Masked<Vec<u8>>, InputError> {
        if path.contains("none") { Err(InputError::failed("there is no such file")) } else { Ok(secret()) }
    }

    fn operator_file(&self, _path: &str) -> Result<Masked<Vec<u8>>, InputError> {
        Ok(Masked::new(KEY.as_bytes().to_vec()))
    }

    fn passed_variable(&self, _name: &str) -> Option<Masked<String>> {
        Some(Masked::new(SECRET.to_owned()))
    }

    fn variable(&self, name: &str) -> Option<Masked<String>> {
        match name {
            // The path of a file of keys is told, so that people find it.
            "SOPS_AGE_KEY_FILE" | "KUBECTL_GITOPS_PGP_KEY_FILE" => Some(Masked::new("key.txt".to_owned())),
            "KUBECTL_GITOPS_SEED" => Some(Masked::new(format!("{SECRET}-0123456789abcdef0123456789abcdef"))),
            name if name.starts_with("SOPS_")
                || name.contains("SEED")
                || name == "HOME"
                || name.starts_with("XDG_") =>
            {
                None
            }
            _ => Some(Masked::new(SECRET.to_owned())),
        }
    }
}

fn secret() -> Masked<Vec<u8>> {
    Masked::new(format!("NAME={SECRET}\n").into_bytes())
}

/// A list through every function, and through the one that it names itself.
pub fn functions(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    // A list that holds it itself shows it as its own.
    if text.contains(SECRET) {
        return;
    }
    let limits = Limits { bytes_max: 64 << 10, depth_max: 100, nodes_max: 10_000, alias_nodes_max: 1000 };
    let Ok(before) = ResourceList::read(&text, "f.yaml", &limits) else { return };
    // Printing has its own losses, which are kyaml's: in `{a}` the null becomes an empty text.
    let mut again = String::new();
    let Ok(()) = before.write(&mut again) else { return };
    let Ok(printed) = ResourceList::read(&again, "f.yaml", &Limits::default()) else { return };
    for name in FUNCTIONS.iter().map(|function| Some(function.name)).chain([None]) {
        let Ok(output) = frame::run(&text, name, None, &Everything, &limits) else { continue };
        assert!(!output.story.contains(SECRET), "{name:?} tells a secret: {}", output.story);
        let after = ResourceList::read(&output.text, "f.yaml", &Limits::default());
        let Ok(after) = after else { continue };
        assert!(!after.results.iter().any(|result| result.to_string().contains(SECRET)), "{name:?} tells a secret");
        assert!(!output.failed || after.items == printed.items, "{name:?} failed and changed something");
    }
}
