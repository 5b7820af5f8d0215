//! The random numbers of one var: the same seed and name give the same numbers on every machine and in every version.

use sha2::{Digest as _, Sha256};

/// SHA-256 in counter mode: block `n` is the digest of seed (8 bytes, little-endian), name (UTF-8), a zero byte
/// and `n` (8 bytes, little-endian). Names hold no zero byte, so no two streams coincide.
pub(super) struct Stream {
    start: Sha256,
    block: u64,
    bytes: [u8; 32],
    used: usize,
}

impl Stream {
    pub(super) fn new(seed: u64, name: &str) -> Self {
        let start = Sha256::new().chain_update(seed.to_le_bytes()).chain_update(name).chain_update([0]);
        Self { start, block: 0, bytes: [0; 32], used: 32 }
    }

    pub(super) fn byte(&mut self) -> u8 {
        if self.used == self.bytes.len() {
            self.bytes = self.start.clone().chain_update(self.block.to_le_bytes()).finalize().into();
            self.block += 1;
            self.used = 0;
        }
        self.used += 1;
        self.bytes[self.used - 1]
    }

    fn number(&mut self) -> u64 {
        (0..8).fold(0, |number, _| number << 8 | u64::from(self.byte()))
    }

    /// From 0 to `last`, both included, each equally likely: numbers beyond the last whole multiple are drawn again.
    pub(super) fn up_to(&mut self, last: u64) -> u64 {
        let Some(count) = last.checked_add(1) else { return self.number() };
        let usable = u64::MAX - (u64::MAX % count + 1) % count;
        loop {
            let number = self.number();
            if number <= usable {
                return number % count;
            }
        }
    }

    /// One of the items, which are never none.
    pub(super) fn choose<'i, T: ?Sized>(&mut self, items: &'i [&'i T]) -> &'i T {
        let last = items.len().saturating_sub(1) as u64;
        items[usize::try_from(self.up_to(last)).unwrap_or(0)]
    }
}
