use http::HeaderValue;

use super::*;
use crate::noted::lines::Lines;

const NAME: HeaderName = HeaderName::from_static("client-cert");
const HERE: &str = "127.0.0.1";

fn header() -> CertificateHeader {
    CertificateHeader::new(NAME, TrustedProxies::parse(["127.0.0.0/8", "::1", "10.0.0.0/8"]).unwrap())
}

fn certificate() -> Vec<u8> {
    rcgen::generate_simple_self_signed(["client.example".to_owned()]).unwrap().cert.der().to_vec()
}

fn bytes(der: &[u8]) -> String {
    format!(":{}:", STANDARD.encode(der))
}

fn sent(lines: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(NAME, HeaderValue::from_str(line).unwrap());
    }
    headers
}

fn read(lines: &[&str]) -> Result<Option<ClientCertificate>, BadClientCertificate> {
    header().read(HERE.parse().unwrap(), &sent(lines))
}

/// T-8705-04, T-8705-06: the certificate is read byte for byte from a proxy on this machine.
#[test]
fn a_proxy_on_this_machine_is_believed() {
    let der = certificate();
    for peer in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
        let read = header().read(peer.parse().unwrap(), &sent(&[&bytes(&der)])).unwrap();
        assert_eq!(read.unwrap().der(), der, "{peer}");
    }
    assert_eq!(read(&[]), Ok(None));
    assert_eq!(read(&["::"]), Ok(None));
}

/// T-8705-06, T-9700-07: from any other peer the header is ignored and told of, once a minute however many there are;
/// being named is not enough, as others share the network.
#[tokio::test(start_paused = true)]
async fn from_anybody_else_it_is_ignored_and_logged() {
    let header = header();
    let hostile = [bytes(&certificate()), "nonsense".to_owned()];
    let (lines, _guard) = Lines::of_this_thread();
    let ask = |peer: &str| {
        for line in &hostile {
            assert_eq!(header.read(peer.parse().unwrap(), &sent(&[line])), Ok(None), "{peer}");
            assert_eq!(header.read(peer.parse().unwrap(), &sent(&[line, line])), Ok(None), "{peer}");
        }
    };
    for peer in ["10.0.0.1", "192.0.2.1", "128.0.0.1", "2001:db8::1", "::ffff:10.0.0.1", "0.0.0.0", "::"] {
        ask(peer);
        assert_eq!(lines.count(), 1);
    }
    tokio::time::advance(EVERY).await;
    ask("192.0.2.1");
    assert_eq!(lines.count(), 2);
    // nothing to tell where nothing was sent, or where it is believed
    tokio::time::advance(EVERY).await;
    assert_eq!(header.read("192.0.2.1".parse().unwrap(), &HeaderMap::new()), Ok(None));
    assert!(header.read(HERE.parse().unwrap(), &sent(&[&hostile[0]])).is_ok());
    assert_eq!(lines.count(), 2);
}

/// T-8705-06: loopback is believed as far as it is named.
#[test]
fn loopback_alone_is_not_enough_either() {
    let elsewhere = CertificateHeader::new(NAME, TrustedProxies::parse(["10.0.0.0/8", "::1"]).unwrap());
    assert_eq!(elsewhere.read(HERE.parse().unwrap(), &sent(&[&bytes(&certificate())])), Ok(None));
    assert!(elsewhere.read("::1".parse().unwrap(), &sent(&[&bytes(&certificate())])).unwrap().is_some());
}

/// T-8705-06: a second header is a caller's that the proxy did not replace.
#[test]
fn two_headers_are_refused() {
    let (one, other) = (bytes(&certificate()), bytes(&certificate()));
    for second in [&one, &other, "", "::"] {
        assert_eq!(read(&[&one, second]), Err(BadClientCertificate::Repeated));
        assert_eq!(read(&[second, &one]), Err(BadClientCertificate::Repeated));
    }
}

/// T-8705-06, RFC 9440 section 2.2: one byte sequence, strictly, and not what else proxies call a certificate.
#[test]
fn what_is_no_byte_sequence_is_refused() {
    let der = certificate();
    let good = bytes(&der);
    let encoded = STANDARD.encode(&der);
    let unpadded = format!(":{}:", STANDARD.encode(&der[..32]).trim_end_matches('='));
    let url_safe = good.replace('/', "_").replace('+', "-").replacen('A', "-", 1);
    let bad = [
        "",
        ":",
        ":::",
        " ",
        "?",
        &encoded,
        &format!(":{encoded}"),
        &format!("{encoded}:"),
        &format!(" {good}"),
        &format!("{good} "),
        &format!("{good}, {good}"),
        &format!("{good},{good}"),
        &format!("{good};a=1"),
        &format!(":{encoded} :"),
        &format!(":{}\t:", encoded),
        &format!("\"{encoded}\""),
        &unpadded,
        &url_safe,
        &format!(":{encoded}=:"),
        ":QQ=:",
        ":QR==:",
        ":=:",
        "-----BEGIN CERTIFICATE-----",
        "-----BEGIN%20CERTIFICATE-----%0A",
        "Hash=00;Cert=\"\"",
        "(null)",
    ];
    for bad in bad {
        assert_eq!(read(&[bad]), Err(BadClientCertificate::NotBytes), "{bad:?}");
    }
    let mut headers = HeaderMap::new();
    headers.insert(NAME, HeaderValue::from_bytes(b":\xff\xfe:").unwrap());
    assert_eq!(header().read(HERE.parse().unwrap(), &headers), Err(BadClientCertificate::NotBytes));
}

