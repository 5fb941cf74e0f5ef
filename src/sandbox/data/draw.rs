//! Chance without state: every fact about a record is a function of the seed, its type, its row and the fact's name.
//!
//! So nothing but relations needs memory, any record can be written at any moment, and a new fact changes no other.

use super::Kind;

/// The chances of one record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Draw {
    source: u64,
    row: u32,
}

impl Draw {
    pub(crate) fn new(seed: u64, kind: Kind, row: u32) -> Draw {
        Draw { source: mix(seed ^ mix(kind as u64 + 1)), row }
    }

    /// A number without any pattern.
    pub(crate) fn roll(self, fact: &str) -> u64 {
        mix(self.source ^ name_hash(fact) ^ mix(u64::from(self.row)))
    }

    /// A number from 0 to below `limit`.
    pub(crate) fn below(self, fact: &str, limit: u64) -> u64 {
        self.roll(fact) % limit.max(1)
    }

    /// An element, each as likely as the other.
    pub(crate) fn pick<T: Copy>(self, fact: &str, from: &[T]) -> T {
        from[self.below(fact, from.len() as u64) as usize]
    }

    /// A card from a shuffled deck of `cards`: each run of `cards` rows sees every card exactly once. This is how rare
    /// habits are sure to appear in a small data set.
    pub(crate) fn card(self, fact: &str, cards: u32) -> u32 {
        let cards = cards.max(1);
        let (deck, position) = (self.row / cards, self.row % cards);
        let shuffle = mix(self.source ^ name_hash(fact) ^ mix(u64::from(deck) << 32));
        let mut step = 1 + (shuffle % u64::from(cards)) as u32;
        while greatest_common_divisor(step, cards) != 1 {
            step += 1;
        }
        let start = (shuffle >> 32) % u64::from(cards);
        ((u64::from(position) * u64::from(step) + start) % u64::from(cards)) as u32
    }

    /// An element of a shuffled deck.
    pub(crate) fn deal<T: Copy>(self, fact: &str, deck: &[T]) -> T {
        deck[self.card(fact, deck.len() as u32) as usize]
    }

    /// Whether this row is the one in `of` that has the habit.
    pub(crate) fn one_in(self, fact: &str, of: u32) -> bool {
        self.card(fact, of) == 0
    }
}

fn greatest_common_divisor(mut a: u32, mut b: u32) -> u32 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

/// FNV-1a, folded at compile time when the name is a literal.
const fn name_hash(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let (mut hash, mut at) = (0xcbf2_9ce4_8422_2325_u64, 0);
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

/// The finaliser of SplitMix64.
pub(crate) const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_deck_deals_every_card_once(seed: u64, cards in 1_u32..60, deck in 0_u32..1_000) {
            let mut dealt: Vec<u32> = (0..cards)
                .map(|position| Draw::new(seed, Kind::Vacancy, deck * cards + position).card("fact", cards))
                .collect();
            dealt.sort_unstable();
            prop_assert_eq!(dealt, (0..cards).collect::<Vec<_>>());
        }
    }

    #[test]
    fn facts_and_types_are_drawn_apart() {
        let draw = Draw::new(1, Kind::Vacancy, 7);
        assert_ne!(draw.roll("one"), draw.roll("other"));
        assert_ne!(draw.roll("one"), Draw::new(1, Kind::Employee, 7).roll("one"));
        assert_eq!(draw.roll("one"), Draw::new(1, Kind::Vacancy, 7).roll("one"));
    }
}
