//! What makes an RSA public key fit to trust: size, exponent, and no sign of a broken generator (ROCA); and the little
//! DER that an RSA public key is written in.

use super::JwkError;

/// Checks modulus and exponent, both big-endian.
pub(super) fn check(n: &[u8], e: &[u8]) -> Result<(), JwkError> {
    let (Some(&first), Some(&last)) = (n.first(), n.last()) else { return Err(JwkError::Modulus) };
    let bits = (n.len() * 8).saturating_sub(first.leading_zeros() as usize);
    if first == 0 || last % 2 == 0 || !(MIN_BITS..=MAX_BITS).contains(&bits) {
        return Err(JwkError::Modulus);
    }
    check_exponent(e)?;
    if is_roca(n) { Err(JwkError::Roca) } else { Ok(()) }
}

fn check_exponent(e: &[u8]) -> Result<(), JwkError> {
    if e.first() == Some(&0) || e.len() > 4 {
        return Err(JwkError::Exponent);
    }
    let value = e.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    if value >= 3 && value % 2 == 1 { Ok(()) } else { Err(JwkError::Exponent) }
}

/// The broken generator made primes that are powers of 65537 modulo each small prime, and so are their products. A
/// sound modulus has this property for all of these primes once in a hundred million.
fn is_roca(n: &[u8]) -> bool {
    SMALL_PRIMES.iter().all(|prime| is_power_of_65537(remainder(n, *prime), *prime))
}

fn is_power_of_65537(value: u32, prime: u32) -> bool {
    let generator = 65_537 % prime;
    let mut power = 1;
    loop {
        if power == value {
            return true;
        }
        power = power * generator % prime;
        if power == 1 {
            return false;
        }
    }
}

fn remainder(n: &[u8], prime: u32) -> u32 {
    n.iter().fold(0, |rest, byte| (rest << 8 | u32::from(*byte)) % prime)
}

/// Modulus and exponent of an `RSAPublicKey` (RFC 8017 §A.1.1), without the sign byte of their DER integers.
pub(super) fn read_public_key(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (sequence, rest) = read_element(der, 0x30)?;
    let (n, after) = read_element(sequence, 0x02)?;
    let (e, end) = read_element(after, 0x02)?;
    (rest.is_empty() && end.is_empty()).then_some((unsigned(n), unsigned(e)))
}

fn unsigned(integer: &[u8]) -> &[u8] {
    match integer {
        [0, positive @ ..] => positive,
        other => other,
    }
}

/// The content of the element of this tag, and what follows it.
fn read_element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (len, content) = match der {
        [found, len @ 0..=0x7f, rest @ ..] if *found == tag => (usize::from(*len), rest),
        [found, 0x81, len, rest @ ..] if *found == tag => (usize::from(*len), rest),
        [found, 0x82, high, low, rest @ ..] if *found == tag => {
            (usize::from(*high) << 8 | usize::from(*low), rest)
        }
        _ => return None,
    };
    content.split_at_checked(len)
}

const MIN_BITS: usize = 2048;
const MAX_BITS: usize = 4096;

/// The odd primes whose product divides the broken generator's modulus at every key size.
const SMALL_PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn modulus(bits: usize) -> Vec<u8> {
        let mut n = vec![0xa5; bits.div_ceil(8)];
        n[0] = 0xff >> ((8 - bits % 8) % 8);
        n
    }

    /// Threats §1 (RSA: tiny or 16k modulus, even, leading zero).
    #[test]
    fn the_modulus_has_2048_to_4096_bits() {
        for bits in [2048, 2049, 3072, 4096] {
            assert_eq!(check(&modulus(bits), &[1, 0, 1]), Ok(()), "{bits}");
        }
        for bits in [512, 1024, 2047, 4097, 16_384] {
            assert_eq!(check(&modulus(bits), &[1, 0, 1]), Err(JwkError::Modulus), "{bits}");
        }
        let mut even = modulus(2048);
        even[255] &= 0xfe;
        assert_eq!(check(&even, &[1, 0, 1]), Err(JwkError::Modulus));
        assert_eq!(check(&[&[0], &modulus(2048)[..]].concat(), &[1, 0, 1]), Err(JwkError::Modulus));
        assert_eq!(check(&[], &[1, 0, 1]), Err(JwkError::Modulus));
    }

    /// Threats §1 (RSA: e = 1, even, huge).
    #[test]
    fn the_exponent_is_odd_and_small() {
        for e in [&[3][..], &[17], &[1, 0, 1], &[0xff; 4]] {
            assert_eq!(check(&modulus(2048), e), Ok(()), "{e:?}");
        }
        for e in [&[][..], &[0], &[1], &[2], &[1, 0, 0], &[0, 1, 0, 1], &[1, 0, 0, 0, 1]] {
            assert_eq!(check(&modulus(2048), e), Err(JwkError::Exponent), "{e:?}");
        }
    }

    #[test]
    fn der_is_cut_exactly() {
        assert_eq!(read_public_key(&[0x30, 7, 2, 2, 0, 0x81, 2, 1, 3]), Some((&[0x81][..], &[3][..])));
        for broken in
            [&[][..], &[0x30], &[0x30, 7, 2, 2, 0], &[0x30, 7, 2, 2, 0, 0x81, 2, 1, 3, 9], &[0x30, 0x84, 1]]
        {
            assert_eq!(read_public_key(broken), None, "{broken:?}");
        }
    }
}
