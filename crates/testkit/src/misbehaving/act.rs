//! What is done on a connection, step by step; at the end of the script it is closed.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One step.
#[derive(Clone, Debug)]
pub(super) enum Act {
    /// Reads a request to its end.
    Read,
    /// Sends these bytes.
    Send(Vec<u8>),
    /// Sends a redirect with this status to there.
    Redirect(u16, To),
    /// Sends this again and again, as fast as it is taken.
    Flood(Vec<u8>),
    /// Sends these bytes one by one, a second apart.
    Drip(Vec<u8>),
    /// Does nothing until the other side hangs up.
    Stall,
    /// Breaks the connection off without a goodbye.
    Reset,
}

/// Where a redirect leads.
#[derive(Clone, Copy, Debug)]
pub(super) enum To {
    /// The same URL.
    Itself,
    /// Another path of the same server.
    Elsewhere,
    /// Another server.
    Other,
}

/// The URLs of [`To`].
pub(super) struct Places {
    pub(super) itself: String,
    pub(super) elsewhere: String,
    pub(super) other: String,
}

impl Act {
    pub(super) fn send(text: &str) -> Self {
        Self::Send(text.as_bytes().to_vec())
    }

    /// An answer with this head, to which its length is added, and this body.
    pub(super) fn answer(head: &str, body: &str) -> Self {
        Self::send(&format!("{head}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()))
    }

    pub(super) const fn reads(&self) -> bool {
        matches!(self, Self::Read)
    }

    /// Whether the connection goes on.
    pub(super) async fn play(&self, stream: &mut TcpStream, places: &Places) -> bool {
        let done = match self {
            // The server has read, because it counts.
            Self::Read => Ok(()),
            Self::Send(bytes) => stream.write_all(bytes).await,
            Self::Redirect(status, to) => {
                let to = match to {
                    To::Itself => &places.itself,
                    To::Elsewhere => &places.elsewhere,
                    To::Other => &places.other,
                };
                let head = format!("HTTP/1.1 {status} Moved\r\nlocation: {to}\r\n");
                let Self::Send(bytes) = Self::answer(&head, "") else { return false };
                stream.write_all(&bytes).await
            }
            Self::Flood(bytes) => loop {
                if let Err(error) = stream.write_all(bytes).await {
                    break Err(error);
                }
            },
            Self::Drip(bytes) => drip(stream, bytes).await,
            Self::Stall => stall(stream).await,
            Self::Reset => {
                let _ = stream.set_zero_linger();
                return false;
            }
        };
        done.is_ok()
    }
}

async fn drip(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte]).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

async fn stall(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut bytes = [0; 1024];
    while stream.read(&mut bytes).await? > 0 {}
    Ok(())
}
