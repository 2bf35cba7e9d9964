//! Signals: those that ask a process to end or to do something are caught, and passed on to the program.

use std::fs::File;
use std::io;
use std::task::Poll;

use rustix::process::{Pid, Signal, getpgrp, kill_process};
use rustix::termios::tcgetpgrp;
use tokio::process::Child;
use tokio::signal::unix::{self, SignalKind, signal};

/// The signals that are passed on, caught from the moment when this is made.
pub(super) struct Signals(Vec<(Signal, unix::Signal)>);

impl Signals {
    /// Catches them.
    pub(super) fn catch() -> io::Result<Self> {
        let caught = PASSED_ON.map(|one| Ok((one, signal(SignalKind::from_raw(one.as_raw()))?)));
        caught.into_iter().collect::<io::Result<_>>().map(Self)
    }

    /// Waits for one; cancelling loses none.
    pub(super) async fn next(&mut self) -> Signal {
        std::future::poll_fn(|context| {
            let mut each = self.0.iter_mut();
            let come = each.find_map(|(one, caught)| caught.poll_recv(context).is_ready().then_some(*one));
            come.map_or(Poll::Pending, Poll::Ready)
        })
        .await
    }
}

/// Passes a signal on, unless the program got it already.
pub(super) fn forward(signal: Signal, child: &Child) {
    let is_typed = matches!(signal, Signal::INT | Signal::QUIT);
    if is_typed && is_in_foreground() {
        return;
    }
    // not waited for yet, so the number is nobody else's
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // it may have ended meanwhile
        let _ = kill_process(pid, signal);
    }
}

/// Whether what is typed at the terminal goes to this process, and so to the program, which is of the same group.
fn is_in_foreground() -> bool {
    File::open("/dev/tty").is_ok_and(|terminal| tcgetpgrp(terminal).is_ok_and(|group| group == getpgrp()))
}

const PASSED_ON: [Signal; 6] =
    [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT, Signal::USR1, Signal::USR2];
