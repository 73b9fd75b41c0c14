//! `.if`, `.elif`, `.else` and `.endif`: which lines count (configuration manual 2.4).

/// Conditions within each other, at most.
pub(super) const BLOCKS_MAX: usize = 64;

/// One open `.if`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Block {
    /// The lines between here and the next mark count.
    active: bool,
    /// No branch may count any more: one did, or all around is skipped.
    settled: bool,
    /// `.else` was there.
    last: bool,
}

/// All open conditions, the innermost last.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    open: Vec<Block>,
}

impl Blocks {
    /// Whether lines count here.
    pub(super) fn active(&self) -> bool {
        self.open.last().is_none_or(|block| block.active)
    }

    pub(super) fn is_open(&self) -> bool {
        !self.open.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.open.clear();
    }

    /// Whether the condition of an `.elif` here decides anything, and so is evaluated.
    pub(super) fn undecided(&self) -> bool {
        self.open.last().is_some_and(|block| !block.settled)
    }

    /// `.if`; the condition counts only where lines count.
    pub(super) fn begin(&mut self, condition: bool) -> Result<(), String> {
        if self.open.len() == BLOCKS_MAX {
            return Err(format!("too many nested '.if', at most {BLOCKS_MAX} are possible."));
        }
        let active = self.active();
        self.open.push(Block { active: active && condition, settled: !active || condition, last: false });
        Ok(())
    }

    /// `.elif`.
    pub(super) fn otherwise_if(&mut self, condition: bool) -> Result<(), String> {
        let block = self.innermost(".elif")?;
        block.active = !block.settled && condition;
        block.settled |= condition;
        Ok(())
    }

    /// `.else`.
    pub(super) fn otherwise(&mut self) -> Result<(), String> {
        let block = self.innermost(".else")?;
        *block = Block { active: !block.settled, settled: true, last: true };
        Ok(())
    }

    /// `.endif`.
    pub(super) fn end(&mut self) -> Result<(), String> {
        self.open.pop().map(|_| ()).ok_or_else(|| lone(".endif"))
    }

    fn innermost(&mut self, mark: &str) -> Result<&mut Block, String> {
        let block = self.open.last_mut().ok_or_else(|| lone(mark))?;
        if block.last { Err(format!("'{mark}' after '.else' is not permitted.")) } else { Ok(block) }
    }
}

fn lone(mark: &str) -> String {
    format!("lone '{mark}' with no matching '.if'.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_true_branch_counts() {
        let mut blocks = Blocks::default();
        blocks.begin(false).unwrap();
        assert!(!blocks.active() && blocks.undecided());
        blocks.otherwise_if(true).unwrap();
        assert!(blocks.active() && !blocks.undecided());
        blocks.otherwise_if(true).unwrap();
        assert!(!blocks.active());
        blocks.otherwise().unwrap();
        assert!(!blocks.active());
        blocks.end().unwrap();
        assert!(blocks.active() && !blocks.is_open());
    }

    #[test]
    fn nothing_counts_within_a_skipped_branch() {
        let mut blocks = Blocks::default();
        blocks.begin(false).unwrap();
        blocks.begin(true).unwrap();
        assert!(!blocks.active());
        blocks.otherwise().unwrap();
        assert!(!blocks.active());
    }

    #[test]
    fn marks_out_of_order_are_refused() {
        let mut blocks = Blocks::default();
        assert_eq!(blocks.end(), Err("lone '.endif' with no matching '.if'.".to_owned()));
        blocks.begin(true).unwrap();
        blocks.otherwise().unwrap();
        assert_eq!(blocks.otherwise(), Err("'.else' after '.else' is not permitted.".to_owned()));
        assert_eq!(blocks.otherwise_if(true), Err("'.elif' after '.else' is not permitted.".to_owned()));
        while blocks.begin(true).is_ok() {}
        assert_eq!(blocks.open.len(), BLOCKS_MAX);
    }
}
