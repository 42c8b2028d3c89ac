//! Files from web servers: in a build and with `-f`, over HTTP and over TLS, from a server on this machine. What the real
//! kustomize prints for the same directory and server is compared where it is at hand (`KUSTOMIZE`, or `.cache/bin`).
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "what a test sets up must be there")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use testkit::command::Hermetic;

const PROGRAM: &str = env!("CARGO_BIN_EXE_kubectl-gitops");
const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: p\n";

/// Answers by path; a path that starts with `redirect` has its target as content.
type Pages = BTreeMap<&'static str, String>;

/// A web server that lives as long as the test process.
struct Server {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn plain(pages: Pages) -> Self {
        Self::start(pages, "http", |stream| Some(Box::new(stream)))
    }

    /// With a certificate for `name`; gives the certificate of its authority, too.
    fn secure(pages: Pages, name: &str) -> (Self, String) {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, format!("authority for {name} of {:?}", Instant::now()));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
        let config = Arc::new(config);
        let server = Self::start(pages, "https", move |stream| {
            let connection = rustls::ServerConnection::new(config.clone()).ok()?;
            Some(Box::new(rustls::StreamOwned::new(connection, stream)))
        });
        (server, authority.pem())
    }

    fn start<F>(pages: Pages, scheme: &str, wrap: F) -> Self
    where
        F: Fn(TcpStream) -> Option<Box<dyn Stream>> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("{scheme}://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                // A client that hangs up (it does not trust us) is its own business.
                if let Some(mut stream) = wrap(stream) {
                    drop(answer(stream.as_mut(), &pages, &log));
                }
            }
        });
        Self { address, asked }
    }
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

fn answer(stream: &mut dyn Stream, pages: &Pages, log: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 1024];
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        request.extend_from_slice(&buffer[..read]);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let authorized = request.to_ascii_lowercase().contains("authorization: basic");
    log.lock().unwrap().push(format!("{path}{}", if authorized { " with a password" } else { "" }));
    let name = path.trim_start_matches('/').split('?').next().unwrap_or_default();
    let mut head = String::new();
    let body = match pages.get(name) {
        Some(target) if name.starts_with("redirect") => {
            write!(head, "HTTP/1.1 302 Found\r\nLocation: {target}\r\n").unwrap();
            ""
        }
        Some(content) => {
            head.push_str("HTTP/1.1 200 OK\r\n");
            content
        }
        None => {
            head.push_str("HTTP/1.1 404 Not Found\r\n");
            "nothing"
        }
    };
    write!(stream, "{head}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())?;
    stream.flush()
}

fn pages() -> Pages {
    [
        ("pod.yaml", POD.to_owned()),
        ("two.yaml", format!("{POD}---\n{}", POD.replace("name: p", "name: q"))),
        ("patch.yaml", format!("{POD}  labels: {{patched: 'yes'}}\n")),
        ("json.yaml", "- {op: add, path: /metadata/labels, value: {json: 'yes'}}\n".to_owned()),
        ("text", "hello\nworld\n".to_owned()),
        ("pairs.env", "A=1\nB=2\n".to_owned()),
        ("page", "<!DOCTYPE html>\n<html lang=en><body>hello</body>\n".to_owned()),
        ("broken.yaml", "kind: [\n".to_owned()),
        ("a b.yaml", POD.to_owned()),
        ("a%20b.yaml", POD.to_owned()),
        ("redirect", "/pod.yaml".to_owned()),
        ("redirect-loop", "/redirect-loop".to_owned()),
        ("o/r/pod.yaml", POD.to_owned()),
        ("o/r/page", "<html>".to_owned()),
    ]
    .into()
}

/// Kustomizations (`URL` is the server), and what ours says if it cannot be built.
const BUILDS: &[(&str, Option<&str>)] = &[
    ("resources: [URL/pod.yaml]", None),
    ("resources: [URL/two.yaml]", None),
    ("resources: ['URL/pod.yaml?token=hunter2#part']", None),
    ("resources: [URL/redirect]", None),
    ("resources: ['URL/a b.yaml']", None),
    ("resources: [URL/o/r/pod.yaml]\nnamePrefix: x-", None),
    ("resources: [URL/pod.yaml]\npatches: [{path: URL/patch.yaml}]", None),
    ("resources: [URL/pod.yaml]\npatches: [{path: URL/json.yaml, target: {kind: Pod}}]", None),
    ("resources: [URL/pod.yaml]\npatchesStrategicMerge: [URL/patch.yaml]", None),
    ("configMapGenerator: [{name: c, files: ['k=URL/text']}]", None),
    ("configMapGenerator: [{name: c, envs: [URL/pairs.env]}]", None),
    ("secretGenerator: [{name: c, files: ['k=URL/text']}]", None),
    ("resources: [URL/absent.yaml]", Some("the server answered 404 Not Found")),
    ("resources: [URL/page]", Some("page:")),
    ("resources: [URL/broken.yaml]", Some("broken.yaml:2:1")),
    ("resources: [URL/redirect-loop]", Some("redirects too often")),
    ("resources: ['http://127.0.0.1:1/x.yaml']", Some("the server cannot be reached")),
    ("resources: ['http://']", Some("not a valid http or https URL")),
    ("resources: [URL/o/r/absent]", Some("neither as a file (the server answered 404 Not Found) nor as a repository")),
    ("resources: [URL/o/r/page]", Some("there is no repository")),
    ("components: [URL/pod.yaml]", Some("cannot use")),
    ("configMapGenerator: [{name: c, files: ['k=URL/absent']}]", Some("the server answered 404 Not Found")),
    ("resources: [URL/pod.yaml]\npatches: [{path: URL/absent}]", Some("the server answered 404 Not Found")),
    ("resources: [URL/pod.yaml]\npatches: [{path: URL/page}]", Some("page")),
];

