//! Just enough arithmetic for signatures that only look genuine: big-endian numbers of one length.

/// `a + b`; `None` when it needs a byte more.
pub(super) fn sum(a: &[u8], b: &[u8]) -> Option<Vec<u8>> {
    let mut carry = 0u16;
    let mut digits: Vec<u8> = Vec::with_capacity(a.len());
    for (a, b) in a.iter().rev().zip(b.iter().rev()) {
        let digit = u16::from(*a) + u16::from(*b) + carry;
        digits.push(digit.to_le_bytes()[0]);
        carry = digit >> 8;
    }
    digits.reverse();
    (carry == 0).then_some(digits)
}

/// `a - b`, where `b` is not the greater one.
pub(super) fn difference(a: &[u8], b: &[u8]) -> Vec<u8> {
    let mut borrow = 0i16;
    let mut digits: Vec<u8> = Vec::with_capacity(a.len());
    for (a, b) in a.iter().rev().zip(b.iter().rev()) {
        let digit = i16::from(*a) - i16::from(*b) - borrow;
        digits.push(digit.to_le_bytes()[0]);
        borrow = i16::from(digit < 0);
    }
    digits.reverse();
    digits
}

/// The order of P-256 (FIPS 186-5, SEC 2).
pub(super) const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc,
    0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The order of Ed25519's group (RFC 8032 §5.1).
pub(super) const ED25519_ORDER: [u8; 32] = [
    0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x14,
    0xde, 0xf9, 0xde, 0xa2, 0xf7, 0x9c, 0xd6, 0x58, 0x12, 0x63, 0x1a, 0x5c, 0xf5, 0xd3, 0xed,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_and_subtracts() {
        assert_eq!(sum(&[0x01, 0xff], &[0x00, 0x01]), Some(vec![0x02, 0x00]));
        assert_eq!(sum(&[0xff, 0xff], &[0x00, 0x01]), None);
        assert_eq!(difference(&[0x02, 0x00], &[0x00, 0x01]), [0x01, 0xff]);
        let half = difference(&P256_ORDER, &ED25519_ORDER);
        assert_eq!(sum(&half, &ED25519_ORDER).as_deref(), Some(&P256_ORDER[..]));
    }
}
