//! Tokens on disk: each cache here is what another process would have.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_client::{TokenCache, TokenError, TokenSource};
use countersign_proto::jose::Algorithm;

use super::issuer::{Issuer, Reply};
use super::time::{Wall, renewed};

struct Set {
    issuer: Issuer,
    wall: Wall,
    temp: tempfile::TempDir,
}

impl Set {
    async fn new(reply: Reply) -> Self {
        Self { issuer: Issuer::start(reply).await, wall: Wall::new(), temp: tempfile::tempdir().unwrap() }
    }

    fn folder(&self) -> PathBuf {
        self.temp.path().join("tokens")
    }

    fn cache(&self) -> TokenCache {
        TokenCache::on_disk(self.folder()).unwrap()
    }

    /// A source of a process that has just begun.
    fn process(&self) -> TokenSource {
        let builder = self.issuer.source().clock(Arc::new(self.wall.clone()));
        builder.cache(self.cache()).build_unasked().unwrap()
    }

    fn files(&self, ending: &str) -> Vec<PathBuf> {
        let files = fs::read_dir(self.folder()).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.extension().is_some_and(|found| found == ending)).collect()
    }

    fn token_file(&self) -> PathBuf {
        let mut files = self.files("token");
        assert_eq!(files.len(), 1);
        files.remove(0)
    }
}

async fn text(source: &TokenSource) -> String {
    source.token().await.unwrap().expose().to_owned()
}

#[tokio::test]
async fn the_next_process_finds_the_token() {
    let set = Set::new(Reply::Token("300")).await;
    assert_eq!(text(&set.process()).await, "t1");
    for _ in 0..10 {
        assert_eq!(text(&set.process()).await, "t1");
    }
    set.wall.pass(289).await;
    assert_eq!(text(&set.process()).await, "t1", "due, and used by who does not stay to renew it");
    assert_eq!(set.issuer.count(), 1);
    set.wall.pass(1).await;
    assert_eq!(text(&set.process()).await, "t2");
    assert_eq!(text(&set.process()).await, "t2");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn processes_that_start_at_once_make_one_request() {
    let set = Set::new(Reply::Token("300")).await;
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let source = set.process();
            tokio::spawn(async move { text(&source).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), "t1");
    }
    assert_eq!(set.issuer.count(), 1);
}

#[tokio::test]
async fn a_token_that_one_process_renewed_is_taken_over_by_the_others() {
    let set = Set::new(Reply::Token("300")).await;
    let (one, other) = (set.process(), set.process());
    let first = one.token().await.unwrap();
    let same = other.token().await.unwrap();
    set.wall.pass(270).await;
    assert_eq!(renewed(&one, &first).await.expose(), "t2");
    assert_eq!(renewed(&other, &same).await.expose(), "t2");
    assert_eq!(set.issuer.count(), 2);
}

#[tokio::test]
async fn a_token_that_was_refused_is_not_found_again() {
    let set = Set::new(Reply::Token("300")).await;
    let (one, other) = (set.process(), set.process());
    let (first, same) = (one.token().await.unwrap(), other.token().await.unwrap());
    assert_eq!(one.instead_of(&first).await.unwrap().expose(), "t2");
    assert_eq!(other.instead_of(&same).await.unwrap().expose(), "t2", "it was replaced already");
    assert_eq!(set.issuer.count(), 2);
}

/// One that was due when it was found is put off from renewal, and not from replacement.
#[tokio::test]
async fn a_token_that_is_found_late_and_refused_is_replaced_at_once() {
    let set = Set::new(Reply::Token("300")).await;
    assert_eq!(text(&set.process()).await, "t1");
    set.wall.pass(270).await;
    let late = set.process();
    let due = late.token().await.unwrap();
    assert_eq!(due.expose(), "t1");
    assert_eq!(late.instead_of(&due).await.unwrap().expose(), "t2");
}

/// T-9449-05 and issue 5: the proof key is kept, so that the next process spends the same bound token.
#[tokio::test]
async fn the_proof_key_is_kept_with_the_token() {
    let set = Set::new(Reply::Bound).await;
    let source = |algorithm| {
        let builder = set.issuer.source().clock(Arc::new(set.wall.clone())).dpop(algorithm);
        builder.cache(set.cache()).build_unasked().unwrap()
    };
    assert_eq!(text(&source(Algorithm::ES256)).await, "t1");
    assert_eq!(text(&source(Algorithm::ES256)).await, "t1");
    assert_eq!(text(&source(Algorithm::EdDSA)).await, "t2", "another key");
    let keys = set.files("key");
    assert_eq!(keys.len(), 2);
    for path in &keys {
        fs::write(path, "{}").unwrap();
    }
    assert_eq!(text(&source(Algorithm::ES256)).await, "t3", "what is no key is replaced by one");
    assert_eq!(text(&source(Algorithm::ES256)).await, "t3");
}

#[tokio::test]
async fn no_secret_is_on_disk_besides_the_token() {
    let set = Set::new(Reply::Token("300")).await;
    assert_eq!(text(&set.process()).await, "t1");
    assert!(set.issuer.requests()[0].contains("authorization: Basic"));
    for entry in fs::read_dir(set.folder()).unwrap() {
        let held = fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!held.contains("hush"), "{held}");
    }
    assert!(fs::read_to_string(set.token_file()).unwrap().contains("\"t1\""));
}

