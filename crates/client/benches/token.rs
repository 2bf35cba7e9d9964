//! What a cached token costs.
//!
//! `cargo bench -p countersign-client --bench token` first prints a table of ratios, ours to what nobody can do without
//! (a look at both clocks), each pair measured in alternation so that a busy machine slows both alike (the figure is the
//! median of the pairs' ratios); then criterion's absolute times. Target: under 100 ns, the clocks included.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may panic and has to print")]

use std::hint::black_box;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use countersign_client::token::Secret;
use countersign_client::{SystemClock, Token, TokenSource};
use countersign_proto::time::Clock;
use criterion::Criterion;
use tokio::runtime::Runtime;

type Operation<'a> = Box<dyn FnMut() + 'a>;

fn main() {
    let runtime = Runtime::new().unwrap();
    let source = source(&runtime);
    let kept = std::sync::Mutex::new(token(&source));
    let mut operations: [(&str, Operation<'_>); 3] = [
        ("both clocks", Box::new(clocks)),
        ("cached token", Box::new(|| drop(black_box(token(&source))))),
        ("clone under a lock", Box::new(|| drop(black_box(kept.lock().unwrap().clone())))),
    ];
    println!("{:20} {:>8} {:>12}", "", "ns", "to clocks");
    for (name, operation) in &mut operations {
        let (mut bare, mut ours): (Vec<_>, Vec<_>) =
            (0..301).map(|_| (time(&mut clocks, 1_000), time(operation, 1_000))).unzip();
        let mut ratios: Vec<f64> =
            ours.iter().zip(&bare).map(|(ours, bare)| ours.as_secs_f64() / bare.as_secs_f64()).collect();
        ratios.sort_by(f64::total_cmp);
        ours.sort();
        bare.sort();
        let median = ours.get(ours.len() / 2).unwrap().as_nanos() as f64 / 1_000.0;
        println!("{name:20} {median:8.1} {:12.2}", ratios.get(ratios.len() / 2).unwrap());
    }
    let mut criterion = Criterion::default().configure_from_args();
    for (name, operation) in &mut operations {
        criterion.bench_function(name, |bencher| bencher.iter(&mut *operation));
    }
    criterion.final_summary();
}

fn clocks() {
    black_box((SystemClock.now(), tokio::time::Instant::now()));
}

/// What is in memory is there at the first poll.
fn token(source: &TokenSource) -> Token {
    match pin!(source.token()).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(token) => token.unwrap(),
        Poll::Pending => unreachable!("it is in memory"),
    }
}

/// A source that has its token, from a server that is asked once.
fn source(runtime: &Runtime) -> TokenSource {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/token", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        let body =
            format!(r#"{{"access_token":"{}","token_type":"Bearer","expires_in":3600}}"#, "t".repeat(900));
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
            body.len()
        );
        stream.write_all(format!("{head}connection: close\r\n\r\n{body}").as_bytes()).unwrap();
    });
    let source =
        TokenSource::at(url).client_secret("c", Secret::new("s".to_owned())).build_unasked().unwrap();
    runtime.block_on(source.token()).unwrap();
    server.join().unwrap();
    source
}

fn time(operation: &mut dyn FnMut(), calls: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..calls {
        operation();
    }
    start.elapsed()
}
