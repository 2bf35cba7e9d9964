//! Signals: all that can be caught are, and are passed on to the program.

use std::fs::{self, File};
use std::io;
use std::task::Poll;

use rustix::process::{Pid, Signal, getpgrp, getpid, kill_process};
use rustix::termios::tcgetpgrp;
use tokio::process::Child;
use tokio::signal::unix::{self, SignalKind, signal};

/// The signals that are passed on, caught from the moment when this is made.
///
/// One that is ignored at the start, as under `nohup` and behind `&` in a script, is left so: the program inherits that,
/// and would not if it were caught here.
pub(super) struct Signals(Vec<(Signal, unix::Signal)>);

impl Signals {
    /// Catches them.
    pub(super) fn catch() -> io::Result<Self> {
        let ignored = ignored();
        let wanted = PASSED_ON.iter().filter(|one| !holds(ignored, **one));
        let caught = wanted.map(|one| Ok((*one, signal(SignalKind::from_raw(one.as_raw()))?)));
        caught.collect::<io::Result<_>>().map(Self)
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

    /// Waits for one that ends a process which does nothing about it.
    pub(super) async fn next_to_end(&mut self) -> Signal {
        loop {
            match self.next().await {
                Signal::TSTP => stop(),
                signal if !HARMLESS.contains(&signal) => return signal,
                _ => {}
            }
        }
    }
}

/// Passes a signal on, unless the program got it already; at one that stops processes, this one stops too.
pub(super) fn forward(signal: Signal, child: &Child) {
    let is_typed = matches!(signal, Signal::INT | Signal::QUIT | Signal::TSTP);
    // not waited for yet, so the number is nobody else's
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid
        && !(is_typed && is_in_foreground())
    {
        // it may have ended meanwhile
        let _ = kill_process(pid, signal);
    }
    if signal == Signal::TSTP {
        stop();
    }
}

/// What the signal would have done, were it not caught.
fn stop() {
    let _ = kill_process(getpid(), Signal::STOP);
}

/// Whether what is typed at the terminal goes to this process, and so to the program, which is of the same group.
fn is_in_foreground() -> bool {
    File::open("/dev/tty").is_ok_and(|terminal| tcgetpgrp(terminal).is_ok_and(|group| group == getpgrp()))
}

/// The signals that whoever started this process had it ignore, a bit for each; none where the system does not say.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

fn holds(mask: u64, signal: Signal) -> bool {
    u32::try_from(signal.as_raw() - 1)
        .is_ok_and(|bit| mask.checked_shr(bit).is_some_and(|rest| rest & 1 == 1))
}

/// All but those that tell a process of its own faults, that cannot be caught, or that the kernel sends to the whole
/// group of one that reads a terminal in the background; and real-time signals, which have no name here.
const PASSED_ON: &[Signal] = &[
    Signal::TERM,
    Signal::INT,
    Signal::HUP,
    Signal::QUIT,
    Signal::USR1,
    Signal::USR2,
    Signal::ALARM,
    Signal::VTALARM,
    Signal::PROF,
    Signal::XCPU,
    Signal::XFSZ,
    Signal::IO,
    Signal::URG,
    Signal::WINCH,
    Signal::TSTP,
    Signal::CONT,
    #[cfg(target_os = "linux")]
    Signal::POWER,
];

/// Those that do nothing to a process which does nothing about them.
const HARMLESS: [Signal; 3] = [Signal::URG, Signal::WINCH, Signal::CONT];
