//! Where a client secret comes from.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use super::{command, file};
use crate::token::{Misconfigured, Secret};

/// Where a client secret comes from; it is read anew for each token request, so that a rotated one is used at once.
#[derive(Clone)]
pub struct SecretSource(Kind);

#[derive(Clone)]
enum Kind {
    Value(Secret),
    Env(Arc<str>),
    File(Arc<PathBuf>),
    Command { program: Arc<OsString>, arguments: Arc<[OsString]> },
}

impl SecretSource {
    /// The environment variable of this name, without the newline at its end.
    #[must_use]
    pub fn env(name: impl Into<String>) -> Self {
        Self(Kind::Env(name.into().into()))
    }

    /// This file, at most 4 KiB, without the newline at its end.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Kind::File(Arc::new(path.into())))
    }

    /// What this program prints, at most 4 KiB within 10 seconds, without the newline at its end. It is run without a
    /// shell, with this process's environment and nothing to read.
    #[must_use]
    pub fn command<A: Into<OsString>>(
        program: impl Into<OsString>,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self(Kind::Command { program: Arc::new(program.into()), arguments })
    }

    /// Whether a program is run for it.
    pub(super) const fn is_command(&self) -> bool {
        matches!(self.0, Kind::Command { .. })
    }

    /// Reads the secret as it is now.
    ///
    /// # Errors
    /// [`Misconfigured`] when it is not there.
    pub(crate) async fn read(&self) -> Result<Secret, Misconfigured> {
        match &self.0 {
            Kind::Value(secret) => Ok(secret.clone()),
            Kind::Env(name) => {
                let secret = std::env::var(&**name).map_err(|error| {
                    Misconfigured::new(SETTING, format!("the environment variable {name}: {error}"))
                })?;
                present(Secret::new(line(&secret).to_owned()), || format!("the environment variable {name}"))
            }
            Kind::File(path) => {
                let text = file::read(SETTING, path, MAX).await?;
                present(Secret::new(line(&text).to_owned()), || path.display().to_string())
            }
            Kind::Command { program, arguments } => {
                let text = command::run(SETTING, program, arguments, MAX).await?;
                let name = || format!("what {} prints", program.display());
                present(Secret::new(line(&text).to_owned()), name)
            }
        }
    }
}

impl From<Secret> for SecretSource {
    fn from(secret: Secret) -> Self {
        Self(Kind::Value(secret))
    }
}

impl From<String> for SecretSource {
    fn from(secret: String) -> Self {
        Secret::new(secret).into()
    }
}

/// An empty secret is one that somebody forgot.
fn present(secret: Secret, whence: impl FnOnce() -> String) -> Result<Secret, Misconfigured> {
    if secret.expose().is_empty() {
        return Err(Misconfigured::new(SETTING, format!("{} is empty", whence())));
    }
    Ok(secret)
}

/// Editors and `echo` end a file with a newline, and so do variables that are made of one; it is no part of the secret.
fn line(text: &str) -> &str {
    text.trim_end_matches(['\n', '\r'])
}

const SETTING: &str = "client_secret";
const MAX: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    async fn text(source: SecretSource) -> Result<String, String> {
        source.read().await.map(|secret| secret.expose().to_owned()).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_file_is_read_anew_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let source = SecretSource::file(&path);
        assert!(text(source.clone()).await.unwrap_err().contains(path.to_str().unwrap()));
        for (written, read) in [("one\n", "one"), ("two \r\n", "two "), ("three", "three")] {
            std::fs::write(&path, written).unwrap();
            assert_eq!(text(source.clone()).await.as_deref(), Ok(read));
        }
        for bad in [String::new(), "\n".to_owned(), "s".repeat(MAX + 1)] {
            std::fs::write(&path, &bad).unwrap();
            let error = text(source.clone()).await.unwrap_err();
            assert!(error.starts_with("client_secret: ") && !error.contains("sss"), "{error}");
        }
    }

    #[tokio::test]
    async fn the_environment_is_named_and_not_quoted() {
        let path = std::env::var("PATH").unwrap();
        assert_eq!(text(SecretSource::env("PATH")).await, Ok(path));
        assert_eq!(line("hush\r\n"), "hush");
        let error = text(SecretSource::env("COUNTERSIGN_NO_SUCH")).await.unwrap_err();
        assert!(error.contains("COUNTERSIGN_NO_SUCH"), "{error}");
    }

    #[tokio::test]
    async fn a_program_is_run_without_a_shell() {
        let echoed = text(SecretSource::command("printf", ["%s\\n", "$HOME; a b"])).await;
        assert_eq!(echoed.as_deref(), Ok("$HOME; a b"));
        assert!(text(SecretSource::command("printf", [""])).await.unwrap_err().contains("is empty"));
    }
}
