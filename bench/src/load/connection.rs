//! One keep-alive connection of HTTP/1.1: just enough of it to read answers with a Content-Length.

use std::io;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Plan;

pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    closing: bool,
}

impl Connection {
    pub(super) async fn open(plan: &Plan) -> io::Result<Self> {
        let stream = TcpStream::connect(plan.to).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096), closing: false })
    }

    /// Sends request `number`, reads its answer whole, and returns its status.
    pub(super) async fn ask(&mut self, plan: &Plan, number: u64) -> io::Result<u16> {
        self.stream.write_all(plan.request(number).as_bytes()).await?;
        self.buffer.clear();
        let head = loop {
            if let Some(end) = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let text = String::from_utf8_lossy(&self.buffer[..head]).to_ascii_lowercase();
        let status = text.get(9..12).and_then(|digits| digits.parse().ok());
        let status = status.ok_or_else(|| io::Error::other("no status line"))?;
        self.closing = text.contains("\r\nconnection: close");
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length = match length.map(|value| value.trim().parse::<usize>()) {
            Some(Ok(length)) => length,
            None if matches!(status, 204 | 304) => 0,
            _ => return Err(io::Error::other("an answer without Content-Length")),
        };
        while self.buffer.len() < head + length {
            self.more().await?;
        }
        Ok(status)
    }

    /// Whether the server said that it will close.
    pub(super) fn closing(&self) -> bool {
        self.closing
    }

    async fn more(&mut self) -> io::Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}
