//! Log lines on their way out: gathered in memory and written by a thread of their own, many at a time, so that no
//! request waits for a terminal, a pipe or a disk.
//!
//! What cannot be written in time is lost and counted: a server whose log nobody reads goes on serving.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tracing_subscriber::fmt::MakeWriter;

/// Where lines are put; clones put them to the same place.
#[derive(Clone)]
pub(super) struct Lines(Arc<Shared>);

/// The writing thread; dropping it writes what is left, and ends it.
pub(crate) struct Writing {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

pub(super) struct Shared {
    gathered: Mutex<Gathered>,
    woken: Condvar,
}

#[derive(Default)]
struct Gathered {
    text: Vec<u8>,
    lost: u64,
    ending: bool,
}

impl Lines {
    /// Lines to `sink`; `lost` says that so many were lost, in the form of a line.
    pub(super) fn to(
        sink: impl Write + Send + 'static,
        lost: fn(u64) -> String,
    ) -> io::Result<(Self, Writing)> {
        let shared = Arc::new(Shared { gathered: Mutex::default(), woken: Condvar::new() });
        let writer = Arc::clone(&shared);
        let thread =
            thread::Builder::new().name("log".to_owned()).spawn(move || writer.write_to(sink, lost))?;
        Ok((Self(Arc::clone(&shared)), Writing { shared, thread: Some(thread) }))
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Shared;

    fn make_writer(&'a self) -> &'a Shared {
        &self.0
    }
}

/// The formatter writes each line by one call.
impl Write for &Shared {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut gathered = self.gathered();
        if gathered.text.len() + line.len() > MOST {
            gathered.lost += 1;
            return Ok(line.len());
        }
        let is_first = gathered.text.is_empty();
        gathered.text.extend_from_slice(line);
        drop(gathered);
        if is_first {
            self.woken.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.shared.gathered().ending = true;
        self.shared.woken.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn write_to(&self, mut sink: impl Write, lost: fn(u64) -> String) {
        let mut text = Vec::new();
        loop {
            let mut gathered = self.wait();
            text.clear();
            std::mem::swap(&mut text, &mut gathered.text);
            let (count, ending) = (std::mem::take(&mut gathered.lost), gathered.ending);
            drop(gathered);
            // there is no better place to say that this place is broken
            let _ = sink.write_all(&text);
            if count > 0 {
                let _ = sink.write_all(lost(count).as_bytes());
            }
            let _ = sink.flush();
            if ending {
                return;
            }
            if text.capacity() > KEPT {
                text = Vec::new(); // a burst shall not cost memory for ever
            }
        }
    }

    /// Waits for a first line, then a moment for those that follow it.
    fn wait(&self) -> MutexGuard<'_, Gathered> {
        let idle = |gathered: &mut Gathered| gathered.text.is_empty() && !gathered.ending;
        let gathered = self.woken.wait_while(self.gathered(), idle).unwrap_or_else(PoisonError::into_inner);
        let more = |gathered: &mut Gathered| gathered.text.len() < ENOUGH && !gathered.ending;
        let waited = self.woken.wait_timeout_while(gathered, MOMENT, more);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn gathered(&self) -> MutexGuard<'_, Gathered> {
        self.gathered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Short for a person who watches, long for a processor.
const MOMENT: Duration = Duration::from_millis(5);

/// So much need not wait for more.
const ENOUGH: usize = 64 * 1024;

/// So much is kept while nothing can be written: some 50,000 lines.
const MOST: usize = 8 << 20;

/// So much memory is kept between bursts.
const KEPT: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// A sink that lets nothing pass before it is opened.
    struct Gate(mpsc::Receiver<()>, Arc<Mutex<Vec<u8>>>);

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            self.1.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gate() -> (mpsc::Sender<()>, Arc<Mutex<Vec<u8>>>, Lines, Writing) {
        let (open, opened) = mpsc::channel();
        let written = Arc::new(Mutex::new(Vec::new()));
        let (lines, writing) =
            Lines::to(Gate(opened, Arc::clone(&written)), |n| format!("lost {n}\n")).unwrap();
        (open, written, lines, writing)
    }

    #[test]
    fn every_line_comes_out_whole_and_in_order() {
        let (open, written, lines, writing) = gate();
        drop(open);
        for at in 0..10_000 {
            writeln!(lines.make_writer(), "{at}").unwrap();
        }
        drop(writing);
        let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
        assert!(text.lines().enumerate().all(|(at, line)| line == at.to_string()));
        assert_eq!(text.lines().count(), 10_000);
    }

    /// Threats 7 "a full disk or a stuck pipe stops the server": lines are lost and counted instead.
    #[test]
    fn a_sink_that_is_stuck_holds_nobody_up() {
        let (open, written, lines, writing) = gate();
        let line = [b'x'; 1024];
        for _ in 0..3 * MOST / line.len() {
            lines.make_writer().write_all(&line).unwrap();
        }
        drop(open);
        drop(writing);
        let written = written.lock().unwrap();
        assert!(written.len() <= 2 * MOST + 64, "{}", written.len());
        let text = String::from_utf8_lossy(&written);
        let lost: usize = text.lines().filter_map(|l| l.rsplit_once("lost ")?.1.parse::<usize>().ok()).sum();
        let kept = text.bytes().filter(|byte| *byte == b'x').count() / line.len();
        assert_eq!(kept + lost, 3 * MOST / line.len());
    }
}
