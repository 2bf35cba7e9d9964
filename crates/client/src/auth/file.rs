//! Files that a client's credentials are read from, within a bound.

use std::path::Path;

use tokio::io::AsyncReadExt;
use zeroize::Zeroizing;

use crate::token::Misconfigured;

/// Reads a regular text file of at most `max` bytes for `setting`.
///
/// # Errors
/// [`Misconfigured`], naming the file and never what is in it.
pub(super) async fn read(
    setting: &'static str,
    path: &Path,
    max: usize,
) -> Result<Zeroizing<String>, Misconfigured> {
    let wrong = |why: String| Misconfigured::new(setting, format!("{}: {why}", path.display()));
    let all = async {
        // a pipe would keep the task waiting for whoever writes to it
        if !tokio::fs::metadata(path).await?.is_file() {
            return Err(std::io::Error::other("it is no regular file"));
        }
        // at once as large as it may become: what grows leaves copies behind
        let mut bytes = Zeroizing::new(Vec::with_capacity(max + 1));
        let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
        tokio::fs::File::open(path).await?.take(limit).read_to_end(&mut bytes).await?;
        Ok::<_, std::io::Error>(bytes)
    };
    let bytes = all.await.map_err(|error| wrong(format!("cannot be read: {error}")))?;
    if bytes.len() > max {
        return Err(wrong(format!("is larger than {max} bytes")));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| wrong("is no text".to_owned()))?;
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    /// Nobody writes to it, so that opening it would not end.
    #[tokio::test]
    async fn a_pipe_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        let error = read("client_secret", &path, 10).await.unwrap_err().to_string();
        assert!(error.contains("no regular file"), "{error}");
    }
}
