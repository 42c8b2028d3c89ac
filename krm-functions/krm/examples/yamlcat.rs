use std::io::Read;
fn main() {
    let mut s = String::new();
    std::io::stdin().read_to_string(&mut s).unwrap();
    match krm::yaml::parse_documents(&s, "stdin", &Default::default()) {
        Err(e) => println!("ERR {e}"),
        Ok(docs) => {
            for (i, d) in docs.iter().filter(|d| !d.root.is_null()).enumerate() {
                if i > 0 {
                    println!("---");
                }
                let mut out = String::new();
                match krm::yaml::emit_build(&d.root, &mut out) {
                    Ok(()) => print!("{out}"),
                    Err(e) => println!("EMIT ERR {e}"),
                }
            }
        }
    }
}
