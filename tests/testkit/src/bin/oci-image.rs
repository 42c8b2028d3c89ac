//! Writes a container image of one static binary as an OCI archive: scratch, the binary, CA certificates, /tmp. No Docker, and
//! the same bytes from the same inputs: fixed times and owners, sorted entries, certificates pinned by Cargo.lock.
//!
//! `oci-image --binary FILE --entrypoint /NAME --arch amd64|arm64 --name docker.io/x/y:1.0 --out FILE`

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const USAGE: &str = "oci-image --binary FILE --entrypoint /NAME --arch amd64|arm64 --name NAME:TAG --out FILE";

fn main() -> Result<(), Box<dyn Error>> {
    let flags = flags(std::env::args().skip(1))?;
    let flag = |name: &str| flags.get(name).map(String::as_str).ok_or_else(|| format!("--{name} is missing: {USAGE}"));
    let layer = layer(&fs::read(flag("binary")?)?, flag("entrypoint")?)?;
    let archive = archive(&layer, flag("entrypoint")?, flag("arch")?, flag("name")?)?;
    fs::write(flag("out")?, &archive)?;
    #[expect(clippy::print_stdout, reason = "the digest is this tool's result")]
    {
        println!("sha256:{}  {}  ({} bytes)", sha256(&archive), flag("out")?, archive.len());
    }
    Ok(())
}

fn flags(mut words: impl Iterator<Item = String>) -> Result<BTreeMap<String, String>, String> {
    let mut flags = BTreeMap::new();
    while let Some(word) = words.next() {
        let name = word.strip_prefix("--").ok_or(USAGE)?;
        flags.insert(name.to_owned(), words.next().ok_or(USAGE)?);
    }
    Ok(flags)
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("writing to a string");
        hex
    })
}

/// The image's file system as an uncompressed tar.
fn layer(binary: &[u8], entrypoint: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let certificates = certificates();
    let mut tar = Tar::default();
    tar.directory("etc/", 0o755)?;
    tar.directory("etc/ssl/", 0o755)?;
    tar.directory("etc/ssl/certs/", 0o755)?;
    tar.file("etc/ssl/certs/ca-certificates.crt", 0o644, certificates.as_bytes())?;
    tar.directory("tmp/", 0o1777)?;
    tar.file(entrypoint.trim_start_matches('/'), 0o755, binary)?;
    Ok(tar.finish())
}

/// Mozilla's root certificates in PEM, in a stable order.
fn certificates() -> String {
    let mut pem: Vec<String> = webpki_root_certs::TLS_SERVER_ROOT_CERTS
        .iter()
        .map(|der| {
            let text = STANDARD.encode(der.as_ref());
            let lines: Vec<&str> =
                text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("base64 is ASCII")).collect();
            format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
        })
        .collect();
    pem.sort_unstable();
    pem.concat()
}

fn archive(layer: &[u8], entrypoint: &str, arch: &str, name: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::best());
    gzip.write_all(layer)?;
    let blob = gzip.finish()?;
    let config = serde_json::to_vec(&json!({
        "architecture": arch,
        "os": "linux",
        "config": {
            "Entrypoint": [entrypoint],
            // Nobody: the numeric form is what `runAsNonRoot` can check.
            "User": "65532:65532",
            "Env": ["PATH=/", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"],
        },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{}", sha256(layer))] },
    }))?;
    let manifest = serde_json::to_vec(&json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor("application/vnd.oci.image.config.v1+json", &config),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", &blob)],
    }))?;
    let mut entry = descriptor("application/vnd.oci.image.manifest.v1+json", &manifest);
    let tag = name.rsplit_once(':').map_or("latest", |(_, tag)| tag);
    entry["platform"] = json!({ "architecture": arch, "os": "linux" });
    entry["annotations"] = json!({ "io.containerd.image.name": name, "org.opencontainers.image.ref.name": tag });
    let index = serde_json::to_vec(&json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [entry],
    }))?;
    let mut tar = Tar::default();
    tar.file("oci-layout", 0o644, br#"{"imageLayoutVersion":"1.0.0"}"#)?;
    tar.file("index.json", 0o644, &index)?;
    tar.directory("blobs/", 0o755)?;
    tar.directory("blobs/sha256/", 0o755)?;
    for content in [&config, &manifest, &blob] {
        tar.file(&format!("blobs/sha256/{}", sha256(content)), 0o644, content)?;
    }
    Ok(tar.finish())
}

fn descriptor(media_type: &str, content: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": format!("sha256:{}", sha256(content)), "size": content.len() })
}

/// A ustar writer: owner 0, time 0, nothing that depends on the machine.
#[derive(Default)]
struct Tar {
    bytes: Vec<u8>,
}

impl Tar {
    fn directory(&mut self, path: &str, mode: u32) -> Result<(), Box<dyn Error>> {
        self.header(path, mode, 0, b'5')
    }

    fn file(&mut self, path: &str, mode: u32, content: &[u8]) -> Result<(), Box<dyn Error>> {
        self.header(path, mode, content.len(), b'0')?;
        self.bytes.extend_from_slice(content);
        self.bytes.resize(self.bytes.len().next_multiple_of(512), 0);
        Ok(())
    }

    fn header(&mut self, path: &str, mode: u32, size: usize, kind: u8) -> Result<(), Box<dyn Error>> {
        let mut block = [0_u8; 512];
        if path.len() > 100 {
            return Err(format!("{path} is too long for a tar header").into());
        }
        block[..path.len()].copy_from_slice(path.as_bytes());
        let mut octal = |at: usize, width: usize, value: u64| {
            block[at..at + width].copy_from_slice(format!("{value:0w$o}\0", w = width - 1).as_bytes());
        };
        octal(100, 8, u64::from(mode));
        octal(108, 8, 0);
        octal(116, 8, 0);
        octal(124, 12, size as u64);
        octal(136, 12, 0);
        block[148..156].fill(b' ');
        block[156] = kind;
        block[257..265].copy_from_slice(b"ustar\x0000");
        let sum: u64 = block.iter().map(|byte| u64::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.bytes.extend_from_slice(&block);
        Ok(())
    }

    fn finish(mut self) -> Vec<u8> {
        self.bytes.resize(self.bytes.len() + 1024, 0);
        self.bytes
    }
}
