//! Numbers and texts in few bytes: LEB128 for numbers, a length before every text. Reading never trusts what it reads.

/// Writes. Everything is read back in the same order.
#[derive(Default)]
pub(super) struct Packer(pub(super) Vec<u8>);

impl Packer {
    pub(super) fn number(&mut self, mut number: u64) {
        loop {
            let low = (number & 0x7f) as u8;
            number >>= 7;
            if number == 0 {
                return self.0.push(low);
            }
            self.0.push(low | 0x80);
        }
    }

    /// None is 0, a number one more than itself; the greatest number is not told from the one below it.
    pub(super) fn maybe_number(&mut self, number: Option<u64>) {
        self.number(number.map_or(0, |number| number.saturating_add(1)));
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(super) fn maybe_text(&mut self, text: Option<&str>) {
        self.maybe_number(text.map(|text| text.len() as u64));
        self.0.extend_from_slice(text.unwrap_or_default().as_bytes());
    }
}

/// What is read is not what a [`Packer`] wrote.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Damaged;

pub(super) type Unpacked<T> = Result<T, Damaged>;

/// Reads what a [`Packer`] wrote.
pub(super) struct Unpacker<'a>(pub(super) &'a [u8]);

impl Unpacker<'_> {
    pub(super) fn number(&mut self) -> Unpacked<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if part << shift >> shift != part {
                return Err(Damaged);
            }
            number |= part << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Damaged)
    }

    pub(super) fn small<T: TryFrom<u64>>(&mut self) -> Unpacked<T> {
        T::try_from(self.number()?).map_err(|_| Damaged)
    }

    pub(super) fn maybe_number(&mut self) -> Unpacked<Option<u64>> {
        Ok(self.number()?.checked_sub(1))
    }

    pub(super) fn maybe_small<T: TryFrom<u64>>(&mut self) -> Unpacked<Option<T>> {
        self.maybe_number()?.map(T::try_from).transpose().map_err(|_| Damaged)
    }

    pub(super) fn text(&mut self) -> Unpacked<String> {
        let length = self.small()?;
        self.text_of(length)
    }

    pub(super) fn maybe_text(&mut self) -> Unpacked<Option<String>> {
        self.maybe_small()?.map(|length| self.text_of(length)).transpose()
    }

    /// As many of something as the number before them says.
    pub(super) fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Unpacked<T>) -> Unpacked<Vec<T>> {
        let count = self.number()?;
        (0..count).map(|_| one(self)).collect()
    }

    pub(super) fn byte(&mut self) -> Unpacked<u8> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Unpacked<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Damaged)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn text_of(&mut self, length: usize) -> Unpacked<String> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Damaged)?;
        self.0 = rest;
        String::from_utf8(taken.to_vec()).map_err(|_| Damaged)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(number: u64, maybe: Option<u32>, text: String, other: Option<String>) {
            let mut packer = Packer::default();
            packer.number(number);
            packer.maybe_number(maybe.map(u64::from));
            packer.text(&text);
            packer.maybe_text(other.as_deref());
            let mut unpacker = Unpacker(&packer.0);
            prop_assert_eq!(unpacker.number(), Ok(number));
            prop_assert_eq!(unpacker.maybe_number(), Ok(maybe.map(u64::from)));
            prop_assert_eq!(unpacker.text(), Ok(text));
            prop_assert_eq!(unpacker.maybe_text(), Ok(other));
            prop_assert!(unpacker.0.is_empty());
        }

        #[test]
        fn rubbish_is_refused_or_read_but_never_a_panic(bytes: Vec<u8>) {
            let mut unpacker = Unpacker(&bytes);
            while unpacker.maybe_text().is_ok() && unpacker.number().is_ok() {}
        }
    }
}
