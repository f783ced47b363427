-- Outcomes of searches among the originals alone. Before, other copies of the same original could come before it, so that the
-- figures fell with the number of copies; those outcomes say something else and cannot be told apart from the new ones.
delete from likeness.augmentation_outcomes;
comment on table likeness.augmentation_outcomes is
    'Whether a search among the originals with an augmented copy found its own, a row for each operation that made the copy; the last measurement counts.';
comment on column likeness.augmentation_outcomes.rank is
    'Place of its original among the originals nearest to the copy, from 1; null when it was not among those found.';
