//! Users and passwords: bcrypt once, then from memory, so that a scrape does not cost a tenth of a second.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use http::HeaderValue;
use sha2::Sha256;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Pairs of user and password that were found right. More than any house has; then all are forgotten, which costs each
/// of them one bcrypt.
const VERIFIED_MAX: usize = 256;
/// Hashes computed at once: strangers who guess passwords must not get more than one of the processors.
const BCRYPT_MAX: usize = 1;
/// Bytes of `Authorization`; longer ones are no password of anybody.
const AUTHORIZATION_MAX: usize = 1024;

/// The least that bcrypt knows.
const COST_MIN: u32 = 4;

pub(super) struct Users {
    /// The bcrypt hash by user.
    hashes: BTreeMap<String, String>,
    /// Compared with where the user is unknown, so that the time does not tell which users there are.
    stand_in: String,
    verified: Arc<Verified>,
}

/// What was found right, shared by all policies of one file. Only keyed digests are kept.
pub(super) struct Verified {
    /// None where this machine gives no random numbers; then nothing is remembered.
    key: Option<[u8; 32]>,
    digests: Mutex<HashSet<[u8; 32]>>,
    slots: Arc<Semaphore>,
}

impl Default for Verified {
    fn default() -> Self {
        let mut key = [0; 32];
        let key = getrandom::fill(&mut key).is_ok().then_some(key);
        Self { key, digests: Mutex::default(), slots: Arc::new(Semaphore::new(BCRYPT_MAX)) }
    }
}

impl Users {
    /// The hashes have been checked for their form.
    pub(super) fn new(hashes: BTreeMap<String, String>, verified: &Arc<Verified>) -> Self {
        // As dear as the dearest of them: of the same cost, and of no password that anybody knows.
        let cost = hashes.values().filter_map(|hash| cost(hash)).max().unwrap_or(COST_MIN);
        let stand_in = format!("$2y${cost:02}$X0h1gDsPszWURQaxFh.zou{}", ".".repeat(31));
        Self { hashes, stand_in, verified: Arc::clone(verified) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// Whether the header names a user and their password; anybody is admitted where there are no users.
    pub(super) async fn admit(&self, authorization: Option<&HeaderValue>) -> bool {
        if self.hashes.is_empty() {
            return true;
        }
        let Some((user, password)) = authorization.and_then(credentials) else { return false };
        let known = self.hashes.get(user.as_str());
        let hash = known.unwrap_or(&self.stand_in).clone();
        let digest = self.verified.digest(&[user.as_bytes(), hash.as_bytes(), password.as_bytes()]);
        if known.is_some() && digest.is_some_and(|digest| self.verified.knows(&digest)) {
            return true;
        }
        let Ok(slot) = Arc::clone(&self.verified.slots).acquire_owned().await else { return false };
        let right = tokio::task::spawn_blocking(move || {
            let _slot = slot;
            // Go's bcrypt, by which these files are made and read, looks at no more than 72 bytes either.
            bcrypt::verify(password.as_bytes(), &hash).unwrap_or(false)
        });
        let right = right.await.unwrap_or(false) && known.is_some();
        if let Some(digest) = digest.filter(|_| right) {
            self.verified.learn(digest);
        }
        right
    }
}

impl Verified {
    fn digest(&self, parts: &[&[u8]]) -> Option<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key?).ok()?;
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        Some(mac.finalize().into_bytes().into())
    }

    fn knows(&self, digest: &[u8; 32]) -> bool {
        self.digests.lock().unwrap_or_else(PoisonError::into_inner).contains(digest)
    }

    fn learn(&self, digest: [u8; 32]) {
        let mut digests = self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        if digests.len() >= VERIFIED_MAX {
            digests.clear();
        }
        digests.insert(digest);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.digests.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// User and password of a `Basic` authorization (RFC 7617).
fn credentials(value: &HeaderValue) -> Option<(String, Zeroizing<String>)> {
    let text = value.to_str().ok().filter(|text| text.len() <= AUTHORIZATION_MAX)?;
    let (scheme, encoded) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Zeroizing::new(String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?);
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), Zeroizing::new(password.to_owned())))
}

/// The cost of a bcrypt hash, if it is one: `$2y$10$` and 53 characters.
pub(super) fn cost(hash: &str) -> Option<u32> {
    let rest = ["$2a$", "$2b$", "$2x$", "$2y$"].iter().find_map(|version| hash.strip_prefix(version))?;
    let (cost, digest) = rest.split_once('$')?;
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/');
    let formed = cost.len() == 2 && digest.len() == 53 && digest.bytes().all(alphabet);
    let cost = cost.parse().ok().filter(|cost| (COST_MIN..=31).contains(cost));
    cost.filter(|_| formed && hash.parse::<bcrypt::HashParts>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(verified: &Arc<Verified>, password: &str) -> Users {
        let hash = bcrypt::hash(password, 4).expect("a hash");
        Users::new(BTreeMap::from([("ops".to_owned(), hash)]), verified)
    }

    fn header(user: &str, password: &str) -> HeaderValue {
        let text = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        HeaderValue::try_from(text).expect("a value")
    }

    #[tokio::test]
    async fn only_what_was_right_is_remembered_and_only_for_its_hash() {
        let verified = Arc::new(Verified::default());
        let first = users(&verified, "first");
        for (user, password, admitted, remembered) in [
            ("ops", "wrong", false, 0),
            ("eve", "first", false, 0),
            ("ops", "first", true, 1),
            ("ops", "first", true, 1),
            ("ops", "wrong", false, 1),
        ] {
            assert_eq!(first.admit(Some(&header(user, password))).await, admitted, "{user}:{password}");
            assert_eq!(verified.len(), remembered, "{user}:{password}");
        }
        assert!(!users(&verified, "second").admit(Some(&header("ops", "first"))).await);
    }

    #[test]
    fn no_more_is_remembered_than_the_bound() {
        let verified = Verified::default();
        for number in 0..1_000_u64 {
            verified.learn(verified.digest(&[&number.to_be_bytes()]).expect("a key"));
            assert!(verified.len() <= VERIFIED_MAX);
        }
    }

    #[test]
    fn the_stand_in_costs_as_much_as_a_real_hash_and_is_one() {
        let users = users(&Arc::new(Verified::default()), "x");
        assert_eq!(cost(&users.stand_in), Some(4));
        assert!(bcrypt::verify("x", &users.stand_in).is_ok());
        for text in ["", "x", "$2y$10$short", "$1$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG"] {
            assert_eq!(cost(text), None, "{text}");
        }
    }
}