/// T-8705-06: exactly one DER element of a certificate's shape, so that two readers see the same bytes.
#[test]
fn what_is_no_certificate_is_refused() {
    let der = certificate();
    let (begin, body) = der.split_at(4);
    assert_eq!(begin[..2], [0x30, 0x82], "the certificate's length takes two bytes");
    let longer = [&[0x30, 0x83, 0, begin[2], begin[3]], body].concat();
    let indefinite = [&[0x30, 0x80], body, &[0, 0]].concat();
    let mut other_tag = der.clone();
    other_tag[0] = 0x31;
    let bad: [&[u8]; 14] = [
        &[0],
        &[0x30],
        &[0x30, 0],
        &[0x30, 0x81, 0],
        &[0x30, 0x82, 0, 0],
        &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
        &[0x30, 3, 2, 1, 1],
        &der[..der.len() - 1],
        &[&der[..], &[0]].concat(),
        &[&der[..], &der[..]].concat(),
        &longer,
        &indefinite,
        &other_tag,
        body,
    ];
    for bad in bad {
        assert_eq!(read(&[&bytes(bad)]), Err(BadClientCertificate::NotCertificate), "{bad:x?}");
    }
    for cut in 1..der.len() {
        assert_eq!(read(&[&bytes(&der[..cut])]), Err(BadClientCertificate::NotCertificate), "{cut}");
    }
}

#[test]
fn lengths_are_in_their_shortest_form() {
    let shaped = |length: &[u8], n: usize| [&[SEQUENCE], length, &vec![7; n]].concat();
    for (length, n) in
        [(&[1][..], 1), (&[0x7f], 0x7f), (&[0x81, 0x80], 0x80), (&[0x81, 0xff], 0xff), (&[0x82, 1, 0], 0x100)]
    {
        let der = shaped(length, n);
        assert_eq!(element(&der, SEQUENCE).unwrap(), (&vec![7; n][..], &[][..]), "{length:x?}");
        assert!(element(&der[..der.len() - 1], SEQUENCE).is_none());
        assert!(element(&der, BIT_STRING).is_none());
    }
    for (length, n) in
        [(&[0x81, 0x7f][..], 0x7f), (&[0x82, 0, 0xff], 0xff), (&[0x83, 0, 1, 0], 0x100), (&[0x80], 1)]
    {
        assert!(element(&shaped(length, n), SEQUENCE).is_none(), "{length:x?}");
    }
}

#[test]
fn a_header_has_a_most() {
    // SEQUENCE { SEQUENCE { … }, SEQUENCE { 7 }, BIT STRING { 7 } } of exactly so many bytes
    let of = |size: u16| {
        let [high, low] = (size - 4).to_be_bytes();
        let [inner_high, inner_low] = (size - 4 - 4 - 6).to_be_bytes();
        let body = vec![7; usize::from(size) - 14];
        let end = [0x30, 1, 7, 3, 1, 7];
        [&[0x30, 0x82, high, low, 0x30, 0x82, inner_high, inner_low], &body[..], &end].concat()
    };
    let most = of(16 * 1024);
    assert_eq!(read(&[&bytes(&most)]).unwrap().unwrap().der(), most);
    assert_eq!(read(&[&bytes(&of(16 * 1024 + 3))]), Err(BadClientCertificate::TooLong));
}

/// T-8705-06: what was not believed does not reach an upstream that believes us.
#[test]
fn the_header_is_taken_out_in_every_spelling() {
    let mut headers = sent(&["a", "b"]);
    headers.append("client_cert", HeaderValue::from_static("c"));
    headers.append("client-certificate", HeaderValue::from_static("d"));
    header().strip(&mut headers);
    assert_eq!(headers.keys().collect::<Vec<_>>(), ["client-certificate"]);
}

/// T-8705-06: a certificate names people; it does not get into logs by accident.
#[test]
fn a_certificate_is_not_printed() {
    let read = read(&[&bytes(&certificate())]).unwrap().unwrap();
    assert_eq!(format!("{read:?}"), format!("ClientCertificate({} bytes)", read.der().len()));
}
