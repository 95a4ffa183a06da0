//! What sealing stands beside: the AEAD alone, its key schedule made for each message as one must whose
//! keys are used once, and the same behind one HKDF step that gives message key, nonce, salt secret and
//! the next chain key. Libraries alone, nothing of ours.

use super::rounds::nanoseconds;
use aes_gcm_siv::aead::{AeadInOut, KeyInit};
use aes_gcm_siv::{Aes256GcmSiv, Tag};
use hkdf::Hkdf;
use sha2::Sha256;
use std::hint::black_box;

/// Context, realm and a chain envelope's head: what is authenticated besides.
const ASSOCIATED: [u8; 24] = [3; 24];

/// Message key, nonce and salt secret (76), and the next chain key.
const STEP_OCTETS: usize = 76 + 32;

pub(crate) fn seal(plaintext: usize, times: usize) -> f64 {
    nanoseconds(times, || (0..times).for_each(|_| drop(sealed(&[7; 32], plaintext))))
}

#[inline(never)]
pub(crate) fn seal_after_step(plaintext: usize, times: usize) -> f64 {
    nanoseconds(times, || {
        (0..times).for_each(|_| drop(sealed(&step(), plaintext)));
    })
}

pub(crate) fn open(plaintext: usize, times: usize) -> f64 {
    let (ciphertext, tag) = sealed(&[7; 32], plaintext);
    nanoseconds(times, || (0..times).for_each(|_| drop(opened(&[7; 32], &ciphertext, &tag))))
}

#[inline(never)]
pub(crate) fn open_after_step(plaintext: usize, times: usize) -> f64 {
    let (ciphertext, tag) = sealed(&step(), plaintext);
    nanoseconds(times, || {
        (0..times).for_each(|_| drop(opened(&step(), &ciphertext, &tag)));
    })
}

fn step() -> [u8; 32] {
    let mut out = [0; STEP_OCTETS];
    let chain_key = black_box([5; 32]);
    Hkdf::<Sha256>::new(None, &chain_key).expand(b"a message's keys", &mut out).unwrap();
    *black_box(out).first_chunk().unwrap()
}

fn sealed(key: &[u8; 32], plaintext: usize) -> (Vec<u8>, Tag) {
    let mut buffer = vec![9; black_box(plaintext)];
    let cipher = Aes256GcmSiv::new(black_box(key).into());
    let tag =
        cipher.encrypt_inout_detached(&[0; 12].into(), &ASSOCIATED, buffer.as_mut_slice().into());
    (black_box(buffer), tag.unwrap())
}

fn opened(key: &[u8; 32], ciphertext: &[u8], tag: &Tag) -> Vec<u8> {
    let mut buffer = Vec::from(black_box(ciphertext));
    let cipher = Aes256GcmSiv::new(black_box(key).into());
    let inside = buffer.as_mut_slice().into();
    cipher.decrypt_inout_detached(&[0; 12].into(), &ASSOCIATED, inside, tag).unwrap();
    black_box(buffer)
}
