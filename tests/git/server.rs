//! A repository on this disk and a web server that lets git itself serve it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

/// A repository with a working tree, in a directory of its own.
pub(crate) struct Work {
    home: TempDir,
}

impl Work {
    pub(crate) fn new() -> Self {
        Self::with_format("sha1")
    }

    pub(crate) fn with_format(format: &str) -> Self {
        let work = Self { home: tempfile::tempdir().unwrap() };
        fs::create_dir(work.path("")).unwrap();
        work.git(&["init", "-q", "-b", "main", &format!("--object-format={format}")]);
        work
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join("work").join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-qm", message]);
        self.head()
    }

    pub(crate) fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.git_with(args, b"")
    }

    pub(crate) fn git_with(&self, args: &[&str], input: &[u8]) -> String {
        let mut child = git(self.home.path())
            .current_dir(self.path(""))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// A commit on the branch whose tree holds `dir/NAME`, which git itself would not make.
    pub(crate) fn commit_tree_with(&self, name: &str) {
        let blob = self.git_with(&["hash-object", "-w", "--stdin"], b"evil\n");
        let inner = self.tree(&[("100644", name, &blob)]);
        let tree = self.tree(&[("40000", "dir", &inner)]);
        let commit = self.git(&["commit-tree", "-m", "evil", &tree]);
        self.git(&["update-ref", "refs/heads/main", &commit]);
    }

    /// A tree object with these entries, unchecked.
    pub(crate) fn tree(&self, entries: &[(&str, &str, &str)]) -> String {
        let mut content = Vec::new();
        for (mode, name, id) in entries {
            write!(content, "{mode} {name}\0").unwrap();
            content.extend(
                id.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()),
            );
        }
        self.git_with(&["hash-object", "-w", "-t", "tree", "--literally", "--stdin"], &content)
    }
}

/// git without the configuration of this machine.
fn git(home: &Path) -> Command {
    let mut command = Command::new("git");
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "safe.directory")
        .env("GIT_CONFIG_VALUE_0", "*");
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "Ann").env(format!("GIT_{role}_EMAIL"), "ann@example.com");
        command.env(format!("GIT_{role}_DATE"), "1700000000 +0000");
    }
    command
}

/// What a server says in place of the repository.
#[derive(Clone)]
pub(crate) enum Answer {
    Status(u16),
    Redirect(String),
    Body(&'static str, &'static str),
    /// A byte now and then.
    Trickle,
}

#[derive(Default)]
struct State {
    required: Option<String>,
    answer: Option<Answer>,
    version_0: bool,
    log: Vec<String>,
}

/// Serves a repository as long as the test process lives.
pub(crate) struct Server {
    /// Of the repository.
    pub(crate) url: String,
    repository: PathBuf,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub(crate) fn start(work: &Work) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/home/fleet.git", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let repository = work.path(".git");
        let (shared, place) = (state.clone(), repository.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (state, repository) = (shared.clone(), place.clone());
                // A client that hangs up is its own business.
                std::thread::spawn(move || drop(answer(stream, &state, &repository)));
            }
        });
        Self { url, repository, state }
    }

    pub(crate) fn configure(&self, name: &str, value: &str) {
        let status =
            git(&self.repository).arg("-C").arg(&self.repository).args(["config", name, value]).status().unwrap();
        assert!(status.success());
    }

    pub(crate) fn speak_version_0(&self) {
        self.state.lock().unwrap().version_0 = true;
    }

    pub(crate) fn require(&self, user: &str, password: &str) {
        use base64::Engine as _;
        let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        self.require_header(&format!("Basic {encoded}"));
    }

    pub(crate) fn require_header(&self, value: &str) {
        self.state.lock().unwrap().required = Some(value.to_owned());
    }

    pub(crate) fn answer(&self, answer: Answer) {
        self.state.lock().unwrap().answer = Some(answer);
    }

    /// Requests, one line each.
    pub(crate) fn log(&self) -> Vec<String> {
        self.state.lock().unwrap().log.clone()
    }
}

struct Asked {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Asked {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

fn read(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<Asked>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let Some((name, value)) = header.trim_end().split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let mut asked = Asked { line: line.trim_end().to_owned(), headers, body: Vec::new() };
    let length = asked.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    asked.body = vec![0; length];
    reader.read_exact(&mut asked.body)?;
    Ok(Some(asked))
}

fn answer(stream: TcpStream, state: &Mutex<State>, repository: &Path) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    while let Some(asked) = read(&mut reader)? {
        let (required, answer, version_0) = {
            let mut state = state.lock().unwrap();
            let shown = asked.header("authorization").map_or("", |_| " with authorization");
            state.log.push(format!("{}{shown}", asked.line));
            (state.required.clone(), state.answer.clone(), state.version_0)
        };
        if required.is_some() && required.as_deref() != asked.header("authorization") {
            write!(
                stream,
                "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n"
            )?;
            continue;
        }
        match answer {
            None => serve(&mut stream, &asked, repository, version_0)?,
            Some(Answer::Status(status)) => write!(stream, "HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n")?,
            Some(Answer::Redirect(base)) => {
                let rest = asked.line.split(' ').nth(1).unwrap().trim_start_matches("/home/fleet.git").to_owned();
                write!(stream, "HTTP/1.1 302 Found\r\nLocation: {base}{rest}\r\nContent-Length: 0\r\n\r\n")?;
            }
            Some(Answer::Body(kind, body)) => {
                write!(
                    stream,
                    "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
                    body.len()
                )?;
            }
            Some(Answer::Trickle) => {
                write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\n\r\n")?;
                loop {
                    stream.write_all(b"1")?;
                    std::thread::park_timeout(std::time::Duration::from_millis(50));
                }
            }
        }
        stream.flush()?;
    }
    Ok(())
}

/// As any web server runs a CGI program.
fn serve(stream: &mut TcpStream, asked: &Asked, repository: &Path, version_0: bool) -> std::io::Result<()> {
    let mut words = asked.line.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let inside = path.strip_prefix("/home/fleet.git").unwrap_or("/nothing");
    let mut command = git(repository);
    command
        .arg("http-backend")
        .env("GIT_PROJECT_ROOT", repository)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("PATH_INFO", inside)
        .env("REQUEST_METHOD", method)
        .env("QUERY_STRING", query)
        .env("CONTENT_TYPE", asked.header("content-type").unwrap_or_default())
        .env("CONTENT_LENGTH", asked.body.len().to_string())
        .env("REMOTE_USER", "ann")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    if let Some(version) = asked.header("git-protocol").filter(|_| !version_0) {
        command.env("GIT_PROTOCOL", version);
    }
    let mut child = command.spawn()?;
    let mut input = child.stdin.take().unwrap();
    let body = asked.body.clone();
    // The program may answer before it has read everything.
    let writer = std::thread::spawn(move || drop(input.write_all(&body)));
    let output = child.wait_with_output()?;
    drop(writer.join());
    let end = output.stdout.windows(4).position(|end| end == b"\r\n\r\n").unwrap_or(output.stdout.len());
    let head = String::from_utf8_lossy(&output.stdout[..end]).into_owned();
    let status = head.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK").to_owned();
    let body = output.stdout.get(end + 4..).unwrap_or_default();
    let headers: Vec<_> = head.lines().filter(|line| !line.starts_with("Status: ")).collect();
    write!(stream, "HTTP/1.1 {status}\r\n{}\r\nContent-Length: {}\r\n\r\n", headers.join("\r\n"), body.len())?;
    stream.write_all(body)
}