#[test]
fn a_build_reads_files_from_a_server_as_kustomize_does() {
    let server = Server::plain(pages());
    let real = real_kustomize();
    for (text, refused) in BUILDS {
        let here = Hermetic::new(PROGRAM);
        here.write("kustomization.yaml", &text.replace("URL", &server.address));
        let ran = here.run(&["build"]);
        match refused {
            None => assert_eq!(ran.code, 0, "{ran}"),
            Some(said) => {
                assert!(ran.code == 2 || ran.code == 6, "{ran}");
                assert!(ran.stderr.contains(said) && !ran.stderr.contains("hunter2"), "{text}: {ran}");
            }
        }
        if let Some(real) = &real {
            let theirs = Command::new(real).arg("build").current_dir(here.dir()).output().unwrap();
            assert_eq!(theirs.status.success(), refused.is_none(), "{text}\n{theirs:?}");
            assert_eq!(ran.stdout, String::from_utf8_lossy(&theirs.stdout), "{text}");
        }
    }
}

/// The real tool, if this machine has it: `make golden` and `make oracle` bring it.
fn real_kustomize() -> Option<PathBuf> {
    let cached = || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.cache/bin/kustomize"));
    Some(std::env::var_os("KUSTOMIZE").map_or_else(cached, PathBuf::from)).filter(|path| path.is_file())
}

#[test]
fn a_password_is_sent_and_never_shown() {
    let server = Server::plain(pages());
    let with_password = server.address.replace("://", "://ann:hunter2@");
    let here = Hermetic::new(PROGRAM);
    here.write("kustomization.yaml", &format!("resources: ['{with_password}/absent.yaml?token=hunter2']"));
    here.run(&["build"]).exit(6).says("/absent.yaml`").hides("hunter2").hides("ann:");
    here.run(&["build", "-f", &format!("{with_password}/absent.yaml")]).hides("hunter2").hides("ann:");
    let asked = server.asked.lock().unwrap();
    assert_eq!(*asked, ["/absent.yaml?token=hunter2 with a password", "/absent.yaml with a password"]);
}

#[test]
fn tls_is_verified_against_the_machine_s_authorities() {
    let (server, authority) = Server::secure(pages(), "127.0.0.1");
    let (other, stranger) = Server::secure(pages(), "127.0.0.1");
    let (misnamed, its_authority) = Server::secure(pages(), "example.com");
    let here = Hermetic::new(PROGRAM);
    here.write("authority.pem", &authority).write("stranger.pem", &stranger).write("misnamed.pem", &its_authority);
    here.write("good/kustomization.yaml", &format!("resources: [{}/pod.yaml]", server.address));
    let run = |trusted: &str, args: &[&str]| {
        let output = here.command(args).env("SSL_CERT_FILE", here.dir().join(trusted)).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap(), said)
    };
    let url = format!("{}/pod.yaml", server.address);
    assert_eq!(run("authority.pem", &["build", "good"]), (0, POD.to_owned(), String::new()));
    assert_eq!(run("authority.pem", &["build", "-f", &url]), (0, POD.to_owned(), String::new()));
    let misnamed = format!("{}/pod.yaml", misnamed.address);
    for (trusted, args, why) in [
        ("stranger.pem", ["build", "good"].as_slice(), "UnknownIssuer"),
        ("stranger.pem", &["build", "-f", &url], "UnknownIssuer"),
        ("misnamed.pem", &["build", "-f", &misnamed], "not valid for name"),
    ] {
        let (code, stdout, stderr) = run(trusted, args);
        assert!(code != 0 && stdout.is_empty(), "{args:?}: {stderr}");
        assert!(stderr.contains("cannot fetch") && stderr.contains(why), "{args:?}: {stderr}");
    }
    assert_eq!(
        server.asked.lock().unwrap().len() + other.asked.lock().unwrap().len(),
        2,
        "only who is trusted is asked"
    );
}
