//! How long answers take in a flood: a server whose tokens burn some computing, and a driver that keeps many
//! connections busy without ever pausing. On a machine with two cores:
//!
//! ```text
//! taskset -c 0 load serve 40 1                      # µs of computing per token, workers; `ungated`: no gate
//! taskset -c 1 load drive 127.0.0.1:PORT 1500 10    # connections, seconds
//! ```
//!
//! Every fiftieth connection asks for `/jwks`, the others for `/token`.

#![expect(clippy::print_stdout, reason = "its purpose is to print")]

use std::convert::Infallible;
use std::hint::black_box;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use countersign_listen::admission::{Admission, Bounds};
use countersign_listen::{Listener, Workers};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tower::service_fn;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["serve", burn, workers] => serve(burn.parse()?, workers.parse()?, true),
        ["serve", burn, workers, "ungated"] => serve(burn.parse()?, workers.parse()?, false),
        ["drive", address, connections, seconds] => {
            drive(address.parse()?, connections.parse()?, Duration::from_secs(seconds.parse()?))
        }
        _ => Err("load serve MICROSECONDS WORKERS [ungated] | load drive ADDRESS CONNECTIONS SECONDS".into()),
    }
}

fn serve(burn_us: u64, workers: NonZeroUsize, gated: bool) -> Outcome<()> {
    let rounds = calibrate(Duration::from_micros(burn_us));
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let workers_count = workers.get();
        let workers = Workers::start(workers)?;
        let listener =
            Listener::bind(&[SocketAddr::from(([127, 0, 0, 1], 0))])?.with_workers(workers.clone());
        for address in listener.local_addrs() {
            println!("{address}");
        }
        let gate = Admission::new(Bounds { processors: workers_count, ..Bounds::default() });
        workers.each(|| gate.lag().clone().watch());
        let answer = Bytes::from(vec![b'x'; 900]);
        let service = service_fn({
            let gate = gate.clone();
            move |request: Request<Incoming>| {
                let (gate, answer) = (gate.clone(), answer.clone());
                async move {
                    let admitted = match request.uri().path() {
                        "/token" if gated => gate.run(async { burn(rounds) }).await,
                        "/token" => {
                            burn(rounds);
                            Ok(())
                        }
                        _ => Ok(()),
                    };
                    Ok::<_, Infallible>(match admitted {
                        Ok(()) => Response::new(Full::new(answer)),
                        Err(_) => refused(),
                    })
                }
            }
        });
        tokio::spawn(async move {
            let mut last = gate.gauge();
            loop {
                tokio::time::sleep(Duration::from_secs(2)).await;
                let now = gate.gauge();
                let lag = gate.lag().now();
                println!(
                    "admitted {}/s, refused {}/s, inside {}, cost {:?}, lag {lag:?}",
                    (now.admitted - last.admitted) / 2,
                    (now.refused - last.refused) / 2,
                    now.inside,
                    now.cost
                );
                last = now;
            }
        });
        listener.serve(service, std::future::pending()).await;
        Ok(())
    })
}

fn refused() -> Response<Full<Bytes>> {
    let mut refused = Response::new(Full::new(Bytes::from_static(b"{\"error\":\"overloaded\"}")));
    *refused.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    refused
}

fn drive(address: SocketAddr, connections: usize, time: Duration) -> Outcome<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let begin = Instant::now();
        // the first second is for connecting and warming up
        let (from, to) = (begin + Duration::from_secs(1), begin + Duration::from_secs(1) + time);
        let mut tasks = JoinSet::new();
        for i in 0..connections {
            tasks.spawn(ask(address, if i % 50 == 0 { "/jwks" } else { "/token" }, from, to));
        }
        let (mut tokens, mut refusals, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        let mut failed = 0;
        while let Some(done) = tasks.join_next().await {
            let Ok((path, answers)) = done? else {
                failed += 1;
                continue;
            };
            for (status, took) in answers {
                match (path, status) {
                    ("/jwks", _) => keys.push(took),
                    (_, 200) => tokens.push(took),
                    _ => refusals.push(took),
                }
            }
        }
        println!("connections that failed: {failed}");
        for (name, mut times) in [("tokens", tokens), ("refusals", refusals), ("keys", keys)] {
            times.sort_unstable();
            let rate = times.len() as f64 / time.as_secs_f64();
            let at =
                |q: usize| times.get((times.len() * q / 1000).min(times.len().saturating_sub(1))).copied();
            println!("{name:>9}: {rate:>8.0}/s  p50 {:?}  p99 {:?}  p99.9 {:?}", at(500), at(990), at(999));
        }
        Ok(())
    })
}

async fn ask(
    address: SocketAddr,
    path: &'static str,
    from: Instant,
    to: Instant,
) -> Outcome<(&'static str, Vec<(u16, Duration)>)> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let body =
        "grant_type=client_credentials&client_id=svc&client_secret=0123456789abcdef0123456789abcdef&scope=a";
    let request = format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let request: Arc<str> = request.into();
    let mut answers = Vec::new();
    let mut buffer = vec![0; 4096];
    while Instant::now() < to {
        let asked = Instant::now();
        stream.write_all(request.as_bytes()).await?;
        let mut heard = 0;
        let status = loop {
            let room = buffer.get_mut(heard..).ok_or("answer too large")?;
            heard += match stream.read(room).await? {
                0 => return Err("closed".into()),
                n => n,
            };
            if let Some(status) = whole(buffer.get(..heard).unwrap_or_default()) {
                break status;
            }
        };
        if asked >= from {
            answers.push((status, asked.elapsed()));
        }
    }
    Ok((path, answers))
}

/// The status of the answer, once it is there whole.
fn whole(heard: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(heard).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length: usize = head.split_once("content-length: ")?.1.lines().next()?.parse().ok()?;
    if body.len() < length { None } else { head.get(9..12)?.parse().ok() }
}

/// How many rounds take this long, when nothing disturbs them.
fn calibrate(time: Duration) -> u64 {
    let rounds = 100_000;
    let fastest = (0..300).map(|_| {
        let begin = Instant::now();
        burn(rounds);
        begin.elapsed().as_nanos()
    });
    let fastest = fastest.min().unwrap_or(1).max(1);
    u64::try_from(u128::from(rounds) * time.as_nanos() / fastest).unwrap_or(u64::MAX)
}

fn burn(rounds: u64) {
    let mut x = 1u64;
    for _ in 0..rounds {
        x = black_box(x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    }
    black_box(x);
}
