//! Connections that break, and answers that do not come to their end.

use super::act::Act;
use super::{GOOD_BODY, Misbehaviour, Must, OK_JSON, Wait};

pub(super) fn add(all: &mut Vec<Misbehaviour>) {
    let broken = [
        ("closed-at-accept", vec![]),
        ("reset-at-accept", vec![Act::Reset]),
        ("closed-after-the-request", vec![Act::Read]),
        ("reset-after-the-request", vec![Act::Read, Act::Reset]),
        ("closed-within-the-head", vec![Act::Read, Act::send(HALF_HEAD)]),
        ("closed-within-the-body", vec![Act::Read, half_body()]),
        ("reset-within-the-body", vec![Act::Read, half_body(), Act::Reset]),
        ("closed-within-a-chunk", vec![Act::Read, chunked("ffff\r\n{\"access_token\":")]),
        ("closed-between-chunks", vec![Act::Read, chunked(&format!("44\r\n{GOOD_BODY}\r\n"))]),
    ];
    let slow = [
        ("silent", vec![Act::Read, Act::Stall]),
        ("silent-before-the-request", vec![Act::Stall]),
        ("half-a-head", vec![Act::Read, Act::send(HALF_HEAD), Act::Stall]),
        ("half-a-body", vec![Act::Read, half_body(), Act::Stall]),
        ("body-without-its-end", vec![Act::Read, chunked(&format!("44\r\n{GOOD_BODY}\r\n")), Act::Stall]),
        ("slow-head", vec![Act::Read, Act::Drip(format!("{OK_JSON}x: {}", "y".repeat(3600)).into_bytes())]),
        ("slow-body", vec![Act::Read, half_body(), Act::Drip(vec![b' '; 3600]), Act::Stall]),
    ];
    for (name, script) in broken {
        all.push(Misbehaviour { name, id: "threats 2: a connection breaks", must: UNREACHABLE, script });
    }
    for (name, script) in slow {
        all.push(Misbehaviour { name, id: "threats 2: slow drip", must: UNREACHABLE, script });
    }
    let endless = [
        ("body-that-never-ends", vec![chunked(""), Act::Flood(chunk(" "))]),
        ("token-that-never-ends", vec![chunked("11\r\n{\"access_token\":\"\r\n"), Act::Flood(chunk("A"))]),
        ("head-that-never-ends", vec![Act::send(OK_JSON), Act::Flood(b"x-more: and more\r\n".repeat(512))]),
        (
            "body-of-a-gigabyte",
            vec![
                Act::send(&format!("{OK_JSON}content-length: 1073741824\r\n\r\n")),
                Act::Flood(vec![b' '; 0x2000]),
            ],
        ),
    ];
    for (name, script) in endless {
        all.push(Misbehaviour::after_request(name, "threats 2: huge answers", Must::Fail, script));
    }
    let garbage = [
        ("no-http", Act::send("SSH-2.0-OpenSSH_9.2\r\n")),
        ("no-head", Act::send(GOOD_BODY)),
        ("tls-where-plain-http-was", Act::Send(vec![21, 3, 1, 0, 2, 2, 70])),
        (
            "two-lengths",
            Act::send(&format!("{OK_JSON}content-length: 68\r\ncontent-length: 5\r\n\r\n{GOOD_BODY}")),
        ),
    ];
    for (name, act) in garbage {
        all.push(Misbehaviour::after_request(name, "threats 2: another protocol", Must::Fail, [act]));
    }
}

fn half_body() -> Act {
    Act::send(&format!("{OK_JSON}content-length: 4096\r\n\r\n{{\"access_token\":\"good-"))
}

fn chunked(body: &str) -> Act {
    Act::send(&format!("{OK_JSON}transfer-encoding: chunked\r\n\r\n{body}"))
}

fn chunk(of: &str) -> Vec<u8> {
    format!("2000\r\n{}\r\n", of.repeat(0x2000)).into_bytes()
}

const HALF_HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-ty";
const UNREACHABLE: Must = Must::Unreachable(Wait::Unsaid);
