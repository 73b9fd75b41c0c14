//! What the checks of the whole share. The checks themselves are in `all/`, the bench in `bench/`.
