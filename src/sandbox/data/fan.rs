//! One-to-many relations whose children lie in the order of their parents.

use std::ops::Range;

/// For each parent, the range of its children's rows.
#[derive(Debug)]
pub(crate) struct Fan {
    /// Where the children of parent n begin; one more entry than there are parents.
    starts: Vec<u32>,
}

impl Fan {
    /// `children` says how many each parent has.
    pub(crate) fn new(parents: u32, mut children: impl FnMut(u32) -> u32) -> Fan {
        let mut starts = Vec::with_capacity(parents as usize + 1);
        let mut next = 0;
        starts.push(next);
        for parent in 0..parents {
            next += children(parent);
            starts.push(next);
        }
        Fan { starts }
    }

    /// How many children there are in all.
    pub(crate) fn len(&self) -> u32 {
        self.starts.last().copied().unwrap_or(0)
    }

    /// Adds one more parent, with this many children.
    pub(crate) fn push(&mut self, children: u32) {
        self.starts.push(self.len() + children);
    }

    /// The rows of a parent's children; none of a parent that the relation does not know.
    pub(crate) fn of(&self, parent: u32) -> Range<u32> {
        let parent = parent as usize;
        match self.starts.get(parent..parent + 2) {
            Some(&[start, end]) => start..end,
            _ => 0..0,
        }
    }

    /// A child's parent, and which of its children this one is.
    pub(crate) fn parent(&self, child: u32) -> (u32, u32) {
        let parent = self.starts.partition_point(|&start| start <= child) as u32 - 1;
        (parent, child - self.starts[parent as usize])
    }
}

/// A relation seen from its other end: for each target, the rows that point at it.
#[derive(Debug)]
pub(crate) struct Backlinks {
    fan: Fan,
    rows: Vec<u32>,
}

impl Backlinks {
    /// `target` says where each of the rows points.
    pub(crate) fn new(targets: u32, rows: u32, target: impl Fn(u32) -> u32) -> Backlinks {
        let mut counts = vec![0; targets as usize];
        for row in 0..rows {
            counts[target(row) as usize] += 1;
        }
        let fan = Fan::new(targets, |parent| counts[parent as usize]);
        let mut free: Vec<u32> = (0..targets).map(|parent| fan.of(parent).start).collect();
        let mut sorted = vec![0; rows as usize];
        for row in 0..rows {
            let slot = &mut free[target(row) as usize];
            sorted[*slot as usize] = row;
            *slot += 1;
        }
        Backlinks { fan, rows: sorted }
    }

    /// The rows that point at the target, ascending.
    pub(crate) fn of(&self, target: u32) -> &[u32] {
        let range = self.fan.of(target);
        &self.rows[range.start as usize..range.end as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_child_finds_its_parent(counts in proptest::collection::vec(0_u32..5, 1..40)) {
            let fan = Fan::new(counts.len() as u32, |parent| counts[parent as usize]);
            prop_assert_eq!(fan.len(), counts.iter().sum::<u32>());
            for parent in 0..counts.len() as u32 {
                for (nth, child) in fan.of(parent).enumerate() {
                    prop_assert_eq!(fan.parent(child), (parent, nth as u32));
                }
            }
        }

        #[test]
        fn backlinks_turn_a_relation_around(targets in proptest::collection::vec(0_u32..7, 0..50)) {
            let links = Backlinks::new(7, targets.len() as u32, |row| targets[row as usize]);
            for target in 0..7 {
                let expected: Vec<u32> =
                    (0..targets.len() as u32).filter(|&row| targets[row as usize] == target).collect();
                prop_assert_eq!(links.of(target), &expected[..]);
            }
        }
    }
}
