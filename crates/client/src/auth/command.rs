//! Programs that print a secret: bounded in time and size, never by a shell.

use std::ffi::{OsStr, OsString};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use zeroize::Zeroizing;

use crate::http::shown;
use crate::token::Misconfigured;

/// Runs `program` for `setting`, and returns what it prints.
///
/// What it says on standard error is the reason where it fails; where it does not, that it said something is logged, and not what.
///
/// # Errors
/// [`Misconfigured`]: it cannot be run, fails, takes more than 10 seconds, or prints more than `max` bytes.
pub(super) async fn run(
    setting: &'static str,
    program: &OsStr,
    arguments: &[OsString],
    max: usize,
) -> Result<Zeroizing<String>, Misconfigured> {
    let wrong = |why: String| Misconfigured::new(setting, format!("{} {why}", program.display()));
    let run = async {
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (out, err) = (child.stdout.take(), child.stderr.take());
        let (out, err) = tokio::try_join!(all(out, max), all(err, MAX_COMPLAINT))?;
        Ok::<_, std::io::Error>((child.wait().await?, out, err))
    };
    let ended = tokio::time::timeout(WITHIN, Box::pin(run)).await;
    let ended = ended.map_err(|_| wrong(format!("did not end within {} s", WITHIN.as_secs())))?;
    let (status, out, err) = ended.map_err(|error| wrong(format!("cannot be run: {error}")))?;
    let complaint = shown(String::from_utf8_lossy(&err).trim());
    if !status.success() {
        return Err(wrong(format!("failed ({}): {complaint}", said(status))));
    }
    if !complaint.is_empty() {
        let (program, bytes) = (program.display(), err.len());
        tracing::debug!(%program, bytes, "the program that prints a secret complains");
    }
    if out.len() > max {
        return Err(wrong(format!("prints more than {max} bytes")));
    }
    let text = std::str::from_utf8(&out).map_err(|_| wrong("prints no text".to_owned()))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// As much as may be, and one byte more to tell that there is; the rest is read over, so that the program can end.
async fn all(from: Option<impl AsyncRead + Unpin>, max: usize) -> std::io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(max + 1));
    if let Some(mut from) = from {
        let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
        (&mut from).take(limit).read_to_end(&mut bytes).await?;
        tokio::io::copy(&mut from, &mut tokio::io::sink()).await?;
    }
    Ok(bytes)
}

fn said(status: ExitStatus) -> String {
    status.code().map_or_else(|| status.to_string(), |code| format!("exit code {code}"))
}

const WITHIN: Duration = Duration::from_secs(10);
const MAX_COMPLAINT: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    async fn failure(program: &str, arguments: &[&str]) -> String {
        let arguments: Vec<OsString> = arguments.iter().map(Into::into).collect();
        run("client_secret", OsStr::new(program), &arguments, 100).await.unwrap_err().to_string()
    }

    /// What it printed is not in the error; what it complained of is.
    #[tokio::test]
    async fn a_failure_says_what_the_program_said() {
        let error = failure("sh", &["-c", "echo s3cret; echo sealed >&2; exit 3"]).await;
        assert_eq!(error, "client_secret: sh failed (exit code 3): sealed");
        let error = failure("/no/such/program", &[]).await;
        assert!(error.starts_with("client_secret: /no/such/program cannot be run: "), "{error}");
        let error = failure("sh", &["-c", "yes | head -c 300000"]).await;
        assert_eq!(error, "client_secret: sh prints more than 100 bytes");
    }

    #[tokio::test(start_paused = true)]
    async fn a_program_that_does_not_end_is_given_up() {
        assert_eq!(failure("sleep", &["3600"]).await, "client_secret: sleep did not end within 10 s");
    }
}
