//! Filters that make digests and signatures.

use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

use super::encode::bytes;
use super::row::{Build, FilterDoc, of_value, scoped};
use crate::base::diagnostic::nearest;
use crate::base::name::is_name;
use crate::base::secret::Labelled;
use crate::expectation::kinds::Kinds;
use crate::model::value::{Kind, Value};

pub(super) const SHA256: FilterDoc = FilterDoc {
    name: "sha256",
    arguments: "",
    signature: "T, B → B",
    about: "Makes the SHA-256 digest, which prints as lower-case hexadecimal.",
    example: (r#""abc""#, "sha256", r#""ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad""#),
    takes: &[Kind::Text, Kind::Bytes],
    yields: |_| Kinds::of([Kind::Bytes]),
    build: |_| Ok(of_value(|value| Ok(Value::Bytes(Sha256::digest(bytes(&value)?).to_vec())))),
};

pub(super) const HMAC: FilterDoc = FilterDoc {
    name: "hmac",
    arguments: "ALG KEY",
    signature: "T, B → B",
    about: "Signs with the value named KEY; ALG is `sha1`, `sha256` or `sha512`. The result may go only where both input and key may.",
    example: (
        r#""what do ya want for nothing?""#,
        "hmac sha256 key",
        r#""5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843""#,
    ),
    takes: &[Kind::Text, Kind::Bytes],
    yields: |_| Kinds::of([Kind::Bytes]),
    build,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Sha1,
    Sha256,
    Sha512,
}

const ALGORITHMS: [(&str, Algorithm); 3] =
    [("sha1", Algorithm::Sha1), ("sha256", Algorithm::Sha256), ("sha512", Algorithm::Sha512)];

fn build(arguments: &[super::lexer::Argument]) -> Build {
    let [word, key] = arguments else { return Ok(of_value(Ok)) };
    let Some((_, algorithm)) = ALGORITHMS.into_iter().find(|(known, _)| *known == word.text) else {
        let help = nearest(&word.text, ALGORITHMS.map(|(known, _)| known))
            .map_or_else(|| "use sha1, sha256 or sha512".to_owned(), |meant| format!("did you mean `{meant}`?"));
        return Err(word.error(format!("unknown algorithm `{}`", word.text)).help(help));
    };
    if !is_name(&key.text) || key.quoted {
        return Err(key
            .error("the key is the name of a value, never the key itself")
            .help("declare the key in `needs.secrets` and write its name"));
    }
    let name = key.text.clone();
    let mut built = scoped(move |value, scope| {
        let key = scope.get(&name).ok_or_else(|| format!("the key `{name}` has no value"))?;
        let key_bytes = bytes(&key.value).map_err(|_| format!("the key `{name}` is neither text nor bytes"))?;
        let signature = sign(algorithm, key_bytes, bytes(&value)?);
        Ok(Some(Labelled::new(Value::Bytes(signature), key.label)))
    });
    built.names.push((key.text.clone(), key.range.clone()));
    Ok(built)
}

/// HMAC (RFC 2104); keys may have any length.
fn sign(algorithm: Algorithm, key: &[u8], message: &[u8]) -> Vec<u8> {
    fn with<M: Mac + hmac::digest::KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
        // HMAC takes keys of every length, so this is never the empty digest.
        <M as Mac>::new_from_slice(key)
            .map_or_else(|_| Vec::new(), |mac| mac.chain_update(message).finalize().into_bytes().to_vec())
    }
    match algorithm {
        Algorithm::Sha1 => with::<Hmac<Sha1>>(key, message),
        Algorithm::Sha256 => with::<Hmac<Sha256>>(key, message),
        Algorithm::Sha512 => with::<Hmac<Sha512>>(key, message),
    }
}