#[tokio::test]
async fn what_is_no_token_or_another_s_is_replaced() {
    let set = Set::new(Reply::Token("300")).await;
    assert_eq!(text(&set.process()).await, "t1");
    let path = set.token_file();
    let good = fs::read_to_string(&path).unwrap();
    let mut expected = 1;
    for bad in [
        "".to_owned(),
        "{".to_owned(),
        good[..good.len() / 2].to_owned(),
        good.replace("svc", "svd"),
        good.replace("\"t1\"", "\"\""),
        good.replace("\"t1\"", "\"t\\r\\nx\""),
        good.replace("Bearer", "DPoP"),
        good.replace("\"asked\":", "\"asked\":9"),
        format!("{good}{}", " ".repeat(1 << 20)),
    ] {
        fs::write(&path, &bad).unwrap();
        expected += 1;
        assert_eq!(text(&set.process()).await, format!("t{expected}"), "{bad:.200}");
        assert_eq!(text(&set.process()).await, format!("t{expected}"));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_for_their_owner_alone_and_others_are_not_believed() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let set = Set::new(Reply::Token("300")).await;
    assert_eq!(text(&set.process()).await, "t1");
    let path = set.token_file();
    assert_eq!((mode(&set.folder()), mode(&path)), (0o700, 0o600));

    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(text(&set.process()).await, "t2");
    assert_eq!(mode(&path), 0o600);

    let elsewhere = set.temp.path().join("elsewhere");
    fs::rename(&path, &elsewhere).unwrap();
    symlink(&elsewhere, &path).unwrap();
    assert_eq!(text(&set.process()).await, "t3");
    assert!(fs::symlink_metadata(&path).unwrap().is_file());
    assert!(fs::read_to_string(&elsewhere).unwrap().contains("t2"));

    fs::set_permissions(set.folder(), fs::Permissions::from_mode(0o750)).unwrap();
    let refused = TokenCache::on_disk(set.folder()).err().unwrap();
    assert_eq!(refused.setting(), "cache");
    assert!(refused.to_string().contains("chmod"), "{refused}");
    fs::set_permissions(set.folder(), fs::Permissions::from_mode(0o700)).unwrap();
}

#[tokio::test]
async fn what_has_expired_is_swept() {
    let set = Set::new(Reply::Token("300")).await;
    for scope in ["a", "b", "c"] {
        let builder = set.issuer.source().clock(Arc::new(set.wall.clone())).scope(scope);
        text(&builder.cache(set.cache()).build_unasked().unwrap()).await;
    }
    assert_eq!(set.files("token").len(), 3);
    fs::write(set.folder().join("notes.txt"), "mine").unwrap();
    fs::write(set.folder().join("odd.token"), "no token").unwrap();
    set.wall.pass(3_599).await;
    text(&set.process()).await;
    assert_eq!((set.files("token").len(), set.files("lock").len()), (5, 4), "once an hour");
    set.wall.pass(301).await;
    text(&set.process()).await;
    assert_eq!((set.files("token").len(), set.files("txt").len()), (2, 1), "what is not understood stays");
    set.wall.pass(3_600).await;
    text(&set.process()).await;
    assert_eq!(set.files("lock").len(), 1, "locks go with their tokens");
}

/// Each call of a command line is a process of its own: together they are no storm.
#[tokio::test]
async fn an_api_that_refuses_every_token_causes_no_storm_of_processes() {
    let set = Set::new(Reply::Token("3600")).await;
    let mut told = 0;
    for _ in 0..300 {
        let process = set.process();
        let token = process.token().await.unwrap();
        if let Err(error) = process.instead_of(&token).await {
            told += 1;
            let after = error.retry_after().unwrap();
            assert!((1..=60).contains(&after.as_secs()), "{after:?}");
        }
        set.wall.pass(1).await;
    }
    // as in one process: at once, then after 5, 10, 20, 40 seconds, then once a minute
    assert!((8..=10).contains(&set.issuer.count()), "{}", set.issuer.count());
    assert!(told > 280);
}

#[tokio::test]
async fn a_failure_is_for_those_who_waited_and_who_comes_later_asks() {
    let set = Set::new(Reply::Status(503, "")).await;
    for count in 1..4 {
        drop(set.process().token().await.unwrap_err());
        assert_eq!(set.issuer.count(), count);
    }
    assert_eq!(set.files("failed").len(), 1);
    set.issuer.reply(Reply::Token("300"));
    assert_eq!(text(&set.process()).await, "t4");
    assert!(set.files("failed").is_empty());
}

#[tokio::test]
async fn all_processes_leave_a_server_alone_for_as_long_as_it_asks() {
    let set = Set::new(Reply::Status(429, "retry-after: 20\r\n")).await;
    drop(set.process().token().await.unwrap_err());
    set.wall.pass(5).await;
    let error = set.process().token().await.unwrap_err();
    assert_eq!(error.retry_after().unwrap().as_secs(), 15);
    assert_eq!(set.issuer.count(), 1);
    set.issuer.reply(Reply::Token("300"));
    set.wall.pass(15).await;
    assert_eq!(text(&set.process()).await, "t2");
}

#[tokio::test]
async fn a_folder_that_is_gone_costs_requests_and_no_tokens() {
    let set = Set::new(Reply::Token("300")).await;
    let source = set.process();
    fs::remove_dir_all(set.folder()).unwrap();
    assert_eq!(text(&source).await, "t1");
    assert_eq!(text(&source).await, "t1");
    set.issuer.reply(Reply::Status(401, ""));
    set.wall.pass(300).await;
    assert!(matches!(source.token().await, Err(TokenError::Misconfigured(_))));
}
