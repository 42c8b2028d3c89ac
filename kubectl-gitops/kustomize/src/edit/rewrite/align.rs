//! Which items of a list are still there, which went, which came.

use krm::Node;

use super::{Fit, Unfit};

/// One step from the old list to the new one, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The old item is, perhaps changed, the new one.
    Keep(usize, usize),
    Remove(usize),
    Add(usize),
}

/// Most pairs that are compared: a list that changes so much is printed anew.
const PAIRS_MAX: usize = 4_000_000;

/// The steps that keep most; an item keeps its place if it is equal, or has the same name.
pub(super) fn steps(old: &[Node], new: &[Node]) -> Fit<Vec<Step>> {
    let start = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let tail = old[start..].iter().rev().zip(new[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (rows, columns) = (old.len() - start - tail, new.len() - start - tail);
    if rows.saturating_mul(columns) > PAIRS_MAX {
        return Err(Unfit);
    }
    let weight = |row: usize, column: usize| weight(&old[start + row], &new[start + column]);
    // best[row][column]: what can be kept from there on.
    let mut best = vec![vec![0_u32; columns + 1]; rows + 1];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            let both = match weight(row, column) {
                0 => 0,
                weight => weight + best[row + 1][column + 1],
            };
            best[row][column] = both.max(best[row + 1][column]).max(best[row][column + 1]);
        }
    }
    let mut steps: Vec<Step> = (0..start).map(|at| Step::Keep(at, at)).collect();
    let (mut row, mut column) = (0, 0);
    while row < rows || column < columns {
        let here = best[row][column];
        let pair = if row < rows && column < columns { weight(row, column) } else { 0 };
        if pair > 0 && here == pair + best[row + 1][column + 1] {
            steps.push(Step::Keep(start + row, start + column));
            row += 1;
            column += 1;
        } else if row < rows && here == best[row + 1][column] {
            steps.push(Step::Remove(start + row));
            row += 1;
        } else {
            steps.push(Step::Add(start + column));
            column += 1;
        }
    }
    steps.extend((0..tail).map(|at| Step::Keep(old.len() - tail + at, new.len() - tail + at)));
    Ok(steps)
}

fn weight(old: &Node, new: &Node) -> u32 {
    if old == new {
        return 3;
    }
    match (old, new) {
        (Node::Map(a), Node::Map(b)) => {
            let name = |map: &krm::Mapping| map.get("name").and_then(Node::as_str).map(str::to_owned);
            if name(a).is_some() && name(a) == name(b) {
                2
            } else {
                u32::from(a.get("pairs").is_some() && b.get("pairs").is_some())
            }
        }
        // `key=value`
        (Node::Scalar(a), Node::Scalar(b)) => match (a.text.split_once('='), b.text.split_once('=')) {
            (Some((a, _)), Some((b, _))) if a == b => 2,
            _ => 0,
        },
        _ => 0,
    }
}
