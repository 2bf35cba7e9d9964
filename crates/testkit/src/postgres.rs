//! An empty PostgreSQL database for one test, on a server that is there or on one that this process starts.
//!
//! - `COUNTERSIGN_TEST_POSTGRES` is the URL of a running server: databases are made there, and dropped.
//! - Else a server is started for this process: the programs are those in `COUNTERSIGN_PG_BIN`, in `PATH`, or where
//!   Debian puts them; as root it runs as the user `postgres`. It listens on a socket in a folder of its own and ends
//!   with this process, however that ends.
//! - Without either, tests fail, unless `COUNTERSIGN_SKIP_POSTGRES=1` says that they may be skipped.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot have its database fails")]

use std::env;
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// An empty database; dropped with this value, whoever is still connected.
#[derive(Debug)]
pub struct TestDatabase {
    server: &'static Server,
    name: String,
    url: String,
}

impl TestDatabase {
    /// Makes a database; `None` when `COUNTERSIGN_SKIP_POSTGRES=1` is set.
    ///
    /// # Panics
    /// When there is no PostgreSQL, or it does not do as it is told.
    #[must_use]
    pub fn create() -> Option<Self> {
        static SERVER: OnceLock<Option<Server>> = OnceLock::new();
        let server = SERVER.get_or_init(Server::find).as_ref()?;
        let name = format!("countersign_test_{:016x}", RandomState::new().hash_one(0));
        server.run(&format!("CREATE DATABASE {name}"));
        let url = server.url_of(&name);
        Some(Self { server, name, url })
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        self.server.run(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

#[derive(Debug)]
struct Server {
    /// The URL of a database that is always there.
    url: String,
    psql: PathBuf,
    /// The supervisor of our own server: it stops the server when its input ends, which is when this process ends.
    _supervisor: Option<Child>,
}

impl Server {
    fn find() -> Option<Self> {
        if env::var("COUNTERSIGN_SKIP_POSTGRES").is_ok_and(|value| value == "1") {
            // past the test harness, which shows only what failing tests print
            let mut stderr = std::io::stderr();
            let _ = writeln!(stderr, "\n*** NOT TESTED ON POSTGRESQL: COUNTERSIGN_SKIP_POSTGRES=1 ***\n");
            return None;
        }
        let programs = programs();
        if let Some(url) = env::var("COUNTERSIGN_TEST_POSTGRES").ok().filter(|url| !url.is_empty()) {
            let psql = programs.map_or_else(|| PathBuf::from("psql"), |programs| programs.join("psql"));
            return Some(Self { url, psql, _supervisor: None });
        }
        let Some(programs) = programs else { panic!("{MISSING}") };
        Some(Self::start(&programs))
    }

    fn start(programs: &Path) -> Self {
        let id = Command::new("id").arg("-u").output().expect("the user id");
        let mut command = if id.stdout.trim_ascii() == b"0" {
            let mut command = Command::new("setpriv");
            command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--", "sh"]);
            command
        } else {
            Command::new("sh")
        };
        command.args(["-c", SUPERVISOR, "postgres-for-tests"]).arg(programs).current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut supervisor = command.spawn().expect("PostgreSQL's supervisor starts");
        let stdout = supervisor.stdout.take().expect("its output is ours");
        let mut folder = String::new();
        BufReader::new(stdout).read_line(&mut folder).expect("PostgreSQL says where it is");
        let folder = folder.trim_end();
        assert!(!folder.is_empty(), "PostgreSQL did not start; its log stands above");
        Self {
            url: format!("postgres:///postgres?host={folder}&user=postgres"),
            psql: programs.join("psql"),
            _supervisor: Some(supervisor),
        }
    }

    fn run(&self, sql: &str) {
        let mut psql = Command::new(&self.psql);
        psql.args(["--no-psqlrc", "--quiet", "--command", sql, "--dbname", &self.url]);
        let output = psql.output().expect("psql, of PostgreSQL's client programs, runs");
        let error = String::from_utf8_lossy(&output.stderr);
        // a test that fails already says why it does
        assert!(output.status.success() || std::thread::panicking(), "{sql}: {error}");
    }

    /// The server's URL with another database in it.
    fn url_of(&self, database: &str) -> String {
        let (base, options) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let (scheme, rest) = base.split_once("://").expect("a URL of PostgreSQL");
        let host = rest.split_once('/').map_or(rest, |(host, _)| host);
        let question = if options.is_empty() { "" } else { "?" };
        format!("{scheme}://{host}/{database}{question}{options}")
    }
}

/// The folder of PostgreSQL's programs.
fn programs() -> Option<PathBuf> {
    let named = env::var_os("COUNTERSIGN_PG_BIN").map(PathBuf::from);
    let path = env::var_os("PATH").unwrap_or_default();
    // a link in PATH leads to where the others are
    let in_path = env::split_paths(&path)
        .filter_map(|folder| Some(fs::canonicalize(folder.join("initdb")).ok()?.parent()?.to_owned()));
    let mut debian: Vec<_> = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().collect();
    debian.sort_by_key(|entry| std::cmp::Reverse(entry.file_name().to_string_lossy().parse::<u32>().ok()));
    let debian = debian.into_iter().map(|entry| entry.path().join("bin"));
    let needed = ["initdb", "postgres", "pg_isready", "psql"];
    named
        .into_iter()
        .chain(in_path)
        .chain(debian)
        .find(|folder| needed.iter().all(|name| folder.join(name).exists()))
}

const MISSING: &str = "no PostgreSQL to test on: install postgresql (15 or later), or name the folder of its programs \
    in COUNTERSIGN_PG_BIN, or a running server in COUNTERSIGN_TEST_POSTGRES=postgres://…, or skip these tests with \
    COUNTERSIGN_SKIP_POSTGRES=1";

/// Starts a server in a new folder, tells the folder, and stops the server when its own input ends.
///
/// Its databases sort as people do (ICU), so that what must sort bytewise has to say so.
const SUPERVISOR: &str = r#"
trap '' INT HUP
dir=$(mktemp -d /tmp/countersign-postgres.XXXXXX) || exit 1
trap 'rm -rf "$dir"' EXIT
"$1/initdb" --pgdata "$dir/data" --username postgres --auth trust --encoding UTF8 --locale C \
    --locale-provider icu --icu-locale en --no-sync --no-instructions >"$dir/log" 2>&1 || { cat "$dir/log" >&2; exit 1; }
"$1/postgres" -D "$dir/data" -k "$dir" -c listen_addresses= -c fsync=off -c synchronous_commit=off \
    -c full_page_writes=off -c max_connections=400 -c shared_buffers=32MB >>"$dir/log" 2>&1 </dev/null &
server=$!
until "$1/pg_isready" --quiet --host "$dir"; do
    kill -0 $server 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
    sleep 0.05
done
echo "$dir"
cat >/dev/null
kill -INT $server
wait $server
"#;
